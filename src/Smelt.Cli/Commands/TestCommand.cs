using System.CommandLine;
using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt test</c>: the data tests on today's tables.</summary>
internal static class TestCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var layer = new Option<string?>("--layer") { Description = "bronze, silver or gold" };
        layer.AcceptOnlyFromAmong("bronze", "silver", "gold");
        var date = new Option<string?>("--date") { Description = "Only rows of this day, by each dataset's day column", HelpName = "DAY" };
        var command = new Command("test", "Run the data tests on today's tables") { folder, CommandTree.Target, CommandTree.Variables, CommandTree.Select, CommandTree.Exclude, layer, date };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var datasets = await Selection.OfAsync(terminal, session, parsed.GetValue(CommandTree.Select), parsed.GetValue(CommandTree.Exclude), cancel);
            if (parsed.GetValue(layer) is { } only) datasets = [.. datasets.Where(d => d.Name.Schema == only)];
            DayRange? days = parsed.GetValue(date) is { } text ? new DayRange(DayOptions.Day(text, "--date"), DayOptions.Day(text, "--date")) : null;
            // A SQL test reads what it likes: it says nothing of one layer or one day.
            var isWhole = days is null && parsed.GetValue(layer) is null && parsed.GetValue(CommandTree.Select) is null && parsed.GetValue(CommandTree.Exclude) is null;
            var outcomes = await new DataTestRunner(session.NewContext("test")) { Remembers = false, Days = days }.RunAsync(datasets, isWhole, outcome =>
            {
                if (!terminal.Json) Tell(terminal, outcome);
            }, cancel);
            if (terminal.Json) JsonOutput.Write(json => TestView.Write(json, outcomes));
            else terminal.Words.WriteLine(TestView.Summary(outcomes));
            return outcomes.Any(static t => t.Status is TestStatus.Failed or TestStatus.Error) ? ExitCode.Failed : ExitCode.Fine;
        });
        return command;
    }

    private static void Tell(Terminal terminal, TestOutcome outcome)
    {
        terminal.Words.WriteLine(StepText.Line(terminal, outcome) + (outcome.Dataset is { } dataset ? terminal.Paint($"  ({dataset})", Ink.Dim) : ""));
        if (outcome.Status is not (TestStatus.Failed or TestStatus.Warned)) return;
        terminal.Words.WriteLine("    " + outcome.Sql.ReplaceLineEndings("\n    "));
        foreach (var row in outcome.Samples) terminal.Words.WriteLine("    " + UpdateView.Cut(terminal, row));
    }
}
