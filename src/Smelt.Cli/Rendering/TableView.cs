using System.Globalization;
using System.Text;

namespace Smelt.Cli;

/// <summary>Rows as an aligned table: numbers to the right, wide letters counted as two, long texts cut where a person looks.</summary>
internal static class TableView
{
    private const int MostCell = 60;

    /// <param name="columns">Names, and whether values are numbers.</param>
    /// <param name="rows">Texts; null is NULL.</param>
    public static void Write(Terminal terminal, IReadOnlyList<(string Name, bool IsNumber)> columns, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        var isCut = terminal.Width != int.MaxValue;
        var shown = isCut ? Fitting(terminal.Width, columns, rows) : columns.Count;
        if (shown < columns.Count)
        {
            var hidden = columns.Skip(shown).Select(static c => c.Name).ToList();
            columns = [.. columns.Take(shown)];
            rows = [.. rows.Select(row => row.Take(shown).ToList())];
            WriteCells(terminal, columns, rows, isCut);
            terminal.Words.WriteLine(terminal.Paint($"(no room for {string.Join(", ", hidden)})", Ink.Dim));
            return;
        }
        WriteCells(terminal, columns, rows, isCut);
    }

    /// <summary>How many columns, from the left, a line of the terminal holds; one at least.</summary>
    private static int Fitting(int width, IReadOnlyList<(string Name, bool IsNumber)> columns, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        var used = 0;
        for (var i = 0; i < columns.Count; i++)
        {
            used += Math.Max(Width(columns[i].Name), rows.Count == 0 ? 0 : rows.Max(r => Width(Clean(r[i], true)))) + (i > 0 ? 2 : 0);
            if (used > width) return Math.Max(1, i);
        }
        return columns.Count;
    }

    private static void WriteCells(Terminal terminal, IReadOnlyList<(string Name, bool IsNumber)> columns, IReadOnlyList<IReadOnlyList<string?>> rows, bool isCut)
    {
        var cells = rows.Select(row => row.Select(value => Clean(value, isCut)).ToArray()).ToList();
        var widths = columns.Select((c, i) => Math.Max(Width(c.Name), cells.Count == 0 ? 0 : cells.Max(r => Width(r[i])))).ToArray();
        var writer = terminal.Words;
        writer.WriteLine(terminal.Paint(Line(columns.Select(static c => c.Name).ToArray(), columns, widths), Ink.Bold));
        writer.WriteLine(string.Join("  ", widths.Select(static w => new string('─', w))));
        foreach (var row in cells) writer.WriteLine(Line(row, columns, widths));
    }

    private static string Line(string[] cells, IReadOnlyList<(string Name, bool IsNumber)> columns, int[] widths)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0) line.Append("  ");
            var padding = new string(' ', widths[i] - Width(cells[i]));
            if (columns[i].IsNumber) line.Append(padding).Append(cells[i]);
            else line.Append(cells[i]).Append(padding);
        }
        return line.ToString().TrimEnd();
    }

    private static string Clean(string? value, bool isCut)
    {
        if (value is null) return "NULL";
        var clean = new StringBuilder(value.Length);
        foreach (var c in value) clean.Append(char.IsControl(c) ? c switch { '\n' => '⏎', '\t' => ' ', _ => '·' } : c);
        if (!isCut || Width(clean.ToString()) <= MostCell) return clean.ToString();
        var cut = new StringBuilder();
        var width = 0;
        foreach (var rune in clean.ToString().EnumerateRunes())
        {
            width += Width(rune);
            if (width >= MostCell) break;
            cut.Append(rune.ToString());
        }
        return cut.Append('…').ToString();
    }

    private static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes()) width += Width(rune);
        return width;
    }

    private static int Width(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F
            or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1FAFF or >= 0x20000 and <= 0x3FFFD => 2,
        _ => 1,
    };
}
