using System.Globalization;

namespace Smelt.Lake.Tests;

/// <summary>
/// Random histories of everything that changes, rearranges, restores or alters a table, against a model that keeps every version's rows and columns: after each step the newest version, and one
/// old one, are as the model has them.
/// </summary>
public sealed class RandomMaintenanceTests
{
    /// <summary>Rows of a version by id, and the names of its columns besides; a value is by column.</summary>
    private sealed record Version(SortedDictionary<int, SortedDictionary<string, string?>> Rows, List<string> Columns)
    {
        internal Version Copy() => new(new(Rows.ToDictionary(r => r.Key, r => new SortedDictionary<string, string?>(r.Value, StringComparer.Ordinal))), [.. Columns]);

        internal IEnumerable<string> Texts() => Rows.Select(r => $"{r.Key}|{string.Join("|", Columns.Order(StringComparer.Ordinal).Select(c => $"{c}={r.Value.GetValueOrDefault(c) ?? "NULL"}"))}").Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData(11, false, false)]
    [InlineData(12, true, false)]
    [InlineData(13, false, true)]
    [InlineData(14, true, true)]
    public async Task A_table_is_what_its_history_makes_of_it(int seed, bool vectors, bool clustered)
    {
        using var lake = new TestLake();
        var random = new Random(seed);
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 0::INTEGER AS id, 'first' AS a", options: new TableOptions
        {
            ClusterBy = clustered ? ["id"] : null,
            Properties = new Dictionary<string, string?> { ["delta.columnMapping.mode"] = "name", ["delta.enableDeletionVectors"] = vectors ? "true" : "false", ["delta.enableRowTracking"] = "true", ["delta.checkpointInterval"] = "7" },
        });
        var now = new Version(new() { [0] = new(StringComparer.Ordinal) { ["a"] = "first" } }, ["a"]);
        var versions = new List<Version> { now.Copy() };
        var names = 0;
        for (var step = 1; step <= Deep.Count(25, 400); step++)
        {
            var next = now.Copy();
            await StepAsync(lake, table, random, next, versions, step, () => $"c{names++}");
            now = next;
            var head = (await table.LatestVersionAsync())!.Value;
            while (versions.Count <= head)
                versions.Add(now.Copy());
            Assert.Equal(now.Texts(), await TextsAsync(lake, table, now, null));
            var old = random.Next(versions.Count);
            Assert.Equal(versions[old].Texts(), await TextsAsync(lake, table, versions[old], old));
        }
        Assert.Empty((await table.CheckAsync()).Findings);
        Deep.Tell($"random history of changes and maintenance (seed {seed}): {versions.Count} versions, each as the model");
    }

    private static async Task StepAsync(TestLake lake, DeltaTable table, Random random, Version next, List<Version> versions, int step, Func<string> newName)
    {
        var column = next.Columns[random.Next(next.Columns.Count)];
        switch (random.Next(10))
        {
            case 0 or 1:
                var first = next.Rows.Count == 0 ? 0 : next.Rows.Keys.Max() + 1;
                var count = random.Next(1, 6);
                Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", $"SELECT ({first} + range)::INTEGER AS id, 'v{step}' AS \"{column}\" FROM range({count})"));
                for (var i = 0; i < count; i++)
                    next.Rows[first + i] = new(StringComparer.Ordinal) { [column] = $"v{step}" };
                break;
            case 2:
                var modulus = random.Next(2, 6);
                await table.DeleteAsync($"id % {modulus} = 1");
                foreach (var id in next.Rows.Keys.Where(k => k % modulus == 1).ToList())
                    next.Rows.Remove(id);
                break;
            case 3:
                var from = random.Next(30);
                await table.UpdateAsync([new Assignment($"\"{column}\"", $"'u{step}'")], $"id >= {from}");
                foreach (var id in next.Rows.Keys.Where(k => k >= from))
                    next.Rows[id][column] = $"u{step}";
                break;
            case 4:
                var ids = Enumerable.Range(0, 4).Select(_ => random.Next(40)).Distinct().ToList();
                await table.MergeAsync(new MergeCommand
                {
                    Source = string.Join(" UNION ALL ", ids.Select(i => $"SELECT {i} AS id, 'm{step}' AS v")), SourceAlias = "s", On = "target.id = s.id",
                    Clauses = [new MergeClause.Update([new Assignment($"\"{column}\"", "s.v")]), new MergeClause.Insert([new Assignment("id", "s.id"), new Assignment($"\"{column}\"", "s.v")])],
                });
                foreach (var id in ids)
                    (next.Rows.TryGetValue(id, out var row) ? row : next.Rows[id] = new(StringComparer.Ordinal))[column] = $"m{step}";
                break;
            case 5:
                await table.OptimizeAsync(new OptimizeOptions { ZOrderBy = (await table.SnapshotAsync()).ClusteringColumns.Count == 0 && random.Next(2) == 0 ? ["id"] : [], TargetFileBytes = random.Next(2) == 0 ? 1500 : null });
                break;
            case 6:
                var back = random.Next(versions.Count);
                var restored = await table.RestoreAsync(back);
                Assert.True(restored is MaintenanceResult.Done or MaintenanceResult.Nothing, restored.ToString());
                next.Rows.Clear();
                foreach (var (id, values) in versions[back].Copy().Rows)
                    next.Rows[id] = values;
                next.Columns.Clear();
                next.Columns.AddRange(versions[back].Columns);
                break;
            case 7:
                var added = newName();
                Assert.IsType<AlterResult.Altered>(await table.AlterAsync(new TableChange.AddColumns([(new ColumnPath([added]), new ColumnSpec(added, DeltaType.String))])));
                next.Columns.Add(added);
                break;
            case 8:
                var renamed = newName();
                Assert.IsType<AlterResult.Altered>(await table.AlterAsync(new TableChange.RenameColumn(new ColumnPath([column]), renamed)));
                next.Columns[next.Columns.IndexOf(column)] = renamed;
                foreach (var row in next.Rows.Values)
                    if (row.Remove(column, out var value))
                        row[renamed] = value;
                break;
            case 9 when next.Columns.Count > 1:
                Assert.IsType<AlterResult.Altered>(await table.AlterAsync(new TableChange.DropColumns([new ColumnPath([column])])));
                next.Columns.Remove(column);
                foreach (var row in next.Rows.Values)
                    row.Remove(column);
                break;
        }
    }

    private static async Task<IEnumerable<string>> TextsAsync(TestLake lake, DeltaTable table, Version model, int? version)
    {
        var scan = table.Scan(await table.SnapshotAsync(version));
        await scan.PrepareAsync(lake.Duck);
        Assert.Equal(model.Columns.Append("id").Order(StringComparer.Ordinal), scan.Schema.Fields.Select(f => f.Name).Order(StringComparer.Ordinal));
        var columns = string.Concat(model.Columns.Order(StringComparer.Ordinal).Select(c => $" || '|{c}=' || coalesce(\"{c}\", 'NULL')"));
        return [.. lake.Duck.Rows(string.Create(CultureInfo.InvariantCulture, $"SELECT id::VARCHAR{(columns.Length == 0 ? " || '|'" : columns)} FROM ({scan.Sql})")).Select(r => (string)r[0]!).Order(StringComparer.Ordinal)];
    }
}
