using System.CommandLine;

namespace Smelt.Cli;

/// <summary><c>smelt table history</c>: the commits of any Delta table.</summary>
internal static class TableHistoryCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = TableTarget.Argument();
        var limit = HistoryCommand.LimitOption();
        var command = new Command("history", "The commits of a table, newest first") { name, limit, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var target = TableTarget.Open(parsed, terminal, parsed.GetValue(name)!);
            if (target is null) return ExitCode.Usage;
            HistoryCommand.Write(terminal, target.Name, await target.Table.HistoryAsync(parsed.GetValue(limit), cancel));
            return ExitCode.Fine;
        });
        return command;
    }
}
