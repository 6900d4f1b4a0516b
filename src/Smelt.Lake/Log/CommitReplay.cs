namespace Smelt.Lake;

/// <summary>Applies many commits: a few at a time are read and parsed together, and applied in their order, so that no more than a few are in memory.</summary>
internal static class CommitReplay
{
    private const int AtOnce = 8, MostCommits = 512;
    private const long MostBytes = 8 << 20;

    /// <param name="table">The table.</param>
    /// <param name="commits">Their files, of the versions after the state's; compactions among them.</param>
    /// <param name="state">Where they are applied to.</param>
    /// <param name="cancel">Ends the reading.</param>
    internal static async ValueTask ApplyAsync(DeltaTable table, IReadOnlyList<LogFile> commits, TableState state, CancellationToken cancel)
    {
        var read = new (byte[] Bytes, CommitActions Actions)[MostCommits];
        for (var first = 0; first < commits.Count;)
        {
            var count = Together(commits, first);
            if (count < AtOnce)
                for (var i = 0; i < count; i++)
                    read[i] = await ReadAsync(table, commits[first + i].Object.Key, cancel);
            else
                await ReadTogetherAsync(table, commits, first, count, read, cancel);
            for (var i = 0; i < count; i++)
                Apply(table, state, commits[first + i], read[i].Actions, LogReader.Json(read[i].Bytes));
            first += count;
        }
    }

    private static void Apply(DeltaTable table, TableState state, LogFile file, CommitActions actions, ReadOnlySpan<byte> json)
    {
        // A compaction is reconciled (PROTOCOL.md, "Log Compaction Files"): one that says two things of a file does not tell which came last, and its commits do.
        if (file.Kind == LogFileKind.Compaction && actions.Slices!.NamesOneTwice)
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, "the compaction has two actions on one file", file.Object.Key);
        state.Apply(actions, json, Math.Max(file.Version, file.Until));
        if (file.Kind == LogFileKind.Compaction)
            state.ForgetLastDataChange();
    }

    private static int Together(IReadOnlyList<LogFile> commits, int first)
    {
        var (count, bytes) = (0, 0L);
        while (first + count < commits.Count && count < MostCommits && (count == 0 || bytes + commits[first + count].Object.Size <= MostBytes))
            bytes += commits[first + count++].Object.Size;
        return count;
    }

    private static async ValueTask ReadTogetherAsync(
        DeltaTable table, IReadOnlyList<LogFile> commits, int first, int count, (byte[] Bytes, CommitActions Actions)[] into, CancellationToken cancel)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        await Parallel.ForAsync(0, AtOnce, options, async (part, stop) =>
        {
            for (var i = part; i < count; i += AtOnce)
                into[i] = await ReadAsync(table, commits[first + i].Object.Key, stop);
        });
    }

    private static async ValueTask<(byte[], CommitActions)> ReadAsync(DeltaTable table, string key, CancellationToken cancel)
    {
        var bytes = await LogReader.ReadWholeAsync(table, key, cancel);
        return (bytes, LogReader.Parse(table, key, bytes, new CommitActions { Slices = new FileSlices() }));
    }
}
