namespace Smelt.Lake.Tests.Interop;

/// <summary>Random histories of three writers in turn on one table: Smelt, Spark and delta-rs. After each step the table is held against a model by those who can read it.</summary>
public sealed class ThreeWriters(SparkFixture spark)
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Whoever_writes_in_whatever_order_all_read_the_same(int seed, bool partitioned)
    {
        using var lake = new TestLake();
        var random = new Random(seed);
        var model = new SortedDictionary<int, (string Name, int Part)>();
        await lake.WriteAsync("t", "SELECT 0::INTEGER AS id, 'first' AS name, 0::INTEGER AS part", options: new TableOptions { PartitionBy = partitioned ? ["part"] : [] });
        model[0] = ("first", 0);
        var steps = Deep.Count(6, 60);
        for (var step = 1; step <= steps; step++)
        {
            var rows = Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(100)).Distinct().ToList();
            var writer = random.Next(3);
            switch (random.Next(4))
            {
                case 0 when model.Count > 10:
                    var below = random.Next(60);
                    await Do(writer, lake, $"DELETE FROM {{0}} WHERE id < {below}", "t.delete('id < " + below + "')");
                    foreach (var id in model.Keys.Where(k => k < below).ToList())
                        model.Remove(id);
                    break;
                case 1:
                    var (from, name) = (random.Next(100), $"u{step}");
                    await Do(writer, lake, $"UPDATE {{0}} SET name = '{name}' WHERE id >= {from}", $"t.update(updates={{'name': \"'{name}'\"}}, predicate='id >= {from}')");
                    foreach (var id in model.Keys.Where(k => k >= from).ToList())
                        model[id] = (name, model[id].Part);
                    break;
                case 2 when writer < 2:
                    await Do(writer, lake, writer == 0 ? null : "OPTIMIZE {0}", "");
                    break;
                default:
                    await Do(writer, lake,
                        $"MERGE INTO {{0}} AS t USING ({string.Join(" UNION ALL ", rows.Select(id => $"SELECT {id} AS id, 'm{step}' AS name, {id % 3} AS part"))}) AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.name = s.name WHEN NOT MATCHED THEN INSERT *",
                        $"from deltalake import QueryBuilder\nq = QueryBuilder().execute(\"{string.Join(" union all ", rows.Select(id => $"select cast({id} as int) as id, 'm{step}' as name, cast({id % 3} as int) as part"))}\").read_all()\n"
                        + "t.merge(q, predicate='t.id = s.id', source_alias='s', target_alias='t').when_matched_update({'name': 's.name'}).when_not_matched_insert_all().execute()");
                    foreach (var id in rows)
                        model[id] = ($"m{step}", model.TryGetValue(id, out var there) ? there.Part : id % 3);
                    break;
            }
            var expected = model.Select(m => $$"""{"id":{{m.Key}},"name":"{{m.Value.Name}}","part":{{m.Value.Part}}}""").Order(StringComparer.Ordinal).ToList();
            Assert.Equal(expected, await lake.RowsAsync("t"));
            Assert.Equal(expected, await spark.RowsAsync(lake, "t"));
            Assert.Equal(expected, await DeltaRs.RowsAsync(lake.Store.Locate("t")));
        }
        Assert.Empty((await lake.Lake.Table("t").CheckAsync()).Findings);
        Deep.Tell($"three writers in turn (seed {seed}{(partitioned ? ", partitioned" : "")}): {steps} steps, all readers equal");
    }

    /// <param name="writer">0: Smelt, 1: Spark, 2: delta-rs.</param>
    /// <param name="lake">Where the table is.</param>
    /// <param name="sql">The statement, its table as {0}; null: OPTIMIZE of ours.</param>
    /// <param name="python">The same for delta-rs, on a table <c>t</c>.</param>
    private async Task Do(int writer, TestLake lake, string? sql, string python)
    {
        switch (writer)
        {
            case 0:
                await OursAsync(lake.Lake.Table("t"), sql);
                break;
            case 1:
                await spark.SqlAsync(string.Format(sql!, $"delta.`{lake.Store.Locate("t")}`"));
                break;
            default:
                await DeltaRs.RunAsync($"import sys\nfrom deltalake import DeltaTable\nt = DeltaTable(sys.argv[1])\n{python}", lake.Store.Locate("t"));
                break;
        }
    }

    private static async Task OursAsync(DeltaTable table, string? sql)
    {
        if (sql is null)
        {
            await table.OptimizeAsync();
            return;
        }
        var (verb, rest) = (sql[..6], sql);
        DmlResult result = verb switch
        {
            "DELETE" => await table.DeleteAsync(rest[(rest.IndexOf("WHERE", StringComparison.Ordinal) + 6)..]),
            "UPDATE" => await table.UpdateAsync([new Assignment("name", Between(rest, "SET name = ", " WHERE"))], rest[(rest.IndexOf("WHERE", StringComparison.Ordinal) + 6)..]),
            _ => await table.MergeAsync(new MergeCommand
            {
                Source = Between(rest, "USING (", ") AS s"), SourceAlias = "s", On = "target.id = s.id",
                Clauses = [new MergeClause.Update([new Assignment("name", "s.name")]), new MergeClause.Insert(null)],
            }),
        };
        Assert.True(result is DmlResult.Committed or DmlResult.Unchanged, result.ToString());
    }

    private static string Between(string text, string from, string to)
    {
        var start = text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        return text[start..text.IndexOf(to, start, StringComparison.Ordinal)];
    }
}
