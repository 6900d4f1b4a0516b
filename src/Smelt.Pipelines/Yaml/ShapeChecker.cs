namespace Smelt.Pipelines.Yaml;

/// <summary>Holds a file against its shape: unknown keys, wrong types, missing keys, all at once.</summary>
internal sealed class ShapeChecker(string file, List<Diagnostic> diagnostics)
{
    public void Check(YamlNode node, YamlShape shape, string path)
    {
        switch (shape)
        {
            case EitherShape either:
                var fitting = Array.Find(either.Shapes, s => s.Fits(node));
                if (fitting is null) WrongType(node, shape, path);
                else Check(node, fitting, path);
                return;
            case var _ when !shape.Fits(node): WrongType(node, shape, path); return;
            case MapShape map: Map((YamlMap)node, map, path); return;
            case DictionaryShape dictionary:
                foreach (var entry in ((YamlMap)node).Entries) Check(entry.Value, dictionary.Value, Join(path, entry.Key.Value));
                return;
            case ListShape list:
                foreach (var item in ((YamlList)node).Items) Check(item, list.Item, path);
                return;
            case ChoiceShape choice: Choice((YamlScalar)node, choice, path); return;
        }
    }

    private void Map(YamlMap node, MapShape shape, string path)
    {
        foreach (var entry in node.Entries)
        {
            var key = Array.Find(shape.Keys, k => k.Name == entry.Key.Value);
            if (key is not null)
            {
                if (entry.Value is not YamlScalar { IsNull: true } || key.Value.Fits(entry.Value)) Check(entry.Value, key.Value, Join(path, key.Name));
                continue;
            }
            var near = NearestName.Of(entry.Key.Value, shape.Keys.Select(k => k.Name));
            Report(shape.UnknownCode, entry.Key.Position, $"Unknown {shape.KeyWord} '{entry.Key.Value}'{(path.Length == 0 ? "" : $" in '{path}'")}.",
                near is null ? $"Known are: {string.Join(", ", shape.Keys.Select(k => k.Name))}." : $"Did you mean '{near}'?");
        }
        foreach (var key in shape.Keys)
        {
            if (key.Required && node[key.Name] is null) Report(DiagnosticCodes.MissingKey, node.Position, $"The {shape.KeyWord} '{key.Name}' is missing{(path.Length == 0 ? "" : $" in '{path}'")}.", null);
        }
    }

    private void Choice(YamlScalar node, ChoiceShape shape, string path)
    {
        if (Array.Exists(shape.Values, v => v == node.Value)) return;
        var near = NearestName.Of(node.Value, shape.Values);
        Report(shape.Code, node.Position, shape.Code == DiagnosticCodes.UnknownTest ? $"Unknown test '{node.Value}'." : $"'{path}' cannot be '{node.Value}'.",
            near is null ? $"Known are: {string.Join(", ", shape.Values)}." : $"Did you mean '{near}'?");
    }

    private void WrongType(YamlNode node, YamlShape shape, string path) =>
        Report(DiagnosticCodes.WrongType, node.Position, $"{(path.Length == 0 ? "Expected" : $"'{path}' takes")} {shape.Expected}, found {node.Kind}.", null);

    private void Report(string code, FilePosition at, string message, string? hint) =>
        diagnostics.Add(new Diagnostic(code, Severity.Error, file, at.Line, at.Column, message, hint));

    private static string Join(string path, string key) => path.Length == 0 ? key : path + "." + key;
}
