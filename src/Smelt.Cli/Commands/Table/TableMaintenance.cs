using System.CommandLine;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt table optimize | vacuum | restore | clone | convert</c>: maintenance of one Delta table, a dataset's or any other by its path.</summary>
internal static class TableMaintenance
{
    private static readonly FilePosition s_nowhere = new(1, 1);

    public static IEnumerable<Command> Commands(Terminal terminal) => [Optimize(terminal), Vacuum(terminal), Restore(terminal), Clone(terminal), Convert(terminal)];

    private static Command Optimize(Terminal terminal)
    {
        var zorder = new Option<string?>("--zorder") { Description = "Columns, separated by commas, by which rows are laid on a Z-order curve", HelpName = "COLUMNS" };
        var where = new Option<string?>("--where") { Description = "Only these partitions: a condition on partition columns", HelpName = "SQL" };
        var full = new Option<bool>("--full") { Description = "Of a clustered table: also the files that are clustered already" };
        return Verb(terminal, "optimize", "Make small files larger, or lay near rows together", [zorder, where, full], (parsed, table) => new OptimizeStatement(
            table, parsed.GetValue(full), parsed.GetValue(where), [.. (parsed.GetValue(zorder) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]));
    }

    private static Command Vacuum(Terminal terminal)
    {
        var retain = new Option<double?>("--retain-hours") { Description = "How long files stay that are no longer needed (default: as the table says, 168)", HelpName = "N" };
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would be removed" };
        var shorter = new Option<bool>("--allow-short") { Description = "Take a time shorter than the table's: no reader of older versions and no other writer may be at work" };
        return Verb(terminal, "vacuum", "Remove files that no version of the retention time needs", [retain, dry, shorter], (parsed, table) => new VacuumStatement(
            table, parsed.GetValue(retain) is { } hours ? hours >= 0 ? TimeSpan.FromHours(hours) : throw new UsageException("--retain-hours is negative.") : null, parsed.GetValue(dry)) { AllowsShort = parsed.GetValue(shorter) });
    }

    private static Command Restore(Terminal terminal)
    {
        var version = new Option<long?>("--version-as-of") { Description = "To this version", HelpName = "N" };
        var time = new Option<string?>("--timestamp-as-of") { Description = "To the version of this time (UTC)", HelpName = "TIME" };
        return Verb(terminal, "restore", "Make the table what it was, as a new version", [version, time], (parsed, table) =>
            (parsed.GetValue(version) is null) == (parsed.GetValue(time) is null) ? throw new UsageException("Give --version-as-of or --timestamp-as-of.")
                : new RestoreStatement(table, new TableMoment(parsed.GetValue(version), parsed.GetValue(time))));
    }

    private static Command Clone(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "Where the clone will be" };
        var version = new Option<long?>("--version-as-of") { Description = "The table at this version", HelpName = "N" };
        var command = Verb(terminal, "clone", "A new table that begins as another is and refers to its files (shallow)", [version], (parsed, table) =>
            new CloneStatement(new TableName([parsed.GetValue(folder)!], true, s_nowhere), table, parsed.GetValue(version) is { } v ? new TableMoment(v, null) : null));
        command.Arguments.Add(folder);
        return command;
    }

    private static Command Convert(Terminal terminal)
    {
        var partitions = new Option<string?>("--partitioned-by") { Description = "Partition columns with their types, such as \"day DATE, country VARCHAR\"", HelpName = "COLUMNS" };
        var bare = new Option<bool>("--no-statistics") { Description = "Count rows only; do not read the files for the bounds of their columns" };
        return Verb(terminal, "convert", "Make a folder of Parquet files a Delta table, where it is", [partitions, bare], (parsed, table) =>
            new ConvertStatement(table with { IsPath = true }, Partitions(parsed.GetValue(partitions)), !parsed.GetValue(bare)));
    }

    private static List<(string, string)> Partitions(string? text)
    {
        var partitions = new List<(string, string)>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var words = part.Split(' ', 2, StringSplitOptions.TrimEntries);
            partitions.Add(words.Length == 2 ? (words[0], words[1]) : throw new UsageException($"--partitioned-by: '{part}' is not a column with its type."));
        }
        return partitions;
    }

    private static Command Verb(Terminal terminal, string name, string description, IReadOnlyList<Option> options, Func<ParseResult, TableName, TableStatement> statement)
    {
        var table = new Argument<string>("table") { Description = "A dataset, or the path of a Delta table" };
        var command = new Command(name, description) { table, CommandTree.Target, CommandTree.Variables };
        foreach (var option in options) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = SqlCommand.Session(terminal, parsed);
            if (session is null) return ExitCode.Usage;
            var read = new TableStatements([statement(parsed, Named(session, parsed.GetValue(table)!))], []);
            return await SqlCommand.RunAsync(terminal, session, read, isErasure: false, goesOn: false, cancel);
        });
        return command;
    }

    /// <summary>A dataset where the pipeline has one of that name, else a path.</summary>
    private static TableName Named(PipelineSession session, string text)
    {
        var isDataset = !text.Contains('/', StringComparison.Ordinal) && (session.Pipeline.Graph.Find(text) is not null || DatasetName.TryParse(text, out _));
        return isDataset ? new TableName(text.Split('.'), false, s_nowhere) : new TableName([Path.GetFullPath(text)], true, s_nowhere);
    }
}
