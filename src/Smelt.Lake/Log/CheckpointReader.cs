using System.Text;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Reads checkpoints, classic, multi-part and V2 with sidecars (PROTOCOL.md, "Checkpoints"). Parquet goes through DuckDB, each action as its JSON, chunk by chunk into the
/// table's state: a large checkpoint is never in memory as a whole.
/// </summary>
internal static class CheckpointReader
{
    private static readonly string[] FileActions = ["add", "remove"];

    private static readonly string[] SmallActions = ["txn", "metaData", "protocol", "domainMetadata", "sidecar"];

    private static readonly string[] AddFields =
        ["path", "partitionValues", "size", "modificationTime", "dataChange", "stats", "tags", "deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"];

    internal static async ValueTask ReadAsync(DeltaTable table, LogCheckpoint checkpoint, TableState state, CancellationToken cancel)
    {
        var sidecars = new List<string>();
        foreach (var file in checkpoint.Files)
        {
            if (file.Key.EndsWith(".json", StringComparison.Ordinal))
                sidecars.AddRange(ReadJson(table, file.Key, await LogReader.ReadWholeAsync(table, file.Key, cancel), checkpoint.Version, state));
            else
                sidecars.AddRange(ReadParquet(table, file.Key, checkpoint.Version, state, cancel));
        }
        foreach (var sidecar in sidecars)
            ReadParquet(table, FilePath.Key(LogFile.Folder(table.Folder), "_sidecars/" + FilePath.Decode(sidecar)), checkpoint.Version, state, cancel);
    }

    /// <summary>Names of the sidecars of a checkpoint; none of a classic one.</summary>
    internal static async ValueTask<IReadOnlyList<string>> SidecarsAsync(DeltaTable table, string key, CancellationToken cancel)
    {
        if (key.EndsWith(".json", StringComparison.Ordinal))
            return [.. LogReader.Parse(table, key, await LogReader.ReadWholeAsync(table, key, cancel), new CommitActions { Slices = new FileSlices() }).Sidecars.Select(FilePath.Decode)];
        using var connection = table.Lake.Connect();
        var source = $"read_parquet({SqlText.Literal(ParquetSql.EscapeGlob(table.Lake.Store.Locate(key)))}, hive_partitioning=false)";
        using (var shape = connection.Query($"SELECT * FROM {source} LIMIT 0"))
            if (!shape.Columns.Any(c => c.Name == "sidecar"))
                return [];
        return [.. connection.Rows($"SELECT sidecar.path FROM {source} WHERE sidecar.path IS NOT NULL").Select(r => FilePath.Decode((string)r[0]!))];
    }

    private static List<string> ReadJson(DeltaTable table, string key, byte[] bytes, long version, TableState state)
    {
        var actions = LogReader.Parse(table, key, bytes, new CommitActions { Slices = new FileSlices() });
        state.ApplyCheckpoint(actions, LogReader.Json(bytes), version);
        return actions.Sidecars;
    }

    private static List<string> ReadParquet(DeltaTable table, string key, long version, TableState state, CancellationToken cancel)
    {
        using var connection = table.Lake.Connect();
        using var interrupting = cancel.Register(connection.Interrupt);
        var source = $"read_parquet({SqlText.Literal(ParquetSql.EscapeGlob(table.Lake.Store.Locate(key)))}, hive_partitioning=false)";
        using var rows = connection.Query(Sql(connection, source));
        var small = new CommitActions { Slices = new FileSlices() };
        try
        {
            while (rows.Next())
                for (var i = 0; i < rows.Chunk.RowCount; i++)
                    Take(rows.Chunk, i, state, small);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, e.Message, key, inner: e);
        }
        state.ApplyCheckpoint(small, [], version);
        return small.Sidecars;
    }

    private static void Take(DataChunk chunk, int row, TableState state, CommitActions small)
    {
        if (!chunk[0].IsNull(row))
            state.Add(IdOf(chunk, row, 1), chunk[0].Utf8(row));
        else if (!chunk[3].IsNull(row))
            state.Remove(IdOf(chunk, row, 4), chunk[3].Utf8(row));
        else
            ActionReader.Read(chunk[6].Utf8(row), small);
    }

    private static FileId IdOf(DataChunk chunk, int row, int column) => FileId.Of(chunk[column].Utf8(row), chunk[column + 1].IsNull(row) ? [] : chunk[column + 1].Utf8(row));

    /// <summary>
    /// Three columns for an add (its JSON with statistics as text whatever their form, its path, its vector's id), three for a remove, and one for whatever else a row is.
    /// Made of the columns that the file has.
    /// </summary>
    private static string Sql(DuckDbConnection connection, string source)
    {
        using var shape = connection.Query($"SELECT * FROM {source} LIMIT 0");
        var types = shape.Columns.ToDictionary(c => c.Name, c => c.Type, StringComparer.Ordinal);
        var small = SmallActions.Where(types.ContainsKey).Select(a => $"{SqlText.Identifier(a)} := {SqlText.Identifier(a)}").ToList();
        var sql = new StringBuilder("SELECT ").Append(FileColumns("add", types)).Append(", ").Append(FileColumns("remove", types)).Append(", ");
        // Only of rows that are neither: a JSON text of nothing for each file would cost as much as the files' own.
        var files = string.Concat(FileActions.Where(types.ContainsKey).Select(a => $"WHEN \"{a}\".path IS NOT NULL THEN NULL "));
        sql.Append(small.Count == 0 ? "'{}'" : $"CASE {files}WHEN true THEN to_json(struct_pack({string.Join(", ", small)}))::VARCHAR END");
        return sql.Append($" FROM {source}").ToString();
    }

    private static string FileColumns(string action, Dictionary<string, DuckDbType> types)
    {
        if (!types.TryGetValue(action, out var type))
            return "NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR";
        var present = type.Fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var vector = present.Contains("deletionVector")
            ? $"\"{action}\".deletionVector.storageType || \"{action}\".deletionVector.pathOrInlineDv || coalesce('@' || \"{action}\".deletionVector.\"offset\", '')" : "NULL::VARCHAR";
        var json = action == "add" ? Add(present) : $"\"{action}\"";
        return $"CASE WHEN \"{action}\".path IS NOT NULL THEN to_json({json})::VARCHAR END, \"{action}\".path, {vector}";
    }

    private static string Add(HashSet<string> present)
    {
        var parts = AddFields.Where(present.Contains).Where(f => f != "stats").Select(f => $"{SqlText.Identifier(f)} := \"add\".{SqlText.Identifier(f)}").ToList();
        var stats = new List<string>();
        if (present.Contains("stats"))
            stats.Add("\"add\".stats");
        if (present.Contains("stats_parsed"))
            stats.Add("to_json(\"add\".stats_parsed)::VARCHAR");
        if (stats.Count > 0)
            parts.Add($"stats := coalesce({string.Join(", ", stats)})");
        return $"struct_pack({string.Join(", ", parts)})";
    }
}
