namespace Smelt.Lake;

/// <summary>Which table properties may be set: those that ask for what is not done are refused by name, so that no table promises what it does not keep.</summary>
internal static class PropertyRules
{
    private static readonly HashSet<string> NotDone = new(StringComparer.OrdinalIgnoreCase)
    {
        "delta.enableDeletionVectors", "delta.enableRowTracking", "delta.enableInCommitTimestamps", "delta.enableTypeWidening",
        "delta.enableIcebergCompatV1", "delta.enableIcebergCompatV2", "delta.enableIcebergCompatV3", "delta.enableVariantShredding",
    };

    internal static IEnumerable<SchemaProblem> Check(IReadOnlyDictionary<string, string?>? properties, IReadOnlyDictionary<string, string>? existing)
    {
        foreach (var (name, value) in properties ?? EmptyMap.Values)
            if (existing?.GetValueOrDefault(name) != value && Refusal(name, value, existing is null) is { } reason)
                yield return new SchemaProblem(SchemaProblemKind.BadProperty, null, $"the property '{name}' = '{value}' {reason}");
    }

    private static string? Refusal(string name, string? value, bool isNew)
    {
        var isTrue = string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
        var known = name.ToLowerInvariant();
        if (NotDone.Contains(name))
            return isTrue ? "is not supported yet" : null;
        if (known is "delta.appendonly" or "delta.enablechangedatafeed")
            return value is null || isTrue || string.Equals(value, "false", StringComparison.OrdinalIgnoreCase) ? null : "is neither true nor false";
        if (known == "delta.columnmapping.mode")
            return isNew && value is "name" or "none" || !isNew && value is null ? null : "is not supported: mapping by name is chosen when a table is made";
        if (known == "delta.columnmapping.maxcolumnid")
            return "is kept by the table itself";
        if (known == "delta.checkpointpolicy")
            return value is null or "classic" ? null : "is not supported yet";
        if (known == "delta.checkpointinterval")
            return value is null || int.TryParse(value, out var n) && n > 0 ? null : "is not a positive number";
        if (known.StartsWith("delta.constraints.", StringComparison.Ordinal))
            return "is not supported yet; declare an expectation instead";
        if (known.StartsWith("delta.feature.", StringComparison.Ordinal) || known is "delta.minreaderversion" or "delta.minwriterversion")
            return "is not supported: the protocol follows from what the table needs";
        return null;
    }
}
