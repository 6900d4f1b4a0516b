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
    };

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
        refused.AddRange(ActiveDuties(metadata));
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
        "inCommitTimestamp" => !metadata.IsOn("delta.enableInCommitTimestamps"),
        "icebergCompatV1" => !metadata.IsOn("delta.enableIcebergCompatV1"),
        "icebergCompatV2" => !metadata.IsOn("delta.enableIcebergCompatV2"),
        _ => false,
    };

    /// <summary>Duties that the metadata puts on writers and that are not done here: expressions in Spark's SQL cannot be evaluated, so such tables are not written.</summary>
    private static List<string> ActiveDuties(TableMetadata metadata)
    {
        var duties = metadata.Configuration.Keys.Where(k => k.StartsWith("delta.constraints.", StringComparison.Ordinal))
            .Select(k => $"checkConstraints ({k["delta.constraints.".Length..]})").ToList();
        if (metadata.IsOn("delta.enableRowTracking"))
            duties.Add("rowTracking");
        // Most schemas have none of these words, and so are not parsed for them.
        if (!metadata.SchemaString.Contains("delta.invariants", StringComparison.Ordinal) && !metadata.SchemaString.Contains("delta.generationExpression", StringComparison.Ordinal)
            && !metadata.SchemaString.Contains("delta.identity.", StringComparison.Ordinal) && !metadata.SchemaString.Contains("CURRENT_DEFAULT", StringComparison.Ordinal))
            return duties;
        AddDuties(metadata.Schema, duties);
        return duties;
    }

    private static void AddDuties(StructType type, List<string> duties)
    {
        foreach (var field in type.Fields)
        {
            var keys = field.Metadata.Raw.Keys;
            if (keys.Contains("delta.invariants")) duties.Add($"invariants (column {field.Name})");
            if (keys.Contains("delta.generationExpression")) duties.Add($"generatedColumns (column {field.Name})");
            if (keys.Any(k => k.StartsWith("delta.identity.", StringComparison.Ordinal))) duties.Add($"identityColumns (column {field.Name})");
            if (keys.Contains("CURRENT_DEFAULT")) duties.Add($"allowColumnDefaults (column {field.Name})");
            if (field.Type is StructType nested) AddDuties(nested, duties);
        }
    }
}
