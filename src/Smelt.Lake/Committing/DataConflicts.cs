namespace Smelt.Lake;

/// <summary>What another writer's data does to a plan that was made from files it read (Delta's rules, in their order: files added, files read, files removed).</summary>
internal static class DataConflicts
{
    /// <param name="table">The table.</param>
    /// <param name="metadata">Its metadata, which the winner has not changed.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="level">What it is held to.</param>
    /// <param name="version">The winner's version.</param>
    /// <param name="winner">The other writer's commit.</param>
    internal static CommitResult.Conflict? Find(DeltaTable table, TableMetadata metadata, TablePlan plan, IsolationLevel level, long version, CommitActions winner)
    {
        var operation = winner.Info?.Operation ?? "unknown operation";
        if (Added(table, metadata, plan, level, winner) is { } added)
            return new(ConflictKind.ConcurrentAppend, version, $"version {version} ({operation}) added the file '{added.Path}', which may hold rows that the plan should have read");
        var mine = plan.Removes.Select(r => FilePath.Decode(r.Path)).ToHashSet(StringComparer.Ordinal);
        var read = plan.Reads.Files.Select(FilePath.Decode).ToHashSet(StringComparer.Ordinal);
        foreach (var remove in winner.Removes)
        {
            var path = FilePath.Decode(remove.Path);
            if (mine.Contains(path))
                return new(ConflictKind.ConcurrentDelete, version, $"version {version} ({operation}) removed or changed the file '{remove.Path}', which the plan removes or changes too");
            if (plan.Reads.WholeTable && remove.DataChange || read.Contains(path))
                return new(ConflictKind.ConcurrentRead, version, $"version {version} ({operation}) removed or changed the file '{remove.Path}', which the plan read");
        }
        return null;
    }

    private static AddFile? Added(DeltaTable table, TableMetadata metadata, TablePlan plan, IsolationLevel level, CommitActions winner)
    {
        if (level == IsolationLevel.SnapshotIsolation || !plan.Reads.WholeTable && plan.Reads.Condition is null)
            return null;
        // What was appended without reading can be taken for appended later, unless the plan gives the rows another schema.
        if (level == IsolationLevel.WriteSerializable && winner.Info?.IsBlindAppend == true && plan.Metadata is null)
            return null;
        var added = winner.Adds.FindAll(a => a.DataChange);
        if (added.Count == 0 || plan.Reads.WholeTable)
            return added.FirstOrDefault();
        using var connection = table.Lake.Connect();
        var filter = new PruneFilter(metadata, PredicateAst.Parse(connection, plan.Reads.Condition!, metadata.Schema));
        return added.Find(filter.MayMatch);
    }
}
