using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The table does not hold what its view's state says: the difference cannot be told, and the query is run whole.</summary>
internal sealed class DriftedTargetException() : Exception("the difference cannot be told from what the table holds");

/// <summary>
/// A view's new content as a difference from what its table holds: where it follows from changes of its inputs, and where the table keeps a change data feed, so that its
/// readers see the rows that differ and no others.
/// </summary>
/// <param name="Come">Query of rows to have; its columns are the view's.</param>
/// <param name="Go">Query of rows to take away; null: the table's rows of <paramref name="Where"/>.</param>
/// <param name="Where">Condition over the table's rows that <paramref name="Come"/> replaces; null: all.</param>
internal sealed record ViewDifference(string Come, string? Go, string? Where)
{
    private const string TouchedKeys = "touched_keys", StoredKeys = "stored_keys", Partial = "partial";

    /// <summary>Null where the table is to be written whole.</summary>
    /// <param name="typed">A query's columns as the table stores them.</param>
    public static async Task<ViewDifference?> OfAsync(UpdateContext context, StepPreparation step, IStepBatch batch, TargetTable target, OutputShape shape, Func<string, string> typed, CancellationToken cancel)
    {
        if (batch is DayBatch && step.Flow.Kind == FlowKind.Complete && !target.IsLaidOutAsBefore)
            throw new EngineException(EngineCodes.DayRefused, $"{step.Dataset.Name} cannot be made again by days: its columns or partitions changed, which its other days do not have. Run it first, which makes all of it anew.");
        if (batch is DayBatch days) return new ViewDifference(days.Sql, null, days.Where);
        if (batch is not ViewBatch view || step.Target is null || target.IsChanged || step.IsTargetBehind) return null;
        if (step.Refresh is null) return step.Target.Snapshot.Metadata.IsOn("delta.enableChangeDataFeed") ? new ViewDifference(batch.Sql, null, null) : null;
        var query = IncrementalViews.Read(context.Pipeline.Graph, step.Dataset, view.Bound.Table, batch.Catalog.Connection, out _)
            ?? throw new InvalidOperationException("The view's query was taken apart when its refresh was planned.");
        return await new Making(step, batch.Catalog, query, shape, new IncrementalBinding(context, batch.Catalog, query, step.Refresh), typed).MakeAsync(step.Refresh.Way, cancel);
    }

    /// <summary>Makes the queries of one refresh.</summary>
    private sealed class Making(StepPreparation step, StepCatalog catalog, IncrementalQuery query, OutputShape shape, IncrementalBinding binding, Func<string, string> typed)
    {
        private static string Own(string name) => SqlText.Identifier(StepCatalog.OwnSchema, name);

        private string Names => string.Join(", ", shape.Columns.Select(static c => SqlText.Identifier(c.Name)));

        /// <summary>The parts as one query with the view's own column names: what DuckDB names an expression depends on how it is printed.</summary>
        private string All(IEnumerable<string> parts) => string.Join("\nUNION ALL\n", parts.Select(p => $"SELECT * FROM ({p}\n) AS smelt_part({Names})"));

        private string NoRows => $"SELECT {string.Join(", ", step.Target!.Snapshot.Schema.Fields.Select(static f => $"CAST(NULL AS {ParquetSql.TypeOf("", f.Type)}) AS {SqlText.Identifier(f.Name)}"))} WHERE false";

        public async Task<ViewDifference> MakeAsync(RefreshWay way, CancellationToken cancel) => way switch
        {
            RefreshWay.Rows => await RowsAsync(cancel),
            RefreshWay.Merged => await MergedAsync(cancel),
            _ => await GroupsAsync(cancel),
        };

        private async Task<ViewDifference> RowsAsync(CancellationToken cancel)
        {
            var (came, went) = (await binding.RowsAsync(true, cancel), await binding.RowsAsync(false, cancel));
            return new ViewDifference(came.Count == 0 ? NoRows : All(came), went.Count == 0 ? NoRows : All(went), null);
        }

        private async Task<ViewDifference> GroupsAsync(CancellationToken cancel)
        {
            var keys = string.Join("\nUNION\n", await binding.KeysAsync(cancel));
            catalog.Connection.Execute($"CREATE TABLE {Own(TouchedKeys)} AS {(keys.Length == 0 ? $"SELECT {string.Join(", ", query.Keys.Select(static (_, i) => $"NULL AS {IncrementalQuery.KeyName(i)}"))} WHERE false" : keys)}");
            var named = string.Join(", ", query.Keys.Select((k, i) => $"{IncrementalQuery.KeyName(i)} AS {SqlText.Identifier(shape.Columns[k.Output].Name)}"));
            var stored = string.Join(", ", query.Keys.Select((k, i) => $"{shape.Columns[k.Output].Sql} AS {IncrementalQuery.KeyName(i)}"));
            catalog.Connection.Execute($"CREATE TABLE {Own(StoredKeys)} AS SELECT DISTINCT {stored} FROM (SELECT {named} FROM {Own(TouchedKeys)})");
            HoldPartitions(Own(StoredKeys), static i => IncrementalQuery.KeyName(i));
            var groups = query.GroupsSql(await binding.NowAsync(cancel), Own(TouchedKeys), KeyRanges.Of(catalog, Own(TouchedKeys), query.Keys.Count));
            return new ViewDifference(All([groups]), null, InTarget(Own(StoredKeys), i => IncrementalQuery.KeyName(i)));
        }

        private async Task<ViewDifference> MergedAsync(CancellationToken cancel)
        {
            var parts = await binding.RowsAsync(true, cancel);
            HoldTypes(catalog.Describe(All(parts)));
            catalog.Connection.Execute($"CREATE TABLE {Own(Partial)} AS {(parts.Count == 1 ? typed(All(parts)) : Together(typed(All(parts))))}");
            HoldPartitions(Own(Partial), i => SqlText.Identifier(shape.Columns[query.Keys[i].Output].Name));
            await catalog.BindTableAsync(StepCatalog.OwnSchema, "held", step.Target!, cancel);
            var columns = shape.Columns.Select((c, i) => $"{Merged(query.Merging![i], SqlText.Identifier(c.Name))} AS {SqlText.Identifier(c.Name)}");
            var same = string.Join(" AND ", query.Keys.Select(k => SqlText.Identifier(shape.Columns[k.Output].Name)).Select(static c => $"old.{c} IS NOT DISTINCT FROM new.{c}"));
            var merged = $"SELECT {string.Join(", ", columns)} FROM {Own(Partial)} AS new LEFT JOIN {Own("held")} AS old ON {(same.Length == 0 ? "true" : same)}";
            return new ViewDifference(merged, null, query.Keys.Count == 0 ? null : InTarget(Own(Partial), i => SqlText.Identifier(shape.Columns[query.Keys[i].Output].Name)));
        }

        /// <summary>The groups of NULL and of the empty text have one key in a table that is partitioned by it: which of its rows is whose cannot be told.</summary>
        private void HoldPartitions(string keys, Func<int, string> nameOf)
        {
            var partitions = query.Keys.Select((k, i) => (Column: shape.Columns[k.Output], Name: nameOf(i))).Where(k => OutputShape.IsTextPartition(step.Dataset, k.Column)).Select(static k => $"{k.Name} IS NULL").ToList();
            if (partitions.Count > 0 && catalog.Connection.Scalar($"SELECT 1 FROM {keys} WHERE {string.Join(" OR ", partitions)} LIMIT 1") is not null) throw new DriftedTargetException();
        }

        /// <summary>Figures are put together as they are stored: what is stored as another type (a text for an ENUM, a rounded number) has another order or another sum.</summary>
        private void HoldTypes(IReadOnlyList<DuckDbColumn> described)
        {
            for (var i = 0; i < shape.Columns.Count; i++)
            {
                var stored = ParquetSql.TypeOf("", shape.Columns[i].Type);
                var isSame = described[i].Type.ToString() == stored || (described[i].Type.Id == DuckDbTypeId.HugeInt && stored == "BIGINT");
                if (!isSame && query.Merging![i] != MergeKind.Key) throw new DriftedTargetException();
            }
        }

        /// <summary>One row a group of what several changes gave.</summary>
        private string Together(string rows)
        {
            var columns = shape.Columns.Select((c, i) => (Name: SqlText.Identifier(c.Name), Kind: query.Merging![i], c.Type)).Select(static c => c.Kind == MergeKind.Key ? c.Name : $"CAST({Aggregate(c.Kind)}({c.Name}) AS {ParquetSql.TypeOf("", c.Type)}) AS {c.Name}");
            var keys = query.Keys.Select(k => SqlText.Identifier(shape.Columns[k.Output].Name)).ToList();
            return $"SELECT {string.Join(", ", columns)} FROM ({rows}) AS smelt_parts{(keys.Count == 0 ? "" : $" GROUP BY {string.Join(", ", keys)}")}";
        }

        private static string Aggregate(MergeKind kind) => kind switch
        {
            MergeKind.Min => "min",
            MergeKind.Max => "max",
            MergeKind.And => "bool_and",
            MergeKind.Or => "bool_or",
            _ => "sum",
        };

        private static string Merged(MergeKind kind, string column)
        {
            string Either(string both) => $"CASE WHEN old.{column} IS NULL THEN new.{column} WHEN new.{column} IS NULL THEN old.{column} ELSE {both} END";
            return kind switch
            {
                MergeKind.Key => $"new.{column}",
                MergeKind.Sum or MergeKind.Count => Either($"old.{column} + new.{column}"),
                MergeKind.Min => $"least(old.{column}, new.{column})",
                MergeKind.Max => $"greatest(old.{column}, new.{column})",
                MergeKind.And => Either($"(old.{column} AND new.{column})"),
                _ => Either($"(old.{column} OR new.{column})"),
            };
        }

        private string InTarget(string keys, Func<int, string> nameOf)
        {
            var same = query.Keys.Select((k, i) => $"smelt_touched.{nameOf(i)} IS NOT DISTINCT FROM {RowDifference.Target}.{SqlText.Identifier(shape.Columns[k.Output].Name)}");
            return $"EXISTS (SELECT 1 FROM {keys} AS smelt_touched WHERE {string.Join(" AND ", same)})";
        }
    }
}

/// <summary>What all touched keys have in common, as a condition that DuckDB prunes row groups by.</summary>
internal static class KeyRanges
{
    public static string? Of(StepCatalog catalog, string keys, int count)
    {
        var parts = new List<string>();
        var types = catalog.Describe($"SELECT * FROM {keys}");
        for (var i = 0; i < count; i++)
        {
            if (types[i].Type.Id is not (DuckDbTypeId.TinyInt or DuckDbTypeId.SmallInt or DuckDbTypeId.Integer or DuckDbTypeId.BigInt or DuckDbTypeId.Date or DuckDbTypeId.Timestamp or DuckDbTypeId.TimestampTz or DuckDbTypeId.Varchar)) continue;
            var name = IncrementalQuery.KeyName(i);
            var row = catalog.Connection.Rows($"SELECT CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR), count(*) FILTER ({name} IS NULL) FROM {keys}")[0];
            if (row[0] is not string low || row[1] is not string high || (long)row[2]! > 0) continue;
            var argument = IncrementalQuery.KeyArgument(i);
            parts.Add($"{argument} >= CAST({SqlText.Literal(low)} AS {types[i].Type}) AND {argument} <= CAST({SqlText.Literal(high)} AS {types[i].Type})");
        }
        return parts.Count == 0 ? null : string.Join(" AND ", parts);
    }
}
