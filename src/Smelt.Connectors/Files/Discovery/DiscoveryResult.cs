namespace Smelt.Connectors;

/// <summary>What a look into the source found.</summary>
public abstract record DiscoveryResult
{
    DiscoveryResult(IReadOnlyList<FileProblem> warnings) => Warnings = warnings;

    /// <summary>Files whose content changed after they were read, and which are not read again.</summary>
    public IReadOnlyList<FileProblem> Warnings { get; }

    /// <summary>New files; <see cref="FileSource.ChooseBatch"/> makes a batch of them.</summary>
    public sealed record Found(NewFiles Files, IReadOnlyList<FileProblem> Notes) : DiscoveryResult(Notes);

    public sealed record NothingNew(IReadOnlyList<FileProblem> Notes) : DiscoveryResult(Notes);

    /// <summary>The source cannot be listed: the user's paths, patterns or permissions.</summary>
    public sealed record Failed(IReadOnlyList<FileProblem> Problems) : DiscoveryResult([]);
}

/// <summary>Files to read, in the order (modification time, path), not yet hashed. Values of one moment: choose a batch at once.</summary>
public sealed class NewFiles
{
    internal NewFiles(FileFormat format, IReadOnlyList<Candidate> candidates, IReadOnlyList<SourceFile> touched) =>
        (Format, Candidates, Touched) = (format, candidates, touched);

    public FileFormat Format { get; }

    public int Count => Candidates.Count;

    public long Bytes => Candidates.Sum(c => c.File.Size);

    internal IReadOnlyList<Candidate> Candidates { get; }

    internal IReadOnlyList<SourceFile> Touched { get; }

    internal readonly record struct Candidate(ListedFile File, string? Hash, bool Replaces);
}

/// <summary>How much one batch takes; null: all there is. At least one file is always taken.</summary>
public sealed record BatchLimits(int? MaxFiles = null, long? MaxBytes = null);
