using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>ALTER TABLE and COMMENT ON TABLE.</summary>
internal sealed class AlterStatements(PipelineSession session)
{
    public async Task<StatementOutcome> RunAsync(AlterStatement statement, CancellationToken cancel)
    {
        using var scope = new StatementScope(session);
        var target = await scope.TargetAsync(statement.Target, cancel);
        var name = target.Dataset?.ToString() ?? statement.Target.ToString();
        return await target.Table.AlterAsync(Change(statement.Action), cancel) switch
        {
            AlterResult.Altered altered => new StatementOutcome(statement.Verb, name, "done") { Version = altered.Snapshot.Version, Notes = Notes(altered, target) },
            AlterResult.Unchanged => new StatementOutcome(statement.Verb, name, "nothing to do"),
            AlterResult.Conflicted conflicted => throw new StatementFailedException(EngineCodes.TooManyConflicts,
                $"{statement.Verb} {name}: other writers were first each time: {conflicted.Conflict.Reason}. Nothing was changed; try again.", ExitCode.Failed),
            AlterResult.Refused refused => throw StatementFailedException.Usage($"{statement.Verb} {name}: {string.Join("; ", refused.Problems.Select(static p => p.Message))}."),
            var other => throw new InvalidOperationException(other.ToString()),
        };
    }

    private static List<string> Notes(AlterResult.Altered altered, StatementTarget target)
    {
        var notes = altered.NewFeatures.Select(static f => $"the table now needs {f} of whoever uses it").ToList();
        if (target.Dataset is { } dataset) notes.Add($"{dataset} belongs to a pipeline: its next update makes the table what its file says, where the two differ.");
        return notes;
    }

    private TableChange Change(AlterAction action) => action switch
    {
        AlterAction.AddColumns a => new TableChange.AddColumns([.. a.Columns.Select(c => (new ColumnPath(c.Path), new ColumnSpec(c.Path[^1], SqlTypes.Parse(session, c.Type), true, c.Comment)))]),
        AlterAction.RenameColumn a => new TableChange.RenameColumn(new ColumnPath(a.Path), a.Name),
        AlterAction.DropColumns a => new TableChange.DropColumns([.. a.Paths.Select(static p => new ColumnPath(p))]),
        AlterAction.ChangeType a => new TableChange.ChangeType(new ColumnPath(a.Path), SqlTypes.Parse(session, a.Type)),
        AlterAction.SetNullable a => new TableChange.SetNullable(new ColumnPath(a.Path), a.Nullable),
        AlterAction.CommentColumn a => new TableChange.CommentColumn(new ColumnPath(a.Path), a.Comment),
        AlterAction.CommentTable a => new TableChange.CommentTable(a.Comment),
        AlterAction.SetDefault a => new TableChange.SetDefault(new ColumnPath(a.Path), a.Expression),
        AlterAction.SetProperties a => new TableChange.SetProperties(a.Properties),
        AlterAction.AddConstraint a => new TableChange.AddConstraint(a.Name, a.Expression),
        AlterAction.DropConstraint a => new TableChange.DropConstraint(a.Name, a.IfExists),
        AlterAction.ClusterBy a => new TableChange.ClusterBy(a.Columns),
        _ => throw new InvalidOperationException(action.ToString()),
    };
}

/// <summary>Types as SQL has them. DuckDB's names, and STRING for texts.</summary>
internal static class SqlTypes
{
    /// <exception cref="StatementFailedException">It is no type, or one that tables do not have.</exception>
    public static DeltaType Parse(PipelineSession session, string type)
    {
        using var connection = session.Database().Connect();
        try
        {
            using var shape = connection.Query($"SELECT CAST(NULL AS {type}) AS c LIMIT 0");
            var (columns, problems) = ColumnTyping.OfAll(shape.Columns);
            return problems.Count == 0 ? columns[0].Type : throw StatementFailedException.Usage($"'{type}': {problems[0].Message}");
        }
        catch (DuckDbException e)
        {
            throw StatementFailedException.Usage($"'{type}' is no type: {e.Message.Split('\n')[0]}");
        }
    }
}
