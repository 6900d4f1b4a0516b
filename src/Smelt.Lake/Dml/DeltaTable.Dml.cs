using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>
/// Changing rows. SQL in conditions, expressions and sources is DuckDB's. Only files that hold rows concerned are written again, or get deletion vectors where the table has
/// <c>delta.enableDeletionVectors</c>. Where another writer was in the way the statement starts anew, a bounded number of times.
/// </content>
public sealed partial class DeltaTable
{
    /// <summary>DELETE: the rows for which the condition is true go; all rows without one.</summary>
    /// <exception cref="LakeException">The store or the log failed.</exception>
    /// <exception cref="UnsupportedProtocolException">The table needs features that are not supported.</exception>
    public ValueTask<DmlResult> DeleteAsync(string? condition, DmlOptions? options = null, CancellationToken cancel = default) =>
        ChangeAsync(new DeleteRows(condition), options, cancel);

    /// <summary>UPDATE: the rows for which the condition is true get new values; all rows without one.</summary>
    /// <inheritdoc cref="DeleteAsync"/>
    public ValueTask<DmlResult> UpdateAsync(IReadOnlyList<Assignment> assignments, string? condition, DmlOptions? options = null, CancellationToken cancel = default) =>
        ChangeAsync(new UpdateRows(assignments, condition), options, cancel);

    /// <summary>MERGE: the rows of a source change, delete and add rows of the table. An insert-only MERGE may be done to an append-only table.</summary>
    /// <inheritdoc cref="DeleteAsync"/>
    public ValueTask<DmlResult> MergeAsync(MergeCommand command, DmlOptions? options = null, CancellationToken cancel = default) =>
        ChangeAsync(new MergeRows(command), options, cancel);

    /// <summary>INSERT: rows come, and those of <see cref="InsertCommand.Replaces"/> go. The table is there already.</summary>
    /// <inheritdoc cref="DeleteAsync"/>
    public ValueTask<DmlResult> InsertAsync(InsertCommand command, DmlOptions? options = null, CancellationToken cancel = default) =>
        ChangeAsync(new InsertRows(command), options, cancel);

    /// <summary>replaceWhere: the rows of a condition are replaced by a query's, which have to satisfy it. Columns are found by name.</summary>
    /// <inheritdoc cref="DeleteAsync"/>
    public ValueTask<DmlResult> ReplaceWhereAsync(string source, string condition, DmlOptions? options = null, CancellationToken cancel = default) =>
        InsertAsync(new InsertCommand { Source = source, ByName = true, Replaces = new InsertTarget.Rows(condition) }, options, cancel);

    /// <summary>On a connection of the caller's, whose catalog the SQL may name.</summary>
    internal ValueTask<DmlResult> ChangeAsync(DmlOperation operation, DmlOptions options, DuckDbConnection connection, CancellationToken cancel) =>
        new DmlRun(this, operation, options, connection).RunAsync(cancel);

    private async ValueTask<DmlResult> ChangeAsync(DmlOperation operation, DmlOptions? options, CancellationToken cancel)
    {
        options ??= DmlOptions.Default;
        using var connection = Lake.Connect();
        await InputViews.BindAsync(connection, options.Inputs, cancel);
        return await ChangeAsync(operation, options, connection, cancel);
    }
}

/// <summary>Inputs as temporary views of a connection.</summary>
internal static class InputViews
{
    internal static async ValueTask BindAsync(DuckDbConnection connection, IReadOnlyList<NamedInput> inputs, CancellationToken cancel)
    {
        foreach (var input in inputs)
            connection.Execute($"CREATE TEMP VIEW {SqlText.Identifier(input.Name)} AS {await SqlAsync(connection, input, cancel)}");
    }

    private static async ValueTask<string> SqlAsync(DuckDbConnection connection, NamedInput input, CancellationToken cancel)
    {
        if (input is NamedInput.ParquetFiles files)
            return $"SELECT * FROM read_parquet([{string.Join(", ", files.Paths.Select(static p => SqlText.Literal(ParquetSql.EscapeGlob(p))))}], hive_partitioning=false)";
        var table = (NamedInput.Table)input;
        var scan = table.Delta.Scan(await table.Delta.SnapshotAsync(table.Version, cancel));
        await scan.PrepareAsync(connection, cancel);
        return scan.Sql;
    }
}
