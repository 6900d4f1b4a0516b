using System.Globalization;
using System.Text.Json;
using Smelt.DuckDb;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>
/// A JSON Schema (draft 2020-12) as rules: each keyword of each property becomes one, named after its place, <c>task:due.format</c>. The schema's object is the row, or
/// the JSON of one column. A keyword says nothing of a value that is not there; NULL in a column is such a value. Keywords that cannot be rules, and those whose value is
/// of the wrong kind, are refused by name.
/// </summary>
internal sealed class JsonSchemaRules(string folder, string file, List<Diagnostic> diagnostics, Func<DuckDbDatabase> database)
{
    private const int MostDepth = 20;

    private static readonly string[] s_silent =
        ["$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"];

    private readonly List<RuleText> _rules = [];

    // The references that are being followed.
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private string _path = "", _prefix = "";
    private FilePosition _at;
    private JsonElement _root;

    /// <param name="use">The map with <c>json_schema</c>, and <c>column</c> where one column holds the JSON.</param>
    /// <param name="name">Of the rule set; empty: the file's.</param>
    public IReadOnlyList<RuleText> Of(YamlMap use, string name, FilePosition at)
    {
        _path = use.Text("json_schema")!;
        _at = at;
        _prefix = name.Length > 0 ? name : Path.GetFileName(_path).Split('.')[0];
        using var document = Parse();
        if (document is null) return [];
        _root = document.RootElement;
        if (_root.ValueKind != JsonValueKind.Object) Refuse("the schema is no object");
        else if (use.Text("column") is { } column)
        {
            var own = SqlText.Identifier(column);
            var json = $"TRY_CAST({own} AS JSON)";
            Add(column, "json", $"{own} IS NULL OR {json} IS NOT NULL AND {IsStrict(own)}", "JSON");
            Value(_root, new JsonPlace(column, json, null), 0);
        }
        else Row(_root);
        return _rules;
    }

    private JsonDocument? Parse()
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, _path)), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            Report(DiagnosticCodes.BadRuleSet, $"The JSON Schema {_path} cannot be read: {error.Message}", "Its path is relative to smelt.yml.");
            return null;
        }
    }

    // DuckDB's JSON lets a last comma and NaN, inf and Infinity pass. Outside of strings nothing else in a text that it reads looks like them.
    private static string IsStrict(string text) =>
        $$"""(typeof({{text}}) NOT IN ('VARCHAR', 'JSON') OR NOT regexp_matches(regexp_replace({{text}}::VARCHAR, '"(\\.|[^"\\])*"', '0', 'g'), '(?i),\s*[\]}]|nan|inf'))""";

    /// <summary>The row as the schema's object: its properties are columns.</summary>
    private void Row(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.True) return;
        if (schema.ValueKind != JsonValueKind.Object)
        {
            Refuse($"a schema of the row that is {schema.ValueKind.ToString().ToLowerInvariant()}");
            return;
        }
        foreach (var keyword in schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "$ref" when keyword.Value.ValueKind == JsonValueKind.String: Follow(keyword.Value.GetString()!, Row); break;
                case "type" when keyword.Value.ValueKind == JsonValueKind.String && keyword.Value.GetString() == "object": break;
                case "required" when IsOfNames(keyword.Value):
                    foreach (var name in keyword.Value.EnumerateArray()) Add(name.GetString()!, "required", $"{SqlText.Identifier(name.GetString()!)} IS NOT NULL", "required");
                    break;
                case "properties" when keyword.Value.ValueKind == JsonValueKind.Object:
                    foreach (var property in keyword.Value.EnumerateObject())
                        Value(property.Value, new JsonPlace(property.Name, $"to_json({SqlText.Identifier(property.Name)})", SqlText.Identifier(property.Name)) { IsOfColumns = true }, 1);
                    break;
                case "allOf" when keyword.Value.ValueKind == JsonValueKind.Array:
                    foreach (var part in keyword.Value.EnumerateArray()) Row(part);
                    break;
                case "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.True: break;
                case var silent when s_silent.Contains(silent): break;
                default: Refuse($"'{keyword.Name}' of the row"); break;
            }
        }
    }

    private void Value(JsonElement schema, JsonPlace place, int depth)
    {
        if (schema.ValueKind == JsonValueKind.True) return;
        if (schema.ValueKind != JsonValueKind.Object)
        {
            Refuse($"the schema of {place.Name}, which is {schema.ValueKind.ToString().ToLowerInvariant()}");
            return;
        }
        if (depth > MostDepth)
        {
            Refuse($"{place.Name}, which is nested deeper than {MostDepth}");
            return;
        }
        foreach (var keyword in schema.EnumerateObject()) Keyword(keyword, place, depth);
    }

    private void Keyword(JsonProperty keyword, JsonPlace place, int depth)
    {
        switch (keyword.Name)
        {
            case "$ref" when keyword.Value.ValueKind == JsonValueKind.String: Follow(keyword.Value.GetString()!, schema => Value(schema, place, depth + 1)); break;
            case "properties" when keyword.Value.ValueKind == JsonValueKind.Object:
                foreach (var property in keyword.Value.EnumerateObject()) Value(property.Value, place.Property(property.Name), depth + 1);
                break;
            case "required" when IsOfNames(keyword.Value):
                foreach (var name in keyword.Value.EnumerateArray())
                    Add(place.Property(name.GetString()!).Name, "required", place.Rule($"json_type({{0}}) IS DISTINCT FROM 'OBJECT' OR {place.Field("{0}", name.GetString()!)} IS NOT NULL"), "required");
                break;
            case "items": Value(keyword.Value, place.Items(), depth + 1); break;
            case "allOf" when keyword.Value.ValueKind == JsonValueKind.Array:
                foreach (var part in keyword.Value.EnumerateArray()) Value(part, place, depth + 1);
                break;
            case "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.True: break;
            case var silent when s_silent.Contains(silent): break;
            default:
                var told = $"{keyword.Name} {(keyword.Value.ValueKind == JsonValueKind.String ? keyword.Value.GetString() : keyword.Value.GetRawText())}";
                if (IsReadable(keyword) && JsonSchemaKeyword.Predicate(keyword, place.Column) is { } predicate) Add(place.Name, keyword.Name, place.Rule(predicate), told.ReplaceLineEndings(" "));
                else Refuse($"'{told.ReplaceLineEndings(" ")}' of {place.Name}");
                break;
        }
    }

    /// <summary>Patterns of ECMA 262 that RE2 does not know (lookaround, back references) would end each run: DuckDB says it now.</summary>
    private bool IsReadable(JsonProperty keyword)
    {
        if (keyword.Name != "pattern" || keyword.Value.ValueKind != JsonValueKind.String) return true;
        try
        {
            using var connection = database().Connect();
            connection.Scalar($"SELECT regexp_matches('', {SqlText.Literal(keyword.Value.GetString()!)})");
            return true;
        }
        catch (DuckDbException)
        {
            return false;
        }
    }

    private static bool IsOfNames(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(static name => name.ValueKind == JsonValueKind.String);

    /// <summary>Applies the schema that a <c>$ref</c> within the file names; the keywords beside it hold as well (Core, 8.2.3.1).</summary>
    private void Follow(string target, Action<JsonElement> apply)
    {
        // A schema that holds itself would be rules without end.
        if (!target.StartsWith("#/", StringComparison.Ordinal) || !TryFind(target[2..], out var schema) || !_open.Add(target))
        {
            Refuse($"$ref {target}");
            return;
        }
        apply(schema);
        _open.Remove(target);
    }

    private bool TryFind(string pointer, out JsonElement found)
    {
        found = _root;
        foreach (var part in pointer.Split('/'))
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal), out found)) return false;
        }
        return true;
    }

    private void Add(string place, string keyword, string predicate, string words)
    {
        var name = $"{_prefix}:{place}.{keyword}";
        // allOf may say a thing twice.
        for (var i = 2; _rules.Exists(r => r.Name.Equals(name, StringComparison.OrdinalIgnoreCase)); i++) name = string.Create(CultureInfo.InvariantCulture, $"{_prefix}:{place}.{keyword}_{i}");
        // A predicate is SQL of ours, in which $ begins no variable.
        _rules.Add(new RuleText(name, predicate.Replace("${", "$${", StringComparison.Ordinal), null, file, _at) { Words = $"{place}: {words} ({_path})" });
    }

    private void Refuse(string what) => Report(DiagnosticCodes.JsonSchemaKeyword, $"The JSON Schema {_path} has {what}, which cannot be made a rule.", "Take it out, or write it as a rule of its own in SQL.");

    private void Report(string code, string message, string? hint) => diagnostics.Add(new Diagnostic(code, Severity.Error, file, _at.Line, _at.Column, message, hint));
}

/// <summary>Where in a row's JSON a schema's value stands.</summary>
/// <param name="Name">For people: <c>address.street</c>, <c>tags.items</c>.</param>
/// <param name="Json">SQL of the value as JSON; NULL where there is none.</param>
/// <param name="Column">The column that it is, quoted; null where it is part of one.</param>
internal sealed record JsonPlace(string Name, string Json, string? Column)
{
    private int Lambdas { get; init; }

    /// <summary>Whether the JSON is made of columns, not of a text.</summary>
    public bool IsOfColumns { get; init; }

    /// <summary>For an item of an array: how a predicate over it becomes one over the row, and the array's place.</summary>
    private JsonPlace? Array { get; init; }

    public JsonPlace Property(string name) => this with { Name = $"{Name}.{name}", Json = Field(Json, name), Column = null };

    public JsonPlace Items() => new($"{Name}.items", $"e{Lambdas}", null) { Lambdas = Lambdas + 1, Array = this, IsOfColumns = IsOfColumns };

    /// <summary>A rule over the row.</summary>
    /// <param name="predicate">SQL with <c>{0}</c> for the value.</param>
    public string Rule(string predicate)
    {
        var sql = $"({predicate.Replace("{0}", Json, StringComparison.Ordinal)})";
        if (Array is null) return sql;
        // Only arrays have items; what is none is no matter of this rule.
        var list = $"CASE WHEN json_type({Array.Json}) = 'ARRAY' THEN CAST({Array.Json} AS JSON[]) END";
        return Array.Rule($"{list} IS NULL OR len(list_filter({list}, lambda e{Array.Lambdas}: NOT coalesce({sql}, FALSE))) = 0");
    }

    /// <summary>SQL of a member of a JSON object. A struct has all its fields, so that of a row's own columns a NULL is a value that is not there.</summary>
    public string Field(string json, string name)
    {
        var field = $"json_extract({json}, {SqlText.Literal("/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))})";
        return IsOfColumns ? $"nullif({field}, 'null'::JSON)" : field;
    }
}
