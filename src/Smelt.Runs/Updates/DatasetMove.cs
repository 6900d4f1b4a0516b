using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// <c>smelt.moved_from</c>: the old name's table, quarantine and state become the new one's, so that nothing is read again. Three renames, each done only where the
/// old folder is there and the new one is not, so that a move that was cut short is finished by the next update.
/// </summary>
public static class DatasetMove
{
    /// <param name="Parts">Folders to rename, the state last: as long as it is under the old name, the move is not done.</param>
    public sealed record Move(DatasetName From, DatasetName To, IReadOnlyList<(string From, string To)> Parts);

    /// <summary>The moves still to be made.</summary>
    /// <exception cref="EngineException">Both names have a table, or the old name is still defined.</exception>
    public static IReadOnlyList<Move> Pending(UpdateContext context)
    {
        var moves = new List<Move>();
        foreach (var dataset in context.Pipeline.Graph.Datasets)
        {
            if (dataset.MovedFrom is not { } from || !dataset.IsStored || from == dataset.Name) continue;
            var parts = Parts(context, from, dataset.Name).Where(static p => Directory.Exists(p.From)).ToList();
            if (parts.Count == 0) continue;
            if (context.Pipeline.Graph.Find(from) is not null)
                throw new EngineException(EngineCodes.MoveRefused, $"{dataset.Name} says it was moved from {from}, which the pipeline still defines. Remove one of the two.");
            if (parts.FirstOrDefault(static p => Directory.Exists(p.To)) is { From: not null } both)
            {
                throw new EngineException(EngineCodes.MoveRefused,
                    $"{dataset.Name} says it was moved from {from}, and both have a folder ({both.From}, {both.To}). Drop one with `smelt drop`, or remove smelt.moved_from.");
            }
            moves.Add(new Move(from, dataset.Name, parts));
        }
        return moves;
    }

    public static void Make(Move move)
    {
        foreach (var (from, to) in move.Parts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            Directory.Move(from, to);
        }
    }

    private static IEnumerable<(string From, string To)> Parts(UpdateContext context, DatasetName from, DatasetName to)
    {
        var project = context.Pipeline.Project;
        yield return (context.Layout.PathOf(from), context.Layout.PathOf(to));
        yield return (context.Layout.PathOf(project.QuarantineOf(from)), context.Layout.PathOf(project.QuarantineOf(to)));
        yield return (context.Layout.StatePathOf(from), context.Layout.StatePathOf(to));
    }
}
