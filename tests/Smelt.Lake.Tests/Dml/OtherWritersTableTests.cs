using Smelt.DuckDb;
using Smelt.Lake.Tests.Conformance;

namespace Smelt.Lake.Tests.Dml;

/// <summary>Changes of tables that others made: mapped by id, widened types, void columns, vectors, all forms of statistics and checkpoints.</summary>
public sealed class OtherWritersTableTests
{
    public static TheoryData<string> Names => FeatureTables.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Rows_of_a_feature_table_go_change_and_merge(string name) => Assert.True(await ChangeAsync(Shared.Path("delta-conformance", "feature", name)));

    [Fact]
    public async Task Rows_of_every_golden_table_that_may_be_written_go_change_and_merge()
    {
        var changed = 0;
        foreach (var folder in Directory.GetDirectories(Shared.Path("delta-conformance", "golden")).Order(StringComparer.Ordinal))
        {
            var table = Directory.Exists(Path.Join(folder, "delta")) ? Path.Join(folder, "delta") : folder;
            if (await ChangeAsync(table))
                changed++;
        }
        Assert.True(changed >= 60, $"{changed} tables");
    }

    /// <summary>False where the table is broken on purpose or may not be written.</summary>
    private static async Task<bool> ChangeAsync(string source)
    {
        using var lake = new TestLake();
        Copy(source, lake.Store.Locate("t"));
        var table = lake.Lake.Table("t");
        if (await OpenAsync(lake, table) is not { } rows)
            return false;
        var snapshot = await table.SnapshotAsync();
        var alias = SqlText.Identifier("the table");
        // A column that is no partition's, and whose values differ.
        var column = snapshot.Schema.Fields.FirstOrDefault(f => !snapshot.Metadata.PartitionColumns.Contains(f.Name) && f.Type != DeltaType.Void);
        if (column is null)
            return false;
        var named = $"{alias}.{SqlText.Identifier(column.Name)}";
        var options = new DmlOptions { Alias = "the table" };
        string Where(int of, int which) => $"hash({named}) % {of} = {which}";
        List<string> Of(string sql) => TestLake.Json(lake.Duck, sql);
        var kept = Of($"SELECT * FROM before AS {alias} WHERE NOT ({Where(3, 1)})");
        Done(source, await table.DeleteAsync(Where(3, 1), options));
        Assert.Equal(kept, await lake.RowsAsync("t"));
        Done(source, await table.UpdateAsync([new(SqlText.Identifier(column.Name), named)], Where(2, 0), options));
        Assert.Equal(kept, await lake.RowsAsync("t"));
        var source2 = $"SELECT DISTINCT ON ({SqlText.Identifier(column.Name)}) * FROM (SELECT * FROM temp.main.before) AS {alias} WHERE {Where(3, 1)} AND {named} IS NOT NULL";
        var merged = await table.ChangeAsync(new MergeRows(new MergeCommand { Source = source2, On = $"{named} = source.{SqlText.Identifier(column.Name)}", Clauses = [new MergeClause.Insert(null)] }), options, lake.Duck, null, default);
        Done(source, merged);
        Assert.Equal(kept.Concat(Of(source2)).Order(StringComparer.Ordinal), await lake.RowsAsync("t"));
        return true;
    }

    private static void Done(string table, DmlResult result) => Assert.True(result is DmlResult.Committed or DmlResult.Unchanged, $"{table}: {result}");

    /// <summary>The rows, put aside as the table <c>before</c>; null where they cannot be read or the table may not be changed.</summary>
    private static async Task<List<string>?> OpenAsync(TestLake lake, DeltaTable table)
    {
        try
        {
            var snapshot = await table.SnapshotAsync();
            ProtocolSupport.CheckWrite("t", snapshot.Protocol, snapshot.Metadata);
            var scan = table.Scan(snapshot);
            await scan.PrepareAsync(lake.Duck, default);
            lake.Duck.Execute($"CREATE OR REPLACE TEMP TABLE before AS {scan.Sql}");
            return snapshot.Metadata.IsOn("delta.appendOnly") ? null : await lake.RowsAsync("t");
        }
        catch (Exception e) when (e is LakeException or DuckDbException)
        {
            return null;
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Join(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
