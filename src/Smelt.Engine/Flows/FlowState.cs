using System.Globalization;
using System.Text;
using System.Text.Json;
using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// What a flow remembers, in <c>_smelt/flows/&lt;layer&gt;.&lt;dataset&gt;/</c>, or of a flow beside the dataset's own in <c>named/&lt;flow&gt;/</c> below it: <c>flow.json</c> (its id,
/// which outlives a rename), and for each generation and batch <c>g0001/b00000001.{intent,prepared,void,done}.json</c>, each put if absent and never changed.
/// A generation is the table's: a full refresh begins a new one for all its flows, by the first of them that commits in it.
/// </summary>
internal sealed class FlowState
{
    /// <summary>Every so many batches the files seen so far are written whole, so that opening a flow reads few records.</summary>
    private const int SeenInterval = 20;

    private readonly IObjectStore _store;
    private readonly string _folder;
    private readonly SortedDictionary<(int Generation, int Batch), HashSet<string>> _records = [];

    private FlowState(IObjectStore store, string folder, TableFlows table) => (_store, _folder, Table) = (store, folder, table);

    /// <summary>All flows of the table, as they were when this one was opened.</summary>
    public TableFlows Table { get; }

    public string? FlowId { get; private set; }

    /// <summary>The generation that the table holds: the newest in which a flow of it has a done batch, or a prepared one that is not void.</summary>
    public int Generation { get; private set; }

    /// <summary>The newest batch of the generation with a done record; 0 for none.</summary>
    public int LastDone { get; private set; }

    public DoneRecord? Done { get; private set; }

    public static string FolderOf(DatasetName flow) => $"{LakeLayout.SystemSchema}/flows/{flow.Schema}.{LakeLayout.Escape(flow.Name)}";

    /// <param name="store">Of the state.</param>
    /// <param name="dataset">The flow's table.</param>
    /// <param name="flow">A flow's name; null for the dataset's own query.</param>
    /// <param name="cancel">Ends the reading.</param>
    public static async Task<FlowState> OpenAsync(IObjectStore store, DatasetName dataset, string? flow, CancellationToken cancel)
    {
        var keys = await store.ListAsync(FolderOf(dataset), recursive: true, cancel: cancel);
        var table = new TableFlows(store, FolderOf(dataset), [.. keys.Select(static k => k.Key)]);
        var state = new FlowState(store, table.FolderOf(flow), table);
        foreach (var item in keys) state.Note(item.Key);
        if (await store.TryReadAsync(state._folder + "/flow.json", cancel) is { } identity) state.FlowId = ReadId(identity, state._folder);
        await state.LocateAsync(cancel);
        return state;
    }

    /// <summary>The flow's id, made and put on first use.</summary>
    public async Task<string> IdentifyAsync(CancellationToken cancel)
    {
        if (FlowId is not null) return FlowId;
        var key = _folder + "/flow.json";
        var made = RecordSeal.Add(Encoding.UTF8.GetBytes($"{{\"id\":\"{Guid.NewGuid():N}\"}}"));
        _ = await _store.PutIfAbsentAsync(key, made, cancel);
        return FlowId = ReadId((await _store.TryReadAsync(key, cancel))!, _folder);
    }

    /// <summary>The first batch after the done ones that is not void.</summary>
    public int NextBatch()
    {
        var batch = LastDone + 1;
        while (Has(Generation, batch, "void")) batch++;
        return batch;
    }

    /// <summary>Whether the next batch is prepared: it is committed before anything else is begun.</summary>
    public bool IsPrepared => Has(Generation, NextBatch(), "prepared");

    /// <summary>Whether the next batch was begun to read input, or is prepared: it comes before one that reads nothing new (a replay, days made again).</summary>
    public async Task<bool> IsBegunAsync(CancellationToken cancel) =>
        IsPrepared || (Has(Generation, NextBatch(), "intent") && await IntentAsync(Generation, NextBatch(), cancel) is not { IsReplay: true });

    /// <summary>A generation that no record of a flow of the table mentions yet.</summary>
    public int NewGeneration() => Math.Max(_records.Count == 0 ? 0 : _records.Keys.Max(static k => k.Generation), Table.HighestGeneration) + 1;

    public bool Has(int generation, int batch, string kind) => _records.TryGetValue((generation, batch), out var kinds) && kinds.Contains(kind);

    public async Task<IntentRecord?> IntentAsync(int generation, int batch, CancellationToken cancel) =>
        await ReadAsync(Key(generation, batch, "intent"), RecordJson.ReadIntent, cancel);

    public async Task<PreparedRecord?> PreparedAsync(int generation, int batch, CancellationToken cancel) =>
        await ReadAsync(Key(generation, batch, "prepared"), RecordJson.ReadPrepared, cancel);

    /// <summary>Puts the intent; where another attempt was first, gives that one's.</summary>
    public async Task<IntentRecord> PutIntentAsync(int generation, int batch, IntentRecord intent, CancellationToken cancel) =>
        await PutAsync(generation, batch, "intent", RecordJson.Write(intent), cancel) ? intent : (await IntentAsync(generation, batch, cancel))!;

    /// <summary>Puts the prepared record; where another attempt was first, gives that one's.</summary>
    public async Task<PreparedRecord> PutPreparedAsync(int generation, int batch, PreparedRecord record, CancellationToken cancel) =>
        await PutAsync(generation, batch, "prepared", RecordJson.Write(record), cancel) ? record : (await PreparedAsync(generation, batch, cancel))!;

    /// <summary>Marks a prepared batch as one that can never be committed: its target changed under it.</summary>
    public async Task PutVoidAsync(int generation, int batch, string reason, CancellationToken cancel) =>
        await PutAsync(generation, batch, "void", Encoding.UTF8.GetBytes($"{{\"reason\":{JsonText(reason)}}}"), cancel);

    /// <summary>
    /// Gives up a batch whose intent cannot be read any more. Takes the prepared record's place first: an attempt that still works on the batch finds it taken,
    /// and cannot commit beside the batch that follows.
    /// </summary>
    public async Task AbandonAsync(int generation, int batch, string updateId, string reason, CancellationToken cancel)
    {
        var held = await PutPreparedAsync(generation, batch, new PreparedRecord { Update = updateId, Attempt = "", Definition = "", Plans = [], VoidReason = reason }, cancel);
        if (held.VoidReason is not null) await PutVoidAsync(generation, batch, reason, cancel);
    }

    public async Task PutDoneAsync(int generation, int batch, DoneRecord record, CancellationToken cancel)
    {
        if (batch % SeenInterval == 0 && record.Sources.Count > 0)
        {
            var seen = await SeenFilesAsync(generation, batch - 1, cancel);
            foreach (var source in record.Sources) seen.Add(FileBatch.FromJson(source.Batch));
            record = record with { Seen = seen };
        }
        await PutAsync(generation, batch, "done", RecordJson.Write(record), cancel);
        (Generation, LastDone, Done) = (generation, batch, record);
    }

    /// <summary>The files that the generation's done batches, up to the last, have read.</summary>
    public Task<SeenFiles> SeenFilesAsync(CancellationToken cancel) => SeenFilesAsync(Generation, LastDone, cancel);

    private async Task<SeenFiles> SeenFilesAsync(int generation, int upTo, CancellationToken cancel)
    {
        var seen = new SeenFiles();
        var first = 1;
        for (var batch = upTo - (upTo % SeenInterval); batch > 0; batch -= SeenInterval)
        {
            var done = await ReadAsync(Key(generation, batch, "done"), RecordJson.ReadDone, cancel);
            if (done?.Seen is null) continue;
            seen = done.Seen;
            first = batch + 1;
            break;
        }
        for (var batch = first; batch <= upTo; batch++)
        {
            if (!Has(generation, batch, "done")) continue;
            var done = await ReadAsync(Key(generation, batch, "done"), RecordJson.ReadDone, cancel);
            foreach (var source in done!.Sources) seen.Add(FileBatch.FromJson(source.Batch));
        }
        return seen;
    }

    private async Task LocateAsync(CancellationToken cancel)
    {
        Generation = Math.Max(1, Table.Generation);
        foreach (var ((generation, batch), kinds) in _records)
        {
            if (generation == Generation && kinds.Contains("done")) LastDone = Math.Max(LastDone, batch);
        }
        if (LastDone > 0) Done = await ReadAsync(Key(Generation, LastDone, "done"), RecordJson.ReadDone, cancel);
    }

    private async Task<bool> PutAsync(int generation, int batch, string kind, byte[] content, CancellationToken cancel)
    {
        var key = Key(generation, batch, kind);
        var first = await _store.PutIfAbsentAsync(key, RecordSeal.Add(content), cancel);
        Note(key);
        return first;
    }

    private async Task<T?> ReadAsync<T>(string key, Func<byte[], T> read, CancellationToken cancel)
        where T : class
    {
        if (await _store.TryReadAsync(key, cancel) is not { } text) return null;
        try
        {
            RecordSeal.Check(text);
            return read(text);
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new EngineException(EngineCodes.StateCorrupt,
                $"The state record {_store.Locate(key)} cannot be read: {error.Message} Restore it from a copy, or rebuild the dataset with --full-refresh.", inner: error);
        }
    }

    /// <summary>Where a batch's record lies in the store of the state.</summary>
    public string Key(int generation, int batch, string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{_folder}/g{generation:0000}/b{batch:00000000}.{kind}.json");

    private void Note(string key)
    {
        if (RecordPlace.Of(key, _folder) is not { } place) return;
        if (!_records.TryGetValue((place.Generation, place.Batch), out var kinds)) _records[(place.Generation, place.Batch)] = kinds = [];
        kinds.Add(place.Kind);
    }

    internal static string ReadId(byte[] text, string folder)
    {
        try
        {
            RecordSeal.Check(text);
            using var document = JsonDocument.Parse(text);
            return document.RootElement.GetProperty("id").GetString() ?? throw new FormatException("it has no id.");
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new EngineException(EngineCodes.StateCorrupt, $"The state record {folder}/flow.json cannot be read: {error.Message}", inner: error);
        }
    }

    private static string JsonText(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
