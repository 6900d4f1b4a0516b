using System.Globalization;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>A figure of a dataset after an update.</summary>
/// <param name="Column">Null for a figure of the whole dataset.</param>
/// <param name="Metric"><c>row_count</c>, <c>null_rate</c>, <c>distinct_count</c>, <c>mean</c> or <c>freshness</c> (seconds since the newest time).</param>
public sealed record ProfileFigure(string? Column, string Metric, double Value)
{
    /// <summary>The predicate of the rows that it is of; null: of all.</summary>
    public string? Where { get; init; }
}

/// <summary>
/// Holds a dataset's figures against those of earlier updates: one is unusual where it lies further from their median than so many deviations. The deviation is 1.4826
/// times the median distance from the median (what makes it a standard deviation for normal figures), and at least a hundredth of the median, as figures that never moved
/// have none. One outlier in the history moves neither.
/// </summary>
internal static class AnomalyTest
{
    /// <summary>So many updates back a band looks.</summary>
    internal const int Window = 60;

    private const double ToDeviation = 1.4826, LeastShare = 0.01;

    /// <param name="connection">The test's tables are bound there; the dataset's newest figures as <c>_smelt.column_profile</c>, where there are any.</param>
    public static TestOutcome Run(RunnableTest test, DuckDbConnection connection, bool hasHistory)
    {
        var settings = test.Test!.Anomaly!;
        var figures = Figures(connection, test.Sql, settings).ConvertAll(f => f with { Where = test.Test.Where });
        var unusual = hasHistory ? figures.Select(f => Unusual(connection, f, settings)).OfType<string>().ToList() : [];
        var status = unusual.Count == 0 ? TestStatus.Passed : test.Severity == Severity.Error ? TestStatus.Failed : TestStatus.Warned;
        return test.Outcome(status, unusual.Count, unusual) with { Profile = figures.FindAll(static f => double.IsFinite(f.Value)) };
    }

    /// <summary>Of a column with NaN or infinities the mean is none either: unusual where it had one.</summary>
    internal static List<ProfileFigure> Figures(DuckDbConnection connection, string rows, AnomalySettings settings)
    {
        var figures = new List<ProfileFigure>();
        using var described = connection.Query($"SELECT * FROM ({rows}\n) AS t LIMIT 0");
        var wanted = new List<(string? Column, string Metric, string Sql)>();
        void Want(string? column, string metric, string sql)
        {
            if (settings.Metrics.Count == 0 || settings.Metrics.Contains(metric)) wanted.Add((column, metric, sql));
        }
        Want(null, "row_count", "count(*)::DOUBLE");
        foreach (var column in described.Columns.Where(c => settings.Column is null ? !c.Name.StartsWith('_') : c.Name.Equals(settings.Column, StringComparison.OrdinalIgnoreCase)))
        {
            var name = SqlText.Identifier(column.Name);
            Want(column.Name, "null_rate", $"count(*) FILTER ({name} IS NULL) / nullif(count(*), 0)::DOUBLE");
            if (column.Type.Id is DuckDbTypeId.Struct or DuckDbTypeId.List or DuckDbTypeId.Map) continue;
            Want(column.Name, "distinct_count", $"approx_count_distinct({name})::DOUBLE");
            if (IsNumber(column.Type)) Want(column.Name, "mean", MeanFigure.Sql(name, column.Type));
            if (column.Type.Id is DuckDbTypeId.Timestamp or DuckDbTypeId.TimestampTz or DuckDbTypeId.Date) Want(column.Name, "freshness", $"(epoch(now()) - epoch(max({name})::TIMESTAMPTZ))::DOUBLE");
        }
        if (wanted.Count == 0) return figures;
        var values = connection.Rows($"SELECT {string.Join(", ", wanted.Select(static w => w.Sql))} FROM ({rows}\n) AS t")[0];
        for (var i = 0; i < wanted.Count; i++)
        {
            if (values[i] is double value) figures.Add(new ProfileFigure(wanted[i].Column, wanted[i].Metric, value));
        }
        return figures;
    }

    /// <summary>The figure as a JSON object with its band; null where it is as usual, or nobody can tell yet.</summary>
    private static string? Unusual(DuckDbConnection connection, ProfileFigure figure, AnomalySettings settings)
    {
        var of = $"metric = {SqlText.Literal(figure.Metric)} AND \"column\" IS NOT DISTINCT FROM {(figure.Column is null ? "NULL" : SqlText.Literal(figure.Column))} AND {QualityTables.RowsWhere} IS NOT DISTINCT FROM {(figure.Where is null ? "NULL" : SqlText.Literal(figure.Where))}";
        var band = connection.Rows($"SELECT count(value), median(value), mad(value) FROM _smelt.{QualityTables.ColumnProfile} WHERE {of}")[0];
        if (band[0] is not long updates || updates < settings.LeastHistory || band[1] is not double median || band[2] is not double mad) return null;
        var deviation = Math.Max(mad * ToDeviation, Math.Abs(median) * LeastShare);
        // A rate that was always 0 has no hundredth of its median: a hundredth of all is one.
        if (figure.Metric == "null_rate") deviation = Math.Max(deviation, LeastShare);
        var (low, high) = (median - (settings.Sensitivity * deviation), median + (settings.Sensitivity * deviation));
        if (figure.Value >= low && figure.Value <= high) return null;
        return string.Create(CultureInfo.InvariantCulture, $$"""{"column":{{(figure.Column is null ? "null" : $"\"{System.Text.Json.JsonEncodedText.Encode(figure.Column)}\"")}},"metric":"{{figure.Metric}}","value":{{(double.IsFinite(figure.Value) ? figure.Value.ToString("R", CultureInfo.InvariantCulture) : $"\"{figure.Value.ToString(CultureInfo.InvariantCulture)}\"")}},"low":{{low:R}},"high":{{high:R}},"updates":{{updates}}}""");
    }

    private static bool IsNumber(DuckDbType type) => type.Id is DuckDbTypeId.TinyInt or DuckDbTypeId.SmallInt or DuckDbTypeId.Integer or DuckDbTypeId.BigInt or DuckDbTypeId.HugeInt
        or DuckDbTypeId.Float or DuckDbTypeId.Double or DuckDbTypeId.Decimal;
}
