using System.Buffers;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Writes classic checkpoints (PROTOCOL.md, "V1 Spec"). The state goes to a temporary file of JSON lines, and DuckDB makes Parquet of it with every column typed and
/// nullable; stricter schemas have broken other readers.
/// </summary>
internal static class CheckpointWriter
{
    private const string Texts = "MAP(VARCHAR, VARCHAR)";

    private const string Vector = "STRUCT(\"storageType\" VARCHAR, \"pathOrInlineDv\" VARCHAR, \"offset\" INTEGER, \"sizeInBytes\" INTEGER, \"cardinality\" BIGINT)";

    private static readonly (string Name, string Type)[] Columns =
    [
        ("txn", "STRUCT(\"appId\" VARCHAR, \"version\" BIGINT, \"lastUpdated\" BIGINT)"),
        ("add", $"STRUCT(\"path\" VARCHAR, \"partitionValues\" {Texts}, \"size\" BIGINT, \"modificationTime\" BIGINT, \"dataChange\" BOOLEAN, \"tags\" {Texts}, "
            + $"\"deletionVector\" {Vector}, \"baseRowId\" BIGINT, \"defaultRowCommitVersion\" BIGINT, \"clusteringProvider\" VARCHAR, \"stats\" VARCHAR)"),
        ("remove", $"STRUCT(\"path\" VARCHAR, \"deletionTimestamp\" BIGINT, \"dataChange\" BOOLEAN, \"extendedFileMetadata\" BOOLEAN, \"partitionValues\" {Texts}, "
            + $"\"size\" BIGINT, \"deletionVector\" {Vector}, \"baseRowId\" BIGINT, \"defaultRowCommitVersion\" BIGINT)"),
        ("metaData", $"STRUCT(\"id\" VARCHAR, \"name\" VARCHAR, \"description\" VARCHAR, \"format\" STRUCT(\"provider\" VARCHAR, \"options\" {Texts}), "
            + $"\"schemaString\" VARCHAR, \"partitionColumns\" VARCHAR[], \"configuration\" {Texts}, \"createdTime\" BIGINT)"),
        ("protocol", "STRUCT(\"minReaderVersion\" INTEGER, \"minWriterVersion\" INTEGER, \"readerFeatures\" VARCHAR[], \"writerFeatures\" VARCHAR[])"),
        ("domainMetadata", "STRUCT(\"domain\" VARCHAR, \"configuration\" VARCHAR, \"removed\" BOOLEAN)"),
    ];

    internal static async ValueTask WriteAsync(DeltaTable table, Snapshot snapshot, CancellationToken cancel)
    {
        var scratch = Directory.CreateTempSubdirectory("smelt-checkpoint-");
        try
        {
            var (json, parquet) = (Path.Join(scratch.FullName, "state.json"), Path.Join(scratch.FullName, "state.parquet"));
            using var lines = Lines(snapshot, table.Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds());
            await File.WriteAllBytesAsync(json, lines.Written, cancel);
            Convert(table, json, parquet, lines.LongestLine);
            var content = await File.ReadAllBytesAsync(parquet, cancel);
            // False means that somebody wrote this version's checkpoint before: then it is as good as ours.
            await table.Lake.Store.PutIfAbsentAsync(LogFile.CheckpointKey(table.Folder, snapshot.Version), content, cancel);
            await table.Lake.Store.PutAsync(LogFile.HintKey(table.Folder), Hint(snapshot, lines.Lines, content.Length), cancel);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static ActionWriter Lines(Snapshot snapshot, long nowMs)
    {
        var writer = new ActionWriter();
        writer.Write(snapshot.Protocol);
        writer.Write(snapshot.Metadata);
        foreach (var mark in snapshot.Transactions.Values)
            writer.Write(mark);
        foreach (var domain in snapshot.Domains.Values)
            writer.Write(domain);
        foreach (var file in snapshot.Files)
            writer.Write(file with { DataChange = false });
        var expired = nowMs - Retention.DeletedFilesMs(snapshot.Metadata);
        foreach (var remove in snapshot.State.Tombstones.Slices.Select(s => s.Remove(snapshot.Folder)))
            if ((remove.DeletionTimestamp ?? 0) > expired)
                writer.Write(remove with { DataChange = false, Tags = null });
        return writer;
    }

    private static void Convert(DeltaTable table, string json, string parquet, int longestLine)
    {
        var columns = string.Join(", ", Columns.Select(c => $"{SqlText.Identifier(c.Name)}: {SqlText.Literal(c.Type)}"));
        using var connection = table.Lake.Connect();
        connection.Execute(
            $"COPY (SELECT * FROM read_json({SqlText.Literal(ParquetSql.EscapeGlob(json))}, format='newline_delimited', compression='uncompressed', "
            + $"maximum_object_size={Math.Max(1 << 20, longestLine + 1024)}, columns={{{columns}}})) TO {SqlText.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy)");
    }

    private static ReadOnlyMemory<byte> Hint(Snapshot snapshot, int actions, long bytes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, LogJson.Writer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", snapshot.Version);
            json.WriteNumber("size", actions);
            json.WriteNumber("sizeInBytes", bytes);
            json.WriteNumber("numOfAddFiles", snapshot.Files.Count);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
