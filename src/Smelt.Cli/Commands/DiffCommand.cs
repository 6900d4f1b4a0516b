using System.CommandLine;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary><c>smelt diff</c>: two datasets, a dataset and its variant, two versions of a table, or the same table in two targets.</summary>
internal static class DiffCommand
{
    public static Command Create(Terminal terminal)
    {
        var a = new Argument<string>("a") { Description = "A dataset, or the folder of a Delta table" };
        var b = new Argument<string?>("b") { Arity = ArgumentArity.ZeroOrOne, Description = "What to compare it with; without it two versions or targets of the first" };
        var versions = new Option<string?>("--versions") { Description = "Two versions of the first table (default: the newest and the one before)", HelpName = "N,M" };
        var targets = new Option<string?>("--targets") { Description = "The first dataset in two targets of platform.yml", HelpName = "A,B" };
        var key = new Option<string?>("--key") { Description = "Columns that tell which rows are the same (default: the keys of AUTO CDC or DISTINCT ON, or those tested as unique)", HelpName = "COLUMNS" };
        var limit = new Option<int>("--limit") { DefaultValueFactory = static _ => 5, Description = "Rows of each side to show" };
        var all = new Option<bool>("--all-columns") { Description = "Compare the columns that Smelt adds to bronze rows too" };
        var fails = new Option<bool>("--fail") { Description = "Exit with 1 where the two differ" };
        var command = new Command("diff", "Compare two tables, versions, targets, or a variant with its original") { a, b, versions, targets, key, limit, all, fails, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new DiffRequest(parsed.GetValue(a)!, parsed.GetValue(b), Two(parsed.GetValue(versions), "--versions"), Two(parsed.GetValue(targets), "--targets"));
            using var sides = await DiffSides.OpenAsync(parsed, terminal, request, cancel);
            if (sides is null) return ExitCode.Usage;
            if (parsed.GetValue(limit) < 0) throw new UsageException("--limit takes 0 or more.");
            var names = sides.Session.Pipeline.Project.MetadataColumns;
            string?[] stamps = parsed.GetValue(all) ? [] : [names.IngestedAt, names.IngestionDate, names.BatchId];
            using var interrupting = cancel.Register(sides.Catalog.Connection.Interrupt);
            var keys = parsed.GetValue(key)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? sides.Key();
            var comparison = new TableComparer(sides.Catalog.Connection, [.. stamps.OfType<string>()], parsed.GetValue(limit)).Compare(sides.A, sides.B, keys);
            await CompleteAsync(sides, comparison, cancel);
            DiffView.Write(terminal, comparison);
            return parsed.GetValue(fails) && !comparison.AreEqual ? ExitCode.Failed : ExitCode.Fine;
        });
        return command;
    }

    /// <summary>A variant's comparison has what its steps counted, and is kept.</summary>
    private static async Task CompleteAsync(DiffSides sides, TableComparison comparison, CancellationToken cancel)
    {
        if (sides.Datasets is not var (first, second) || first == second) return;
        var context = sides.Session.NewContext(UpdateRunner.NewId(TimeProvider.System));
        comparison.Figures = [.. comparison.Figures, .. await VariantMetrics.OfStepsAsync(context, sides.Catalog, first, second, cancel)];
        if (second.Variant is not null && first.Original == second.Original) await VariantMetrics.KeepAsync(context, first, second, comparison, cancel);
    }

    private static (string, string)? Two(string? text, string option) => text is null ? null : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is [var one, var other] ? (one, other)
        : throw new UsageException($"{option} takes two, such as {option} {(option == "--versions" ? "3,5" : "dev,prod")}.");
}

internal sealed record DiffRequest(string A, string? B, (string, string)? Versions, (string, string)? Targets);

/// <summary>The two relations to compare, bound in one catalog.</summary>
internal sealed class DiffSides : IDisposable
{
    private readonly List<IDisposable> _opened = [];

    private DiffSides(PipelineSession session)
    {
        Session = session;
        _opened.Add(session);
        Catalog = new StepCatalog(session.Database());
    }

    public PipelineSession Session { get; }

    public StepCatalog Catalog { get; }

    public (string Name, string Sql) A { get; private set; }

    public (string Name, string Sql) B { get; private set; }

    /// <summary>Both datasets, where both are of the pipeline.</summary>
    public (DatasetName, DatasetName)? Datasets { get; private set; }

    public static async Task<DiffSides?> OpenAsync(System.CommandLine.ParseResult parsed, Terminal terminal, DiffRequest request, CancellationToken cancel)
    {
        if ((request.B is null ? 0 : 1) + (request.Versions is null ? 0 : 1) + (request.Targets is null ? 0 : 1) > 1) throw new UsageException("Compare with another table, or two --versions, or two --targets: one of them.");
        terminal.Json = parsed.GetValue(CommandTree.Json);
        var hasPipeline = File.Exists(Path.Combine(OpenedPipeline.Folder(parsed, null), "smelt.yml"));
        var session = hasPipeline ? OpenedPipeline.Open(parsed, terminal) : PipelineSession.WithoutPipeline(Path.GetFullPath("."), TimeProvider.System);
        if (session is null) return null;
        var sides = new DiffSides(session);
        try
        {
            await sides.BindAsync(parsed, request, cancel);
            return sides;
        }
        catch
        {
            sides.Dispose();
            throw;
        }
    }

    /// <summary>Columns that tell the rows of the first dataset apart, as far as its tests or its flow say.</summary>
    public IReadOnlyList<string> Key()
    {
        if (Datasets is not var (first, second)) return [];
        foreach (var name in (DatasetName[])[first, second, first.Original])
        {
            if (Session.Pipeline.Graph.Find(name) is not { } dataset) continue;
            if (dataset.Flows.FirstOrDefault(static f => f.Cdc is not null)?.Cdc is { KeepsHistory: false } cdc) return cdc.Keys;
            // With a window the same key may come again after long.
            if (dataset.Flows.Count == 1 && dataset.Flows[0].Query.Unique is { } unique && DeduplicationWindow.Of(dataset.Properties) is null) return unique.Keys;
            if (dataset.Tests.FirstOrDefault(static t => t is { Kind: "unique", Where: null }) is { Column: { } column }) return [column];
            if (dataset.Tests.FirstOrDefault(static t => t is { Kind: "unique_combination_of_columns", Where: null }) is { } combined) return combined.Combination;
        }
        return [];
    }

    private async Task BindAsync(System.CommandLine.ParseResult parsed, DiffRequest request, CancellationToken cancel)
    {
        if (request.Targets is var (one, other))
        {
            var dataset = Selection.One(Session, request.A);
            (A, B) = ((await InTargetAsync(parsed, dataset, one, "a", cancel)), (await InTargetAsync(parsed, dataset, other, "b", cancel)));
            Datasets = (dataset.Name, dataset.Name);
            return;
        }
        if (request.B is null)
        {
            var (table, name) = Table(request.A);
            var (from, to) = request.Versions is var (v, w) ? (Version(v), Version(w)) : await LastTwoAsync(table, name, cancel);
            A = ($"{name} version {from}", await ScanAsync(table, from, "a", cancel));
            B = ($"{name} version {to}", await ScanAsync(table, to, "b", cancel));
            if (Session.Pipeline.Graph.Find(request.A) is { } own) Datasets = (own.Name, own.Name);
            return;
        }
        request = request with { A = Meant(request.A, request.B), B = Meant(request.B, request.A) };
        (A, B) = (await RelationAsync(request.A, "a", cancel), await RelationAsync(request.B!, "b", cancel));
        if (Session.Pipeline.Graph.Find(request.A) is { } first && Session.Pipeline.Graph.Find(request.B!) is { } second) Datasets = (first.Name, second.Name);
    }

    /// <summary>A name that several layers have means, beside a variant, the variant's original.</summary>
    private string Meant(string named, string other) =>
        Session.Pipeline.Graph.Find(named) is null && Session.Pipeline.Graph.Find(other) is { Name: { Variant: not null } variant } && variant.Original.Name.Equals(named, StringComparison.OrdinalIgnoreCase) ? variant.Original.ToString() : named;

    private async Task<(string, string)> RelationAsync(string named, string side, CancellationToken cancel)
    {
        if (Session.Pipeline.Graph.Find(named) is { IsView: true } view)
        {
            await new InputBinder(Session.NewContext(UpdateRunner.NewId(TimeProvider.System)), Catalog).BindAsync(view.Name, cancel);
            return (view.Name.ToString(), SqlText.Identifier(view.Name.Schema, view.Name.Name));
        }
        var (table, name) = Table(named);
        return (name, await ScanAsync(table, null, side, cancel));
    }

    private (DeltaTable Table, string Name) Table(string named)
    {
        if (Directory.Exists(Path.Combine(named, "_delta_log"))) return (Session.TableAt(Path.GetFullPath(named)), named);
        var dataset = Selection.One(Session, named);
        return dataset.IsView ? throw new UsageException($"{dataset.Name} is a view and keeps no versions.") : (Session.Layout.Table(dataset.Name), dataset.Name.ToString());
    }

    private async Task<(string, string)> InTargetAsync(System.CommandLine.ParseResult parsed, Dataset dataset, string target, string side, CancellationToken cancel)
    {
        if (Session.Pipeline.Platform.Targets.All(t => !t.Name.Equals(target, StringComparison.OrdinalIgnoreCase))) throw new UsageException($"platform.yml has no target {target}.");
        var there = PipelineSession.Open(Session.Pipeline.Folder, new CompileOptions { Target = target }, TimeProvider.System);
        _opened.Insert(0, there);
        return ($"{dataset.Name} in {target}", await ScanAsync(there.Layout.Table(dataset.Name), null, side, cancel));
    }

    private async Task<string> ScanAsync(DeltaTable table, long? version, string side, CancellationToken cancel)
    {
        if (await table.LatestVersionAsync(cancel: cancel) is null) throw new UsageException($"There is no table {table.Lake.Store.Locate(table.Folder)} yet. `smelt run` makes it.");
        await Catalog.BindScanAsync(StepCatalog.OwnSchema, side, table.Scan(await table.SnapshotAsync(version, cancel)), cancel);
        return SqlText.Identifier(StepCatalog.OwnSchema, side);
    }

    private static async Task<(long, long)> LastTwoAsync(DeltaTable table, string name, CancellationToken cancel)
    {
        var newest = await table.LatestVersionAsync(cancel: cancel) ?? throw new UsageException($"{name} has no table yet.");
        return newest > 0 ? (newest - 1, newest) : throw new UsageException($"{name} has one version only. Name what to compare it with.");
    }

    private static long Version(string text) => long.TryParse(text, out var version) && version >= 0 ? version : throw new UsageException($"'{text}' is no version: --versions 3,5.");

    public void Dispose()
    {
        Catalog.Dispose();
        foreach (var opened in _opened) opened.Dispose();
    }
}
