using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Binds all that a query reads into a step's catalog: tables at the version of the update, views with all that they read, tables as they were, Smelt's own tables,
/// sources. One way for every place where a query stands.
/// </summary>
/// <param name="tables">Where tables are found at their versions.</param>
public sealed class InputBinder(UpdateContext context, StepCatalog catalog, UpdateTables tables)
{
    private readonly Dictionary<SourceCall, string> _given = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<DatasetName, string> _apart = [];
    private readonly List<DatasetName> _missing = [];
    private readonly BoundSources _sources = new();

    public InputBinder(UpdateContext context, StepCatalog catalog) : this(context, catalog, context.Tables)
    {
    }

    /// <summary>Whether what a query streams is bound whole too, for a look at it.</summary>
    public bool WithStreams { get; init; }

    /// <summary>Whether tables and views are bound under names that only its queries know, as others are bound in the same catalog at other versions. Those of macros are not.</summary>
    internal bool IsApart { get; init; }

    /// <summary>Stored datasets that have no table yet. Views over them are not bound.</summary>
    public IReadOnlyList<DatasetName> Missing => _missing;

    /// <summary>Files that were bound here, not given.</summary>
    internal IReadOnlyList<FileBinding> Bindings => _sources.Bindings;

    /// <summary>A source that is bound already, under a name.</summary>
    internal void Give(SourceCall call, string view) => _given[call] = view;

    /// <summary>Binds what a query reads whole; what it streams is the step's to bind.</summary>
    /// <returns>How its references and sources are rendered; null where <see cref="Missing"/> holds some.</returns>
    /// <exception cref="EngineException">A table of Smelt's own is not there yet, a version or a source cannot be read.</exception>
    public async Task<QueryBindings?> BindAsync(DatasetQuery query, CancellationToken cancel)
    {
        var own = new Dictionary<TableReference, string>(ReferenceEqualityComparer.Instance);
        var whole = query.References.Where(r => (WithStreams || !r.IsStream) && r is { AsOf: null, Dataset: not null }).ToList();
        foreach (var reference in whole.Where(static r => r.Condition is not null))
        {
            if (await BindPrunedAsync(reference, cancel) is { } pruned) own[reference] = pruned;
        }
        foreach (var reference in whole.Where(r => IsApart && !own.ContainsKey(r)))
        {
            if (await BindApartAsync(reference.Dataset!, cancel) is { } apart) own[reference] = apart;
        }
        foreach (var name in whole.Where(r => !IsApart && !own.ContainsKey(r)).Select(static r => r.Dataset!).Concat(query.MacroReferences).Distinct()) await BindAsync(name, cancel);
        foreach (var system in query.SystemTables) await BindSystemAsync(system, cancel);
        if (_missing.Count > 0) return null;
        // DuckDB binds a macro's body when it is made: the tables that it names come first.
        catalog.CreateMacros(query.Macros);
        foreach (var reference in query.References.Where(r => (WithStreams || !r.IsStream) && r.AsOf is not null)) own[reference] = await BindPastAsync(reference, cancel);
        foreach (var call in query.Sources)
        {
            if ((WithStreams || !call.IsStream) && !_given.ContainsKey(call)) _given[call] = await BindSourceAsync(call, cancel);
        }
        return new QueryBindings { Table = r => own.GetValueOrDefault(r) ?? StepCatalog.QualifiedName(r), Source = call => _given.GetValueOrDefault(call) };
    }

    /// <summary>Binds a dataset under its own name: a table, or a view with all that it reads.</summary>
    public async Task BindAsync(DatasetName name, CancellationToken cancel)
    {
        if (catalog.IsBound(name.Schema, name.Name)) return;
        if (context.Pipeline.Graph.Find(name) is { IsView: true } view)
        {
            if (await BindAsync(view.Query, cancel) is { } bindings) catalog.BindSql(view.Name.Schema, view.Name.Name, QueryRendering.RenderSql(view.Query, bindings));
        }
        else if (await tables.FindAsync(name, cancel) is { } table) await catalog.BindTableAsync(name.Schema, name.Name, table, cancel);
        else if (!_missing.Contains(name)) _missing.Add(name);
    }

    /// <returns>Null where it has no table yet.</returns>
    private async Task<string?> BindApartAsync(DatasetName name, CancellationToken cancel)
    {
        if (_apart.TryGetValue(name, out var there)) return there;
        var view = $"apart_{catalog.NextNumber()}";
        if (context.Pipeline.Graph.Find(name) is { IsView: true } read)
        {
            if (await BindAsync(read.Query, cancel) is not { } bindings) return null;
            catalog.BindSql(StepCatalog.OwnSchema, view, QueryRendering.RenderSql(read.Query, bindings));
        }
        else if (await tables.FindAsync(name, cancel) is { } table) await catalog.BindScanAsync(StepCatalog.OwnSchema, view, table.Table.Scan(table.Snapshot), cancel);
        else
        {
            if (!_missing.Contains(name)) _missing.Add(name);
            return null;
        }
        return _apart[name] = SqlText.Identifier(StepCatalog.OwnSchema, view);
    }

    /// <summary>Binds a table under a name of its own with those files only that the reference's condition needs; null where that is all of them, or there is none.</summary>
    private async Task<string?> BindPrunedAsync(TableReference reference, CancellationToken cancel)
    {
        var name = reference.Dataset!;
        if (context.Pipeline.Graph.Find(name) is { IsView: true } || await tables.FindAsync(name, cancel) is not { } table) return null;
        if (PrunedScan.Of(table.Table, table.Snapshot, reference.Condition) is not { } scan) return null;
        var view = $"pruned_{catalog.NextNumber()}";
        await catalog.BindScanAsync(StepCatalog.OwnSchema, view, scan, cancel);
        return SqlText.Identifier(StepCatalog.OwnSchema, view);
    }

    private async Task BindSystemAsync(string system, CancellationToken cancel)
    {
        var table = await context.Tables.FindSystemAsync(system, cancel)
            ?? throw new EngineException(EngineCodes.InputMissing, $"{LakeLayout.SystemSchema}.{system} has no table yet. The first update makes it.");
        await catalog.BindTableAsync(LakeLayout.SystemSchema, system, table, cancel);
    }

    private async Task<string> BindPastAsync(TableReference reference, CancellationToken cancel)
    {
        if (reference.Dataset is { } name && context.Pipeline.Graph.Find(name) is { IsView: true })
            throw new EngineException(EngineCodes.QueryFailed, $"{name} is a view and keeps no versions. Write AS OF after the table that it reads.");
        var table = reference.Dataset is { } dataset ? context.Layout.Table(dataset) : context.Layout.SystemTable(reference.SystemTable!);
        try
        {
            return await TimeTravel.BindAsync(catalog, table, reference.AsOf!, reference.Condition, catalog.NextNumber(), cancel);
        }
        catch (LakeException error) when (TableFault.Of(string.Join('.', reference.Parts), error) is { } fault)
        {
            throw fault;
        }
    }

    private async Task<string> BindSourceAsync(SourceCall call, CancellationToken cancel)
    {
        if (call.Function == "read_delta") return await BindDeltaAsync(call, cancel);
        if (call.Function == "table_changes") return await BindChangesAsync(call, cancel);
        var (index, options) = (catalog.NextNumber(), SourceOptions.Of(call, context.Pipeline.Project.MetadataColumns));
        var batch = FileSource.Snapshot(options, context.Pipeline.Folder, null, cancel);
        var intent = new IntentRecord { Update = context.UpdateId, AtMicros = context.NowMicros, BatchId = context.UpdateId };
        _sources.Bind(context, catalog, index, call, options, batch, [], intent, withRow: false, cancel);
        return BoundSources.ViewOf(index);
    }

    private async Task<string> BindDeltaAsync(SourceCall call, CancellationToken cancel)
    {
        var path = Path.GetFullPath(call.Arguments.Count > 0 ? call.Arguments[0].Text : "", context.Pipeline.Folder);
        var table = TableAt(path);
        var version = call.Option("version") is { } v && long.TryParse(v.Text, out var number) ? number : (long?)null;
        try
        {
            return await TimeTravel.BindAsync(catalog, table, new TableVersion(version, call.Option("timestamp")?.Text), call.Condition, catalog.NextNumber(), cancel);
        }
        catch (LakeException error) when (TableFault.Of($"read_delta('{path}')", error) is { } fault)
        {
            throw fault;
        }
    }

    private async Task<string> BindChangesAsync(SourceCall call, CancellationToken cancel)
    {
        var path = call.Dataset is null ? Path.GetFullPath(call.Arguments[0].Text, context.Pipeline.Folder) : null;
        var pinned = call.Dataset is { } dataset
            ? await tables.FindAsync(dataset, cancel) ?? throw new EngineException(EngineCodes.InputMissing, $"{dataset} has no table yet. `smelt run` makes it.")
            : null;
        try
        {
            return await TimeTravel.BindChangesAsync(catalog, pinned?.Table ?? TableAt(path!), call, pinned?.Snapshot.Version, catalog.NextNumber(), cancel);
        }
        catch (LakeException error) when (TableFault.Of($"table_changes('{call.Dataset?.ToString() ?? path}')", error) is { } fault)
        {
            throw fault;
        }
    }

    private DeltaTable TableAt(string path) => new DeltaLake(new LocalObjectStore(path), context.Database().Connect).Table("");
}
