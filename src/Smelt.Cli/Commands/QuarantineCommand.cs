using System.CommandLine;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt quarantine list | show | replay</c>: refused rows, and letting them in again once the rule or the data is mended.</summary>
internal static class QuarantineCommand
{
    public static Command Create(Terminal terminal) => new("quarantine", "Rows that expectations refused, and letting them in again") { List(terminal), Show(terminal), Replay(terminal) };

    private static Command List(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var command = new Command("list", "Quarantines with their rows, rules and times") { folder, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            using var catalog = new StepCatalog(session.Database());
            var parts = new List<string>();
            foreach (var dataset in session.Pipeline.Graph.Datasets.Where(static d => d.IsStored))
            {
                if (await BindAsync(session, catalog, dataset, cancel) is { } table) parts.Add(Summary(dataset, table));
            }
            var none = "SELECT ''::VARCHAR AS dataset, 0::BIGINT AS rows, ''::VARCHAR AS rules, NULL::TIMESTAMPTZ AS oldest, NULL::TIMESTAMPTZ AS newest WHERE false";
            var sql = string.Join(" UNION ALL ", parts.DefaultIfEmpty(none)) + " ORDER BY dataset";
            if (terminal.Json) RowsView.WriteJson(catalog.Connection, sql);
            else if (parts.Count == 0) terminal.Words.WriteLine("No row was refused.");
            else RowsView.WriteTable(terminal, catalog.Connection, sql, int.MaxValue);
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Summary(Dataset dataset, string table)
    {
        var rules = $"SELECT string_agg(n || ' ' || c, ', ' ORDER BY c DESC, n) FROM (SELECT n, count(*) AS c FROM (SELECT unnest({QuarantineColumns.Broken}) AS n FROM {table}) GROUP BY n)";
        return $"(SELECT {SqlText.Literal(dataset.Name.ToString())} AS dataset, count(*) AS rows, ({rules}) AS rules, min({QuarantineColumns.QuarantinedAt}) AS oldest, max({QuarantineColumns.QuarantinedAt}) AS newest FROM {table} HAVING count(*) > 0)";
    }

    private static Command Show(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var (rule, where) = Filters();
        var rows = new RowsOutput();
        var command = new Command("show", "Refused rows of a dataset") { name, rule, where, CommandTree.Target, CommandTree.Variables };
        rows.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            using var catalog = new StepCatalog(session.Database());
            var table = await BindAsync(session, catalog, dataset, cancel) ?? throw new UsageException($"{dataset.Name} has no quarantine: no row was refused.");
            var filter = Filter(parsed.GetValue(rule), parsed.GetValue(where));
            rows.Write(parsed, terminal, catalog.Connection, $"SELECT * FROM {table}{(filter is null ? "" : $" WHERE {filter}")}", 20, cancel);
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Replay(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var (rule, where) = Filters();
        var wait = new Option<bool>("--wait") { Description = "Wait for another update of the same lake instead of refusing" };
        var noTests = new Option<bool>("--no-tests") { Description = "Do not run the data tests at the end" };
        var command = new Command("replay", "Judge refused rows again by today's query and rules; those that pass move into the table") { name, rule, where, wait, noTests, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            if (!dataset.IsStored) throw new UsageException($"{dataset.Name} is a {(dataset.IsView ? "view" : "sink")} and refuses no rows.");
            if (dataset.Kind == DatasetKind.MaterializedView)
                throw new UsageException($"{dataset.Name} is a materialized view: every refresh judges all its rows again and replaces its quarantine. `smelt run --refresh {dataset.Name}` does it now.");
            var options = new UpdateOptions
            {
                Selected = [dataset], Wait = parsed.GetValue(wait), Tests = !parsed.GetValue(noTests), Replay = new ReplayOptions(Filter(parsed.GetValue(rule), parsed.GetValue(where))),
            };
            return await WatchedUpdate.RunAsync(terminal, session, options, cancel);
        });
        return command;
    }

    private static (Option<string?> Rule, Option<string?> Where) Filters() =>
        (new Option<string?>("--rule") { Description = "Only rows that broke this rule", HelpName = "NAME" },
         new Option<string?>("--where") { Description = "Only rows for which this is true, over the quarantine's columns", HelpName = "SQL" });

    private static string? Filter(string? rule, string? where)
    {
        var parts = new List<string>();
        if (rule is not null) parts.Add($"list_contains({QuarantineColumns.Broken}, {SqlText.Literal(rule)})");
        if (where is not null) parts.Add($"({where}\n)");
        return parts.Count == 0 ? null : string.Join(" AND ", parts);
    }

    /// <returns>The SQL name of the dataset's quarantine; null where it has none.</returns>
    private static async Task<string?> BindAsync(PipelineSession session, StepCatalog catalog, Dataset dataset, CancellationToken cancel)
    {
        var name = session.Pipeline.Project.QuarantineOf(dataset.Name);
        if (await session.NewContext("quarantine").Tables.FindAsync(name, cancel) is not { } table) return null;
        await catalog.BindTableAsync(name.Schema, name.Name, table, cancel);
        return SqlText.Identifier(name.Schema, name.Name);
    }
}
