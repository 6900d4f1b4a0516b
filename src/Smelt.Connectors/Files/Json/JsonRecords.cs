namespace Smelt.Connectors;

/// <summary>Splits a file's text into JSON values: lines, or (multiLine) documents and the elements of arrays.</summary>
sealed class JsonRecords(ByteWindow window, bool multiLine)
{
    int length, consumed;
    long nextLine = 1;
    bool inArray, inRest;

    /// <summary>The physical line, from 1, on which the value starts.</summary>
    public long Line { get; private set; } = 1;

    public string Reason { get; private set; } = "";

    /// <summary>The value's text, or the broken part.</summary>
    public ReadOnlySpan<byte> Text => window.Buffer.AsSpan(window.Start, length);

    public RecordKind Next()
    {
        window.Start += consumed;
        Line = nextLine;
        (consumed, length) = (0, 0);
        return multiLine ? NextDocument() : NextLine();
    }

    RecordKind NextLine()
    {
        while (true)
        {
            if (window.Start == window.End && !window.More()) return RecordKind.End;
            var end = window.Span.IndexOf((byte)'\n');
            if (end < 0 && window.More()) continue;
            var wasRest = inRest;
            inRest = end < 0 && !window.AtEnd;
            (length, consumed) = end < 0 ? (window.Span.Length, window.Span.Length) : (end, end + 1);
            if (!inRest) nextLine = Line + 1;
            if (inRest || wasRest)
            {
                Reason = "a line longer than maxRecordBytes";
                return RecordKind.Broken;
            }
            if (length > 0 && window.Span[length - 1] == '\r') length--;
            if (!IsBlank(Text)) return RecordKind.Record;
            window.Start += consumed;
            (consumed, Line) = (0, nextLine);
        }
    }

    static bool IsBlank(ReadOnlySpan<byte> text) => text.IsEmpty || (text[0] <= ' ' && text.IndexOfAnyExcept(" \t\r\n"u8) < 0);

    RecordKind NextDocument()
    {
        while (true)
        {
            if (inRest) return Rest();
            if (!SkipBlank())
            {
                if (!inArray) return RecordKind.End;
                inArray = false;
                Reason = "an array that does not end";
                return RecordKind.Broken;
            }
            var c = window.Span[0];
            if (c == (inArray ? ']' : '['))
            {
                inArray = !inArray;
                window.Start++;
                if (inArray && !Peek(']')) continue;
                if (inArray) { inArray = false; window.Start++; }
                continue;
            }
            var cursor = new JsonCursor(window.Span);
            if (!cursor.Skip() || (cursor.AtEnd && !window.AtEnd))
            {
                if (cursor.AtEnd && window.More()) continue;
                return Damaged(cursor.AtEnd && window.AtEnd ? "a document that does not end" : cursor.AtEnd ? "a document longer than maxRecordBytes" : "text that is not JSON");
            }
            (length, consumed) = (cursor.At, cursor.At);
            nextLine = Line + window.Span[..length].Count((byte)'\n');
            if (!inArray || TakeSeparator()) return RecordKind.Record;
            // What follows the element is found damaged by the next call; the element itself is whole.
            inRest = true;
            Reason = "no comma or bracket after an array's element";
            return RecordKind.Record;
        }
    }

    bool Peek(char c) => SkipBlank() && window.Span[0] == c;

    /// <summary>Passes over blanks and moves on in the file; false at its end.</summary>
    bool SkipBlank()
    {
        while (true)
        {
            var at = window.Span.IndexOfAnyExcept(" \t\r\n"u8);
            var blanks = at < 0 ? window.Span.Length : at;
            Line += window.Span[..blanks].Count((byte)'\n');
            window.Start += blanks;
            nextLine = Line;
            if (at >= 0) return true;
            if (!window.More()) return false;
        }
    }

    /// <summary>After an element: a comma is consumed, a bracket left for the next call.</summary>
    bool TakeSeparator()
    {
        while (true)
        {
            var rest = window.Span[consumed..];
            var at = rest.IndexOfAnyExcept(" \t\r\n"u8);
            if (at < 0)
            {
                if (window.More()) continue;
                return window.AtEnd;
            }
            if (rest[at] == ']') return true;
            if (rest[at] != ',') return false;
            nextLine += rest[..at].Count((byte)'\n');
            consumed += at + 1;
            return true;
        }
    }

    RecordKind Damaged(string reason)
    {
        inRest = true;
        Reason = reason;
        return Rest();
    }

    /// <summary>From damage on nothing in a file of documents can be trusted: what is left is given whole, in pieces of the limit's size.</summary>
    RecordKind Rest()
    {
        while (window.More()) { }
        if (window.Start == window.End) return RecordKind.End;
        (length, consumed, inArray) = (window.Span.Length, window.Span.Length, false);
        nextLine = Line + window.Span.Count((byte)'\n');
        return RecordKind.Broken;
    }
}
