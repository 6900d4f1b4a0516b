using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Decides how a materialized view whose inputs changed is refreshed, and says why.</summary>
internal sealed class RefreshPlanner(UpdateContext context, StepPreparation step)
{
    private Dataset Dataset => step.Dataset;

    /// <exception cref="EngineException">INCREMENTAL STRICT was asked for and cannot be done.</exception>
    public async Task<RefreshChoice> ChooseAsync(CancellationToken cancel)
    {
        var choice = Dataset.RefreshPolicy == RefreshPolicy.Full ? RefreshChoice.Full("REFRESH POLICY FULL") : await TryAsync(cancel);
        if (choice.Refresh is null && Dataset.RefreshPolicy == RefreshPolicy.IncrementalStrict)
            throw new EngineException(EngineCodes.NotIncremental, $"{Dataset.Name} has REFRESH POLICY INCREMENTAL STRICT and cannot be refreshed incrementally now: {choice.Words["full: ".Length..]}. Take STRICT away, or refresh it once with --refresh {Dataset.Name}.");
        return choice;
    }

    private async Task<RefreshChoice> TryAsync(CancellationToken cancel)
    {
        if (Unfit() is { } unfit) return RefreshChoice.Full(unfit);
        using var connection = context.Database().Connect();
        if (IncrementalViews.Read(context.Pipeline.Graph, Dataset, StepCatalog.QualifiedName, connection, out var refusal) is not { } query) return RefreshChoice.Full(refusal!);
        var changes = new Dictionary<DatasetName, InputChange>();
        foreach (var input in step.Tables)
        {
            var before = step.State!.Done!.Tables.FirstOrDefault(d => d.Name == input.Name);
            if (before is null) return RefreshChoice.Full($"it did not read {input.Name} before");
            if (before.TableId == input.TableId && before.DataVersion == input.DataVersion) continue;
            if (!DatasetName.TryParse(input.Name, out var name) || query.Leaves.All(l => l.Dataset != name)) return RefreshChoice.Full($"{input.Name} changed, which it does not read by name alone");
            if (query.Leaves.FirstOrDefault(l => l.Dataset == name && l.Reach == LeafReach.Opaque) is not null)
                return RefreshChoice.Full($"{input.Name} changed, which it reads inside an aggregate, a subquery or an outer join");
            var (change, lost) = await ChangeAsync(name, before, cancel);
            if (lost is not null) return RefreshChoice.Full($"{input.Name}: {lost}");
            changes[name] = change!;
        }
        return await ChooseAsync(query, changes, cancel);
    }

    private async Task<RefreshChoice> ChooseAsync(IncrementalQuery query, Dictionary<DatasetName, InputChange> changes, CancellationToken cancel)
    {
        // Of two changed places, one is read as it was while the other's change is looked at.
        var readsBefore = query.Leaves.Count(l => changes.ContainsKey(l.Dataset)) > 1 || query.Leaves.Any(l => l.Reach == LeafReach.Outer && changes.ContainsKey(l.Dataset));
        foreach (var (name, change) in changes)
        {
            if (readsBefore && await change.Table.Table.GoneSinceAsync(change.Before, change.Table.Snapshot, cancel) is { } gone) return RefreshChoice.Full($"{name}: VACUUM took '{gone}' of the version read before");
        }
        var appends = query.Leaves.All(l => !changes.TryGetValue(l.Dataset, out var change) || (change.Difference.OnlyAppends && l.Reach == LeafReach.Linear));
        var way = query.Shape == RefreshShape.Rows ? RefreshWay.Rows : appends && query.Merging is not null && MergesExactly(query) && !Drops && await CastsExactlyAsync(query, cancel) ? RefreshWay.Merged : RefreshWay.Groups;
        if (way != RefreshWay.Rows && Dataset.DeclaredColumns.Any(static c => c.Type is not null)) return RefreshChoice.Full("it groups, and stores its columns under types that are declared");
        if (way == RefreshWay.Groups && query.Keys.Count == 0) return RefreshChoice.Full("all rows are one group, whose value does not follow from the changes");
        var refresh = new IncrementalRefresh(way, changes);
        var tables = new Dictionary<DatasetName, PinnedTable>();
        foreach (var leaf in query.Leaves) tables[leaf.Dataset] = (await context.Tables.FindAsync(leaf.Dataset, cancel))!;
        var cost = new RefreshCost(query, tables, step.Target!.Snapshot, refresh);
        if (Dataset.RefreshPolicy == RefreshPolicy.Auto && cost.Inputs < RefreshCost.Small) return RefreshChoice.Full("its inputs are small");
        if (Dataset.RefreshPolicy == RefreshPolicy.Auto && cost.Share > RefreshCost.MostOfFull) return RefreshChoice.Full($"the changes touch {cost.Percent} of what there is");
        return new RefreshChoice(refresh, $"incremental: {Words(way)}, about {cost.Percent} of a full refresh");
    }

    /// <summary>Whether a group may be missing in the table that other rows would bring back.</summary>
    private bool Drops => Dataset.Expectations.Any(static e => e.Action == ViolationAction.DropRow);

    private static readonly string[] s_chance = ["random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "nextval", "setseed"];

    private static string Words(RefreshWay way) => way switch
    {
        RefreshWay.Rows => "by the rows that came and went",
        RefreshWay.Merged => "by adding the new rows to the groups",
        _ => "by the groups that changed",
    };

    /// <summary>A stored sum is exact unless it is of floating numbers.</summary>
    private bool MergesExactly(IncrementalQuery query)
    {
        var fields = step.Target!.Snapshot.Schema.Fields;
        return query.Merging!.Count == fields.Count && query.Merging.Select((kind, i) => (kind, fields[i].Type)).All(static c => c.kind != MergeKind.Sum || c.Type is DecimalType or PrimitiveType { Name: "long" or "integer" or "short" or "byte" });
    }

    /// <summary>Figures that are stored under a cast add up as long as the cast rounds nothing.</summary>
    private async Task<bool> CastsExactlyAsync(IncrementalQuery query, CancellationToken cancel)
    {
        if (query.MergedCasts.Count == 0) return true;
        using var catalog = new StepCatalog(context.Database());
        catalog.CreateMacros(StepInputs.Queries(context.Pipeline.Graph, step.Query).SelectMany(static q => q.Macros));
        foreach (var leaf in query.Leaves)
        {
            var table = (await context.Tables.FindAsync(leaf.Dataset, cancel))!;
            await catalog.BindScanAsync(StepCatalog.OwnSchema, NameOf(leaf.Index), table.Table.Scan(table.Snapshot, []), cancel);
        }
        var given = catalog.Describe(query.UncastSql(static i => SqlText.Identifier(StepCatalog.OwnSchema, NameOf(i))));
        var stored = step.Target!.Snapshot.Schema.Fields;
        return query.MergedCasts.All(i => IsExact(given[i].Type, stored[i].Type));

        static string NameOf(int leaf) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"leaf_{leaf}");
    }

    private static bool IsExact(DuckDbType from, DeltaType to) => from.Id switch
    {
        DuckDbTypeId.Decimal => to is DecimalType wide && wide.Scale >= from.Scale,
        DuckDbTypeId.BigInt or DuckDbTypeId.HugeInt => to is DecimalType or PrimitiveType { Name: "long" or "integer" or "short" or "byte" },
        _ => false,
    };

    private string? Unfit()
    {
        var queries = StepInputs.Queries(context.Pipeline.Graph, step.Query);
        if (queries.Any(static q => q.IsTimeDependent)) return "its result depends on the time";
        if (queries.Any(static q => q.IsVolatile || q.ReadsUntracked)) return "it reads or makes what differs each time";
        if (queries.Any(static q => q.Sources.Count > 0)) return "it reads files or changes";
        if (queries.Any(static q => q.SystemTables.Any())) return "it reads Smelt's own tables";
        if (queries.Any(static q => q.Macros.Any(IncrementalViews.IsOpaque))) return "it uses a macro that groups or reads tables";
        if (queries.Skip(1).Any(static q => q.References.Any(static r => r.AsOf is not null))) return "a view of it reads an older version";
        if (Dataset.Expectations.Any(static e => IncrementalQuery.MayGroup(e.Predicate, s_chance))) return "an expectation groups, or asks chance";
        if (Dataset.Expectations.Any(static e => e.Action == ViolationAction.QuarantineRow)) return "it quarantines rows";
        return Dataset.Expectations.Any(static e => e.LooksUp) ? "an expectation looks rows up" : null;
    }

    private async Task<(InputChange? Change, string? Lost)> ChangeAsync(DatasetName name, TableInput before, CancellationToken cancel)
    {
        var now = (await context.Tables.FindAsync(name, cancel))!;
        if (now.Snapshot.Metadata.Id != before.TableId) return (null, "it is another table than before");
        try
        {
            var past = await now.Table.SnapshotAsync(before.Version, cancel);
            return await now.Table.DifferenceAsync(past, now.Snapshot, cancel) switch
            {
                DifferenceResult.Found found => (new InputChange(now, past, found.Difference), null),
                DifferenceResult.Lost lost => (null, lost.Reason),
                _ => throw new InvalidOperationException("A difference is either there or lost."),
            };
        }
        catch (DeltaLogException error)
        {
            return (null, error.Fault is DeltaLogFault.VersionNotFound or DeltaLogFault.Gap ? $"version {before.Version}, which it read before, was cleaned up" : error.Message);
        }
    }
}

/// <summary>A materialized view's query with the views that it reads.</summary>
internal static class IncrementalViews
{
    private static readonly string[] s_opaque = ["select", "over", "from", "unnest", "unlist"];

    public static IncrementalQuery? Read(PipelineGraph graph, Dataset dataset, Func<TableReference, string?> bound, DuckDbConnection connection, out string? refusal) =>
        IncrementalQuery.Read(dataset.Query, name => graph.Find(name) is { IsView: true } view ? view.Query : null, bound, connection, out refusal);

    /// <summary>Whether a macro may do more than compute from its arguments.</summary>
    public static bool IsOpaque(Macro macro) => macro.IsTable || macro.Reads.Count > 0 || IncrementalQuery.MayGroup(macro.CreateSql, s_opaque);
}
