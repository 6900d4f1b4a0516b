using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake.Tests.Dml;

/// <summary>A row of the model: the id is unique in the table.</summary>
internal sealed record ModelRow(long Id, string? Key, int? Value)
{
    internal string Sql => $"({Id}, {(Key is null ? "NULL" : SqlText.Literal(Key))}, {(Value is { } v ? v.ToString(CultureInfo.InvariantCulture) : "NULL")})";

    public override string ToString() => $"{Id}/{Key ?? "∅"}/{Value?.ToString(CultureInfo.InvariantCulture) ?? "∅"}";
}

/// <summary>A condition in SQL and as a function: null is SQL's NULL.</summary>
internal sealed record ModelCondition(string Sql, Func<ModelRow, bool?> Holds)
{
    internal bool Is(ModelRow row) => Holds(row) == true;

    internal static ModelCondition Any(Random random, string owner = "")
    {
        var (n, key) = (random.Next(2, 6), ModelTable.Keys[random.Next(ModelTable.Keys.Length)]);
        return random.Next(8) switch
        {
            0 => new($"{owner}id % {n} = 0", r => r.Id % n == 0),
            1 => new($"{owner}v > {n * 10}", r => r.Value is { } v ? v > n * 10 : null),
            2 => key is null ? new($"{owner}k IS NULL", static r => r.Key is null) : new($"{owner}k = '{key}'", r => r.Key is null ? null : r.Key == key),
            3 => new($"NOT ({owner}v > {n * 10})", r => r.Value is { } v ? v <= n * 10 : null),
            4 => new($"{owner}id >= {n * 7} AND {owner}id < {n * 20}", r => r.Id >= n * 7 && r.Id < n * 20),
            5 => new($"{owner}k IN ('a', 'c') OR {owner}v IS NULL", static r => r.Key is "a" or "c" || r.Value is null ? true : r.Key is null ? null : false),
            6 => new($"{owner}id < 0", static _ => false),
            _ => new("true", static _ => true),
        };
    }
}

/// <summary>A Delta table beside an in-memory model that the same is done to; after every commit both are compared, the change feed's files and the rows' ids too.</summary>
internal sealed class ModelTable(TestLake lake, string folder, Random random, IReadOnlyDictionary<string, string?> properties, bool partitioned)
{
    internal static readonly string?[] Keys = ["a", "b", "c", "d", null];

    private readonly List<string> _history = [];
    private Dictionary<long, (long Id, long Version)> _ids = [];
    private long _next;

    internal List<ModelRow> Rows { get; private set; } = [];

    internal DeltaTable Table { get; } = lake.Lake.Table(folder);

    internal async Task CreateAsync()
    {
        var rows = Fresh(random.Next(1, 60));
        var options = new TableOptions { Properties = properties, PartitionBy = partitioned ? ["k"] : null };
        Assert.IsType<CommitResult.Committed>(await lake.WriteAsync(folder, Query(rows), options: options));
        Rows = rows;
        await CheckAsync("create", []);
    }

    internal async Task StepAsync()
    {
        var before = Rows;
        var (name, result) = random.Next(7) switch
        {
            0 => await AppendAsync(),
            1 or 2 => await DeleteAsync(),
            3 => await UpdateAsync(),
            4 or 5 => await MergeAsync(),
            _ => await ReplaceAsync(),
        };
        if (result is DmlResult.Refused or DmlResult.Conflict)
            Assert.Fail($"{name}: {result}");
        if (result is DmlResult.Unchanged)
            Assert.Equal(Sorted(before), Sorted(Rows));
        await CheckAsync($"{name}: {result.GetType().Name}", before);
    }

    private List<ModelRow> Fresh(int count) => [.. Enumerable.Range(0, count).Select(_ => new ModelRow(_next++, Keys[random.Next(Keys.Length)], random.Next(5) == 0 ? null : random.Next(100)))];

    private static string Query(IEnumerable<ModelRow> rows) =>
        $"SELECT id::BIGINT AS id, k::VARCHAR AS k, v::INTEGER AS v FROM (VALUES {string.Join(", ", rows.Select(static r => r.Sql).DefaultIfEmpty("(NULL, NULL, NULL)"))}) AS t(id, k, v) WHERE id IS NOT NULL";

    private async Task<(string, DmlResult)> AppendAsync()
    {
        var rows = Fresh(random.Next(0, 40));
        Rows = [.. Rows, .. rows];
        return ("append", await Table.InsertAsync(new InsertCommand { Source = Query(rows), ByName = true }));
    }

    private async Task<(string, DmlResult)> DeleteAsync()
    {
        var where = ModelCondition.Any(random, random.Next(2) == 0 ? "x." : "");
        Rows = [.. Rows.Where(r => !where.Is(r))];
        return ($"DELETE {where.Sql}", await Table.DeleteAsync(where.Sql == "true" ? null : where.Sql, new DmlOptions { Alias = "x" }));
    }

    private async Task<(string, DmlResult)> UpdateAsync()
    {
        var where = ModelCondition.Any(random);
        var moves = random.Next(2) == 0;
        var key = Keys[random.Next(Keys.Length)];
        Rows = [.. Rows.Select(r => where.Is(r) ? r with { Value = r.Value + 1, Key = moves ? key : r.Key } : r)];
        List<Assignment> set = [new("v", "v + 1")];
        if (moves)
            set.Add(new("K", key is null ? "NULL" : $"'{key}'"));
        return ($"UPDATE {string.Join(", ", set)} WHERE {where.Sql}", await Table.UpdateAsync(set, where.Sql == "true" ? null : where.Sql));
    }

    private async Task<(string, DmlResult)> MergeAsync()
    {
        var chosen = Rows.Where(_ => random.Next(3) == 0).Select(r => new ModelRow(r.Id, Keys[random.Next(Keys.Length)], random.Next(100))).ToList();
        List<ModelRow> source = [.. chosen, .. Fresh(random.Next(0, 20))];
        var (onlyMatched, onlyInsert, deletes, bySource) = (ModelCondition.Any(random, "t."), ModelCondition.Any(random, "s."), ModelCondition.Any(random, "t."), ModelCondition.Any(random, "t."));
        var kind = random.Next(6);
        List<MergeClause> clauses = [];
        if (kind is 1 or 2)
            clauses.Add(new MergeClause.Delete(deletes.Sql));
        if (kind is not 3)
            clauses.Add(kind is 4 ? new MergeClause.Update([new("v", "coalesce(t.v, 0) + s.v")], onlyMatched.Sql) : new MergeClause.Update(null));
        if (kind is not 4)
            clauses.Add(kind is 2 ? new MergeClause.Insert([new("id", "s.id"), new("k", "s.k")], onlyInsert.Sql) : new MergeClause.Insert(null));
        if (kind is 5)
            clauses.AddRange([new MergeClause.UpdateBySource([new("v", "-1")], bySource.Sql), new MergeClause.DeleteBySource(deletes.Sql)]);
        var byId = source.ToDictionary(static r => r.Id);
        var there = Rows.Select(static r => r.Id).ToHashSet();
        IEnumerable<ModelRow> Target(ModelRow t)
        {
            if (!byId.TryGetValue(t.Id, out var s))
                return kind is not 5 ? [t] : bySource.Is(t) ? [t with { Value = -1 }] : deletes.Is(t) ? [] : [t];
            if (kind is 1 or 2 && deletes.Is(t)) return [];
            if (kind is 3) return [t];
            return kind is 4 ? onlyMatched.Is(t) ? [t with { Value = (t.Value ?? 0) + s.Value }] : [t] : [s];
        }
        IEnumerable<ModelRow> inserted = kind is 4 ? [] : source.Where(s => !there.Contains(s.Id)).SelectMany<ModelRow, ModelRow>(s => kind is not 2 ? [s] : onlyInsert.Is(s) ? [s with { Value = null }] : []);
        Rows = [.. Rows.SelectMany(Target), .. inserted];
        var result = await Table.MergeAsync(new MergeCommand { Source = Query(source), SourceAlias = "s", On = "t.id = s.id", Clauses = clauses }, new DmlOptions { Alias = "t" });
        return ($"MERGE {source.Count} rows: {string.Join("; ", clauses)}", result);
    }

    private async Task<(string, DmlResult)> ReplaceAsync()
    {
        var key = Keys[random.Next(Keys.Length)];
        var rows = Fresh(random.Next(0, 10)).ConvertAll(r => r with { Key = key });
        if (random.Next(2) == 0 || !partitioned)
        {
            Rows = [.. Rows.Where(r => r.Key != key), .. rows];
            var condition = key is null ? "k IS NULL" : $"k = '{key}'";
            return ($"replaceWhere {condition}", await Table.ReplaceWhereAsync(Query(rows), condition));
        }
        if (rows.Count > 0)
            Rows = [.. Rows.Where(r => r.Key != key), .. rows];
        return ($"overwrite partition {key}", await Table.InsertAsync(new InsertCommand { Source = Query(rows), Replaces = new InsertTarget.Partitions() }));
    }

    private async Task CheckAsync(string step, List<ModelRow> before)
    {
        _history.Add(step);
        var snapshot = await Table.SnapshotAsync();
        var story = string.Join("\n", _history);
        var read = await ReadAsync(Table.Scan(snapshot));
        Assert.True(Sorted(Rows).SequenceEqual(Sorted(read)), $"{story}\nwanted {string.Join(' ', Sorted(Rows))}\nfound  {string.Join(' ', Sorted(read))}");
        Assert.True(snapshot.NumRecords == Rows.Count, $"{story}\nthe statistics count {snapshot.NumRecords} rows, and there are {Rows.Count}");
        if (snapshot.Metadata.IsOn("delta.enableChangeDataFeed") && !step.EndsWith("Unchanged", StringComparison.Ordinal))
            Assert.True(Sorted(await ReplayAsync(snapshot, before)).SequenceEqual(Sorted(Rows)), $"{story}\nthe change feed does not add up");
        if (snapshot.Metadata.IsOn("delta.enableRowTracking"))
            await CheckIdsAsync(snapshot, before, story);
    }

    /// <summary>What a reader of the change feed makes of the rows before.</summary>
    private async Task<List<ModelRow>> ReplayAsync(Snapshot snapshot, List<ModelRow> before)
    {
        var actions = (await LogReader.CommitAsync(Table, snapshot.Version, default))!;
        var rows = before.ToList();
        void Take(IEnumerable<ModelRow> gone)
        {
            foreach (var row in gone)
                Assert.True(rows.Remove(row), $"the change feed takes {row}, which is not there");
        }
        if (actions.ChangeFiles.Count > 0)
        {
            foreach (var file in actions.ChangeFiles)
            {
                Assert.StartsWith("_change_data/", file.Path, StringComparison.Ordinal);
                foreach (var (type, changed) in await ReadChangesAsync(snapshot, file))
                    if (type is "delete" or "update_preimage") Take(changed);
                foreach (var (type, changed) in await ReadChangesAsync(snapshot, file))
                    if (type is "insert" or "update_postimage") rows.AddRange(changed);
            }
            return rows;
        }
        var old = snapshot.Version == 0 ? null : await Table.SnapshotAsync(snapshot.Version - 1);
        Assert.Empty(actions.Removes.Select(static r => r.Path).Intersect(actions.Adds.Select(static a => a.Path)));
        if (old is not null)
            Take(await ReadAsync(Table.Scan(old, old.Files.Where(f => actions.Removes.Any(r => r.Path == f.Path)))));
        rows.AddRange(await ReadAsync(Table.Scan(snapshot, actions.Adds)));
        return rows;
    }

    private async Task<List<(string Type, List<ModelRow> Rows)>> ReadChangesAsync(Snapshot snapshot, ChangeFile file)
    {
        await Task.Yield();
        string Column(string name) => snapshot.Metadata.PartitionColumns.Contains(name)
            ? file.PartitionValues[snapshot.Schema.Find(name)!.PhysicalName] is { } value ? SqlText.Literal(value) : "NULL"
            : SqlText.Identifier(snapshot.Schema.Find(name)!.PhysicalName);
        var sql = $"SELECT {Column("id")}, {Column("k")}, {Column("v")}, _change_type FROM read_parquet({SqlText.Literal(FilePath.Locate(Table, file.Path))}, hive_partitioning=false)";
        return [.. lake.Duck.Rows(sql).GroupBy(static r => (string)r[3]!).Select(static g => (g.Key, g.Select(Row).ToList()))];
    }

    private static ModelRow Row(object?[] r) => new((long)r[0]!, (string?)r[1], (int?)r[2]);

    private async Task CheckIdsAsync(Snapshot snapshot, List<ModelRow> before, string story)
    {
        var files = snapshot.Files.ToList();
        var scan = new ScanBuilder(Table, snapshot) { NumberOf = files.IndexOf }.Build(files);
        await scan.PrepareAsync(lake.Duck, default);
        var ids = lake.Duck.Rows($"SELECT id, {RowPlace.RowId}, {RowPlace.CommitVersion} FROM ({scan.Sql})").ToDictionary(static r => (long)r[0]!, static r => ((long)r[1]!, (long)r[2]!));
        Assert.True(ids.Values.Select(static i => i.Item1).Distinct().Count() == ids.Count, $"{story}\ntwo rows have one id");
        var old = before.ToDictionary(static r => r.Id);
        foreach (var row in Rows)
            if (old.TryGetValue(row.Id, out var was) && _ids.TryGetValue(row.Id, out var known))
            {
                Assert.True(ids[row.Id].Item1 == known.Id, $"{story}\nrow {row} had the id {known.Id} and has {ids[row.Id].Item1}");
                if (was != row)
                    Assert.True(ids[row.Id].Item2 == snapshot.Version, $"{story}\nrow {row} was changed, and has version {ids[row.Id].Item2}");
                else
                    Assert.True(ids[row.Id].Item2 == known.Version || ids[row.Id].Item2 == snapshot.Version && _history[^1].Contains("UPDATE", StringComparison.OrdinalIgnoreCase), $"{story}\nrow {row} stayed, and has version {ids[row.Id].Item2} instead of {known.Version}");
            }
        _ids = ids.ToDictionary(static i => i.Key, static i => (i.Value.Item1, i.Value.Item2));
    }

    private async Task<List<ModelRow>> ReadAsync(TableScan scan)
    {
        await scan.PrepareAsync(lake.Duck, default);
        return [.. lake.Duck.Rows($"SELECT id, k, v FROM ({scan.Sql})").Select(Row)];
    }

    private static IEnumerable<string> Sorted(IEnumerable<ModelRow> rows) => rows.Select(static r => r.ToString()).Order(StringComparer.Ordinal);
}
