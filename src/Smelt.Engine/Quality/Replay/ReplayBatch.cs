using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Quarantined rows as a batch of their own flow. Each one's <c>_input</c> goes through today's query, or, where one input may have made several rows, the kept row is
/// judged again. The rows carry their place in the quarantine, which tells afterwards who stays.
/// </summary>
internal sealed class ReplayBatch : IStepBatch
{
    /// <summary>Hidden field of the carried row: its number among the held rows.</summary>
    private const string Place = "__smelt_place";

    private const string Own = StepCatalog.OwnSchema;

    private readonly UpdateContext _context;
    private readonly StepPreparation _step;
    private readonly PinnedTable _quarantine;
    private IntentRecord? _intent;
    private IReadOnlyList<FileBinding> _filesOfViews = [];

    private ReplayBatch(UpdateContext context, StepPreparation step, PinnedTable quarantine) =>
        (_context, _step, _quarantine, Catalog) = (context, step, quarantine, new StepCatalog(context.Database()));

    public StepCatalog Catalog { get; }

    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten { get; private set; }

    public IReadOnlyList<StampedColumn> Stamps { get; private set; } = [];

    public IReadOnlyList<TableInput> Tables => _intent!.Tables;

    public IReadOnlyList<SourceInput> Sources => _intent!.Sources;

    /// <summary>The sources are not read: the next batch must know what the last one knew.</summary>
    public IReadOnlyList<string> SourceColumns => _step.State!.Done!.SourceColumns;

    public IReadOnlyList<FileBinding> Bindings => _filesOfViews;

    public long TableRows => Chosen;

    public long TableBytes => 0;

    public long RowsIn => Chosen;

    public string BatchId => _intent!.BatchId;

    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Rows asked for that can be judged again at all.</summary>
    public long Chosen { get; private set; }

    /// <summary>Looks the rows up.</summary>
    /// <param name="where">SQL over the quarantine's columns; null for all rows.</param>
    public static async Task<ReplayBatch> OpenAsync(UpdateContext context, StepPreparation step, PinnedTable quarantine, string? where, CancellationToken cancel)
    {
        var batch = new ReplayBatch(context, step, quarantine);
        try
        {
            await batch.Catalog.BindScanAsync(Own, "quarantine", quarantine.Table.Scan(quarantine.Snapshot), cancel);
            batch.Catalog.Connection.Execute($"CREATE TABLE {Own}.held AS SELECT row_number() OVER () AS {Place}, * FROM {Own}.quarantine");
            batch.Choose(where);
            return batch;
        }
        catch
        {
            batch.Catalog.Dispose();
            throw;
        }
    }

    /// <summary>Binds the query over the chosen rows and runs it once; rows whose input gives no row today, or several, stay where they are.</summary>
    public async Task BindAsync(IntentRecord intent, CancellationToken cancel)
    {
        _intent = intent;
        if (!IsRerun || !await RewriteAsync(cancel)) KeptRows();
        var connection = Catalog.Connection;
        connection.Execute($"CREATE TABLE {Own}.replayed AS {Rewritten!.Sql}");
        var place = $"struct_extract({StreamedRow.Column}, '{Place}')";
        connection.Execute($"CREATE TABLE {Own}.single AS SELECT {place} AS p FROM {Own}.replayed GROUP BY p HAVING count(*) = 1");
        Sql = $"SELECT * FROM {Own}.replayed WHERE {place} IN (SELECT p FROM {Own}.single)";
        var single = (long)connection.Scalar($"SELECT count(*) FROM {Own}.single")!;
        if (single < Chosen) Notes = [.. Notes, $"{Chosen - single} quarantined rows stay: today's query makes none of their input, or several"];
    }

    /// <summary>A replay lets rows in or leaves them where they are: it drops none and fails for none.</summary>
    public IReadOnlyList<Rule> Judging(IReadOnlyList<Rule> rules) =>
        [.. rules.Select(static r => r.Action == ViolationAction.Warn ? r : r with { Action = ViolationAction.QuarantineRow })];

    /// <summary>The rows were counted for their rules when they came.</summary>
    public BatchCounts Counting(BatchCounts counts) => counts with { RowsIn = Chosen, RowsQuarantined = 0, Rules = [] };

    /// <summary>The quarantine without the rows that were let in; those refused again keep both reasons.</summary>
    public async Task<StagedQuarantine?> QuarantineAsync(UpdateContext context, StepPreparation step, OutputShape shape, Judge? judge, bool replaces, QuarantineTable.Copy copy, CancellationToken cancel)
    {
        var name = context.Pipeline.Project.QuarantineOf(step.Dataset.Name);
        var again = judge is null ? $"SELECT NULL::BIGINT AS p, NULL::VARCHAR[] AS b, NULL::VARCHAR AS why WHERE false"
            : $"SELECT (r.input ->> '/{Place}')::BIGINT AS p, broken AS b, {QuarantineTable.ReasonSql("broken", judge.Rules)} AS why FROM {Own}.refused";
        Catalog.Connection.Execute($"CREATE TABLE {Own}.again AS {again}");
        var columns = _quarantine.Snapshot.Schema.Fields.Select(static f => new ColumnSpec(f.Name, f.Type)).ToList();
        var hasReason = columns.Exists(static c => Is(c.Name, QuarantineColumns.Reason));
        if (!hasReason) columns.Add(new ColumnSpec(QuarantineColumns.Reason, DeltaType.String));
        var table = TargetTable.Define(context, _quarantine.Table, _quarantine, columns, new TableOptions(), false, false, name);
        var values = columns.Select(c => $"{Staying(c.Name, hasReason, QuarantineTable.Now(context))} AS {SqlText.Identifier(c.Name)}");
        var stays = $"h.{Place} NOT IN (SELECT p FROM {Own}.single) OR a.p IS NOT NULL";
        var files = await copy(table, $"SELECT {string.Join(", ", values)} FROM {Own}.held AS h LEFT JOIN {Own}.again AS a ON a.p = h.{Place} WHERE {stays}", [.. columns.Select(static c => c.Name)], cancel);
        Tell(judge?.Quarantined ?? 0);
        return new StagedQuarantine(table, files, false) { Read = [.. _quarantine.Snapshot.Files] };
    }

    private static string Staying(string column, bool hasReason, string now)
    {
        var held = "h." + SqlText.Identifier(column);
        if (Is(column, QuarantineColumns.Broken)) return $"list_concat({held}, list_filter(coalesce(a.b, []), lambda x: NOT list_contains({held}, x)))";
        if (!Is(column, QuarantineColumns.Reason)) return held;
        var before = hasReason ? held : "NULL::VARCHAR";
        return $"CASE WHEN a.p IS NULL THEN {before} ELSE concat_ws(' | ', {before}, {SqlText.Literal($"replayed {now[..19]}: ")} || a.why) END";
    }

    private void Tell(long refused)
    {
        var admitted = (long)Catalog.Connection.Scalar($"SELECT count(*) FROM {Own}.single")! - refused;
        Notes = [.. Notes, $"replay: {admitted} rows let in, {refused} refused again"];
    }

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether each row's input can be run through today's query: one flow with one stream, and no expression that makes several rows of one.</summary>
    private bool IsRerun
    {
        get
        {
            var query = _step.Query;
            return _step.Dataset.Flows.Count == 1 && !query.MultipliesRows && query.References.Count(static r => r.IsStream) + query.Sources.Count(static s => s.IsStream) == 1;
        }
    }

    private void Choose(string? where)
    {
        // A value that a cast failed on is not in the kept row: only its input can tell.
        var can = IsRerun ? $"{QuarantineColumns.Input} IS NOT NULL" : $"NOT list_has_any({QuarantineColumns.Broken}, list_filter({QuarantineColumns.Broken}, lambda b: starts_with(b, 'cast:')))";
        var asked = where is null ? "TRUE" : $"({where}\n)";
        var connection = Catalog.Connection;
        connection.Execute($"CREATE TABLE {Own}.asked AS SELECT * FROM {Own}.held WHERE {asked}; CREATE TABLE {Own}.chosen AS SELECT * FROM {Own}.asked WHERE {can}");
        Chosen = (long)connection.Scalar($"SELECT count(*) FROM {Own}.chosen")!;
        var left = (long)connection.Scalar($"SELECT count(*) FROM {Own}.asked")! - Chosen;
        if (left > 0) Notes = [$"{left} quarantined rows stay: {(IsRerun ? "their input was not kept" : "their input cannot be told from their rows, and a value that could not be cast is not in the kept row")}"];
    }

    private async Task<bool> RewriteAsync(CancellationToken cancel)
    {
        var query = _step.Query;
        var binder = new InputBinder(_context, Catalog);
        foreach (var source in query.Sources.Where(static s => s.IsStream)) binder.Give(source, BoundSources.ViewOf(0));
        var whole = await binder.BindAsync(query, cancel) ?? throw new EngineException(EngineCodes.InputMissing, $"{_step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
        _filesOfViews = binder.Bindings;
        var stream = await BindInputAsync(query, cancel);
        Rewritten = StreamingRewriter.Rewrite(query, new StreamingRewriteOptions
        {
            Bindings = new QueryBindings { Table = r => r.IsStream ? stream : whole.Table(r), Source = whole.Source },
            Carry = [StreamedRow.Column],
        }, Catalog.Connection);
        if (_step.Dataset.Name.Layer == Layer.Bronze)
            Stamps = StreamStamps.OfTable(_context.Pipeline.Project.MetadataColumns, _intent!, SourceName, Rewritten.CarriesRows && query.Sources.Count > 0);
        return Rewritten.CarriesRows;
    }

    private string SourceName => _intent!.Sources.Count > 0 ? _intent.Sources[0].Path : _step.Dataset.Name.ToString();

    /// <summary>The inputs of the chosen rows as the relation that the query streams.</summary>
    private async Task<string> BindInputAsync(DatasetQuery query, CancellationToken cancel)
    {
        var json = $"{SqlText.Identifier(QuarantineColumns.Input)}::JSON";
        if (query.References.FirstOrDefault(static r => r.IsStream) is { Dataset: { } streamed })
        {
            var table = await _context.Tables.FindAsync(streamed, cancel) ?? throw new EngineException(EngineCodes.InputMissing, $"{_step.Dataset.Name} reads {streamed}, which has no data yet.");
            await Catalog.BindTableAsync(Own, "streamed_table", table, cancel);
            var columns = Catalog.Describe($"SELECT * FROM {Own}.streamed_table");
            Catalog.BindSql(Own, "input_rows", $"SELECT {ReplayedRow.Columns(json, columns)}, {Place} FROM {Own}.chosen");
            Catalog.BindSql(Own, "stream_0", $"SELECT * EXCLUDE ({Place}), {RowWithPlace(columns)} FROM {Own}.input_rows");
            return SqlText.Identifier(Own, "stream_0");
        }
        var given = SourceColumnsOfInputs(json);
        Catalog.BindSql(Own, "input_rows", $"SELECT {ReplayedRow.Columns(json, given)}, {Place} FROM {Own}.chosen");
        var hidden = given.Where(static c => c.Name is StreamStamps.HiddenFile or StreamStamps.HiddenRescued).Select(static c => SqlText.Identifier(c.Name)).Append(Place);
        var stamps = StreamStamps.OfBatch(_context.Pipeline.Project.MetadataColumns, _intent!, SourceName).Where(s => given.All(c => !Is(c.Name, s.Name)));
        var stamped = string.Concat(stamps.Select(static s => $", {s.Sql} AS {SqlText.Identifier(s.Name)}"));
        Catalog.BindSql(Own, "source_0", $"SELECT * EXCLUDE ({string.Join(", ", hidden)}){stamped}, {RowWithPlace(given)} FROM {Own}.input_rows");
        return BoundSources.ViewOf(0);
    }

    private static string RowWithPlace(IEnumerable<DuckDbColumn> columns) => BoundSources.Row(columns.Select(static c => c.Name).Append(Place));

    /// <summary>The columns that the inputs have, of the types that the last batch knew; the others are the texts that go with every file.</summary>
    private List<DuckDbColumn> SourceColumnsOfInputs(string json)
    {
        var known = SourceColumns.Count > 0 ? SourceSchema.ColumnsFromJson(Catalog.Connection, SourceColumns[0]) : [];
        var names = Catalog.Connection.Rows($"SELECT DISTINCT unnest(json_keys({json})) FROM {Own}.chosen").ConvertAll(static r => (string)r[0]!);
        var others = names.Where(n => !known.Any(k => Is(k.Name, n)) && n != Place).Order(StringComparer.Ordinal);
        return [.. known.Select(static k => new DuckDbColumn(k.Name, k.Type)), .. others.Select(static n => new DuckDbColumn(n, DuckDbType.Varchar))];
    }

    /// <summary>The kept rows as they would be stored.</summary>
    private void KeptRows()
    {
        var held = _quarantine.Snapshot.Schema.Fields.Select(static f => f.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var table = _step.Target!.Table.Scan(_step.Target.Snapshot);
        Catalog.BindSql(Own, "target", table.Sql);
        var columns = Catalog.Describe($"SELECT * FROM {Own}.target").Select(c =>
            $"{(held.Contains(c.Name) ? SqlText.Identifier(c.Name) : "NULL")}::{c.Type} AS {SqlText.Identifier(c.Name)}");
        var file = _context.Pipeline.Project.MetadataColumns.SourceFile is { } name && held.Contains(name) ? $", {SqlText.Literal(name)}: {SqlText.Identifier(name)}" : "";
        Rewritten = new RewrittenQuery($"SELECT {string.Join(", ", columns)}, {{'{Place}': {Place}{file}}} AS {StreamedRow.Column} FROM {Own}.chosen", [], true);
        Stamps = [];
    }
}
