using System.CommandLine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>Opens the pipeline that a verb names, and tells what is wrong with it.</summary>
internal static class OpenedPipeline
{
    /// <returns>The session, or null where the pipeline has errors: they are told, and the verb ends with exit code 2.</returns>
    public static PipelineSession? Open(ParseResult parsed, Terminal terminal, string? folderArgument = null)
    {
        terminal.Json = parsed.GetValue(CommandTree.Json);
        var session = OpenQuietly(parsed, folderArgument);
        if (!terminal.Json || session.Compilation.HasErrors) DiagnosticView.Write(terminal, session.Compilation.Diagnostics);
        if (!session.Compilation.HasErrors) return session;
        if (terminal.Json) JsonOutput.Write(json => DiagnosticView.Write(json, session.Compilation.Diagnostics));
        session.Dispose();
        return null;
    }

    public static PipelineSession OpenQuietly(ParseResult parsed, string? folderArgument = null)
    {
        var folder = Folder(parsed, folderArgument);
        if (File.Exists(folder)) throw new UsageException($"{folder} is a file. Name the pipeline's folder.");
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder {folder}. Name the pipeline's folder, or make one with `smelt init {folder}`.");
        return PipelineSession.Open(Path.GetFullPath(folder), new CompileOptions { Target = TargetOf(parsed), Variables = VariablesOf(parsed) }, TimeProvider.System);
    }

    public static string Folder(ParseResult parsed, string? folderArgument)
    {
        var named = parsed.GetValue(CommandTree.PipelineFolder);
        if (named is not null && folderArgument is not null) throw new UsageException("Name the pipeline's folder once: as the argument or with --pipeline.");
        if (folderArgument is not null && folderArgument.StartsWith('-') && !Directory.Exists(folderArgument))
            throw new UsageException($"There is no option {folderArgument}. `smelt {parsed.CommandResult.Command.Name} --help` lists them.");
        return folderArgument ?? named ?? ".";
    }

    private static string? TargetOf(ParseResult parsed) => parsed.CommandResult.Command.Options.Contains(CommandTree.Target) ? parsed.GetValue(CommandTree.Target) : null;

    private static Dictionary<string, string> VariablesOf(ParseResult parsed)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!parsed.CommandResult.Command.Options.Contains(CommandTree.Variables)) return variables;
        foreach (var text in parsed.GetValue(CommandTree.Variables) ?? [])
        {
            var at = text.IndexOf('=', StringComparison.Ordinal);
            if (at < 1) throw new UsageException($"--var {text} is not of the form name=value.");
            variables[text[..at]] = text[(at + 1)..];
        }
        return variables;
    }
}
