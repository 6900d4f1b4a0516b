using System.Text;

namespace Smelt.Lake;

/// <summary>Paths of files as the log writes them: URIs, decoded exactly once (PROTOCOL.md, "Add File and Remove File").</summary>
internal static class FilePath
{
    private const string Literal = "-_.~=+@,:!$&'()*;/";

    /// <summary>The log's form of a path relative to the table.</summary>
    internal static string Encode(string path)
    {
        var text = new StringBuilder(path.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in path.EnumerateRunes())
        {
            if (rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || Literal.Contains((char)rune.Value)))
            {
                text.Append((char)rune.Value);
                continue;
            }
            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
                text.Append('%').Append(octet.ToString("X2"));
        }
        return text.ToString();
    }

    /// <summary>The path that a log's text names: relative to the table, or absolute. A scheme <c>file:</c> is taken off.</summary>
    internal static string Decode(string path)
    {
        var decoded = path.Contains('%') ? Uri.UnescapeDataString(path) : path;
        if (!decoded.StartsWith("file:", StringComparison.Ordinal))
            return decoded;
        var rest = decoded.AsSpan("file:".Length);
        return rest.StartsWith("///") ? rest[2..].ToString() : rest.ToString();
    }

    /// <summary>Whether a decoded path does not start at the table.</summary>
    internal static bool IsAbsolute(string decoded) => decoded.StartsWith('/') || decoded.Contains("://", StringComparison.Ordinal);

    /// <summary>The place DuckDB opens for a file of a table.</summary>
    /// <exception cref="StoreException">A relative path leads out of the table.</exception>
    internal static string Locate(DeltaTable table, string path)
    {
        var decoded = Decode(path);
        return IsAbsolute(decoded) ? decoded : table.Lake.Store.Locate(Key(table.Folder, decoded));
    }

    /// <summary>Key of a file of a table in the table's store.</summary>
    internal static string Key(string folder, string decoded) => folder.Length == 0 ? decoded : $"{folder}/{decoded}";
}

/// <summary>What identifies a file within a table: path and deletion vector (PROTOCOL.md, "Action Reconciliation").</summary>
internal readonly record struct FileKey(string Path, string? VectorId)
{
    internal static FileKey Of(AddFile file) => new(FilePath.Decode(file.Path), file.DeletionVector?.UniqueId);

    internal static FileKey Of(RemoveFile file) => new(FilePath.Decode(file.Path), file.DeletionVector?.UniqueId);
}
