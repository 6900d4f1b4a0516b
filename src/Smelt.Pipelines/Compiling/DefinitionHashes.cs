namespace Smelt.Pipelines;

/// <summary>Gives every dataset its definition's hash, inputs before readers, since a view's readers depend on its text.</summary>
internal static class DefinitionHashes
{
    public static void Compute(List<List<DatasetDraft>> levels, NameResolver names, ProjectSettings project)
    {
        foreach (var level in levels)
        {
            if (level.Count < 32) level.ForEach(d => Compute(d, names, project));
            else Parallel.ForEach(level, d => Compute(d, names, project));
        }
    }

    private static void Compute(DatasetDraft dataset, NameResolver names, ProjectSettings project)
    {
        foreach (var flow in dataset.Flows) flow.DefinitionHash = Of(flow, dataset, names, project);
        dataset.DefinitionHash = dataset.Flows is [{ IsDefault: true } only] ? only.DefinitionHash : Together(dataset);
        foreach (var query in dataset.Queries) query.Unit.Release();
        foreach (var (_, unit) in dataset.Constraints) unit.Release();
        foreach (var unit in dataset.Flows.SelectMany(static f => f.Conditions)) unit.Release();
    }

    private static string Together(DatasetDraft dataset)
    {
        var hash = new DefinitionHash().Add("flows");
        foreach (var flow in dataset.Flows) hash.Add(flow.Name.ToLowerInvariant()).Add(flow.DefinitionHash);
        return hash.ToString();
    }

    private static string Of(FlowDraft flow, DatasetDraft dataset, NameResolver names, ProjectSettings project)
    {
        var query = flow.Query;
        var hash = new DefinitionHash().Add("1").Add(dataset.Kind.ToString()).Add(query.AstHash);
        if (!flow.IsDefault) hash.Add(flow.Kind(dataset.Kind).ToString());
        foreach (var reference in query.References.Values.OrderBy(r => r.Span.Start))
        {
            hash.Add(reference.Dataset?.ToString() ?? reference.SystemTable).Add(reference.IsStream ? "stream" : null).Add(reference.AsOf?.ToString());
            if (reference.Stream != StreamOptions.None) hash.Add(reference.Stream.ToString());
            if (reference.Dataset is { } input && names.Find(input) is { IsStored: false } view) hash.Add(view.DefinitionHash);
        }
        foreach (var source in query.Sources) hash.Add(source.Function).Add(source.IsStream ? "stream" : null);
        foreach (var macro in query.Macros)
        {
            foreach (var body in macro.Bodies) hash.Add(macro.Name).Add(body.Unit.Node);
            foreach (var body in macro.Statement.Bodies) hash.Add(string.Join(',', body.Parameters));
            foreach (var read in macro.Reads)
            {
                if (names.Find(read) is { IsStored: false } view) hash.Add(view.DefinitionHash);
            }
        }
        if (flow.Cdc is not null) CdcOutput.Add(hash, flow);
        foreach (var read in dataset.Queries.SelectMany(static q => q.RuleReads).Distinct())
        {
            if (names.Find(read) is { IsStored: false } view) hash.Add(view.DefinitionHash);
        }
        Clauses(hash, dataset, project);
        return hash.ToString();
    }

    private static void Clauses(DefinitionHash hash, DatasetDraft dataset, ProjectSettings project)
    {
        foreach (var rule in dataset.Constraints)
        {
            hash.Add(rule.Clause.Name.Name).Add(rule.Clause.Action.ToString()).Add(rule.Unit.Node);
            foreach (var reference in rule.Query.References.Values.OrderBy(static r => r.Span.Start)) hash.Add(reference.Dataset?.ToString() ?? reference.SystemTable);
        }
        foreach (var (column, _) in dataset.Statement.Columns) hash.Add(column.Name).Add(column.Type).Add(column.NotNull ? "not null" : null);
        foreach (var column in dataset.PropertyColumns)
        {
            if (column.Type is not null) hash.Add("type").Add(column.Name).Add(column.Type);
        }
        foreach (var column in dataset.Statement.PartitionedBy) hash.Add("partition").Add(column.Name);
        foreach (var column in dataset.Statement.ClusterBy) hash.Add("cluster").Add(column.Name);
        hash.Add(dataset.Statement.ClusterAuto ? "auto" : null);
        foreach (var (key, value) in DatasetBuilder.Properties(dataset, project).Where(static p => !p.Key.Equals(RetentionPolicy.Property, StringComparison.OrdinalIgnoreCase)).OrderBy(p => p.Key, StringComparer.Ordinal)) hash.Add(key).Add(value);
        if (dataset.Kind == DatasetKind.StreamingTable) hash.Add((project.DefaultsOf(dataset.Name.Layer).CastErrors ?? project.CastErrors).ToString());
        if (dataset.Name.Layer == Layer.Bronze) hash.Add(project.MetadataColumns.ToString());
    }
}
