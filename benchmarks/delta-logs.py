#!/usr/bin/env python3
"""Makes the logs of two large Delta tables, without their data files: delta-logs.py FOLDER COMMITS FILES.
FOLDER/commits: a commit a file, no checkpoint. FOLDER/files: two commits, and the state of version 1 as JSON lines in FOLDER/state.json, to be made a checkpoint."""
import json, os, sys

def stats(i):
    name = "customer %012d"
    return json.dumps({"numRecords": 1000, "minValues": {"id": i * 1000, "amount": 0.25, "name": name % i}, "maxValues": {"id": i * 1000 + 999, "amount": 9999.75, "name": name % (i + 999)},
                       "nullCount": {"id": 0, "amount": 3, "name": 0}}, separators=(",", ":"))

def add(i):
    day = "2024-%02d-%02d" % (i // 28 % 12 + 1, i % 28 + 1)
    return {"add": {"path": "day=%s/part-%05d-%08x-aaaa-4bbb-8ccc-%012x-c000.snappy.parquet" % (day, i % 200, i * 2654435761 % 2**32, i), "partitionValues": {"day": day},
                    "size": 123456 + i, "modificationTime": 1700000000000 + i, "dataChange": True, "stats": stats(i)}}

def info(v):
    return {"commitInfo": {"timestamp": 1700000000000 + v * 1000, "operation": "WRITE", "operationParameters": {"mode": "Append", "partitionBy": "[\"day\"]"}, "readVersion": v - 1,
                           "isolationLevel": "Serializable", "isBlindAppend": True, "operationMetrics": {"numFiles": "1", "numOutputRows": "1000", "numOutputBytes": "123456"}}}

def write(path, lines):
    with open(path, "w") as f:
        f.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)

def main():
    root, commits, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    fields = [{"name": n, "type": t, "nullable": True, "metadata": {}} for n, t in (("id", "long"), ("day", "date"), ("amount", "double"), ("name", "string"))]
    head = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
            {"metaData": {"id": "6b1f0a3e-0000-4000-8000-000000000001", "format": {"provider": "parquet", "options": {}}, "schemaString": json.dumps({"type": "struct", "fields": fields}),
                          "partitionColumns": ["day"], "configuration": {}, "createdTime": 1700000000000}}]
    for table in ("commits", "files"):
        os.makedirs(os.path.join(root, table, "_delta_log"))
    log = os.path.join(root, "commits", "_delta_log", "%020d.json")
    for v in range(commits):
        write(log % v, [info(v)] + (head if v == 0 else []) + [add(v)])
    log = os.path.join(root, "files", "_delta_log", "%020d.json")
    write(log % 0, [info(0)] + head)
    write(log % 1, [info(1), add(0)])
    write(log % 2, [info(2), add(files)])
    write(os.path.join(root, "state.json"), head + [add(i) for i in range(files)])

main()
