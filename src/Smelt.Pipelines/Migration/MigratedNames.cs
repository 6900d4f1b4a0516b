using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>A dataset that the notebooks make: the name there in its parts, and where it is in Smelt.</summary>
internal sealed record MigratedDataset(IReadOnlyList<string> Parts, string Layer, string Name);

/// <summary>Catalog and schema that the pipeline's settings name; null where they do not.</summary>
internal sealed record DatabricksTarget(string? Catalog, string? Schema)
{
    /// <summary>A name with all that is known of its place.</summary>
    public IReadOnlyList<string> Full(IReadOnlyList<string> parts)
    {
        if (parts.Count == 1 && Schema is not null) parts = [Schema, .. parts];
        return parts.Count == 2 && Catalog is not null ? [Catalog, .. parts] : parts;
    }
}

/// <summary>A name as it stands in a statement: the tokens it takes and its parts, without LIVE.</summary>
internal readonly record struct DottedName(int First, int Last, IReadOnlyList<string> Parts, bool IsLive)
{
    /// <summary>The name that begins there; null where none does.</summary>
    public static DottedName? At(string sql, List<Token> tokens, int at)
    {
        if (at >= tokens.Count || !tokens[at].IsName) return null;
        var parts = new List<string> { tokens[at].Name(sql) };
        var last = at;
        // Names touch their points: `FROM a .5` is none.
        while (last + 2 < tokens.Count && tokens[last + 1].IsSymbol(sql, '.') && tokens[last + 2].IsName) parts.Add(tokens[last += 2].Name(sql));
        var isLive = parts.Count > 1 && parts[0].Equals("LIVE", StringComparison.OrdinalIgnoreCase);
        return new DottedName(at, last, isLive ? parts[1..] : parts, isLive);
    }
}

/// <summary>What all notebooks of a pipeline make: catalog and schema of Databricks become the layer of Smelt, here and wherever the name is read.</summary>
internal sealed class MigratedNames(DatabricksTarget target)
{
    private readonly List<MigratedDataset> _datasets = [];

    public void Add(IReadOnlyList<string> parts, string layer)
    {
        parts = target.Full(parts);
        if (Of(parts) is { } known && known.Parts.Count == parts.Count) return;
        _datasets.Add(new MigratedDataset(parts, layer, FileName(parts[^1])));
    }

    /// <summary>A name that is one word, which a file may have too.</summary>
    public static string FileName(string name) => new([.. name.Select(static c => char.IsLetterOrDigit(c) ? c : '_')]);

    /// <summary>The dataset that a name means: of those with its last part the one whose other parts agree as far as both have them; null where none or several do.</summary>
    public MigratedDataset? Of(IReadOnlyList<string> parts) => Find(target.Full(parts)) ?? Find(parts);

    private MigratedDataset? Find(IReadOnlyList<string> parts)
    {
        var fitting = _datasets.FindAll(d => Fits(d.Parts, parts));
        return fitting.Count == 1 ? fitting[0] : fitting.Find(d => d.Parts.Count == parts.Count);
    }

    private static bool Fits(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        for (var i = 1; i <= Math.Min(a.Count, b.Count); i++)
        {
            if (!a[^i].Equals(b[^i], StringComparison.OrdinalIgnoreCase)) return false;
        }
        return true;
    }
}
