using System.CommandLine;
using Smelt.Engine;

namespace Smelt.Cli;

/// <summary><c>smelt compile</c>: the SQL that DuckDB will get for a dataset.</summary>
internal static class CompileCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var command = new Command("compile", "The SQL that the engine will get") { name, CommandTree.Target, CommandTree.Variables };
        command.SetAction(parsed =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            var sql = CompiledSql.Of(dataset, session.Database());
            if (terminal.Json)
            {
                JsonOutput.Write(json =>
                {
                    json.WriteString("dataset", dataset.Name.ToString());
                    json.WriteString("definition", dataset.DefinitionHash);
                    json.WriteString("sql", sql);
                });
            }
            else terminal.Out.WriteLine(sql);
            return ExitCode.Fine;
        });
        return command;
    }
}
