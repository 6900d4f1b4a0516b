using Smelt.DuckDb;

namespace Smelt.Lake.Tests;

/// <summary>A lake in a temporary folder with a DuckDB of the process.</summary>
internal sealed class TestLake : IDisposable
{
    private static readonly Lazy<DuckDbDatabase> Database = new(() => DuckDbDatabase.OpenInMemory(new DuckDbOptions { Threads = 2 }));

    internal TestLake(string? root = null)
    {
        _temporary = root is null;
        Root = root ?? Directory.CreateTempSubdirectory("smelt-lake-test-").FullName;
        Store = new LocalObjectStore(Root);
        Lake = new DeltaLake(Store, () => Database.Value.Connect(), Clock);
        Duck = Database.Value.Connect();
        Duck.Execute("SET preserve_insertion_order=false");
    }

    private readonly bool _temporary;

    internal string Root { get; }

    internal LocalObjectStore Store { get; }

    internal DeltaLake Lake { get; }

    internal DuckDbConnection Duck { get; }

    internal TestClock Clock { get; } = new();

    internal static DuckDbConnection Connect() => Database.Value.Connect();

    /// <summary>Makes or extends a table from a query the way the engine does: define, copy, commit.</summary>
    internal async Task<CommitResult> WriteAsync(string folder, string query, PlanKind kind = PlanKind.Append, TableOptions? options = null, TransactionMark? txn = null, string? attempt = null)
    {
        var table = Lake.Table(folder);
        var snapshot = await table.TrySnapshotAsync();
        var plan = await PlanAsync(table, snapshot, query, kind, options, txn, attempt);
        return await table.CommitAsync(plan, snapshot);
    }

    internal async Task<TablePlan> PlanAsync(
        DeltaTable table, Snapshot? snapshot, string query, PlanKind kind = PlanKind.Append, TableOptions? options = null, TransactionMark? txn = null, string? attempt = null)
    {
        attempt ??= Guid.NewGuid().ToString("N");
        List<DuckDbColumn> columns;
        using (var shape = Duck.Query($"SELECT * FROM ({query}) LIMIT 0"))
            columns = [.. shape.Columns];
        var (specs, problems) = ColumnTyping.OfAll(columns);
        Assert.Empty(problems);
        var result = snapshot is null ? TableDefinition.Create(specs, options ?? new TableOptions(), Clock)
            : kind == PlanKind.Overwrite ? TableDefinition.Of(snapshot).Replace(specs, options ?? new TableOptions())
            : TableDefinition.Of(snapshot).Grow(specs, options ?? new TableOptions());
        if (result is DefinitionResult.Refused refused)
            throw new InvalidOperationException(string.Join("; ", refused.Problems.Select(p => p.Message)));
        var defined = (DefinitionResult.Defined)result;
        var writer = new DataFileWriter(table, defined.Definition, attempt);
        await writer.PrepareAsync();
        IReadOnlyList<AddFile> files;
        using (var copied = Duck.Query(writer.CopySql(query, [.. columns.Select(c => c.Name)])))
            files = await writer.FilesAsync(copied);
        return new TablePlan
        {
            Folder = table.Folder,
            Kind = snapshot is null ? PlanKind.Create : kind,
            TableId = defined.Definition.Metadata.Id,
            ReadVersion = snapshot?.Version,
            Protocol = snapshot is null || !defined.Definition.Protocol.Equals(snapshot.Protocol) ? defined.Definition.Protocol : null,
            Metadata = defined.Changed || writer.HasNumbered ? writer.Definition.Metadata : null,
            Domains = defined.Domains,
            Adds = files,
            Transaction = txn,
            Operation = "WRITE",
            OperationParameters = new Dictionary<string, string> { ["mode"] = kind == PlanKind.Overwrite ? "Overwrite" : "Append", ["partitionBy"] = "[]" },
            Attempt = attempt,
        };
    }

    /// <summary>The rows of a table as sorted JSON texts.</summary>
    internal async Task<List<string>> RowsAsync(string folder, long? version = null)
    {
        var table = Lake.Table(folder);
        return await RowsAsync(table.Scan(await table.SnapshotAsync(version)));
    }

    internal async Task<List<string>> RowsAsync(TableScan scan)
    {
        await scan.PrepareAsync(Duck);
        return Json(Duck, scan.Sql);
    }

    internal static List<string> Json(DuckDbConnection duck, string sql)
    {
        var rows = new List<string>();
        using var result = duck.Query($"SELECT to_json(r)::VARCHAR FROM ({sql}) AS r");
        while (result.Next())
            for (var i = 0; i < result.Chunk.RowCount; i++)
                rows.Add(result.Chunk[0].Text(i));
        rows.Sort(string.CompareOrdinal);
        return rows;
    }

    public void Dispose()
    {
        Duck.Dispose();
        if (_temporary)
            Directory.Delete(Root, recursive: true);
    }
}

/// <summary>A clock that starts in 2026 and moves by a millisecond a look, or as told.</summary>
internal sealed class TestClock : TimeProvider
{
    private long _ticks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Add(ref _ticks, TimeSpan.TicksPerMillisecond), TimeSpan.Zero);

    internal void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

/// <summary>What lies beside the checkout and is not part of it: tables of other writers, and the writers.</summary>
internal static class Shared
{
    internal static string? Folder { get; } = Find();

    /// <summary>A path below it; the test is skipped by name where it is not there.</summary>
    internal static string Path(params string[] parts)
    {
        Assert.SkipUnless(Folder is not null, "needs the folder 'shared' beside the checkout (or SMELT_SHARED)");
        var path = System.IO.Path.Join([Folder!, .. parts]);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"needs {string.Join('/', parts)} in the shared folder");
        return path;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SMELT_SHARED") is { Length: > 0 } told)
            return told;
        for (var d = new DirectoryInfo(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (Directory.Exists(System.IO.Path.Join(d.FullName, "shared", "delta-conformance")))
                return System.IO.Path.Join(d.FullName, "shared");
        return null;
    }
}
