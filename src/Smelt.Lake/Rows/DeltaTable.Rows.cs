using System.Runtime.CompilerServices;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Which rows and columns are read.</summary>
public sealed record ReadOptions
{
    /// <summary>Columns by name, in this order; null: all.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>A condition on the rows (DuckDB's SQL); files that cannot hold such rows are not opened.</summary>
    public string? Where { get; init; }
}

/// <content>Rows in and out, in batches.</content>
public sealed partial class DeltaTable
{
    /// <summary>Reads the rows of a snapshot, in no order. Memory does not grow with the table.</summary>
    /// <exception cref="KeyNotFoundException">A column is named that is not there.</exception>
    public async IAsyncEnumerable<RowBatch> ReadAsync(Snapshot snapshot, ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        options ??= new ReadOptions();
        using var connection = Lake.Connect();
        var files = options.Where is null ? null
            : new PruneFilter(snapshot.Metadata, PredicateAst.Parse(connection, options.Where, snapshot.Schema)).Select(snapshot.Files);
        await foreach (var batch in Scan(snapshot, files).ReadAsync(connection, options, cancel))
            yield return batch;
    }

    /// <summary>
    /// Makes a table with rows, in one commit.
    /// </summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="rows">Batches of these columns, or of some of them; null: none.</param>
    /// <param name="options">Partitioning, clustering, properties.</param>
    /// <param name="cancel">Ends the work.</param>
    public async ValueTask<CreateResult> CreateAsync(IReadOnlyList<ColumnSpec> columns, IAsyncEnumerable<RowBatch>? rows = null, TableOptions? options = null, CancellationToken cancel = default)
    {
        var result = TableDefinition.Create(columns, options ?? new TableOptions(), Lake.Clock);
        if (result is DefinitionResult.Refused refused)
            return new CreateResult.Refused(refused.Problems);
        var defined = (DefinitionResult.Defined)result;
        var attempt = Guid.NewGuid().ToString("N");
        var writer = new DataFileWriter(this, defined.Definition, attempt);
        await writer.PrepareAsync(cancel);
        var files = rows is null ? [] : await WriteAsync(writer, rows, cancel);
        var plan = new TablePlan
        {
            Folder = Folder,
            Kind = PlanKind.Create,
            TableId = defined.Definition.Metadata.Id,
            Protocol = defined.Definition.Protocol,
            Metadata = writer.Definition.Metadata,
            Domains = defined.Domains,
            Adds = files,
            Operation = rows is null ? "CREATE TABLE" : "CREATE TABLE AS SELECT",
            Attempt = attempt,
        };
        return await CommitAsync(plan, null, cancel) switch
        {
            CommitResult.Committed done => new CreateResult.Created(done.Snapshot),
            CommitResult.Conflict conflict => new CreateResult.Exists(conflict),
            var other => throw new InvalidOperationException(other.ToString()),
        };
    }

    /// <summary>
    /// Appends rows, in one commit. Columns are found by name; those the rows lack get their default, or NULL. Batches are written as they come: memory does not grow with
    /// them. Rows of one schema only.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="options">How; the batches are read once, so a conflict is not tried again.</param>
    /// <param name="cancel">Ends the work.</param>
    public async ValueTask<DmlResult> AppendAsync(IAsyncEnumerable<RowBatch> rows, DmlOptions? options = null, CancellationToken cancel = default)
    {
        await using var peeked = rows.GetAsyncEnumerator(cancel);
        if (!await peeked.MoveNextAsync())
            return new DmlResult.Unchanged(await SnapshotAsync(null, cancel), new DmlMetrics());
        using var connection = Lake.Connect();
        var source = BatchSource.Register(connection, peeked.Current.Schema, FromFirstAsync(peeked), cancel);
        var command = new InsertCommand { Source = source.Sql, ByName = true };
        var result = await ChangeAsync(new InsertRows(command), (options ?? DmlOptions.Default) with { MaxAttempts = 1 }, connection, null, cancel);
        source.ThrowIfFailed();
        return result;
    }

    /// <summary>What was already taken, and the rest.</summary>
    private static async IAsyncEnumerable<RowBatch> FromFirstAsync(IAsyncEnumerator<RowBatch> peeked)
    {
        do
            yield return peeked.Current;
        while (await peeked.MoveNextAsync());
    }

    private async ValueTask<IReadOnlyList<AddFile>> WriteAsync(DataFileWriter writer, IAsyncEnumerable<RowBatch> rows, CancellationToken cancel)
    {
        await using var peeked = rows.GetAsyncEnumerator(cancel);
        if (!await peeked.MoveNextAsync())
            return [];
        using var connection = Lake.Connect();
        var schema = peeked.Current.Schema;
        var source = BatchSource.Register(connection, schema, FromFirstAsync(peeked), cancel);
        try
        {
            using var copied = connection.Query(writer.CopySql(source.Sql, [.. schema.Fields.Select(f => f.Name)]));
            return await writer.FilesAsync(copied, cancel);
        }
        catch (DuckDbException)
        {
            source.ThrowIfFailed();
            throw;
        }
    }
}

/// <summary>How the making of a table ended.</summary>
public abstract record CreateResult
{
    private CreateResult()
    {
    }

    public sealed record Created(Snapshot Snapshot) : CreateResult;

    /// <summary>There is a table already; it is as it was.</summary>
    public sealed record Exists(CommitResult.Conflict Conflict) : CreateResult;

    /// <summary>It cannot have these columns or options.</summary>
    /// <param name="Problems">Every reason.</param>
    public sealed record Refused(IReadOnlyList<SchemaProblem> Problems) : CreateResult;
}

public sealed partial record TableScan
{
    /// <summary>The rows, on a connection of the lake's.</summary>
    /// <inheritdoc cref="DeltaTable.ReadAsync"/>
    public async IAsyncEnumerable<RowBatch> ReadAsync(ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var connection = Table.Lake.Connect();
        await foreach (var batch in ReadAsync(connection, options ?? new ReadOptions(), cancel))
            yield return batch;
    }

    internal async IAsyncEnumerable<RowBatch> ReadAsync(DuckDbConnection connection, ReadOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        var schema = options.Columns is null ? Schema
            : new StructType([.. options.Columns.Select(c => Schema.Find(c) ?? throw new KeyNotFoundException($"there is no column '{c}'"))]);
        await PrepareAsync(connection, cancel);
        using var interrupting = cancel.Register(connection.Interrupt);
        var columns = string.Join(", ", schema.Fields.Select(f => SqlText.Identifier(f.Name)));
        using var rows = connection.Query($"SELECT {columns} FROM ({Sql}) AS t{(options.Where is null ? "" : $" WHERE {options.Where}")}");
        while (await Task.Run(rows.Next, CancellationToken.None))
        {
            cancel.ThrowIfCancellationRequested();
            if (rows.Chunk.RowCount > 0)
                yield return ChunkReading.Batch(rows.Chunk, schema);
        }
    }
}
