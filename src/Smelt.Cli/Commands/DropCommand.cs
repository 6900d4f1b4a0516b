using System.CommandLine;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt drop</c>: an orphan table with its quarantine and state, or with <c>--defined</c> one that is to be made anew, after a question.</summary>
internal static class DropCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("dataset") { Description = "layer.name of a table that no file defines; with --defined of any" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask" };
        var defined = new Option<bool>("--defined") { Description = "Also a dataset that a file defines: the next run makes it anew of what its sources hold" };
        var command = new Command("drop", "Remove an orphan table and its state") { name, yes, defined, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            if (!DatasetName.TryParse(parsed.GetValue(name)!, out var dataset)) throw new UsageException($"{parsed.GetValue(name)} is not of the form layer.name, such as silver.orders.");
            if (!parsed.GetValue(defined) && session.Pipeline.Graph.Find(dataset) is { } known)
                throw new UsageException($"{dataset} is defined in {known.File}. Remove the file first, or say --defined: the next run then makes it anew of what its sources hold.");
            var folders = DatasetFolders.Of(session, dataset).Concat(await session.Layout.CdcPathsOfAsync(dataset, cancel)).Where(Directory.Exists).ToList();
            if (folders.Count == 0) throw new UsageException($"There is no table {dataset} and no state of it.");
            if (!parsed.GetValue(yes) && !Confirmed(terminal, dataset, folders)) return ExitCode.Failed;
            using var held = await UpdateLock.AcquireAsync(session.Layout.Root, "drop", wait: false, cancel);
            foreach (var folder in folders) Directory.Delete(folder, recursive: true);
            if (terminal.Json) JsonOutput.Write(json => json.Texts("removed", folders));
            else terminal.Words.WriteLine($"removed {dataset}");
            return ExitCode.Fine;
        });
        return command;
    }

    private static bool Confirmed(Terminal terminal, DatasetName dataset, List<string> folders)
    {
        foreach (var folder in folders) terminal.Say($"  {folder}");
        return Question.Confirmed($"Remove {dataset} for good?", $"drop {dataset}");
    }
}

/// <summary>The folders that hold what a dataset has in the lake.</summary>
internal static class DatasetFolders
{
    /// <summary>The state first: without it a table is an orphan still, and without its table a state would say that rows were lost.</summary>
    public static IEnumerable<string> Of(PipelineSession session, DatasetName dataset)
    {
        yield return session.Layout.StatePathOf(dataset);
        yield return session.Layout.PathOf(session.Pipeline.Project.QuarantineOf(dataset));
        yield return session.Layout.PathOf(dataset);
    }
}

/// <summary>A question before something is removed for good.</summary>
internal static class Question
{
    /// <exception cref="UsageException">Nobody can be asked.</exception>
    public static bool Confirmed(string question, string verb)
    {
        if (Console.IsInputRedirected) throw new UsageException($"{verb} asks before it removes; answer with --yes where nobody can be asked.");
        Console.Error.Write($"{question} [y/N] ");
        return Console.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
