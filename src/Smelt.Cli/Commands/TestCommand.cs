using System.CommandLine;
using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt test</c>: unit tests on given rows, whole-pipeline tests on a throw-away lake, and the data tests on today's tables.</summary>
internal static class TestCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var layer = new Option<string?>("--layer") { Description = "bronze, silver or gold" };
        layer.AcceptOnlyFromAmong("bronze", "silver", "gold");
        var date = new Option<string?>("--date") { Description = "Only rows of this day, by each dataset's day column", HelpName = "DAY" };
        var unit = new Option<bool>("--unit") { Description = "Only what needs no lake: unit tests and whole-pipeline tests" };
        var command = new Command("test", "Run unit tests, pipeline tests, and the data tests on today's tables") { folder, unit, CommandTree.Target, CommandTree.Variables, CommandTree.Select, CommandTree.Exclude, layer, date };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var datasets = await Selection.OfAsync(terminal, session, parsed.GetValue(CommandTree.Select), parsed.GetValue(CommandTree.Exclude), cancel);
            if (parsed.GetValue(layer) is { } only) datasets = [.. datasets.Where(d => d.Name.Schema == only)];
            DayRange? days = parsed.GetValue(date) is { } text ? new DayRange(DayOptions.Day(text, "--date"), DayOptions.Day(text, "--date")) : null;
            // A SQL test reads what it likes: it says nothing of one layer or one day. Unit tests say nothing of a day either.
            var isWhole = days is null && parsed.GetValue(layer) is null && parsed.GetValue(CommandTree.Select) is null && parsed.GetValue(CommandTree.Exclude) is null;
            // Told from several threads, in several lines each.
            var telling = new Lock();
            void Ended(TestOutcome outcome)
            {
                if (terminal.Json) return;
                lock (telling) Tell(terminal, outcome);
            }
            List<TestOutcome> outcomes = days is not null ? [] : [.. UnitTestRunner.Run(session, datasets.Select(static d => d.Name).ToHashSet(), Ended, cancel)];
            if (isWhole) outcomes.AddRange(await PipelineTestRunner.RunAsync(session.Pipeline, TimeProvider.System, Ended, cancel));
            var context = session.NewContext(UpdateRunner.NewId(TimeProvider.System));
            IReadOnlyList<TestOutcome> tested = [];
            if (!parsed.GetValue(unit))
            {
                tested = await new DataTestRunner(context) { Remembers = false, Days = days }.RunAsync(datasets, isWhole, Ended, cancel);
                outcomes.AddRange(tested);
            }
            if (terminal.Json) JsonOutput.Write(json => TestView.Write(json, outcomes));
            else terminal.Words.WriteLine(TestView.Summary(outcomes));
            if (days is null) await KeepAsync(terminal, context, tested, cancel);
            return outcomes.Any(static t => t.Status is TestStatus.Failed or TestStatus.Error) ? ExitCode.Failed : ExitCode.Fine;
        });
        return command;
    }

    /// <summary>What the tests found is told already, and stays true where it cannot be kept.</summary>
    private static async Task KeepAsync(Terminal terminal, UpdateContext context, IReadOnlyList<TestOutcome> tested, CancellationToken cancel)
    {
        try
        {
            await TestRecords.KeepAsync(context, tested, cancel);
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            terminal.Say($"smelt: warning: these results are not kept in {LakeLayout.SystemSchema}.test_results: {fault.Message}");
        }
    }

    private static void Tell(Terminal terminal, TestOutcome outcome)
    {
        terminal.Words.WriteLine(StepText.Line(terminal, outcome) + (outcome.Dataset is { } dataset ? terminal.Paint($"  ({dataset})", Ink.Dim) : ""));
        if (outcome.Status is not (TestStatus.Failed or TestStatus.Warned)) return;
        terminal.Words.WriteLine("    " + outcome.Sql.ReplaceLineEndings("\n    "));
        foreach (var row in outcome.Samples) terminal.Words.WriteLine("    " + UpdateView.Cut(terminal, row));
    }
}
