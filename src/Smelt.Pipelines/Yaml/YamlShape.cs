namespace Smelt.Pipelines.Yaml;

/// <summary>What a value may be. The same shapes check the files and write the JSON Schemas of docs/schemas.</summary>
internal abstract record YamlShape
{
    public string? Doc { get; init; }

    /// <summary>Name in the schema's <c>$defs</c>, for a shape that is used in several places.</summary>
    public string? Definition { get; init; }

    /// <summary>What is expected, for messages: "a text".</summary>
    public abstract string Expected { get; }

    /// <summary>Whether a value is of this kind at all; its parts are checked by <see cref="ShapeChecker"/>.</summary>
    public abstract bool Fits(YamlNode node);
}

internal sealed record TextShape : YamlShape
{
    public override string Expected => "a text";
    public override bool Fits(YamlNode node) => node is YamlScalar { IsNull: false };
}

internal sealed record BooleanShape : YamlShape
{
    public override string Expected => "true or false";
    public override bool Fits(YamlNode node) => node is YamlScalar { Boolean: not null };
}

internal sealed record IntegerShape(long Minimum = 0) : YamlShape
{
    public override string Expected => Minimum == 0 ? "a whole number" : $"a whole number of at least {Minimum}";
    public override bool Fits(YamlNode node) => node is YamlScalar { Integer: { } value } && value >= Minimum;
}

internal sealed record NullShape : YamlShape
{
    public override string Expected => "nothing";
    public override bool Fits(YamlNode node) => node is YamlScalar { IsNull: true };
}

/// <summary>One of some words. A word that is none of them has a code of its own.</summary>
internal sealed record ChoiceShape(params string[] Values) : YamlShape
{
    public string Code { get; init; } = DiagnosticCodes.WrongValue;
    public override string Expected => "one of " + string.Join(", ", Values);
    public override bool Fits(YamlNode node) => node is YamlScalar { IsNull: false };
}

internal sealed record ListShape(YamlShape Item) : YamlShape
{
    public override string Expected => "a list";
    public override bool Fits(YamlNode node) => node is YamlList;
}

internal sealed record ShapeKey(string Name, YamlShape Value, bool Required = false);

/// <summary>A map of known keys.</summary>
internal sealed record MapShape(params ShapeKey[] Keys) : YamlShape
{
    public string UnknownCode { get; init; } = DiagnosticCodes.UnknownKey;

    /// <summary>What a key is called in messages.</summary>
    public string KeyWord { get; init; } = "key";
    public override string Expected => "a map";
    public override bool Fits(YamlNode node) => node is YamlMap;
}

/// <summary>A map whose keys the user chooses.</summary>
internal sealed record DictionaryShape(YamlShape Value) : YamlShape
{
    public override string Expected => "a map";
    public override bool Fits(YamlNode node) => node is YamlMap;
}

/// <summary>Anything.</summary>
internal sealed record FreeShape : YamlShape
{
    public override string Expected => "anything";
    public override bool Fits(YamlNode node) => true;
}

/// <summary>The first of these that fits.</summary>
internal sealed record EitherShape(params YamlShape[] Shapes) : YamlShape
{
    public override string Expected => string.Join(" or ", Shapes.Select(s => s.Expected));
    public override bool Fits(YamlNode node) => Array.Exists(Shapes, s => s.Fits(node));
}
