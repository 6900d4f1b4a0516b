using System.CommandLine;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt maintain</c>: every table of a pipeline freed of rows that are too old, compacted or clustered, and freed of files that nobody needs.</summary>
internal static class MaintainCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var dry = new Option<bool>("--dry-run") { Description = "Only say which rows and files would go; write nothing" };
        var keeps = new Option<bool>("--no-retention") { Description = "Remove no old rows" };
        var optimizes = new Option<bool>("--no-optimize") { Description = "Leave files as they are" };
        var vacuums = new Option<bool>("--no-vacuum") { Description = "Remove no files" };
        var command = new Command("maintain", "Remove old rows, compact, cluster and vacuum the pipeline's tables") { folder, CommandTree.Select, CommandTree.Exclude, dry, keeps, optimizes, vacuums, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var datasets = await Selection.OfAsync(terminal, session, parsed.GetValue(CommandTree.Select), parsed.GetValue(CommandTree.Exclude), cancel);
            var statements = new List<TableStatement>();
            // First, so that files which lose rows are compacted with the others.
            if (!parsed.GetValue(keeps)) statements.AddRange(datasets.Select(d => new RetentionStatement(Named(d.Name), d, parsed.GetValue(dry))));
            var tables = (await TablesAsync(session, datasets, cancel)).ConvertAll(Named);
            // Smelt's own get a file with every update.
            if (parsed.GetValue(CommandTree.Select) is null && parsed.GetValue(CommandTree.Exclude) is null) tables.AddRange(SystemTables(session));
            foreach (var table in tables)
            {
                if (!parsed.GetValue(optimizes) && !parsed.GetValue(dry)) statements.Add(new OptimizeStatement(table, false, null, []));
                if (!parsed.GetValue(vacuums)) statements.Add(new VacuumStatement(table, session.Pipeline.Target.HistoryRetention, parsed.GetValue(dry)) { YieldsToTable = true });
            }
            return await SqlCommand.RunAsync(terminal, session, new TableStatements(statements, []), isErasure: false, goesOn: true, cancel);
        });
        return command;
    }

    private static TableName Named(DatasetName name) => new([name.Schema, name.Name], false, new FilePosition(1, 1));

    /// <summary>The tables of Smelt's own that are there, by their folders.</summary>
    private static IEnumerable<TableName> SystemTables(PipelineSession session)
    {
        var root = Path.Combine(session.Layout.Root, LakeLayout.SystemSchema);
        if (!Directory.Exists(root)) return [];
        return Directory.EnumerateDirectories(root).Where(static f => Directory.Exists(Path.Combine(f, "_delta_log"))).Order(StringComparer.Ordinal)
            .Select(f => new TableName([Path.GetRelativePath(session.Pipeline.Folder, f)], true, new FilePosition(1, 1)));
    }

    /// <summary>The datasets that have a table, each with its quarantine where that is there.</summary>
    private static async Task<List<DatasetName>> TablesAsync(PipelineSession session, IReadOnlyList<Dataset> datasets, CancellationToken cancel)
    {
        var tables = new List<DatasetName>();
        foreach (var dataset in datasets.Where(static d => d.IsStored))
            foreach (var name in (DatasetName[])[dataset.Name, session.Pipeline.Project.QuarantineOf(dataset.Name)])
                if (await session.Layout.Table(name).LatestVersionAsync(cancel: cancel) is not null)
                    tables.Add(name);
        return tables;
    }
}
