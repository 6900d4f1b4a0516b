using System.CommandLine;
using Smelt.Lake;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>The table that a verb of <c>smelt table</c> names: a dataset of the pipeline, or the folder of any Delta table.</summary>
internal sealed class TableTarget : IDisposable
{
    private TableTarget(PipelineSession session, DeltaTable table, string name) => (Session, Table, Name) = (session, table, name);

    public PipelineSession Session { get; }

    public DeltaTable Table { get; }

    /// <summary>The dataset, or the absolute path.</summary>
    public string Name { get; }

    public static Argument<string> Argument() => new("table") { Description = "A dataset, or the folder of a Delta table" };

    /// <returns>Null where the pipeline has errors, which were told.</returns>
    /// <exception cref="UsageException">There is no such table.</exception>
    public static TableTarget? Open(ParseResult parsed, Terminal terminal, string named)
    {
        var folder = OpenedPipeline.Folder(parsed, null);
        terminal.Json = parsed.GetValue(CommandTree.Json);
        var isPath = Directory.Exists(Path.Combine(named, "_delta_log"));
        var hasPipeline = !isPath && File.Exists(Path.Combine(folder, "smelt.yml"));
        var session = hasPipeline ? OpenedPipeline.Open(parsed, terminal) : PipelineSession.WithoutPipeline(Path.GetFullPath(folder), TimeProvider.System);
        if (session is null) return null;
        try
        {
            if (!hasPipeline) return AtPath(session, named);
            var dataset = Selection.One(session, named);
            if (!dataset.IsStored) throw new UsageException($"{dataset.Name} is a {(dataset.IsView ? "view" : "sink")} and has no table.");
            return new TableTarget(session, session.Layout.Table(dataset.Name), dataset.Name.ToString());
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static TableTarget AtPath(PipelineSession session, string named)
    {
        var path = Path.GetFullPath(named);
        if (!Directory.Exists(Path.Combine(path, "_delta_log")))
            throw new UsageException($"{named} is no Delta table: it has no _delta_log. Name a table's folder; datasets are found with --pipeline DIR.");
        return new TableTarget(session, session.TableAt(path), path);
    }

    public void Dispose() => Session.Dispose();
}
