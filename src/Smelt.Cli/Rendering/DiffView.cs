using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>How two tables differ, for people and as JSON.</summary>
internal static class DiffView
{
    public static void Write(Terminal terminal, TableComparison comparison)
    {
        if (terminal.Json) WriteJson(comparison);
        else WriteWords(terminal, comparison);
    }

    private static void WriteWords(Terminal terminal, TableComparison c)
    {
        var words = terminal.Words;
        words.WriteLine(terminal.Paint($"{c.A}  ↔  {c.B}", Ink.Bold));
        foreach (var note in c.Notes) words.WriteLine(terminal.Paint($"  {note}", Ink.Dim));
        words.WriteLine($"  rows {Units.Count(c.RowsA)} and {Units.Count(c.RowsB)}{(c.Key.Count > 0 ? $", the same where {string.Join(", ", c.Key)} is the same" : "")}");
        if (c.AreEqual) words.WriteLine("  no difference");
        if (c.OnlyA + c.OnlyB + c.Changed > 0) words.WriteLine($"  only in the first {Units.Count(c.OnlyA)}, only in the second {Units.Count(c.OnlyB)}{(c.Key.Count > 0 ? $", changed {Units.Count(c.Changed)}" : "")}");
        var columns = c.Columns.Where(static x => x.TypeA != x.TypeB || x.Changed > 0).ToList();
        if (columns.Count > 0)
        {
            words.WriteLine();
            TableView.Write(terminal, [("column", false), ("first", false), ("second", false), ("changed rows", true)], [.. columns.Select(static x => new[] { x.Name, x.TypeA ?? "not there", x.TypeB ?? "not there", x.Changed?.ToString() ?? "" })]);
        }
        Figures(terminal, c);
        if (c.Samples.Count == 0) return;
        words.WriteLine();
        foreach (var (side, row) in c.Samples) words.WriteLine($"  {(side == "a" ? "-" : "+")} {row}");
    }

    private static void Figures(Terminal terminal, TableComparison c)
    {
        var figures = c.Figures.Where(static f => f.A != f.B || f.Kind is "run" or "expectation").ToList();
        if (figures.Count == 0) return;
        terminal.Words.WriteLine();
        TableView.Write(terminal, [("figure", false), ("first", true), ("second", true)], [.. figures.Select(static f => new[] { f.Of.Length == 0 ? f.Name : $"{f.Of}: {f.Name}", f.A, f.B })]);
    }

    private static void WriteJson(TableComparison c) => JsonOutput.Write(json =>
    {
        json.WriteString("a", c.A);
        json.WriteString("b", c.B);
        json.WriteBoolean("equal", c.AreEqual);
        json.Texts("key", c.Key);
        json.WriteNumber("rows_a", c.RowsA);
        json.WriteNumber("rows_b", c.RowsB);
        json.WriteNumber("only_a", c.OnlyA);
        json.WriteNumber("only_b", c.OnlyB);
        json.WriteNumber("changed", c.Changed);
        json.Objects("columns", c.Columns, column =>
        {
            json.WriteString("name", column.Name);
            json.WriteString("type_a", column.TypeA);
            json.WriteString("type_b", column.TypeB);
            if (column.Changed is { } changed) json.WriteNumber("changed", changed);
            else json.WriteNull("changed");
        });
        json.Objects("figures", c.Figures, figure =>
        {
            json.WriteString("kind", figure.Kind);
            json.WriteString("of", figure.Of);
            json.WriteString("name", figure.Name);
            json.WriteString("a", figure.A);
            json.WriteString("b", figure.B);
        });
        json.Objects("rows", c.Samples, item =>
        {
            var (side, row) = item;
            json.WriteString("side", side);
            json.WritePropertyName("row");
            json.WriteRawValue(row);
        });
        json.Texts("notes", c.Notes);
    });
}
