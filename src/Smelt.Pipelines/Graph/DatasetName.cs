using System.Diagnostics.CodeAnalysis;

namespace Smelt.Pipelines;

/// <summary>The three layers: a folder of the pipeline and a schema name.</summary>
public enum Layer { Bronze, Silver, Gold }

/// <summary>
/// A dataset's full name, <c>silver.orders</c>; compared without case, printed as the user wrote it. No struct: every generic collection over one of our structs is compiled anew at each start of the
/// program, and names stand in hundreds.
/// </summary>
public sealed class DatasetName : IEquatable<DatasetName>, IComparable<DatasetName>
{
    public DatasetName(Layer layer, string name)
    {
        Layer = layer;
        Name = name;
    }

    public Layer Layer { get; }

    /// <summary>The name within the layer, unquoted.</summary>
    public string Name { get; }

    /// <summary>The variant that the dataset belongs to: <c>b</c> of <c>orders@b</c>; null for an original.</summary>
    public string? Variant => Name.LastIndexOf('@') is > 0 and var at && at < Name.Length - 1 ? Name[(at + 1)..] : null;

    /// <summary>The name without its variant.</summary>
    public DatasetName Original => Variant is { } variant ? new DatasetName(Layer, Name[..^(variant.Length + 1)]) : this;

    /// <summary>The dataset of that variant beside this one.</summary>
    public DatasetName In(string variant) => new(Layer, $"{Original.Name}@{variant}");

    /// <summary>The layer as a schema name: <c>bronze</c>, <c>silver</c>, <c>gold</c>.</summary>
    public string Schema => SchemaOf(Layer);

    public static string SchemaOf(Layer layer) => layer switch { Layer.Bronze => "bronze", Layer.Silver => "silver", _ => "gold" };

    /// <summary>The layer a schema name stands for, case ignored.</summary>
    public static bool TryLayer(string schema, out Layer layer)
    {
        layer = Layer.Bronze;
        if (schema.Equals("bronze", StringComparison.OrdinalIgnoreCase)) return true;
        layer = Layer.Silver;
        if (schema.Equals("silver", StringComparison.OrdinalIgnoreCase)) return true;
        layer = Layer.Gold;
        return schema.Equals("gold", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads <c>layer.name</c>; the name may hold further dots.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DatasetName? name)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && dot < text.Length - 1 && TryLayer(text[..dot], out var layer))
        {
            name = new DatasetName(layer, text[(dot + 1)..]);
            return true;
        }
        name = null;
        return false;
    }

    public bool Equals(DatasetName? other) => other is not null && Layer == other.Layer && string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);
    public override bool Equals(object? obj) => Equals(obj as DatasetName);
    public override int GetHashCode() => HashCode.Combine(Layer, StringComparer.OrdinalIgnoreCase.GetHashCode(Name));

    public int CompareTo(DatasetName? other)
    {
        if (other is null) return 1;
        var byLayer = Layer.CompareTo(other.Layer);
        return byLayer != 0 ? byLayer : StringComparer.OrdinalIgnoreCase.Compare(Name, other.Name);
    }

    public static bool operator ==(DatasetName? a, DatasetName? b) => a is null ? b is null : a.Equals(b);
    public static bool operator !=(DatasetName? a, DatasetName? b) => !(a == b);
    public static bool operator <(DatasetName a, DatasetName b) => a.CompareTo(b) < 0;
    public static bool operator >(DatasetName a, DatasetName b) => a.CompareTo(b) > 0;
    public static bool operator <=(DatasetName a, DatasetName b) => a.CompareTo(b) <= 0;
    public static bool operator >=(DatasetName a, DatasetName b) => a.CompareTo(b) >= 0;

    public override string ToString() => Schema + "." + Name;
}
