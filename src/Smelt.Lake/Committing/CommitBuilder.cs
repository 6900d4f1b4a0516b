namespace Smelt.Lake;

/// <summary>Makes a plan that fits its table into the actions of one commit.</summary>
internal static class CommitBuilder
{
    internal const string EngineInfo = "Smelt/0.1.0";

    /// <summary>Tag of commitInfo that holds the id of the attempt.</summary>
    internal const string AttemptTag = "smelt.attempt";

    /// <param name="plan">Rebased onto <paramref name="head"/>.</param>
    /// <param name="head">The table now; null for a new one.</param>
    /// <param name="nowMs">Milliseconds since 1970 UTC.</param>
    internal static CommitActions Build(TablePlan plan, Snapshot? head, long nowMs)
    {
        var actions = new CommitActions { Protocol = plan.Protocol, Metadata = Metadata(plan, head) };
        if (plan.Transaction is not null)
            actions.Transactions.Add(plan.Transaction with { LastUpdated = plan.Transaction.LastUpdated ?? nowMs });
        actions.Transactions.AddRange(plan.AlsoTransactions.Select(t => t with { LastUpdated = t.LastUpdated ?? nowMs }));
        actions.Domains.AddRange(plan.Domains);
        if (plan.Kind == PlanKind.Overwrite)
            actions.Removes.AddRange(head!.Files.Select(f => RemoveFile.Of(f, nowMs)));
        actions.Removes.AddRange(plan.Removes.Select(r => r with { DeletionTimestamp = r.DeletionTimestamp ?? nowMs }));
        actions.Adds.AddRange(plan.Adds);
        actions.ChangeFiles.AddRange(plan.ChangeFiles);
        RowIds.Assign(actions, head, plan.Kind);
        var time = CommitTime.Of(actions, head, nowMs);
        actions.Info = Info(plan, head, actions, time.TimestampMs) with { InCommitTimestamp = time.InCommitMs };
        return actions;
    }

    /// <summary>commitInfo first: readers of in-commit timestamps want it there.</summary>
    internal static ReadOnlyMemory<byte> Serialize(CommitActions actions)
    {
        using var writer = new ActionWriter();
        writer.Write(actions.Info!);
        if (actions.Protocol is not null)
            writer.Write(actions.Protocol);
        if (actions.Metadata is not null)
            writer.Write(actions.Metadata);
        actions.Transactions.ForEach(writer.Write);
        actions.Domains.ForEach(writer.Write);
        actions.Removes.ForEach(writer.Write);
        actions.Adds.ForEach(writer.Write);
        actions.ChangeFiles.ForEach(writer.Write);
        return writer.Written;
    }

    private static TableMetadata? Metadata(TablePlan plan, Snapshot? head)
    {
        if (plan.SetProperties.Count == 0)
            return plan.Metadata;
        var basis = plan.Metadata ?? head!.Metadata;
        var properties = basis.Configuration.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, value) in plan.SetProperties)
        {
            if (value is null)
                properties.Remove(name);
            else
                properties[name] = value;
        }
        return basis with { Configuration = properties };
    }

    private static CommitInfo Info(TablePlan plan, Snapshot? head, CommitActions actions, long nowMs)
    {
        var metrics = plan.OperationMetrics.ToDictionary(StringComparer.Ordinal);
        if (plan.Kind is PlanKind.Create or PlanKind.Append or PlanKind.Overwrite)
        {
            metrics.TryAdd("numFiles", actions.Adds.Count.ToString());
            metrics.TryAdd("numOutputBytes", actions.Adds.Sum(a => a.Size).ToString());
            if (actions.Adds.TrueForAll(a => a.NumRecords is not null))
                metrics.TryAdd("numOutputRows", actions.Adds.Sum(a => a.NumRecords!.Value).ToString());
            if (actions.Removes.Count > 0)
                metrics.TryAdd("numRemovedFiles", actions.Removes.Count.ToString());
        }
        var tags = plan.Tags.ToDictionary(StringComparer.Ordinal);
        tags[AttemptTag] = plan.Attempt;
        return new CommitInfo
        {
            Timestamp = nowMs,
            Operation = plan.Operation,
            OperationParameters = plan.OperationParameters,
            ReadVersion = head?.Version,
            IsolationLevel = ConflictRules.LevelOf(plan, head?.Metadata ?? plan.Metadata!).ToString(),
            IsBlindAppend = plan.Kind is PlanKind.Append or PlanKind.Create && plan.Reads.IsNothing,
            OperationMetrics = metrics,
            EngineInfo = EngineInfo,
            TxnId = Guid.NewGuid().ToString(),
            Tags = tags,
        };
    }
}
