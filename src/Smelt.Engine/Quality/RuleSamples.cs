using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>Reads the rows that a judge kept to show, as JSON objects of the stored columns.</summary>
internal static class RuleSamples
{
    public static IReadOnlyList<RuleSample> Read(DuckDbConnection connection, IReadOnlyList<Rule> rules, OutputShape shape)
    {
        var fields = shape.Columns.Take(40).Select(static (c, i) => $"{SqlText.Literal(c.Name)}, r.c{i}");
        var rows = connection.Rows($"SELECT rule, json_object({string.Join(", ", fields)})::VARCHAR FROM {StepCatalog.OwnSchema}.samples");
        return [.. rows.GroupBy(static r => (int)r[0]!).Select(group => new RuleSample(rules[group.Key].Name, [.. group.Select(static r => JsonNumbers.Quoted((string)r[1]!))]))];
    }
}
