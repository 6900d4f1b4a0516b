using Smelt.Pipelines.Migration;

namespace Smelt.Cli;

/// <summary><c>smelt init --from-databricks</c>: a Delta Live Tables pipeline as one of Smelt, and what became of each of its settings.</summary>
internal static class DatabricksInit
{
    public static int Run(Terminal terminal, string settings, string? folder)
    {
        if (!File.Exists(settings)) throw new UsageException($"There is no file {settings}.");
        var beside = Path.GetDirectoryName(Path.GetFullPath(settings))!;
        Migration migration;
        try
        {
            migration = DatabricksPipeline.Read(File.ReadAllText(settings), path => Notebook(beside, path));
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"{settings}: {wrong.Message}");
        }
        var named = folder ?? new string([.. migration.Name.ToLowerInvariant().Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Trim('-');
        if (named.Length == 0) named = "pipeline";
        var target = InitCommand.NewFolder(named);
        foreach (var file in migration.Files)
        {
            var path = Path.Combine(target, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file.Text);
        }
        Tell(terminal, migration, target, named);
        return ExitCode.Fine;
    }

    /// <summary>A notebook by its place in the workspace: under the settings' folder, or there by its name alone.</summary>
    private static string? Notebook(string beside, string path)
    {
        var relative = path.TrimStart('/');
        foreach (var place in (string[])[Path.Combine(beside, relative), Path.Combine(beside, Path.GetFileName(relative))])
        {
            // A path of the workspace leads nowhere else on this machine.
            if (Path.GetFullPath(place).StartsWith(beside + Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(place)) return File.ReadAllText(place);
        }
        return null;
    }

    private static void Tell(Terminal terminal, Migration migration, string target, string named)
    {
        if (terminal.Json)
        {
            JsonOutput.Write(json =>
            {
                json.WriteString("folder", target);
                json.Texts("files", migration.Files.Select(static f => f.Path));
                json.Objects("keys", migration.Keys, key =>
                {
                    json.WriteString("key", key.Key);
                    json.WriteString("outcome", key.Outcome);
                    json.WriteString("told", key.Told);
                });
            });
            return;
        }
        foreach (var key in migration.Keys) terminal.Words.WriteLine($"{key.Outcome,-10}  {key.Key}: {key.Told}");
        terminal.Words.WriteLine();
        terminal.Words.WriteLine($"{target}: {migration.Files.Count(static f => f.Path.EndsWith(".sql", StringComparison.Ordinal))} datasets. Next: smelt validate {named}");
    }
}
