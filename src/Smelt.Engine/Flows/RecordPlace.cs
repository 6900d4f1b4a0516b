namespace Smelt.Engine;

/// <summary>Which batch a state record is of, by its key: <c>g0001/b00000001.done.json</c> in a flow's folder.</summary>
internal readonly record struct RecordPlace(int Generation, int Batch, string Kind)
{
    /// <returns>Null where the key is no record of a flow in this folder.</returns>
    public static RecordPlace? Of(string key, string folder)
    {
        if (key.Length <= folder.Length + 1 || !key.StartsWith(folder, StringComparison.Ordinal) || key[folder.Length] != '/') return null;
        var parts = key[(folder.Length + 1)..].Split('/');
        if (parts.Length != 2 || parts[0].Length < 2 || parts[1].Length < 2 || !parts[1].EndsWith(".json", StringComparison.Ordinal)) return null;
        var name = parts[1].Split('.');
        if (name.Length != 3 || !int.TryParse(parts[0].AsSpan(1), out var generation) || !int.TryParse(name[0].AsSpan(1), out var batch)) return null;
        return new RecordPlace(generation, batch, name[1]);
    }
}
