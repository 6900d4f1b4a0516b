using System.Globalization;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What a step's table will be once its batch is committed, and the plan that makes it so.</summary>
internal sealed class TargetTable
{
    private const string AppendOnly = AppendOnlyProperty.Name;

    private readonly PinnedTable? _before;
    private readonly bool _changed;
    private readonly IReadOnlyList<DomainMetadata> _domains;

    private TargetTable(DeltaTable table, PinnedTable? before, DefinitionResult.Defined defined, bool liftsAppendOnly, bool isShared = false)
    {
        (Table, _before, Definition, _changed, LiftsAppendOnly) = (table, before, defined.Definition, defined.Changed, liftsAppendOnly);
        _domains = defined.Domains;
        Notes =
        [
            .. before is null ? [] : defined.Added.Select(static c => $"column {c} is added"),
            // Of several flows each gives its own columns.
            .. isShared ? [] : defined.Missing.Select(static c => $"column {c} is no longer written: NULL"),
            .. before is null ? [] : defined.NewFeatures.Select(static f => $"the table now needs {f} of its readers"),
        ];
    }

    public DeltaTable Table { get; }

    public TableDefinition Definition { get; }

    public bool LiftsAppendOnly { get; }

    /// <summary>Whether the table's schema or properties change with the batch.</summary>
    public bool IsChanged => _changed || _domains.Count > 0;

    /// <summary>Whether the table keeps its columns, their names in its files and its partitions, so that files that are there can stay beside new ones.</summary>
    public bool IsLaidOutAsBefore => _before is null || (Layout(_before.Snapshot.Metadata) is var (columns, partitions, mapping) && Layout(Definition.Metadata) is var (now, parts, mapped)
        && columns == now && mapping == mapped && partitions.SequenceEqual(parts, StringComparer.OrdinalIgnoreCase));

    public IReadOnlyList<string> Notes { get; }

    private static (string Columns, IReadOnlyList<string> Partitions, ColumnMappingMode Mapping) Layout(TableMetadata metadata) =>
        (string.Join('\n', metadata.Schema.Fields.Select(static f => $"{f.Name} {f.PhysicalName} {f.Type}")), metadata.PartitionColumns, metadata.ColumnMapping);

    public static TargetTable For(UpdateContext context, StepPreparation step, OutputShape shape)
    {
        var dataset = step.Dataset;
        var isBronzeStream = dataset is { Kind: DatasetKind.StreamingTable, Name.Layer: Layer.Bronze };
        var properties = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in dataset.Properties) properties[name] = value;
        var isAppendOnly = isBronzeStream || (dataset.Kind == DatasetKind.StreamingTable && properties.GetValueOrDefault(AppendOnly)?.Equals("true", StringComparison.OrdinalIgnoreCase) == true);
        var lifts = isAppendOnly && step.Mode == RefreshMode.Full && step.Target is not null;
        // Changes of few rows of many files cost as much as the rows, not as the files.
        if (step.Flow.Cdc is not null && step.Target is null && !properties.Keys.Contains("delta.enableDeletionVectors", StringComparer.OrdinalIgnoreCase)) properties["delta.enableDeletionVectors"] = "true";
        if (isAppendOnly) properties[AppendOnly] = lifts ? null : "true";
        var options = new TableOptions
        {
            PartitionBy = dataset.PartitionedBy,
            ClusterBy = dataset.Clustering.Columns,
            Properties = properties,
            Comment = dataset.Description,
            Name = dataset.Name.ToString(),
        };
        var columns = shape.Columns.Select(static c => new ColumnSpec(c.Name, c.Type, true, c.Comment)).ToList();
        if (step.Joined is { } joined) return joined.Target.Grown(columns, options, dataset.Name);
        var replaces = step.Target is not null && (dataset.Kind == DatasetKind.MaterializedView || step.Mode == RefreshMode.Full);
        var table = Define(context, context.Layout.Table(dataset.Name), step.Target, columns, options, replaces, lifts, dataset.Name, dataset.Flows.Count > 1);
        return replaces && step.IsTargetBehind ? table.AsAnother() : table;
    }

    /// <summary>
    /// The table under a new id. One whose log was put back to an older version will have versions again that its readers know with other content, and versions are what
    /// they compare: as another table, views are made again and streams stop with a code.
    /// </summary>
    private TargetTable AsAnother()
    {
        var metadata = Definition.Metadata with { Id = Guid.NewGuid().ToString() };
        return new TargetTable(Table, _before, new DefinitionResult.Defined(Definition with { Metadata = metadata }, true) { Domains = _domains }, LiftsAppendOnly);
    }

    /// <summary>The table with the columns of another flow too, for the same commit.</summary>
    public TargetTable Grown(IReadOnlyList<ColumnSpec> columns, TableOptions options, DatasetName name) => Definition.Grow(columns, options) switch
    {
        DefinitionResult.Defined defined => new TargetTable(Table, _before,
            new DefinitionResult.Defined(defined.Definition, _changed || defined.Changed) { Domains = defined.Domains.Count > 0 ? defined.Domains : _domains, NewFeatures = defined.NewFeatures }, LiftsAppendOnly, isShared: true),
        DefinitionResult.Refused refused => throw NotStored(name, refused),
        _ => throw new InvalidOperationException("A definition is either there or refused."),
    };

    private static EngineException NotStored(DatasetName name, DefinitionResult.Refused refused) =>
        new(EngineCodes.SchemaRefused, $"{name} cannot be stored: {string.Join(" ", refused.Problems.Select(static p => p.Message))}");

    /// <summary>The table with delta.appendOnly lifted by the batch's commit, where it has it.</summary>
    public TargetTable Lifted()
    {
        if (!Definition.Metadata.IsOn(AppendOnly)) return this;
        var configuration = Definition.Metadata.Configuration.Where(static p => p.Key != AppendOnly).ToDictionary(StringComparer.Ordinal);
        return new TargetTable(Table, _before, new DefinitionResult.Defined(Definition with { Metadata = Definition.Metadata with { Configuration = configuration } }, true) { Domains = _domains }, true);
    }

    public static TargetTable Define(UpdateContext context, DeltaTable table, PinnedTable? before, IReadOnlyList<ColumnSpec> columns, TableOptions options,
        bool replaces, bool lifts, DatasetName name, bool isShared = false)
    {
        var result = before is null ? TableDefinition.Create(columns, options, context.Clock)
            : replaces ? TableDefinition.Of(before.Snapshot).Replace(columns, options)
            : TableDefinition.Of(before.Snapshot).Grow(columns, options);
        return result switch
        {
            DefinitionResult.Defined defined => new TargetTable(table, before, defined, lifts, isShared),
            DefinitionResult.Refused refused => throw NotStored(name, refused),
            _ => throw new InvalidOperationException("A definition is either there or refused."),
        };
    }

    public TablePlan Plan(UpdateContext context, StepPreparation step, BatchKey key, string attempt, IReadOnlyList<AddFile> files, bool replaces)
    {
        var kind = _before is null ? PlanKind.Create : replaces ? PlanKind.Overwrite : PlanKind.Append;
        return new TablePlan
        {
            Folder = Table.Folder,
            Kind = kind,
            TableId = _before?.Snapshot.Metadata.Id ?? Definition.Metadata.Id,
            ReadVersion = kind == PlanKind.Create ? null : _before!.Snapshot.Version,
            Protocol = _changed ? Definition.Protocol : null,
            Metadata = _changed ? Definition.Metadata : null,
            Domains = _domains,
            Adds = files,
            Transaction = new TransactionMark(key.AppId, key.Batch, context.Clock.GetUtcNow().ToUnixTimeMilliseconds()),
            AlsoTransactions = kind == PlanKind.Overwrite ? ErasureMark.OfRenewal(_before!.Snapshot) : [],
            Operation = kind switch
            {
                PlanKind.Create => "CREATE TABLE AS SELECT",
                PlanKind.Overwrite when step.Dataset.Kind == DatasetKind.MaterializedView => "WRITE",
                PlanKind.Overwrite => "CREATE OR REPLACE TABLE AS SELECT",
                _ => step.Dataset.Kind == DatasetKind.StreamingTable ? "STREAMING UPDATE" : "WRITE",
            },
            OperationParameters = Parameters(step, key, kind),
            Tags = new Dictionary<string, string> { ["smelt.update"] = context.UpdateId, ["smelt.dataset"] = step.Dataset.Name.ToString(), ["smelt.flow"] = step.Flow.Name, ["smelt.attempt"] = attempt },
            Attempt = attempt,
        };
    }

    /// <summary>The plan that changes only the rows that differ.</summary>
    public TablePlan DifferencePlan(UpdateContext context, StepPreparation step, BatchKey key, string attempt, RewrittenFiles files)
    {
        var isAppend = files.Removes.Count == 0;
        return Plan(context, step, key, attempt, files.Adds, replaces: false) with
        {
            Kind = PlanKind.Change,
            Removes = [.. files.Removes.Select(static f => RemoveFile.Of(f, 0) with { DeletionTimestamp = null })],
            ChangeFiles = files.ChangeFiles,
            // The new rows follow from what the table holds: whatever another writer does to it meanwhile is in the way.
            Reads = TableReads.Everything,
            OperationParameters = new Dictionary<string, string> { ["mode"] = isAppend ? "Append" : "Change" },
            OperationMetrics = new Dictionary<string, string>
            {
                ["numOutputRows"] = Number(files.Inserted + files.Copied), ["numInsertedRows"] = Number(files.Inserted), ["numDeletedRows"] = Number(files.Deleted),
                ["numCopiedRows"] = Number(files.Copied), ["numAddedFiles"] = Number(files.Adds.Count), ["numRemovedFiles"] = Number(files.Removes.Count),
            },
        };
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The plan that sets delta.appendOnly again after the commit that lifted it.</summary>
    public TablePlan SetAgain(BatchKey key, string attempt) => AppendOnlyProperty.SetAgain(Table.Folder, Definition.Metadata.Id, new TransactionMark(key.AppId + ":append-only", key.Batch), attempt);

    private static Dictionary<string, string> Parameters(StepPreparation step, BatchKey key, PlanKind kind)
    {
        var parameters = new Dictionary<string, string>
        {
            ["mode"] = kind == PlanKind.Append ? "Append" : "Overwrite",
            ["partitionBy"] = $"[{string.Join(",", step.Dataset.PartitionedBy.Select(static p => $"\"{System.Text.Json.JsonEncodedText.Encode(p)}\""))}]",
        };
        if (step.Dataset.Kind == DatasetKind.StreamingTable)
        {
            parameters["outputMode"] = "Append";
            parameters["queryId"] = key.FlowId;
            parameters["epochId"] = key.Batch.ToString(CultureInfo.InvariantCulture);
        }
        return parameters;
    }
}
