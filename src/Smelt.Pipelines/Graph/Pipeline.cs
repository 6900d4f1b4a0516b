namespace Smelt.Pipelines;

/// <summary>A compiled pipeline. Where diagnostics hold errors it is as complete as could be made, and must not be run.</summary>
public sealed class Pipeline
{
    /// <summary>Absolute path of the folder with smelt.yml.</summary>
    public required string Folder { get; init; }

    public required ProjectSettings Project { get; init; }
    public required PlatformSettings Platform { get; init; }

    /// <summary>The target chosen by --target, else platform.yml's default, else the built-in local one.</summary>
    public required TargetSettings Target { get; init; }

    public required PipelineGraph Graph { get; init; }

    /// <summary>All macros of functions/, in an order in which they can be created.</summary>
    public IReadOnlyList<Macro> Macros { get; init; } = [];

    /// <summary>tests/*.sql: each must return no rows.</summary>
    public IReadOnlyList<SqlTest> SqlTests { get; init; } = [];

    /// <summary>Tests of single datasets on given rows.</summary>
    public IReadOnlyList<UnitTest> UnitTests { get; init; } = [];

    /// <summary>JSON Schemas that give rules, as properties files name them: by their paths in <see cref="Folder"/>.</summary>
    public IReadOnlyList<string> SchemaFiles { get; init; } = [];

    /// <summary>Variables with the values in force.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}

/// <summary>What compiling gave: always a pipeline, and everything that is wrong with it.</summary>
public sealed record Compilation(Pipeline Pipeline, IReadOnlyList<Diagnostic> Diagnostics)
{
    public bool HasErrors => Diagnostics.Any(d => d.Severity == Severity.Error);
}

/// <summary>What to compile with.</summary>
public sealed record CompileOptions
{
    /// <summary><c>--var k=v</c>: override smelt.yml's variables. An unknown name is a diagnostic.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--target</c>.</summary>
    public string? Target { get; init; }

    public KnownSchemas Schemas { get; init; } = KnownSchemas.Empty;
}
