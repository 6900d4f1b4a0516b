using System.CommandLine;
using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt run</c>: an update.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var refresh = new RefreshOptions();
        var wait = new Option<bool>("--wait") { Description = "Wait for another update of the same lake instead of refusing" };
        var noTests = new Option<bool>("--no-tests") { Description = "Do not run the data tests at the end" };
        var parallel = new Option<int?>("--parallel") { Description = "Steps at once", HelpName = "N" };
        var command = new Command("run", "Update the pipeline's tables")
        {
            folder, CommandTree.Target, CommandTree.Variables, CommandTree.Select, CommandTree.Exclude, wait, noTests, parallel, DayOptions.Date,
        };
        refresh.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(parallel) is < 1) throw new UsageException("--parallel takes 1 or more.");
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var options = await refresh.ReadAsync(terminal, session, parsed, cancel) with
            {
                Wait = parsed.GetValue(wait), Tests = !parsed.GetValue(noTests), Parallel = parsed.GetValue(parallel),
            };
            if (DayOptions.Read(parsed) is { } days) options = DayOptions.Choose(terminal, session, parsed, options, days);
            return await WatchedUpdate.RunAsync(terminal, session, options, cancel);
        });
        return command;
    }
}
