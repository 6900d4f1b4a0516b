namespace Smelt.EndToEnd.Tests;

/// <summary>The named points of a batch with an intent, whose record has plans for its table and two side tables, in their order.</summary>
internal static class StepPoints
{
    public static readonly IReadOnlyList<string> All =
    [
        "before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared",
        "before-commit-0", "after-commit-0", "before-commit-1", "after-commit-1", "before-commit-2", "after-commit-2", "before-done", "after-done",
    ];
}
