using System.CommandLine;
using Smelt.Lake;

namespace Smelt.Cli;

/// <summary><c>smelt history</c>: the commits of a dataset's table.</summary>
internal static class HistoryCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var limit = LimitOption();
        var command = new Command("history", "The commits of a dataset's table, newest first") { name, limit, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            if (!dataset.IsStored) throw new UsageException($"{dataset.Name} is a {(dataset.IsView ? "view" : "sink")} and has no history.");
            var table = session.Layout.Table(dataset.Name);
            if (await table.LatestVersionAsync(cancel: cancel) is null) throw new UsageException($"{dataset.Name} has no table yet. `smelt run` makes it.");
            Write(terminal, dataset.Name.ToString(), await table.HistoryAsync(parsed.GetValue(limit), cancel));
            return ExitCode.Fine;
        });
        return command;
    }

    public static Option<int> LimitOption() => new("--limit") { DefaultValueFactory = static _ => 20, Description = "Newest commits to show" };

    public static void Write(Terminal terminal, string name, IReadOnlyList<CommitInfo> commits)
    {
        if (terminal.Json)
        {
            WriteJson(name, commits);
            return;
        }
        TableView.Write(terminal, [("version", true), ("time", false), ("operation", false), ("files", true), ("rows", true), ("update", false), ("by", false)],
            [.. commits.Select(static c => new[]
            {
                c.Version.ToString(), Time(c), c.Operation ?? "", c.OperationMetrics.GetValueOrDefault("numFiles", ""), c.OperationMetrics.GetValueOrDefault("numOutputRows", ""),
                c.Tags.GetValueOrDefault("smelt.update", ""), c.EngineInfo ?? "",
            })]);
    }

    private static string Time(CommitInfo commit) =>
        commit.Timestamp is { } ms ? TableDetail.Time(ms) : "";

    private static void WriteJson(string dataset, IReadOnlyList<CommitInfo> commits) => JsonOutput.Write(json =>
    {
        json.WriteString("dataset", dataset);
        json.Objects("commits", commits, commit =>
        {
            json.WriteNumber("version", commit.Version);
            json.WriteString("time", Time(commit));
            json.WriteString("operation", commit.Operation);
            Map("parameters", commit.OperationParameters);
            Map("metrics", commit.OperationMetrics);
            Map("tags", commit.Tags);
            json.WriteString("engine", commit.EngineInfo);
        });
        void Map(string name, IReadOnlyDictionary<string, string> map)
        {
            json.WriteStartObject(name);
            foreach (var (key, value) in map) json.WriteString(key, value);
            json.WriteEndObject();
        }
    });
}
