using System.Text.Json;
using Smelt.Connectors;
using Smelt.Engine;

namespace Smelt.Runs;

/// <summary>An update's manifest: inputs and outputs with versions, rows and code hash, as JSON.</summary>
internal static class Manifest
{
    private const int MostFiles = 1000;

    public static async Task<byte[]> OfAsync(UpdateContext context, UpdateResult result, DateTimeOffset startedAt, CancellationToken cancel)
    {
        var outputs = new Dictionary<string, TableInput>();
        foreach (var step in result.Steps)
        {
            // A step that failed because its table cannot be read has no version to tell.
            if (step.Result is FlowResult.Failed { Code: EngineCodes.TableUnreadable }) continue;
            if (await context.Tables.FindAsync(step.Dataset.Name, cancel) is { } table) outputs[step.Dataset.Name.ToString()] = await table.AsInputAsync(step.Dataset.Name.ToString());
        }
        // What a completed step read, selected or not, and the quarantine that it wrote.
        var completed = result.Steps.Where(static s => s.Result is FlowResult.Completed).ToList();
        var quarantines = completed.Where(static s => s.Result is FlowResult.Completed { Counts.RowsQuarantined: > 0 }).Select(s => context.Pipeline.Project.QuarantineOf(s.Dataset.Name));
        foreach (var name in completed.SelectMany(static s => s.Dataset.Inputs).Concat(quarantines).Distinct())
        {
            if (!outputs.ContainsKey(name.ToString()) && await context.Tables.FindAsync(name, cancel) is { } table) outputs[name.ToString()] = await table.AsInputAsync(name.ToString());
        }
        return UpdateRecords.Document(json =>
        {
            json.WriteString("update", result.UpdateId);
            json.WriteString("pipeline", context.Pipeline.Project.Name);
            json.WriteString("target", context.Pipeline.Target.Name);
            json.WriteString("status", result.Succeeded ? "succeeded" : "failed");
            json.WriteString("startedAt", startedAt);
            json.WriteNumber("durationMs", (long)result.Elapsed.TotalMilliseconds);
            json.WriteStartArray("steps");
            foreach (var step in result.Steps) Step(json, context, step, outputs);
            json.WriteEndArray();
            json.WriteStartArray("tests");
            foreach (var test in result.Tests)
            {
                json.WriteStartObject();
                json.WriteString("name", test.Name);
                json.WriteString("dataset", test.Dataset?.ToString());
                json.WriteString("status", test.Status.ToString().ToLowerInvariant());
                json.WriteNumber("failures", test.Failures);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    /// <summary>The files of one batch; where there are many, their number, the first and the last: the record tells all.</summary>
    private static void Files(Utf8JsonWriter json, BatchFiles batch)
    {
        json.WriteStartObject();
        json.WriteString("source", batch.Source);
        json.WriteNumber("generation", batch.Key.Generation);
        json.WriteNumber("batch", batch.Key.Batch);
        if (batch.BatchId is not null) json.WriteString("batchId", batch.BatchId);
        json.WriteString("record", batch.Record);
        json.WriteNumber("fileCount", batch.Files.Count);
        json.WriteNumber("bytes", batch.Files.Sum(static f => f.Size));
        if (batch.Files.Count > MostFiles)
        {
            File(json, "first", batch.Files[0]);
            File(json, "last", batch.Files[^1]);
        }
        else
        {
            json.WriteStartArray("files");
            foreach (var file in batch.Files) File(json, null, file);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void File(Utf8JsonWriter json, string? name, SourceFile file)
    {
        if (name is null) json.WriteStartObject();
        else json.WriteStartObject(name);
        json.WriteString("path", file.Path);
        json.WriteNumber("size", file.Size);
        json.WriteEndObject();
    }

    private static void Step(Utf8JsonWriter json, UpdateContext context, StepOutcome step, Dictionary<string, TableInput> tables)
    {
        json.WriteStartObject();
        json.WriteString("dataset", step.Dataset.Name.ToString());
        json.WriteString("kind", step.Dataset.Kind.ToString());
        json.WriteString("codeHash", step.Dataset.DefinitionHash);
        json.WriteString("status", step.Status);
        if (step.Result is FlowResult.Skipped skipped) json.WriteString("reason", skipped.Reason);
        if (step.Result is FlowResult.Failed failed)
        {
            json.WriteString("code", failed.Code);
            json.WriteString("message", failed.Message);
        }
        json.WriteStartArray("inputs");
        foreach (var input in step.Dataset.Inputs)
        {
            json.WriteStartObject();
            json.WriteString("dataset", input.ToString());
            if (tables.TryGetValue(input.ToString(), out var read)) json.WriteNumber("version", read.Version);
            json.WriteEndObject();
        }
        foreach (var files in (step.Result as FlowResult.Completed)?.Batches ?? []) Files(json, files);
        json.WriteEndArray();
        if (tables.TryGetValue(step.Dataset.Name.ToString(), out var written))
        {
            json.WriteString("tableId", written.TableId);
            json.WriteNumber("version", written.Version);
        }
        if (step.Result is FlowResult.Completed completed)
        {
            json.WriteNumber("rowsIn", completed.Counts.RowsIn);
            json.WriteNumber("rowsOut", completed.Counts.RowsOut);
            json.WriteNumber("rowsDropped", completed.Counts.RowsDropped);
            json.WriteNumber("rowsQuarantined", completed.Counts.RowsQuarantined);
            if (completed.Counts.RowsQuarantined > 0 && tables.TryGetValue(context.Pipeline.Project.QuarantineOf(step.Dataset.Name).ToString(), out var quarantine))
            {
                json.WriteString("quarantine", quarantine.Name);
                json.WriteNumber("quarantineVersion", quarantine.Version);
            }
            json.WriteNumber("bytesOut", completed.Counts.BytesOut);
        }
        if (step.Result.Flows.Count > 0) Flows(json, step.Result.Flows);
        json.WriteNumber("durationMs", (long)step.Elapsed.TotalMilliseconds);
        json.WriteEndObject();
    }

    private static void Flows(Utf8JsonWriter json, IReadOnlyList<FlowOutcome> flows)
    {
        json.WriteStartArray("flows");
        foreach (var (flow, result, elapsed) in flows)
        {
            json.WriteStartObject();
            json.WriteString("flow", flow.Name);
            json.WriteString("codeHash", flow.DefinitionHash);
            json.WriteString("status", result switch { FlowResult.Completed => "completed", FlowResult.Failed => "failed", _ => "skipped" });
            if (result is FlowResult.Completed { Version: var version, Counts: var counts })
            {
                json.WriteNumber("version", version);
                json.WriteNumber("rowsIn", counts.RowsIn);
                json.WriteNumber("rowsOut", counts.RowsOut);
            }
            json.WriteNumber("durationMs", (long)elapsed.TotalMilliseconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
