using System.Buffers;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>The checksum file of a version (PROTOCOL.md, "Version Checksum File"): what a replay of the log must come to. Never needed, and never written over.</summary>
internal static class Checksum
{
    /// <summary>Bytes of the live files after a commit, where they follow from what is known; else null.</summary>
    internal static long? BytesAfter(Snapshot? head, CommitActions actions)
    {
        if (head is not null && head.KnownBytes is null || actions.Removes.Exists(r => r.Size is null))
            return null;
        // A file that is added once more (with another vector, with ids) without a remove of the same key replaces itself, which cannot be told here.
        if (actions.Removes.Count == 0 && actions.Adds.Exists(a => a.DeletionVector is not null || !a.DataChange))
            return null;
        return (head?.KnownBytes ?? 0) + actions.Adds.Sum(a => a.Size) - actions.Removes.Sum(r => r.Size!.Value);
    }

    internal static async ValueTask WriteAsync(DeltaTable table, Snapshot snapshot, CommitActions actions)
    {
        // A large table's files would have to be read one by one; its next commit by whoever knows them writes the next checksum.
        const int fewFiles = 10_000;
        if (snapshot.KnownBytes is null && snapshot.Files.Count > fewFiles)
            return;
        await table.Lake.Store.PutHintIfAbsentAsync(LogFile.ChecksumKey(table.Folder, snapshot.Version), Content(snapshot, actions.Info?.TxnId), CancellationToken.None);
    }

    private static ReadOnlyMemory<byte> Content(Snapshot snapshot, string? txnId)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, LogJson.Writer))
        {
            json.WriteStartObject();
            ActionWriter.Text(json, "txnId", txnId);
            json.WriteNumber("tableSizeBytes", snapshot.SizeInBytes);
            json.WriteNumber("numFiles", snapshot.Files.Count);
            json.WriteNumber("numMetadata", 1);
            json.WriteNumber("numProtocol", 1);
            if (snapshot.Metadata.IsOn(CommitTime.Enabled))
                json.WriteNumber("inCommitTimestampOpt", snapshot.TimestampMs);
            ActionWriter.All(json, "setTransactions", snapshot.Transactions.Values, ActionWriter.WriteFields);
            ActionWriter.All(json, "domainMetadata", snapshot.Domains.Values, ActionWriter.WriteFields);
            ActionWriter.One(json, "metadata", snapshot.Metadata, ActionWriter.WriteFields);
            ActionWriter.One(json, "protocol", snapshot.Protocol, ActionWriter.WriteFields);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
