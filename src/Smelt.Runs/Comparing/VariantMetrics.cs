using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>What the event log tells of two datasets' last steps, and the table that keeps the comparison of a variant with its original.</summary>
public static class VariantMetrics
{
    public const string TableName = "variant_metrics";

    private static readonly ColumnSpec[] s_columns =
    [
        new("dataset", DeltaType.String), new("variant", DeltaType.String), new("kind", DeltaType.String), new("of", DeltaType.String), new("metric", DeltaType.String),
        new("original_value", DeltaType.String), new("variant_value", DeltaType.String),
    ];

    /// <summary>Expectations and run time of the last step of each.</summary>
    public static async Task<IReadOnlyList<ComparedFigure>> OfStepsAsync(UpdateContext context, StepCatalog catalog, DatasetName a, DatasetName b, CancellationToken cancel)
    {
        if (await context.Tables.FindSystemAsync(EventLog.TableName, cancel) is not { } log) return [];
        await catalog.BindTableAsync(LakeLayout.SystemSchema, EventLog.TableName, log, cancel);
        var (left, right) = (Last(catalog, a), Last(catalog, b));
        return [.. left.Keys.Concat(right.Keys).Distinct().Order().Select(k => new ComparedFigure(k.Kind, k.Of, k.Name, left.GetValueOrDefault(k), right.GetValueOrDefault(k)))];
    }

    /// <summary>Keeps a comparison in <c>_smelt.variant_metrics</c>.</summary>
    public static Task KeepAsync(UpdateContext context, DatasetName original, DatasetName variant, TableComparison comparison, CancellationToken cancel)
    {
        var figures = comparison.Figures.Concat(
        [
            new ComparedFigure("rows", "", "only_here", Text(comparison.OnlyA), Text(comparison.OnlyB)), new ComparedFigure("rows", "", "changed", Text(comparison.Changed), Text(comparison.Changed)),
            .. comparison.Columns.Where(static c => c.Changed > 0).Select(static c => new ComparedFigure("column", c.Name, "changed", Text(c.Changed!.Value), Text(c.Changed.Value))),
        ]);
        return new SystemTable(context, TableName, "Variants beside their originals, comparison by comparison", s_columns).AppendAsync(context.UpdateId, figures.Select(figure => (Action<System.Text.Json.Utf8JsonWriter>)(json =>
        {
            json.WriteStartObject();
            json.WriteString("dataset", original.ToString());
            json.WriteString("variant", variant.Variant);
            json.WriteString("kind", figure.Kind);
            json.WriteString("of", figure.Of);
            json.WriteString("metric", figure.Name);
            json.WriteString("original_value", figure.A);
            json.WriteString("variant_value", figure.B);
            json.WriteEndObject();
        })), cancel);
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Dictionary<(string Kind, string Of, string Name), string?> Last(StepCatalog catalog, DatasetName dataset)
    {
        var log = SqlText.Identifier(LakeLayout.SystemSchema, EventLog.TableName);
        var name = SqlText.Literal(dataset.ToString());
        var last = $"(SELECT max(recorded_at) FROM {log} WHERE kind = 'flow' AND status = 'completed' AND dataset = {name})";
        var rows = catalog.Connection.Rows($"""
            SELECT 'expectation', name, unnest(['passed', 'violated']), unnest([passed, violated])::VARCHAR FROM {log} WHERE kind = 'expectation' AND dataset = {name} AND recorded_at = {last}
            UNION ALL SELECT 'run', '', unnest(['duration_ms', 'rows_in', 'rows_out', 'rows_dropped', 'rows_quarantined']), unnest([duration_ms, rows_in, rows_out, rows_dropped, rows_quarantined])::VARCHAR
            FROM {log} WHERE kind = 'flow' AND status = 'completed' AND dataset = {name} AND recorded_at = {last}
            """);
        var figures = new Dictionary<(string, string, string), string?>();
        foreach (var row in rows) figures[((string)row[0]!, (string)row[1]!, (string)row[2]!)] = row[3] as string;
        return figures;
    }
}
