namespace Smelt.Pipelines;

/// <summary>Turns a finished draft into the public value.</summary>
internal static class DatasetBuilder
{
    public static Dataset Build(DatasetDraft draft, ProjectSettings project)
    {
        var statement = draft.Statement;
        var flows = draft.Flows.ConvertAll(f => f.Build(draft.Kind));
        var properties = Properties(draft, project);
        DatasetName? movedFrom = properties.TryGetValue("smelt.moved_from", out var from) && DatasetName.TryParse(from, out var old) ? old : null;
        return new Dataset
        {
            Name = draft.Name,
            Kind = draft.Kind,
            File = draft.File.Source.File,
            Position = draft.File.Source.Position(statement.Start),
            Description = statement.Comment ?? draft.Description,
            DeclaredColumns = Columns(draft),
            HasColumnList = statement.HasColumnList,
            Expectations = Expectations(draft),
            RefreshPolicy = statement.RefreshPolicy ?? RefreshPolicy.Auto,
            PartitionedBy = [.. statement.PartitionedBy.Select(c => c.Name)],
            Clustering = new Clustering([.. statement.ClusterBy.Select(c => c.Name)], statement.ClusterAuto),
            Properties = properties,
            MovedFrom = movedFrom,
            Tags = [.. project.DefaultsOf(draft.Name.Layer).Tags.Concat(draft.Tags).Distinct()],
            Tests = draft.Tests,
            Query = draft.Flows.Count > 0 && draft.Flows[0].IsDefault ? flows[0].Query : DatasetQuery.Together(flows.ConvertAll(static f => f.Query)),
            Flows = draft.IsStored ? flows : [],
            DefinitionHash = draft.DefinitionHash,
            CastErrors = project.DefaultsOf(draft.Name.Layer).CastErrors ?? project.CastErrors,
        };
    }

    /// <summary>The layer's defaults, and over them TBLPROPERTIES.</summary>
    public static Dictionary<string, string> Properties(DatasetDraft draft, ProjectSettings project)
    {
        var properties = new Dictionary<string, string>(project.DefaultsOf(draft.Name.Layer).Properties);
        foreach (var (key, value, _) in draft.Statement.Properties) properties[key] = value;
        return properties;
    }

    private static List<DeclaredColumn> Columns(DatasetDraft draft)
    {
        var columns = draft.Statement.Columns.ConvertAll(c => c.Column);
        foreach (var described in draft.PropertyColumns)
        {
            var at = columns.FindIndex(c => c.Name.Equals(described.Name, StringComparison.OrdinalIgnoreCase));
            if (at < 0) columns.Add(described);
            else columns[at] = columns[at] with { Comment = columns[at].Comment ?? described.Comment, Type = columns[at].Type ?? described.Type };
        }
        return columns;
    }

    private static List<Expectation> Expectations(DatasetDraft draft)
    {
        var expectations = draft.Constraints.ConvertAll(static c => c.Build());
        foreach (var (column, offset) in draft.Statement.Columns)
        {
            if (!column.NotNull) continue;
            var predicate = $"{Smelt.DuckDb.SqlText.Identifier(column.Name)} IS NOT NULL";
            expectations.Add(new Expectation($"not_null:{column.Name}", predicate, ViolationAction.FailUpdate, draft.File.Source.Position(offset)) { Sql = predicate });
        }
        return expectations;
    }
}
