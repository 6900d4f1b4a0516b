namespace Smelt.Lake;

/// <content>ALTER TABLE.</content>
public sealed partial record TableDefinition
{
    /// <summary>The same table with a change. What depends on its rows (a new constraint, NOT NULL) is checked by who commits it.</summary>
    public DefinitionResult Alter(TableChange change)
    {
        var problems = new List<SchemaProblem>();
        var configuration = Metadata.Configuration.ToDictionary(StringComparer.Ordinal);
        StructType schema = Metadata.Schema;
        IReadOnlyList<string>? clusters = null;
        IReadOnlyList<string> partitions = Metadata.PartitionColumns;
        var description = Metadata.Description;
        switch (change)
        {
            case TableChange.AddColumns add:
                schema = Added(schema, add, configuration, problems);
                break;
            case TableChange.RenameColumn rename:
                schema = Renamed(schema, rename, problems);
                partitions = [.. partitions.Select(p => rename.Path.Names is [var only] && Same(p, only) ? rename.Name : p)];
                break;
            case TableChange.DropColumns drop:
                schema = drop.Paths.Aggregate(schema, (s, p) => Dropped(s, p, problems));
                break;
            case TableChange.ChangeType type:
                schema = Widened(schema, type, problems);
                break;
            case TableChange.SetNullable nullable:
                schema = AtPath(schema, nullable.Path, f => f with { Nullable = nullable.Nullable }, problems);
                break;
            case TableChange.CommentColumn comment:
                schema = AtPath(schema, comment.Path, f => f with { Metadata = f.Metadata.WithText("comment", comment.Comment) }, problems);
                break;
            case TableChange.SetDefault value:
                if (value.Expression is not null && !ProtocolSupport.Has(Protocol, "allowColumnDefaults"))
                    problems.Add(Needs(value.Path, "'delta.feature.allowColumnDefaults' = 'supported'"));
                schema = AtPath(schema, value.Path, f => f with { Metadata = f.Metadata.WithText(ColumnDuty.Default, value.Expression) }, problems);
                break;
            case TableChange.CommentTable table:
                description = table.Comment;
                break;
            case TableChange.SetProperties properties:
                problems.AddRange(PropertyRules.Check(properties.Properties, Metadata.Configuration));
                configuration = Configured(Metadata.Configuration, properties.Properties);
                schema = Mapped(schema, configuration);
                break;
            case TableChange.AddConstraint constraint:
                if (ConstraintKey(constraint.Name) is not null)
                    problems.Add(new SchemaProblem(SchemaProblemKind.BadProperty, null, $"there is a constraint {constraint.Name} already; drop it first"));
                configuration[ColumnDuty.ConstraintPrefix + constraint.Name.ToLowerInvariant()] = constraint.Expression;
                break;
            case TableChange.DropConstraint constraint:
                if (ConstraintKey(constraint.Name) is { } key)
                    configuration.Remove(key);
                else if (!constraint.IfExists)
                    problems.Add(new SchemaProblem(SchemaProblemKind.NotFound, null, $"there is no constraint {constraint.Name}{Listed()}"));
                break;
            case TableChange.ClusterBy cluster:
                clusters = ColumnRules.Clusters([.. schema.Fields.Select(f => new ColumnSpec(f.Name, f.Type))], cluster.Columns, partitions, problems);
                break;
        }
        if (TakenByChangeFeed([.. schema.Fields.Select(static f => f.Name)], configuration) is { } taken)
            problems.Add(taken);
        if (problems.Count > 0)
            return new DefinitionResult.Refused(problems);
        var defined = (this with { Metadata = Metadata with { Description = description } }).Changed(schema, configuration, partitions, clusters, null);
        return defined with { Changed = defined.Changed || description != Metadata.Description };
    }

    /// <summary>The same table with other partition columns, by logical name. Its files have to be written again.</summary>
    internal DefinitionResult Repartition(IReadOnlyList<string> columns)
    {
        var problems = new List<SchemaProblem>();
        var partitions = ColumnRules.Partitions([.. Metadata.Schema.Fields.Select(f => new ColumnSpec(f.Name, f.Type))], columns, problems);
        if (partitions.Count > 0 && ClusteringColumns.Count > 0)
            problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, null, "a table is partitioned or clustered, not both"));
        return problems.Count > 0 ? new DefinitionResult.Refused(problems)
            : Changed(Metadata.Schema, Metadata.Configuration.ToDictionary(StringComparer.Ordinal), partitions, null, null);
    }

    private string? ConstraintKey(string name) => Metadata.Configuration.Keys.FirstOrDefault(k => Same(k, ColumnDuty.ConstraintPrefix + name));

    private string Listed() => ColumnDuty.Constraints(Metadata).Select(c => c.Name).ToList() is { Count: > 0 } names ? $"; there are {string.Join(", ", names)}" : "";

    private StructType Added(StructType schema, TableChange.AddColumns add, Dictionary<string, string> configuration, List<SchemaProblem> problems)
    {
        foreach (var (path, column) in add.Columns)
        {
            if (!column.Nullable)
                problems.Add(new SchemaProblem(SchemaProblemKind.NotNullAdded, column.Name, $"column '{column.Name}' is NOT NULL, and a table that exists has no value for it in its rows; add it without NOT NULL"));
            if (path.Names.Count == 1)
                schema = schema.Find(column.Name) is null ? AddFields(schema, [column], configuration) : Twice(schema, column.Name, problems);
            else
                schema = AtPath(schema, new ColumnPath([.. path.Names.SkipLast(1)]), f => Within(f, path, column, problems), problems);
        }
        return Metadata.ColumnMapping == ColumnMappingMode.None ? schema : Numbered(schema, configuration);
    }

    private static DeltaField Within(DeltaField holder, ColumnPath path, ColumnSpec column, List<SchemaProblem> problems)
    {
        if (holder.Type is StructType s && s.Find(path.Names[^1]) is null)
            return holder with { Type = new StructType([.. s.Fields, Field(column with { Name = path.Names[^1] })]) };
        problems.Add(new SchemaProblem(SchemaProblemKind.DuplicateName, path.ToString(), $"'{path}' cannot be added: what holds it is no struct, or has it already"));
        return holder;
    }

    private static StructType Twice(StructType schema, string name, List<SchemaProblem> problems)
    {
        problems.Add(new SchemaProblem(SchemaProblemKind.DuplicateName, name, $"the table has a column '{name}' already"));
        return schema;
    }

    private StructType Renamed(StructType schema, TableChange.RenameColumn rename, List<SchemaProblem> problems)
    {
        NeedMapping(rename.Path, "renamed", problems);
        NeedUnused(rename.Path, "renamed", problems);
        var siblings = rename.Path.Names.Count == 1 ? schema : FieldAt(schema, new ColumnPath([.. rename.Path.Names.SkipLast(1)]))?.Type as StructType;
        if (siblings?.Find(rename.Name) is { } other && !Same(other.Name, rename.Path.Names[^1]))
            problems.Add(new SchemaProblem(SchemaProblemKind.DuplicateName, rename.Name, $"there is a column '{rename.Name}' already"));
        return AtPath(schema, rename.Path, f => f with { Name = rename.Name }, problems);
    }

    private StructType Dropped(StructType schema, ColumnPath path, List<SchemaProblem> problems)
    {
        NeedMapping(path, "dropped", problems);
        NeedUnused(path, "dropped", problems);
        if (path.Names is [var name] && Metadata.PartitionColumns.Any(p => Same(p, name)))
            problems.Add(new SchemaProblem(SchemaProblemKind.ColumnInUse, name, $"the table is partitioned by '{name}'"));
        if (path.Physical(schema) is { } physical && ClusteringColumns.Contains(physical))
            problems.Add(new SchemaProblem(SchemaProblemKind.ColumnInUse, path.ToString(), $"the table is clustered by '{path}'; cluster it otherwise first"));
        var dropped = AtPath(schema, path, _ => null, problems);
        if (dropped.Fields.Count == 0)
            problems.Add(new SchemaProblem(SchemaProblemKind.NoColumns, path.ToString(), $"'{path}' is the last column"));
        return dropped;
    }

    private StructType Widened(StructType schema, TableChange.ChangeType change, List<SchemaProblem> problems)
    {
        if (!Metadata.IsOn(TypeWidening.Enabled))
            problems.Add(Needs(change.Path, $"'{TypeWidening.Enabled}' = 'true'"));
        return AtPath(schema, change.Path, f =>
        {
            if (TypeWidening.Widen(f, change.Type, TypeWidening.IsAllowed) is { } wider && ColumnRules.SameShape(wider.Type, change.Type))
                return wider;
            problems.Add(new SchemaProblem(SchemaProblemKind.TypeChanged, change.Path.ToString(), $"column '{change.Path}' is {f.Type}, which cannot be widened to {change.Type}"));
            return f;
        }, problems);
    }

    /// <summary>Where the change turns column mapping on: ids for all columns, which keep the names that their files have.</summary>
    private StructType Mapped(StructType schema, Dictionary<string, string> configuration)
    {
        if (Metadata.ColumnMapping != ColumnMappingMode.None || configuration.GetValueOrDefault("delta.columnMapping.mode") is not ("name" or "id"))
            return schema;
        (schema, var last) = ColumnIds.Assign(schema, ColumnIds.Highest(schema), keepNames: true);
        configuration["delta.columnMapping.maxColumnId"] = last.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return schema;
    }

    private void NeedMapping(ColumnPath path, string what, List<SchemaProblem> problems)
    {
        if (Metadata.ColumnMapping == ColumnMappingMode.None)
            problems.Add(new SchemaProblem(SchemaProblemKind.NeedsProperty, path.ToString(),
                $"column '{path}' cannot be {what}: its files have it by its name; set 'delta.columnMapping.mode' = 'name' first"));
    }

    /// <summary>Constraints and generated columns name columns in texts that are not rewritten.</summary>
    private void NeedUnused(ColumnPath path, string what, List<SchemaProblem> problems)
    {
        var uses = ColumnDuty.Constraints(Metadata).Select(c => ($"the constraint {c.Name}", c.Expression))
            .Concat(Metadata.Schema.Fields.Where(f => f.Metadata.Text(ColumnDuty.Generation) is not null)
                .Select(f => ($"the generated column {f.Name}", f.Metadata.Text(ColumnDuty.Generation)!)));
        foreach (var (who, expression) in uses)
            if (Mentions(expression, path.Names[0]))
                problems.Add(new SchemaProblem(SchemaProblemKind.ColumnInUse, path.ToString(), $"column '{path}' cannot be {what}: {who} uses it"));
    }

    /// <summary>Whether an expression names a column; where it cannot be read, it may.</summary>
    private static bool Mentions(string expression, string column)
    {
        try
        {
            return SparkTokens.Read(expression).Exists(t => t.Kind is SparkTokenKind.Word or SparkTokenKind.QuotedName && Same(t.Text, column));
        }
        catch (ExpressionException)
        {
            return true;
        }
    }

    private static SchemaProblem Needs(ColumnPath path, string property) =>
        new(SchemaProblemKind.NeedsProperty, path.ToString(), $"column '{path}' cannot be changed so: the table does not allow it; set {property} first");

    private static DeltaField? FieldAt(StructType schema, ColumnPath path)
    {
        DeltaField? found = null;
        _ = AtPath(schema, path, f => found = f, []);
        return found;
    }

    /// <summary>The schema with the field that a path of logical names leads to made into another, or taken out.</summary>
    private static StructType AtPath(StructType schema, ColumnPath path, Func<DeltaField, DeltaField?> change, List<SchemaProblem> problems)
    {
        var found = false;
        var changed = (StructType)At(schema, path.Names, f => { found = true; return change(f); })!;
        if (!found)
            problems.Add(new SchemaProblem(SchemaProblemKind.NotFound, path.ToString(), $"there is no column '{path}'"));
        return found ? changed : schema;
    }

    private static DeltaType At(DeltaType type, IEnumerable<string> path, Func<DeltaField, DeltaField?> change)
    {
        var (name, rest) = (path.First(), path.Skip(1).ToList());
        return type switch
        {
            StructType s => new StructType([.. s.Fields.Select(f => !Same(f.Name, name) ? f : rest.Count == 0 ? change(f) : f with { Type = At(f.Type, rest, change) }).OfType<DeltaField>()]),
            ArrayType a when Same(name, "element") && rest.Count > 0 => a with { Element = At(a.Element, rest, change) },
            MapType m when Same(name, "key") && rest.Count > 0 => m with { Key = At(m.Key, rest, change) },
            MapType m when Same(name, "value") && rest.Count > 0 => m with { Value = At(m.Value, rest, change) },
            _ => type,
        };
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
