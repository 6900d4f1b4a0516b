using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Columns of a table that one of its flows does not give, and others do: the rules, which hold for all flows, see them as NULL. They are judged and not written.
/// </summary>
internal static class AbsentColumns
{
    public static IEnumerable<string> Of(StepPreparation step, OutputShape shape, IReadOnlyList<Rule> rules)
    {
        if (rules.Count == 0 || step.Dataset.Flows.Count < 2) return [];
        var given = new HashSet<string>(shape.Names, StringComparer.OrdinalIgnoreCase);
        var absent = new List<string>();
        foreach (var field in step.Target?.Snapshot.Schema.Fields ?? [])
        {
            if (given.Add(field.Name)) absent.Add($"NULL::{ParquetSql.TypeOf(field.Name, field.Type)} AS {SqlText.Identifier(field.Name)}");
        }
        foreach (var column in step.Dataset.Columns)
        {
            if (given.Add(column.Name)) absent.Add($"NULL AS {SqlText.Identifier(column.Name)}");
        }
        return absent;
    }
}
