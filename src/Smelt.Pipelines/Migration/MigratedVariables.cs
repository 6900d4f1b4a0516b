using System.Text.RegularExpressions;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>Keys of a configuration as variables of smelt.yml. A key keeps its name, points included, wherever it can be a variable's; of two keys that come to one name both are kept.</summary>
internal sealed partial class MigratedVariables
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string?> _values = new(StringComparer.Ordinal);

    /// <summary>By name; null where --var has to give it.</summary>
    public IReadOnlyDictionary<string, string?> Values => _values;

    public static bool IsName(string key) => key.Length > 0 && Lexer.IsNameStart(key[0]) && key.All(static c => Lexer.IsNameStart(c) || char.IsAsciiDigit(c) || c is '.' or '-');

    /// <summary>Sets a key's value and gives its name, and whether it had another value before.</summary>
    public (string Name, bool Replaced) Set(string key, string? value)
    {
        if (!_names.TryGetValue(key, out var name)) _names[key] = name = Free(key);
        var replaced = _values.TryGetValue(name, out var before) && before != value;
        _values[name] = value;
        return (name, replaced);
    }

    /// <summary>SQL whose uses of keys name the variables.</summary>
    public string InSql(string sql) => Use().Replace(sql, m => _names.TryGetValue(m.Groups[1].Value.Trim(), out var name) ? $"${{{name}}}" : m.Value);

    public static string Told(string key, string name) => key == name ? $"the variable {name}, ${{{name}}} in SQL as before"
        : IsName(key) ? $"the variable {name}, because {key} is another key's by now; ${{{name}}} in SQL, where its uses were rewritten"
        : $"the variable {name}, because a variable's name has letters, digits, '_', '.' and '-' only; ${{{name}}} in SQL, where its uses were rewritten";

    private string Free(string key)
    {
        var plain = IsName(key) ? key : new string([.. key.Select(static c => Lexer.IsNameStart(c) || char.IsAsciiDigit(c) || c is '.' or '-' ? c : '_')]);
        if (!IsName(plain)) plain = "_" + plain;
        var name = plain;
        for (var number = 2; _values.ContainsKey(name); number++) name = $"{plain}_{number}";
        return name;
    }

    [GeneratedRegex(@"\$\{([^}]*)\}")]
    private static partial Regex Use();
}
