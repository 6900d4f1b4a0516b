using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>A pipeline in a folder of the test's own, removed at the end.</summary>
public sealed class PipelineFolder : IDisposable
{
    public PipelineFolder(string? smeltYml = "name: test\n")
    {
        Path = Directory.CreateTempSubdirectory("smelt-e2e-").FullName;
        if (smeltYml is not null) Write("smelt.yml", smeltYml);
    }

    public string Path { get; private set; }

    /// <summary>A copy of the retail sample without its lake.</summary>
    public static PipelineFolder Retail() => Sample("retail");

    /// <summary>A copy of a sample as it is checked in.</summary>
    public static PipelineFolder Sample(string name)
    {
        var folder = new PipelineFolder(null);
        folder.AddSample(name, "");
        return folder;
    }

    /// <summary>Copies a sample into a folder within this one.</summary>
    public void AddSample(string name, string into) =>
        CopyTree(System.IO.Path.Combine(Repository.Root, "samples", name), File(into), static name => name is not ("lake" or "data" or "generate.cs"));

    /// <summary>The files of a sample's second day come.</summary>
    public void SecondDay() => CopyTree(File("day-2"), File("landing"), static _ => true);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public PipelineFolder Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), text);
        return this;
    }

    public PipelineFolder WriteBytes(string name, byte[] bytes)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllBytes(File(name), bytes);
        return this;
    }

    public string Read(string name) => System.IO.File.ReadAllText(File(name));

    public SmeltResult Smelt(params string[] arguments) => SmeltProgram.Run(Path, arguments);

    public SmeltResult Smelt(IReadOnlyDictionary<string, string> environment, params string[] arguments) => SmeltProgram.Run(Path, environment, arguments);

    /// <summary>Runs an update that must succeed; its JSON.</summary>
    public JsonElement Update(params string[] arguments) => Smelt(["run", "--json", .. arguments]).Expect(0).Json;

    /// <summary>Rows of a query as JSON objects.</summary>
    public List<JsonElement> Query(string sql)
    {
        using var query = new LocalQuery(Path);
        return query.Rows(sql);
    }

    /// <summary>The only value of a query's only row, as text.</summary>
    public string? Scalar(string sql)
    {
        var row = Assert.Single(Query(sql));
        var value = Assert.Single(row.EnumerateObject()).Value;
        return value.ValueKind == JsonValueKind.Null ? null : value.ToString();
    }

    /// <summary>Every stored dataset's rows as sorted text, without the columns that name a run (times and batch ids).</summary>
    public SortedDictionary<string, string> Content()
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var query = new LocalQuery(Path);
        foreach (var table in Tables())
        {
            var columns = query.Rows($"SELECT column_name FROM (DESCRIBE {table})").Select(static r => r.GetProperty("column_name").GetString()!);
            var own = columns.Where(static c => c is not ("_ingested_at" or "_ingestion_date" or "_batch_id" or "_quarantined_at" or "_input")).Select(static c => $"\"{c}\"");
            content[table] = query.SortedText($"SELECT {string.Join(", ", own)} FROM {table}");
        }
        return content;
    }

    /// <summary>Names of the tables in the lake, quarantines included.</summary>
    public IEnumerable<string> Tables() => from layer in new[] { "bronze", "silver", "gold" }
                                           let folder = File("lake/" + layer)
                                           where Directory.Exists(folder)
                                           from table in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)
                                           let log = System.IO.Path.Combine(table, "_delta_log")
                                           where Directory.Exists(log) && Directory.EnumerateFiles(log, "*.json").Any()
                                           select $"{layer}.{System.IO.Path.GetFileName(table)}";

    public PipelineFolder MoveTo(string path)
    {
        Directory.Move(Path, path);
        Path = path;
        return this;
    }

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    public static void CopyTree(string from, string to, Func<string, bool> includes)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            if (includes(System.IO.Path.GetFileName(file))) System.IO.File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetFileName(file)), overwrite: true);
        }
        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            if (includes(System.IO.Path.GetFileName(folder))) CopyTree(folder, System.IO.Path.Combine(to, System.IO.Path.GetFileName(folder)), includes);
        }
    }
}
