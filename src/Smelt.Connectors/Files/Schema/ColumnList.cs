using System.Text;

namespace Smelt.Connectors;

/// <summary>
/// Reads column lists such as <c>a INT, b STRUCT&lt;x: BIGINT, y: ARRAY&lt;STRING&gt;&gt;</c>: Spark's type names and brackets and DuckDB's alike. Gives DuckDB's
/// spelling; whether a type exists is DuckDB's to say when the source is bound.
/// </summary>
static class ColumnList
{
    public static IReadOnlyList<ColumnHint> Parse(string option, string text)
    {
        var reader = new TypeReader(text);
        var columns = new List<ColumnHint>();
        while (!reader.AtEnd)
        {
            var name = reader.Name() ?? throw new ArgumentException($"{option}: a column name is missing at '{reader.Rest}'");
            reader.Take(':');
            var type = reader.Type() ?? throw new ArgumentException($"{option}: the type of column {name} is missing or wrong at '{reader.Rest}'");
            if (columns.Any(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))) throw new ArgumentException($"{option} names column {name} twice");
            columns.Add(new(name, type));
            if (!reader.AtEnd && !reader.Take(',')) throw new ArgumentException($"{option}: a comma is missing at '{reader.Rest}'");
        }
        return columns.Count > 0 ? columns : throw new ArgumentException($"{option} names no column: write 'a INT, b DECIMAL(10,2)'");
    }

    sealed class TypeReader(string text)
    {
        int at;

        public string Rest => text[Math.Min(at, text.Length)..];

        public bool AtEnd { get { Blank(); return at >= text.Length; } }

        void Blank() { while (at < text.Length && char.IsWhiteSpace(text[at])) at++; }

        public bool Take(char c)
        {
            Blank();
            if (at >= text.Length || text[at] != c) return false;
            at++;
            return true;
        }

        public string? Name()
        {
            Blank();
            if (at >= text.Length) return null;
            if (text[at] is '`' or '"') return Quoted(text[at]);
            var start = at;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '$')) at++;
            return at > start ? text[start..at] : null;
        }

        string? Quoted(char quote)
        {
            var name = new StringBuilder();
            for (at++; at < text.Length; at++)
            {
                if (text[at] != quote) name.Append(text[at]);
                else if (at + 1 < text.Length && text[at + 1] == quote) { name.Append(quote); at++; }
                else { at++; return name.ToString(); }
            }
            return null;
        }

        public string? Type()
        {
            var word = Name()?.ToUpperInvariant();
            var type = word switch
            {
                null => null,
                "ARRAY" or "LIST" when Take('<') => Type() is { } item && Take('>') ? item + "[]" : null,
                "MAP" when Take('<') => Pair('>'),
                "MAP" when Take('(') => Pair(')'),
                "STRUCT" when Take('<') => Fields('>'),
                "STRUCT" or "ROW" when Take('(') => Fields(')'),
                "DECIMAL" or "NUMERIC" or "DEC" => "DECIMAL" + (Take('(') ? Digits() : "(10,0)"),
                _ => Scalar(word),
            };
            while (type is not null && Take('[')) type = Take(']') ? type + "[]" : null;
            return type;
        }

        string? Digits()
        {
            if (Name() is not { } width) return null;
            var scale = Take(',') ? Name() : "0";
            return scale is not null && Take(')') ? $"({width},{scale})" : null;
        }

        string? Pair(char close) => Type() is { } key && Take(',') && Type() is { } value && Take(close) ? $"MAP({key}, {value})" : null;

        string? Fields(char close)
        {
            var fields = new List<string>();
            do
            {
                if (Name() is not { } name) return null;
                Take(':');
                if (Type() is not { } type) return null;
                fields.Add($"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\" {type}");
            }
            while (Take(','));
            return Take(close) ? $"STRUCT({string.Join(", ", fields)})" : null;
        }

        string Scalar(string word)
        {
            if (word is "TIMESTAMP" && Words("WITH", "TIME", "ZONE")) return "TIMESTAMPTZ";
            if (word is "TIMESTAMP" && Words("WITHOUT", "TIME", "ZONE")) return "TIMESTAMP";
            if (word is "DOUBLE") Words("PRECISION");
            return word switch
            {
                "STRING" or "TEXT" => "VARCHAR",
                "LONG" => "BIGINT",
                "SHORT" => "SMALLINT",
                "BYTE" => "TINYINT",
                "BINARY" => "BLOB",
                "TIMESTAMP_NTZ" => "TIMESTAMP",
                "TIMESTAMP_LTZ" => "TIMESTAMPTZ",
                _ => word,
            };
        }

        bool Words(params string[] words)
        {
            var start = at;
            foreach (var word in words)
            {
                if (word.Equals(Name(), StringComparison.OrdinalIgnoreCase)) continue;
                at = start;
                return false;
            }
            return true;
        }
    }
}
