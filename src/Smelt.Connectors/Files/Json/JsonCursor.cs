using System.Buffers;

namespace Smelt.Connectors;

/// <summary>
/// A place in JSON text (RFC 8259, strictly) and the steps over its tokens. No step throws: false means that the text is no JSON from there on, or ends too early
/// (<see cref="AtEnd"/>).
/// </summary>
ref struct JsonCursor(ReadOnlySpan<byte> text)
{
    public const int MaxDepth = 200;

    static readonly SearchValues<byte> StringStops = SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    readonly ReadOnlySpan<byte> text = text;

    public int At;

    public int Depth;

    public readonly bool AtEnd => At >= text.Length;

    /// <summary>0 at the end, which is no token's first byte.</summary>
    public readonly byte Current => At < text.Length ? text[At] : (byte)0;

    public readonly ReadOnlySpan<byte> From(int start) => text[start..At];

    public void Blank()
    {
        while (At < text.Length && text[At] <= ' ' && text[At] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') At++;
    }

    public bool Take(byte c)
    {
        if (At >= text.Length || text[At] != c) return false;
        At++;
        return true;
    }

    /// <summary>After a name: the colon and the blanks around it.</summary>
    public bool Colon()
    {
        Blank();
        if (!Take((byte)':')) return false;
        Blank();
        return true;
    }

    /// <summary>A string's content as it stands between its quotes.</summary>
    public bool String(out ReadOnlySpan<byte> raw, out bool hasEscapes)
    {
        raw = default;
        hasEscapes = false;
        if (!Take((byte)'"')) return false;
        var start = At;
        while (true)
        {
            var stop = text[At..].IndexOfAny(StringStops);
            if (stop < 0) { At = text.Length; return false; }
            At += stop;
            if (text[At] == '"')
            {
                raw = text[start..At++];
                return true;
            }
            if (text[At] != '\\') return false;
            hasEscapes = true;
            if (!Escape()) return false;
        }
    }

    bool Escape()
    {
        if (At + 1 >= text.Length) { At = text.Length; return false; }
        At++;
        if (text[At] is (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t') { At++; return true; }
        if (text[At] != 'u') return false;
        At++;
        for (var i = 0; i < 4; i++, At++)
            if (At >= text.Length || !char.IsAsciiHexDigit((char)text[At])) return false;
        return true;
    }

    /// <summary>Passes over digits and signs; whether they are a number, <see cref="NumberText"/> says.</summary>
    public bool Number(out ReadOnlySpan<byte> raw)
    {
        var start = At;
        while (At < text.Length && ((uint)(text[At] - '0') <= 9 || text[At] is (byte)'-' or (byte)'+' or (byte)'.' or (byte)'e' or (byte)'E')) At++;
        raw = text[start..At];
        return !raw.IsEmpty;
    }

    public bool Literal(ReadOnlySpan<byte> word)
    {
        if (text[At..].StartsWith(word)) { At += word.Length; return true; }
        // A word cut off by the end of the window may go on.
        if (word.StartsWith(text[At..])) At = text.Length;
        return false;
    }

    /// <summary>Passes over one whole value.</summary>
    public bool Skip()
    {
        switch (Current)
        {
            case (byte)'{': return SkipObject();
            case (byte)'[': return SkipArray();
            case (byte)'"': return String(out _, out _);
            case (byte)'t': return Literal("true"u8);
            case (byte)'f': return Literal("false"u8);
            case (byte)'n': return Literal("null"u8);
            default: return Number(out var raw) && NumberText.TryParse(raw, out _);
        }
    }

    bool SkipObject()
    {
        if (++Depth > MaxDepth) return false;
        At++;
        Blank();
        if (!Take((byte)'}'))
        {
            do
            {
                Blank();
                if (!String(out _, out _) || !Colon() || !Skip()) return false;
                Blank();
            }
            while (Take((byte)','));
            if (!Take((byte)'}')) return false;
        }
        Depth--;
        return true;
    }

    bool SkipArray()
    {
        if (++Depth > MaxDepth) return false;
        At++;
        Blank();
        if (!Take((byte)']'))
        {
            do
            {
                Blank();
                if (!Skip()) return false;
                Blank();
            }
            while (Take((byte)','));
            if (!Take((byte)']')) return false;
        }
        Depth--;
        return true;
    }
}
