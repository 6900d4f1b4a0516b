namespace Smelt.Lake;

/// <content>Making definitions.</content>
public sealed partial record TableDefinition
{
    private static readonly IReadOnlyList<string> BaseFeatures = ["appendOnly", "invariants"];

    public static partial DefinitionResult Create(IReadOnlyList<ColumnSpec> columns, TableOptions options, TimeProvider clock)
    {
        var problems = ColumnRules.Check(columns);
        problems.AddRange(PropertyRules.Check(options.Properties, existing: null));
        var partitions = ColumnRules.Partitions(columns, options.PartitionBy ?? [], problems);
        var clusters = ColumnRules.Clusters(columns, options.ClusterBy, partitions, problems);
        if (problems.Count > 0)
            return new DefinitionResult.Refused(problems);
        var configuration = Configured(EmptyMap.Texts, options.Properties);
        if (ChangeFeedColumns.Taken(columns.Select(static c => c.Name), configuration) is { } taken)
            return new DefinitionResult.Refused([taken]);
        var mapped = configuration.GetValueOrDefault("delta.columnMapping.mode") is "name" or "id" || columns.Any(c => ColumnRules.NeedsMapping(c.Name, c.Type));
        StructType schema = new([.. columns.Select(c => Field(c))]);
        if (mapped)
        {
            (schema, var last) = ColumnIds.Assign(schema, 0, keepNames: true);
            configuration.TryAdd("delta.columnMapping.mode", "name");
            configuration["delta.columnMapping.maxColumnId"] = last.ToString();
        }
        var metadata = new TableMetadata
        {
            Id = Guid.NewGuid().ToString(),
            Name = options.Name,
            Description = options.Comment,
            SchemaString = SchemaJson.Write(schema),
            PartitionColumns = partitions,
            Configuration = configuration,
            CreatedTime = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        var clustering = Physical(clusters ?? [], schema);
        var protocol = ProtocolNeeds.Upgrade(new TableProtocol(1, 2), ProtocolNeeds.Of(schema, configuration, clustering.Count > 0), out var added);
        return new DefinitionResult.Defined(new TableDefinition(protocol, metadata with { Configuration = WithoutFeatures(configuration) }) { ClusteringColumns = clustering }, Changed: true)
        {
            NewFeatures = [.. added.Except(BaseFeatures)],
            Domains = clustering.Count > 0 ? [Clustering.Write(clustering)] : [],
        };
    }

    public partial DefinitionResult Grow(IReadOnlyList<ColumnSpec> columns, TableOptions options)
    {
        var problems = ColumnRules.Check(columns);
        problems.AddRange(PropertyRules.Check(options.Properties, Metadata.Configuration));
        if (options.PartitionBy is { } wanted && !wanted.SequenceEqual(Metadata.PartitionColumns, StringComparer.OrdinalIgnoreCase))
            problems.Add(new SchemaProblem(SchemaProblemKind.PartitioningChanged, null,
                $"the table is partitioned by ({string.Join(", ", Metadata.PartitionColumns)}), not by ({string.Join(", ", wanted)}); only a full refresh changes that"));
        var schema = Metadata.Schema;
        var fields = schema.Fields.ToList();
        var added = new List<ColumnSpec>();
        var configuration = Configured(Metadata.Configuration, options.Properties);
        var widens = string.Equals(configuration.GetValueOrDefault(TypeWidening.Enabled), "true", StringComparison.OrdinalIgnoreCase);
        foreach (var column in columns)
            Merge(column, widens, fields, added, problems);
        var given = columns.Select(c => c.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var field in schema.Fields.Where(f => !f.Nullable && !given.Contains(f.Name) && !FillsIn(f)))
            problems.Add(new SchemaProblem(SchemaProblemKind.NotNullMissing, field.Name, $"column '{field.Name}' is NOT NULL in the table, and the rows do not have it"));
        var clusters = ColumnRules.Clusters([.. fields.Select(f => new ColumnSpec(f.Name, f.Type)), .. added], options.ClusterBy, Metadata.PartitionColumns, problems);
        if (problems.Count > 0)
            return new DefinitionResult.Refused(problems);
        if (!Metadata.IsOn(RowTracking.Enabled) && string.Equals(configuration.GetValueOrDefault(RowTracking.Enabled), "true", StringComparison.OrdinalIgnoreCase))
            return new DefinitionResult.Refused([new SchemaProblem(SchemaProblemKind.BadProperty, null,
                $"the property '{RowTracking.Enabled}' gives every file of a table its ids: turn it on by ALTER TABLE … SET TBLPROPERTIES, or refresh the table fully")]);
        if (TakenByChangeFeed([.. fields.Select(static f => f.Name), .. added.Select(static a => a.Name)], configuration) is { } taken)
            return new DefinitionResult.Refused([taken]);
        var grown = Mapped(AddFields(new StructType(fields), added, configuration), configuration);
        return Changed(grown, configuration, Metadata.PartitionColumns, clusters, options.Comment) with
        {
            Added = [.. added.Select(a => a.Name)],
            Missing = [.. schema.Fields.Where(f => !given.Contains(f.Name)).Select(f => f.Name)],
        };
    }

    public partial DefinitionResult Replace(IReadOnlyList<ColumnSpec> columns, TableOptions options)
    {
        var problems = ColumnRules.Check(columns);
        problems.AddRange(PropertyRules.Check(options.Properties, Metadata.Configuration));
        var partitions = ColumnRules.Partitions(columns, options.PartitionBy ?? Metadata.PartitionColumns, problems);
        var clusters = ColumnRules.Clusters(columns, options.ClusterBy, partitions, problems);
        if (problems.Count > 0)
            return new DefinitionResult.Refused(problems);
        var configuration = Configured(Metadata.Configuration, options.Properties);
        if (TakenByChangeFeed([.. columns.Select(static c => c.Name)], configuration) is { } taken)
            return new DefinitionResult.Refused([taken]);
        var kept = new List<DeltaField>();
        var mapped = Metadata.ColumnMapping != ColumnMappingMode.None || columns.Any(c => ColumnRules.NeedsMapping(c.Name, c.Type));
        if (mapped)
            configuration.TryAdd("delta.columnMapping.mode", "name");
        foreach (var column in columns)
        {
            var old = Metadata.Schema.Find(column.Name);
            // A column that stays as it is keeps its id and physical name; all others get new ones, as a physical name is never used for something else.
            kept.Add(old is not null && old.Name == column.Name && ColumnRules.SameShape(old.Type, column.Type) ? Commented(old, column) : Field(column));
        }
        StructType schema = new(kept);
        if (mapped)
            schema = Numbered(schema, configuration);
        return Changed(schema, configuration, partitions, clusters, options.Comment);
    }

    /// <summary>A table that another writer let have both stays as it is.</summary>
    private SchemaProblem? TakenByChangeFeed(IReadOnlyList<string> columns, IReadOnlyDictionary<string, string> configuration) =>
        ChangeFeedColumns.Taken(Metadata.Schema.Fields.Select(static f => f.Name), Metadata.Configuration) is null ? ChangeFeedColumns.Taken(columns, configuration) : null;

    /// <param name="schema">The schema to be.</param>
    /// <param name="configuration">The properties to be.</param>
    /// <param name="partitions">The partition columns to be.</param>
    /// <param name="clusters">Logical names of the clustering columns to be; null keeps those that are.</param>
    /// <param name="comment">The description to be; null keeps the one that is.</param>
    private DefinitionResult.Defined Changed(
        StructType schema, Dictionary<string, string> configuration, IReadOnlyList<string> partitions, IReadOnlyList<string>? clusters, string? comment)
    {
        var clustering = clusters is null ? ClusteringColumns.Where(c => c.Resolve(schema) is not null).ToList() : Physical(clusters, schema);
        var protocol = ProtocolNeeds.Upgrade(Protocol, ProtocolNeeds.Of(schema, configuration, clustering.Count > 0), out var added);
        var metadata = Metadata with
        {
            SchemaString = schema.Equals(Metadata.Schema) ? Metadata.SchemaString : SchemaJson.Write(schema),
            PartitionColumns = partitions,
            Configuration = WithoutFeatures(configuration),
            Description = comment ?? Metadata.Description,
        };
        var changed = !metadata.Equals(Metadata) || !protocol.Equals(Protocol);
        var reclustered = !clustering.SequenceEqual(ClusteringColumns);
        return new DefinitionResult.Defined(changed || reclustered ? new TableDefinition(protocol, metadata) { ClusteringColumns = clustering } : this, changed)
        {
            NewFeatures = added,
            Domains = reclustered ? [Clustering.Write(clustering)] : [],
        };
    }

    private static List<ColumnPath> Physical(IReadOnlyList<string> columns, StructType schema) => [.. columns.Select(c => ColumnPath.Parse(Quoted(c)).Physical(schema)!)];

    private static string Quoted(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <summary>A feature that was asked for by a property stands in the protocol, not in the properties.</summary>
    private static Dictionary<string, string> WithoutFeatures(Dictionary<string, string> configuration)
    {
        foreach (var name in configuration.Keys.Where(k => k.StartsWith(ProtocolNeeds.FeaturePrefix, StringComparison.OrdinalIgnoreCase)).ToList())
            configuration.Remove(name);
        return configuration;
    }

    /// <summary>Whether a column gets a value where rows have none.</summary>
    private static bool FillsIn(DeltaField field) =>
        field.Metadata.Raw.ContainsKey(ColumnDuty.Generation) || field.Metadata.Raw.ContainsKey(ColumnDuty.IdentityStart) || field.Metadata.Raw.ContainsKey(ColumnDuty.Default);

    private static void Merge(ColumnSpec column, bool widens, List<DeltaField> fields, List<ColumnSpec> added, List<SchemaProblem> problems)
    {
        var at = fields.FindIndex(f => string.Equals(f.Name, column.Name, StringComparison.OrdinalIgnoreCase));
        if (at < 0)
        {
            if (!column.Nullable)
                problems.Add(new SchemaProblem(SchemaProblemKind.NotNullAdded, column.Name, $"column '{column.Name}' is NOT NULL, and a table that exists has no value for it in its rows; add it without NOT NULL"));
            added.Add(column);
        }
        else if (TypeRules.Merge(fields[at].Type, column.Type) is { } type)
            fields[at] = Commented(fields[at] with { Type = type }, column);
        else if (widens && TypeWidening.Widen(fields[at], column.Type, TypeWidening.IsAutomatic) is { } wider)
            fields[at] = Commented(wider, column);
        else
            problems.Add(new SchemaProblem(SchemaProblemKind.TypeChanged, column.Name,
                $"column '{column.Name}' is {fields[at].Type} in the table and {column.Type} in the rows, which does not fit in it; cast it in the query{(widens ? " or refresh the table fully" : ", refresh the table fully, or let its columns widen by TBLPROPERTIES ('delta.enableTypeWidening' = 'true')")}"));
    }

    private StructType AddFields(StructType fields, List<ColumnSpec> added, Dictionary<string, string> configuration)
    {
        if (added.Count > 0)
            fields = new StructType([.. fields.Fields, .. added.Select(a => Field(a))]);
        if (Metadata.ColumnMapping != ColumnMappingMode.None)
            return Numbered(fields, configuration);
        // Names that need mapping turn it on; the files that are there keep their columns' names as physical ones.
        if (!added.Any(a => ColumnRules.NeedsMapping(a.Name, a.Type)))
            return fields;
        configuration["delta.columnMapping.mode"] = "name";
        (fields, var last) = ColumnIds.Assign(fields, 0, keepNames: true);
        configuration["delta.columnMapping.maxColumnId"] = last.ToString();
        return fields;
    }

    private static StructType Numbered(StructType schema, Dictionary<string, string> configuration)
    {
        var last = int.TryParse(configuration.GetValueOrDefault("delta.columnMapping.maxColumnId"), out var max) ? max : ColumnIds.Highest(schema);
        (schema, last) = ColumnIds.Assign(schema, last, keepNames: false);
        configuration["delta.columnMapping.maxColumnId"] = last.ToString();
        return schema;
    }

    private static DeltaField Field(ColumnSpec column)
    {
        var field = Commented(new DeltaField(column.Name, column.Type, column.Nullable), column);
        var metadata = field.Metadata;
        if (column.GeneratedAs is not null)
            metadata = metadata.WithText(ColumnDuty.Generation, column.GeneratedAs);
        if (column.Default is not null)
            metadata = metadata.WithText(ColumnDuty.Default, column.Default);
        if (column.Identity is { } identity)
            metadata = metadata.WithInteger(ColumnDuty.IdentityStart, identity.Start).WithInteger(ColumnDuty.IdentityStep, identity.Step)
                .WithRaw(ColumnDuty.IdentityExplicit, identity.AllowExplicit ? "true" : "false");
        return field with { Metadata = metadata };
    }

    private static DeltaField Commented(DeltaField field, ColumnSpec column) =>
        column.Comment is null ? field : field with { Metadata = field.Metadata.WithText("comment", column.Comment) };

    private static Dictionary<string, string> Configured(IReadOnlyDictionary<string, string> basis, IReadOnlyDictionary<string, string?>? properties)
    {
        var configuration = basis.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, value) in properties ?? EmptyMap.Values)
        {
            if (value is null)
                configuration.Remove(name);
            else
                configuration[name] = value;
        }
        RowTracking.NameColumns(configuration);
        return configuration;
    }
}
