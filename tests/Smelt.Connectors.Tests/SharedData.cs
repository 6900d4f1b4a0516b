namespace Smelt.Connectors.Tests;

/// <summary>Real data beside the repository, by SMELT_SHARED or a folder named "shared" beside any folder above.</summary>
static class SharedData
{
    public static string Folder(string name)
    {
        var folder = Path.Combine(Root() ?? "", "data", name);
        Assert.SkipUnless(Directory.Exists(folder), $"the shared data set {name} is not on this machine");
        return folder;
    }

    static string? Root()
    {
        if (Environment.GetEnvironmentVariable("SMELT_SHARED") is { Length: > 0 } named) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (folder.Parent is { } parent && Path.Combine(parent.FullName, "shared") is var shared && Directory.Exists(shared)) return shared;
        return null;
    }
}
