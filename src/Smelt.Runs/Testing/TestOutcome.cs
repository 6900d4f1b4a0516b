using Smelt.Pipelines;

namespace Smelt.Runs;

public enum TestStatus { Passed, Warned, Failed, Error, Skipped }

/// <summary>How a data test ended.</summary>
/// <param name="Name">As in properties.yml, or the file's name.</param>
/// <param name="Dataset">What it tests; null for a SQL test.</param>
/// <param name="Failures">Rows that fail.</param>
/// <param name="Sql">The query whose rows are the failures.</param>
/// <param name="Samples">The first failing rows as JSON objects.</param>
/// <param name="Message">Why it could not run.</param>
/// <param name="IsRemembered">Nothing it reads changed since it ran last.</param>
public sealed record TestOutcome(
    string Name, DatasetName? Dataset, TestStatus Status, Severity Severity, long Failures, string Sql, IReadOnlyList<string> Samples, string? Message = null, bool IsRemembered = false)
{
    /// <summary>All failing rows as JSON objects, of a test with <c>store_failures</c>.</summary>
    public IReadOnlyList<string> Stored { get; init; } = [];

    /// <summary>What a test <c>anomaly</c> measured.</summary>
    public IReadOnlyList<ProfileFigure> Profile { get; init; } = [];
}
