using System.Collections.Immutable;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>Metadata of a column: names with raw JSON values, kept as they were read (PROTOCOL.md, "Column Metadata").</summary>
public sealed class FieldMetadata : IEquatable<FieldMetadata>
{
    private readonly ImmutableSortedDictionary<string, string> _raw;

    private FieldMetadata(ImmutableSortedDictionary<string, string> raw) => _raw = raw;

    public static readonly FieldMetadata Empty = new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>Every entry: name and raw JSON text.</summary>
    public IReadOnlyDictionary<string, string> Raw => _raw;

    /// <summary>The text of an entry that is a JSON string, else null.</summary>
    public string? Text(string name)
    {
        if (!_raw.TryGetValue(name, out var raw) || raw.Length == 0 || raw[0] != '"')
            return null;
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(raw));
        return reader.Read() ? reader.GetString() : null;
    }

    /// <summary>The value of an entry that is a JSON integer, else null.</summary>
    public int? Integer(string name) => _raw.TryGetValue(name, out var raw) && int.TryParse(raw, out var value) ? value : null;

    /// <summary>The value of an entry that is a whole JSON number of 64 bits, else null.</summary>
    public long? LongInteger(string name) => _raw.TryGetValue(name, out var raw) && long.TryParse(raw, out var value) ? value : null;

    /// <summary>The same without an entry.</summary>
    public FieldMetadata Without(string name) => new(_raw.Remove(name));

    /// <summary>The same with a JSON string under the name; null removes the entry.</summary>
    public FieldMetadata WithText(string name, string? value) =>
        value is null ? new(_raw.Remove(name)) : new(_raw.SetItem(name, $"\"{JsonEncodedText.Encode(value, LogJson.Encoder)}\""));

    /// <summary>The same with a JSON integer under the name.</summary>
    public FieldMetadata WithInteger(string name, long value) => new(_raw.SetItem(name, value.ToString()));

    /// <summary>The same with raw JSON under the name.</summary>
    public FieldMetadata WithRaw(string name, string json) => new(_raw.SetItem(name, json));

    public bool Equals(FieldMetadata? other) =>
        other is not null && _raw.Count == other._raw.Count && _raw.All(e => other._raw.TryGetValue(e.Key, out var v) && v == e.Value);

    public override bool Equals(object? obj) => Equals(obj as FieldMetadata);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var (name, value) in _raw)
            hash.Add(HashCode.Combine(name, value));
        return hash.ToHashCode();
    }
}
