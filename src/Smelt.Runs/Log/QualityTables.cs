using System.Text.Json;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// What rules and tests said, and the figures of datasets, in Delta tables of their own: <c>_smelt.expectations</c>, <c>_smelt.test_results</c>,
/// <c>_smelt.test_failures</c>, <c>_smelt.column_profile</c>. Each is made with its first row.
/// </summary>
internal sealed class QualityTables(UpdateContext context)
{
    public const string ColumnProfile = "column_profile";

    private static readonly ColumnSpec[] s_expectations =
    [
        new("dataset", DeltaType.String), new("name", DeltaType.String), new("action", DeltaType.String), new("predicate", DeltaType.String), new("passed", DeltaType.Long), new("violated", DeltaType.Long),
        new("rows_in", DeltaType.Long), new("rows_out", DeltaType.Long), new("rows_dropped", DeltaType.Long), new("rows_quarantined", DeltaType.Long),
        new("description", DeltaType.String), new("severity", DeltaType.String), new("owner", DeltaType.String),
    ];

    private static readonly ColumnSpec[] s_results =
    [
        new("dataset", DeltaType.String), new("name", DeltaType.String), new("status", DeltaType.String), new("severity", DeltaType.String), new("failures", DeltaType.Long), new("message", DeltaType.String), new("sql", DeltaType.String),
    ];

    private static readonly ColumnSpec[] s_failures = [new("dataset", DeltaType.String), new("name", DeltaType.String), new("row", DeltaType.String)];

    private static readonly ColumnSpec[] s_profile = [new("dataset", DeltaType.String), new("column", DeltaType.String), new("metric", DeltaType.String), new("value", DeltaType.Double), new(RowsWhere, DeltaType.String)];

    /// <summary>The column of <see cref="ColumnProfile"/> with the predicate of the rows that a figure is of; NULL: of all.</summary>
    public const string RowsWhere = "rows_where";

    /// <param name="result">What the update did.</param>
    /// <param name="note">Told of figures that cannot be taken.</param>
    /// <param name="cancel">Ends the work between the tables.</param>
    public async Task AppendAsync(UpdateResult result, Action<string> note, CancellationToken cancel)
    {
        await AppendAsync("expectations", "What every update counted of its rules", s_expectations, result.UpdateId, [.. result.Steps.SelectMany(Expectations)], cancel);
        await AppendTestsAsync(result.UpdateId, [.. result.Tests.Where(static t => !t.IsRemembered)], cancel);
        var profile = await UpdateProfile.OfAsync(context, result, note, cancel);
        await AppendAsync(ColumnProfile, "Figures of datasets after the updates that changed them", s_profile, result.UpdateId, [.. profile.Select(static p => Figure(p.Dataset, p.Figure))], cancel);
    }

    /// <param name="id">The update's; of <c>smelt test</c> one of its own, which no update has.</param>
    /// <param name="tests">Those that ran.</param>
    /// <param name="cancel">Ends the work before a commit.</param>
    public async Task AppendTestsAsync(string id, IReadOnlyList<TestOutcome> tests, CancellationToken cancel)
    {
        await AppendAsync("test_results", "How the data tests of every update ended", s_results, id, [.. tests.Select(Result)], cancel);
        await AppendAsync("test_failures", "Failing rows of tests with store_failures", s_failures, id, [.. tests.SelectMany(static t => t.Stored.Select(row => Failure(t, row)))], cancel);
    }

    private async Task AppendAsync(string table, string comment, ColumnSpec[] columns, string id, IReadOnlyList<Action<Utf8JsonWriter>> rows, CancellationToken cancel)
    {
        if (rows.Count > 0) await new SystemTable(context, table, comment, columns).AppendAsync(id, rows, cancel);
    }

    private static IEnumerable<Action<Utf8JsonWriter>> Expectations(StepOutcome step)
    {
        var counts = step.Result switch { FlowResult.Completed done => done.Counts, FlowResult.Failed failed => failed.Counts, _ => null };
        foreach (var rule in counts?.Rules ?? [])
        {
            var declared = step.Dataset.Expectations.FirstOrDefault(e => e.Name == rule.Name);
            yield return json =>
            {
                json.WriteStartObject();
                json.WriteString("dataset", step.Dataset.Name.ToString());
                json.WriteString("name", rule.Name);
                json.WriteString("action", rule.Action);
                json.WriteString("predicate", rule.Predicate);
                json.WriteNumber("passed", rule.Passed);
                json.WriteNumber("violated", rule.Violated);
                json.WriteNumber("rows_in", counts!.RowsIn);
                json.WriteNumber("rows_out", counts.RowsOut);
                json.WriteNumber("rows_dropped", counts.RowsDropped);
                json.WriteNumber("rows_quarantined", counts.RowsQuarantined);
                json.WriteString("description", declared?.Description);
                json.WriteString("severity", declared?.Severity);
                json.WriteString("owner", declared?.Owner);
                json.WriteEndObject();
            };
        }
    }

    private static Action<Utf8JsonWriter> Result(TestOutcome test) => json =>
    {
        json.WriteStartObject();
        json.WriteString("dataset", test.Dataset?.ToString());
        json.WriteString("name", test.Name);
        json.WriteString("status", test.Status.ToString().ToLowerInvariant());
        json.WriteString("severity", test.Severity == Severity.Error ? "error" : "warn");
        json.WriteNumber("failures", test.Failures);
        json.WriteString("message", test.Message);
        json.WriteString("sql", test.Sql);
        json.WriteEndObject();
    };

    private static Action<Utf8JsonWriter> Failure(TestOutcome test, string row) => json =>
    {
        json.WriteStartObject();
        json.WriteString("dataset", test.Dataset?.ToString());
        json.WriteString("name", test.Name);
        json.WriteString("row", row);
        json.WriteEndObject();
    };

    private static Action<Utf8JsonWriter> Figure(DatasetName dataset, ProfileFigure figure) => json =>
    {
        json.WriteStartObject();
        json.WriteString("dataset", dataset.ToString());
        json.WriteString("column", figure.Column);
        json.WriteString("metric", figure.Metric);
        json.WriteNumber("value", figure.Value);
        json.WriteString(RowsWhere, figure.Where);
        json.WriteEndObject();
    };
}
