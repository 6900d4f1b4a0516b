using System.CommandLine;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt sql</c>: statements that change tables, one commit each, in their order.</summary>
internal static class SqlCommand
{
    public static Command Create(Terminal terminal)
    {
        var sql = new Argument<string>("statements") { Description = "DELETE, UPDATE, MERGE, INSERT, ALTER TABLE, OPTIMIZE, VACUUM, RESTORE, DESCRIBE, CREATE TABLE … SHALLOW CLONE or CONVERT TO DELTA, separated by semicolons; - reads them from standard input" };
        var erasure = new Option<bool>("--erasure") { Description = "The DELETE statements are to forget somebody: their commits bear a mark that streams pass over, and bronze lets them through" };
        var command = new Command("sql", "Change tables with SQL") { sql, erasure, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = Session(terminal, parsed);
            if (session is null) return ExitCode.Usage;
            var text = parsed.GetValue(sql)!;
            if (text == "-") text = await Console.In.ReadToEndAsync(cancel);
            var read = TableStatementParser.Parse(text, session.Pipeline.Variables);
            var isErasure = parsed.GetValue(erasure);
            if (isErasure && read.Statements.FirstOrDefault(static s => s is not DeleteStatement) is { } other) throw new UsageException($"--erasure takes DELETE statements only, and there is {other.Verb}. Run it without.");
            if (isErasure && read.Statements.Any(static s => s is DeleteStatement { Condition: null })) throw new UsageException("--erasure takes DELETE statements with a WHERE: whom to forget.");
            return await RunAsync(terminal, session, read, isErasure, goesOn: false, cancel);
        });
        return command;
    }

    /// <summary>The pipeline of the folder, or none where it has no smelt.yml; null where it does not compile.</summary>
    internal static PipelineSession? Session(Terminal terminal, ParseResult parsed)
    {
        var folder = OpenedPipeline.Folder(parsed, null);
        var hasPipeline = File.Exists(Path.Combine(folder, "smelt.yml"));
        if (!hasPipeline && parsed.GetValue(CommandTree.PipelineFolder) is not null) throw new UsageException($"{folder} has no smelt.yml: it is not a pipeline's folder.");
        terminal.Json = parsed.GetValue(CommandTree.Json);
        return hasPipeline ? OpenedPipeline.Open(parsed, terminal) : PipelineSession.WithoutPipeline(Path.GetFullPath(folder), TimeProvider.System);
    }

    /// <summary>Nothing is done where one statement cannot be read. Each is a commit of its own, and those before one that fails stay.</summary>
    /// <param name="terminal">Where to tell it.</param>
    /// <param name="session">The pipeline.</param>
    /// <param name="read">The statements.</param>
    /// <param name="isErasure">Whether their deletes are to forget somebody.</param>
    /// <param name="goesOn">Whether the statements after one that fails are done all the same, as they are about other tables; else the first that fails ends the work.</param>
    /// <param name="cancel">Ends the work.</param>
    internal static async Task<int> RunAsync(Terminal terminal, PipelineSession session, TableStatements read, bool isErasure, bool goesOn, CancellationToken cancel)
    {
        var (done, diagnostics, failures) = (new List<StatementOutcome>(), read.Diagnostics, new List<StatementFailedException>());
        try
        {
            if (!diagnostics.Any(static d => d.Severity == Severity.Error))
            {
                foreach (var statement in read.Statements)
                {
                    try
                    {
                        foreach (var outcome in await StatementDispatch.RunAsync(session, statement, isErasure, cancel))
                        {
                            done.Add(outcome);
                            Tell(terminal, outcome);
                        }
                    }
                    catch (Exception error) when (Failure(error, statement, goesOn) is { } failed)
                    {
                        failures.Add(failed);
                        terminal.Say($"smelt: {failed.Code}: {failed.Message}");
                        if (!goesOn) break;
                    }
                }
            }
        }
        catch (StatementDiagnosticsException wrong)
        {
            diagnostics = [.. diagnostics, .. wrong.Diagnostics];
        }
        DiagnosticView.Write(terminal, diagnostics);
        if (terminal.Json) Write(done, diagnostics, failures, goesOn);
        if (failures.Count > 0) return goesOn ? ExitCode.Failed : failures[0].ExitCode;
        return diagnostics.Any(static d => d.Severity == Severity.Error) ? ExitCode.Usage : ExitCode.Fine;
    }

    /// <summary>What a statement that ended so failed with; of work that goes on a fault of one table's storage is that table's too.</summary>
    private static StatementFailedException? Failure(Exception error, TableStatement statement, bool goesOn) => error as StatementFailedException
        ?? (goesOn && StepFault.Of(error) is { } fault ? new StatementFailedException(fault.Code, $"{statement.Verb} {statement.Target}: {fault.Message}", ExitCode.Failed) : null);

    private static void Tell(Terminal terminal, StatementOutcome outcome)
    {
        if (!terminal.Json) terminal.Words.WriteLine($"{outcome.Verb} {outcome.Table}: {(outcome.Version is { } version ? $"version {version}, " : "")}{outcome.Words}");
        if (!terminal.Json && outcome.Rows is { } rows) TableView.Write(terminal, [.. rows.Columns.Select(static c => (c, false))], [.. rows.Rows]);
        foreach (var note in outcome.Notes) terminal.Say($"note: {note}");
    }

    private static void Write(List<StatementOutcome> done, IReadOnlyList<Diagnostic> diagnostics, List<StatementFailedException> failures, bool goesOn) => JsonOutput.Write(json =>
    {
        json.WriteStartArray("statements");
        foreach (var outcome in done) outcome.Write(json);
        json.WriteEndArray();
        if (diagnostics.Count > 0) DiagnosticView.Write(json, diagnostics);
        if (goesOn && failures.Count > 0) json.Objects("errors", failures, failure => Write(json, failure));
        if (goesOn || failures.Count == 0) return;
        json.WriteStartObject("error");
        Write(json, failures[0]);
        json.WriteEndObject();
    });

    private static void Write(System.Text.Json.Utf8JsonWriter json, StatementFailedException failure)
    {
        json.WriteString("code", failure.Code);
        json.WriteString("message", failure.Message);
    }
}

/// <summary>Which part does which statement.</summary>
internal static class StatementDispatch
{
    /// <param name="session">The pipeline.</param>
    /// <param name="statement">What to do.</param>
    /// <param name="isErasure">Whether its deletes are to forget somebody.</param>
    /// <param name="cancel">Ends the work.</param>
    public static async Task<IReadOnlyList<StatementOutcome>> RunAsync(PipelineSession session, TableStatement statement, bool isErasure, CancellationToken cancel) => statement switch
    {
        RetentionStatement retention => await retention.RunAsync(session, cancel),
        _ => [await OneAsync(session, statement, isErasure, cancel)],
    };

    private static Task<StatementOutcome> OneAsync(PipelineSession session, TableStatement statement, bool isErasure, CancellationToken cancel) => statement switch
    {
        AlterStatement alter => new AlterStatements(session).RunAsync(alter, cancel),
        OptimizeStatement or VacuumStatement or RestoreStatement or DescribeStatement or CloneStatement or ConvertStatement => new MaintenanceStatements(session).RunAsync(statement, cancel),
        DeleteStatement or UpdateStatement or MergeStatement or InsertStatement => new RowStatements(session, isErasure).RunAsync(statement, cancel),
        _ => throw new InvalidOperationException($"{statement.Verb} is parsed and not done"),
    };
}
