using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Inputs that are joined with whole tables: how many rows a join made of one when it came, today's join does not tell. So a row stays where the table holds one that is like it
/// in all that comes of the stream, and where the quarantine holds several rows of the input.
/// </summary>
internal sealed class JoinedInput(UpdateContext context, StepPreparation step, StepCatalog catalog)
{
    private const string Own = StepCatalog.OwnSchema;

    /// <summary>Whether the query joins its stream with anything. An event of AUTO CDC that is applied twice changes nothing.</summary>
    public static bool IsJoined(StepPreparation step) =>
        step.Flow.Cdc is null && (step.Query.References.Any(static r => !r.IsStream) || step.Query.Sources.Any(static s => !s.IsStream) || step.Query.MacroReferences.Count > 0);

    /// <summary>Takes those that stay out of the single ones.</summary>
    /// <returns>How many.</returns>
    public async Task<long> HoldAsync(CancellationToken cancel)
    {
        var connection = catalog.Connection;
        var place = $"struct_extract({StreamedRow.Column}, '{ReplayBatch.Place}')";
        await catalog.BindScanAsync(Own, "table_now", step.Target!.Table.Scan(step.Target.Snapshot), cancel);
        var stored = catalog.Describe($"SELECT * FROM {Own}.table_now").ToDictionary(static c => c.Name, static c => c.Type, StringComparer.OrdinalIgnoreCase);
        var output = catalog.Describe($"SELECT * FROM {Own}.replayed").ToDictionary(static c => c.Name, static c => c.Type, StringComparer.OrdinalIgnoreCase);
        var own = Streamed().Where(stored.ContainsKey).ToList();
        // Without a column of the stream no row is told from another.
        var alike = own.Count == 0 ? "true" : string.Join(" AND ", own.Select(c => $"t.{SqlText.Identifier(c)} IS NOT DISTINCT FROM TRY_CAST({Value(c, output[c], stored[c])} AS {stored[c]})"));
        connection.Execute($"CREATE TABLE {Own}.doubtful AS SELECT p FROM {Own}.single WHERE p IN (SELECT {place} FROM {Own}.replayed AS r WHERE EXISTS (SELECT 1 FROM {Own}.table_now AS t WHERE {alike})) "
            + $"OR p IN (SELECT {ReplayBatch.Place} FROM (SELECT {ReplayBatch.Place}, count(*) OVER (PARTITION BY {Batch()}) AS c FROM {Own}.held) WHERE c > 1)");
        connection.Execute($"DELETE FROM {Own}.single WHERE p IN (SELECT p FROM {Own}.doubtful)");
        return (long)connection.Scalar($"SELECT count(*) FROM {Own}.doubtful")!;
    }

    /// <summary>Output columns that follow from the stream alone: by their lineage, and where that is not known by their names.</summary>
    private IEnumerable<string> Streamed()
    {
        var query = step.Query;
        var streams = query.StreamedDatasets.ToHashSet();
        var output = catalog.Describe($"SELECT * FROM {Own}.replayed");
        var given = output.First(static c => c.Name == StreamedRow.Column).Type.Fields.Select(static f => f.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var stamps = step.Dataset.Name.Layer == Layer.Bronze ? context.Pipeline.Project.MetadataColumns.Names : [];
        foreach (var column in output.Select(static c => c.Name).Where(static n => n != StreamedRow.Column))
        {
            // What a bronze table is stamped with is of the batch.
            if (stamps.Contains(column, StringComparer.OrdinalIgnoreCase)) continue;
            var known = query.Columns.FirstOrDefault(c => c.Name.Equals(column, StringComparison.OrdinalIgnoreCase));
            if (known is { Origins.Count: > 0 } ? known.Origins.All(o => streams.Contains(o.Dataset)) : given.Contains(column)) yield return column;
        }
    }

    /// <summary>A cast gives its value beside whether there was one to cast.</summary>
    private static string Value(string column, DuckDbType type, DuckDbType stored) =>
        $"r.{SqlText.Identifier(column)}" + (stored.Id != DuckDbTypeId.Struct && type.Id == DuckDbTypeId.Struct && type.Fields.Select(static f => f.Name).SequenceEqual(["v", "given"]) ? ".v" : "");

    /// <summary>What rows of one input have in common.</summary>
    private string Batch()
    {
        var batch = context.Pipeline.Project.MetadataColumns.BatchId ?? "_batch_id";
        var isHeld = catalog.Describe($"SELECT * FROM {Own}.held").Any(c => c.Name.Equals(batch, StringComparison.OrdinalIgnoreCase));
        return SqlText.Identifier(QuarantineColumns.Input) + (isHeld ? $", {SqlText.Identifier(batch)}" : "");
    }
}
