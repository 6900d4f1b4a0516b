using System.Text.RegularExpressions;

namespace Smelt.Lake.Tests.Conformance;

/// <summary>The list in docs/delta.md of every table of other writers, held to what is so.</summary>
public sealed partial class ConformanceList
{
    [Fact]
    public async Task The_documents_list_every_table_with_what_becomes_of_it()
    {
        var root = Shared.Path("delta-conformance");
        var truth = new List<string>();
        foreach (var name in Tables(root))
            truth.Add($"| {name} | {await ResultAsync(root, name)} |");
        var document = await File.ReadAllTextAsync(Path.Join(Repository(), "docs", "delta.md"), TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("SMELT_WRITE_CONFORMANCE") is { Length: > 0 } file)
            await File.WriteAllLinesAsync(file, truth, TestContext.Current.CancellationToken);
        var told = Rows().Matches(document).Select(m => m.Value.TrimEnd()).ToList();
        Assert.Equal(truth, told);
    }

    /// <summary>Every folder with a log, and the names that have none though they should.</summary>
    private static IEnumerable<string> Tables(string root)
    {
        var tables = Directory.EnumerateDirectories(root, "_delta_log", SearchOption.AllDirectories).Select(log => Path.GetRelativePath(root, Path.GetDirectoryName(log)!));
        var without = Directory.EnumerateDirectories(Path.Join(root, "golden")).Where(t => !Directory.EnumerateDirectories(t, "_delta_log", SearchOption.AllDirectories).Any())
            .Select(t => Path.GetRelativePath(root, Path.Join(t, "delta")));
        return tables.Concat(without).Order(StringComparer.Ordinal);
    }

    private static async Task<string> ResultAsync(string root, string name)
    {
        using var lake = new TestLake(Path.Join(root, name));
        var short_ = name.StartsWith("golden/", StringComparison.Ordinal) ? name["golden/".Length..^"/delta".Length] : name;
        try
        {
            var table = lake.Lake.Table("");
            var snapshot = await table.SnapshotAsync();
            if (GoldenTables.Logs.Any(l => l.Data.Item1 == short_))
                return $"the files of the log, {snapshot.Files.Count}";
            var rows = await lake.RowsAsync(table.Scan(snapshot));
            return GoldenTables.WithRows.Any(t => t.Data == short_) || FeatureTables.Names.Any(t => "feature/" + t.Data == name) ? "equal" : $"rows, {rows.Count}";
        }
        catch (LakeException e)
        {
            return $"refused, {e.Code}: {Reason().Replace(e.Message.Split(": ", 2)[^1], "")}";
        }
        catch (Smelt.DuckDb.DuckDbException e)
        {
            return $"data files that are not there: {e.Kind}";
        }
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(folder!.FullName, "Smelt.slnx")))
            folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex(@"^\| (golden|feature)/.*\|\s*$", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex(" Path: .*$")]
    private static partial Regex Reason();
}
