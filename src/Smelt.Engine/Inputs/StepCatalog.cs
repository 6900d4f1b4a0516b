using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// A DuckDB catalog of one step's own, in memory: the layers are its schemas, and every input is bound as a view under the name that users write, so that
/// their SQL runs as it stands.
/// </summary>
public sealed class StepCatalog : IDisposable
{
    /// <summary>Schema of what the engine binds for itself: streamed batches, sources, staged rows.</summary>
    public const string OwnSchema = "smelt_step";

    /// <summary>Tables in memory are read by as many threads as they have row groups: DuckDB's usual 122,880 rows leave a processor idle where a step sets some 100,000 rows aside.</summary>
    private const int RowGroupRows = 20_480;

    private static int _last;

    private readonly HashSet<string> _bound = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _name;
    private int _numbered = 1000;

    public StepCatalog(DuckDbDatabase database)
    {
        _name = $"smelt_{Interlocked.Increment(ref _last)}";
        Database = database;
        Connection = database.Connect();
        Connection.Execute($"ATTACH ':memory:' AS {_name} (ROW_GROUP_SIZE {RowGroupRows}); USE {_name}; CREATE SCHEMA bronze; CREATE SCHEMA silver; CREATE SCHEMA gold; "
            + $"CREATE SCHEMA {LakeLayout.SystemSchema}; CREATE SCHEMA {OwnSchema}");
    }

    public DuckDbDatabase Database { get; }

    public DuckDbConnection Connection { get; }

    /// <summary>The catalog's name, for appenders.</summary>
    public string Name => _name;

    /// <summary>A number for what is bound under a name of the engine's choosing, given once in a catalog. Those below are a query's own sources, by their order in it.</summary>
    internal int NextNumber() => _numbered++;

    public void CreateMacros(IEnumerable<Macro> macros)
    {
        foreach (var macro in macros)
        {
            if (_bound.Add("macro " + macro.Name)) Connection.Execute(macro.CreateSql);
        }
    }

    /// <summary>Whether something is bound under that name.</summary>
    public bool IsBound(string schema, string name) => _bound.Contains(schema + "." + name);

    public async Task BindTableAsync(string schema, string name, PinnedTable table, CancellationToken cancel)
    {
        if (IsBound(schema, name)) return;
        await BindScanAsync(schema, name, table.Table.Scan(table.Snapshot), cancel);
    }

    /// <summary>Binds a scan under a name of the step's choosing.</summary>
    public async Task BindScanAsync(string schema, string name, TableScan scan, CancellationToken cancel)
    {
        if (scan.NeedsSetup) await scan.PrepareAsync(Connection, cancel);
        BindSql(schema, name, scan.Sql);
    }

    public void BindSql(string schema, string name, string sql)
    {
        _bound.Add(schema + "." + name);
        Connection.Execute($"CREATE VIEW {SqlText.Identifier(schema, name)} AS {sql}");
    }

    /// <summary>The columns that a query gives; binds it and runs nothing.</summary>
    public IReadOnlyList<DuckDbColumn> Describe(string sql)
    {
        using var result = Connection.Query($"SELECT * FROM ({sql}\n) LIMIT 0");
        return result.Columns;
    }

    /// <summary>A reference with its layer, or a system table; null where it stands right already.</summary>
    public static string? QualifiedName(TableReference reference) =>
        reference.Dataset is { } dataset ? SqlText.Identifier(dataset.Schema, dataset.Name)
        : reference.SystemTable is { } system ? SqlText.Identifier(LakeLayout.SystemSchema, system)
        : null;

    public void Dispose()
    {
        try
        {
            Connection.Execute($"USE memory; DETACH {_name}");
        }
        catch (DuckDbException error) when (error.Kind is DuckDbErrorKind.Interrupt or DuckDbErrorKind.Fatal or DuckDbErrorKind.Connection or DuckDbErrorKind.Transaction)
        {
            // An interrupted or broken session cannot detach; the catalog then goes with the process's database.
        }
        Connection.Dispose();
    }
}
