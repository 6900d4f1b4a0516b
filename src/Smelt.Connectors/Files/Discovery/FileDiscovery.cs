namespace Smelt.Connectors;

/// <summary>Holds the listing of a source against what was read before: linear in the files listed, whatever their number.</summary>
static class FileDiscovery
{
    public static DiscoveryResult Discover(FileSourceOptions options, string folder, SeenFiles seen, CancellationToken cancel)
    {
        try
        {
            var listed = List(options, folder, cancel);
            var candidates = new List<NewFiles.Candidate>();
            var touched = new List<SourceFile>();
            var warnings = new List<FileProblem>();
            foreach (var file in listed) Compare(file, seen.Find(file.Path));
            if (candidates.Count == 0) return new DiscoveryResult.NothingNew(warnings);
            candidates.Sort((a, b) => Order(a.File, b.File));
            return new DiscoveryResult.Found(new(FormatOf(options, candidates.Select(c => c.File.Path)), candidates, touched), warnings);

            void Compare(ListedFile file, SourceFile? before)
            {
                // What was read and went away since is nobody's loss, as with a file that was removed.
                if (before is null) candidates.Add(new(file.MustBeThere(), null, false));
                else if (file.LeadsNowhere) return;
                else if (before.Size == file.Size && before.ModifiedTicks == file.ModifiedTicks) return;
                else if (ContentHash.OfFile(file.Path, file.FullPath, cancel) is var hash && hash == before.Hash) touched.Add(before with { Size = file.Size, ModifiedTicks = file.ModifiedTicks });
                else if (options.AllowOverwrites) candidates.Add(new(file, hash, true));
                else warnings.Add(Changed(file));
            }
        }
        catch (FileSourceException e) { return new DiscoveryResult.Failed([new(e.Fault, e.File, e.Message)]); }
    }

    static FileProblem Changed(ListedFile file) => new(FileFault.ChangedWhileRead, file.Path,
        $"{file.Path} was changed after it was read and is not read again; drop changed data under a new name, or set allowOverwrites => true to read it once more");

    /// <summary>Every file of the source; a file known before and unchanged keeps its hash, so that only new content is read.</summary>
    public static FileBatch Everything(FileSourceOptions options, string folder, SeenFiles known, CancellationToken cancel)
    {
        var files = List(options, folder, cancel).Select(f => f.MustBeThere()).ToArray();
        Array.Sort(files, Order);
        return new(FormatOf(options, files.Select(f => f.Path)), [.. files.Select(file => Stamp(file, known.Find(file.Path), cancel))]);
    }

    static SourceFile Stamp(ListedFile file, SourceFile? before, CancellationToken cancel) =>
        new(file.Path, file.Size, file.ModifiedTicks, before is not null && before.Size == file.Size && before.ModifiedTicks == file.ModifiedTicks
            ? before.Hash : ContentHash.OfFile(file.Path, file.FullPath, cancel));

    public static FileBatch Choose(NewFiles found, BatchLimits limits, CancellationToken cancel)
    {
        var taken = 0;
        long bytes = 0;
        foreach (var candidate in found.Candidates)
        {
            bytes += candidate.File.Size;
            if (taken > 0 && (taken >= limits.MaxFiles || bytes > limits.MaxBytes)) break;
            taken++;
        }
        var files = new SourceFile[taken];
        try
        {
            Parallel.For(0, taken, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
            {
                var (file, hash, replaces) = found.Candidates[i];
                files[i] = new(file.Path, file.Size, file.ModifiedTicks, hash ?? ContentHash.OfFile(file.Path, file.FullPath, cancel), replaces);
            });
        }
        catch (AggregateException e) when (e.InnerException is FileSourceException or OperationCanceledException)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
        }
        return new(found.Format, files, found.Touched);
    }

    static IEnumerable<ListedFile> List(FileSourceOptions options, string folder, CancellationToken cancel) =>
        options.MorePaths.Prepend(options.Path)
            .SelectMany(path => new FileListing(folder, PathPattern.Parse(path, folder), options.Recursive, options.FileNamePattern, cancel).List())
            .DistinctBy(file => file.Path, StringComparer.Ordinal);

    static int Order(ListedFile a, ListedFile b) =>
        a.ModifiedTicks != b.ModifiedTicks ? a.ModifiedTicks.CompareTo(b.ModifiedTicks) : string.CompareOrdinal(a.Path, b.Path);

    static FileFormat FormatOf(FileSourceOptions options, IEnumerable<string> paths)
    {
        if (options.Format is { } given) return given;
        if (FileNames.Format(options.Path) is { } byPattern) return byPattern;
        (FileFormat Format, string Path)? first = null;
        foreach (var path in paths)
        {
            var format = FileNames.Format(path) ?? throw new FileSourceException(FileFault.UnknownFormat, path, $"{path} does not tell its format by its name; add format => 'csv', 'json' or 'parquet'");
            if (first is { } f && f.Format != format)
                throw new FileSourceException(FileFault.MixedFormats, path, $"{f.Path} and {path} hold different formats; add format => '…', or a pattern such as '*.csv'");
            first ??= (format, path);
        }
        return first?.Format ?? FileFormat.Csv;
    }
}
