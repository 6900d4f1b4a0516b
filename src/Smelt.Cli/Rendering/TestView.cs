using System.Text.Json;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>Outcomes of data tests.</summary>
internal static class TestView
{
    public static string Summary(IReadOnlyList<TestOutcome> tests)
    {
        int Count(TestStatus status) => tests.Count(t => t.Status == status);
        var parts = new List<string> { $"{Count(TestStatus.Passed)} tests passed" };
        if (Count(TestStatus.Warned) is > 0 and var warned) parts.Add($"{warned} warned");
        if (Count(TestStatus.Failed) is > 0 and var failed) parts.Add($"{failed} failed");
        if (Count(TestStatus.Error) is > 0 and var errors) parts.Add($"{errors} could not run");
        if (Count(TestStatus.Skipped) is > 0 and var skipped) parts.Add($"{skipped} skipped");
        if (tests.Count(static t => t.IsRemembered) is > 0 and var same) parts.Add($"{same} of them on unchanged tables");
        return string.Join(", ", parts);
    }

    public static void Write(Utf8JsonWriter json, IReadOnlyList<TestOutcome> tests)
    {
        json.Objects("tests", tests, test =>
        {
            json.WriteString("name", test.Name);
            json.WriteString("dataset", test.Dataset?.ToString());
            json.WriteString("status", test.Status.ToString().ToLowerInvariant());
            json.WriteString("severity", test.Severity == Smelt.Pipelines.Severity.Error ? "error" : "warn");
            json.WriteNumber("failures", test.Failures);
            json.WriteString("sql", test.Sql);
            json.WriteString("message", test.Message);
            json.WriteStartArray("rows");
            foreach (var row in test.Samples) json.WriteRawValue(row);
            json.WriteEndArray();
        });
    }
}
