using System.Text;
using System.Text.RegularExpressions;
using Smelt.DuckDb;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>Reads <c>unit_tests:</c> of a properties file, or of a YAML file in tests/.</summary>
/// <param name="folder">The pipeline's.</param>
/// <param name="finder">Its datasets.</param>
/// <param name="variables">Names of its variables.</param>
/// <param name="macros">Names of its macros.</param>
/// <param name="diagnostics">Gets what is wrong.</param>
internal sealed partial class UnitTestReader(string folder, DatasetFinder finder, IEnumerable<string> variables, IEnumerable<string> macros, List<Diagnostic> diagnostics)
{
    private static readonly string[] s_fixtureEnds = [".csv", ".sql"];

    private string _file = "";

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$")]
    private static partial Regex Number();

    public List<UnitTest> Read(IEnumerable<PropertiesFile> files)
    {
        var tests = new List<UnitTest>();
        foreach (var file in files)
        {
            _file = file.File;
            foreach (var map in file.Map.List("unit_tests").OfType<YamlMap>())
            {
                if (Test(map, file.Layer) is { } test) tests.Add(test);
            }
        }
        return tests;
    }

    private UnitTest? Test(YamlMap map, Layer? layer)
    {
        if (map.Text("name") is not { } name || map["model"] is not YamlScalar model || finder.Find(Referenced(model.Value), layer, _file, model.Position) is not { } dataset) return null;
        if (map.Map("expect") is not { } expect)
        {
            Report(map.Position, $"The unit test '{name}' has no 'expect'.", "expect: {rows: [{id: 1}]}");
            return null;
        }
        var given = new List<UnitTestInput>();
        foreach (var input in map.List("given").OfType<YamlMap>())
        {
            if (input["input"] is not YamlScalar named || Rows(input) is not { } rows) continue;
            if (named.Value.StartsWith("read_", StringComparison.Ordinal)) given.Add(new UnitTestInput(null, rows));
            else if (finder.Find(Referenced(named.Value), null, _file, named.Position) is { } found) given.Add(new UnitTestInput(found.Name, rows));
        }
        var overrides = map.Map("overrides");
        return Rows(expect) is { } expected ? new UnitTest(name, dataset.Name, given, expected, map.Text("description"), _file, map.Position)
        {
            Variables = Overridden(overrides?.Map("vars"), variables, "variable", "smelt.yml has", static v => v is YamlScalar { IsNull: false } text ? text.Value : null, StringComparer.Ordinal),
            Macros = Overridden(overrides?.Map("macros"), macros, "macro", "functions/ has", static v => Literal(v) ?? "NULL", StringComparer.OrdinalIgnoreCase),
        } : null;
    }

    private Dictionary<string, string> Overridden(YamlMap? map, IEnumerable<string> known, string what, string has, Func<YamlNode, string?> value, StringComparer names)
    {
        var overridden = new Dictionary<string, string>(names);
        foreach (var entry in map?.Entries ?? [])
        {
            var near = NearestName.Of(entry.Key.Value, known);
            if (!known.Contains(entry.Key.Value, names)) Report(entry.Key.Position, $"The test overrides the {what} '{entry.Key.Value}', which is none that {has}.", near is null ? "Remove it." : $"Did you mean '{near}'?");
            else if (value(entry.Value) is { } text) overridden[entry.Key.Value] = text;
            else Report(entry.Value.Position, $"The {what} '{entry.Key.Value}' takes one value here.", null);
        }
        return overridden;
    }

    private UnitTestRows? Rows(YamlMap map)
    {
        var types = (map.Map("types")?.Entries ?? []).Where(static e => e.Value is YamlScalar).ToDictionary(static e => e.Key.Value, static e => ((YamlScalar)e.Value).Value, StringComparer.OrdinalIgnoreCase);
        var (text, format) = (map.Text("rows"), map.Text("format"));
        if (map["fixture"] is YamlScalar fixture)
        {
            var path = s_fixtureEnds.Select(e => Path.Combine(folder, "tests", "fixtures", fixture.Value.EndsWith(e, StringComparison.Ordinal) ? fixture.Value : fixture.Value + e)).FirstOrDefault(File.Exists);
            if (path is null)
            {
                Report(fixture.Position, $"There is no fixture '{fixture.Value}'.", $"It is tests/fixtures/{fixture.Value}.csv or .sql.");
                return null;
            }
            (text, format) = (File.ReadAllText(path), Path.GetExtension(path)[1..]);
        }
        if (text is not null) return format == "sql" ? new UnitTestRows([], [], text) : OfCsv(text) with { Types = types };
        return OfMaps([.. map.List("rows").OfType<YamlMap>()]) with { Types = types };
    }

    private static UnitTestRows OfMaps(IReadOnlyList<YamlMap> maps)
    {
        var columns = maps.SelectMany(static m => m.Entries).Select(static e => e.Key.Value).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return new UnitTestRows(columns, [.. maps.Select(m => columns.ConvertAll(c => m.Entries.FirstOrDefault(e => e.Key.Value.Equals(c, StringComparison.OrdinalIgnoreCase)) is { } entry ? Literal(entry.Value) : null))], null);
    }

    private static UnitTestRows OfCsv(string text)
    {
        var records = Csv(text);
        if (records.Count == 0) return new UnitTestRows([], [], null);
        var columns = records[0].ConvertAll(static c => c ?? "");
        return new UnitTestRows(columns, [.. records.Skip(1).Select(r => columns.Select((_, i) => i < r.Count && r[i] is { } value ? Number().IsMatch(value) ? value : SqlText.Literal(value) : null).ToList())], null);
    }

    /// <summary>A value as a SQL literal of the type that it is written in; null for nothing.</summary>
    private static string? Literal(YamlNode node) => node switch
    {
        YamlScalar { IsNull: true } => null,
        YamlScalar { Boolean: { } value } => value ? "TRUE" : "FALSE",
        YamlScalar { IsPlain: true } number when Number().IsMatch(number.Value) => number.Value,
        YamlScalar text => SqlText.Literal(text.Value),
        YamlList list => $"[{string.Join(", ", list.Items.Select(static i => Literal(i) ?? "NULL"))}]",
        YamlMap map => $"{{{string.Join(", ", map.Entries.Select(static e => $"{SqlText.Literal(e.Key.Value)}: {Literal(e.Value) ?? "NULL"}"))}}}",
        _ => null,
    };

    /// <summary>RFC 4180; an empty field without quotes is nothing. Blanks around a field without quotes do not count, as in dbt.</summary>
    private static List<List<string?>> Csv(string text)
    {
        var records = new List<List<string?>>();
        var (record, field, quoted, inQuotes) = (new List<string?>(), new StringBuilder(), false, false);
        void EndField()
        {
            var value = quoted ? field.ToString() : field.ToString().Trim();
            record.Add(value.Length == 0 && !quoted ? null : value);
            (quoted, _) = (false, field.Clear());
        }
        for (var i = 0; i <= text.Length; i++)
        {
            var c = i < text.Length ? text[i] : '\n';
            if (inQuotes && c == '"' && i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
            else if (c == '"') (inQuotes, quoted) = (!inQuotes, true);
            else if (inQuotes && i < text.Length) field.Append(c);
            else if (c == ',') EndField();
            else if (c == '\n')
            {
                EndField();
                if (record.Count > 1 || record[0] is not null) records.Add(record);
                record = [];
            }
            else if (c != '\r') field.Append(c);
        }
        return records;
    }

    private static string Referenced(string text) => text.StartsWith("ref(", StringComparison.Ordinal) || text.StartsWith("source(", StringComparison.Ordinal)
        ? string.Join('.', text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..].TrimEnd(')', ' ').Split(',').Select(static p => p.Trim().Trim('\'', '"'))) : text;

    private void Report(FilePosition at, string message, string? hint) => diagnostics.Add(new Diagnostic(DiagnosticCodes.BadUnitTest, Severity.Error, _file, at.Line, at.Column, message, hint));
}
