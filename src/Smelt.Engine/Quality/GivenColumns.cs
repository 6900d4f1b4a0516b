using System.Text.RegularExpressions;
using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// The columns of datasets as their definitions tell them, without a table: what a test need not say. Types are those of the query over empty inputs, where DuckDB
/// can tell them, and declared ones.
/// </summary>
internal sealed class GivenColumns(Pipeline pipeline, Func<DuckDbDatabase> database)
{
    private readonly Dictionary<DatasetName, IReadOnlyDictionary<string, string?>> _known = [];
    private ILookup<DatasetName, string>? _used;

    /// <summary>Names with types; null where nobody knows the type.</summary>
    public IReadOnlyDictionary<string, string?> Of(DatasetName name)
    {
        if (_known.TryGetValue(name, out var known)) return known;
        var columns = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        _known[name] = columns;
        if (pipeline.Graph.Find(name) is not { } dataset) return columns;
        foreach (var column in dataset.Flows.SelectMany(static f => f.Query.Columns)) columns[column.Name] = null;
        foreach (var (column, type) in Described(dataset)) columns[column] = type;
        foreach (var column in Used[name]) columns.TryAdd(column, null);
        if (name.Layer == Layer.Bronze && dataset.IsStored) AddMetadata(columns);
        foreach (var declared in dataset.DeclaredColumns) columns[declared.Name] = declared.Type ?? columns.GetValueOrDefault(declared.Name);
        return columns;
    }

    /// <summary>Whether <see cref="Of"/> tells all columns that a dataset can have.</summary>
    public bool AreAll(DatasetName name) => pipeline.Graph.Find(name) is { } dataset && dataset.Flows.All(static f => f.Kind != FlowKind.AutoCdc) && dataset.Queries.All(static q => !q.IsOpen);

    /// <summary>A relation of these columns without a row.</summary>
    public static string EmptySql(IReadOnlyDictionary<string, string?> columns) => columns.Count == 0 ? "SELECT NULL::VARCHAR AS nothing WHERE FALSE"
        : $"SELECT {string.Join(", ", columns.Select(static c => $"NULL::{c.Value ?? "VARCHAR"} AS {SqlText.Identifier(c.Key)}"))} WHERE FALSE";

    /// <summary>What queries take from each dataset: the columns of a source that no file has shown yet.</summary>
    private ILookup<DatasetName, string> Used => _used ??= pipeline.Graph.Datasets.SelectMany(static d => d.IsStored ? d.Flows.Select(static f => f.Query) : [d.Query])
        .SelectMany(static q => q.Columns.SelectMany(static c => c.Origins).Select(static o => (o.Dataset, o.Column)).Concat(q.References.Where(static r => r.Dataset is not null).SelectMany(r => Qualified(q, r))))
        .ToLookup(static o => o.Dataset, static o => o.Column);

    /// <summary>Columns that a query names with a table's alias: in conditions and joins too.</summary>
    private static IEnumerable<(DatasetName Dataset, string Column)> Qualified(DatasetQuery query, TableReference reference)
    {
        var alias = Regex.Escape(reference.Alias ?? reference.Parts[^1]);
        return Regex.Matches(query.Text, $@"(?<![\w.""]){alias}\.(\w+)(?!\w*[.(])", RegexOptions.IgnoreCase).Select(m => (reference.Dataset!, m.Groups[1].Value));
    }

    private IEnumerable<(string, string)> Described(Dataset dataset)
    {
        var query = dataset.Query;
        if (query.Sources.Count > 0 || query.SystemTables.Any()) return [];
        using var catalog = new StepCatalog(database());
        try
        {
            foreach (var input in query.Inputs) catalog.BindSql(input.Schema, input.Name, EmptySql(Of(input)));
            catalog.CreateMacros(query.Macros);
            return [.. catalog.Describe(QueryRendering.RenderSql(query, new QueryBindings { Table = StepCatalog.QualifiedName })).Select(static c => (c.Name, c.Type.ToString()))];
        }
        catch (DuckDbException)
        {
            // A type of an input is not as its readers need it: then the test's own values tell the types.
            return [];
        }
    }

    private void AddMetadata(Dictionary<string, string?> columns)
    {
        var names = pipeline.Project.MetadataColumns;
        foreach (var (name, type) in new[] { (names.IngestedAt, "TIMESTAMPTZ"), (names.IngestionDate, "DATE"), (names.Source, "VARCHAR"), (names.SourceFile, "VARCHAR"), (names.BatchId, "VARCHAR"), (names.RescuedData, "VARCHAR") })
        {
            if (name is not null) columns[name] = type;
        }
    }
}
