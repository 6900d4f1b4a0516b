using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>A compiled pipeline with its lake and the process's DuckDB: what every verb starts from.</summary>
public sealed class PipelineSession : IDisposable
{
    private readonly ProcessDatabase _database;
    private readonly TimeProvider _clock;
    private readonly CompileOptions _options;

    private PipelineSession(Compilation compilation, CompileOptions options, ProcessDatabase database, TimeProvider clock)
    {
        (Compilation, _options, _database, _clock) = (compilation, options, database, clock);
        Layout = LakeAt(Pipeline.Folder, Pipeline.Target, database, clock);
    }

    public Compilation Compilation { get; }

    public Pipeline Pipeline => Compilation.Pipeline;

    public LakeLayout Layout { get; }

    /// <summary>Compiles the pipeline in a folder. Mistakes are in <see cref="Compilation"/>.</summary>
    public static PipelineSession Open(string folder, CompileOptions options, TimeProvider clock)
    {
        // Parsing needs a small DuckDB and no spill; the one that runs steps knows the target's memory, which only compiling tells.
        DuckDbDatabase? parser = null;
        try
        {
            DuckDbDatabase Parser() => parser ??= DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 1));
            var compilation = PipelineCompiler.Compile(folder, options, Parser);
            if (!compilation.HasErrors && KnownTables.Of(compilation.Pipeline, Parser, clock) is { } schemas)
                compilation = PipelineCompiler.Compile(folder, options = options with { Schemas = schemas }, Parser);
            var target = compilation.Pipeline.Target;
            var root = target.Storage.Contains("://", StringComparison.Ordinal) ? Path.GetTempPath() : Path.GetFullPath(target.Storage, compilation.Pipeline.Folder);
            var database = new ProcessDatabase(Path.Combine(root, LakeLayout.SystemSchema, "spill"), target.MemoryBytes, target.Threads);
            return new PipelineSession(compilation, options, database, clock);
        }
        finally
        {
            parser?.Dispose();
        }
    }

    /// <summary>A session without a pipeline, for queries over paths: they are relative to <paramref name="folder"/>.</summary>
    public static PipelineSession WithoutPipeline(string folder, TimeProvider clock)
    {
        var pipeline = new Pipeline
        {
            Folder = folder,
            Project = new ProjectSettings { Name = "" },
            Platform = PlatformSettings.BuiltIn,
            Target = PlatformSettings.BuiltIn.Targets[0],
            Graph = PipelineGraph.Empty,
        };
        var spill = Path.Combine(Path.GetTempPath(), $"smelt-spill-{Environment.UserName}");
        return new PipelineSession(new Compilation(pipeline, []), new CompileOptions(), new ProcessDatabase(spill, null, null), clock);
    }

    public DuckDbDatabase Database() => _database.Open();

    /// <summary>The pipeline with other values of some variables.</summary>
    public Compilation CompiledWith(IReadOnlyDictionary<string, string> variables) =>
        PipelineCompiler.Compile(Pipeline.Folder, _options with { Variables = _options.Variables.Concat(variables).GroupBy(static v => v.Key).ToDictionary(static g => g.Key, static g => g.Last().Value) }, Database);

    /// <summary>A view of the lake as it is from now on: what one update, or one verb, sees.</summary>
    public UpdateContext NewContext(string updateId, Action<string>? probe = null) => new()
    {
        Pipeline = Pipeline,
        Tables = new UpdateTables(Layout),
        Database = Database,
        UpdateId = updateId,
        Clock = _clock,
        Probe = probe ?? (static _ => { }),
    };

    /// <summary>The Delta table in any folder, an absolute path.</summary>
    public DeltaTable TableAt(string path) => new DeltaLake(new LocalObjectStore(path), () => _database.Open().Connect(), _clock).Table("");

    public void Dispose() => _database.Dispose();

    private static LakeLayout LakeAt(string folder, TargetSettings target, ProcessDatabase database, TimeProvider clock) =>
        new(folder, target, root => new DeltaLake(new LocalObjectStore(root), () => database.Open().Connect(), clock));
}
