namespace Smelt.EndToEnd.Tests;

/// <summary>Places of the repository, and the folder <c>shared</c> that may lie beside it.</summary>
public static class Repository
{
    public static string Root { get; } = Above(AppContext.BaseDirectory, static folder => File.Exists(Path.Combine(folder, "Smelt.slnx")))
        ?? throw new InvalidOperationException("The tests run from within the repository.");

    /// <summary>The folder of real data, other writers' tables and other engines; null where it is not provided.</summary>
    public static string? Shared { get; } = Environment.GetEnvironmentVariable("SMELT_SHARED") is { Length: > 0 } named ? named
        : Above(Root, static folder => Directory.Exists(Path.Combine(folder, "shared", "data"))) is { } above ? Path.Combine(above, "shared") : null;

    /// <summary>True for <c>./test --deep</c>.</summary>
    public static bool IsDeep { get; } = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("SMELT_TEST_DEEP"));

    /// <summary>A path in shared; skips the test by name where it is not there.</summary>
    public static string SharedPath(string relative)
    {
        var path = Shared is null ? null : Path.Combine(Shared, relative);
        Assert.SkipUnless(path is not null && (File.Exists(path) || Directory.Exists(path)), $"shared/{relative} is not provided here");
        return path!;
    }

    private static string? Above(string start, Func<string, bool> isIt)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (isIt(folder.FullName)) return folder.FullName;
        }
        return null;
    }
}
