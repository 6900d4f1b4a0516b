using System.CommandLine;

namespace Smelt.Cli;

/// <summary>All verbs, and the options that several share.</summary>
internal static class CommandTree
{
    public static Option<bool> Debug { get; } = new("--debug") { Description = "Show stack traces", Recursive = true };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document on stdout; words go to stderr", Recursive = true };

    public static Option<string?> PipelineFolder { get; } = new("--pipeline", "-p") { Description = "The pipeline's folder (default: the current one)", HelpName = "DIR", Recursive = true };

    public static Option<string?> Target { get; } = new("--target") { Description = "A target of platform.yml", HelpName = "NAME" };

    public static Option<string[]> Variables { get; } = new("--var") { Description = "Set a variable, k=v (may be repeated)", HelpName = "K=V" };

    public static Option<string?> Select { get; } = new("--select", "-s") { Description = "Datasets: +m, m+, @m, layer:silver, tag:x, path:p, state:modified+; space is union, comma intersection", HelpName = "SELECTION" };

    public static Option<string?> Exclude { get; } = new("--exclude") { Description = "Datasets to leave out", HelpName = "SELECTION" };

    public static (RootCommand Root, Terminal Terminal) Build()
    {
        var terminal = new Terminal();
        var root = new RootCommand("Smelt refines raw data into trusted tables: bronze, silver, gold.");
        root.Options.Add(Debug);
        root.Options.Add(Json);
        root.Options.Add(PipelineFolder);
        foreach (var command in new[]
                 {
                     InitCommand.Create(terminal), ValidateCommand.Create(terminal), CompileCommand.Create(terminal), PlanCommand.Create(terminal), RunCommand.Create(terminal),
                     TestCommand.Create(terminal), ListCommand.Create(terminal), ShowCommand.Create(terminal), QueryCommand.Create(terminal), HistoryCommand.Create(terminal),
                     QualityCommand.Create(terminal), QuarantineCommand.Create(terminal), DropCommand.Create(terminal), DiffCommand.Create(terminal), VariantCommand.Create(terminal), SqlCommand.Create(terminal), TableCommand.Create(terminal), MaintainCommand.Create(terminal),
                 })
        {
            root.Subcommands.Add(command);
        }
        return (root, terminal);
    }

    /// <summary>A verb that works on a pipeline and takes its folder as an argument too.</summary>
    public static Argument<string?> FolderArgument() => new("folder") { Arity = ArgumentArity.ZeroOrOne, Description = "The pipeline's folder" };
}
