using System.Text.Json;

namespace Smelt.Lake;

/// <summary>Holds a version's checksum file against what its log gives (PROTOCOL.md, "Version Checksum File"). Fields that are not there are not compared.</summary>
internal static class VersionChecksum
{
    /// <summary>A sentence for each difference.</summary>
    internal static IReadOnlyList<string> Compare(byte[] checksum, Snapshot snapshot)
    {
        var faults = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(checksum);
            Counts(json.RootElement, snapshot, faults);
            Definition(json.RootElement, snapshot, faults);
            Marks(json.RootElement, snapshot, faults);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            faults.Add($"the checksum file cannot be read: {e.Message}");
        }
        return faults;
    }

    private static void Counts(JsonElement json, Snapshot snapshot, List<string> faults)
    {
        Number(json, "tableSizeBytes", snapshot.SizeInBytes, faults);
        Number(json, "numFiles", snapshot.Files.Count, faults);
        Number(json, "numMetadata", 1, faults);
        Number(json, "numProtocol", 1, faults);
        if (snapshot.State.InCommitTimestamp is { } stamp)
            Number(json, "inCommitTimestampOpt", stamp, faults);
        if (!json.TryGetProperty("numDeletedRecordsOpt", out _) && !json.TryGetProperty("numDeletionVectorsOpt", out _))
            return;
        var vectors = snapshot.Files.Where(f => f.DeletionVector is not null).Select(f => f.DeletionVector!.Cardinality).ToList();
        Number(json, "numDeletionVectorsOpt", vectors.Count, faults);
        Number(json, "numDeletedRecordsOpt", vectors.Sum(), faults);
    }

    private static void Definition(JsonElement json, Snapshot snapshot, List<string> faults)
    {
        if (json.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            && !Read(metadata, ActionReader.ReadMetadata).Equals(snapshot.Metadata))
            faults.Add("the checksum file has other metadata (id, schema, partition columns or properties) than the log");
        if (json.TryGetProperty("protocol", out var protocol) && protocol.ValueKind == JsonValueKind.Object
            && !Read(protocol, ActionReader.ReadProtocol).Equals(snapshot.Protocol))
            faults.Add("the checksum file has another protocol than the log");
    }

    private static void Marks(JsonElement json, Snapshot snapshot, List<string> faults)
    {
        if (json.TryGetProperty("setTransactions", out var marks) && marks.ValueKind == JsonValueKind.Array)
        {
            var told = marks.EnumerateArray().ToDictionary(m => m.GetProperty("appId").GetString()!, m => m.GetProperty("version").GetInt64(), StringComparer.Ordinal);
            // Expired marks may be left out of one and not of the other.
            faults.AddRange(told.Where(m => snapshot.Transactions.TryGetValue(m.Key, out var mark) && mark.Version != m.Value)
                .Select(m => $"txn of '{m.Key}': {m.Value} by the checksum file, {snapshot.Transactions[m.Key].Version} by the log"));
        }
        if (json.TryGetProperty("domainMetadata", out var domains) && domains.ValueKind == JsonValueKind.Array)
        {
            var told = domains.EnumerateArray().Where(d => !(d.TryGetProperty("removed", out var gone) && gone.GetBoolean()))
                .ToDictionary(d => d.GetProperty("domain").GetString()!, d => d.GetProperty("configuration").GetString(), StringComparer.Ordinal);
            faults.AddRange(told.Keys.Union(snapshot.Domains.Keys).Where(d => told.GetValueOrDefault(d) != snapshot.Domains.GetValueOrDefault(d)?.Configuration)
                .Select(d => $"the domain '{d}' differs between the checksum file and the log"));
        }
    }

    private static void Number(JsonElement json, string name, long log, List<string> faults)
    {
        if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.GetInt64() != log)
            faults.Add($"{name}: {value.GetInt64()} by the checksum file, {log} by the log");
    }

    private delegate T Reading<T>(ref Utf8JsonReader reader);

    private static T Read<T>(JsonElement json, Reading<T> read)
    {
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(json.GetRawText()));
        reader.Read();
        return read(ref reader);
    }
}
