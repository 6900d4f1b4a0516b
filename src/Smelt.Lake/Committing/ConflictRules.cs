namespace Smelt.Lake;

/// <summary>
/// What other writers' commits do to a plan that was made before them. The rules are Delta's (order: protocol, metadata, domains, data), but for compatible changes of
/// the schema, over which appends rebase.
/// </summary>
internal static class ConflictRules
{
    /// <summary>The plan as it is to be committed on the table as it is now, or why it cannot be.</summary>
    /// <param name="table">The table.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="head">The table now.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal static async ValueTask<(TablePlan Plan, CommitResult.Conflict? Conflict)> RebaseAsync(DeltaTable table, TablePlan plan, Snapshot head, CancellationToken cancel)
    {
        if (head.Metadata.Id != plan.TableId)
            return (plan, new(ConflictKind.TableReplaced, head.Version, "another table is in the place of the one that the plan was made for"));
        if (plan.ReadVersion is not { } read || read == head.Version)
            return (plan, null);
        if (read > head.Version)
            return (plan, new(ConflictKind.TableReplaced, head.Version, $"the plan was made on version {read}, and the table ends at {head.Version}"));
        var data = plan.Kind is PlanKind.Change or PlanKind.Rearrange ? new DataConflicts(table, head.Metadata, plan) : null;
        for (var version = read + 1; version <= head.Version; version++)
        {
            var winner = await LogReader.CommitAsync(table, version, cancel);
            if (winner is null)
                return (plan, new(ConflictKind.MetadataChanged, version, $"version {version} was cleaned up, so it cannot be told whether the plan still fits"));
            (plan, var conflict) = await AgainstAsync(table, plan, data, version, winner, cancel);
            if (conflict is not null)
                return (plan, conflict);
        }
        return (plan, null);
    }

    /// <summary>The level that a plan is held to: the table's, but for plans that change no data.</summary>
    internal static IsolationLevel LevelOf(TablePlan plan, TableMetadata metadata)
    {
        if (plan.Kind is PlanKind.Rearrange or PlanKind.Metadata)
            return IsolationLevel.SnapshotIsolation;
        return Enum.TryParse<IsolationLevel>(metadata.Property("delta.isolationLevel"), ignoreCase: true, out var level) ? level : IsolationLevel.Serializable;
    }

    private static async ValueTask<(TablePlan Plan, CommitResult.Conflict? Conflict)> AgainstAsync(
        DeltaTable table, TablePlan plan, DataConflicts? data, long version, CommitActions winner, CancellationToken cancel)
    {
        if (winner.Protocol is not null && plan.Protocol is not null)
        {
            if (!winner.Protocol.Equals(plan.Protocol))
                return (plan, new(ConflictKind.ProtocolChanged, version, $"version {version} changed the protocol, and so does the plan"));
            plan = plan with { Protocol = null };
        }
        if (winner.Metadata is not null)
        {
            (plan, var conflict) = await AgainstMetadataAsync(table, plan, version, winner.Metadata, cancel);
            if (conflict is not null)
                return (plan, conflict);
        }
        foreach (var domain in plan.Domains)
            if (winner.Domains.Exists(d => d.Domain == domain.Domain))
                return (plan, new(ConflictKind.DomainChanged, version, $"version {version} changed the domain '{domain.Domain}', and so does the plan"));
        // A stream's batch is made to follow the batches before it. Where these were replaced, its rows may be among the new ones: whoever made it looks again.
        if (plan.Kind == PlanKind.Append && plan.Transaction is not null && DeltaTable.BreakOf(winner, plan.TableId) is ChangeBreak.Overwritten or ChangeBreak.Restored)
            return (plan, new(ConflictKind.DataChanged, version, $"version {version} ({winner.Info?.Operation ?? "unknown operation"}) replaced the rows that the plan's batch follows"));
        if (data?.Find(version, winner) is { } found)
            return (plan, found);
        if (plan.Kind == PlanKind.Overwrite && winner.ChangesData)
            return (plan, new(ConflictKind.DataChanged, version, $"version {version} ({winner.Info?.Operation ?? "unknown operation"}) changed rows that the plan replaces"));
        return (plan, null);
    }

    private static async ValueTask<(TablePlan Plan, CommitResult.Conflict? Conflict)> AgainstMetadataAsync(
        DeltaTable table, TablePlan plan, long version, TableMetadata winner, CancellationToken cancel)
    {
        var conflict = new CommitResult.Conflict(ConflictKind.MetadataChanged, version, $"version {version} changed the table's schema or properties");
        if (plan.Metadata is not null)
        {
            // Two appenders that add the same columns at once agree; all else has to be planned anew.
            var agrees = plan.Kind == PlanKind.Append && plan.Metadata.SchemaString == winner.SchemaString
                && plan.Metadata.PartitionColumns.SequenceEqual(winner.PartitionColumns) && SameProperties(plan.Metadata, winner)
                // The same numbers given twice look the same in the schema.
                && !winner.SchemaString.Contains(ColumnDuty.IdentityStart, StringComparison.Ordinal);
            return agrees ? (plan with { Metadata = null }, null) : (plan, conflict);
        }
        if (plan.Kind != PlanKind.Append)
            return plan.Kind == PlanKind.Metadata ? (plan, null) : (plan, conflict);
        Snapshot before;
        try
        {
            before = await table.SnapshotAsync(version - 1, cancel);
        }
        catch (DeltaLogException)
        {
            // What the plan was made on cannot be read any more, so nothing proves that it fits.
            return (plan, conflict);
        }
        return Fits(before.Metadata, winner) ? (plan, null) : (plan, conflict);
    }

    /// <summary>Whether files written for one metadata are right under another: every column is as it was, and what is new may be NULL.</summary>
    private static bool Fits(TableMetadata before, TableMetadata after)
    {
        if (!before.PartitionColumns.SequenceEqual(after.PartitionColumns) || before.ColumnMapping != after.ColumnMapping)
            return false;
        if (!ColumnDuty.Constraints(before).SequenceEqual(ColumnDuty.Constraints(after)))
            return false;
        foreach (var field in before.Schema.Fields)
        {
            var same = after.Schema.Find(field.Name);
            if (same is null || !same.Type.Equals(field.Type) || same.PhysicalName != field.PhysicalName || field.Nullable && !same.Nullable || !ColumnDuty.AreSame(field, same))
                return false;
        }
        return after.Schema.Fields.All(f => f.Nullable && ColumnDuty.AreSame(f, null) || before.Schema.Find(f.Name) is not null);
    }

    private static bool SameProperties(TableMetadata a, TableMetadata b) =>
        a.Configuration.Count == b.Configuration.Count && a.Configuration.All(e => b.Property(e.Key) == e.Value);
}
