using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>The tables that one statement names: its target, and what its conditions and queries read, at the versions of the moment.</summary>
internal sealed class StatementScope : IDisposable
{
    /// <summary>Stands on a line of its own before an expression, so that lines and columns behind it are the expression's own.</summary>
    private const string Before = "SELECT 1 WHERE (\n", After = "\n)";

    private readonly PipelineSession _session;
    private readonly UpdateContext _context;
    private bool _readsFolders;

    public StatementScope(PipelineSession session)
    {
        _session = session;
        _context = session.NewContext("sql");
        Catalog = new StepCatalog(session.Database());
    }

    public StepCatalog Catalog { get; }

    /// <summary>The dataset that a name means.</summary>
    /// <exception cref="StatementFailedException">There is none of that name.</exception>
    public DatasetName Dataset(TableName name)
    {
        if (name.Parts.Count == 2 && DatasetName.TryLayer(name.Parts[0], out var layer)) return _session.Pipeline.Graph.Find(new DatasetName(layer, name.Parts[1]))?.Name ?? new DatasetName(layer, name.Parts[1]);
        // Delta Live Tables' word for the pipeline's own tables.
        if (name.Parts is ["LIVE" or "live" or "Live", var own] && _session.Pipeline.Graph.Find(own) is { } live) return live.Name;
        if (name.Parts.Count == 1 && _session.Pipeline.Graph.Find(name.Parts[0]) is { } found) return found.Name;
        throw StatementFailedException.Usage($"There is no dataset '{name}'. Tables are named bronze.x, silver.x, gold.x; a folder is named delta.`path`.");
    }

    /// <summary>The target, its newest version, and the dataset that it is.</summary>
    /// <exception cref="StatementFailedException">There is no such table, or it is a view.</exception>
    public async Task<StatementTarget> TargetAsync(TableName name, CancellationToken cancel)
    {
        if (name.IsPath)
        {
            var path = Path.GetFullPath(name.Parts[0], _session.Pipeline.Folder);
            var table = new DeltaLake(new LocalObjectStore(path), _session.Database().Connect).Table("");
            return new StatementTarget(table, await table.TrySnapshotAsync(cancel) ?? throw StatementFailedException.Usage($"There is no Delta table in {path}."), null);
        }
        var dataset = Dataset(name);
        if (_session.Pipeline.Graph.Find(dataset) is { IsView: true }) throw StatementFailedException.Usage($"{dataset} is a view: it has no rows of its own.");
        var pinned = await _context.Tables.FindAsync(dataset, cancel) ?? throw StatementFailedException.Usage($"{dataset} has no table{(_session.Pipeline.Graph.Find(dataset) is null ? "" : " yet. `smelt run` makes it")}.");
        return new StatementTarget(pinned.Table, pinned.Snapshot, dataset);
    }

    /// <summary>The table in a folder, whether there is one or not: for statements that make one.</summary>
    /// <exception cref="StatementFailedException">It is no folder: a dataset's table is made by its pipeline.</exception>
    public DeltaTable Folder(TableName name) => name.IsPath
        ? new DeltaLake(new LocalObjectStore(Path.GetFullPath(name.Parts[0], _session.Pipeline.Folder)), _session.Database().Connect).Table("")
        : throw StatementFailedException.Usage($"'{name}' is no folder; write delta.`path`. A dataset's table is made by its pipeline.");

    /// <summary>Whether what was bound so far may hold the target.</summary>
    public bool Reads(StatementTarget target) => _readsFolders || target.Dataset is { } dataset && Catalog.IsBound(dataset.Schema, dataset.Name);

    /// <summary>A query with the tables that it reads bound.</summary>
    public async Task<string> QueryAsync(SqlPiece piece, CancellationToken cancel) => await BindAsync(piece.Text, piece.Position, 1, cancel);

    /// <summary>A condition or value with the tables of its subqueries bound.</summary>
    public async Task<string> ExpressionAsync(SqlPiece piece, CancellationToken cancel)
    {
        var sql = await BindAsync(Before + piece.Text + After, piece.Position, 2, cancel);
        return sql[Before.Length..^After.Length];
    }

    public async Task<string?> ExpressionOrNullAsync(SqlPiece? piece, CancellationToken cancel) => piece is null ? null : await ExpressionAsync(piece, cancel);

    private async Task<string> BindAsync(string sql, FilePosition at, int firstLine, CancellationToken cancel)
    {
        var compiled = AdHocQuery.Compile(_session.Pipeline, sql, _session.Database());
        if (compiled.Query is null) throw new StatementDiagnosticsException([.. compiled.Diagnostics.Select(d => Moved(d, at, firstLine))]);
        _readsFolders |= compiled.Query.Sources.Any(static s => s.Function == "read_delta") || compiled.Query.References.Any(static r => r.AsOf is not null);
        return await BoundQuery.BindAsync(_context, Catalog, compiled.Query, cancel);
    }

    /// <summary>A place in a piece as a place in the whole text.</summary>
    private static Diagnostic Moved(Diagnostic diagnostic, FilePosition at, int firstLine)
    {
        if (diagnostic.Line < firstLine) return diagnostic with { File = "sql", Line = at.Line, Column = at.Column };
        return diagnostic with
        {
            File = "sql",
            Line = at.Line + diagnostic.Line - firstLine,
            Column = diagnostic.Line == firstLine ? at.Column + diagnostic.Column - 1 : diagnostic.Column,
        };
    }

    public void Dispose() => Catalog.Dispose();
}

/// <summary>A statement's table at the version that the statement sees; the dataset where a pipeline has it.</summary>
internal sealed record StatementTarget(DeltaTable Table, Snapshot Snapshot, DatasetName? Dataset)
{
    public StatementTarget At(Snapshot snapshot) => this with { Snapshot = snapshot };
}

/// <summary>A statement's query or condition does not compile.</summary>
internal sealed class StatementDiagnosticsException(IReadOnlyList<Diagnostic> diagnostics) : Exception(diagnostics[0].Message)
{
    public IReadOnlyList<Diagnostic> Diagnostics { get; } = diagnostics;
}
