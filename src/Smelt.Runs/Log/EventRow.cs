using System.Text.Json;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>One line of the event log.</summary>
/// <param name="Kind"><c>update</c>, <c>flow</c>, <c>expectation</c> or <c>test</c>.</param>
internal sealed record EventRow(string Kind, string? Dataset, string? Name, string Status)
{
    public string? Action { get; init; }
    public string? Message { get; init; }
    public string? Code { get; init; }
    public long? Version { get; init; }
    public BatchCounts? Counts { get; init; }
    public long? Passed { get; init; }
    public long? Violated { get; init; }
    public TimeSpan? Elapsed { get; init; }

    /// <summary>The rows of an update, the update itself first.</summary>
    public static IEnumerable<EventRow> Of(UpdateResult result)
    {
        yield return new EventRow("update", null, null, result.Succeeded ? "succeeded" : "failed") { Elapsed = result.Elapsed };
        foreach (var step in result.Steps)
        {
            foreach (var row in Flows(step)) yield return row;
            foreach (var rule in CountsOf(step.Result)?.Rules ?? [])
            {
                yield return new EventRow("expectation", step.Dataset.Name.ToString(), rule.Name, rule.Violated == 0 ? "passed" : "violated")
                {
                    Action = rule.Action, Message = rule.Predicate, Passed = rule.Passed, Violated = rule.Violated,
                };
            }
        }
        foreach (var test in result.Tests.Where(static t => !t.IsRemembered))
        {
            yield return new EventRow("test", test.Dataset?.ToString(), test.Name, test.Status.ToString().ToLowerInvariant())
            {
                Action = test.Severity == Severity.Error ? "error" : "warn", Violated = test.Failures, Message = test.Message,
            };
        }
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("kind", Kind);
        json.WriteString("dataset", Dataset);
        json.WriteString("name", Name);
        json.WriteString("status", Status);
        json.WriteString("action", Action);
        json.WriteString("message", Message);
        json.WriteString("code", Code);
        Number(json, "version", Version);
        Number(json, "rows_in", Counts?.RowsIn);
        Number(json, "rows_out", Counts?.RowsOut);
        Number(json, "rows_dropped", Counts?.RowsDropped);
        Number(json, "rows_quarantined", Counts?.RowsQuarantined);
        Number(json, "rows_rescued", Counts?.RowsRescued);
        Number(json, "bytes_in", Counts?.BytesIn);
        Number(json, "bytes_out", Counts?.BytesOut);
        Number(json, "files", Counts?.Files);
        Number(json, "passed", Passed);
        Number(json, "violated", Violated);
        Number(json, "duration_ms", Elapsed is { } elapsed ? (long)elapsed.TotalMilliseconds : null);
        Number(json, "rows_per_minute", Counts is { } c && Elapsed is { TotalMilliseconds: > 0 } time ? (long)(c.RowsOut / time.TotalMinutes) : null);
        json.WriteEndObject();
    }

    /// <summary>A row a flow, where the dataset has several by its name.</summary>
    private static IEnumerable<EventRow> Flows(StepOutcome step) => step.Result.Flows.Count == 0
        ? [OfFlow(step, step.Dataset.Flows is [{ IsDefault: false } only] ? only.Name : null)]
        : step.Result.Flows.Select(flow => OfFlow(step with { Result = flow.Result, Elapsed = flow.Elapsed }, flow.Flow.Name));

    private static EventRow OfFlow(StepOutcome step, string? flow) => step.Result switch
    {
        FlowResult.Completed completed => new EventRow("flow", step.Dataset.Name.ToString(), flow, step.Status)
        {
            Version = completed.Version, Counts = completed.Counts, Elapsed = step.Elapsed,
            Message = completed.Notes.Count == 0 ? null : string.Join("; ", completed.Notes),
        },
        FlowResult.Failed failed => new EventRow("flow", step.Dataset.Name.ToString(), flow, step.Status)
        {
            Code = failed.Code, Message = failed.Message, Counts = failed.Counts, Elapsed = step.Elapsed,
        },
        FlowResult.Skipped skipped => new EventRow("flow", step.Dataset.Name.ToString(), flow, step.Status) { Message = skipped.Reason },
        _ => throw new InvalidOperationException("A flow completes, fails or is skipped."),
    };

    private static BatchCounts? CountsOf(FlowResult result) => result switch
    {
        FlowResult.Completed completed => completed.Counts,
        FlowResult.Failed failed => failed.Counts,
        _ => null,
    };

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
