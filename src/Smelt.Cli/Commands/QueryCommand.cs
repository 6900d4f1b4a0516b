using System.CommandLine;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt query</c>: SQL over the pipeline's tables, or over <c>read_delta</c> and <c>read_files</c> where there is no pipeline.</summary>
internal static class QueryCommand
{
    public static Command Create(Terminal terminal)
    {
        var sql = new Argument<string>("sql") { Description = "One SELECT; - reads it from standard input" };
        var rows = new RowsOutput();
        var command = new Command("query", "Query the tables with SQL") { sql, CommandTree.Target, CommandTree.Variables };
        rows.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var folder = OpenedPipeline.Folder(parsed, null);
            var hasPipeline = File.Exists(Path.Combine(folder, "smelt.yml"));
            if (!hasPipeline && parsed.GetValue(CommandTree.PipelineFolder) is not null) throw new UsageException($"{folder} has no smelt.yml: it is not a pipeline's folder.");
            terminal.Json = parsed.GetValue(CommandTree.Json);
            using var session = hasPipeline ? OpenedPipeline.Open(parsed, terminal) : PipelineSession.WithoutPipeline(Path.GetFullPath(folder), TimeProvider.System);
            if (session is null) return ExitCode.Usage;
            var text = parsed.GetValue(sql)!;
            if (text == "-") text = await Console.In.ReadToEndAsync(cancel);
            return await RunAsync(parsed, terminal, session, text, rows, cancel);
        });
        return command;
    }

    /// <summary>Runs one query and prints its rows.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, PipelineSession session, string text, RowsOutput rows, CancellationToken cancel)
    {
        var compiled = AdHocQuery.Compile(session.Pipeline, text, session.Database());
        if (compiled.Query is null)
        {
            DiagnosticView.Write(terminal, compiled.Diagnostics);
            if (terminal.Json) JsonOutput.Write(json => DiagnosticView.Write(json, compiled.Diagnostics));
            return ExitCode.Usage;
        }
        if (ReferenceEquals(session.Pipeline.Graph, PipelineGraph.Empty) && compiled.Query.Inputs.Any())
            throw new UsageException($"There is no pipeline here, so {string.Join(", ", compiled.Query.Inputs)} means nothing. Name its folder with --pipeline, or read a table with read_delta('path').");
        using var catalog = new StepCatalog(session.Database());
        var bound = await BoundQuery.BindAsync(session.NewContext("query"), catalog, compiled.Query, cancel);
        rows.Write(parsed, terminal, catalog.Connection, bound, null, cancel);
        return ExitCode.Fine;
    }
}
