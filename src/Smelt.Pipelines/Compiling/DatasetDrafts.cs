using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>Makes drafts of a file's statements: names them and sets their queries apart.</summary>
internal static class DatasetDrafts
{
    public static DatasetDraft? Make(ParsedFile file, DatasetStatement statement, Layer layer)
    {
        var offset = statement.Name.Count > 0 ? statement.Name[^1].Offset : statement.Start;
        if (Name(file, statement, layer) is not { } written) return null;
        var name = PipelineFiles.VariantOf(file.Source.File) is { } variant ? written.In(variant) : written;
        var draft = new DatasetDraft
        {
            Name = name, NameOffset = offset, File = file, Statement = statement,
        };
        if (statement.HasBody) draft.Flows.Add(new FlowDraft { Name = name.Name, NameOffset = offset, Start = statement.Start, File = file, Query = new QueryDraft(QueryUnit.OfQuery(file, statement.Body)) });
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var clause in statement.Constraints)
        {
            if (!seen.Add(clause.Name.Name))
            {
                file.Report(DiagnosticCodes.DuplicateConstraint, clause.Name.Offset, $"{name} has two constraints '{clause.Name.Name}'.", "Their counts are kept by name: give each its own.");
                continue;
            }
            draft.Constraints.Add(new RuleDraft(clause, QueryUnit.OfExpression(file, clause.Predicate)) { Position = file.Source.Position(clause.Name.Offset) });
        }
        if (draft.Constraints.Count > 0 && statement.Kind is DatasetKind.View or DatasetKind.TemporaryView)
            file.Report(DiagnosticCodes.ExpectationOnView, draft.Constraints[0].Clause.Name.Offset, $"{name} is a view, and a view's rows are never written, so that nothing would be checked.",
                "Put the constraint on the table that reads it, or a data test on the view.");
        return draft;
    }

    private static DatasetName? Name(ParsedFile file, DatasetStatement statement, Layer layer)
    {
        if (statement.Name.Count == 0) return new DatasetName(layer, Path.GetFileNameWithoutExtension(file.Source.File));
        if (statement.Name.Count == 1) return new DatasetName(layer, statement.Name[0].Name);
        var written = string.Join('.', statement.Name.Select(n => n.Name));
        if (statement.Name.Count > 2 || !DatasetName.TryLayer(statement.Name[0].Name, out var named))
        {
            file.Report(DiagnosticCodes.DatasetName, statement.Name[0].Offset, $"'{written}' is no name of a dataset.", "Write bronze.x, silver.x or gold.x, or the name alone.");
            return null;
        }
        if (named != layer)
        {
            file.Report(DiagnosticCodes.LayerMismatch, statement.Name[0].Offset, $"{written} is defined in the folder {DatasetName.SchemaOf(layer)}.",
                $"Move the file to {DatasetName.SchemaOf(named)}, or name the layer {DatasetName.SchemaOf(layer)}.");
        }
        return new DatasetName(named, statement.Name[1].Name);
    }
}
