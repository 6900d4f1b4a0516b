using System.Text.Json;
using static Smelt.Pipelines.Migration.DatabricksPipeline;

namespace Smelt.Pipelines.Migration;

/// <summary>Reads the settings key by key. Notebooks come last: what they read may be made by any of them, and its name depends on the settings.</summary>
internal sealed class DatabricksSettings(Func<string, string?> open)
{
    private readonly List<MigratedKey> _keys = [];
    private readonly MigratedVariables _variables = new();
    private readonly List<(string Key, string Path, string Text)> _notebooks = [];
    private bool _isDevelopment;
    private string? _name, _id, _catalog, _schema;

    /// <exception cref="FormatException">A value is of a kind that its key cannot have.</exception>
    public Migration Read(JsonElement settings)
    {
        // A key without a value is as one that is not there.
        foreach (var property in settings.EnumerateObject().Where(static p => p.Value.ValueKind != JsonValueKind.Null)) Key(property.Name, property.Value);
        var files = new MigratedFiles(_variables, new DatabricksTarget(_catalog, _schema));
        files.Add(_notebooks, Tell);
        var name = _name ?? _id ?? "pipeline";
        return new Migration(name, [.. files.WithSettings(name, _id, _isDevelopment)], _keys);
    }

    private void Key(string key, JsonElement value)
    {
        switch (key)
        {
            case "name":
                _name = Text(key, value) is var name && string.IsNullOrWhiteSpace(name) ? null : name;
                if (_name is null) Tell(key, ByHand, "it is empty: write a name into smelt.yml");
                else Tell(key, Mapped, $"name: {_name}");
                break;
            case "id" or "pipeline_id":
                _id = Text(key, value) is var id && string.IsNullOrWhiteSpace(id) ? _id : id;
                Tell(key, Mapped, $"a comment in smelt.yml: {_id}");
                break;
            case "storage":
                Tell(key, Mapped, $"storage of the targets in platform.yml: {Text(key, value)} is not a folder of this machine, so that it is ./lake until you name one");
                break;
            case "development":
                _isDevelopment = Flag(key, value);
                Tell(key, Mapped, _isDevelopment ? "the default target is dev" : "the default target is prod");
                break;
            case "continuous":
                if (Flag(key, value)) Tell(key, Later, "smelt run updates once; start it again and again until there is a continuous mode");
                else Tell(key, Mapped, "smelt run updates once, as a triggered pipeline does");
                break;
            case "configuration":
                Configuration(Expect(key, value, JsonValueKind.Object, "an object of keys and texts"));
                break;
            case "libraries":
                var number = 0;
                foreach (var library in Expect(key, value, JsonValueKind.Array, "a list of libraries").EnumerateArray()) Library($"libraries[{number++}]", library);
                break;
            default:
                if (key == "catalog" && value.ValueKind == JsonValueKind.String) _catalog = value.GetString();
                if (key is "target" or "schema" && value.ValueKind == JsonValueKind.String) _schema = value.GetString();
                var (outcome, told) = Known.GetValueOrDefault(key, (ByHand, "Smelt knows no such key: see what it did for you"));
                Tell(key, outcome, told);
                break;
        }
    }

    private void Configuration(JsonElement configuration)
    {
        var settings = configuration.EnumerateObject().Select(static p => (Key: p.Name, p.Value)).ToList();
        // Keys that can keep their names come first, so that no other key takes them.
        foreach (var (key, value) in settings.OrderBy(static s => MigratedVariables.IsName(s.Key) ? 0 : 1))
        {
            if (key == "pipelines.applyChangesPreviewEnabled") Tell($"configuration.{key}", NotNeeded, "AUTO CDC is always there");
            else if (key == "pipelines.enableTrackHistory") Tell($"configuration.{key}", NotNeeded, "TRACK HISTORY ON is always there");
            else if (key == "pipelines.trigger.interval") Tell($"configuration.{key}", Later, "smelt run updates once");
            else if (key.StartsWith("pipelines.", StringComparison.Ordinal)) Tell($"configuration.{key}", ByHand, "a setting of the platform; if it is one of a table, write it in TBLPROPERTIES");
            else if (key.StartsWith("spark.", StringComparison.Ordinal)) Tell($"configuration.{key}", NotNeeded, "a setting of Spark");
            else if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) throw Wrong($"configuration.{key}", value, "a text");
            else
            {
                var (name, _) = _variables.Set(key, value.ValueKind switch { JsonValueKind.Null => null, JsonValueKind.String => value.GetString(), _ => value.GetRawText() });
                Tell($"configuration.{key}", Mapped, MigratedVariables.Told(key, name) + (value.ValueKind == JsonValueKind.Null ? $"; it has no value: give one with --var {name}=…" : ""));
            }
        }
    }

    private void Library(string key, JsonElement library)
    {
        foreach (var kind in Expect(key, library, JsonValueKind.Object, "an object such as {\"notebook\": {\"path\": \"/Users/me/orders\"}}").EnumerateObject())
        {
            var place = $"{key}.{kind.Name}";
            if (kind.Value.ValueKind == JsonValueKind.Null) continue;
            if (kind.Name is "notebook" or "file")
            {
                var path = Expect(place, kind.Value, JsonValueKind.Object, "an object with a path").TryGetProperty("path", out var found) ? Text(place + ".path", found) : "";
                if (path.Length > 0) Notebook(place, path);
                else Tell(place, ByHand, "it has no path: say which notebook it is");
            }
            else if (kind.Name == "glob") Tell(place, ByHand, $"a pattern of files, {kind.Value}: name the notebooks one by one, or put the SQL files into bronze, silver and gold");
            else Tell(place, ByHand, "code that runs on the cluster: its tables have to be written as SQL");
        }
    }

    private void Notebook(string key, string path)
    {
        var text = open(path) ?? open(path + ".sql");
        var isPython = text is null ? open(path + ".py") is not null : path.EndsWith(".py", StringComparison.OrdinalIgnoreCase);
        if (isPython) Tell(key, ByHand, $"{path} is Python: write each @dlt.table as CREATE OR REFRESH … AS SELECT, each @dlt.expect as CONSTRAINT … EXPECT (docs/migration-databricks.md shows how)");
        else if (text is null) Tell(key, ByHand, $"{path} is not beside the JSON: export it as source (.sql) to that path and run again; a Python notebook has to be written as SQL");
        else _notebooks.Add((key, path, text));
    }

    private static string Text(string key, JsonElement value) => Expect(key, value, JsonValueKind.String, "a text").GetString()!;

    private static bool Flag(string key, JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, value, "true or false");

    private static JsonElement Expect(string key, JsonElement value, JsonValueKind kind, string what) => value.ValueKind == kind ? value : throw Wrong(key, value, what);

    private static FormatException Wrong(string key, JsonElement value, string what)
    {
        var found = value.ValueKind switch { JsonValueKind.Array => "a list", JsonValueKind.Object => "an object", JsonValueKind.Null => "null", _ => value.GetRawText() };
        return new FormatException($"{key} has to be {what}, and is {found}. Export the pipeline's settings as JSON again, or mend them by hand.");
    }

    private void Tell(string key, string outcome, string told) => _keys.Add(new MigratedKey(key, outcome, told));
}
