namespace Smelt.Pipelines;

/// <summary>What an output expression that raises an error for a row does to that row.</summary>
public enum CastErrorAction { Quarantine, Drop, Null, Fail }

/// <summary>smelt.yml.</summary>
public sealed record ProjectSettings
{
    /// <summary>The pipeline's name; the folder's where smelt.yml gives none.</summary>
    public required string Name { get; init; }
    public string? Version { get; init; }
    public string? Description { get; init; }

    /// <summary>Variables with their defaults; null where a value must be given by --var.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; init; } = new Dictionary<string, string?>();
    public CastErrorAction CastErrors { get; init; } = CastErrorAction.Quarantine;

    /// <summary>What stands for the dataset's name in <see cref="QuarantineName"/>.</summary>
    public const string TableWord = "{table}";

    /// <summary>Name of quarantine tables within the layer; <c>{table}</c> stands for the dataset's.</summary>
    public string QuarantineName { get; init; } = "{table}__quarantine";
    public MetadataColumns MetadataColumns { get; init; } = new();
    public IReadOnlyDictionary<Layer, LayerDefaults> Defaults { get; init; } = new Dictionary<Layer, LayerDefaults>();

    /// <summary>Whether a dataset's failed error-level tests stop what reads it.</summary>
    public bool GatesBlock { get; init; } = true;

    /// <summary>In their order: what a later one says holds.</summary>
    public IReadOnlyList<PolicyRule> Policies { get; init; } = [];

    /// <summary>How long rows are kept, by layer or dataset; a target's own come first.</summary>
    public IReadOnlyList<RetentionRule> Retention { get; init; } = [];

    public Policy PolicyOf(DatasetName dataset) => Policies.Where(p => p.IsFor(dataset)).Aggregate(new Policy(), static (all, own) => all.Under(own.Policy));

    /// <summary>Whether every dataset's distinct values and means are counted after each update, which reads the table (<c>column_profile: all</c>).</summary>
    public bool ProfilesAll { get; init; }

    /// <summary>Kept for the scheduler: a cron expression.</summary>
    public string? Schedule { get; init; }

    public LayerDefaults DefaultsOf(Layer layer) => Defaults.GetValueOrDefault(layer) ?? new LayerDefaults();
    public DatasetName QuarantineOf(DatasetName dataset) => new(dataset.Layer, QuarantineName.Replace(TableWord, dataset.Name, StringComparison.Ordinal));
}

/// <summary>Defaults of a layer in smelt.yml.</summary>
public sealed record LayerDefaults
{
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> Tags { get; init; } = [];
    public CastErrorAction? CastErrors { get; init; }

    /// <inheritdoc cref="ProjectSettings.GatesBlock"/>
    public bool? GatesBlock { get; init; }
}

/// <summary>Names of the columns that every bronze table gets; null where the column is left out.</summary>
public sealed record MetadataColumns
{
    public string? IngestedAt { get; init; } = "_ingested_at";
    public string? IngestionDate { get; init; } = "_ingestion_date";
    public string? Source { get; init; } = "_source";
    public string? SourceFile { get; init; } = "_source_file";
    public string? BatchId { get; init; } = "_batch_id";
    public string? RescuedData { get; init; } = "_rescued_data";

    /// <summary>Those that are the same for all rows of a batch.</summary>
    public IReadOnlyList<string> OfBatch => [.. new[] { IngestedAt, IngestionDate, Source, BatchId }.OfType<string>()];

    /// <summary>Those that there are.</summary>
    public IReadOnlyList<string> Names => [.. new[] { IngestedAt, IngestionDate, Source, SourceFile, BatchId, RescuedData }.OfType<string>()];
}
