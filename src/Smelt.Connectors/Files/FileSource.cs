using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>
/// The front door for files. In order: <see cref="Discover"/> what is new, <see cref="ChooseBatch"/>, <see cref="InferSchema"/>, <see cref="Bind"/> a view in the step's
/// catalog, run the query, dispose the binding. A retry starts at <see cref="InferSchema"/> with the batch of its intent record. Nothing here writes.
/// </summary>
public static class FileSource
{
    /// <summary>Lists the source and holds it against what was read. User mistakes come back as <see cref="DiscoveryResult.Failed"/>.</summary>
    public static DiscoveryResult Discover(FileSourceOptions options, string pipelineFolder, SeenFiles seen, CancellationToken cancel = default) =>
        FileDiscovery.Discover(options, pipelineFolder, seen, cancel);

    /// <summary>Takes the next files, in order, up to the limits, and hashes them.</summary>
    /// <exception cref="FileSourceException">A file cannot be read.</exception>
    public static FileBatch ChooseBatch(NewFiles found, BatchLimits? limits = null, CancellationToken cancel = default) =>
        FileDiscovery.Choose(found, limits ?? new(), cancel);

    /// <summary>All files of the source, for reads without STREAM; <see cref="FileBatch.Fingerprint"/> tells whether they are what they were. Hashes of unchanged files come from
    /// <paramref name="known"/>, the files of the snapshot before.</summary>
    /// <exception cref="FileSourceException">The source cannot be listed or read.</exception>
    public static FileBatch Snapshot(FileSourceOptions options, string pipelineFolder, SeenFiles? known = null, CancellationToken cancel = default) =>
        FileDiscovery.Everything(options, pipelineFolder, known ?? new(), cancel);

    /// <summary>
    /// The columns that the batch is read with. <paramref name="known"/>: the source's columns so far (their types stay, their structs grow), null for the first batch.
    /// The same batch and known columns always give the same schema.
    /// </summary>
    /// <exception cref="FileSourceException">A file cannot be opened, unpacked or decoded, or a hinted type is none.</exception>
    public static SourceSchema InferSchema(DuckDbConnection connection, string pipelineFolder, FileBatch batch, FileSourceOptions options,
        IReadOnlyList<SourceColumn>? known = null, CancellationToken cancel = default) =>
        SchemaInference.Infer(new(connection, pipelineFolder, batch, options, cancel), known);

    /// <summary>Files of a batch that are gone, or are not what they were when it was chosen: reading them again would not give its rows.</summary>
    public static IReadOnlyList<SourceFile> Lost(string pipelineFolder, FileBatch batch, CancellationToken cancel = default) =>
        [.. batch.Files.Where(file => !FileBytes.IsSame(file, Path.GetFullPath(file.Path, Path.GetFullPath(pipelineFolder)), cancel))];

    /// <summary>Creates the view <paramref name="viewName"/> (its parts are quoted here) over the batch: the schema's columns, then the metadata columns that the options name.</summary>
    /// <exception cref="FileSourceException">As the scan runs, faults of a file end the query instead with a DuckDbException; <see cref="FileBinding.Fault"/> is then the typed one.</exception>
    public static FileBinding Bind(DuckDbConnection connection, string pipelineFolder, FileBatch batch, SourceSchema schema, FileSourceOptions options,
        IReadOnlyList<string> viewName, CancellationToken cancel = default) =>
        FileBinding.Create(new(connection, pipelineFolder, batch, options, cancel), schema, viewName);
}

/// <summary>What every step of reading needs: where, what and how.</summary>
sealed record ReadRequest(DuckDbConnection Connection, string PipelineFolder, FileBatch Batch, FileSourceOptions Options, CancellationToken Cancel)
{
    public string FullPath(SourceFile file) => Path.GetFullPath(file.Path, Path.GetFullPath(PipelineFolder));
}
