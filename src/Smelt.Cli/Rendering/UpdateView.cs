using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>What an update did: a table of what was made, what was refused and why, and a preview of a gold table.</summary>
internal static class UpdateView
{
    private const long MostSorted = 100_000;

    public static async Task WriteWordsAsync(Terminal terminal, PipelineSession session, UpdateContext context, UpdateResult result, CancellationToken cancel)
    {
        var words = terminal.Words;
        var made = result.Steps.Where(static s => s.Result is FlowResult.Completed).ToList();
        if (made.Count > 0)
        {
            words.WriteLine();
            TableView.Write(terminal,
                [("dataset", false), ("kind", false), ("version", true), ("rows in", true), ("rows out", true), ("dropped", true), ("quarantined", true), ("written", true), ("time", true)],
                [.. made.SelectMany(Rows)]);
        }
        foreach (var step in result.Steps) Violations(terminal, step);
        foreach (var test in result.Tests.Where(static t => t.Status is TestStatus.Failed or TestStatus.Warned or TestStatus.Error)) Failure(terminal, test);
        if (made.Count > 0 && result.Succeeded) await PreviewAsync(terminal, session, context, made, cancel);
        words.WriteLine();
        words.WriteLine(Summary(terminal, result));
    }

    public static void WriteJson(UpdateResult result) => JsonOutput.Write(json =>
    {
        json.WriteString("update", result.UpdateId);
        json.WriteBoolean("succeeded", result.Succeeded);
        json.WriteNumber("durationMs", (long)result.Elapsed.TotalMilliseconds);
        json.Objects("steps", result.Steps, step =>
        {
            json.WriteString("dataset", step.Dataset.Name.ToString());
            json.WriteString("kind", step.Dataset.Kind.ToString());
            json.WriteString("status", step.Status);
            json.WriteNumber("durationMs", (long)step.Elapsed.TotalMilliseconds);
            if (step.Result.Flows.Count > 0) Flows(json, step.Result.Flows);
            if (step.Result is FlowResult.Skipped skipped)
            {
                json.WriteString("reason", skipped.Reason);
                json.Texts("notes", skipped.Notes);
            }
            if (step.Result is FlowResult.Failed failed)
            {
                json.WriteString("code", failed.Code);
                json.WriteString("message", failed.Told);
                Samples(json, failed.Samples);
            }
            if (step.Result is FlowResult.Completed completed)
            {
                json.WriteNumber("version", completed.Version);
                json.WriteNumber("rowsIn", completed.Counts.RowsIn);
                json.WriteNumber("rowsOut", completed.Counts.RowsOut);
                json.WriteNumber("rowsDropped", completed.Counts.RowsDropped);
                json.WriteNumber("rowsQuarantined", completed.Counts.RowsQuarantined);
                json.WriteNumber("rowsRescued", completed.Counts.RowsRescued);
                json.WriteNumber("bytesOut", completed.Counts.BytesOut);
                json.Objects("expectations", completed.Counts.Rules, rule =>
                {
                    json.WriteString("name", rule.Name);
                    json.WriteString("action", rule.Action);
                    json.WriteNumber("passed", rule.Passed);
                    json.WriteNumber("violated", rule.Violated);
                });
                json.Texts("notes", completed.Notes);
                Samples(json, completed.Samples);
            }
        });
        TestView.Write(json, result.Tests);
    });

    private static void Flows(System.Text.Json.Utf8JsonWriter json, IReadOnlyList<FlowOutcome> flows)
    {
        json.Objects("flows", flows, item =>
        {
            var (flow, result, elapsed) = item;
            json.WriteString("flow", flow.Name);
            json.WriteNumber("durationMs", (long)elapsed.TotalMilliseconds);
            switch (result)
            {
                case FlowResult.Completed completed:
                    json.WriteString("status", "completed");
                    json.WriteNumber("rowsIn", completed.Counts.RowsIn);
                    json.WriteNumber("rowsOut", completed.Counts.RowsOut);
                    break;
                case FlowResult.Failed failed:
                    json.WriteString("status", "failed");
                    json.WriteString("code", failed.Code);
                    json.WriteString("message", failed.Told);
                    break;
                case FlowResult.Skipped skipped:
                    json.WriteString("status", "skipped");
                    json.WriteString("reason", skipped.Reason);
                    break;
            }
        });
    }

    private static void Samples(System.Text.Json.Utf8JsonWriter json, IReadOnlyList<RuleSample> samples)
    {
        json.Objects("violations", samples, sample =>
        {
            json.WriteString("expectation", sample.Rule);
            json.WriteStartArray("rows");
            foreach (var row in sample.Rows) json.WriteRawValue(row);
            json.WriteEndArray();
        });
    }

    /// <summary>A row a dataset, and below it one for each flow that made something, where it has several.</summary>
    private static IEnumerable<string?[]> Rows(StepOutcome step) => step.Result.Flows.Where(static f => f.Result is FlowResult.Completed)
        .Select(flow => Row(step with { Elapsed = flow.Elapsed }, (FlowResult.Completed)flow.Result, $"  {flow.Flow.Name}", "flow")).Prepend(Row(step, (FlowResult.Completed)step.Result, step.Dataset.Name.ToString(), PlanCommand.Kind(step.Dataset).Trim()));

    private static string?[] Row(StepOutcome step, FlowResult.Completed done, string name, string kind)
    {
        return
        [
            name, kind, done.Version.ToString(), Units.Count(done.Counts.RowsIn), Units.Count(done.Counts.RowsOut),
            Units.Count(done.Counts.RowsDropped), Units.Count(done.Counts.RowsQuarantined), Units.Bytes(done.Counts.BytesOut), Units.Time(step.Elapsed),
        ];
    }

    private static void Violations(Terminal terminal, StepOutcome step)
    {
        var (notes, samples, rules) = step.Result switch
        {
            FlowResult.Completed done => (done.Notes, done.Samples, done.Counts.Rules),
            FlowResult.Failed failed => ([], failed.Samples, failed.Counts?.Rules ?? []),
            FlowResult.Skipped skipped => (skipped.Notes, [], []),
            _ => ([], (IReadOnlyList<RuleSample>)[], (IReadOnlyList<RuleCount>)[]),
        };
        foreach (var note in notes) terminal.Words.WriteLine($"{step.Dataset.Name}: {note}");
        foreach (var rule in rules.Where(static r => r.Violated > 0))
        {
            terminal.Words.WriteLine();
            var ink = rule.Action == "fail" ? Ink.Red : Ink.Yellow;
            terminal.Words.WriteLine($"{terminal.Paint(step.Dataset.Name.ToString(), Ink.Bold)}: {Units.Count(rule.Violated)} of {Units.Count(rule.Violated + rule.Passed)} rows break {terminal.Paint(rule.Name, ink)} ({rule.Action}): {rule.Predicate}");
            foreach (var row in samples.FirstOrDefault(s => s.Rule == rule.Name)?.Rows ?? []) terminal.Words.WriteLine("    " + Cut(terminal, row));
        }
    }

    private static void Failure(Terminal terminal, TestOutcome test)
    {
        terminal.Words.WriteLine();
        terminal.Words.WriteLine(StepText.Line(terminal, test));
        terminal.Words.WriteLine("    " + test.Sql.ReplaceLineEndings("\n    "));
        foreach (var row in test.Samples) terminal.Words.WriteLine("    " + Cut(terminal, row));
    }

    public static string Cut(Terminal terminal, string text) => text.Length <= terminal.Width - 8 || terminal.Width == int.MaxValue ? text : text[..(terminal.Width - 9)] + "…";

    private static async Task PreviewAsync(Terminal terminal, PipelineSession session, UpdateContext context, List<StepOutcome> made, CancellationToken cancel)
    {
        var shown = made.Where(static s => s.Dataset is { IsStored: true, Name.Layer: Layer.Gold }).OrderByDescending(static s => ((FlowResult.Completed)s.Result).Counts.RowsOut > 0)
            .ThenBy(static s => s.Dataset.Position.Line > 1).ThenBy(static s => s.Dataset.Name).FirstOrDefault();
        if (shown is null) return;
        using var catalog = new StepCatalog(session.Database());
        await new InputBinder(context, catalog).BindAsync(shown.Dataset.Name, cancel);
        terminal.Words.WriteLine();
        terminal.Words.WriteLine($"{terminal.Paint(shown.Dataset.Name.ToString(), Ink.Bold)}, first rows:");
        // A whole table is read and sorted only where that is done at once.
        var rows = (await context.Tables.FindAsync(shown.Dataset.Name, cancel))?.Snapshot.NumRecords;
        var order = rows < MostSorted ? " ORDER BY ALL" : "";
        RowsView.WriteTable(terminal, catalog.Connection, $"SELECT * FROM {Smelt.DuckDb.SqlText.Identifier(shown.Dataset.Name.Schema, shown.Dataset.Name.Name)}{order} LIMIT 5");
    }

    private static string Summary(Terminal terminal, UpdateResult result)
    {
        var failed = result.Steps.Count(static s => s.Failed);
        var blocked = result.Steps.Count(static s => s.BlockedBy is not null);
        var completed = result.Steps.Count(static s => s.Result is FlowResult.Completed);
        var skipped = result.Steps.Count - failed - blocked - completed;
        var tests = result.Tests.Count == 0 ? "" : $"; {TestView.Summary(result.Tests)}";
        var word = result.Succeeded ? terminal.Paint("succeeded", Ink.Green) : terminal.Paint("failed", Ink.Red);
        return $"update {result.UpdateId} {word} in {Units.Time(result.Elapsed)}: {completed} made, {skipped} unchanged{(failed > 0 ? $", {failed} failed" : "")}{(blocked > 0 ? $", {blocked} stopped by failures" : "")}{tests}";
    }
}
