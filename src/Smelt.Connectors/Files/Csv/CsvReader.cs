namespace Smelt.Connectors;

enum RecordKind { Record, Broken, End }

/// <summary>A field's place in the window, without its quotes.</summary>
readonly record struct CsvField(int Start, int Length, bool IsQuoted, bool HasEscapes);

/// <summary>
/// Splits a file's text into records and fields by RFC 4180 and the dialect. Nothing is guessed and nothing passed over but lines without a byte and comments. A line whose quotes do not
/// match is broken by itself, and reading goes on at the next line, so that one bad quote takes no other line with it.
/// </summary>
sealed class CsvReader
{
    enum Step { Done, Bad, NeedMore }

    readonly ByteWindow window;
    readonly CsvDialect dialect;
    readonly CsvMarks marks;
    CsvField[] fields = new CsvField[64];
    int mark, end, next, breaks;
    bool inOverlong, anyFound;

    public CsvReader(ByteWindow window, CsvDialect dialect)
    {
        (this.window, this.dialect) = (window, dialect);
        marks = new(dialect);
    }

    /// <summary>The physical line, from 1, on which the record starts.</summary>
    public long Line { get; private set; } = 1;

    long nextLine = 1;

    public int FieldCount { get; private set; }

    public ReadOnlySpan<CsvField> Fields => fields.AsSpan(0, FieldCount);

    public byte[] Buffer => window.Buffer;

    /// <summary>The record as it stands, without its line end.</summary>
    public ReadOnlySpan<byte> Record => window.Buffer.AsSpan(window.Start, end - window.Start);

    /// <summary>Why the record is broken.</summary>
    public string Reason { get; private set; } = "";

    public RecordKind Next()
    {
        if (!anyFound) { anyFound = true; Find(); }
        else { window.Start = next; Line = nextLine; }
        while (true)
        {
            if (window.Start == window.End)
            {
                if (!More()) return RecordKind.End;
                continue;
            }
            if (inOverlong) return Overlong();
            var step = Split();
            if (step == Step.NeedMore)
            {
                if (More()) continue;
                return window.AtEnd ? Unterminated() : Overlong();
            }
            nextLine = Line + breaks;
            if (step == Step.Bad) return BreakLine();
            if (!IsPassedOver()) return RecordKind.Record;
            (window.Start, Line) = (next, nextLine);
        }
    }

    bool IsPassedOver() => end == window.Start || (dialect.Comment is { } comment && window.Buffer[window.Start] == comment);

    bool More()
    {
        var more = window.More();
        Find();
        return more;
    }

    void Find()
    {
        marks.Find(window.Buffer, window.Start, window.End);
        mark = 0;
    }

    /// <summary>Finds the fields of the record at the window's start. Comments are split at the line's end only.</summary>
    Step Split()
    {
        var buffer = window.Buffer;
        var places = marks.Places;
        var limit = window.End;
        var (delimiter, quote) = (dialect.Delimiter, dialect.Quote ?? -1);
        var m = mark;
        var at = window.Start;
        FieldCount = 0;
        breaks = 0;
        if (dialect.Comment is { } comment && buffer[at] == comment)
        {
            while (m < places.Length && !IsBreak(buffer[places[m]])) m++;
            return m < places.Length ? Finish(m) : AtWindowEnd(m, limit);
        }
        while (true)
        {
            if (FieldCount == fields.Length) Array.Resize(ref fields, fields.Length * 2);
            if (at < limit && buffer[at] == quote)
            {
                var step = Quoted(ref at, ref m);
                if (step == Step.NeedMore) return step;
                if (step == Step.Bad) return step;
                if (at == limit) return AtWindowEnd(m, at);
                if (IsBreak(buffer[at])) return Finish(m);
            }
            else
            {
                // Marks of quotes and escapes in the midst of a field mean nothing.
                byte c = 0;
                while (m < places.Length && (c = buffer[places[m]]) != delimiter && !IsBreak(c)) m++;
                if (m == places.Length)
                {
                    fields[FieldCount++] = new(at, limit - at, false, false);
                    return AtWindowEnd(m, limit);
                }
                fields[FieldCount++] = new(at, places[m] - at, false, false);
                at = places[m];
                if (c != delimiter) return Finish(m);
            }
            // At a delimiter: the next field starts behind it.
            at++;
            m++;
            if (at == limit && !window.AtEnd) return Step.NeedMore;
        }
    }

    /// <summary>From an opening quote to what follows the closing one, where <paramref name="at"/> and the mark are left.</summary>
    Step Quoted(ref int at, ref int m)
    {
        var buffer = window.Buffer;
        var places = marks.Places;
        var start = at + 1;
        var escapes = false;
        for (m++; ; m++)
        {
            if (m >= places.Length) return Step.NeedMore;
            var place = places[m];
            var c = buffer[place];
            var hasNext = place + 1 < window.End;
            if (!hasNext && !window.AtEnd) return Step.NeedMore;
            if (c == dialect.Escape)
            {
                escapes = true;
                if (hasNext && m + 1 < places.Length && places[m + 1] == place + 1)
                {
                    m++;
                    if (IsBreak(buffer[place + 1])) { Reason = "a line break after an escape"; return Step.Bad; }
                }
            }
            else if (c == dialect.Quote)
            {
                if (hasNext && buffer[place + 1] == dialect.Quote) { escapes = true; m++; continue; }
                at = place + 1;
                m++;
                fields[FieldCount++] = new(start, place - start, true, escapes);
                if (at == window.End || buffer[at] == dialect.Delimiter || IsBreak(buffer[at])) return Step.Done;
                Reason = "text after a closing quote";
                return Step.Bad;
            }
            else if (IsBreak(c))
            {
                if (!dialect.MultiLine) { Reason = "a quote that is not closed on its line"; return Step.Bad; }
                if (c == '\n' || !hasNext || buffer[place + 1] != '\n') breaks++;
            }
        }
    }

    static bool IsBreak(byte c) => c is (byte)'\n' or (byte)'\r';

    /// <summary>The record ends at the line break of mark <paramref name="m"/>.</summary>
    Step Finish(int m)
    {
        var place = marks.Places[m];
        if (window.Buffer[place] == '\r' && place + 1 == window.End && !window.AtEnd) return Step.NeedMore;
        var pair = window.Buffer[place] == '\r' && place + 1 < window.End && window.Buffer[place + 1] == '\n';
        (end, next) = (place, place + (pair ? 2 : 1));
        mark = m + (pair ? 2 : 1);
        breaks++;
        return Step.Done;
    }

    Step AtWindowEnd(int m, int limit)
    {
        if (!window.AtEnd) return Step.NeedMore;
        (end, next, mark) = (limit, limit, m);
        return Step.Done;
    }

    RecordKind Unterminated()
    {
        Reason = "a quote that is never closed";
        return BreakLine();
    }

    /// <summary>Gives the physical line at the window's start as broken and goes on behind it.</summary>
    RecordKind BreakLine()
    {
        while (!FindLineEnd())
        {
            if (More()) continue;
            if (!window.AtEnd) return Overlong();
            (end, next, mark) = (window.End, window.End, marks.Count);
            break;
        }
        nextLine = Line + 1;
        return RecordKind.Broken;
    }

    /// <summary>False where the line's end is not in the window yet.</summary>
    bool FindLineEnd()
    {
        var places = marks.Places;
        var m = mark;
        while (m < places.Length && !IsBreak(window.Buffer[places[m]])) m++;
        if (m == places.Length) return false;
        // At the limit a CR is taken for the whole line end; a line feed behind it is an empty line.
        if (Finish(m) == Step.NeedMore && !window.IsFull) return false;
        if (end != places[m]) (end, next, mark) = (places[m], places[m] + 1, m + 1);
        return true;
    }

    /// <summary>A record longer than the limit is given in pieces, all broken, up to its first line end.</summary>
    RecordKind Overlong()
    {
        Reason = "a record longer than maxRecordBytes";
        var line = window.Span.IndexOfAny((byte)'\n', (byte)'\r');
        inOverlong = line < 0;
        if (line >= 0) return BreakLine();
        (end, next, mark, nextLine) = (window.End, window.End, marks.Count, Line);
        return RecordKind.Broken;
    }
}
