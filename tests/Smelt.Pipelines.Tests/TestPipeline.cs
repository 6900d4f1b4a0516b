using Smelt.DuckDb;

namespace Smelt.Pipelines.Tests;

/// <summary>A pipeline in a folder of its own, gone after the test.</summary>
public sealed class TestPipeline : IDisposable
{
    private static readonly Lazy<DuckDbDatabase> s_database = new(() => DuckDbDatabase.OpenInMemory());

    public TestPipeline(params ReadOnlySpan<(string File, string Text)> files)
    {
        Folder = Path.Combine(Path.GetTempPath(), "smelt-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Folder);
        Write("smelt.yml", "name: test\n");
        foreach (var (file, text) in files) Write(file, text);
    }

    public static DuckDbDatabase Database => s_database.Value;
    public string Folder { get; }

    public void Write(string file, string text)
    {
        var path = Path.Combine(Folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public Compilation Compile(CompileOptions? options = null) => PipelineCompiler.Compile(Folder, options ?? new CompileOptions(), () => Database);

    public Pipeline CompileClean(CompileOptions? options = null)
    {
        var compilation = Compile(options);
        Assert.Equal("", string.Join("\n", compilation.Diagnostics));
        return compilation.Pipeline;
    }

    /// <summary>All diagnostics as lines.</summary>
    public string[] Diagnose(CompileOptions? options = null) => [.. Compile(options).Diagnostics.Select(d => d.ToString())];

    public void Dispose() => Directory.Delete(Folder, true);
}
