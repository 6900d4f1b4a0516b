using System.CommandLine;
using Smelt.DuckDb;

namespace Smelt.Cli;

/// <summary>The options of verbs that print rows.</summary>
internal sealed class RowsOutput
{
    private readonly Option<string> _format = new("--format", "-f") { DefaultValueFactory = static _ => "table", Description = "table, csv, json or parquet", HelpName = "FORMAT" };
    private readonly Option<string?> _output = new("--output", "-o") { Description = "Parquet goes to this file instead of stdout", HelpName = "FILE" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Rows at most", HelpName = "N" };

    public RowsOutput() => _format.AcceptOnlyFromAmong("table", "csv", "json", "parquet");

    public void AddTo(Command command)
    {
        command.Options.Add(_format);
        command.Options.Add(_output);
        command.Options.Add(_limit);
    }

    public void Write(ParseResult parsed, Terminal terminal, DuckDbConnection connection, string sql, int? defaultLimit, CancellationToken cancel)
    {
        using var interrupting = cancel.Register(connection.Interrupt);
        var limit = parsed.GetValue(_limit);
        if (limit < 0) throw new UsageException("--limit takes 0 or more.");
        var limited = (limit ?? defaultLimit) is { } rows ? $"SELECT * FROM ({sql}\n) AS smelt_limited LIMIT {rows}" : sql;
        var format = terminal.Json ? "json" : parsed.GetValue(_format);
        if (parsed.GetValue(_output) is not null && format != "parquet") throw new UsageException("--output is for --format parquet; the other formats go to stdout.");
        switch (format)
        {
            case "csv": RowsView.WriteCsv(connection, limited); break;
            case "json": RowsView.WriteJson(connection, limited); break;
            case "parquet": RowsView.WriteParquet(connection, limited, parsed.GetValue(_output)); break;
            default: RowsView.WriteTable(terminal, connection, limited, limit ?? RowsView.MostRows); break;
        }
    }
}
