using System.Text.Unicode;

namespace Smelt.Connectors;

/// <summary>Fills rows from one CSV file.</summary>
sealed class CsvRows : IRowReader
{
    readonly ByteWindow window;
    readonly CsvFile file;
    readonly FileSourceOptions options;
    int[]? targets;
    byte[][] names = [];
    byte[] scratch = new byte[1024];

    public CsvRows(SourceFile source, ByteWindow window, FileSourceOptions options, RowSet rows)
    {
        this.window = window;
        this.options = options;
        file = CsvHeader.Open(source, window, options);
        if (file.Names is { } given) Map(given, rows);
    }

    void Map(string[] columns, RowSet rows)
    {
        targets = Array.ConvertAll(columns, rows.Find);
        names = Array.ConvertAll(columns, System.Text.Encoding.UTF8.GetBytes);
        // Without a header the columns of a given schema are meant by their place.
        if (options.Header || options.Schema is not { } schema) return;
        for (var i = 0; i < targets.Length; i++) targets[i] = i < schema.Count ? rows.Find(schema[i].Name) : -1;
    }

    public bool Read(RowSet rows)
    {
        var reader = file.Reader;
        while (!rows.IsFull)
        {
            var kind = reader.Next();
            if (kind == RecordKind.End) return false;
            var line = reader.Line + file.SkippedLines;
            if (kind == RecordKind.Record && targets is null) Map(CsvHeader.ByPlace(reader.FieldCount), rows);
            if (kind == RecordKind.Broken) rows.Broken(reader.Record, reader.Reason, options.Encoding, line);
            else if (reader.FieldCount > targets!.Length) rows.Broken(reader.Record, $"{reader.FieldCount} fields where {targets.Length} are expected", options.Encoding, line);
            else if (!Utf8.IsValid(reader.Record)) rows.Broken(reader.Record, "bytes that are no text in the file's encoding", options.Encoding, line);
            else Row(reader, rows, line);
        }
        return true;
    }

    void Row(CsvReader reader, RowSet rows, long line)
    {
        var row = rows.Count;
        var buffer = reader.Buffer;
        var fields = reader.Fields;
        var places = targets.AsSpan(0, fields.Length);
        var columns = rows.Columns;
        var needed = rows.Needed;
        var nullText = file.Dialect.NullText;
        for (var i = 0; i < fields.Length; i++)
        {
            ref readonly var field = ref fields[i];
            var target = places[i];
            if (target >= 0 && !needed[target]) continue;
            ReadOnlySpan<byte> text = buffer.AsSpan(field.Start, field.Length);
            if (field.HasEscapes) text = CsvText.Content(buffer, field, file.Dialect, ref scratch);
            else if (!field.IsQuoted && (text.IsEmpty || (nullText.Length == text.Length && text.SequenceEqual(nullText)))) continue;
            if (target < 0 || !columns[target].TrySet(row, text)) rows.Rescue.Add(names[i], text);
        }
        rows.Complete(line);
    }

    public void Dispose() => window.Dispose();
}
