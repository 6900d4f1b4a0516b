using static Smelt.Pipelines.Migration.DatabricksPipeline;

namespace Smelt.Pipelines.Migration;

/// <summary>The new pipeline's files: those that the notebooks become, and the settings beside them.</summary>
internal sealed class MigratedFiles(MigratedVariables variables, DatabricksTarget target)
{
    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);

    public void Add(IReadOnlyList<(string Key, string Path, string Text)> notebooks, Action<string, string, string> tell)
    {
        var names = new MigratedNames(target);
        var read = notebooks.Select(n => (n.Key, n.Path, Notebook: new DatabricksNotebook(n.Path, n.Text))).ToList();
        foreach (var (key, path, notebook) in read)
        {
            notebook.Read(names);
            foreach (var (name, value) in notebook.Settings)
            {
                var (variable, replaced) = variables.Set(name, value);
                if (replaced) tell($"{key} SET {name}", ByHand, $"{path} gives {name} another value than was there before: the variable {variable} is '{value}' everywhere. Give one of them another name if both are needed");
                else if (variable != name) tell($"{key} SET {name}", Mapped, MigratedVariables.Told(name, variable));
            }
        }
        foreach (var (key, path, notebook) in read)
        {
            var (count, remarks) = (0, new List<MigratedKey>());
            foreach (var (file, statement) in notebook.Convert(names, variables))
            {
                var before = _files.TryGetValue(file, out var text) ? text + "\n" : "";
                var lines = before.AsSpan().Count('\n');
                remarks.AddRange(statement.Notes.Select(n => new MigratedKey($"{file}:{lines + n.Line}", ByHand, n.Told)));
                _files[file] = before + statement.Sql + ";\n";
                count++;
            }
            tell(key, Converted, $"{path}: {count} {(count == 1 ? "dataset" : "datasets")}{(notebook.Notes.Count == 0 ? "" : "; " + string.Join("; ", notebook.Notes))}");
            foreach (var remark in remarks) tell(remark.Key, remark.Outcome, remark.Told);
        }
    }

    public IEnumerable<MigratedFile> WithSettings(string name, string? id, bool isDevelopment)
    {
        foreach (var layer in (string[])["bronze", "silver", "gold"])
        {
            if (!_files.Keys.Any(f => f.StartsWith(layer + "/", StringComparison.Ordinal))) _files[layer + "/.gitkeep"] = "";
        }
        _files["smelt.yml"] = $"name: {Quoted(name)}\n" + (id is null ? "" : $"# {id.ReplaceLineEndings(" ")} on Databricks\n")
            + (variables.Values.Count == 0 ? "" : "variables:\n" + string.Concat(variables.Values.Select(static v => $"  {v.Key}:{(v.Value is null ? "" : " " + Quoted(v.Value))}\n")));
        _files["platform.yml"] = $"default_target: {(isDevelopment ? "dev" : "prod")}\ntargets:\n  dev:\n    storage: lake\n  prod:\n    storage: lake-prod\n";
        return _files.Select(static f => new MigratedFile(f.Key, f.Value));
    }

    /// <summary>A YAML text; only double quotes can hold line ends as they are.</summary>
    private static string Quoted(string text) => !text.Any(char.IsControl) ? "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'"
        : "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "\"";
}
