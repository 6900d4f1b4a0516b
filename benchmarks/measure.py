#!/usr/bin/env python3
"""Runs commands in turn, several rounds, each as a process of its own, and prints median time and peak memory of each as a table with ratios to the first.
The ratio of times is the median of the rounds' own ratios, and every second round runs backwards: a machine that gets slower for some minutes does so to all of a round.
Usage: measure.py [--rounds N] [--before 'shell command'] NAME='shell command' …   (--before runs, untimed, before each)"""
import os, resource, statistics, subprocess, sys, threading, time

def tree_rss(pid):
    """Resident memory of a process and all below it, in bytes, now."""
    try:
        with open(f"/proc/{pid}/statm") as f:
            total = int(f.read().split()[1]) * 4096
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            children = f.read().split()
    except OSError:
        return 0
    return total + sum(tree_rss(c) for c in children)

def run(command):
    started = time.perf_counter()
    process = subprocess.Popen(["bash", "-c", "exec " + command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak, done = [0], threading.Event()
    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], tree_rss(process.pid))
    watcher = threading.Thread(target=watch); watcher.start()
    err = process.stderr.read(); _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - started
    done.set(); watcher.join()
    if status != 0:
        sys.exit(f"failed: {command}\n{err.decode()}")
    return elapsed, max(peak[0], usage.ru_maxrss * 1024)

def main():
    arguments, rounds, before = sys.argv[1:], 3, None
    while arguments and arguments[0].startswith("--"):
        if arguments[0] == "--rounds": rounds = int(arguments[1])
        elif arguments[0] == "--before": before = arguments[1]
        else: sys.exit(__doc__)
        arguments = arguments[2:]
    commands = [a.split("=", 1) for a in arguments]
    results = {name: [] for name, _ in commands}
    for number in range(rounds):
        for name, command in commands if number % 2 == 0 else commands[::-1]:
            if before: subprocess.run(["bash", "-c", before], check=True, stdout=subprocess.DEVNULL)
            results[name].append(run(command))
    first = commands[0][0]
    m0 = statistics.median(r[1] for r in results[first])
    print("| what | time, median | min – max | ratio | peak memory | ratio |\n|---|---|---|---|---|---|")
    for name, _ in commands:
        times, memory = [r[0] for r in results[name]], statistics.median(r[1] for r in results[name])
        ratio = statistics.median(t / r[0] for t, r in zip(times, results[first]))
        print(f"| {name} | {statistics.median(times):.2f} s | {min(times):.2f} – {max(times):.2f} | {ratio:.2f} | {memory / 1e6:.0f} MB | {memory / m0:.2f} |")

main()
