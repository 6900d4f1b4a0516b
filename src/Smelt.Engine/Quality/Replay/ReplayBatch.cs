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
    public const string Place = "__smelt_place";

    private const string Own = StepCatalog.OwnSchema;

    private readonly UpdateContext _context;
    private readonly StepPreparation _step;
    private readonly PinnedTable _quarantine;
    private readonly ReplayPart _part;
    private IntentRecord? _intent;
    private ReplayedInput? _input;

    private ReplayBatch(UpdateContext context, StepPreparation step, ReplayPart part, PinnedTable quarantine) =>
        (_context, _step, _part, _quarantine, Catalog) = (context, step, part, quarantine, new StepCatalog(context.Database()));

    public StepCatalog Catalog { get; }

    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten { get; private set; }

    public IReadOnlyList<StampedColumn> Stamps { get; private set; } = [];

    /// <summary>A table whose versions are extracts was not applied by this: its newest version may be still to come.</summary>
    public IReadOnlyList<TableInput> Tables => _step.Flow.Cdc is { IsSnapshot: true } ? _step.State!.Done!.Tables : _intent!.Tables;

    public IReadOnlyList<SourceInput> Sources => _intent!.Sources;

    /// <summary>The sources are not read: the next batch must know what the last one knew.</summary>
    public IReadOnlyList<string> SourceColumns => _step.State!.Done!.SourceColumns;

    public IReadOnlyList<FileBinding> Bindings => _input?.Bindings ?? [];

    public long TableRows => Chosen;

    public long TableBytes => 0;

    public long RowsIn => Chosen;

    public string BatchId => _intent!.BatchId;

    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Rows asked for that can be judged again at all.</summary>
    public long Chosen { get; private set; }

    /// <summary>Looks the rows up.</summary>
    /// <param name="where">SQL over the quarantine's columns; null for all rows.</param>
    public static async Task<ReplayBatch> OpenAsync(UpdateContext context, StepPreparation step, ReplayPart part, PinnedTable quarantine, string? where, CancellationToken cancel)
    {
        var batch = new ReplayBatch(context, step, part, quarantine);
        return await IStepBatch.BoundAsync(batch, () => batch.ChooseAsync(where, cancel));
    }

    /// <summary>Binds the query over the chosen rows and runs it once; rows whose input gives no row today, or several, stay where they are.</summary>
    public async Task BindAsync(IntentRecord intent, CancellationToken cancel)
    {
        _intent = intent;
        _input = new ReplayedInput(_context, _step, _quarantine, Catalog, intent, SourceColumns);
        var rerun = IsRerun ? await _input.RerunAsync(cancel) : null;
        (Rewritten, Stamps) = rerun ?? await _input.KeptAsync(cancel);
        var connection = Catalog.Connection;
        connection.Execute($"CREATE TABLE {Own}.replayed AS {Rewritten!.Sql}");
        var place = $"struct_extract({StreamedRow.Column}, '{Place}')";
        connection.Execute($"CREATE TABLE {Own}.single AS SELECT {place} AS p FROM {Own}.replayed GROUP BY p HAVING count(*) = 1");
        Sql = $"SELECT * FROM {Own}.replayed WHERE {place} IN (SELECT p FROM {Own}.single)";
        var single = (long)connection.Scalar($"SELECT count(*) FROM {Own}.single")!;
        var doubtful = JoinedInput.IsJoined(_step) && rerun is not null ? await new JoinedInput(_context, _step, Catalog).HoldAsync(cancel) : 0;
        if (doubtful > 0) Notes = [.. Notes, $"{doubtful} quarantined rows stay: their input is joined with tables, and the table or the quarantine holds another row that may be of the same input"];
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
            : $"SELECT (input ->> '/{Place}')::BIGINT AS p, broken AS b, {QuarantineTable.ReasonSql("broken", judge.Rules)} AS why FROM {Judge.Refused}";
        Catalog.Connection.Execute($"CREATE TABLE {Own}.again AS {again}");
        var columns = _quarantine.Snapshot.Schema.Fields.Select(static f => new ColumnSpec(f.Name, f.Type)).ToList();
        var hasReason = columns.Exists(static c => Is(c.Name, QuarantineColumns.Reason));
        if (!hasReason) columns.Add(new ColumnSpec(QuarantineColumns.Reason, DeltaType.String));
        var table = TargetTable.Define(context, _quarantine.Table, _quarantine, columns, new TableOptions(), false, false, name);
        var values = columns.Select(c => $"{Staying(c.Name, hasReason, QuarantineTable.Now(context))} AS {SqlText.Identifier(c.Name)}");
        var stays = $"h.{Place} NOT IN (SELECT p FROM {Own}.single) OR a.p IS NOT NULL";
        var files = await copy(table, $"SELECT {string.Join(", ", values)} FROM {Own}.held AS h LEFT JOIN {Own}.again AS a ON a.p = h.{Place} WHERE {stays}", [.. columns.Select(static c => c.Name)], cancel);
        Tell(judge);
        return new StagedQuarantine(table, files, false) { Read = [.. _quarantine.Snapshot.Files] };
    }

    /// <summary>Adds what is to be told of rows that stay.</summary>
    public void Tell(IEnumerable<string> notes) => Notes = [.. Notes, .. notes];

    private static string Staying(string column, bool hasReason, string now)
    {
        var held = "h." + SqlText.Identifier(column);
        if (Is(column, QuarantineColumns.Broken)) return $"list_concat({held}, list_filter(coalesce(a.b, []), lambda x: NOT list_contains({held}, x)))";
        if (!Is(column, QuarantineColumns.Reason)) return held;
        var before = hasReason ? held : "NULL::VARCHAR";
        return $"CASE WHEN a.p IS NULL THEN {before} ELSE concat_ws(' | ', {before}, {SqlText.Literal($"replayed {now[..19]}: ")} || a.why) END";
    }

    private void Tell(Judge? judge)
    {
        var refused = judge?.Quarantined ?? 0;
        var admitted = (long)Catalog.Connection.Scalar($"SELECT count(*) FROM {Own}.single")! - refused;
        Notes = [.. Notes, $"replay: {admitted} rows let in, {refused} refused again"];
        var late = judge?.Counts().FirstOrDefault(static c => c.Name == CdcShape.Late)?.Violated ?? 0;
        if (late > 0) Notes = [.. Notes, $"{late} of them came later than deletes are remembered, and stay late until {CdcRetention.Property} reaches back to the deletes"];
    }

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether each row's input can be run through today's query: it has one stream, and no expression that makes several rows of one.</summary>
    private bool IsRerun
    {
        get
        {
            var query = _step.Query;
            return !_part.IsKept && _step.Flow.Kind != FlowKind.Once && !query.MultipliesRows && query.References.Count(static r => r.IsStream) + query.Sources.Count(static s => s.IsStream) == 1;
        }
    }

    private async Task ChooseAsync(string? where, CancellationToken cancel)
    {
        await Catalog.BindScanAsync(Own, "quarantine", _quarantine.Table.Scan(_quarantine.Snapshot), cancel);
        Catalog.Connection.Execute($"CREATE TABLE {Own}.held AS SELECT row_number() OVER () AS {Place}, * FROM {Own}.quarantine");
        // A value that a cast failed on is not in the kept row: only its input can tell.
        var can = IsRerun ? $"{QuarantineColumns.Input} IS NOT NULL" : $"NOT list_has_any({QuarantineColumns.Broken}, list_filter({QuarantineColumns.Broken}, lambda b: starts_with(b, 'cast:')))";
        // A row of a flow that is gone was in another's extracts: those of this one never lacked it.
        var isOfNone = _part.IsKept && _step.Flow.Cdc is { IsSnapshot: true };
        if (isOfNone) can = "false";
        var asked = $"({_part.Rows})" + (where is null ? "" : $" AND ({where}\n)");
        var connection = Catalog.Connection;
        connection.Execute($"CREATE TABLE {Own}.asked AS SELECT * FROM {Own}.held WHERE {asked}; CREATE TABLE {Own}.chosen AS SELECT * FROM {Own}.asked WHERE {can}");
        Chosen = (long)connection.Scalar($"SELECT count(*) FROM {Own}.chosen")!;
        var left = (long)connection.Scalar($"SELECT count(*) FROM {Own}.asked")! - Chosen;
        if (left > 0) Notes = [$"{left} quarantined rows stay: {(isOfNone ? "they are of no flow that is defined today, and no extract of another one lacked them" : IsRerun ? "their input was not kept" : "their input cannot be told from their rows, and a value that could not be cast is not in the kept row")}"];
    }
}
