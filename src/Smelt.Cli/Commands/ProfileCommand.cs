using System.CommandLine;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt profile</c>: what the columns of a dataset hold, and the expectations that its rows keep so far.</summary>
internal static class ProfileCommand
{
    private const string Bars = " ▁▂▃▄▅▆▇█";

    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var command = new Command("profile", "Look into a dataset's columns, and propose expectations") { name, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            using var catalog = new StepCatalog(session.Database());
            var binder = new InputBinder(session.NewContext("profile"), catalog);
            await binder.BindAsync(dataset.Name, cancel);
            if (binder.Missing.Count > 0) throw new UsageException($"{string.Join(", ", binder.Missing)} has no table yet. `smelt run` makes it.");
            using var interrupting = cancel.Register(catalog.Connection.Interrupt);
            var columns = DatasetProfile.Of(catalog.Connection, SqlText.Identifier(dataset.Name.Schema, dataset.Name.Name));
            var proposed = DatasetProfile.Expectations(columns);
            if (terminal.Json) WriteJson(columns, proposed);
            else WriteWords(terminal, dataset.Name.ToString(), columns, proposed);
            return ExitCode.Fine;
        });
        return command;
    }

    private static void WriteWords(Terminal terminal, string dataset, IReadOnlyList<ColumnFigures> columns, IReadOnlyList<string> proposed)
    {
        terminal.Words.WriteLine($"{terminal.Paint(dataset, Ink.Bold)}: {Units.Count(columns.Count == 0 ? 0 : columns[0].Rows)} rows");
        TableView.Write(terminal,
            [("column", false), ("type", false), ("nulls", true), ("distinct", true), ("min", false), ("25 %", true), ("median", true), ("75 %", true), ("max", false), ("mean", true), ("spread", false), ("most", false)],
            [.. columns.Select(static c => (IReadOnlyList<string?>)[c.Name, c.Type, Units.Count(c.Nulls), Units.Count(c.Distinct), c.Least ?? "", .. Enumerable.Range(0, 3).Select(i => i < c.Quantiles.Count ? c.Quantiles[i] : ""), c.Greatest ?? "", c.Mean ?? "", Bar(c.Histogram), string.Join(", ", c.Top.Select(static t => $"{t.Value} {Units.Count(t.Rows)}"))])]);
        if (proposed.Count == 0) return;
        terminal.Words.WriteLine();
        terminal.Words.WriteLine("Its rows keep these rules so far; take those that are meant, and say what happens otherwise (ON VIOLATION …):");
        for (var i = 0; i < proposed.Count; i++) terminal.Words.WriteLine($"  {proposed[i]}{(i < proposed.Count - 1 ? "," : "")}");
    }

    private static string Bar(IReadOnlyList<long> parts) =>
        parts.Count == 0 ? "" : string.Concat(parts.Select(p => Bars[p == 0 ? 0 : 1 + (int)((Bars.Length - 2) * p / parts.Max())]));

    private static void WriteJson(IReadOnlyList<ColumnFigures> columns, IReadOnlyList<string> proposed) => JsonOutput.Write(json =>
    {
        json.Objects("columns", columns, column =>
        {
            json.WriteString("name", column.Name);
            json.WriteString("type", column.Type);
            json.WriteNumber("rows", column.Rows);
            json.WriteNumber("nulls", column.Nulls);
            json.WriteNumber("distinct", column.Distinct);
            json.WriteString("min", column.Least);
            json.WriteString("max", column.Greatest);
            json.WriteString("mean", column.Mean);
            json.Texts("quantiles", column.Quantiles);
            json.Objects("top", column.Top, item =>
            {
                var (value, rows) = item;
                json.WriteString("value", value);
                json.WriteNumber("rows", rows);
            });
            json.WriteStartArray("histogram");
            foreach (var part in column.Histogram) json.WriteNumberValue(part);
            json.WriteEndArray();
        });
        json.Texts("expectations", proposed);
    });
}
