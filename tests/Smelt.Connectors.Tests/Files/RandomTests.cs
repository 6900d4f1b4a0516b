using System.Text;

namespace Smelt.Connectors.Tests;

public class RandomTests
{
    static readonly string[] Pieces = ["", "a", "bc", "\"", ",", "\n", "\r\n", "\r", " ", "é", "😀", "\\", "''", "007", "null", "\"\"", ",\"", "twelve bytes", "more than twelve bytes"];

    static string? Field(Random random)
    {
        if (random.Next(8) == 0) return null;
        return string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Pieces[random.Next(Pieces.Length)]));
    }

    static string Written(string? field, Random random) => field switch
    {
        null => "",
        _ when field.Length == 0 || field.AsSpan().ContainsAny("\",\r\n") || random.Next(5) == 0 => '"' + field.Replace("\"", "\"\"", StringComparison.Ordinal) + '"',
        _ => field,
    };

    [Fact]
    public void What_a_plain_writer_writes_is_read_back_equal()
    {
        using var f = new SourceFolder();
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var width = random.Next(2, 6);
            var rows = Enumerable.Range(0, random.Next(0, seed % 10 == 0 ? 20_000 : 200)).Select(_ => Enumerable.Range(0, width).Select(_ => Field(random)).ToArray()).ToList();
            var end = ((string[])["\n", "\r\n", "\r"])[random.Next(3)];
            var text = new StringBuilder(string.Join(',', Enumerable.Range(0, width).Select(i => "c" + i)));
            for (var i = 0; i < rows.Count; i++) text.Append(end).Append("r" + i).Append(',').AppendJoin(',', rows[i].Skip(1).Select(c => Written(c, random)));
            if (random.Next(2) == 0) text.Append(end);
            f.Known = null;
            f.Write($"{seed}.csv", text.ToString());
            f.Next($"{seed}.csv");
            var read = f.Rows($"SELECT * EXCLUDE (_source_file) FROM input ORDER BY substr(c0, 2)::INT");
            Assert.Equal(rows.Count, read.Count);
            for (var i = 0; i < rows.Count; i++) Assert.Equal(["r" + i, .. rows[i].Skip(1), null], read[i]);
        }
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("json")]
    public void Random_bytes_neither_crash_nor_lose_a_line(string format)
    {
        var alphabet = "a1,\"\"\n\n\r{}[]:\\ut-.e\u00e9"u8.ToArray();
        using var f = new SourceFolder();
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 3000)];
            for (var i = 0; i < bytes.Length; i++) bytes[i] = random.Next(20) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            f.Known = null;
            f.Write($"{seed}", bytes);
            f.Next($"{seed}", ("format", format), ("header", false));
            Assert.Equal(Kept(bytes, format), Found(f, format, bytes));
        }
    }

    /// <summary>The bytes that must come back in some form: of CSV all but what separates, of JSON whole lines.</summary>
    static string Kept(byte[] bytes, string format) => format == "json" ? string.Join('|', JsonLines(bytes).Order(StringComparer.Ordinal)) : Letters(Bom(bytes));

    static ReadOnlySpan<byte> Bom(ReadOnlySpan<byte> bytes) => bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;

    static IEnumerable<string> JsonLines(byte[] bytes) =>
        Encoding.Latin1.GetString(Bom(bytes)).Split('\n').Select(l => l.EndsWith('\r') ? l[..^1] : l).Where(l => l.Trim(' ', '\t', '\r').Length > 0);

    static string Letters(ReadOnlySpan<byte> bytes)
    {
        var kept = bytes.ToArray().Where(b => b is not ((byte)'"' or (byte)',' or (byte)'\n' or (byte)'\r')).ToArray();
        Array.Sort(kept);
        return Convert.ToHexString(kept);
    }

    static string Found(SourceFolder f, string format, byte[] bytes)
    {
        var columns = string.Join(", ", f.Schema!.Columns.Select(c => DuckDb.SqlText.Identifier(c.Name) + "::VARCHAR"));
        var rows = f.Rows($"SELECT _rescued_data->>'_line', from_base64(_rescued_data->>'_line_base64'), [{columns}]::VARCHAR[] FROM input");
        if (format == "csv") return Letters(rows.SelectMany(r => r[0] is string line ? Encoding.UTF8.GetBytes(line) : r[1] as byte[] ?? Encoding.UTF8.GetBytes(string.Concat((object?[])r[2]!))).ToArray());
        // A line that is JSON has its values in columns; those are put beside the others as they stand.
        var broken = rows.Select(r => r[0] is string line ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(line)) : r[1] is byte[] raw ? Encoding.Latin1.GetString(raw) : null).ToList();
        var whole = JsonLines(bytes).Where(l => l.TrimStart().StartsWith('{')).Except(broken.OfType<string>());
        Assert.Equal(broken.Count(b => b is null), JsonLines(bytes).Count() - broken.Count(b => b is not null));
        return string.Join('|', broken.OfType<string>().Concat(whole).Order(StringComparer.Ordinal));
    }
}
