using System.Globalization;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>platform.yml to <see cref="PlatformSettings"/>.</summary>
internal sealed class PlatformReader(List<Diagnostic> diagnostics)
{
    public const string FileName = "platform.yml";

    private static readonly string[] s_secretWords = ["password", "secret", "token", "api_key", "apikey", "access_key", "account_key", "sas"];

    public PlatformSettings Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path) && !Directory.Exists(path)) return PlatformSettings.BuiltIn;
        var map = YamlFile.ReadFile(folder, FileName, diagnostics);
        if (map is null) return PlatformSettings.BuiltIn;
        new ShapeChecker(FileName, diagnostics).Check(map, ProjectShapes.Platform, "");
        var targets = new List<TargetSettings>();
        foreach (var entry in map.Map("targets")?.Entries ?? [])
        {
            if (entry.Value is YamlMap target) targets.Add(Target(entry.Key.Value, target));
        }
        if (targets.Count == 0) return PlatformSettings.BuiltIn;
        var chosen = map.Text("default_target") ?? targets[0].Name;
        if (targets.TrueForAll(t => t.Name != chosen))
        {
            Report(DiagnosticCodes.UnknownTarget, map["default_target"]!.Position, $"There is no target '{chosen}'.", $"There are: {string.Join(", ", targets.Select(t => t.Name))}.");
            chosen = targets[0].Name;
        }
        return new PlatformSettings { DefaultTarget = chosen, Targets = targets };
    }

    /// <summary>The target in force.</summary>
    public TargetSettings Choose(PlatformSettings platform, string? wanted)
    {
        var name = wanted ?? platform.DefaultTarget;
        var target = platform.Targets.FirstOrDefault(t => t.Name == name);
        if (target is null)
        {
            diagnostics.Add(new Diagnostic(DiagnosticCodes.UnknownTarget, Severity.Error, FileName, 0, 0, $"There is no target '{name}'.",
                $"There are: {string.Join(", ", platform.Targets.Select(t => t.Name))}."));
            return platform.Targets[0];
        }
        if (target.Engine == "spark")
            diagnostics.Add(new Diagnostic(DiagnosticCodes.EngineNotYet, Severity.Error, FileName, 0, 0, $"The target '{name}' wants the engine spark, which is not in this version yet.",
                "Use engine: duckdb."));
        return target;
    }

    private TargetSettings Target(string name, YamlMap map)
    {
        var storage = map["storage"];
        var layers = new Dictionary<Layer, string>();
        foreach (var entry in (storage as YamlMap)?.Entries ?? [])
        {
            if (DatasetName.TryLayer(entry.Key.Value, out var layer) && entry.Value is YamlScalar place) layers[layer] = place.Value;
        }
        var retention = map.Map("retention");
        return new TargetSettings
        {
            Name = name,
            Engine = map.Text("engine") ?? "duckdb",
            Storage = (storage is YamlScalar { IsNull: false } root ? root.Value : (storage as YamlMap)?.Text("root")) ?? "lake",
            LayerStorage = layers,
            Connections = Connections(map.Map("connections")),
            MemoryBytes = Bytes(map["memory"]),
            Threads = map["threads"] is YamlScalar { Integer: > 0 and < int.MaxValue } threads ? (int)threads.Integer.Value : null,
            HistoryRetention = Duration(retention?["history"]),
            Retention = RetentionRule.Read(retention, FileName, diagnostics, "history"),
        };
    }

    private Dictionary<string, ConnectionSettings> Connections(YamlMap? map)
    {
        var connections = new Dictionary<string, ConnectionSettings>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in map?.Entries ?? [])
        {
            if (entry.Value is not YamlMap own) continue;
            var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var setting in own.Entries)
            {
                if (setting.Value is not YamlScalar { IsNull: false } value) continue;
                CheckSecret(setting.Key.Value, value);
                if (setting.Key.Value != "type") settings[setting.Key.Value] = value.Value;
            }
            if (own.Text("type") is null) Report(DiagnosticCodes.MissingKey, entry.Key.Position, $"The connection '{entry.Key.Value}' has no type.", "Add type: postgres, s3, azure, kafka or rest.");
            connections[entry.Key.Value] = new ConnectionSettings(entry.Key.Value, own.Text("type") ?? "", settings);
        }
        return connections;
    }

    private void CheckSecret(string key, YamlScalar value)
    {
        if (!Array.Exists(s_secretWords, w => key.Contains(w, StringComparison.OrdinalIgnoreCase))) return;
        if (value.Value.StartsWith("${env:", StringComparison.Ordinal) || value.Value.StartsWith("${file:", StringComparison.Ordinal)) return;
        Report(DiagnosticCodes.PlainSecret, value.Position, $"'{key}' is a secret and stands here as plain text.", "Write ${env:NAME} or ${file:PATH}.");
    }

    private long? Bytes(YamlNode? node)
    {
        if (node is not YamlScalar { IsNull: false } scalar) return null;
        var text = scalar.Value.Trim().ToUpperInvariant().TrimEnd('B').TrimEnd('I');
        var unit = text.Length == 0 ? ' ' : text[^1];
        var factor = unit switch { 'K' => 1L << 10, 'M' => 1L << 20, 'G' => 1L << 30, 'T' => 1L << 40, _ => 1L };
        var digits = factor == 1 ? text : text[..^1];
        if (decimal.TryParse(digits.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0) return (long)(number * factor);
        Report(DiagnosticCodes.WrongValue, scalar.Position, $"'{scalar.Value}' is no amount of memory.", "Write 4GB or 512MB.");
        return null;
    }

    private TimeSpan? Duration(YamlNode? node)
    {
        if (node is not YamlScalar { IsNull: false } scalar) return null;
        var parts = scalar.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 2 && int.TryParse(parts[0], out var count) && count >= 0)
        {
            switch (parts[1].TrimEnd('s'))
            {
                case "hour": return TimeSpan.FromHours(count);
                case "day": return TimeSpan.FromDays(count);
                case "week": return TimeSpan.FromDays(7 * (double)count);
                case "year": return TimeSpan.FromDays(365 * (double)count);
            }
        }
        Report(DiagnosticCodes.WrongValue, scalar.Position, $"'{scalar.Value}' is no duration.", "Write 30 days, 12 hours, 8 weeks or 2 years.");
        return null;
    }

    private void Report(string code, FilePosition at, string message, string hint) =>
        diagnostics.Add(new Diagnostic(code, Severity.Error, FileName, at.Line, at.Column, message, hint));
}
