using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>Binds the datasets' columns level by level, and checks what needs them.</summary>
internal sealed class BindingStage(KnownSchemas schemas, ProjectSettings project, NameResolver names, IReadOnlyDictionary<string, string> expressionNames)
{
    public void Bind(List<List<DatasetDraft>> levels)
    {
        foreach (var level in levels)
        {
            if (level.Count < 32) level.ForEach(Bind);
            else Parallel.ForEach(level, Bind);
        }
    }

    private void AppendOnly(DatasetDraft dataset)
    {
        bool Is(string key) => key.Equals("delta.appendOnly", StringComparison.OrdinalIgnoreCase);
        if (dataset.Kind != DatasetKind.MaterializedView || !DatasetBuilder.Properties(dataset, project).Any(p => Is(p.Key) && p.Value.Equals("true", StringComparison.OrdinalIgnoreCase))) return;
        var at = dataset.Statement.Properties.Where(p => Is(p.Item1)).Select(static p => p.Item3).DefaultIfEmpty(dataset.NameOffset).First();
        dataset.Report(DiagnosticCodes.PropertyOfOtherKind, at, $"{dataset.Name} is a materialized view, whose rows every refresh replaces: with delta.appendOnly the second would be refused.",
            "Leave it out, or set it to 'false' here where the layer's defaults have it.");
    }

    private BindWorld WorldOf(QueryDraft query) => new(query.References, SchemaOf, expressionNames);

    private BoundQuery SchemaOf(DatasetName name) => names.Find(name)?.Schema ?? BoundQuery.Unknown;

    private void Bind(DatasetDraft dataset)
    {
        foreach (var flow in dataset.Flows)
        {
            if (flow.Query.Unit.IsParsed && !dataset.IsInCycle) flow.Query.Bound = Distinct(dataset, flow, new QueryBinder(flow.Query.Unit, WorldOf(flow.Query)).Bind());
            flow.Query.AstHash = new DefinitionHash().Add(flow.Query.Unit.Node).ToString();
        }
        if (dataset.IsInCycle || !dataset.Queries.Any(static q => q.Unit.IsParsed)) return;
        dataset.Output = Together(dataset);
        dataset.Schema = SchemaOf(dataset);
        new DatasetChecks(dataset, names).Check();
        AppendOnly(dataset);
    }

    // Columns of several flows meet by name.
    private static BoundQuery Together(DatasetDraft dataset)
    {
        if (dataset.Flows.Count == 1) return dataset.Flows[0].Output;
        var columns = new List<BoundColumn>();
        foreach (var column in dataset.Flows.SelectMany(static f => f.Output.Columns))
        {
            var at = columns.FindIndex(c => c.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase));
            if (at < 0) columns.Add(column);
            else columns[at] = columns[at] with { Origins = [.. columns[at].Origins.Concat(column.Origins).Distinct()] };
        }
        return new BoundQuery { Columns = columns, Openness = dataset.Flows.Max(static f => f.Output.Openness) };
    }

    public void BindTest(QueryDraft query)
    {
        if (!query.Unit.IsParsed) return;
        foreach (var offset in query.Unit.Mask.Streams.Values)
            query.Unit.Report(DiagnosticCodes.StreamInView, offset, "STREAM in a test.", "A test reads whole tables.");
        query.Bound = new QueryBinder(query.Unit, WorldOf(query)).Bind();
        query.Unit.Release();
    }

    // DuckDB writes the second column `id` as `id_1`.
    private static BoundQuery Distinct(DatasetDraft dataset, FlowDraft flow, BoundQuery bound)
    {
        var seen = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        List<BoundColumn>? renamed = null;
        for (var i = 0; i < bound.Columns.Count; i++)
        {
            var name = bound.Columns[i].Name;
            if (seen.TryAdd(name, 0)) continue;
            seen[name]++;
            renamed ??= new List<BoundColumn>(bound.Columns);
            renamed[i] = renamed[i] with { Name = $"{name}_{seen[name]}" };
            if (seen[name] == 1)
                flow.Query.Unit.Report(DiagnosticCodes.DuplicateColumn, 0, $"{dataset.Name} has two columns '{name}'; the second becomes '{name}_1'.", "Name one of them with AS, or EXCLUDE it.", IsComputed(dataset, flow, name) ? Severity.Error : Severity.Warning);
        }
        return renamed is null ? bound : new BoundQuery { Columns = renamed, Openness = bound.Openness };
    }

    // A stream's expressions are wrapped by name, and the second one's name is not known before DuckDB gives it: it would be stored with its wrapping.
    private static bool IsComputed(DatasetDraft dataset, FlowDraft flow, string name)
    {
        var node = flow.Query.Unit.Node;
        if (dataset.Kind != DatasetKind.StreamingTable || !SqlAst.TypeIs(node, "SELECT_NODE"u8)) return false;
        var isSecond = false;
        foreach (var item in SqlAst.Items(node, "select_list"u8))
        {
            var (isStar, isColumn, alias) = (SqlAst.ClassIs(item, "STAR"u8), SqlAst.ClassIs(item, "COLUMN_REF"u8), SqlAst.Text(item, "alias"u8));
            var given = alias.Length == 0 && isColumn ? SqlAst.Texts(item, "column_names"u8)[^1] : alias;
            var isNamed = given.Equals(name, StringComparison.OrdinalIgnoreCase);
            if (isNamed && isSecond && !isColumn) return true;
            isSecond |= isStar || isNamed;
        }
        return false;
    }

    // What readers see: the query's columns, what the table holds besides, and the metadata columns of bronze; as the dataset's own columns.
    private BoundQuery SchemaOf(DatasetDraft dataset)
    {
        var bound = dataset.Output;
        var columns = new List<BoundColumn>(bound.Columns.Count + 6);
        var openness = bound.Openness;
        foreach (var column in bound.Columns) Add(columns, dataset.Name, column.Name);
        var known = schemas.Of(dataset.Name);
        if (known is not null && openness == Openness.Open) openness = schemas.AreFinal ? Openness.Closed : Openness.MayGrow;
        else if (known is not null && dataset.Kind != DatasetKind.StreamingTable) known = null;
        foreach (var column in known ?? []) Add(columns, dataset.Name, column.Name);
        if (dataset.Name.Layer == Layer.Bronze && dataset.IsStored && openness != Openness.Open) AddMetadata(columns, dataset.Name);
        return new BoundQuery { Columns = columns, Openness = openness, Dataset = dataset.Name };
    }

    private void AddMetadata(List<BoundColumn> columns, DatasetName dataset)
    {
        var metadata = project.MetadataColumns;
        foreach (var name in (string?[])[metadata.IngestedAt, metadata.IngestionDate, metadata.Source, metadata.SourceFile, metadata.BatchId, metadata.RescuedData])
        {
            if (name is not null) Add(columns, dataset, name);
        }
    }

    private static void Add(List<BoundColumn> columns, DatasetName dataset, string name)
    {
        if (!columns.Exists(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            columns.Add(new BoundColumn(name, [new ColumnOrigin(dataset, name, LineageKind.Direct)]));
    }
}
