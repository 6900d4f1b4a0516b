using System.Text;
using System.Text.Unicode;

namespace Smelt.Connectors;

/// <summary>The top of a CSV file: what is passed over, and the names of its columns.</summary>
static class CsvHeader
{
    /// <summary>
    /// Opens a file and reads up to its first row. The names are unique without case and differ from those of the metadata columns: an empty one is <c>_c3</c> by its place, a second <c>category</c> is
    /// <c>category_1</c>. Without a header the file has no names yet: they are <c>_c0</c> and on, as many as its first whole record has fields.
    /// </summary>
    public static CsvFile Open(SourceFile file, ByteWindow window, FileSourceOptions options)
    {
        var dialect = CsvDialect.Of(options, file.Path);
        var skipped = SkipLines(window, options.SkipRows);
        var reader = new CsvReader(window, dialect);
        if (!options.Header) return new(reader, dialect, null, skipped);
        var kind = reader.Next();
        if (kind == RecordKind.End) return new(reader, dialect, [], skipped);
        if (kind == RecordKind.Broken || !Utf8.IsValid(reader.Record))
            throw new FileSourceException(FileFault.BadSchema, file.Path,
                $"{file.Path}: its header (line {skipped + reader.Line}) cannot be read: {(kind == RecordKind.Broken ? reader.Reason : "bytes that are no text in this encoding")}; "
                + "check delimiter, quote, encoding and skipRows, or say header => false");
        return new(reader, dialect, Unique(Texts(reader, dialect), options.Metadata.Names), skipped);
    }

    public static string[] ByPlace(int count) => [.. Enumerable.Range(0, count).Select(i => $"_c{i}")];

    static string[] Texts(CsvReader reader, CsvDialect dialect)
    {
        var names = new string[reader.FieldCount];
        for (var i = 0; i < names.Length; i++) names[i] = CsvText.String(reader.Buffer, reader.Fields[i], dialect);
        return names;
    }

    public static string[] Unique(string[] names, IEnumerable<string> reserved)
    {
        var used = new HashSet<string>(reserved, StringComparer.OrdinalIgnoreCase);
        // Names that are unique as written keep them, wherever they stand.
        var written = new HashSet<string>(names, StringComparer.OrdinalIgnoreCase);
        var unique = new string[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            var name = names[i].Length == 0 ? $"_c{i}" : names[i];
            var candidate = name;
            for (var n = 1; !used.Add(candidate); n++)
            {
                candidate = $"{name}_{n}";
                while (written.Contains(candidate)) candidate = $"{name}_{++n}";
            }
            unique[i] = candidate;
        }
        return unique;
    }

    static long SkipLines(ByteWindow window, long lines)
    {
        var left = lines;
        while (left > 0)
        {
            var at = window.Span.IndexOfAny((byte)'\n', (byte)'\r');
            var pairMayFollow = at >= 0 && at + 1 == window.Span.Length && window.Span[at] == '\r';
            if (at < 0 || pairMayFollow)
            {
                if (at < 0 && window.IsFull) window.Start = window.End;
                if (window.More()) continue;
                if (at < 0) { window.Start = window.End; return lines - left; }
            }
            var pair = at + 1 < window.Span.Length && window.Span[at] == '\r' && window.Span[at + 1] == '\n';
            window.Start += at + (pair ? 2 : 1);
            left--;
        }
        return lines;
    }
}

/// <summary>An open file past its header. <paramref name="Names"/> is null where no header gives them.</summary>
sealed record CsvFile(CsvReader Reader, CsvDialect Dialect, string[]? Names, long SkippedLines);
