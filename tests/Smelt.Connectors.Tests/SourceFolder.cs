using System.Text;
using Smelt.DuckDb;

namespace Smelt.Connectors.Tests;

/// <summary>A pipeline's folder with files in it, and a flow that reads them batch by batch, as the Engine does.</summary>
sealed class SourceFolder : IDisposable
{
    readonly DuckDbDatabase database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 2));
    readonly bool ownsFolder;
    FileBinding? binding;

    public SourceFolder(string? folder = null)
    {
        ownsFolder = folder is null;
        Path = folder ?? Directory.CreateTempSubdirectory("smelt-files-").FullName;
        Connection = database.Connect();
    }

    public string Path { get; }

    public DuckDbConnection Connection { get; }

    public SeenFiles Seen { get; private set; } = new();

    public IReadOnlyList<SourceColumn>? Known { get; set; }

    public SourceSchema? Schema { get; private set; }

    public FileBatch? Batch { get; private set; }

    public FileBinding Binding => binding!;

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public static FileSourceOptions Options(string path, params (string Name, object? Value)[] arguments)
    {
        var result = FileOptionReader.Read(path, arguments.ToDictionary(a => a.Name, a => a.Value));
        Assert.Empty(result.Problems);
        return result.Options!;
    }

    public DiscoveryResult Discover(FileSourceOptions options) => FileSource.Discover(options, Path, Seen, TestContext.Current.CancellationToken);

    /// <summary>Reads what is new as the view "input"; false where nothing is.</summary>
    public bool Next(FileSourceOptions options)
    {
        switch (Discover(options))
        {
            case DiscoveryResult.NothingNew: return false;
            case DiscoveryResult.Failed failed: throw failed.Problems[0].ToException();
            case DiscoveryResult.Found found: Batch = FileSource.ChooseBatch(found.Files); break;
        }
        Schema = FileSource.InferSchema(Connection, Path, Batch!, options, Known);
        Bind(options);
        Seen.Add(Batch!);
        Known = Schema.Columns;
        return true;
    }

    public void Bind(FileSourceOptions options)
    {
        binding?.Dispose();
        binding = FileSource.Bind(Connection, Path, Batch!, Schema!, options, ["input"]);
    }

    public bool Next(string path, params (string Name, object? Value)[] arguments) => Next(Options(path, arguments));

    public List<object?[]> Rows(string sql) => Connection.Rows(sql);

    public long Count(string condition = "true") => (long)Connection.Scalar($"SELECT count(*) FROM input WHERE {condition}")!;

    public string? Text(string sql) => Connection.Scalar(sql) as string;

    public string TypeOf(string column) => Schema!.Columns.Single(c => c.Name == column).Type.ToString();

    public void Forget() => Seen = new();

    public void Dispose()
    {
        binding?.Dispose();
        Connection.Dispose();
        database.Dispose();
        if (ownsFolder) Directory.Delete(Path, true);
    }
}
