namespace Smelt.Lake;

/// <summary>Which table properties may be set: those that ask for what is not done are refused by name, so that no table promises what it does not keep.</summary>
internal static class PropertyRules
{
    private static readonly HashSet<string> NotDone = new(StringComparer.OrdinalIgnoreCase)
    {
        "delta.enableIcebergCompatV1", "delta.enableIcebergCompatV2", "delta.enableIcebergCompatV3", "delta.enableVariantShredding",
    };

    private static readonly HashSet<string> Switches = new(StringComparer.OrdinalIgnoreCase)
    {
        AppendOnlyProperty.Name, "delta.enableChangeDataFeed", "delta.enableDeletionVectors", "delta.enableRowTracking", CommitTime.Enabled, "delta.enableTypeWidening",
        "delta.checkpoint.writeStatsAsJson", "delta.checkpoint.writeStatsAsStruct", "delta.enableExpiredLogCleanup",
    };

    private static readonly HashSet<string> Intervals = new(StringComparer.OrdinalIgnoreCase)
    {
        "delta.logRetentionDuration", "delta.deletedFileRetentionDuration", "delta.setTransactionRetentionDuration",
    };

    /// <summary>Kept by the table itself.</summary>
    private static readonly HashSet<string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        "delta.columnMapping.maxColumnId", CommitTime.EnablementVersion, CommitTime.EnablementTimestamp,
        RowTracking.IdColumn, RowTracking.VersionColumn,
    };

    internal static IEnumerable<SchemaProblem> Check(IReadOnlyDictionary<string, string?>? properties, IReadOnlyDictionary<string, string>? existing)
    {
        foreach (var (name, value) in properties ?? EmptyMap.Values)
            if (existing?.GetValueOrDefault(name) != value && Refusal(name, value, existing) is { } reason)
                yield return new SchemaProblem(SchemaProblemKind.BadProperty, null, $"the property '{name}' = '{value}' {reason}");
    }

    private static string? Refusal(string name, string? value, IReadOnlyDictionary<string, string>? existing)
    {
        var isTrue = string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
        if (NotDone.Contains(name))
            return isTrue ? "is not supported" : null;
        if (Switches.Contains(name))
            return value is null || isTrue || string.Equals(value, "false", StringComparison.OrdinalIgnoreCase) ? null : "is neither true nor false";
        if (Intervals.Contains(name))
            return value is null || Retention.Parse(value) is >= 0 ? null : "is not a length of time like 'interval 7 days'";
        if (Own.Contains(name))
            return "is kept by the table itself";
        if (name.StartsWith(ProtocolNeeds.FeaturePrefix, StringComparison.OrdinalIgnoreCase))
            return ProtocolSupport.IsWritable(name[ProtocolNeeds.FeaturePrefix.Length..]) && value is "supported" or "enabled" ? null : "names a feature that is not supported";
        if (existing is not null && name.StartsWith(ColumnDuty.ConstraintPrefix, StringComparison.OrdinalIgnoreCase))
            return "is not set so on a table that has rows; use ALTER TABLE … ADD or DROP CONSTRAINT, which looks at them";
        return name.ToLowerInvariant() switch
        {
            "delta.columnmapping.mode" => MappingRefusal(value, existing),
            "delta.checkpointpolicy" => value is null or "classic" or "v2" ? null : "is neither classic nor v2",
            "delta.checkpointinterval" => value is null || int.TryParse(value, out var n) && n > 0 ? null : "is not a positive number",
            "delta.isolationlevel" => value is null || Enum.TryParse<IsolationLevel>(value, ignoreCase: true, out var level) && level != IsolationLevel.SnapshotIsolation
                ? null : "is neither Serializable nor WriteSerializable",
            "delta.minreaderversion" or "delta.minwriterversion" => "is not supported: the protocol follows from what the table needs; ask for a feature by 'delta.feature.<name>' = 'supported'",
            _ => null,
        };
    }

    /// <summary>Mapping can be chosen for a new table, and turned on by name over files that have the columns' own names; never off, and never from one way to the other.</summary>
    private static string? MappingRefusal(string? value, IReadOnlyDictionary<string, string>? existing) => existing is null
        ? value is "name" or "id" or "none" ? null : "is none of name, id and none"
        : value == "name" && existing.GetValueOrDefault("delta.columnMapping.mode") is null or "none" ? null
        : "is not supported: a table's mapping can be turned on by name, and not be changed again";
}
