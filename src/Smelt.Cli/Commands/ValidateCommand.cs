using System.CommandLine;
using Smelt.Pipelines;

namespace Smelt.Cli;

/// <summary><c>smelt validate</c>: compile and print diagnostics. No source is asked.</summary>
internal static class ValidateCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var command = new Command("validate", "Compile the pipeline and print what is wrong") { folder, CommandTree.Target, CommandTree.Variables };
        command.SetAction(parsed =>
        {
            terminal.Json = parsed.GetValue(CommandTree.Json);
            using var session = OpenedPipeline.OpenQuietly(parsed, parsed.GetValue(folder));
            var compilation = session.Compilation;
            DiagnosticView.Write(terminal, compilation.Diagnostics);
            var open = session.Pipeline.Graph.Datasets.Where(static d => d.Query.IsOpen).Select(static d => d.Name.ToString()).ToList();
            if (terminal.Json)
            {
                JsonOutput.Write(json =>
                {
                    json.WriteBoolean("valid", !compilation.HasErrors);
                    json.WriteNumber("datasets", session.Pipeline.Graph.Datasets.Count);
                    json.Texts("open", open);
                    DiagnosticView.Write(json, compilation.Diagnostics);
                });
            }
            else if (!compilation.HasErrors)
            {
                terminal.Words.WriteLine($"{terminal.Paint("valid", Ink.Green)}: {session.Pipeline.Project.Name} with {session.Pipeline.Graph.Datasets.Count} datasets");
                if (open.Count > 0) terminal.Words.WriteLine($"columns checked at the first run, as their sources have not been read: {string.Join(", ", open.Take(8))}{(open.Count > 8 ? $" and {open.Count - 8} more" : "")}");
            }
            else
            {
                var errors = compilation.Diagnostics.Count(static d => d.Severity == Severity.Error);
                terminal.Say($"{errors} {(errors == 1 ? "error" : "errors")}");
            }
            return compilation.HasErrors ? ExitCode.Usage : ExitCode.Fine;
        });
        return command;
    }
}
