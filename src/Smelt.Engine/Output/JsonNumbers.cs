using System.Text;

namespace Smelt.Engine;

/// <summary>DuckDB writes NaN and infinity into JSON as bare words, which no JSON reader takes (RFC 8259, section 6).</summary>
public static class JsonNumbers
{
    /// <returns>The same JSON with <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c> in quotes.</returns>
    public static string Quoted(string json)
    {
        var next = NextWord(json, 0);
        if (next < 0) return json;
        var quoted = new StringBuilder(json.Length + 16);
        var done = 0;
        for (; next >= 0; next = NextWord(json, done))
        {
            var end = next + 1;
            while (end < json.Length && char.IsAsciiLetter(json[end])) end++;
            quoted.Append(json, done, next - done).Append('"').Append(json, next, end - next).Append('"');
            done = end;
        }
        return quoted.Append(json, done, json.Length - done).ToString();
    }

    /// <summary>Where such a word stands outside of texts; -1 where none does. JSON's own words are in lower case.</summary>
    private static int NextWord(string json, int from)
    {
        var inText = false;
        for (var i = from; i < json.Length; i++)
        {
            var c = json[i];
            if (inText && c == '\\') i++;
            else if (c == '"') inText = !inText;
            else if (!inText && c is ('N' or 'I')) return i > from && json[i - 1] == '-' ? i - 1 : i;
        }
        return -1;
    }
}
