using System.CommandLine;
using System.Globalization;
using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt backfill</c>: a range of days of a dataset again, chunk by chunk.</summary>
internal static class BackfillCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("dataset");
        var start = new Option<string>("--start") { Description = "First day, 2025-01-15 or 20250115", HelpName = "DAY", Required = true };
        var end = new Option<string>("--end") { Description = "Last day, included", HelpName = "DAY", Required = true };
        var chunk = new Option<string>("--chunk") { Description = "Days of one commit, such as 1d or 4w", HelpName = "N", DefaultValueFactory = static _ => "1d" };
        var command = new Command("backfill", "Make a range of days again, chunk by chunk") { name, start, end, chunk, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal);
            if (session is null) return ExitCode.Usage;
            var dataset = Selection.One(session, parsed.GetValue(name)!);
            var range = new DayRange(DayOptions.Day(parsed.GetValue(start)!, "--start"), DayOptions.Day(parsed.GetValue(end)!, "--end"));
            if (range.Last < range.First) throw new UsageException("--end is before --start.");
            if (new DayRemake(session.NewContext("backfill"), range).Refusal(dataset) is { } refusal) throw new UsageException($"{dataset.Name} cannot be made again by days: {refusal}", EngineCodes.DayRefused);
            var backfill = new Backfill(session.Layout.State, dataset, range, Days(parsed.GetValue(chunk)!));
            var results = new List<(DayRange Days, UpdateResult Result)>();
            foreach (var days in await backfill.LeftAsync(cancel))
            {
                var context = session.NewContext(UpdateRunner.NewId(TimeProvider.System), FaultPoints.FromEnvironment());
                using var display = new LineDisplay(terminal);
                var result = await new UpdateRunner(context, display).RunAsync(new UpdateOptions { Selected = [dataset], Days = days, Tests = false }, cancel);
                display.Finish();
                results.Add((days, result));
                if (!result.Succeeded) break;
                context.Probe($"{dataset.Name}:before-chunk-done");
                await backfill.MadeAsync(days, context.UpdateId, cancel);
            }
            var isWhole = results.TrueForAll(static r => r.Result.Succeeded);
            if (isWhole) await backfill.FinishAsync(cancel);
            Write(terminal, dataset.Name.ToString(), results);
            return isWhole ? ExitCode.Fine : ExitCode.Failed;
        });
        return command;
    }

    private static int Days(string chunk)
    {
        var unit = chunk.Length > 0 ? chunk[^1] : ' ';
        return int.TryParse(chunk.AsSpan(0, Math.Max(0, chunk.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && unit is 'd' or 'w' && number < 10_000
            ? number * (unit == 'w' ? 7 : 1)
            : throw new UsageException($"--chunk {chunk} is no number of days such as 1d or 4w.");
    }

    private static void Write(Terminal terminal, string dataset, List<(DayRange Days, UpdateResult Result)> results)
    {
        if (!terminal.Json)
        {
            terminal.Words.WriteLine($"{dataset}: {results.Count(static r => r.Result.Succeeded)} chunks made again{(results.TrueForAll(static r => r.Result.Succeeded) ? "" : "; one failed: ask again to go on from it")}");
            return;
        }
        JsonOutput.Write(json =>
        {
            json.WriteString("dataset", dataset);
            json.Objects("chunks", results, item =>
            {
                var (days, result) = item;
                json.WriteString("days", days.ToString());
                json.WriteString("update", result.UpdateId);
                json.WriteBoolean("succeeded", result.Succeeded);
            });
        });
    }
}
