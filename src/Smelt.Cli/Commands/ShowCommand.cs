using System.CommandLine;
using Smelt.DuckDb;
using Smelt.Engine;

namespace Smelt.Cli;

/// <summary><c>smelt show</c>: a dataset's rows; with --preview its query on today's tables, written nowhere.</summary>
internal static class ShowCommand
{
    private const int FirstRows = 20;

    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var preview = new Option<bool>("--preview") { Description = "Run the dataset's query on today's tables; write nothing" };
        var quarantine = new Option<bool>("--quarantine") { Description = "Show the rows that its expectations refused" };
        var rows = new RowsOutput();
        var command = new Command("show", "A dataset's first rows") { name, preview, quarantine, CommandTree.Target, CommandTree.Variables };
        rows.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            var context = session.NewContext("show");
            using var catalog = new StepCatalog(session.Database());
            string sql;
            if (parsed.GetValue(preview)) sql = await PreviewAsync(context, catalog, dataset, cancel);
            else if (parsed.GetValue(quarantine)) sql = await QuarantineAsync(session, context, catalog, dataset, cancel);
            else
            {
                var binder = new InputBinder(context, catalog);
                await binder.BindAsync(dataset.Name, cancel);
                if (binder.Missing.Count > 0) throw new UsageException($"{string.Join(", ", binder.Missing)} has no table yet. `smelt run` makes it; --preview shows what it would hold.");
                sql = $"SELECT * FROM {SqlText.Identifier(dataset.Name.Schema, dataset.Name.Name)}";
            }
            rows.Write(parsed, terminal, catalog.Connection, sql, FirstRows, cancel);
            return ExitCode.Fine;
        });
        return command;
    }

    /// <summary>What all its flows would bring, over whole inputs.</summary>
    private static async Task<string> PreviewAsync(UpdateContext context, StepCatalog catalog, Smelt.Pipelines.Dataset dataset, CancellationToken cancel)
    {
        var queries = new List<string>();
        foreach (var query in dataset.Queries) queries.Add(await BoundQuery.BindAsync(context, catalog, query, cancel));
        return queries is [var only] ? only : string.Join(" UNION ALL BY NAME ", queries.Select(static q => $"SELECT * FROM ({q}\n) AS flow"));
    }

    private static async Task<string> QuarantineAsync(Smelt.Runs.PipelineSession session, UpdateContext context, StepCatalog catalog, Smelt.Pipelines.Dataset dataset, CancellationToken cancel)
    {
        var name = session.Pipeline.Project.QuarantineOf(dataset.Name);
        var table = await context.Tables.FindAsync(name, cancel) ?? throw new UsageException($"{dataset.Name} has no quarantine: no row was refused.");
        await catalog.BindTableAsync(name.Schema, name.Name, table, cancel);
        return $"SELECT * FROM {SqlText.Identifier(name.Schema, name.Name)}";
    }
}
