namespace Smelt.Lake.Tests.Reliability;

/// <summary>
/// One of several processes that write one table at once: appends, merges, deletes and optimizes as they come. It tells what it committed, so that the table can be held
/// against the sum of all that was told.
/// </summary>
internal static class MixedWriters
{
    internal const int Keys = 12;

    /// <summary>Rows: kind 'k' are the shared counters (key, value); kind 'a' are a writer's own (key = its number, value = a number of its own).</summary>
    internal static async Task<string> RunAsync(string root, int number, int commits)
    {
        using var lake = new TestLake(root);
        var table = lake.Lake.Table("t");
        var random = new Random(number);
        var told = new Tally();
        var next = 0;
        var mine = new List<int>();
        while (told.Commits < commits)
        {
            switch (random.Next(10))
            {
                case < 5:
                    var rows = random.Next(1, 4);
                    if (Committed(await lake.WriteAsync("t", $"SELECT 'a' AS kind, {number} AS key, ({next} + range)::BIGINT AS value FROM range({rows})")))
                    {
                        mine.AddRange(Enumerable.Range(next, rows));
                        told.Commits++;
                    }
                    next += rows;
                    break;
                case < 8:
                    var key = random.Next(Keys);
                    var merge = new MergeCommand
                    {
                        Source = $"SELECT 'k' AS kind, {key} AS key",
                        On = "target.kind = source.kind AND target.key = source.key",
                        Clauses = [new MergeClause.Update([new Assignment("value", "target.value + 1")])],
                    };
                    if (await table.MergeAsync(merge) is DmlResult.Committed)
                        (told.Increments[key], told.Commits) = (told.Increments[key] + 1, told.Commits + 1);
                    break;
                case 8 when mine.Count > 0:
                    var gone = mine[random.Next(mine.Count)];
                    if (await table.DeleteAsync($"kind = 'a' AND key = {number} AND value = {gone}") is DmlResult.Committed)
                    {
                        mine.Remove(gone);
                        told.Commits++;
                    }
                    break;
                default:
                    if (await table.OptimizeAsync(new OptimizeOptions { MaxAttempts = 1 }) is MaintenanceResult.Done)
                        told.Commits++;
                    break;
            }
        }
        return $"{told.Commits};{string.Join(',', told.Increments)};{string.Join(',', mine)}";
    }

    private static bool Committed(CommitResult result) => result is CommitResult.Committed;

    private sealed class Tally
    {
        internal int Commits;
        internal readonly int[] Increments = new int[Keys];
    }
}
