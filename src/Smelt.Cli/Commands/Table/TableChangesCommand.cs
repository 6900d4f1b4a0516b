using System.CommandLine;
using Smelt.DuckDb;

namespace Smelt.Cli;

/// <summary><c>smelt table changes</c>: the rows that came, went and changed between two versions or times.</summary>
internal static class TableChangesCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = TableTarget.Argument();
        var from = new Argument<string>("from") { Description = "The first version, or a time" };
        var to = new Argument<string?>("to") { Arity = ArgumentArity.ZeroOrOne, Description = "The last version or time; the newest when left out" };
        var rows = new RowsOutput();
        var command = new Command("changes", "The rows that came, went and changed: the change data feed") { name, from, to, CommandTree.Target, CommandTree.Variables };
        rows.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using var target = TableTarget.Open(parsed, terminal, parsed.GetValue(name)!);
            if (target is null) return ExitCode.Usage;
            var range = string.Join(", ", new[] { parsed.GetValue(from), parsed.GetValue(to) }.OfType<string>().Select(Bound));
            return await QueryCommand.RunAsync(parsed, terminal, target.Session, $"SELECT * FROM table_changes({SqlText.Literal(target.Name)}, {range})", rows, cancel);
        });
        return command;
    }

    private static string Bound(string text) => text.Length is > 0 and < 19 && text.All(char.IsAsciiDigit) ? text : SqlText.Literal(text);
}
