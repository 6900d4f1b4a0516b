using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>What no SQL spells: old days of a dataset go, as its pipeline's retention asks.</summary>
internal sealed record RetentionStatement(TableName Target, Dataset Dataset, bool IsDryRun) : TableStatement(Target)
{
    public override string Verb => "RETENTION";

    /// <summary>An outcome for the table and one for its quarantine, where rows of them go.</summary>
    public async Task<IReadOnlyList<StatementOutcome>> RunAsync(PipelineSession session, CancellationToken cancel)
    {
        var context = session.NewContext("maintain", FaultPoints.FromEnvironment());
        var sweep = new RetentionSweep(context);
        var done = new List<StatementOutcome>();
        try
        {
            if (!IsDryRun && await PurposefulDelete.MendAsync(context, Dataset, cancel))
                done.Add(new StatementOutcome(Verb, Dataset.Name.ToString(), "append-only again: an earlier delete was cut short"));
            foreach (var due in await sweep.FindAsync(Dataset, cancel)) done.Add(IsDryRun ? Told(due, $"{due.Words} would go", null) : Told(due, await sweep.RunAsync(due, cancel)));
        }
        catch (EngineException wrong)
        {
            throw new StatementFailedException(wrong.Code, wrong.Message, ExitCode.Failed);
        }
        return done;
    }

    private StatementOutcome Told(RetentionDue due, DmlResult result) => result switch
    {
        DmlResult.Committed committed => Told(due, $"{due.Words} gone; their files stay until VACUUM", committed.Version),
        DmlResult.Unchanged => Told(due, "nothing to do", null),
        DmlResult.Conflict conflict => throw new StatementFailedException(EngineCodes.TooManyConflicts, $"{Verb} {due.Table}: other writers were in the way {conflict.Attempts} times: {conflict.Last.Reason}. Nothing was removed; try again.", ExitCode.Failed),
        DmlResult.Refused refused => throw new StatementFailedException(EngineCodes.RetentionRefused, $"{Verb} {due.Table}: {refused.Message}", ExitCode.Failed),
        _ => throw new InvalidOperationException(result.ToString()),
    };

    private StatementOutcome Told(RetentionDue due, string words, long? version) =>
        new(Verb, due.Table.ToString(), words) { Version = version, Metrics = [("rows", due.Rows), ("days", due.Days)] };
}
