namespace Smelt.Pipelines.Yaml;

/// <summary>A YAML value with its place; aliases are resolved.</summary>
internal abstract record YamlNode(FilePosition Position)
{
    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

/// <param name="IsPlain">Without quotes, so that <c>true</c>, <c>3</c> and <c>null</c> are not text.</param>
internal sealed record YamlScalar(FilePosition Position, string Value, bool IsPlain) : YamlNode(Position)
{
    public bool IsNull => IsPlain && Value is "" or "~" or "null" or "Null" or "NULL";
    public bool? Boolean => !IsPlain ? null : Value is "true" or "True" or "TRUE" ? true : Value is "false" or "False" or "FALSE" ? false : null;
    public long? Integer => IsPlain && long.TryParse(Value, out var number) ? number : null;
    public override string Kind => IsNull ? "nothing" : Boolean is not null ? $"the truth value {Value}" : Integer is not null ? $"the number {Value}" : $"the text '{Value}'";
}

internal sealed record YamlList(FilePosition Position, IReadOnlyList<YamlNode> Items) : YamlNode(Position)
{
    public override string Kind => "a list";
}

internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);

internal sealed record YamlMap(FilePosition Position, IReadOnlyList<YamlEntry> Entries) : YamlNode(Position)
{
    public override string Kind => "a map";

    public YamlNode? this[string key] => Entries.FirstOrDefault(e => e.Key.Value == key)?.Value;
    public string? Text(string key) => this[key] is YamlScalar { IsNull: false } scalar ? scalar.Value : null;
    public YamlMap? Map(string key) => this[key] as YamlMap;
    public IReadOnlyList<YamlNode> List(string key) => this[key] is YamlList list ? list.Items : [];

    /// <summary>A list of texts, or one text as a list of one.</summary>
    public IReadOnlyList<string> Texts(string key) => this[key] switch
    {
        YamlList list => [.. list.Items.OfType<YamlScalar>().Select(s => s.Value)],
        YamlScalar { IsNull: false } scalar => [scalar.Value],
        _ => [],
    };
}
