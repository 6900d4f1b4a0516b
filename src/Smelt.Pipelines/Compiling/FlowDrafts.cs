using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>Gives the flows of all files to the tables that they write.</summary>
internal sealed class FlowDrafts(IReadOnlyDictionary<DatasetName, DatasetDraft> datasets)
{
    /// <param name="files">Parsed files with the layers of their folders; other files are passed over.</param>
    public void Attach(IEnumerable<ParsedFile> files, IReadOnlyDictionary<string, Layer> layers)
    {
        foreach (var file in files)
        {
            if (!layers.TryGetValue(file.Source.File, out var layer)) continue;
            foreach (var statement in file.Flows) Attach(file, statement, layer);
        }
        foreach (var dataset in datasets.Values)
        {
            // By name, so that the order of files and statements does not say which flow is first.
            dataset.Flows.Sort(static (a, b) => a.IsDefault != b.IsDefault ? (a.IsDefault ? -1 : 1) : StringComparer.OrdinalIgnoreCase.Compare(a.Name, b.Name));
            if (dataset.Flows.Count == 0)
                dataset.Report(DiagnosticCodes.TableWithoutFlow, dataset.NameOffset, $"Nothing writes {dataset.Name}: it has no query and no flow.", $"End the statement with AS SELECT …, or write CREATE FLOW name AS INSERT INTO {dataset.Name} BY NAME SELECT ….");
        }
    }

    private void Attach(ParsedFile file, FlowStatement statement, Layer layer)
    {
        if (Target(file, statement, layer) is not { } dataset) return;
        if (dataset.Flows.Find(f => f.Name.Equals(statement.Name.Name, StringComparison.OrdinalIgnoreCase)) is { } other)
        {
            file.Report(DiagnosticCodes.DuplicateFlow, statement.Name.Offset, $"{dataset.Name} has two flows '{statement.Name.Name}': here and in {other.File.Source.File}.",
                other.IsDefault ? "The table's own query bears the table's name. Rename this flow." : "A flow's offsets are kept by its name: rename or remove one.");
            return;
        }
        dataset.Flows.Add(new FlowDraft
        {
            Name = statement.Name.Name, NameOffset = statement.Name.Offset, Start = statement.Start, File = file, Statement = statement,
            Query = new QueryDraft(statement.Cdc is { IsSnapshot: true } ? QueryUnit.OfSnapshots(file, statement.Body) : QueryUnit.OfQuery(file, statement.Body)),
            DeleteWhen = statement.Cdc?.DeleteWhen is { } delete ? QueryUnit.OfExpression(file, delete) : null,
            TruncateWhen = statement.Cdc?.TruncateWhen is { } truncate ? QueryUnit.OfExpression(file, truncate) : null,
        });
    }

    private DatasetDraft? Target(ParsedFile file, FlowStatement statement, Layer layer)
    {
        var offset = statement.Target[0].Offset;
        var written = string.Join('.', statement.Target.Select(static n => n.Name));
        if (Name(statement.Target, layer) is not { } name || datasets.GetValueOrDefault(name) is not { } dataset)
        {
            var near = NearestName.Of(written, datasets.Keys.Select(n => statement.Target.Count == 1 ? n.Name : n.ToString()));
            file.Report(DiagnosticCodes.FlowTarget, offset, $"The flow {statement.Name.Name} writes '{written}', which nothing defines.", near is null ? $"Write CREATE STREAMING TABLE {written}." : $"Did you mean '{near}'?");
            return null;
        }
        if (name.Layer != layer)
            file.Report(DiagnosticCodes.LayerMismatch, offset, $"The flow {statement.Name.Name} of {name} stands in the folder {DatasetName.SchemaOf(layer)}.", $"Move it to {name.Schema}.");
        if (dataset.Statement.Kind == DatasetKind.StreamingTable) return dataset;
        if (dataset.Statement.Kind is null && dataset.Flows is [{ Query.ReadsStream: true }, ..]) return dataset;
        var kind = dataset.Kind == DatasetKind.MaterializedView ? "materialized view, whose content always equals its own query" : "view, which is never stored";
        file.Report(DiagnosticCodes.FlowTarget, offset, $"The flow {statement.Name.Name} writes {dataset.Name}, a {kind}.", "Make it a STREAMING TABLE, or put the query into its own by UNION ALL.");
        return null;
    }

    private static DatasetName? Name(IReadOnlyList<PlacedName> target, Layer layer) => target.Count switch
    {
        1 => new DatasetName(layer, target[0].Name),
        2 when DatasetName.TryLayer(target[0].Name, out var named) => new DatasetName(named, target[1].Name),
        _ => null,
    };
}
