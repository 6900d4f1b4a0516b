using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <content>AUTO CDC: the judged rows are events, of which the target's and the memory's changes are made.</content>
internal sealed partial class StepStaging
{
    /// <summary>Hidden column of an event: the row as the quarantine keeps it.</summary>
    private const string Refusable = "__smelt_refusable";

    private async Task<StagedStep> StageCdcAsync(OutputShape shape, AutoCdc clauses, CancellationToken cancel)
    {
        var cdc = new CdcShape(Dataset, clauses, shape, step.Query.Sources.Count > 0, IsWhole ? null : step.Target?.Snapshot.Schema);
        cdc.Names.HoldLists(cdc.Stored.Names, context.Pipeline.Project.MetadataColumns.Names, batch is ReplayBatch);
        var notes = cdc.Absent.Select(static c => $"column {c} is no longer written: NULL").ToList();
        SchemaPolicy.Hold(context, step, cdc.Stored);
        var target = TargetTable.For(context, step, cdc.Stored);
        var changes = await OpenCdcAsync(cdc, target, cancel);
        var rules = batch.Judging([.. Rule.Of(Dataset, shape, Dataset.CastErrors), .. cdc.Rules(changes.Memory.HasHorizon ? CdcRetention.Of(Dataset.Properties) : null)]);
        var restated = batch as RestatedBatch;
        var typed = TypedSql(_query, shape, rules);
        if (restated is not null) typed = (await restated.ChooseAsync(context, changes, shape, typed, cancel)).Events;
        var replayed = clauses.IsSnapshot && batch is ReplayBatch ? new ReplayedExtract(step, changes) : null;
        if (replayed is not null) ((ReplayBatch)batch).Tell(await replayed.HoldAsync(typed, clauses.SequenceBy.Count > 0 ? cdc.Sequence : step.Query.Sources.Count > 0 ? ExtractSql(shape, 0) : null, cancel));
        using var judge = NewJudge(shape, rules, typed);
        progress.RowsOf = () => judge.Rows;
        context.Probe(step.Label + ":before-data");
        if (clauses.IsSnapshot) ReadRows(Extracts.Rows, cdc, judge, typed, JudgedSql(shape, judge, typed, clauses.SequenceBy.Count > 0 ? null : ExtractSql(shape, changes.AtMicros), CdcShape.Extract), "");
        else ReadRows(CdcBatch.Events, cdc, judge, typed, JudgedSql(shape, judge, typed, changes.Memory.HasHorizon ? SetAside(shape).Sql : null, Refusable), changes.Memory.HasHorizon ? $", {Refusable}" : "");
        var samples = RuleSamples.Read(batch.Catalog.Connection, judge.Rules, shape);
        if (judge.Failed > 0) return new StagedStep(null, await ExpectationFailedAsync(judge, [], samples, cancel), samples);
        if (replayed is not null && await replayed.MakeEventsAsync(cancel) is { } greater) ((ReplayBatch)batch).Tell([greater]);
        else if (replayed is null && clauses.IsSnapshot && await new Extracts(changes, Dataset) { Files = FilesSql(cdc, clauses, shape, typed), AreNamed = clauses.SequenceBy.Count == 0 && step.Query.Sources.Count > 0 }.MakeEventsAsync(cancel) is { } passed) notes.Add(passed);
        restated?.Keys!.Judged();
        restated?.Keys!.HoldTruncations();
        if (restated is not null) RestatedMemory.Hide(changes);
        await CdcEvents.ApplyAsync(changes, cancel);
        if (restated is not null) RestatedMemory.Show(changes);
        var tables = new CdcTables(context, step, key, _attempt) { Copy = CopyAsync };
        var (plan, counts) = await tables.TargetAsync(changes, target, IsWhole && step.Target is not null, cancel);
        Refuse(changes, judge, counts.Late);
        var plans = new List<TablePlan> { plan };
        if (await batch.QuarantineAsync(context, step, shape, judge, IsWhole, CopyRefusedAsync, cancel) is { } quarantine)
            plans.Add(quarantine.Plan(context, step, key, _attempt));
        if (await tables.MemoryAsync(changes, target, IsWhole, cancel) is { } memory) plans.Add(memory);
        context.Probe(step.Label + ":after-data");
        var record = Record(plans, plan.Adds, judge, target);
        return new StagedStep(record with { Counts = record.Counts with { RowsOut = counts.Inserted + counts.Updated }, Notes = [.. record.Notes, .. notes] }, null, samples);
    }

    private async Task<CdcBatch> OpenCdcAsync(CdcShape cdc, TargetTable target, CancellationToken cancel)
    {
        var intent = await step.State!.IntentAsync(key.Generation, key.Batch, cancel);
        var at = intent?.AtMicros ?? context.NowMicros;
        var table = context.Layout.CdcMemory(key.FlowId);
        var before = IsWhole || await table.TrySnapshotAsync(cancel) is not { } there ? null : new PinnedTable(table, there);
        // Every row came with something to remember, but in a history and of extracts.
        if (!IsWhole && before is null && cdc.Layout is { Remembers: true, KeepsHistory: false } && step.Target is { Snapshot.Files.Count: > 0 })
            throw new EngineException(EngineCodes.StateGone, $"What AUTO CDC remembers for {Dataset.Name} is gone ({context.Layout.CdcPathOf(key.FlowId)}), so that late events could not be told from new ones. Put it back, or rebuild with --full-refresh {Dataset.Name}.");
        var retention = (long)CdcRetention.Of(Dataset.Properties).TotalMicroseconds;
        var connection = batch.Catalog.Connection;
        return new CdcBatch
        {
            Layout = cdc.Layout,
            Connection = connection,
            Memory = await CdcMemory.OpenAsync(connection, cdc.Layout, before, at, retention, batch is RestatedBatch, cancel),
            Attempt = IsWhole || step.Target is not { } found ? null : Attempt(found, target),
            AtMicros = at,
            Number = key.Batch,
            Restates = batch is RestatedBatch,
        };
    }

    /// <summary>The target's files as the batch finds them, under the columns that it will have.</summary>
    private DmlAttempt Attempt(PinnedTable found, TargetTable target)
    {
        var made = new DmlAttempt(found.Table, found.Snapshot, batch.Catalog.Connection, new DmlOptions()) { Attempt = _attempt };
        if (!target.Definition.Metadata.Equals(found.Snapshot.Metadata)) made.Become(target.Definition);
        return made;
    }

    private void ReadRows(string table, CdcShape cdc, Judge judge, string typed, string judged, string extra)
    {
        try
        {
            batch.Catalog.Connection.Execute($"CREATE TABLE {table} AS {cdc.EventsSql(judged, extra)}");
        }
        catch (DuckDbException error) when (error.Kind is not (DuckDbErrorKind.Interrupt or DuckDbErrorKind.OutOfMemory or DuckDbErrorKind.Io))
        {
            throw Explained(error, judge.Rules, typed);
        }
        judge.Close();
    }

    /// <summary>Which extract a row is of: the folder of its file below the source's, else the file's name without its ending; of a table the time of the batch.</summary>
    private string ExtractSql(OutputShape shape, long atMicros)
    {
        if (step.Query.Sources.Count == 0) return $"make_timestamptz({atMicros})";
        return FileSql(shape) is { } file ? ExtractNames.Sql(file, step.Sources[0].Options.Path, context.Pipeline.Folder)
            : throw new EngineException(EngineCodes.SchemaRefused, $"{Dataset.Name} cannot tell which file a row is of. Read the files alone, or write SEQUENCE BY a column that tells one extract from another.");
    }

    /// <summary>SQL of the file that a typed row is of; null where it is of none that is known.</summary>
    private string? FileSql(OutputShape shape)
    {
        var name = context.Pipeline.Project.MetadataColumns.SourceFile ?? StreamStamps.HiddenFile;
        return shape.CarriedRow?.Fields.Any(f => f.Name == name) == true ? $"struct_extract({StreamedRow.Column}, {SqlText.Literal(name)})" : null;
    }

    /// <summary>The batch's files as SQL of (file, seq), with the extract that each is of; null where files are not known.</summary>
    private string? FilesSql(CdcShape cdc, AutoCdc clauses, OutputShape shape, string typed) => step.Query.Sources.Count == 0 || FileSql(shape) is not { } file ? null
        : $"SELECT DISTINCT {file} AS file, {(clauses.SequenceBy.Count > 0 ? cdc.Sequence : ExtractSql(shape, 0))} AS seq FROM ({typed}) AS e";

    /// <summary>Sets events aside that came too late to be judged.</summary>
    private static void Refuse(CdcBatch changes, Judge judge, long late)
    {
        if (late == 0) return;
        judge.Refuse(CdcShape.Late, late);
        changes.Run($"INSERT INTO {Judge.SetAsideTable} SELECT ['{CdcShape.Late}'], e.{Refusable} FROM {CdcBatch.Events} AS e WHERE {CdcEvents.IsLate(changes)}");
    }
}
