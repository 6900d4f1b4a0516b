namespace Smelt.Lake;

/// <summary>Which protocol versions and features are honoured (PROTOCOL.md, "Table Features", "Valid Feature Names"). What is not here is refused by its name.</summary>
internal static class ProtocolSupport
{
    private static readonly HashSet<string> Reader = new(StringComparer.Ordinal)
    {
        "columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "typeWidening", "typeWidening-preview",
    };

    private static readonly HashSet<string> Writer = new(StringComparer.Ordinal)
    {
        "appendOnly", "invariants", "checkConstraints", "generatedColumns", "changeDataFeed", "columnMapping", "identityColumns", "allowColumnDefaults",
        "deletionVectors", "domainMetadata", "timestampNtz", "typeWidening", "typeWidening-preview", "v2Checkpoint", "vacuumProtocolCheck",
        "rowTracking", "clustering", "inCommitTimestamp",
    };

    /// <summary>Features that readers have to know too.</summary>
    internal static bool IsReaderFeature(string feature) => Reader.Contains(feature);

    /// <summary>Whether tables with the feature are both read and written.</summary>
    internal static bool IsWritable(string feature) => Writer.Contains(feature);

    /// <exception cref="UnsupportedProtocolException">The table may not be read.</exception>
    internal static void CheckRead(string table, TableProtocol protocol)
    {
        var refused = new List<string>();
        if (protocol.MinReaderVersion is < 1 or > 3)
            refused.Add($"reader version {protocol.MinReaderVersion}");
        if (protocol.MinReaderVersion == 3)
            refused.AddRange((protocol.ReaderFeatures ?? []).Where(f => !Reader.Contains(f)));
        if (refused.Count > 0)
            throw new UnsupportedProtocolException(table, forWriting: false, refused);
    }

    /// <exception cref="UnsupportedProtocolException">The table may not be written.</exception>
    internal static void CheckWrite(string table, TableProtocol protocol, TableMetadata metadata)
    {
        CheckRead(table, protocol);
        var refused = new List<string>();
        if (protocol.MinWriterVersion is < 1 or > 7)
            refused.Add($"writer version {protocol.MinWriterVersion}");
        if (protocol.MinWriterVersion == 7)
            refused.AddRange((protocol.WriterFeatures ?? []).Where(f => !Writer.Contains(f) && !IsDormant(f, metadata)));
        if (refused.Count > 0)
            throw new UnsupportedProtocolException(table, forWriting: true, refused);
    }

    /// <summary>Whether a table with this protocol has a feature, by name or by what its version implies.</summary>
    internal static bool Has(TableProtocol protocol, string feature) =>
        protocol.MinWriterVersion >= 7 ? protocol.WriterFeatures?.Contains(feature) == true : Implied(protocol.MinWriterVersion).Contains(feature);

    /// <summary>The features that a legacy writer version stands for.</summary>
    internal static IReadOnlyList<string> Implied(int writerVersion)
    {
        string[] all = ["appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "columnMapping", "identityColumns"];
        return all[..(writerVersion switch { < 2 => 0, 2 => 2, 3 => 3, 4 => 5, 5 => 6, _ => 7 })];
    }

    /// <summary>Listed, but without effect until its property is on.</summary>
    private static bool IsDormant(string feature, TableMetadata metadata) => feature switch
    {
        "icebergCompatV1" => !metadata.IsOn("delta.enableIcebergCompatV1"),
        "icebergCompatV2" => !metadata.IsOn("delta.enableIcebergCompatV2"),
        _ => false,
    };
}
