namespace Smelt.Lake;

/// <summary>The least protocol that holds what a table has and what it begins to need.</summary>
internal static class ProtocolNeeds
{
    /// <summary>What a table's schema, properties and clustering ask for (PROTOCOL.md, "Table Features"), in a fixed order.</summary>
    internal static List<string> Of(StructType schema, IReadOnlyDictionary<string, string> configuration, bool clustered)
    {
        bool On(string name) => string.Equals(configuration.GetValueOrDefault(name), "true", StringComparison.OrdinalIgnoreCase);
        var needs = new List<string>();
        void Need(bool needed, params string[] features) => needs.AddRange(needed ? features.Except(needs) : []);
        Need(schema.Any(t => t == DeltaType.TimestampNtz), "timestampNtz");
        Need(configuration.GetValueOrDefault("delta.columnMapping.mode") is "name" or "id", "columnMapping");
        Need(On("delta.enableChangeDataFeed"), "changeDataFeed");
        Need(On(AppendOnlyProperty.Name), "appendOnly");
        Need(On("delta.enableDeletionVectors"), "deletionVectors");
        Need(On("delta.enableRowTracking"), "rowTracking", "domainMetadata");
        Need(On(CommitTime.Enabled), "inCommitTimestamp");
        Need(On("delta.enableTypeWidening"), "typeWidening");
        Need(string.Equals(configuration.GetValueOrDefault("delta.checkpointPolicy"), "v2", StringComparison.OrdinalIgnoreCase), "v2Checkpoint");
        Need(clustered, "clustering", "domainMetadata");
        Need(configuration.Keys.Any(k => k.StartsWith(ColumnDuty.ConstraintPrefix, StringComparison.OrdinalIgnoreCase)), "checkConstraints");
        Need(AnyField(schema, f => f.Metadata.Raw.ContainsKey(ColumnDuty.Invariant)), "invariants");
        Need(AnyField(schema, f => f.Metadata.Raw.ContainsKey(ColumnDuty.Generation)), "generatedColumns");
        Need(AnyField(schema, f => f.Metadata.Raw.ContainsKey(ColumnDuty.IdentityStart)), "identityColumns");
        Need(AnyField(schema, f => f.Metadata.Raw.ContainsKey(ColumnDuty.Default)), "allowColumnDefaults");
        foreach (var (name, value) in configuration)
            if (name.StartsWith(FeaturePrefix, StringComparison.Ordinal) && value is "supported" or "enabled")
                Need(true, name[FeaturePrefix.Length..]);
        return needs;
    }

    internal const string FeaturePrefix = "delta.feature.";

    private static bool AnyField(StructType schema, Func<DeltaField, bool> has) => schema.Any(t => t is StructType s && s.Fields.Any(has));

    /// <summary>Features without a legacy version make the protocol one of features, with every feature that the old version stood for.</summary>
    /// <param name="from">The protocol as it is.</param>
    /// <param name="features">What is needed.</param>
    /// <param name="added">What was not there before.</param>
    internal static TableProtocol Upgrade(TableProtocol from, IReadOnlyList<string> features, out IReadOnlyList<string> added)
    {
        var missing = features.Where(f => !ProtocolSupport.Has(from, f) || ProtocolSupport.IsReaderFeature(f) && !ReaderHas(from, f)).ToList();
        added = missing;
        if (missing.Count == 0)
            return from;
        if (from.MinWriterVersion < 7 && missing.TrueForAll(f => LegacyWriter(f) > 0))
            return new TableProtocol(
                Math.Max(from.MinReaderVersion, missing.Contains("columnMapping") ? 2 : 1),
                Math.Max(from.MinWriterVersion, missing.Max(LegacyWriter)));
        var writer = (from.MinWriterVersion < 7 ? ProtocolSupport.Implied(from.MinWriterVersion) : from.WriterFeatures ?? []).Union(missing).ToList();
        var reader = (from.MinReaderVersion < 3 ? from.MinReaderVersion == 2 ? ["columnMapping"] : [] : from.ReaderFeatures ?? [])
            .Union(missing.Where(ProtocolSupport.IsReaderFeature)).ToList();
        // The writers' list of a table whose readers need nothing stands alone.
        return reader.Count == 0 ? new TableProtocol(from.MinReaderVersion, 7, null, writer)
            : new TableProtocol(3, 7, reader, [.. writer.Union(reader)]);
    }

    private static bool ReaderHas(TableProtocol protocol, string feature) => protocol.MinReaderVersion switch
    {
        >= 3 => protocol.ReaderFeatures?.Contains(feature) == true,
        2 => feature == "columnMapping",
        _ => false,
    };

    /// <summary>The legacy writer version that stands for a feature, or 0.</summary>
    private static int LegacyWriter(string feature) => feature switch
    {
        "appendOnly" or "invariants" => 2,
        "checkConstraints" => 3,
        "changeDataFeed" or "generatedColumns" => 4,
        "columnMapping" => 5,
        "identityColumns" => 6,
        _ => 0,
    };
}
