using Smelt.Connectors;

namespace Smelt.Engine;

/// <summary>The files of the sources that a query reads whole: its own, then those of the views that it reads.</summary>
internal static class WholeSources
{
    public static List<SourceFound> Find(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var calls = StepInputs.Queries(context.Pipeline.Graph, step.Query).SelectMany(static q => q.FileSources).ToList();
        if (calls.Count == 0) return [];
        var known = new SeenFiles();
        if (step.State!.Done is { } done)
        {
            foreach (var source in done.Sources) known.Add(FileBatch.FromJson(source.Batch));
        }
        var found = new List<SourceFound>();
        foreach (var call in calls)
        {
            var options = SourceOptions.Of(call, context.Pipeline.Project.MetadataColumns);
            found.Add(new SourceFound(call, options, null, FileSource.Snapshot(options, context.Pipeline.Folder, known, cancel)));
        }
        return found;
    }
}
