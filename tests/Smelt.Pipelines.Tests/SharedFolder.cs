namespace Smelt.Pipelines.Tests;

/// <summary>Test data that lies beside the repository, where it is there.</summary>
internal static class SharedFolder
{
    public static string? Find(string path)
    {
        if (Environment.GetEnvironmentVariable("SMELT_SHARED") is { Length: > 0 } given) return Existing(Path.Combine(given, path));
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (Existing(Path.Combine(at.FullName, "shared", path)) is { } found) return found;
        }
        return null;
    }

    private static string? Existing(string path) => Path.Exists(path) ? path : null;
}
