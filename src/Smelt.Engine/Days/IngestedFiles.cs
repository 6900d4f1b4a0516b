using System.Globalization;
using Smelt.Connectors;
using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>A file as a batch read it.</summary>
/// <param name="Source">Which of the query's sources it is of, in text order.</param>
internal sealed record IngestedFile(int Source, SourceFile File, IntentRecord Batch);

/// <summary>
/// The files that a flow's done batches have read, each with the batch that stamped its rows: by the records of the flow's generation. So what came on a day is read again, and its rows bear the
/// stamps that they had.
/// </summary>
internal sealed class IngestedFiles
{
    /// <summary>In the step's own schema: files with their batches' stamps; ids of the batches; ids of batches that let quarantined rows in.</summary>
    internal const string FileColumn = "__smelt_of_file", At = "__smelt_at", Id = "__smelt_batch";

    /// <summary>Records that are read at a time.</summary>
    private const int AtOnce = 32;

    private readonly List<IngestedFile> _files = [];
    private readonly List<IntentRecord> _read = [];
    private readonly List<string> _replays = [];
    private readonly Dictionary<int, FileFormat> _formats = [];
    private readonly List<IReadOnlyList<string>> _paths = [];

    public IReadOnlyList<IngestedFile> Files => _files;

    /// <summary>Ids of the batches, whether they read any file or not.</summary>
    public IReadOnlyList<string> Batches => [.. _read.Select(static b => b.BatchId)];

    /// <summary>The batches, in their order.</summary>
    public IReadOnlyList<IntentRecord> Read => _read;

    /// <summary>Ids of all batches of the generation that let rows in from quarantine: these bear that batch's stamps.</summary>
    public IReadOnlyList<string> Replays => _replays;

    /// <param name="state">The flow's.</param>
    /// <param name="days">Of batches that were ingested on these days only; null: of all.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="EngineException">A batch is done and what it was to read is not recorded.</exception>
    public static async Task<IngestedFiles> OfAsync(FlowState state, DayRange? days, CancellationToken cancel)
    {
        var found = new IngestedFiles();
        var done = Enumerable.Range(1, state.LastDone).Where(b => state.Has(state.Generation, b, "done"));
        foreach (var part in done.Chunk(AtOnce))
        {
            var intents = await Task.WhenAll(part.Select(batch => IntentAsync(state, batch, cancel)));
            foreach (var intent in intents)
            {
                if (intent.IsReplay) found._replays.Add(intent.BatchId);
                else if (days is null || days.Has(DayOf(intent))) found.Add(intent);
            }
        }
        return found;
    }

    private static async Task<IntentRecord> IntentAsync(FlowState state, int batch, CancellationToken cancel) =>
        await state.IntentAsync(state.Generation, batch, cancel)
            ?? throw new EngineException(EngineCodes.StateCorrupt, $"The state record {state.Key(state.Generation, batch, "intent")} is gone, which says what was read then. Restore it from a copy, or rebuild the dataset with --full-refresh.");

    /// <summary>Whether every batch read the sources that are named here, by position.</summary>
    public bool AreOf(IReadOnlyList<string> paths) => _paths.TrueForAll(p => p.Count == paths.Count && (p.Count == 1 || p.SequenceEqual(paths, StringComparer.Ordinal)));

    /// <summary>The files of one source as a batch, in the order of their times.</summary>
    /// <param name="format">As the source names it, or null.</param>
    public FileBatch Of(int source, FileFormat? format) => new(format ?? _formats.GetValueOrDefault(source, FileFormat.Csv),
        [.. _files.Where(f => f.Source == source).Select(static f => f.File).OrderBy(static f => f.ModifiedTicks).ThenBy(static f => f.Path, StringComparer.Ordinal)]);

    /// <summary>Files that more than one batch or source read: their rows do not tell of which they are.</summary>
    public IReadOnlyList<string> Repeated => [.. _files.GroupBy(static f => f.File.Path, StringComparer.Ordinal).Where(static g => g.Count() > 1).Select(static g => g.Key)];

    /// <summary>Makes the tables that stamp rows and tell of which batches they are.</summary>
    public void Bind(StepCatalog catalog, int flow)
    {
        var connection = catalog.Connection;
        connection.Execute($"CREATE TABLE {Stamping(flow)} ({FileColumn} VARCHAR, {At} TIMESTAMPTZ, {Id} VARCHAR)");
        foreach (var part in _files.Chunk(500))
            connection.Execute($"INSERT INTO {Stamping(flow)} VALUES {string.Join(", ", part.Select(static f => $"({SqlText.Literal(f.File.Path)}, TIMESTAMPTZ '{Time(f.Batch)}+00', {SqlText.Literal(f.Batch.BatchId)})"))}");
    }

    /// <summary>The table of files with the stamps of their batches.</summary>
    public static string Stamping(int flow) => SqlText.Identifier(StepCatalog.OwnSchema, $"ingested_{flow}");

    /// <summary>SQL condition that a row of the stamping table <paramref name="of"/> is of that file.</summary>
    public static string IsOf(string of, string file) => $"{of}.{FileColumn} = {file}";

    /// <summary>The columns of the batch that read a row, by the row <paramref name="of"/> of the stamping table.</summary>
    public static IEnumerable<StampedColumn> Stamps(Smelt.Pipelines.MetadataColumns names, string of, string source) =>
        StreamStamps.OfBatch(names, new IntentRecord { Update = "", AtMicros = 0, BatchId = "" }, source).Select(s =>
            Is(s.Name, names.IngestedAt) ? s with { Sql = $"{of}.{At}" }
            : Is(s.Name, names.IngestionDate) ? s with { Sql = $"CAST({of}.{At} AT TIME ZONE 'UTC' AS DATE)" }
            : Is(s.Name, names.BatchId) ? s with { Sql = $"{of}.{Id}" } : s);

    private void Add(IntentRecord intent)
    {
        _read.Add(intent);
        _paths.Add([.. intent.Sources.Select(static s => s.Path)]);
        for (var i = 0; i < intent.Sources.Count; i++)
        {
            var batch = FileBatch.FromJson(intent.Sources[i].Batch);
            if (batch.Files.Count > 0) _formats[i] = batch.Format;
            _files.AddRange(batch.Files.Select(f => new IngestedFile(i, f with { Replaces = false }, intent)));
        }
    }

    private static DateOnly DayOf(IntentRecord intent) => DateOnly.FromDateTime(DateTime.UnixEpoch.AddTicks(intent.AtMicros * 10));

    /// <summary>When a batch was chosen, as SQL writes it, UTC.</summary>
    public static string Time(IntentRecord intent) => DateTime.UnixEpoch.AddTicks(intent.AtMicros * 10).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private static bool Is(string a, string? b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
