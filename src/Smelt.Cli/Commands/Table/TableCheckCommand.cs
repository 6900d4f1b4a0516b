using System.CommandLine;
using Smelt.Lake;

namespace Smelt.Cli;

/// <summary><c>smelt table check</c>: everything that can be wrong with a table; exit 1 where something is.</summary>
internal static class TableCheckCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = TableTarget.Argument();
        var command = new Command("check", "Look for everything that can be wrong with a table: its log, files, deletion vectors, statistics") { name, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var target = TableTarget.Open(parsed, terminal, parsed.GetValue(name)!);
            if (target is null) return ExitCode.Usage;
            var check = await target.Table.CheckAsync(cancel);
            if (terminal.Json) WriteJson(target.Name, check);
            else WriteWords(terminal, target.Name, check);
            return check.Findings.Count == 0 ? ExitCode.Fine : ExitCode.Failed;
        });
        return command;
    }

    private static void WriteWords(Terminal terminal, string name, TableCheck check)
    {
        foreach (var finding in check.Findings)
            terminal.Words.WriteLine($"{terminal.Paint(Kind(finding), Ink.Red)}: {(finding.File is null ? "" : finding.File + ": ")}{finding.Message}");
        if (check.Version is { } version)
            terminal.Words.WriteLine($"{name} version {version}: {check.Files} files, {check.DeletionVectors} deletion vectors"
                + (check.OrphanFiles > 0 ? $"; {check.OrphanFiles} files ({Units.Bytes(check.OrphanBytes)}) belong to no version that is kept: VACUUM takes them" : ""));
        terminal.Words.WriteLine(check.Findings.Count == 0 ? "Nothing is wrong." : $"{check.Findings.Count} {(check.Findings.Count == 1 ? "thing is" : "things are")} wrong.");
    }

    private static void WriteJson(string name, TableCheck check) => JsonOutput.Write(json =>
    {
        json.WriteString("table", name);
        if (check.Version is { } version) json.WriteNumber("version", version);
        else json.WriteNull("version");
        json.WriteNumber("files", check.Files);
        json.WriteNumber("deletionVectors", check.DeletionVectors);
        json.WriteNumber("orphanFiles", check.OrphanFiles);
        json.WriteNumber("orphanBytes", check.OrphanBytes);
        json.Objects("findings", check.Findings, finding =>
        {
            json.WriteString("kind", Kind(finding));
            json.WriteString("file", finding.File);
            json.WriteString("message", finding.Message);
        });
    });

    private static string Kind(TableFinding finding) => finding.Kind switch
    {
        TableFindingKind.Log => "log",
        TableFindingKind.Gap => "gap",
        TableFindingKind.Checkpoint => "checkpoint",
        TableFindingKind.Checksum => "checksum",
        TableFindingKind.MissingFile => "missing-file",
        TableFindingKind.FileSize => "file-size",
        TableFindingKind.UnreadableFile => "unreadable-file",
        TableFindingKind.DeletionVector => "deletion-vector",
        _ => "row-count",
    };
}
