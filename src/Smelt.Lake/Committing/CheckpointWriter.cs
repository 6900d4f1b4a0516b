using System.Buffers;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Writes checkpoints: classic ones (PROTOCOL.md, "V1 Spec"), and where the table's policy is <c>v2</c> those with sidecars ("V2 Spec"). The state goes to a temporary file
/// of JSON lines, and DuckDB makes Parquet of it with every column typed and nullable; stricter schemas have broken other readers.
/// </summary>
internal sealed class CheckpointWriter(DeltaTable table, Snapshot snapshot)
{
    /// <summary>File actions of one sidecar.</summary>
    private const int SidecarActions = 100_000;

    private readonly string _scratch = Directory.CreateTempSubdirectory("smelt-checkpoint-").FullName;
    private int _actions;
    private long _bytes;

    internal static async ValueTask WriteAsync(DeltaTable table, Snapshot snapshot, CancellationToken cancel)
    {
        var writer = new CheckpointWriter(table, snapshot);
        try
        {
            if (snapshot.Metadata.Property("delta.checkpointPolicy") == "v2" && ProtocolSupport.Has(snapshot.Protocol, "v2Checkpoint"))
                await writer.V2Async(cancel);
            else
                await writer.ClassicAsync(cancel);
            await table.Lake.Store.PutAsync(LogFile.HintKey(table.Folder), writer.Hint(), cancel);
        }
        finally
        {
            Directory.Delete(writer._scratch, recursive: true);
        }
    }

    private async ValueTask ClassicAsync(CancellationToken cancel)
    {
        var content = Parquet(CheckpointColumns.Classic(snapshot), lines =>
        {
            Small(lines);
            return Files();
        });
        // False means that somebody wrote this version's checkpoint before: then it is as good as ours.
        await table.Lake.Store.PutIfAbsentAsync(LogFile.CheckpointKey(table.Folder, snapshot.Version), content, cancel);
    }

    private async ValueTask V2Async(CancellationToken cancel)
    {
        var sidecars = new List<(string Name, long Bytes)>();
        await table.Lake.Store.EnsureFolderAsync(LogFile.SidecarFolder(table.Folder), cancel);
        foreach (var part in Files().Chunk(SidecarActions))
        {
            var name = $"{Guid.NewGuid()}.parquet";
            var content = Parquet(CheckpointColumns.Files(snapshot), _ => part);
            await table.Lake.Store.PutIfAbsentAsync($"{LogFile.SidecarFolder(table.Folder)}/{name}", content, cancel);
            sidecars.Add((name, content.Length));
        }
        var now = table.Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var top = Parquet(CheckpointColumns.V2, lines =>
        {
            lines.WriteCheckpointMetadata(snapshot.Version);
            Small(lines);
            foreach (var (name, bytes) in sidecars)
                lines.WriteSidecar(name, bytes, now);
            return [];
        });
        await table.Lake.Store.PutIfAbsentAsync(LogFile.CheckpointKey(table.Folder, snapshot.Version, Guid.NewGuid()), top, cancel);
    }

    private void Small(ActionWriter lines)
    {
        var expired = table.Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds() - Retention.TransactionsMs(snapshot.Metadata);
        lines.Write(snapshot.Protocol);
        lines.Write(snapshot.Metadata);
        foreach (var mark in snapshot.Transactions.Values)
            if (expired is null || (mark.LastUpdated ?? long.MaxValue) > expired)
                lines.Write(mark);
        foreach (var domain in snapshot.Domains.Values)
            lines.Write(domain);
    }

    /// <summary>The file actions, one after the other: live files, and tombstones that are not expired.</summary>
    private IEnumerable<Action<ActionWriter>> Files()
    {
        var (asText, asStruct) = (CheckpointColumns.HasText(snapshot.Metadata), CheckpointColumns.HasStruct(snapshot.Metadata));
        foreach (var file in snapshot.Files)
            yield return lines => lines.Write(file with { DataChange = false }, asText, asStruct);
        var expired = table.Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds() - Retention.DeletedFilesMs(snapshot.Metadata);
        foreach (var slice in snapshot.State.Tombstones.Slices)
            if (slice.Remove(snapshot.Folder) is var remove && (remove.DeletionTimestamp ?? 0) > expired)
                yield return lines => lines.Write(remove with { DataChange = false, Tags = null });
    }

    /// <summary>A Parquet file of some actions; the lines between never are in memory as a whole.</summary>
    private byte[] Parquet(IReadOnlyList<(string Name, string Type)> columns, Func<ActionWriter, IEnumerable<Action<ActionWriter>>> write)
    {
        var (json, parquet) = (Path.Join(_scratch, "state.json"), Path.Join(_scratch, "state.parquet"));
        using var lines = new ActionWriter();
        using (var file = new FileStream(json, FileMode.Create, FileAccess.Write, FileShare.Read, 1))
        {
            foreach (var action in write(lines))
            {
                action(lines);
                lines.Drain(file, all: false);
            }
            lines.Drain(file, all: true);
        }
        var types = string.Join(", ", columns.Select(c => $"{SqlText.Identifier(c.Name)}: {SqlText.Literal(c.Type)}"));
        using var connection = table.Lake.Connect();
        connection.Execute(
            $"COPY (SELECT * FROM read_json({SqlText.Literal(ParquetSql.EscapeGlob(json))}, format='newline_delimited', compression='uncompressed', "
            + $"maximum_object_size={Math.Max(1 << 20, lines.LongestLine + 1024)}, columns={{{types}}})) TO {SqlText.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy)");
        var content = File.ReadAllBytes(parquet);
        _actions += lines.Lines;
        _bytes += content.Length;
        return content;
    }

    private ReadOnlyMemory<byte> Hint()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, LogJson.Writer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", snapshot.Version);
            json.WriteNumber("size", _actions);
            json.WriteNumber("sizeInBytes", _bytes);
            json.WriteNumber("numOfAddFiles", snapshot.Files.Count);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
