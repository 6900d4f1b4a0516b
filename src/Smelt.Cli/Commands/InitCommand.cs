using System.CommandLine;
using System.Reflection;

namespace Smelt.Cli;

/// <summary><c>smelt init</c>: a new pipeline that runs at once, with sample data.</summary>
internal static class InitCommand
{
    private const string Prefix = "template/";

    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string?>("dir") { Arity = ArgumentArity.ZeroOrOne, Description = "The new pipeline's folder" };
        var databricks = new Option<string?>("--from-databricks") { Description = "A Delta Live Tables pipeline's settings; its SQL notebooks are looked for beside them", HelpName = "pipeline.json" };
        var template = new Option<string>("--template") { DefaultValueFactory = static _ => "retail", Description = "retail: ten days of a small shop" };
        var command = new Command("init", "A new pipeline that runs at once") { folder, template, databricks };
        command.SetAction(parsed =>
        {
            terminal.Json = parsed.GetValue(CommandTree.Json);
            if (parsed.GetValue(databricks) is { } settings) return DatabricksInit.Run(terminal, settings, parsed.GetValue(folder));
            if (parsed.GetValue(folder) is null) throw new UsageException("Name the new pipeline's folder: smelt init shop.");
            var name = parsed.GetValue(template)!;
            var files = Files(name);
            if (files.Count == 0) throw new UsageException($"There is no template {name}. There is: retail.");
            var target = NewFolder(parsed.GetValue(folder)!);
            foreach (var (resource, path) in files) Write(resource, Path.Combine(target, path));
            if (terminal.Json) JsonOutput.Write(json => json.Texts("files", files.Select(static f => f.Path)));
            else terminal.Words.WriteLine($"{target}: {files.Count} files. Next: smelt run {parsed.GetValue(folder)}");
            return ExitCode.Fine;
        });
        return command;
    }

    /// <exception cref="UsageException">There is something already.</exception>
    public static string NewFolder(string named)
    {
        var target = Path.GetFullPath(named);
        if (File.Exists(target)) throw new UsageException($"{target} is a file.");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()) throw new UsageException($"{target} is not empty. Name a new folder.");
        return target;
    }

    private static List<(string Resource, string Path)> Files(string template) =>
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(n => n.StartsWith(Prefix + template + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(n => (n, n[(Prefix.Length + template.Length + 1)..]))];

    private static void Write(string resource, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var from = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using var to = File.Create(path);
        from.CopyTo(to);
    }
}
