using System.CommandLine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt variant</c>: what is tried out beside its originals; made the original, or taken away.</summary>
internal static class VariantCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("variant", "Datasets tried out beside their originals") { List(terminal), Promote(terminal), Drop(terminal) };
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "The variants and their originals") { CommandTree.Target, CommandTree.Variables };
        command.SetAction(parsed =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var found = session.Pipeline.Graph.Datasets.Where(static d => d.Name.Variant is not null).ToList();
            if (terminal.Json) JsonOutput.Write(json =>
            {
                json.Objects("variants", found, dataset =>
                {
                    json.WriteString("variant", dataset.Name.Variant);
                    json.WriteString("dataset", dataset.Name.ToString());
                    json.WriteString("original", Original(session, dataset)?.ToString());
                    json.WriteString("file", dataset.File);
                });
            });
            else TableView.Write(terminal, [("variant", false), ("dataset", false), ("original", false), ("file", false)], [.. found.Select(d => new[] { d.Name.Variant, d.Name.ToString(), Original(session, d)?.ToString() ?? "", d.File })]);
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Promote(Terminal terminal)
    {
        var (name, yes) = (new Argument<string>("variant") { Description = "A variant (b), or one dataset of it (orders@b)" }, new Option<bool>("--yes", "-y") { Description = "Do not ask" });
        var command = new Command("promote", "Make a variant's files the originals, and remove its tables") { name, yes, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var chosen = Named(session, parsed.GetValue(name)!);
            var moves = chosen.ConvertAll(d => (Dataset: d, To: PlaceOf(session, d)));
            foreach (var (from, to) in moves.Select(static m => (m.Dataset.File, m.To)).Distinct()) terminal.Say($"  {from} → {to}");
            HoldPlaces(session, moves);
            if (!parsed.GetValue(yes) && !Question.Confirmed($"Replace {(moves.Count == 1 ? "the original's file" : "the originals' files")} and remove the variant's tables?", "promote")) return ExitCode.Failed;
            using var held = await UpdateLock.AcquireAsync(session.Layout.Root, "promote", wait: false, cancel);
            foreach (var (from, to) in moves.Select(static m => (m.Dataset.File, m.To)).Distinct())
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(session.Pipeline.Folder, to))!);
                File.Move(Path.Combine(session.Pipeline.Folder, from), Path.Combine(session.Pipeline.Folder, to), overwrite: true);
            }
            await RemoveTablesAsync(session, chosen, cancel);
            if (terminal.Json) JsonOutput.Write(json => json.Texts("promoted", moves.Select(static m => m.Dataset.Name.Original.ToString())));
            else terminal.Words.WriteLine($"{string.Join(", ", moves.Select(static m => m.Dataset.Name.Original))} now {(moves.Count == 1 ? "has" : "have")} the variant's definition; `smelt plan` shows what the next run does with it");
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Drop(Terminal terminal)
    {
        var (name, yes) = (new Argument<string>("variant") { Description = "A variant (b), or one dataset of it (orders@b)" }, new Option<bool>("--yes", "-y") { Description = "Do not ask" });
        var command = new Command("drop", "Remove a variant's files, tables and state") { name, yes, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var chosen = Named(session, parsed.GetValue(name)!);
            foreach (var dataset in chosen) terminal.Say($"  {dataset.File}");
            if (!parsed.GetValue(yes) && !Question.Confirmed($"Remove {(chosen.Count == 1 ? "this file" : "these files")} and their tables for good?", "variant drop")) return ExitCode.Failed;
            using var held = await UpdateLock.AcquireAsync(session.Layout.Root, "drop", wait: false, cancel);
            foreach (var dataset in chosen) File.Delete(Path.Combine(session.Pipeline.Folder, dataset.File));
            await RemoveTablesAsync(session, chosen, cancel);
            if (terminal.Json) JsonOutput.Write(json => json.Texts("removed", chosen.Select(static d => d.Name.ToString())));
            else terminal.Words.WriteLine($"removed {string.Join(", ", chosen.Select(static d => d.Name))}");
            return ExitCode.Fine;
        });
        return command;
    }

    private static DatasetName? Original(PipelineSession session, Dataset variant) => session.Pipeline.Graph.Find(variant.Name.Original)?.Name;

    private static List<Dataset> Named(PipelineSession session, string named)
    {
        var all = session.Pipeline.Graph.Datasets.Where(static d => d.Name.Variant is not null).ToList();
        var chosen = session.Pipeline.Graph.Find(named) is { Name.Variant: not null } one ? [one] : all.FindAll(d => d.Name.Variant!.Equals(named, StringComparison.OrdinalIgnoreCase));
        if (chosen.Count == 0)
            throw new UsageException($"There is no variant {named}.{(NearestName.Of(named, all.Select(static d => d.Name.Variant!).Concat(all.Select(static d => d.Name.Name))) is { } near ? $" Did you mean {near}?" : "")}");
        // A file may hold several datasets: it goes as a whole.
        return [.. all.Where(d => chosen.Exists(c => c.File == d.File))];
    }

    /// <summary>Where the original's file is, or would be.</summary>
    private static string PlaceOf(PipelineSession session, Dataset variant)
    {
        if (session.Pipeline.Graph.Find(variant.Name.Original) is { } original) return original.File;
        var file = Path.GetFileName(variant.File).Replace($"@{variant.Name.Variant}", "", StringComparison.OrdinalIgnoreCase);
        return $"{variant.Name.Schema}/{file}";
    }

    /// <summary>A file takes the place of a file: of one that defines nothing else, and of no two.</summary>
    /// <exception cref="UsageException">A definition would be lost, or a file would have to be in two places.</exception>
    private static void HoldPlaces(PipelineSession session, List<(Dataset Dataset, string To)> moves)
    {
        foreach (var file in moves.GroupBy(static m => m.Dataset.File))
        {
            if (file.Select(static m => m.To).Distinct().ToList() is { Count: > 1 } places)
                throw new UsageException($"{file.Key} defines {string.Join(" and ", file.Select(static m => m.Dataset.Name))}, whose originals are in {string.Join(" and ", places)}: it cannot take the place of both. Give each variant a file of its own, or the originals one.");
        }
        foreach (var place in moves.GroupBy(static m => m.To))
        {
            if (place.Select(static m => m.Dataset.File).Distinct().ToList() is { Count: > 1 } files)
                throw new UsageException($"{string.Join(" and ", files)} would both take the place of {place.Key}. Put the variants into one file, as the originals are.");
            var lost = session.Pipeline.Graph.Datasets.Where(d => d.File == place.Key && !place.Any(m => m.Dataset.Name.Original == d.Name)).Select(static d => d.Name).ToList();
            if (lost.Count > 0) throw new UsageException($"{place.Key} defines {string.Join(", ", lost)} too, which would be lost with it. Move {(lost.Count == 1 ? "it" : "them")} into a file of {(lost.Count == 1 ? "its" : "their")} own, or define {(lost.Count == 1 ? "it" : "them")} in the variant's file.");
        }
    }

    private static async Task RemoveTablesAsync(PipelineSession session, IEnumerable<Dataset> datasets, CancellationToken cancel)
    {
        foreach (var dataset in datasets)
        {
            foreach (var folder in DatasetFolders.Of(session, dataset.Name).Concat(await session.Layout.CdcPathsOfAsync(dataset.Name, cancel)).Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
        }
    }
}
