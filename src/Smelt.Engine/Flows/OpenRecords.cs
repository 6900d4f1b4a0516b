using System.Text.Json;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>Batches that are prepared and not done: a retry commits them, so their files stay though no log names them yet.</summary>
public static class OpenRecords
{
    private const string Prepared = ".prepared.json";

    /// <summary>Keys of the files that open batches of the lake have written, as the tables' stores name them.</summary>
    public static async Task<IReadOnlySet<string>> FilesAsync(LakeLayout layout, CancellationToken cancel)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var records = await layout.State.ListAsync(LakeLayout.SystemSchema, recursive: true, cancel: cancel);
        var names = records.Select(static r => r.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var key in names.Where(static k => k.EndsWith(Prepared, StringComparison.Ordinal)))
        {
            var batch = key[..^Prepared.Length];
            if (names.Contains(batch + ".done.json") || names.Contains(batch + ".void.json")) continue;
            if (await layout.State.TryReadAsync(key, cancel) is { } text) Add(Read(layout, key, text), keys);
        }
        return keys;
    }

    private static PreparedRecord Read(LakeLayout layout, string key, byte[] text)
    {
        try
        {
            RecordSeal.Check(text);
            return RecordJson.ReadPrepared(text);
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new EngineException(EngineCodes.StateCorrupt,
                $"The state record {layout.State.Locate(key)} cannot be read, so it cannot be told which files it needs: {error.Message} Restore it from a copy, or rebuild the dataset with --full-refresh.", inner: error);
        }
    }

    private static void Add(PreparedRecord record, HashSet<string> keys)
    {
        foreach (var plan in record.Plans)
        {
            foreach (var file in plan.Adds)
            {
                keys.Add($"{plan.Folder}/{Uri.UnescapeDataString(file.Path)}");
                if (file.DeletionVector is { StorageType: "u" } vector) keys.Add(DeletionVectorReader.Named(plan.Folder, vector));
            }
            foreach (var file in plan.ChangeFiles) keys.Add($"{plan.Folder}/{Uri.UnescapeDataString(file.Path)}");
        }
    }
}
