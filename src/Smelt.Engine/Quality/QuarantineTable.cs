using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The quarantine's part of a batch.</summary>
/// <param name="Replaces">Whether all that it holds is replaced.</param>
internal sealed record StagedQuarantine(TargetTable Table, IReadOnlyList<AddFile> Files, bool Replaces)
{
    /// <summary>Files that it was made from and that go; those that others add meanwhile stay. Null where nothing was read.</summary>
    public IReadOnlyList<AddFile>? Read { get; init; }

    public TablePlan Plan(UpdateContext context, StepPreparation step, BatchKey key, string attempt)
    {
        var plan = Table.Plan(context, step, key, attempt, Files, Replaces);
        return Read is null ? plan : plan with { Kind = PlanKind.Change, Removes = [.. Read.Select(static f => RemoveFile.Of(f, 0) with { DeletionTimestamp = null })] };
    }
}

/// <summary>The rows of a quarantine that were refused of what is made again.</summary>
/// <param name="AreOfDays">Condition over the quarantine's columns.</param>
/// <param name="Column">A column that it is about: a quarantine without it holds none of them.</param>
/// <param name="Inputs">What is made again, by its inputs; null where no row brings its input along.</param>
internal sealed record DaysRefused(string AreOfDays, string Column, AcceptedInputs? Inputs)
{
    /// <summary>Condition over the quarantine's columns that all of them hold; null for none.</summary>
    public string? Among { get; init; }

    public string Condition(DuckDbConnection connection, string quarantine, IReadOnlySet<string> held)
    {
        var own = Inputs?.AreOf(connection, quarantine, held, AreOfDays) is { } inputs ? $"({AreOfDays} OR {inputs})" : AreOfDays;
        return Among is null ? own : $"({own} AND {Among})";
    }
}

/// <summary>
/// The table beside a dataset that keeps the rows its expectations refused: the output row's columns, <c>_input</c>, <c>_broken_expectations</c>, <c>_reason</c>,
/// <c>_source_file</c>, <c>_source_offset</c>, <c>_flow</c>, <c>_batch_id</c>, <c>_quarantined_at</c>. Replaced with a materialized view or a full refresh, else appended to.
/// </summary>
internal static class QuarantineTable
{
    /// <summary>A refused row is wide: it holds its input too. Of these a row group fits into the processor's caches and is written in half the time of DuckDB's usual 122,880 rows (measured).</summary>
    public const int RowGroupRows = 20_480;

    public delegate Task<IReadOnlyList<AddFile>> Copy(TargetTable target, string sql, IReadOnlyList<string> names, CancellationToken cancel);

    /// <returns>Null where the batch has nothing to do with the quarantine.</returns>
    public static async Task<StagedQuarantine?> StageAsync(UpdateContext context, StepPreparation step, IStepBatch batch, OutputShape shape, Judge? judge,
        bool replaces, Copy copy, CancellationToken cancel)
    {
        var name = context.Pipeline.Project.QuarantineOf(step.Dataset.Name);
        var refused = judge?.Quarantined ?? 0;
        if (refused == 0 && !replaces) return null;
        var before = await context.Tables.FindAsync(name, cancel);
        // A full refresh replaces even an empty quarantine: its mark is what an older generation's late batch stops at.
        if (refused == 0 && (before is null || (before.Snapshot.Files.Count == 0 && step.Mode != RefreshMode.Full))) return null;
        var columns = Columns(context, step, shape, batch, judge?.Rules ?? []);
        var options = new TableOptions { Name = name.ToString(), Comment = $"Rows that the expectations of {step.Dataset.Name} refused" };
        var specs = columns.ConvertAll(static c => c.Spec);
        var table = step.Joined?.Quarantine?.Grown(specs, options, name) ?? TargetTable.Define(context, context.Layout.Table(name), before, specs, options, replaces && before is not null, false, name);
        if (refused == 0) return new StagedQuarantine(table, [], true);
        var select = string.Join(", ", columns.Select(static c => $"{c.Sql} AS {SqlText.Identifier(c.Spec.Name)}"));
        var files = await copy(table, $"SELECT {select} FROM {Judge.Refused}", [.. columns.Select(static c => c.Spec.Name)], cancel);
        return new StagedQuarantine(table, files, replaces && before is not null);
    }

    /// <summary>The quarantine with the rows of some days made again: those refused now in the place of those refused then.</summary>
    /// <param name="refused">Which rows those are.</param>
    /// <returns>Null where there is none before and after.</returns>
    public static async Task<StagedQuarantine?> StageDaysAsync(UpdateContext context, StepPreparation step, IStepBatch batch, OutputShape shape, Judge? judge, DaysRefused refused, Copy copy, CancellationToken cancel)
    {
        var name = context.Pipeline.Project.QuarantineOf(step.Dataset.Name);
        var before = await context.Tables.FindAsync(name, cancel);
        if (before is null || before.Snapshot.Schema.Find(refused.Column) is null) return await StageAsync(context, step, batch, shape, judge, false, copy, cancel);
        if (before.Snapshot.Files.Count == 0 && judge is not { Quarantined: > 0 }) return null;
        var columns = Columns(context, step, shape, batch, judge?.Rules ?? []);
        var table = TargetTable.Define(context, context.Layout.Table(name), before, [.. columns.Select(static c => c.Spec)], new TableOptions { Name = name.ToString() }, false, false, name);
        await batch.Catalog.BindTableAsync(StepCatalog.OwnSchema, "quarantine_before", before, cancel);
        var names = table.Definition.Metadata.Schema.Fields.Select(static f => f.Name).ToList();
        var held = before.Snapshot.Schema.Fields.Select(static f => f.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var isOfDays = refused.Condition(batch.Catalog.Connection, $"{StepCatalog.OwnSchema}.quarantine_before", held);
        string Rows(Func<string, string?> sql, string from) => $"SELECT {string.Join(", ", names.Select(n => $"{sql(n) ?? "NULL"} AS {SqlText.Identifier(n)}"))} FROM {StepCatalog.OwnSchema}.{from}";
        string? Sql(string name) => columns.FirstOrDefault(c => c.Spec.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Sql;
        string Held(string where) => Rows(c => held.Contains(c) ? SqlText.Identifier(c) : null, $"quarantine_before WHERE {where}");
        var stay = Held($"({isOfDays}) IS NOT TRUE");
        var now = judge is null ? "" : " UNION ALL " + Rows(Sql, "refused");
        // What is refused again as it was stays as it is: when that was, and in which batch of which kind, is no part of it.
        var told = names.FindAll(n => n != QuarantineColumns.QuarantinedAt && n != QuarantineColumns.Offset && (shape.Names.Contains(n, StringComparer.OrdinalIgnoreCase) || n != (context.Pipeline.Project.MetadataColumns.BatchId ?? "_batch_id")));
        string Told(string rows) => $"SELECT {string.Join(", ", told.Select(static n => SqlText.Identifier(n)))} FROM ({rows})";
        var (then, again) = (Told(Held(isOfDays)), Told(judge is null ? Rows(static _ => null, "quarantine_before WHERE false") : Rows(Sql, "refused")));
        if (batch.Catalog.Connection.Scalar($"SELECT 1 FROM (({then} EXCEPT ALL {again}) UNION ALL ({again} EXCEPT ALL {then})) LIMIT 1") is null) return null;
        return new StagedQuarantine(table, await copy(table, stay + now, names, cancel), false) { Read = [.. before.Snapshot.Files] };
    }

    private static List<(ColumnSpec Spec, string Sql)> Columns(UpdateContext context, StepPreparation step, OutputShape shape, IStepBatch batch, IReadOnlyList<Rule> rules)
    {
        var names = context.Pipeline.Project.MetadataColumns;
        if (shape.Names.FirstOrDefault(static n => QuarantineColumns.Kept.Contains(n, StringComparer.OrdinalIgnoreCase)) is { } taken)
            throw new EngineException(EngineCodes.SchemaRefused, $"Rows of {step.Dataset.Name} are refused, and its quarantine keeps what it knows of them in columns of its own ({string.Join(", ", QuarantineColumns.Kept)}): {taken} is one of these. Give the column another name in the query of {step.Dataset.Name}.");
        var columns = shape.Columns.Select(static (c, i) => (new ColumnSpec(c.Name, c.Type), $"c{i}")).ToList();
        void Add(string name, DeltaType type, string sql)
        {
            if (!columns.Exists(c => c.Item1.Name.Equals(name, StringComparison.OrdinalIgnoreCase))) columns.Add((new ColumnSpec(name, type), sql));
        }
        Add(QuarantineColumns.Input, DeltaType.String, "input");
        Add(QuarantineColumns.Broken, new ArrayType(DeltaType.String), "broken");
        Add(QuarantineColumns.Reason, DeltaType.String, ReasonSql("broken", rules));
        Add(names.SourceFile ?? "_source_file", DeltaType.String, "file");
        Add(QuarantineColumns.Offset, DeltaType.String, batch.Offset is { } offset ? $"coalesce(line, {SqlText.Literal(offset)})" : "line");
        if (step.Flow.Kind != FlowKind.Complete) Add(QuarantineColumns.Flow, DeltaType.String, $"coalesce(flow, {SqlText.Literal(step.Flow.Name)})");
        Add(names.BatchId ?? "_batch_id", DeltaType.String, SqlText.Literal(batch.BatchId));
        Add(QuarantineColumns.QuarantinedAt, DeltaType.Timestamp, $"TIMESTAMPTZ '{Now(context)}+00'");
        return columns;
    }

    /// <summary>The time of the update as SQL writes it, UTC.</summary>
    public static string Now(UpdateContext context) =>
        DateTime.UnixEpoch.AddTicks(context.NowMicros * 10).ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What the broken rules ask for, in words: <c>positive: amount &gt; 0; has_customer: …</c>.</summary>
    /// <param name="broken">SQL of the list of names.</param>
    public static string ReasonSql(string broken, IReadOnlyList<Rule> rules) => rules.Count == 0 ? "NULL::VARCHAR"
        : $"concat_ws('; ', {string.Join(", ", rules.Select(r => $"CASE WHEN list_contains({broken}, {SqlText.Literal(r.Name)}) THEN {SqlText.Literal($"{r.Name}: {r.Predicate}")} END"))})";
}
