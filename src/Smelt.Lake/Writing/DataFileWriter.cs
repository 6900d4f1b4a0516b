namespace Smelt.Lake;

/// <summary>
/// Writes data files of a table by DuckDB's COPY: gives the SQL, and makes the statistics that it returns into <see cref="AddFile"/> actions. One value a COPY.
/// </summary>
public sealed partial class DataFileWriter
{
    /// <param name="table">Where the files go.</param>
    /// <param name="definition">What the table will be when the files are committed.</param>
    /// <param name="attempt">Id of the attempt: letters, digits and '-' only; it is part of every file's name.</param>
    public DataFileWriter(DeltaTable table, TableDefinition definition, string attempt)
    {
        if (attempt.Length == 0 || !attempt.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw new ArgumentException("an attempt's id has letters, digits and '-' only", nameof(attempt));
        Table = table;
        Definition = definition;
        Attempt = attempt;
    }

    public DeltaTable Table { get; }

    /// <summary>What the table will be. Once files are written, identity columns stand at the last number given, so that the commit's metadata must be this one's.</summary>
    public TableDefinition Definition { get; private set; }

    /// <summary>Whether the rows written got numbers of identity columns, so that the commit must carry <see cref="Definition"/>'s metadata.</summary>
    public bool HasNumbered => _numbered.Count > 0;

    public string Attempt { get; }

    private List<(DeltaField Field, Identity Identity)> _numbered = [];

    /// <summary>Target size of a data file in bytes; the soft limit where a file is ended.</summary>
    public long TargetFileBytes { get; init; } = 128L << 20;

    /// <summary>
    /// Rows of a row group at most. DuckDB holds a whole row group of each thread in memory, so that rows of long texts ask for fewer; those of hundreds of columns get fewer by themselves.
    /// </summary>
    public int RowGroupRows { get; init; } = UsualRowGroupRows;

    /// <summary>DuckDB's own (measured: its <c>ROW_GROUP_SIZE</c> where none is given).</summary>
    public const int UsualRowGroupRows = 122_880;

    /// <summary>Where set, files are made durable beside what comes next, and the writer does not wait for it.</summary>
    public DurabilityUnderWay? Durability { get; init; }

    /// <summary>Where the rows come from.</summary>
    internal RowOrigin Rows { get; init; } = RowOrigin.New;

    /// <summary>Columns of the files that the schema does not have (PROTOCOL.md, "Row Tracking": materialized ids): name in the file, and in the query.</summary>
    internal IReadOnlyList<(string Name, string Column)> Hidden { get; init; } = [];

    /// <summary>
    /// Ready to write: the folders of the table and its log are there. Call before running <see cref="CopySql"/>; for many new tables, for all of them before the first
    /// is committed: then the folder above them is made durable once and not once a table.
    /// </summary>
    public ValueTask PrepareAsync(CancellationToken cancel = default) => Table.Lake.Store.EnsureFolderAsync(LogFile.Folder(Table.Folder), cancel);

    /// <summary>
    /// The COPY statement. The query's columns are found by name; it must have every partition column and may lack others (NULL). Types are cast to the table's.
    /// </summary>
    /// <param name="query">A SELECT without a trailing semicolon.</param>
    /// <param name="columns">Names of the query's columns.</param>
    public partial string CopySql(string query, IReadOnlyList<string> columns);
}
