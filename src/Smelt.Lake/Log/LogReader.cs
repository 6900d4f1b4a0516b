using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Reads a table's log into snapshots.</summary>
internal static class LogReader
{
    /// <summary>
    /// The snapshot at a version or the newest; a checkpoint or compaction that cannot be read is passed over while an older one, or the commits alone, still give the version.
    /// </summary>
    internal static async ValueTask<Snapshot> LoadAsync(DeltaTable table, long? version, CancellationToken cancel)
    {
        var rejected = new HashSet<string>(StringComparer.Ordinal);
        var listing = await ListAsync(table, version, cancel);
        var segment = LogSegment.Choose(table.Folder, listing, version, rejected);
        DeltaLogException? first = null;
        while (true)
        {
            try
            {
                return await ReplayAsync(table, segment, cancel);
            }
            catch (DeltaLogException e) when (segment.IsReplaceable(e.File))
            {
                first ??= e;
                rejected.Add(e.File!);
            }
            try
            {
                listing = await table.Lake.Store.ListAsync(LogFile.Folder(table.Folder), cancel: cancel);
                segment = LogSegment.Choose(table.Folder, listing, segment.Version, rejected);
            }
            catch (DeltaLogException)
            {
                throw first;
            }
        }
    }

    /// <summary>What the commits after a snapshot make of it; itself when there are none.</summary>
    internal static async ValueTask<Snapshot> ForwardAsync(DeltaTable table, Snapshot from, CancellationToken cancel)
    {
        TableState? state = null;
        var key = "";
        for (var version = from.Version + 1; ; version++)
        {
            var next = LogFile.CommitKey(table.Folder, version);
            var bytes = await table.Lake.Store.TryReadAsync(next, cancel);
            if (bytes is null)
                break;
            state ??= new TableState(from);
            state.Apply(Parse(table, next, bytes, new CommitActions { Slices = new FileSlices() }), Json(bytes), version);
            key = next;
        }
        if (state is null)
            return from;
        return Finish(table, state, (await table.Lake.Store.StatAsync(key, cancel))?.ModifiedMs ?? 0);
    }

    /// <summary>A snapshot from a state that is whole.</summary>
    internal static Snapshot Finish(DeltaTable table, TableState state, long fileTimeMs, byte[]? checksum = null, long? knownBytes = null)
    {
        if (state.Protocol is null || state.Metadata is null)
            throw new DeltaLogException(DeltaLogFault.Incomplete, table.Folder, $"the log up to version {state.Version} has no {(state.Protocol is null ? "protocol" : "metaData")} action");
        ProtocolSupport.CheckRead(table.Folder, state.Protocol);
        return new Snapshot(table.Folder, state, state.Protocol, state.Metadata, fileTimeMs, checksum) { KnownBytes = knownBytes };
    }

    /// <summary>The actions of a version, or null where its commit is not there.</summary>
    internal static async ValueTask<CommitActions?> CommitAsync(DeltaTable table, long version, CancellationToken cancel)
    {
        var key = LogFile.CommitKey(table.Folder, version);
        var bytes = await table.Lake.Store.TryReadAsync(key, cancel);
        return bytes is null ? null : Parse(table, key, bytes);
    }

    internal static CommitActions Parse(DeltaTable table, string key, byte[] bytes, CommitActions? into = null)
    {
        into ??= new CommitActions();
        var json = Json(bytes);
        // Nobody commits nothing: a writer that did not sync its file before naming it leaves this behind when the machine stops.
        if (json.Trim(" \r\n"u8).IsEmpty)
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, "the commit is empty", key);
        try
        {
            ActionReader.Read(json, into);
            return into;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            // Bytes that are no UTF-8, or a value of another type than the protocol's: the JSON reader tells neither as a fault of the text.
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, e.Message, key, inner: e);
        }
        catch (JsonException e)
        {
            // The reader's own faults know their line; ours know the place in the file.
            var line = e.LineNumber ?? json[..(int)Math.Min(json.Length, e.BytePositionInLine ?? 0)].Count((byte)'\n');
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, e.Message, key, (int)line + 1, e);
        }
    }

    /// <summary>The text of a log's file, without the mark that some editors put before it.</summary>
    internal static ReadOnlySpan<byte> Json(byte[] bytes)
    {
        ReadOnlySpan<byte> json = bytes;
        return json.StartsWith("\uFEFF"u8) ? json[3..] : json;
    }

    internal static async ValueTask<byte[]> ReadWholeAsync(DeltaTable table, string key, CancellationToken cancel) =>
        await table.Lake.Store.TryReadAsync(key, cancel)
        ?? throw new DeltaLogException(DeltaLogFault.Gap, table.Folder, "the file went away while the log was read", key);

    private static async ValueTask<Snapshot> ReplayAsync(DeltaTable table, LogSegment segment, CancellationToken cancel)
    {
        var state = new TableState();
        if (segment.Checkpoint is not null)
            await ReadCheckpointAsync(table, segment.Checkpoint, state, cancel);
        await CommitReplay.ApplyAsync(table, segment.Commits, state, cancel);
        var last = segment.Commits.Count == 0 ? segment.Checkpoint!.Files[0] : segment.Last?.Object ?? segment.Commits[^1].Object;
        var checksum = segment.Checksum is { } file ? await table.Lake.Store.TryReadAsync(file.Key, cancel) : null;
        return Finish(table, state, last.ModifiedMs, checksum);
    }

    /// <exception cref="DeltaLogException">With the checkpoint's first file, whichever of its files is at fault.</exception>
    internal static async ValueTask ReadCheckpointAsync(DeltaTable table, LogCheckpoint checkpoint, TableState state, CancellationToken cancel)
    {
        try
        {
            await CheckpointReader.ReadAsync(table, checkpoint, state, cancel);
        }
        catch (Exception e) when (e is DuckDbException { IsTransient: false } or LakeException { IsTransient: false } && !cancel.IsCancellationRequested)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, $"the checkpoint cannot be read: {e.Message}", checkpoint.Files[0].Key, inner: e);
        }
    }

    /// <summary>The log's files, from the newest checkpoint on where <c>_last_checkpoint</c> names one that is there; the hint is never trusted for more.</summary>
    private static async ValueTask<IReadOnlyList<ObjectInfo>> ListAsync(DeltaTable table, long? version, CancellationToken cancel)
    {
        var folder = LogFile.Folder(table.Folder);
        if (await HintAsync(table, cancel) is { } hint && !(version < hint))
        {
            var after = await table.Lake.Store.ListAsync(folder, FilePath.Key(folder, $"{hint:D20}"), cancel: cancel);
            if (after.Select(LogFile.Of).Any(f => f.Version == hint && f.Kind is LogFileKind.ClassicCheckpoint or LogFileKind.UuidCheckpoint))
                return after;
        }
        return await table.Lake.Store.ListAsync(folder, cancel: cancel);
    }

    private static async ValueTask<long?> HintAsync(DeltaTable table, CancellationToken cancel)
    {
        var bytes = await table.Lake.Store.TryReadAsync(LogFile.HintKey(table.Folder), cancel);
        if (bytes is null)
            return null;
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return json.RootElement.GetProperty("version").GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A hint that cannot be read is no hint (PROTOCOL.md, "Last Checkpoint File").
            return null;
        }
    }
}
