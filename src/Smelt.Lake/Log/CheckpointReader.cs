using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Reads checkpoints, classic, multi-part and V2 with sidecars (PROTOCOL.md, "Checkpoints"). Parquet goes through DuckDB, each row as the JSON of its action.</summary>
internal static class CheckpointReader
{
    private static readonly string[] Actions = ["txn", "add", "remove", "metaData", "protocol", "domainMetadata", "sidecar"];

    private static readonly string[] AddFields =
        ["path", "partitionValues", "size", "modificationTime", "dataChange", "stats", "tags", "deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"];

    internal static async ValueTask ReadAsync(DeltaTable table, LogCheckpoint checkpoint, TableState state, CancellationToken cancel)
    {
        var actions = new CommitActions();
        foreach (var file in checkpoint.Files)
        {
            if (file.Key.EndsWith(".json", StringComparison.Ordinal))
                LogReader.Parse(table, file.Key, await LogReader.ReadWholeAsync(table, file.Key, cancel), actions);
            else
                ReadParquet(table, file.Key, actions);
        }
        foreach (var sidecar in actions.Sidecars)
            ReadParquet(table, FilePath.Key(LogFile.Folder(table.Folder), "_sidecars/" + FilePath.Decode(sidecar)), actions);
        state.ApplyCheckpoint(actions, checkpoint.Version);
    }

    private static void ReadParquet(DeltaTable table, string key, CommitActions into)
    {
        using var connection = table.Lake.Connect();
        var source = $"read_parquet({SqlText.Literal(ParquetSql.EscapeGlob(table.Lake.Store.Locate(key)))}, hive_partitioning=false)";
        using var rows = connection.Query($"SELECT to_json({Row(connection, source)})::VARCHAR AS action FROM {source}");
        try
        {
            while (rows.Next())
                for (var i = 0; i < rows.Chunk.RowCount; i++)
                    ActionReader.Read(rows.Chunk[0].Utf8(i), into);
        }
        catch (JsonException e)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, e.Message, key, inner: e);
        }
    }

    /// <summary>The known actions that the file has columns for, with statistics as text whatever their form.</summary>
    private static string Row(DuckDbConnection connection, string source)
    {
        using var shape = connection.Query($"SELECT * FROM {source} LIMIT 0");
        var parts = new List<string>();
        foreach (var column in shape.Columns.Where(c => Actions.Contains(c.Name)))
            parts.Add($"{SqlText.Identifier(column.Name)} := {(column.Name == "add" ? Add(column.Type) : SqlText.Identifier(column.Name))}");
        return $"struct_pack({string.Join(", ", parts)})";
    }

    private static string Add(DuckDbType type)
    {
        var present = type.Fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var parts = AddFields.Where(present.Contains).Where(f => f != "stats").Select(f => $"{SqlText.Identifier(f)} := \"add\".{SqlText.Identifier(f)}").ToList();
        var stats = new List<string>();
        if (present.Contains("stats"))
            stats.Add("\"add\".stats");
        if (present.Contains("stats_parsed"))
            stats.Add("to_json(\"add\".stats_parsed)::VARCHAR");
        if (stats.Count > 0)
            parts.Add($"stats := coalesce({string.Join(", ", stats)})");
        return $"CASE WHEN \"add\".path IS NULL THEN NULL ELSE struct_pack({string.Join(", ", parts)}) END";
    }
}
