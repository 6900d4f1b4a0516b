using System.CommandLine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt plan</c>: what a run would do and why. Changes nothing.</summary>
internal static class PlanCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var refresh = new RefreshOptions();
        var days = new Option<bool>("--days") { Description = "Look for missing days in the rows of large tables too" };
        var command = new Command("plan", "What a run would do and why") { folder, CommandTree.Target, CommandTree.Variables, CommandTree.Select, CommandTree.Exclude, days };
        refresh.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var options = await refresh.ReadAsync(terminal, session, parsed, cancel);
            var plan = await new PlanBuilder(session.NewContext("plan")) { LooksIntoDays = parsed.GetValue(days) }.BuildAsync(options, cancel);
            if (terminal.Json) WriteJson(plan);
            else WriteWords(terminal, plan);
            return plan.Steps.Any(static s => s.Action == PlannedAction.Stop) ? ExitCode.Failed : ExitCode.Fine;
        });
        return command;
    }

    private static void WriteWords(Terminal terminal, UpdatePlan plan)
    {
        foreach (var move in plan.Moves) terminal.Words.WriteLine(move);
        foreach (var step in plan.Steps)
        {
            var (word, ink) = step.Action switch
            {
                PlannedAction.Run => ("run", Ink.Green),
                PlannedAction.IfChanged => ("run", Ink.Cyan),
                PlannedAction.Wait => ("wait", Ink.Yellow),
                PlannedAction.Stop => ("stop", Ink.Red),
                _ => ("skip", Ink.Dim),
            };
            terminal.Words.WriteLine($"{terminal.Paint(word.PadRight(5), ink)} {step.Dataset.Name,-32} {Kind(step.Dataset)}  {(step.Code is null ? "" : step.Code + ": ")}{step.Reason}");
            foreach (var note in step.Notes) terminal.Words.WriteLine($"      {terminal.Paint("note", Ink.Yellow)} {note}");
        }
        foreach (var orphan in plan.Orphans)
            terminal.Words.WriteLine($"{terminal.Paint("orphan", Ink.Yellow)} {orphan.Name}: no file defines it; `smelt drop {orphan.Name}` removes it ({orphan.Path})");
        var runs = plan.Steps.Count(static s => s.Action == PlannedAction.Run);
        var maybe = plan.Steps.Count(static s => s.Action == PlannedAction.IfChanged);
        terminal.Words.WriteLine($"{runs} to run, {maybe} if their inputs change, {plan.Steps.Count - runs - maybe} not");
    }

    public static string Kind(Dataset dataset) => dataset.Kind switch
    {
        DatasetKind.StreamingTable => "streaming table  ",
        DatasetKind.MaterializedView => "materialized view",
        DatasetKind.Sink => "sink             ",
        _ => "view             ",
    };

    private static void WriteJson(UpdatePlan plan) => JsonOutput.Write(json =>
    {
        json.Objects("steps", plan.Steps, step =>
        {
            json.WriteString("dataset", step.Dataset.Name.ToString());
            json.WriteString("kind", step.Dataset.Kind.ToString());
            json.WriteString("action", step.Action.ToString());
            json.WriteString("reason", step.Reason);
            json.WriteString("code", step.Code);
            json.Texts("notes", step.Notes);
        });
        json.Texts("orphans", plan.Orphans.Select(static o => o.Name.ToString()));
        json.Texts("moves", plan.Moves);
    });
}
