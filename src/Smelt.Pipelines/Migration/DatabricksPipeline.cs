using System.Text.Json;

namespace Smelt.Pipelines.Migration;

/// <summary>What became of a key of the pipeline's JSON.</summary>
/// <param name="Key">Its path: <c>clusters[0].autoscale</c>.</param>
/// <param name="Outcome">One word: mapped, converted, named, later.</param>
/// <param name="Told">What it is in Smelt, or why it is not needed, or what to do.</param>
public sealed record MigratedKey(string Key, string Outcome, string Told);

/// <summary>A file of the new pipeline.</summary>
public sealed record MigratedFile(string Path, string Text);

/// <summary>The new pipeline's files, and what became of every key and notebook.</summary>
public sealed record Migration(string Name, IReadOnlyList<MigratedFile> Files, IReadOnlyList<MigratedKey> Keys);

/// <summary>A pipeline of Delta Live Tables (Lakeflow Declarative Pipelines) as its settings' JSON has it, turned into one of Smelt.</summary>
public static class DatabricksPipeline
{
    public const string Mapped = "mapped", Converted = "converted", NotNeeded = "not needed", ByHand = "by hand", Later = "later";

    /// <summary>Keys whose place is elsewhere in Smelt, or nowhere.</summary>
    private static readonly Dictionary<string, (string Outcome, string Told)> s_known = new(StringComparer.Ordinal)
    {
        ["clusters"] = (NotNeeded, "Smelt runs in one process; memory and threads of a target stand in platform.yml"),
        ["edition"] = (NotNeeded, "every feature is in the one program"),
        ["photon"] = (NotNeeded, "the engine is DuckDB"),
        ["channel"] = (NotNeeded, "the version is the one you installed"),
        ["serverless"] = (NotNeeded, "there is no cluster to manage"),
        ["catalog"] = (NotNeeded, "tables are bronze.x, silver.x and gold.x of this pipeline's lake"),
        ["target"] = (NotNeeded, "tables are bronze.x, silver.x and gold.x of this pipeline's lake; other readers open their folders"),
        ["schema"] = (NotNeeded, "tables are bronze.x, silver.x and gold.x of this pipeline's lake; other readers open their folders"),
        ["cluster_id"] = (NotNeeded, "there is no cluster"),
        ["pipeline_type"] = (NotNeeded, "there is one kind of pipeline"),
        ["allow_duplicate_names"] = (NotNeeded, "a pipeline is a folder"),
        ["budget_policy_id"] = (NotNeeded, "there is nothing to bill"),
        ["usage_policy_id"] = (NotNeeded, "there is nothing to bill"),
        ["dry_run"] = (NotNeeded, "smelt validate and smelt plan do nothing but look"),
        ["run_as"] = (NotNeeded, "an update runs as whoever starts it"),
        ["permissions"] = (NotNeeded, "who may read the lake's folder may read its tables"),
        ["deployment"] = (NotNeeded, "a pipeline is a folder in your repository"),
        ["root_path"] = (NotNeeded, "the pipeline's folder is the root"),
        ["environment"] = (NotNeeded, "there is no Python to install packages for"),
        ["event_log"] = (Mapped, "every update is in _smelt.event_log"),
        ["notifications"] = (Later, "smelt run ends with exit code 1 where an update fails: let what starts it tell you"),
        ["trigger"] = (Later, "schedule in smelt.yml is read and kept for the scheduler; until then start smelt run by cron"),
        ["restart_window"] = (Later, "there is no continuous mode to restart yet"),
        ["filters"] = (ByHand, "leave notebooks out by removing their files; run parts with --select"),
        ["ingestion_definition"] = (ByHand, "managed connectors: read files with read_files"),
        ["gateway_definition"] = (ByHand, "managed connectors: read files with read_files"),
        ["tags"] = (ByHand, "tags belong to datasets: write them in properties.yml"),
    };

    /// <param name="json">The settings, as the API and the interface show them.</param>
    /// <param name="open">Gives a notebook's text by its path in the workspace, or null: first the path as it is, then with .sql and .py.</param>
    /// <exception cref="FormatException">It is not the JSON of a pipeline.</exception>
    public static Migration Read(string json, Func<string, string?> open)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new FormatException("A pipeline's settings are a JSON object.");
            var settings = document.RootElement.TryGetProperty("spec", out var spec) && spec.ValueKind == JsonValueKind.Object ? spec : document.RootElement;
            return new Reading(open).Read(settings);
        }
        catch (JsonException broken)
        {
            throw new FormatException($"It is not JSON: {broken.Message}", broken);
        }
    }

    private sealed class Reading(Func<string, string?> open)
    {
        private readonly List<MigratedKey> _keys = [];
        private readonly SortedDictionary<string, string> _variables = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);
        private bool _isDevelopment, _isContinuous;
        private string? _name, _id;

        public Migration Read(JsonElement settings)
        {
            foreach (var property in settings.EnumerateObject()) Key(property.Name, property.Value);
            var name = _name ?? _id ?? "pipeline";
            foreach (var layer in (string[])["bronze", "silver", "gold"])
            {
                if (!_files.Keys.Any(f => f.StartsWith(layer + "/", StringComparison.Ordinal))) _files[layer + "/.gitkeep"] = "";
            }
            _files["smelt.yml"] = SmeltYml(name);
            _files["platform.yml"] = PlatformYml();
            return new Migration(name, [.. _files.Select(static f => new MigratedFile(f.Key, f.Value))], _keys);
        }

        private void Key(string key, JsonElement value)
        {
            switch (key)
            {
                case "name":
                    Tell(key, Mapped, $"name: {_name = value.ToString()}");
                    break;
                case "id" or "pipeline_id":
                    Tell(key, Mapped, $"a comment in smelt.yml: {_id = value.ToString()}");
                    break;
                case "storage":
                    Tell(key, Mapped, $"storage of the targets in platform.yml: {value} is not a folder of this machine, so that it is ./lake until you name one");
                    break;
                case "development":
                    _isDevelopment = value.ValueKind == JsonValueKind.True;
                    Tell(key, Mapped, _isDevelopment ? "the default target is dev" : "the default target is prod");
                    break;
                case "continuous":
                    _isContinuous = value.ValueKind == JsonValueKind.True;
                    Tell(key, _isContinuous ? Later : Mapped, _isContinuous ? "smelt run updates once; start it again and again until there is a continuous mode" : "smelt run updates once, as a triggered pipeline does");
                    break;
                case "configuration":
                    Configuration(value);
                    break;
                case "libraries":
                    var number = 0;
                    foreach (var library in value.EnumerateArray()) Library($"libraries[{number++}]", library);
                    break;
                default:
                    var (outcome, told) = s_known.GetValueOrDefault(key, (ByHand, "Smelt knows no such key: see what it did for you"));
                    Tell(key, outcome, told);
                    break;
            }
        }

        private void Configuration(JsonElement configuration)
        {
            foreach (var (key, value) in configuration.EnumerateObject().Select(static p => (p.Name, p.Value.ToString())))
            {
                if (key == "pipelines.applyChangesPreviewEnabled") Tell($"configuration.{key}", NotNeeded, "AUTO CDC is always there");
                else if (key == "pipelines.enableTrackHistory") Tell($"configuration.{key}", NotNeeded, "TRACK HISTORY ON is always there");
                else if (key == "pipelines.trigger.interval") Tell($"configuration.{key}", Later, "smelt run updates once");
                else if (key.StartsWith("pipelines.", StringComparison.Ordinal)) Tell($"configuration.{key}", ByHand, "a setting of the platform; if it is one of a table, write it in TBLPROPERTIES");
                else if (key.StartsWith("spark.", StringComparison.Ordinal)) Tell($"configuration.{key}", NotNeeded, "a setting of Spark");
                else
                {
                    var variable = new string([.. key.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_')]);
                    _variables[variable] = value;
                    Tell($"configuration.{key}", Mapped, $"the variable {variable}, ${{{variable}}} in SQL");
                }
            }
        }

        private void Library(string key, JsonElement library)
        {
            foreach (var kind in library.EnumerateObject())
            {
                if (kind.Name is "notebook" or "file" && kind.Value.ValueKind == JsonValueKind.Object && kind.Value.TryGetProperty("path", out var path)) Notebook($"{key}.{kind.Name}", path.GetString() ?? "");
                else if (kind.Name == "glob") Tell($"{key}.glob", ByHand, $"a pattern of files, {kind.Value}: name the notebooks one by one, or put the SQL files into bronze, silver and gold");
                else Tell($"{key}.{kind.Name}", ByHand, "code that runs on the cluster: its tables have to be written as SQL");
            }
        }

        private void Notebook(string key, string path)
        {
            var text = open(path) ?? open(path + ".sql");
            var isPython = text is null ? open(path + ".py") is not null : path.EndsWith(".py", StringComparison.OrdinalIgnoreCase);
            if (isPython)
            {
                Tell(key, ByHand, $"{path} is Python: write each @dlt.table as CREATE OR REFRESH … AS SELECT, each @dlt.expect as CONSTRAINT … EXPECT (docs/migration-databricks.md shows how)");
                return;
            }
            if (text is null)
            {
                Tell(key, ByHand, $"{path} is not beside the JSON: export it as source (.sql) to that path and run again; a Python notebook has to be written as SQL");
                return;
            }
            var made = new DatabricksNotebook(path, text).Convert();
            foreach (var file in made.Files) _files[file.Path] = _files.TryGetValue(file.Path, out var before) ? before + "\n" + file.Text : file.Text;
            foreach (var (name, value) in made.Variables) _variables[name] = value;
            Tell(key, Converted, $"{path}: {made.Files.Count} {(made.Files.Count == 1 ? "dataset" : "datasets")}{(made.Notes.Count == 0 ? "" : "; " + string.Join("; ", made.Notes))}");
        }

        private void Tell(string key, string outcome, string told) => _keys.Add(new MigratedKey(key, outcome, told));

        private string SmeltYml(string name)
        {
            var text = $"name: {Quoted(name)}\n" + (_id is null ? "" : $"# {_id} on Databricks\n");
            if (_variables.Count > 0) text += "variables:\n" + string.Concat(_variables.Select(static v => $"  {v.Key}: {Quoted(v.Value)}\n"));
            return text;
        }

        private string PlatformYml() => $"default_target: {(_isDevelopment ? "dev" : "prod")}\ntargets:\n  dev:\n    storage: lake\n  prod:\n    storage: lake-prod\n";

        private static string Quoted(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
    }
}
