using System.CommandLine;

namespace Smelt.Cli;

/// <summary><c>smelt table</c>: what is true of any Delta table, a dataset's or one at a path.</summary>
internal static class TableCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("table", "Look at any Delta table, or after it: a dataset's, or one at a path");
        command.Subcommands.Add(TableDetailCommand.Create(terminal));
        command.Subcommands.Add(TableHistoryCommand.Create(terminal));
        command.Subcommands.Add(TableCheckCommand.Create(terminal));
        command.Subcommands.Add(TableChangesCommand.Create(terminal));
        foreach (var maintenance in TableMaintenance.Commands(terminal)) command.Subcommands.Add(maintenance);
        return command;
    }
}
