using System.Buffers;
using System.Text.Json;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>
/// The files of updates in <c>_smelt/updates/</c>: <c>&lt;id&gt;.json</c> when one starts, <c>&lt;id&gt;.manifest.json</c> when it ended. One without a manifest
/// whose process is gone is closed as failed by the next update.
/// </summary>
internal sealed class UpdateRecords(IObjectStore store)
{
    private const string Folder = LakeLayout.SystemSchema + "/updates";

    public async Task OpenAsync(string updateId, string pipeline, DateTimeOffset at, CancellationToken cancel)
    {
        var text = Document(json =>
        {
            json.WriteString("update", updateId);
            json.WriteString("pipeline", pipeline);
            json.WriteString("startedAt", at);
            json.WriteNumber("process", Environment.ProcessId);
        });
        if (!await store.PutIfAbsentAsync($"{Folder}/{updateId}.json", text, cancel))
            throw new EngineException(EngineCodes.UpdateRunning, $"There is an update {updateId} already. Run again.", isTransient: true);
    }

    /// <summary>Closes updates that a killed process left open. The caller holds the lake's lock, so none of them is alive.</summary>
    /// <returns>Their ids.</returns>
    public async Task<IReadOnlyList<string>> CloseAbandonedAsync(CancellationToken cancel)
    {
        var open = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var item in await store.ListAsync(Folder, cancel: cancel))
        {
            var name = item.Key[(Folder.Length + 1)..];
            if (name.EndsWith(".manifest.json", StringComparison.Ordinal)) open.Remove(name[..^".manifest.json".Length]);
            else if (name.EndsWith(".json", StringComparison.Ordinal)) open.Add(name[..^".json".Length]);
        }
        foreach (var update in open)
        {
            await store.PutIfAbsentAsync($"{Folder}/{update}.manifest.json", Document(json =>
            {
                json.WriteString("update", update);
                json.WriteString("status", "failed");
                json.WriteString("reason", "The process ended before the update did. Prepared batches are committed by the next update.");
            }), cancel);
        }
        return [.. open];
    }

    public Task CloseAsync(string updateId, byte[] manifest, CancellationToken cancel) => store.PutAsync($"{Folder}/{updateId}.manifest.json", manifest, cancel).AsTask();

    public static byte[] Document(Action<Utf8JsonWriter> fill)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
