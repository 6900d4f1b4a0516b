using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// A prepared change of the quarantine, made again over what others did to it since: which rows leave and which come follows from the files that the plan takes out and brings.
/// Rows that went meanwhile stay gone, and rows that came stay. Rows are told by all they hold but the rules they broke, which a
/// replay adds to, and the occasion on which they were refused.
/// </summary>
internal sealed class QuarantineChange(UpdateContext context, DeltaTable table, TablePlan plan)
{
    private const string Own = StepCatalog.OwnSchema;

    /// <param name="now">The table as it is; of another id where it was dropped and made anew: then no row of the plan is left to leave it.</param>
    /// <exception cref="EngineException">The version that the plan was made on is not in the log any more.</exception>
    public async Task<TablePlan> OverAsync(Snapshot now, CancellationToken cancel)
    {
        using var catalog = new StepCatalog(context.Database());
        using var interrupting = cancel.Register(catalog.Connection.Interrupt);
        var before = now.Metadata.Id == plan.TableId ? await BeforeAsync(cancel) : null;
        var removed = plan.Removes.Select(static r => r.Path).ToHashSet(StringComparer.Ordinal);
        var metadata = plan.Metadata ?? before?.Metadata ?? now.Metadata;
        var specs = metadata.Schema.Fields.Select(static f => new ColumnSpec(f.Name, f.Type, f.Nullable, f.Comment)).ToList();
        var definition = TableDefinition.Of(now).Grow(specs, new TableOptions()) switch
        {
            DefinitionResult.Defined defined => defined,
            DefinitionResult.Refused refused => throw new EngineException(EngineCodes.SchemaRefused, $"The side table {table.Folder} cannot follow: {string.Join(" ", refused.Problems.Select(static p => p.Message))}"),
            _ => throw new InvalidOperationException("A definition is either there or refused."),
        };
        var names = definition.Definition.Metadata.Schema.Fields.Select(static f => f.Name).ToList();
        await BindAsync(catalog, "now", table.Scan(now), now.Metadata, names, cancel);
        await BindAsync(catalog, "after", new ScanBuilder(table, metadata).Build([.. plan.Adds]), metadata, names, cancel);
        if (before is null) catalog.BindSql(Own, "before_rows", $"SELECT * FROM {Own}.after_rows WHERE false");
        else await BindAsync(catalog, "before", table.Scan(before, before.Files.Where(f => removed.Contains(f.Path))), before.Metadata, names, cancel);
        var writer = new DataFileWriter(table, definition.Definition, Guid.NewGuid().ToString("N")[..16]) { RowGroupRows = QuarantineTable.RowGroupRows };
        await writer.PrepareAsync(cancel);
        using var copied = catalog.Connection.Query(writer.CopySql(Rows(names), names));
        return plan with
        {
            TableId = now.Metadata.Id, ReadVersion = now.Version, Adds = await writer.FilesAsync(copied, cancel),
            Removes = [.. now.Files.Select(static f => RemoveFile.Of(f, 0) with { DeletionTimestamp = null })],
            Metadata = definition.Changed ? definition.Definition.Metadata : null, Protocol = definition.Changed ? definition.Definition.Protocol : null,
        };
    }

    private async Task<Snapshot> BeforeAsync(CancellationToken cancel)
    {
        try
        {
            return await table.SnapshotAsync(plan.ReadVersion, cancel);
        }
        catch (DeltaLogException gone)
        {
            throw new EngineException(EngineCodes.PreparedFilesGone,
                $"A prepared batch changes {table.Folder} as of version {plan.ReadVersion}, others changed it since, and that version is not in its log any more: {gone.Message.TrimEnd('.')}. Nothing of the quarantine was changed. Put the version's log back, or rebuild the table that the quarantine is of with --full-refresh.", inner: gone);
        }
    }

    private async Task BindAsync(StepCatalog catalog, string name, TableScan scan, TableMetadata metadata, List<string> names, CancellationToken cancel)
    {
        await catalog.BindScanAsync(Own, name, scan, cancel);
        var held = metadata.Schema.Fields.Select(static f => f.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var columns = names.Select(n => $"{(held.Contains(n) ? "" : "NULL AS ")}{SqlText.Identifier(n)}");
        var told = names.Where(n => !IsReason(n) && !IsOccasion(n)).Select(n => held.Contains(n) ? SqlText.Identifier(n) : "NULL");
        catalog.BindSql(Own, name + "_rows", $"SELECT *, row_number() OVER (PARTITION BY __smelt_k) AS __smelt_n FROM (SELECT {string.Join(", ", columns)}, row({string.Join(", ", told)}) AS __smelt_k FROM {Own}.{name})");
    }

    private static bool IsReason(string column) => new[] { QuarantineColumns.Broken, QuarantineColumns.Reason }.Contains(column, StringComparer.OrdinalIgnoreCase);

    /// <summary>When and where a row was refused: days made again refuse the same rows anew.</summary>
    private bool IsOccasion(string column) =>
        new[] { QuarantineColumns.QuarantinedAt, QuarantineColumns.Offset, context.Pipeline.Project.MetadataColumns.BatchId ?? "_batch_id" }.Contains(column, StringComparer.OrdinalIgnoreCase);

    /// <summary>Those of now but those that leave, with the new reasons of those refused again; and those that come.</summary>
    private static string Rows(List<string> names)
    {
        static string Counted(string rows) => $"SELECT __smelt_k, count(*) AS c FROM {Own}.{rows} GROUP BY ALL";
        var all = string.Join(", ", names.Select(static n => SqlText.Identifier(n)));
        var reasons = names.FindAll(IsReason).ConvertAll(static n => SqlText.Identifier(n));
        var stay = names.Select(n => IsReason(n) ? $"CASE WHEN g.__smelt_k IS NULL THEN n.{SqlText.Identifier(n)} ELSE g.{SqlText.Identifier(n)} END AS {SqlText.Identifier(n)}" : $"n.{SqlText.Identifier(n)}");
        return $"""
            WITH b AS ({Counted("before_rows")}), a AS ({Counted("after_rows")}),
            leaving AS (SELECT b.__smelt_k, b.c - coalesce(a.c, 0) AS c FROM b LEFT JOIN a ON a.__smelt_k = b.__smelt_k),
            again AS (SELECT __smelt_k{string.Concat(reasons.Select(static r => $", {r}"))} FROM {Own}.after_rows AS r WHERE __smelt_n = 1 AND __smelt_k IN (SELECT __smelt_k FROM b)
              AND NOT EXISTS (FROM {Own}.before_rows AS o WHERE o.__smelt_k = r.__smelt_k{string.Concat(reasons.Select(static r => $" AND o.{r} IS NOT DISTINCT FROM r.{r}"))}))
            SELECT {string.Join(", ", stay)} FROM {Own}.now_rows AS n LEFT JOIN leaving AS l ON l.__smelt_k = n.__smelt_k LEFT JOIN again AS g ON g.__smelt_k = n.__smelt_k WHERE n.__smelt_n > coalesce(l.c, 0)
            UNION ALL SELECT {all} FROM {Own}.after_rows AS r WHERE __smelt_n > coalesce((SELECT max(c) FROM b WHERE b.__smelt_k = r.__smelt_k), 0)
            """;
    }
}
