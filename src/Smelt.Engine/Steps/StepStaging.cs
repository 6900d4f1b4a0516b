using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A batch whose files are durable: the record to put, or why there is none.</summary>
internal sealed record StagedStep(PreparedRecord? Record, FlowResult.Failed? Failure, IReadOnlyList<RuleSample> Samples)
{
    /// <summary>The tables as the batch leaves them, and its files: what a sibling in the same commit goes on from. Null where AUTO CDC made it.</summary>
    public JoinedBatch? Tables { get; init; }
}

/// <summary>
/// Runs a step's query once: every row is judged, those that stay go to the target's data files, those refused to the quarantine's. Ends with durable files and the
/// plans that will name them; commits nothing.
/// </summary>
/// <param name="frugality">How often the step ran out of memory before.</param>
internal sealed partial class StepStaging(UpdateContext context, StepPreparation step, BatchKey key, IStepBatch batch, StepProgress progress, int frugality)
{
    private string _query = batch.Sql;

    private TargetTable? _quarantined;

    private string _attempt = Guid.NewGuid().ToString("N")[..16];

    private Dataset Dataset => step.Dataset;

    /// <summary>The output's name while it is judged: a rule may name its columns as <c>orders.amount</c>.</summary>
    private string Own => SqlText.Identifier(Dataset.Name.Original.Name);

    /// <summary>Whether the batch is all that the dataset holds: its tables are replaced where they are there, each for itself.</summary>
    private bool IsWhole => Dataset.Kind == DatasetKind.MaterializedView || step.Mode == RefreshMode.Full;

    public async Task<StagedStep> StageAsync(CancellationToken cancel)
    {
        using var interrupting = cancel.Register(batch.Catalog.Connection.Interrupt);
        LiveFigures.Give(progress, batch);
        if (frugality > 0) _query = FrugalQuery.Of(context, Dataset, batch, frugality);
        var shape = batch.Shape ?? OutputShape.Of(Dataset, Described(), batch.Rewritten, batch.Stamps);
        if (step.Flow.Cdc is { } clauses) return await StageCdcAsync(shape, clauses, cancel);
        var rules = batch.Judging(Rule.Of(Dataset, shape, Dataset.CastErrors));
        if (!rules.Any(static r => r.Action == ViolationAction.QuarantineRow)) shape = shape.WithoutRow();
        SchemaPolicy.Hold(context, step, shape);
        var target = TargetTable.For(context, step, shape);
        var difference = await ViewDifference.OfAsync(context, step, batch, target, shape, query => TypedSql(query, shape, []), cancel);
        if (difference is not null) _query = difference.Come;
        var all = TypedSql(_query, shape, rules);
        var typed = batch.Only is { } only ? $"SELECT * FROM ({all}) AS smelt_chosen WHERE {only}" : all;
        using var judge = rules.Count == 0 ? null : NewJudge(shape, rules, typed);
        if (judge is not null) progress.RowsOf = () => judge.Rows;
        context.Probe(step.Label + ":before-data");
        IReadOnlyList<AddFile> files;
        var unique = step.Query.Unique is null || batch is DayBatch ? null : new UniqueRows(step, batch.Catalog, shape);
        RewrittenFiles? changed = null;
        // The refused rows are written meanwhile.
        await using var durability = new DurabilityUnderWay();
        try
        {
            var rows = judge is null ? typed : JudgedSql(shape, judge, typed);
            if (unique is not null) rows = await unique.TakeAsync(rows, cancel);
            else if (step.Query.Unique is not null) rows = await new UniqueDays(step, batch.Catalog, shape).ChooseAsync(rows, difference!.Where!, target, Passing($"SELECT * FROM ({all}) AS smelt_others WHERE ({batch.Only}) IS NOT TRUE", rules), cancel);
            if (difference is not null) changed = await ChangeAsync(target, difference, rows, shape, rules, cancel);
            files = changed?.Adds ?? await WriteAsync(new DataFileWriter(target.Table, target.Definition, _attempt) { Durability = durability }, rows, shape.Names, cancel);
        }
        catch (DuckDbException error) when (error.Kind is not (DuckDbErrorKind.Interrupt or DuckDbErrorKind.OutOfMemory or DuckDbErrorKind.Io))
        {
            throw Explained(error, rules, typed);
        }
        judge?.Close();
        var samples = judge is null ? [] : RuleSamples.Read(batch.Catalog.Connection, judge.Rules, shape);
        if (judge is { Failed: > 0 })
        {
            await durability.DoneAsync();
            return new StagedStep(null, await ExpectationFailedAsync(judge, files, samples, cancel), samples);
        }
        if (await StagedRows.AuditAsync(context, step, target, files, changed, cancel) is { } wrong)
            return new StagedStep(null, new FlowResult.Failed(EngineCodes.TestsFailed, wrong, false, Counts(judge, 0, []), samples), samples);
        var plans = await PlansAsync(target, files, changed, shape, judge, cancel);
        await durability.DoneAsync();
        context.Probe(step.Label + ":after-data");
        if (unique is not null) plans = [plans[0] with { Reads = unique.Reads }, .. plans.Skip(1)];
        var record = Record(plans, files, judge, target);
        if (unique?.Note(record.Counts.RowsOut) is { } repeats) record = record with { Notes = [.. record.Notes, repeats] };
        return new StagedStep(changed is null ? record : record with { Counts = record.Counts with { RowsOut = changed.Inserted } }, null, samples) { Tables = new JoinedBatch(target, _quarantined, files) };
    }

    private IReadOnlyList<DuckDbColumn> Described()
    {
        try
        {
            return batch.Catalog.Describe(_query);
        }
        catch (DuckDbException error) when (error.Kind is not (DuckDbErrorKind.Interrupt or DuckDbErrorKind.OutOfMemory))
        {
            throw (Exception?)SourceFault() ?? new EngineException(EngineCodes.QueryFailed, $"{Dataset.Name} ({Dataset.File}): {error.Message}", inner: error);
        }
    }

    /// <summary>Changes the rows that differ, and no others.</summary>
    private async Task<RewrittenFiles> ChangeAsync(TargetTable target, ViewDifference difference, string come, OutputShape shape, IReadOnlyList<Rule> rules, CancellationToken cancel)
    {
        var attempt = new DmlAttempt(target.Table, step.Target!.Snapshot, batch.Catalog.Connection, new DmlOptions());
        if (target.IsChanged) attempt.Become(target.Definition);
        _attempt = attempt.Attempt;
        var isKept = false;
        try
        {
            // A row that the rules dropped is not in the table.
            var go = difference.Go is null ? null : Passing(TypedSql(difference.Go, shape, []), rules.Where(static r => r.Action == ViolationAction.DropRow));
            var wanted = new RowDifference { Come = come, Go = go, Where = difference.Where, Columns = shape.Names };
            var files = await new DifferenceRows(attempt, wanted).WriteAsync(cancel) ?? throw new DriftedTargetException();
            isKept = true;
            return files;
        }
        finally
        {
            await attempt.EndAsync(isKept);
        }
    }

    /// <summary>Rows of a query that no rule keeps out of the table.</summary>
    private string Passing(string typed, IEnumerable<Rule> rules)
    {
        var passes = rules.Where(static r => r.Action is ViolationAction.DropRow or ViolationAction.QuarantineRow).Select(static r => r.Passes).ToList();
        return $"SELECT * FROM ({typed}) AS {Own}{(passes.Count == 0 ? "" : $" WHERE {string.Join(" AND ", passes)}")}";
    }

    /// <summary>The columns as stored, a flag for each that can raise, and the streamed row.</summary>
    private string TypedSql(string query, OutputShape shape, IReadOnlyList<Rule> rules)
    {
        var columns = shape.Columns.Select(static c => $"{c.Sql} AS {SqlText.Identifier(c.Name)}").ToList();
        columns.AddRange(shape.Columns.Where(static c => c.Raised is not null).Select(static c => $"{c.Raised} AS {Rule.RaisedFlag(c)}"));
        if (rules.Count > 0 && shape.CarriedRow is not null) columns.Add(StreamedRow.Column);
        columns.AddRange(AbsentColumns.Of(step, shape, rules));
        return $"SELECT {string.Join(", ", columns)} FROM ({query}\n) AS smelt_query";
    }

    private Judge NewJudge(OutputShape shape, IReadOnlyList<Rule> rules, string typed)
    {
        var row = SetAside(shape);
        return new Judge(batch.Catalog, rules, row, batch.Catalog.Describe($"SELECT {row.Sql} AS r FROM ({typed}) AS {Own}")[0].Type);
    }

    private JudgedRow SetAside(OutputShape shape) => new(shape, context.Pipeline.Project.MetadataColumns.SourceFile);

    /// <param name="extra">SQL of one more column over a typed row, or null.</param>
    private string JudgedSql(OutputShape shape, Judge judge, string typed, string? extra = null, string extraName = "")
    {
        var flags = judge.Rules.Select(static (_, i) => $"__smelt_rule_{i}").ToList();
        var ruled = $"SELECT *, {string.Join(", ", judge.Rules.Select((r, i) => $"{r.Passes} AS {flags[i]}"))} FROM ({typed}) AS {Own}";
        var names = string.Join(", ", shape.Names.Select(static n => SqlText.Identifier(n)));
        var (given, kept) = extra is null ? (names, names) : ($"{names}, {extra} AS {extraName}", $"{names}, {extraName}");
        return $"SELECT {kept} FROM (SELECT {given}, {judge.Sql(flags)} AS __smelt_keep FROM ({ruled}) AS smelt_ruled) AS smelt_judged WHERE __smelt_keep";
    }

    private Task<IReadOnlyList<AddFile>> CopyAsync(TargetTable target, string sql, IReadOnlyList<string> names, CancellationToken cancel) =>
        WriteAsync(new DataFileWriter(target.Table, target.Definition, _attempt), sql, names, cancel);

    private Task<IReadOnlyList<AddFile>> CopyRefusedAsync(TargetTable target, string sql, IReadOnlyList<string> names, CancellationToken cancel) =>
        WriteAsync(new DataFileWriter(target.Table, target.Definition, _attempt) { RowGroupRows = QuarantineTable.RowGroupRows }, sql, names, cancel);

    private async Task<IReadOnlyList<AddFile>> WriteAsync(DataFileWriter writer, string sql, IReadOnlyList<string> names, CancellationToken cancel)
    {
        await writer.PrepareAsync(cancel);
        cancel.ThrowIfCancellationRequested();
        using var copied = batch.Catalog.Connection.Query(writer.CopySql(sql, names));
        var files = await writer.FilesAsync(copied, cancel);
        return !writer.HasNumbered ? files : throw new EngineException(EngineCodes.SchemaRefused,
            $"the table '{writer.Table.Folder}' numbers its rows by an identity column, which a pipeline does not write; select a value for it, or write the table by smelt sql");
    }

    private async Task<IReadOnlyList<TablePlan>> PlansAsync(TargetTable target, IReadOnlyList<AddFile> files, RewrittenFiles? changed, OutputShape shape, Judge? judge, CancellationToken cancel)
    {
        if (batch is DayBatch && changed is { Removes.Count: > 0 }) target = target.Lifted();
        var plans = new List<TablePlan> { changed is not null ? target.DifferencePlan(context, step, key, _attempt, changed) : target.Plan(context, step, key, _attempt, files, IsWhole && step.Target is not null) };
        if (await batch.QuarantineAsync(context, step, shape, judge, IsWhole, CopyRefusedAsync, cancel) is { } quarantine)
        {
            plans.Add(quarantine.Plan(context, step, key, _attempt));
            if (quarantine.Files.Count > 0) _quarantined = quarantine.Table;
        }
        // What replaces rows lifts delta.appendOnly in its commit; the next sets it again.
        if (target.LiftsAppendOnly)
            plans.Insert(1, target.SetAgain(key, _attempt));
        return plans;
    }

    private PreparedRecord Record(IReadOnlyList<TablePlan> plans, IReadOnlyList<AddFile> files, Judge? judge, TargetTable target)
    {
        var rowsOut = files.Sum(static f => f.NumRecords ?? 0);
        return new PreparedRecord
        {
            Update = context.UpdateId,
            Attempt = _attempt,
            Definition = step.Flow.DefinitionHash,
            Plans = plans,
            Tables = batch.Tables,
            Sources = batch.Sources,
            SourceColumns = batch.SourceColumns,
            Notes = [.. batch.Notes, .. target.Notes],
            Counts = batch.Counting(Counts(judge, rowsOut, files)),
        };
    }

    private BatchCounts Counts(Judge? judge, long rowsOut, IReadOnlyList<AddFile> files) => new()
    {
        RowsIn = batch.RowsIn > 0 ? batch.RowsIn : judge?.Rows ?? rowsOut,
        RowsOut = rowsOut,
        RowsDropped = judge?.Dropped ?? 0,
        RowsQuarantined = judge?.Quarantined ?? 0,
        RowsRescued = batch.Bindings.Sum(static b => b.RowsRescued),
        BytesIn = batch.BytesIn,
        BytesOut = files.Sum(static f => f.Size),
        Files = files.Count,
        Rules = judge?.Counts() ?? [],
    };

    private async Task<FlowResult.Failed> ExpectationFailedAsync(Judge judge, IReadOnlyList<AddFile> files, IReadOnlyList<RuleSample> samples, CancellationToken cancel)
    {
        // These files are of this attempt alone and no record names them.
        foreach (var file in files) await context.Layout.Table(Dataset.Name).Lake.Store.DeleteAsync($"{context.Layout.Table(Dataset.Name).Folder}/{Uri.UnescapeDataString(file.Path)}", cancel);
        var broken = judge.Rules.Where((r, i) => r.Action == ViolationAction.FailUpdate && judge.Counts()[i].Violated > 0).Select((r, _) => r).ToList();
        var told = string.Join(", ", broken.Select(r => $"{r.Name} ({r.Predicate}) by {judge.Counts().First(c => c.Name == r.Name).Violated} rows"));
        var code = broken.TrueForAll(static r => r.IsBuiltIn) ? EngineCodes.CastFailed : EngineCodes.ExpectationFailed;
        return new FlowResult.Failed(code, $"{Dataset.Name} breaks {told}; nothing was committed.", false, Counts(judge, 0, []), samples);
    }

    /// <summary>An error of the query, by the rule that raised it where one did.</summary>
    private Exception Explained(DuckDbException error, IReadOnlyList<Rule> rules, string typed)
    {
        if (SourceFault() is { } source) return source;
        var columns = string.Join(", ", OutputNames(typed));
        if (!Raises($"SELECT count(hash({columns})) FROM ({typed}) AS {Own}"))
        {
            var raising = rules.FirstOrDefault(rule => !rule.IsBuiltIn && Raises($"SELECT count(*) FILTER ({rule.Passes}) FROM ({typed}) AS {Own}"));
            if (raising is not null)
            {
                return new EngineException(EngineCodes.ExpectationRaised,
                    $"The expectation {raising.Name} of {Dataset.Name} raised an error instead of an answer: {error.Message.TrimEnd('.')}. Its predicate is {raising.Predicate}.", inner: error);
            }
        }
        var isValue = error.Kind is DuckDbErrorKind.Conversion or DuckDbErrorKind.OutOfRange or DuckDbErrorKind.InvalidInput or DuckDbErrorKind.Decimal;
        var found = isValue ? FailingRow.Find(batch.Catalog, error.Message, context.Pipeline.Project.MetadataColumns.SourceFile) : null;
        var place = found is { Place: { } told } ? ". " + told : "";
        return new EngineException(isValue ? EngineCodes.CastFailed : EngineCodes.QueryFailed, $"{Dataset.Name} ({Dataset.File}): {error.Message}{place}", inner: error) { Row = found?.Row };
    }

    private IEnumerable<string> OutputNames(string typed) => batch.Catalog.Describe(typed).Select(static c => SqlText.Identifier(c.Name));

    private bool Raises(string sql)
    {
        try
        {
            _ = batch.Catalog.Connection.Scalar(sql);
            return false;
        }
        catch (DuckDbException error) when (error.Kind is not (DuckDbErrorKind.Interrupt or DuckDbErrorKind.OutOfMemory))
        {
            return true;
        }
    }

    private Smelt.Connectors.FileSourceException? SourceFault() => batch.Bindings.Select(static b => b.Fault).FirstOrDefault(static f => f is not null);
}
