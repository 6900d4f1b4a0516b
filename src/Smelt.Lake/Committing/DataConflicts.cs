namespace Smelt.Lake;

/// <summary>What other writers' data does to a plan that was made from files it read (Delta's rules, in their order: files added, files removed, files read).</summary>
internal sealed class DataConflicts
{
    private readonly TablePlan _plan;
    private readonly IsolationLevel _level;
    private readonly HashSet<string> _removed, _read;
    private readonly Lazy<PruneFilter> _filter;

    /// <param name="table">The table.</param>
    /// <param name="metadata">Its metadata, which the winners have not changed.</param>
    /// <param name="plan">The plan.</param>
    internal DataConflicts(DeltaTable table, TableMetadata metadata, TablePlan plan)
    {
        (_plan, _level) = (plan, ConflictRules.LevelOf(plan, metadata));
        _removed = plan.Removes.Select(r => FilePath.Decode(r.Path)).ToHashSet(StringComparer.Ordinal);
        _read = plan.Reads.Files.Select(FilePath.Decode).ToHashSet(StringComparer.Ordinal);
        _filter = new Lazy<PruneFilter>(() =>
        {
            using var connection = table.Lake.Connect();
            return new PruneFilter(metadata, PredicateAst.Parse(connection, plan.Reads.Condition!, metadata.Schema));
        });
    }

    /// <param name="version">The winner's version.</param>
    /// <param name="winner">The other writer's commit.</param>
    internal CommitResult.Conflict? Find(long version, CommitActions winner)
    {
        var operation = winner.Info?.Operation ?? "unknown operation";
        if (Added(winner) is { } added)
            return new(ConflictKind.ConcurrentAppend, version, $"version {version} ({operation}) added the file '{added.Path}', which may hold rows that the plan should have read");
        foreach (var remove in winner.Removes)
        {
            var path = FilePath.Decode(remove.Path);
            if (_removed.Contains(path))
                return new(ConflictKind.ConcurrentDelete, version, $"version {version} ({operation}) removed or changed the file '{remove.Path}', which the plan removes or changes too");
            if (_plan.Reads.WholeTable && remove.DataChange || _read.Contains(path))
                return new(ConflictKind.ConcurrentRead, version, $"version {version} ({operation}) removed or changed the file '{remove.Path}', which the plan read");
        }
        return null;
    }

    private AddFile? Added(CommitActions winner)
    {
        if (_level == IsolationLevel.SnapshotIsolation || !_plan.Reads.WholeTable && _plan.Reads.Condition is null)
            return null;
        // What was appended without reading can be taken for appended later, unless the plan gives the rows another schema.
        if (_level == IsolationLevel.WriteSerializable && winner.Info?.IsBlindAppend == true && _plan.Metadata is null)
            return null;
        var added = winner.Adds.FindAll(a => a.DataChange);
        return added.Count == 0 || _plan.Reads.WholeTable ? added.FirstOrDefault() : added.Find(_filter.Value.MayMatch);
    }
}
