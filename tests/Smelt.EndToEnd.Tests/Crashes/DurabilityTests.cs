using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>What is on the disk before what, as the kernel sees it.</summary>
public sealed partial class DurabilityTests
{
    [Fact]
    public void Every_data_file_is_fsynced_with_its_folder_after_its_last_write_and_before_the_record_and_the_commit_that_name_it()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "needs Debian's strace");
        using var folder = SmallPipeline.Create().AddDay(1)
            .Write("bronze/orders.sql", """
                CREATE OR REFRESH STREAMING TABLE bronze.orders PARTITIONED BY (_ingestion_date, customer) TBLPROPERTIES ('delta.checkpointInterval' = '2')
                AS SELECT * FROM STREAM read_files('landing/orders', format => 'csv', header => true)
                """);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path);
        var calls = Trace(folder.AddDay(3));
        var named = 0;
        foreach (var (link, record) in Links(calls, folder))
        {
            // The record's own bytes, and then its name.
            Assert.True(LastBefore(calls, link, c => c.Name == "fsync" && c.Path == calls[link].From) >= 0, $"{record} is linked before its bytes are on the disk");
            Assert.True(FirstAfter(calls, link, c => c.Name == "fsync" && c.Path == Path.GetDirectoryName(record)) > link, $"the name {record} is not made durable");
            foreach (var data in DataFiles(record))
            {
                named++;
                var written = LastBefore(calls, calls.Count, c => c.Name is "write" or "pwrite64" or "ftruncate" && c.Path == data);
                var synced = LastBefore(calls, link, c => c.Name == "fsync" && c.Path == data);
                Assert.True(written >= 0 && synced > written, $"{data} is named by {record} before it is on the disk");
                for (var parent = Path.GetDirectoryName(data)!; parent.Length > folder.File("lake").Length; parent = Path.GetDirectoryName(parent)!)
                {
                    // A folder that was there before this process had its name made durable by the one that made it; the innermost got a new name in it.
                    if (parent != Path.GetDirectoryName(data) && !calls.Exists(c => c.Name is "mkdir" && c.Path is { } made && Path.GetDirectoryName(made) == parent)) continue;
                    var folderSynced = LastBefore(calls, link, c => c.Name == "fsync" && c.Path == parent);
                    Assert.True(folderSynced > written, $"the name of {data} in {parent} is not on the disk when {record} names it");
                }
            }
        }
        Assert.True(named >= 10, $"only {named} data files were named");
        var pointer = calls.FindIndex(static c => c.Name == "rename" && c.Path!.EndsWith("_last_checkpoint", StringComparison.Ordinal));
        Assert.True(pointer >= 0, "no checkpoint was written");
        var checkpoint = LastBefore(calls, pointer, static c => c.Path!.EndsWith(".checkpoint.parquet", StringComparison.Ordinal) && c.Name is "link" or "rename");
        Assert.True(checkpoint >= 0 && LastBefore(calls, checkpoint, c => c.Name == "fsync" && c.Path == calls[checkpoint].From) >= 0, "_last_checkpoint points to a checkpoint that is not on the disk");
    }

    private sealed record Call(string Name, string? From, string? Path);

    private static List<Call> Trace(PipelineFolder folder)
    {
        var log = folder.File("trace.txt");
        var start = new ProcessStartInfo("strace", ["-f", "-y", "-s", "4096", "-e", "trace=fsync,fdatasync,link,linkat,rename,renameat2,mkdir,write,pwrite64,ftruncate", "-e", "write=none", "-o", log, SmeltProgram.Path, "run"])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Remove("SMELT_FAULT");
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return Parse(File.ReadLines(log));
    }

    /// <summary>Successful calls in the order in which they ended; an interrupted line is put together with its resumption.</summary>
    private static List<Call> Parse(IEnumerable<string> lines)
    {
        var calls = new List<Call>();
        var begun = new Dictionary<string, string>();
        foreach (var line in lines)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (thread, text) = (line[..space], line[space..].Trim());
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                begun[thread] = text[..^"<unfinished ...>".Length];
                continue;
            }
            if (text.StartsWith("<...", StringComparison.Ordinal) && begun.Remove(thread, out var beginning)) text = beginning + text[(text.IndexOf('>', StringComparison.Ordinal) + 1)..];
            if (CallLine().Match(text) is not { Success: true } match || match.Groups["result"].Value.StartsWith('-')) continue;
            var arguments = match.Groups["arguments"].Value;
            var quoted = Quoted().Matches(arguments).Select(static m => m.Groups[1].Value).ToList();
            var name = match.Groups["name"].Value;
            calls.Add(name switch
            {
                "link" or "linkat" => new Call("link", quoted[0], quoted[1]),
                "rename" or "renameat2" => new Call("rename", quoted[0], quoted[1]),
                "mkdir" => new Call(name, null, quoted[0]),
                _ => new Call(name == "fdatasync" ? "fsync" : name, null, OpenFile().Match(arguments).Groups[1].Value),
            });
        }
        return calls;
    }

    /// <summary>The links that made a commit or a prepared record: their place in the trace and the record's path.</summary>
    private static IEnumerable<(int Link, string Record)> Links(List<Call> calls, PipelineFolder folder)
    {
        for (var i = 0; i < calls.Count; i++)
        {
            if (calls[i] is { Name: "link", Path: { } path } && path.StartsWith(folder.File("lake"), StringComparison.Ordinal)
                && ((path.Contains("/_delta_log/", StringComparison.Ordinal) && path.EndsWith(".json", StringComparison.Ordinal)) || path.EndsWith(".prepared.json", StringComparison.Ordinal)))
                yield return (i, path);
        }
    }

    /// <summary>The data files that a commit adds, or that the commits of a prepared record will.</summary>
    private static IEnumerable<string> DataFiles(string record)
    {
        if (record.EndsWith(".prepared.json", StringComparison.Ordinal))
        {
            // <lake>/_smelt/flows/<layer>.<dataset>/g0001/b00000001.prepared.json
            var flow = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(record)!)!);
            var layer = Path.Combine(record[..record.IndexOf("/_smelt/", StringComparison.Ordinal)], flow[..flow.IndexOf('.', StringComparison.Ordinal)]);
            using var prepared = JsonDocument.Parse(File.ReadAllText(record));
            foreach (var plan in prepared.RootElement.GetProperty("plans").EnumerateArray())
            {
                foreach (var add in plan.GetProperty("adds").EnumerateArray())
                    yield return Path.Combine(layer, plan.GetProperty("folder").GetString()!, Uri.UnescapeDataString(add.GetProperty("path").GetString()!));
            }
            yield break;
        }
        foreach (var line in File.ReadLines(record))
        {
            using var action = JsonDocument.Parse(line);
            if (action.RootElement.TryGetProperty("add", out var add))
                yield return Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(record)!)!, Uri.UnescapeDataString(add.GetProperty("path").GetString()!));
        }
    }

    private static int LastBefore(List<Call> calls, int end, Predicate<Call> isIt) => end == 0 ? -1 : calls.FindLastIndex(end - 1, isIt);

    private static int FirstAfter(List<Call> calls, int start, Predicate<Call> isIt) => calls.FindIndex(start + 1, isIt);

    [GeneratedRegex("""^(?<name>\w+)\((?<arguments>.*)\)\s*=\s*(?<result>-?\d+)""", RegexOptions.Singleline)]
    private static partial Regex CallLine();

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("""^\d+<([^>]*)>""")]
    private static partial Regex OpenFile();
}
