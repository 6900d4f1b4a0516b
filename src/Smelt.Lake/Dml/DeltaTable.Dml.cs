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
    /// <param name="operation">What to do.</param>
    /// <param name="options">How; its inputs are the caller's to bind.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="first">The table as the caller has bound it, where it has.</param>
    /// <param name="cancel">Ends the work.</param>
    internal ValueTask<DmlResult> ChangeAsync(DmlOperation operation, DmlOptions options, DuckDbConnection connection, Snapshot? first, CancellationToken cancel) =>
        new DmlRun(this, operation, options, connection).RunAsync(first, cancel);

    private async ValueTask<DmlResult> ChangeAsync(DmlOperation operation, DmlOptions? options, CancellationToken cancel)
    {
        options ??= DmlOptions.Default;
        using var connection = Lake.Connect();
        var views = new InputViews(this, connection, options.Inputs);
        return await new DmlRun(this, operation, options with { ReadsTarget = options.ReadsTarget || views.HoldTarget }, connection, views.BindAsync).RunAsync(null, cancel);
    }
}

/// <summary>Inputs as temporary views of a connection.</summary>
internal sealed class InputViews(DeltaTable target, DuckDbConnection connection, IReadOnlyList<NamedInput> inputs)
{
    private readonly Dictionary<string, string> _setAside = new(StringComparer.Ordinal);

    internal bool HoldTarget => inputs.Any(i => i is NamedInput.Table { Version: null } table && IsTarget(table.Delta));

    internal async ValueTask BindAsync(Snapshot snapshot, CancellationToken cancel)
    {
        foreach (var input in inputs)
            connection.Execute($"CREATE OR REPLACE TEMP VIEW {SqlText.Identifier(input.Name)} AS {await SqlAsync(input, snapshot, cancel)}");
    }

    private string SetAside(NamedInput.Rows rows, CancellationToken cancel)
    {
        var table = $"temp.main.{SqlText.Identifier($"smelt_rows_{_setAside.Count}_{Guid.NewGuid():N}")}";
        var source = BatchSource.Register(connection, rows.Schema, rows.Batches, cancel);
        try
        {
            connection.Execute($"CREATE TEMP TABLE {table} AS {source.Sql}");
            return table;
        }
        catch (DuckDbException)
        {
            source.ThrowIfFailed();
            throw;
        }
    }

    private bool IsTarget(DeltaTable table) => table.Lake.Store.Locate(table.Folder) == target.Lake.Store.Locate(target.Folder);

    private async ValueTask<string> SqlAsync(NamedInput input, Snapshot snapshot, CancellationToken cancel)
    {
        if (input is NamedInput.ParquetFiles files)
            return $"SELECT * FROM read_parquet([{string.Join(", ", files.Paths.Select(static p => SqlText.Literal(ParquetSql.EscapeGlob(p))))}], hive_partitioning=false)";
        if (input is NamedInput.Rows rows)
            return $"SELECT * FROM {_setAside.GetValueOrDefault(input.Name) ?? (_setAside[input.Name] = SetAside(rows, cancel))}";
        var table = (NamedInput.Table)input;
        var at = table.Version is null && IsTarget(table.Delta) ? snapshot : await table.Delta.SnapshotAsync(table.Version, cancel);
        var scan = table.Delta.Scan(at);
        await scan.PrepareAsync(connection, cancel);
        return scan.Sql;
    }
}
