using System.CommandLine;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt ls</c>: the datasets and what their tables hold.</summary>
internal static class ListCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = CommandTree.FolderArgument();
        var command = new Command("ls", "List the datasets") { folder, CommandTree.Target, CommandTree.Variables, CommandTree.Select, CommandTree.Exclude };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var context = session.NewContext("ls");
            var rows = new List<Listed>();
            var isWhole = true;
            foreach (var dataset in await Selection.OfAsync(terminal, session, parsed.GetValue(CommandTree.Select), parsed.GetValue(CommandTree.Exclude), cancel))
            {
                try
                {
                    var table = dataset.IsStored ? await context.Tables.FindAsync(dataset.Name, cancel) : null;
                    var quarantine = dataset.IsStored ? await context.Tables.FindAsync(session.Pipeline.Project.QuarantineOf(dataset.Name), cancel) : null;
                    rows.Add(new Listed(dataset, table?.Snapshot.Version, table?.Snapshot.NumRecords, table?.Snapshot.SizeInBytes, quarantine?.Snapshot.NumRecords, table?.Snapshot.TimestampMs));
                }
                catch (EngineException fault) when (fault.Code == EngineCodes.TableUnreadable)
                {
                    // One damaged table does not hide the others.
                    terminal.Say($"smelt: {fault.Code}: {fault.Message}");
                    rows.Add(new Listed(dataset, null, null, null, null, null));
                    isWhole = false;
                }
            }
            if (terminal.Json) WriteJson(rows);
            else WriteTable(terminal, rows);
            return isWhole ? ExitCode.Fine : ExitCode.Failed;
        });
        return command;
    }

    private sealed record Listed(Dataset Dataset, long? Version, long? Rows, long? Bytes, long? Quarantined, long? ChangedMs);

    private static void WriteTable(Terminal terminal, List<Listed> rows) => TableView.Write(terminal,
        [("dataset", false), ("kind", false), ("version", true), ("rows", true), ("quarantined", true), ("size", true), ("changed", false), ("description", false)],
        [.. rows.Select(static r => new[]
        {
            r.Dataset.Name.ToString(), PlanCommand.Kind(r.Dataset).Trim(), r.Version?.ToString() ?? "", r.Rows is { } n ? Units.Count(n) : "", r.Quarantined is { } q ? Units.Count(q) : "",
            r.Bytes is { } b ? Units.Bytes(b) : "", r.ChangedMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss") : "", r.Dataset.Description ?? "",
        })]);

    private static void WriteJson(List<Listed> rows) => JsonOutput.Write(json =>
    {
        json.WriteStartArray("datasets");
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("dataset", row.Dataset.Name.ToString());
            json.WriteString("kind", row.Dataset.Kind.ToString());
            json.WriteString("file", row.Dataset.File);
            json.WriteString("description", row.Dataset.Description);
            Number("version", row.Version);
            Number("rows", row.Rows);
            Number("bytes", row.Bytes);
            Number("quarantined", row.Quarantined);
            json.WriteEndObject();
            void Number(string name, long? value)
            {
                if (value is { } number) json.WriteNumber(name, number);
                else json.WriteNull(name);
            }
        }
        json.WriteEndArray();
    });
}
