using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// One attempt at a change of rows, on one snapshot: its files by number, its temporary tables, and what it wrote, so that nothing of it stays where it does not commit.
/// </summary>
internal sealed class DmlAttempt
{
    private static int _last;

    private readonly Dictionary<AddFile, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<string> _temporary = [];
    private readonly int _id = Interlocked.Increment(ref _last);

    internal DmlAttempt(DeltaTable table, Snapshot snapshot, DuckDbConnection connection, DmlOptions options)
    {
        (Table, Snapshot, Connection, Options) = (table, snapshot, connection, options);
        (ReadAs, Definition) = (snapshot, TableDefinition.Of(snapshot));
        Files = [.. snapshot.Files];
        for (var i = 0; i < Files.Count; i++)
            _numbers[Files[i]] = i;
    }

    internal DeltaTable Table { get; }

    internal Snapshot Snapshot { get; }

    /// <summary>The snapshot with the schema that the commit will give it.</summary>
    internal Snapshot ReadAs { get; private set; }

    internal TableDefinition Definition { get; private set; }

    internal DuckDbConnection Connection { get; }

    internal DmlOptions Options { get; }

    /// <summary>Part of the names of its files, and in commitInfo.</summary>
    internal string Attempt { get; init; } = Guid.NewGuid().ToString("N")[..16];

    /// <summary>The live files; a file's number is its index.</summary>
    internal IReadOnlyList<AddFile> Files { get; }

    internal TableMetadata Metadata => Definition.Metadata;

    internal bool UsesVectors => Metadata.IsOn("delta.enableDeletionVectors");

    internal bool FeedsChanges => Metadata.IsOn("delta.enableChangeDataFeed");

    internal bool TracksRows => RowTrackingColumns.Of(Metadata) is not null;

    /// <summary>From here on the table is taken to have another definition, which the commit will carry.</summary>
    internal void Become(TableDefinition definition)
    {
        Definition = definition;
        ReadAs = new Snapshot(Snapshot.Folder, Snapshot.State, definition.Protocol, definition.Metadata, Snapshot.FileTimeMs);
    }

    /// <summary>Name of a temporary table (or view) that goes with the attempt, as SQL has it.</summary>
    internal string Temporary(string what, string kind = "TABLE")
    {
        var name = $"temp.main.\"smelt_{what}_{_id.ToString(CultureInfo.InvariantCulture)}_{_temporary.Count}\"";
        _temporary.Add($"{kind} IF EXISTS {name}");
        return name;
    }

    /// <summary>SQL of the rows of some of its files with their places (<see cref="RowPlace"/>).</summary>
    internal async ValueTask<string> ScanAsync(IEnumerable<AddFile> files, CancellationToken cancel)
    {
        var scan = new ScanBuilder(Table, ReadAs) { NumberOf = f => _numbers[f] }.Build([.. files]);
        if (scan.NeedsSetup)
            _temporary.Add($"TABLE IF EXISTS temp.main.{scan.VectorTable}");
        await scan.PrepareAsync(Connection, cancel);
        return scan.Sql;
    }

    /// <summary>SQL of the rows of files that are not of the snapshot.</summary>
    internal string ScanNew(IEnumerable<AddFile> files) => new ScanBuilder(Table, ReadAs).Build([.. files]).Sql;

    /// <summary>Writes a query's rows as data files.</summary>
    /// <param name="query">A SELECT.</param>
    /// <param name="columns">Its columns that are the table's.</param>
    /// <param name="rows">Where they come from; those of the table bring their ids where it tracks rows.</param>
    /// <param name="cancel">Ends the writing.</param>
    internal async ValueTask<IReadOnlyList<AddFile>> WriteAsync(string query, IReadOnlyList<string> columns, RowOrigin rows, CancellationToken cancel)
    {
        var writer = await WriterAsync(rows, cancel);
        IReadOnlyList<AddFile> files;
        using (var copied = Connection.Query(writer.CopySql(query, columns)))
            files = await writer.FilesAsync(copied, cancel);
        if (writer.HasNumbered)
            Become(writer.Definition);
        return files;
    }

    /// <summary>Writes a query's rows as files of the change data feed; it has <see cref="ChangeFeedColumns.ChangeType"/> besides the table's columns.</summary>
    internal async ValueTask<IReadOnlyList<ChangeFile>> WriteChangesAsync(string query, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        var writer = await WriterAsync(RowOrigin.Changes, cancel);
        await Table.Lake.Store.EnsureFolderAsync(FilePath.Key(Table.Folder, ChangeFeedColumns.Folder), cancel);
        using var copied = Connection.Query(writer.ChangeCopySql(query, columns));
        var files = await writer.ChangeFilesAsync(copied, cancel);
        return files;
    }

    /// <summary>Writes deletion vectors; what is added has to be closed.</summary>
    internal DeletionVectorWriter VectorWriter()
    {
        var writer = new DeletionVectorWriter(Table);
        _vectors.Add(writer);
        return writer;
    }

    /// <summary>Drops the temporary tables and, unless a commit names them or may do so, the files.</summary>
    internal async ValueTask EndAsync(bool keepsFiles)
    {
        // The newest first, as views name tables.
        for (var i = _temporary.Count - 1; i >= 0; i--)
            Connection.Execute($"DROP {_temporary[i]}");
        if (keepsFiles)
            return;
        // A COPY that failed has told no names: its files are found by the attempt's.
        var written = !_writes ? [] : (await Table.Lake.Store.ListAsync(Table.Folder, recursive: true)).Select(static f => f.Key).Where(k => k.Contains($"-{Attempt}-", StringComparison.Ordinal));
        foreach (var key in written.Concat(_vectors.SelectMany(static v => v.Keys)).ToList())
            await Table.Lake.Store.DeleteAsync(key);
    }

    private readonly List<DeletionVectorWriter> _vectors = [];
    private bool _writes;

    private async ValueTask<DataFileWriter> WriterAsync(RowOrigin rows, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var hidden = rows == RowOrigin.Table ? RowTrackingColumns.Of(Metadata) : null;
        var writer = new DataFileWriter(Table, Definition, Attempt)
        {
            Rows = rows,
            TargetFileBytes = Options.TargetFileBytes,
            Hidden = hidden is null ? [] : [(hidden.RowId, RowPlace.RowId), (hidden.CommitVersion, RowPlace.CommitVersion)],
        };
        _writes = true;
        await writer.PrepareAsync(cancel);
        return writer;
    }
}
