namespace Smelt.Pipelines;

/// <summary>platform.yml; the built-in one has a single target <c>local</c>.</summary>
public sealed record PlatformSettings
{
    public required string DefaultTarget { get; init; }
    public required IReadOnlyList<TargetSettings> Targets { get; init; }

    public static PlatformSettings BuiltIn { get; } = new() { DefaultTarget = "local", Targets = [new TargetSettings { Name = "local" }] };
}

/// <summary>A named environment.</summary>
public sealed record TargetSettings
{
    public required string Name { get; init; }

    /// <summary><c>duckdb</c>; <c>spark</c> is refused for now.</summary>
    public string Engine { get; init; } = "duckdb";

    /// <summary>Root of the lake: a path relative to the pipeline, or a URL. State is in <c>_smelt</c> under it.</summary>
    public string Storage { get; init; } = "lake";

    /// <summary>A layer's own root where it differs from <c>storage/layer</c>.</summary>
    public IReadOnlyDictionary<Layer, string> LayerStorage { get; init; } = new Dictionary<Layer, string>();
    public IReadOnlyDictionary<string, ConnectionSettings> Connections { get; init; } = new Dictionary<string, ConnectionSettings>();

    /// <summary>Limit of the whole process, bytes.</summary>
    public long? MemoryBytes { get; init; }
    public int? Threads { get; init; }

    /// <summary>How long old versions stay readable: what <c>smelt maintain</c> gives to VACUUM. Null: as each table says.</summary>
    public TimeSpan? HistoryRetention { get; init; }

    /// <inheritdoc cref="ProjectSettings.Retention"/>
    public IReadOnlyList<RetentionRule> Retention { get; init; } = [];

    /// <summary>Where a layer's tables live: its own storage, else <c>storage/layer</c>.</summary>
    public string StorageOf(Layer layer) => LayerStorage.GetValueOrDefault(layer) ?? Storage.TrimEnd('/') + "/" + DatasetName.SchemaOf(layer);
}

/// <summary>A named connection: keys as written, values with <c>${env:NAME}</c> and <c>${file:PATH}</c> unresolved until it is used.</summary>
public sealed record ConnectionSettings(string Name, string Type, IReadOnlyDictionary<string, string> Settings);
