using System.Globalization;
using Smelt.DuckDb;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>The data tests that properties.yml can name: dbt's own, and of dbt-utils and dbt-expectations those that people use.</summary>
internal static class DataTestCatalog
{
    private static TextShape Text(string doc) => new() { Doc = doc };

    private static ListShape Texts(string doc) => new(new TextShape()) { Doc = doc };

    private static readonly ShapeKey s_min = new("min_value", Text("The least value: SQL.")), s_max = new("max_value", Text("The greatest value: SQL."));

    private static readonly ShapeKey s_other = new("compare_model", Text("The other dataset: silver.customers or ref('customers')."));

    private static readonly ShapeKey s_quote = new("quote", new BooleanShape { Doc = "False: the values are SQL." });

    private static readonly MapShape s_age = new(new("count", new IntegerShape(), Required: true), new ShapeKey("period", new ChoiceShape("minute", "hour", "day"), Required: true)) { Doc = "An age." };

    public static IReadOnlyList<DataTestDefinition> All { get; } =
    [
        new(["unique", "dbt_expectations.expect_column_values_to_be_unique"], true, [], "", static a =>
            Rows($"SELECT {a.Expression} AS \"value\", count(*) AS \"rows\" FROM {a.Table} AS t WHERE {a.Expression} IS NOT NULL GROUP BY 1 HAVING count(*) > 1")),
        new(["not_null", "dbt_expectations.expect_column_values_to_not_be_null"], true, [], "", static a => Rows($"SELECT * FROM {a.Table} AS t WHERE {a.Expression} IS NULL")),
        new(["accepted_values", "dbt_expectations.expect_column_values_to_be_in_set"], true,
            [new("values", Texts("The values allowed.")), new("value_set", Texts("dbt-expectations' word for values.")), s_quote, new("quote_values", new BooleanShape { Doc = "dbt-expectations' word for quote." })],
            "accepted_values: {values: [open, closed]}", AcceptedValues),
        new(["relationships"], true, [new("to", Text("The dataset that must hold the value: silver.customers or ref('customers').")), new("field", Text("Its column."))],
            "relationships: {to: silver.customers, field: customer_id}", Relationships),
        new(["unique_combination_of_columns", "dbt_expectations.expect_compound_columns_to_be_unique"], false,
            [new("combination_of_columns", Texts("The columns.")), new("column_list", Texts("dbt-expectations' word for the columns."))], "unique_combination_of_columns: {combination_of_columns: [day, shop]}", UniqueCombination),
        new(["expression_is_true", "dbt_expectations.expression_is_true"], false, [new("expression", Text("SQL that is true for a row that passes; of a column, what follows it: '> 0'."))],
            "expression_is_true: {expression: amount >= paid}", static a => a.Text("expression") is { } e ? Rows($"SELECT * FROM {a.Table} AS t WHERE ({a.Expression} {e}\n) IS NOT TRUE") : null),
        new(["accepted_range", "dbt_expectations.expect_column_values_to_be_between"], true,
            [s_min, s_max, new("inclusive", new BooleanShape { Doc = "Whether the bounds themselves pass. Default true." }), new("strictly", new BooleanShape { Doc = "dbt-expectations' word for the contrary." })],
            "accepted_range: {min_value: 0, max_value: 100}", Range),
        new(["not_empty_string"], true, [new("trim_whitespace", new BooleanShape { Doc = "Whether white space alone is empty too. Default true." })], "", static a =>
            Rows($"SELECT * FROM {a.Table} AS t WHERE {(a.Flag("trim_whitespace", true) ? $"trim({a.Expression}, ' ' || chr(9) || chr(10) || chr(13))" : a.Expression)} = ''")),
        new(["equal_rowcount", "dbt_expectations.expect_table_row_count_to_equal_other_table"], false, [s_other], "equal_rowcount: {compare_model: silver.orders}", static a => a.Dataset("compare_model") is { } other
            ? Rows($"SELECT * FROM (SELECT (SELECT count(*) FROM {a.Table} AS t) AS \"rows\", (SELECT count(*) FROM {other}) AS other_rows) WHERE \"rows\" <> other_rows") : null),
        new(["row_count_between", "dbt_expectations.expect_table_row_count_to_be_between"], false, [s_min, s_max], "row_count_between: {min_value: 1}", static a => Bounds(a, "\"rows\"", true) is { } outside
            ? Rows($"SELECT * FROM (SELECT count(*) AS \"rows\" FROM {a.Table} AS t) WHERE {outside}") : null),
        new(["match_regex", "dbt_expectations.expect_column_values_to_match_regex"], true, [new("regex", Text("A regular expression (RE2) that some part of the value matches."))], "match_regex: {regex: '^[A-Z]{3}$'}",
            static a => a.Text("regex") is { } regex ? Rows($"SELECT {a.Expression} AS \"value\", count(*) AS \"rows\" FROM {a.Table} AS t WHERE NOT regexp_matches({a.Expression}::VARCHAR, {SqlText.Literal(regex)}) GROUP BY 1") : null),
        new(["values_to_be_of_type", "dbt_expectations.expect_column_values_to_be_of_type"], true, [new("column_type", Text("A type of DuckDB: DECIMAL(10,2).")), new("type", Text("The same."))],
            "values_to_be_of_type: {column_type: 'DECIMAL(10,2)'}", static a => a.Text("column_type", "type") is { } type
                ? Rows($"SELECT column_type AS \"type\", typeof(NULL::{type}) AS expected FROM (DESCRIBE SELECT {a.Expression} AS c FROM {a.Table} AS t) WHERE column_type <> typeof(NULL::{type})") : null),
        new(["recency", "dbt_expectations.expect_row_values_to_have_recent_data"], false,
            [new("field", Text("The column with the time.")), new("datepart", new ChoiceShape("minute", "hour", "day", "week", "month", "year") { Doc = "The unit of interval." }), new("interval", new IntegerShape { Doc = "How old the newest row may be." })],
            "recency: {field: created_at, datepart: day, interval: 1}", Recency),
        new(["freshness"], false,
            [new("field", Text("The column with the time.")), new("loaded_at_field", Text("dbt's word for field.")), new("warn_after", s_age), new("error_after", s_age)],
            "freshness: {field: created_at, warn_after: {count: 1, period: day}, error_after: {count: 2, period: day}}", Freshness),
        new(["anomaly"], false,
            [new("metrics", new ListShape(new ChoiceShape("row_count", "null_rate", "distinct_count", "mean", "freshness")) { Doc = "The figures to look at. Default: all." }),
             new("min_history", new IntegerShape(3) { Doc = "So many updates must be known first. Default 7." }), new("sensitivity", Text("So many deviations from the median are usual. Default 5."))],
            "anomaly: {metrics: [row_count]}", Anomaly),
    ];

    private static readonly Dictionary<string, DataTestDefinition> s_byName = All.SelectMany(static d => d.AllNames.Select(n => (n, d))).ToDictionary(static p => p.n, static p => p.d, StringComparer.Ordinal);

    public static DataTestDefinition? Find(string name) => s_byName.GetValueOrDefault(name);

    private static DataTestQuestion Rows(string sql) => new(sql);

    private static DataTestQuestion? AcceptedValues(DataTestArguments a) => a.Texts("values", "value_set") is { Count: > 0 } values
        ? Rows($"SELECT {a.Expression} AS \"value\", count(*) AS \"rows\" FROM {a.Table} AS t WHERE {a.Expression} NOT IN ({a.List(values)}) GROUP BY 1") : null;

    private static DataTestQuestion? Relationships(DataTestArguments a)
    {
        if (a.Text("to") is null || a.Text("field") is not { } field || a.Dataset("to") is not { } parent) return null;
        return Rows($"SELECT child.\"value\", count(*) AS \"rows\" FROM (SELECT {a.Expression} AS \"value\" FROM {a.Table} AS t) AS child "
            + $"WHERE child.\"value\" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.{SqlText.Identifier(field)} = child.\"value\") GROUP BY 1");
    }

    private static DataTestQuestion? UniqueCombination(DataTestArguments a)
    {
        var columns = string.Join(", ", a.Texts("combination_of_columns", "column_list").Select(static c => SqlText.Identifier(c)));
        return columns.Length == 0 ? null : Rows($"SELECT {columns}, count(*) AS \"rows\" FROM {a.Table} AS t GROUP BY {columns} HAVING count(*) > 1");
    }

    private static DataTestQuestion? Range(DataTestArguments a) => Bounds(a, a.Expression, a.Flag("inclusive", !a.Flag("strictly", false))) is { } outside
        ? Rows($"SELECT * FROM {a.Table} AS t WHERE {outside}") : null;

    private static string? Bounds(DataTestArguments a, string value, bool isInclusive)
    {
        var parts = new List<string>();
        if (a.Text("min_value") is { } least) parts.Add($"{value} {(isInclusive ? "<" : "<=")} ({least})");
        if (a.Text("max_value") is { } most) parts.Add($"{value} {(isInclusive ? ">" : ">=")} ({most})");
        return parts.Count == 0 ? null : string.Join(" OR ", parts);
    }

    private static DataTestQuestion? Recency(DataTestArguments a) => a.Text("field") is { } field && a.Text("datepart") is { } part && long.TryParse(a.Text("interval"), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? Rows($"SELECT * FROM (SELECT max({Column(field)})::TIMESTAMPTZ AS newest FROM {a.Table} AS t) WHERE newest IS NULL OR newest < now() - INTERVAL ({count}) {part.ToUpperInvariant()}") : null;

    private static DataTestQuestion? Freshness(DataTestArguments a)
    {
        var (warn, error) = (Seconds(a, "warn_after"), Seconds(a, "error_after"));
        if (a.Text("field", "loaded_at_field") is not { } field || (warn is null && error is null)) return null;
        // A table without a row is older than any age.
        return new DataTestQuestion($"SELECT max({Column(field)})::TIMESTAMPTZ AS newest, coalesce(epoch(now()) - epoch(max({Column(field)})::TIMESTAMPTZ), 1e18)::BIGINT AS age_seconds FROM {a.Table} AS t")
        {
            FailCalc = "max(age_seconds)",
            // A test of severity warn has one answer: of the stated ages the lesser is asked for.
            WarnIf = (warn ?? error) is { } w ? string.Create(CultureInfo.InvariantCulture, $"> {w}") : "IS NULL",
            ErrorIf = error is { } e ? string.Create(CultureInfo.InvariantCulture, $"> {e}") : "IS NULL",
        };
    }

    private static DataTestQuestion Anomaly(DataTestArguments a) => new($"SELECT * FROM {a.Table} AS t")
    {
        Anomaly = new AnomalySettings(a.Column, a.Texts("metrics"), int.TryParse(a.Text("min_history"), NumberStyles.None, CultureInfo.InvariantCulture, out var least) ? least : 7,
            double.TryParse(a.Text("sensitivity"), NumberStyles.Float, CultureInfo.InvariantCulture, out var much) && much > 0 ? much : 5),
    };

    private static long? Seconds(DataTestArguments a, string key) => a.Own?.Map(key) is { } age && age["count"] is YamlScalar { Integer: { } count }
        ? count * (age.Text("period") switch { "minute" => 60, "hour" => 3600, _ => 86400 }) : null;

    // A name is a column; what is none is an expression, as in dbt.
    private static string Column(string text) => text.All(static c => char.IsLetterOrDigit(c) || c == '_') ? SqlText.Identifier(text) : $"({text})";
}
