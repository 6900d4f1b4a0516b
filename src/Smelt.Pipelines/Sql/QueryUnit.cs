using System.Text;
using System.Text.Json;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Sql;

/// <summary>A piece of SQL that DuckDB parses for us: a query, a predicate, a macro's body.</summary>
internal sealed class QueryUnit
{
    private int[]? _charOfByte;

    private QueryUnit(ParsedFile file, QueryMask mask, string prefix, string suffix)
    {
        File = file;
        Mask = mask;
        Prefix = prefix;
        Sql = prefix.Length == 0 ? mask.Text : prefix + mask.Text + suffix;
    }

    public ParsedFile File { get; }
    public QueryMask Mask { get; }

    /// <summary>What DuckDB gets.</summary>
    public string Sql { get; }
    private string Prefix { get; }

    /// <summary>The statement's node; undefined where parsing failed.</summary>
    public JsonElement Node { get; private set; }
    public bool IsParsed => Node.ValueKind == JsonValueKind.Object;
    private JsonDocument? _document;

    public static QueryUnit OfQuery(ParsedFile file, Range tokens) => new(file, QueryMask.Of(file.Text, file.Tokens, tokens), "", "");

    /// <summary>The source of AUTO CDC FROM SNAPSHOT: a query but for the word, whose files come one after another.</summary>
    public static QueryUnit OfSnapshots(ParsedFile file, Range tokens) => new(file, QueryMask.OfSnapshots(file.Text, file.Tokens, tokens), "", "");

    /// <summary>An expression, as the only item of a SELECT. The line break keeps a trailing comment from eating the parenthesis.</summary>
    public static QueryUnit OfExpression(ParsedFile file, Range tokens) => new(file, QueryMask.Of(file.Text, file.Tokens, tokens), "SELECT (", "\n)");

    /// <summary>The offset in the mask's text of a byte position that DuckDB gives.</summary>
    public int Offset(int location)
    {
        if (location < Prefix.Length) return 0;
        if (Ascii.IsValid(Sql)) return Math.Min(location, Sql.Length) - Prefix.Length;
        _charOfByte ??= CharOfByte(Sql);
        return _charOfByte[Math.Min(location, _charOfByte.Length - 1)] - Prefix.Length;
    }

    public FilePosition Position(int offset) => File.Source.Position(Mask.Base + Math.Max(0, offset));

    public void Report(string code, int offset, string message, string? hint = null, Severity severity = Severity.Error) =>
        File.Report(code, Mask.Base + Math.Max(0, offset), message, hint, severity);

    /// <summary>Takes json_serialize_sql's answer.</summary>
    public void Accept(ReadOnlySpan<byte> json)
    {
        try
        {
            _document = JsonDocument.Parse(json.ToArray(), new JsonDocumentOptions { MaxDepth = 2000 });
        }
        catch (JsonException)
        {
            Report(DiagnosticCodes.QuerySyntax, 0, "The query is nested too deeply.", "Split it into several datasets.");
            return;
        }
        var root = _document.RootElement;
        if (root.GetProperty("error"u8).GetBoolean()) Refuse(root);
        else TakeStatement(root.GetProperty("statements"u8));
    }

    /// <summary>Lets the syntax tree go.</summary>
    public void Release()
    {
        Node = default;
        _document = null;
    }

    private void TakeStatement(JsonElement statements)
    {
        var node = statements[0].GetProperty("node"u8);
        if (Prefix.Length > 0 && node.GetProperty("select_list"u8).GetArrayLength() != 1)
            Report(DiagnosticCodes.ExpressionSyntax, 0, "Here stands one expression, not several.");
        else Node = node;
    }

    private void Refuse(JsonElement error)
    {
        var message = error.GetProperty("error_message"u8).GetString() ?? "";
        if (message.StartsWith("Only SELECT", StringComparison.Ordinal)) NotAQuery();
        else
        {
            var offset = 0;
            if (error.TryGetProperty("position"u8, out var position) && int.TryParse(position.GetString(), out var location)) offset = Offset(location);
            Report(Prefix.Length > 0 ? DiagnosticCodes.ExpressionSyntax : DiagnosticCodes.QuerySyntax, offset, Sentence(message));
        }
    }

    private void NotAQuery()
    {
        var pivot = Mask.Find("PIVOT");
        if (pivot >= 0)
            Report(DiagnosticCodes.PivotWithoutIn, pivot, "PIVOT without an IN list takes its columns from the data, which a table's schema cannot.",
                "List the values: PIVOT t ON status IN ('open', 'closed') USING count(*).");
        else Report(DiagnosticCodes.NotAQuery, 0, "This is not a query.", "A dataset is defined by one SELECT.");
    }

    private static string Sentence(string message) => char.ToUpperInvariant(message[0]) + message[1..] + (message.EndsWith('.') ? "" : ".");

    private static int[] CharOfByte(string text)
    {
        var map = new int[Encoding.UTF8.GetByteCount(text) + 1];
        var at = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var bytes = char.IsHighSurrogate(text[i]) ? 4 : char.IsLowSurrogate(text[i]) ? 0 : text[i] < 0x80 ? 1 : text[i] < 0x800 ? 2 : 3;
            for (var b = 0; b < bytes; b++) map[at++] = i;
        }
        map[^1] = text.Length;
        return map;
    }
}
