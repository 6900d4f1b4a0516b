using System.Text;

namespace Smelt.Connectors.Tests;

/// <summary>What is read must not depend on where the window over a file happens to end.</summary>
public class WindowTests
{
    static readonly string[] Pieces =
        ["a", "bc", "\"", "\"\"", ",", ",", "\n", "\r\n", "\r", " ", "\\", "{\"a\":", "}", "[", "]", "1.5e3", "null", "true", "\"text\"", "\"\\u00e9\"", "#", "a longer piece of plain text"];

    static byte[] Random(int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        while (text.Length < 5000) text.Append(Pieces[random.Next(Pieces.Length)]);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>A stream that gives a few bytes at a time.</summary>
    sealed class Dripping(byte[] bytes, int seed) : InputStream
    {
        readonly Random random = new(seed);
        int at;

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(Math.Min(random.Next(1, 400), buffer.Length), bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(buffer);
            at += count;
            return count;
        }
    }

    static List<string> Csv(ByteWindow window, CsvDialect dialect)
    {
        var found = new List<string>();
        var reader = new CsvReader(window, dialect);
        for (RecordKind kind; (kind = reader.Next()) != RecordKind.End;)
        {
            var record = $"{reader.Line} {kind} {Encoding.UTF8.GetString(reader.Record)}";
            if (kind == RecordKind.Record)
                foreach (var field in reader.Fields) record += "|" + CsvText.String(reader.Buffer, field, dialect);
            found.Add(record);
        }
        return found;
    }

    static List<string> Json(ByteWindow window, bool multiLine)
    {
        var found = new List<string>();
        var records = new JsonRecords(window, multiLine);
        for (RecordKind kind; (kind = records.Next()) != RecordKind.End;) found.Add($"{records.Line} {kind} {Encoding.UTF8.GetString(records.Text)}");
        return found;
    }

    [Theory]
    [InlineData(null)]
    [InlineData('\\')]
    public void Csv_is_the_same_through_a_small_window_and_a_large_one(char? escape)
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var bytes = Random(seed);
            var dialect = new CsvDialect((byte)',', (byte)'"', (byte?)escape, seed % 2 == 0 ? (byte)'#' : null, seed % 3 != 0, []);
            using var large = new ByteWindow(new MemoryStream(bytes), 1 << 20);
            using var small = new ByteWindow(new Dripping(bytes, seed), 1 << 20, 1);
            Assert.Equal(Csv(large, dialect), Csv(small, dialect));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Json_is_the_same_through_a_small_window_and_a_large_one(bool multiLine)
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var bytes = Random(seed);
            if (multiLine) bytes = [.. Encoding.UTF8.GetBytes(string.Join(seed % 2 == 0 ? "\n" : " ", Enumerable.Range(0, 60).Select(i => $"{{\"a\": [{i},\n {{\"b\":\"{new string('x', i * 7)}\"}}]}}"))), .. bytes];
            using var large = new ByteWindow(new MemoryStream(bytes), 1 << 20);
            using var small = new ByteWindow(new Dripping(bytes, seed), 1 << 20, 1);
            Assert.Equal(Json(large, multiLine), Json(small, multiLine));
        }
    }

    [Theory]
    [InlineData("iso-8859-1")]
    [InlineData("utf-16le")]
    [InlineData("utf-16be")]
    public void Other_encodings_are_the_same_however_the_bytes_come(string name)
    {
        var encoding = name switch { "utf-16le" => TextEncoding.Utf16LittleEndian, "utf-16be" => TextEncoding.Utf16BigEndian, _ => TextEncoding.Latin1 };
        var dotnet = name switch { "utf-16le" => Encoding.Unicode, "utf-16be" => Encoding.BigEndianUnicode, _ => Encoding.Latin1 };
        var text = string.Concat(Enumerable.Repeat(encoding == TextEncoding.Latin1 ? "aé\u0080ÿ" : "aé😀中", 5000));
        using var read = new MemoryStream();
        using (var transcoding = new Transcoding(new Dripping(dotnet.GetBytes(text), 1), encoding)) transcoding.CopyTo(read);
        Assert.Equal(text, Encoding.UTF8.GetString(read.ToArray()));
        Assert.Equal(dotnet.GetBytes(text), encoding == TextEncoding.Latin1 ? dotnet.GetBytes(text) : Transcoding.Original(read.ToArray(), encoding));
    }

    [Fact]
    public void A_small_limit_loses_no_byte_and_ends()
    {
        static string Plain(IEnumerable<string> texts) => string.Concat(texts).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        for (var seed = 0; seed < 300; seed++)
        {
            var bytes = Random(seed);
            var expected = Plain([Encoding.UTF8.GetString(bytes)]);
            var limit = 40 + seed;
            using var csv = new ByteWindow(new Dripping(bytes, seed), limit, 1);
            Assert.Equal(expected, Plain(Csv(csv, new((byte)',', (byte)'"', null, null, true, [])).Select(r => r.Split(' ', 3)[2].Split('|')[0])));
            using var lines = new ByteWindow(new Dripping(bytes, seed), limit, 1);
            Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Plain(Json(lines, false).Select(r => r.Split(' ', 3)[2])).Replace(" ", "", StringComparison.Ordinal));
            using var documents = new ByteWindow(new Dripping(bytes, seed), limit, 1);
            Assert.NotEmpty(Json(documents, true));
        }
    }
}
