using System.CommandLine;
using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>--date</c>: one day of the datasets instead of what is new.</summary>
internal static class DayOptions
{
    public static Option<string?> Date { get; } = new("--date") { Description = "Make this day again (2025-01-15 or 20250115), by each dataset's day column", HelpName = "DAY" };

    /// <returns>Null without the option.</returns>
    public static DayRange? Read(ParseResult parsed) => parsed.GetValue(Date) is { } text ? new DayRange(Day(text, "--date"), Day(text, "--date")) : null;

    public static DateOnly Day(string text, string option) => DayRange.Day(text) ?? throw new UsageException($"{option} {text} is not a day such as 2025-01-15 or 20250115.");

    /// <summary>What is selected by name must have a day column; without a selection, all that have one are taken.</summary>
    public static UpdateOptions Choose(Terminal terminal, PipelineSession session, ParseResult parsed, UpdateOptions options, DayRange days)
    {
        if (options.FullRefresh.Count + options.Refresh.Count > 0) throw new UsageException("--date makes one day again; it does not go with --refresh or --full-refresh.");
        var remake = new DayRemake(session.NewContext("run"), days);
        var refused = options.Selected.Select(d => (Dataset: d, Why: remake.Refusal(d))).Where(static r => r.Why is not null).ToList();
        var isNamed = parsed.GetValue(CommandTree.Select) is not null;
        if (isNamed && options.Selected.Count == 0) throw new UsageException($"'{string.Join(' ', parsed.GetValue(CommandTree.Select)!)}' selects nothing: selectors with a comma between them select what each of them does.", Smelt.Pipelines.DiagnosticCodes.NothingSelected);
        if (isNamed && refused.Count > 0)
            throw new UsageException(string.Join(" ", refused.Select(static r => $"{r.Dataset.Name} cannot be made again by days: {r.Why}")), EngineCodes.DayRefused);
        foreach (var (dataset, why) in refused) terminal.Say($"{dataset.Name} is left as it is: {why}");
        var chosen = options.Selected.Where(d => refused.TrueForAll(r => r.Dataset != d)).ToList();
        return chosen.Count > 0 ? options with { Selected = chosen, Days = days, LeavesLostDays = !isNamed } : throw new UsageException("No dataset declares a day column: TBLPROPERTIES ('smelt.day_column' = 'column').", EngineCodes.DayRefused);
    }
}
