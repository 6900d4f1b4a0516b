using System.Text;
using System.Text.Unicode;

namespace Smelt.Connectors;

/// <summary>Fills rows from one JSON file. Of a key that comes twice in an object the first value is the column's, the others are rescued.</summary>
sealed class JsonRows(ByteWindow window, FileSourceOptions options) : IRowReader
{
    readonly record struct Segment(byte[]? Name, int Index);

    readonly JsonRecords records = new(window, options.MultiLine ?? false);
    readonly Segment[] path = new Segment[JsonCursor.MaxDepth + 2];
    byte[] keyScratch = new byte[256], textScratch = new byte[1024];
    int depth;

    public bool Read(RowSet rows)
    {
        while (!rows.IsFull)
        {
            var kind = records.Next();
            if (kind == RecordKind.End) return false;
            if (kind == RecordKind.Broken) rows.Broken(records.Text, records.Reason, options.Encoding, records.Line);
            else if (!Utf8.IsValid(records.Text)) rows.Broken(records.Text, "bytes that are no text in the file's encoding", options.Encoding, records.Line);
            else Row(records.Text, rows);
        }
        return true;
    }

    void Row(ReadOnlySpan<byte> text, RowSet rows)
    {
        var cursor = new JsonCursor(text);
        cursor.Blank();
        depth = 0;
        var isObject = cursor.Current == '{';
        if (isObject && Object(ref cursor, rows.Root, rows.Count, rows))
        {
            cursor.Blank();
            if (cursor.AtEnd)
            {
                rows.Complete(records.Line);
                return;
            }
        }
        rows.Broken(text, isObject ? $"not JSON at byte {cursor.At + 1}" : "not a JSON object", options.Encoding, records.Line);
    }

    bool Object(ref JsonCursor cursor, StructBuffer target, int row, RowSet rows)
    {
        if (++cursor.Depth > JsonCursor.MaxDepth) return false;
        cursor.At++;
        target.Begin(row);
        cursor.Blank();
        if (!cursor.Take((byte)'}'))
        {
            do
            {
                cursor.Blank();
                if (!Member(ref cursor, target, row, rows)) return false;
                cursor.Blank();
            }
            while (cursor.Take((byte)','));
            if (!cursor.Take((byte)'}')) return false;
        }
        cursor.Depth--;
        return true;
    }

    bool Member(ref JsonCursor cursor, StructBuffer target, int row, RowSet rows)
    {
        if (!cursor.String(out var key, out var hasEscapes) || !cursor.Colon()) return false;
        if (hasEscapes && JsonStringText.TryUnescape(key, ref keyScratch, out var plain)) key = plain;
        var child = target.Names.Find(key, ref target.Guess);
        if (child < 0) return Other(ref cursor, key, keepNull: false, rows);
        if (!target.FirstTime(child, row)) return Other(ref cursor, key, keepNull: true, rows);
        if (depth == 0 && !rows.IsNeeded(child)) return cursor.Skip();
        path[depth++] = new(target.Names[child], 0);
        var whole = Value(ref cursor, target.Children[child], row, rows);
        depth--;
        return whole;
    }

    /// <summary>A member without a column of its own. A null in it says nothing that its absence does not.</summary>
    bool Other(ref JsonCursor cursor, ReadOnlySpan<byte> key, bool keepNull, RowSet rows)
    {
        var start = cursor.At;
        if (!cursor.Skip()) return false;
        if (!keepNull && cursor.From(start).SequenceEqual("null"u8)) return true;
        path[depth++] = new(key.ToArray(), 0);
        Rescue(cursor.From(start), rows);
        depth--;
        return true;
    }

    bool Value(ref JsonCursor cursor, ColumnBuffer target, int row, RowSet rows)
    {
        switch (cursor.Current)
        {
            case (byte)'"': return Text(ref cursor, target, row, rows);
            case (byte)'{' when target is StructBuffer inner: return Object(ref cursor, inner, row, rows);
            case (byte)'{' when target is ListBuffer { Entry: not null } map: return Map(ref cursor, map, row, rows);
            case (byte)'[' when target is ListBuffer { Entry: null } list: return Array(ref cursor, list, row, rows);
            case (byte)'n': return cursor.Literal("null"u8);
            default:
                var start = cursor.At;
                if (!cursor.Skip()) return false;
                if (!target.TrySet(row, cursor.From(start))) Rescue(cursor.From(start), rows);
                return true;
        }
    }

    bool Text(ref JsonCursor cursor, ColumnBuffer target, int row, RowSet rows)
    {
        var start = cursor.At;
        if (!cursor.String(out var text, out var hasEscapes)) return false;
        var isText = !hasEscapes || JsonStringText.TryUnescape(text, ref textScratch, out text);
        if (!isText || !target.TrySet(row, text)) Rescue(cursor.From(start), rows);
        return true;
    }

    bool Array(ref JsonCursor cursor, ListBuffer list, int row, RowSet rows)
    {
        if (++cursor.Depth > JsonCursor.MaxDepth) return false;
        cursor.At++;
        var first = list.ElementCount;
        cursor.Blank();
        if (!cursor.Take((byte)']'))
        {
            do
            {
                cursor.Blank();
                var element = list.Append();
                path[depth++] = new(null, element - first);
                if (!Value(ref cursor, list.Element, element, rows)) return false;
                depth--;
                cursor.Blank();
            }
            while (cursor.Take((byte)','));
            if (!cursor.Take((byte)']')) return false;
        }
        list.Set(row, first, list.ElementCount - first);
        cursor.Depth--;
        return true;
    }

    bool Map(ref JsonCursor cursor, ListBuffer map, int row, RowSet rows)
    {
        if (++cursor.Depth > JsonCursor.MaxDepth) return false;
        cursor.At++;
        var first = map.ElementCount;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        cursor.Blank();
        if (!cursor.Take((byte)'}'))
        {
            do
            {
                cursor.Blank();
                if (!cursor.String(out var key, out var hasEscapes) || !cursor.Colon()) return false;
                if (hasEscapes && JsonStringText.TryUnescape(key, ref keyScratch, out var plain)) key = plain;
                if (!keys.Add(Encoding.UTF8.GetString(key)))
                {
                    if (!Other(ref cursor, key, keepNull: true, rows)) return false;
                }
                else if (!Entry(ref cursor, map, key, rows)) return false;
                cursor.Blank();
            }
            while (cursor.Take((byte)','));
            if (!cursor.Take((byte)'}')) return false;
        }
        map.Set(row, first, map.ElementCount - first);
        cursor.Depth--;
        return true;
    }

    bool Entry(ref JsonCursor cursor, ListBuffer map, ReadOnlySpan<byte> key, RowSet rows)
    {
        var entry = map.Append();
        map.Entry!.Begin(entry);
        map.Entry.Children[0].TrySet(entry, key);
        path[depth++] = new(key.ToArray(), 0);
        var whole = Value(ref cursor, map.Entry.Children[1], entry, rows);
        depth--;
        return whole;
    }

    /// <summary>Paths are written <c>payload.items[2].price</c>; a name with a dot, bracket or quote stands in double quotes.</summary>
    void Rescue(ReadOnlySpan<byte> raw, RowSet rows)
    {
        var text = new StringBuilder();
        for (var i = 0; i < depth; i++)
        {
            if (path[i].Name is not { } name)
            {
                text.Append('[').Append(path[i].Index).Append(']');
                continue;
            }
            var written = Encoding.UTF8.GetString(name);
            if (i > 0) text.Append('.');
            text.Append(written.AsSpan().ContainsAny('.', '[', '"') ? SqlName(written) : written);
        }
        rows.Rescue.Add(Encoding.UTF8.GetBytes(text.ToString()), raw);
    }

    static string SqlName(string name) => DuckDb.SqlText.Identifier(name);

    public void Dispose() => window.Dispose();
}
