using Smelt.DuckDb;

namespace Smelt.Pipelines;

/// <summary>Reads a pipeline folder into a checked graph. No I/O but reading the pipeline's files.</summary>
public static class PipelineCompiler
{
    /// <summary>
    /// Compiles the pipeline in <paramref name="folder"/>. Mistakes of the user's are diagnostics, all at once; exceptions are faults (an unreadable
    /// disk, a bug). A folder without smelt.yml is a diagnostic too.
    /// </summary>
    /// <param name="database">DuckDB to parse with; asked for once, and only when there is SQL to parse. No state is left in it.</param>
    public static Compilation Compile(string folder, CompileOptions options, Func<DuckDbDatabase> database)
    {
        var once = new Lazy<DuckDbDatabase>(database);
        return new CompileSession(Path.GetFullPath(folder), options, () => once.Value).Run();
    }
}
