namespace Smelt.Lake.Tests.Dml;

/// <summary>Constraints, generated, default and identity columns under statements that change rows.</summary>
public sealed class DutiesInDmlTests : IDisposable
{
    private readonly TestLake _lake = new();

    private DeltaTable Table => _lake.Lake.Table("t");

    public void Dispose() => _lake.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Changed_rows_keep_what_the_table_asks_of_them(bool vectors)
    {
        await MakeAsync(vectors);
        Done(await Table.InsertAsync(new InsertCommand { Source = "SELECT i AS a FROM range(1, 6) t(i)", ByName = true }));
        Assert.Equal(["1 1 2 new", "2 2 4 new", "3 3 6 new", "4 4 8 new", "5 5 10 new"], await RowsAsync());
        Done(await Table.UpdateAsync([new("a", "a + 10"), new("b", "'set'")], "a = 2"));
        Done(await Table.UpdateAsync([new("b", "DEFAULT")], "a = 12"));
        Done(await Table.MergeAsync(Upsert("SELECT unnest([3, 20]) AS a, 'merged' AS b")));
        Done(await Table.DeleteAsync("a = 1"));
        Assert.Equal(["2 12 24 new", "3 3 6 merged", "4 4 8 new", "5 5 10 new", "6 20 40 merged"], await RowsAsync());
        Done(await Table.InsertAsync(new InsertCommand { Source = "SELECT 30 AS a", ByName = true }));
        Assert.Contains("7 30 60 new", await RowsAsync());
    }

    [Fact]
    public async Task What_breaks_a_rule_is_refused_and_changes_nothing()
    {
        await MakeAsync(vectors: false);
        Done(await Table.InsertAsync(new InsertCommand { Source = "VALUES (1), (2)", Columns = ["a"] }));
        var rows = await RowsAsync();
        DmlResult[] results =
        [
            await Table.UpdateAsync([new("a", "-a")], "a = 1"), await Table.InsertAsync(new InsertCommand { Source = "SELECT 0 AS a", ByName = true }),
            await Table.MergeAsync(Upsert("SELECT -1 AS a, 'x' AS b")), await Table.UpdateAsync([new("twice", "7")], "a = 1"), await Table.InsertAsync(new InsertCommand { Source = "SELECT 1 AS a, 9 AS id", ByName = true }),
        ];
        Assert.All(results, static r => Assert.Equal(DmlRefusal.Value, Assert.IsType<DmlResult.Refused>(r).Kind));
        Assert.Equal(DmlRefusal.Column, Assert.IsType<DmlResult.Refused>(await Table.UpdateAsync([new("id", "7")], "a = 1")).Kind);
        Assert.Equal(rows, await RowsAsync());
        Done(await Table.UpdateAsync([new("twice", "4"), new("a", "2")], "a = 1"));
    }

    private static MergeCommand Upsert(string source) => new()
    {
        Source = source, On = "target.a = source.a",
        Clauses = [new MergeClause.Update([new("b", "source.b")]), new MergeClause.Insert([new("a", "source.a"), new("b", "source.b")])],
    };

    private static void Done(DmlResult result) => Assert.IsType<DmlResult.Committed>(result);

    private async Task<List<string>> RowsAsync()
    {
        var scan = Table.Scan(await Table.SnapshotAsync());
        await scan.PrepareAsync(_lake.Duck, default);
        return [.. _lake.Duck.Rows($"SELECT concat_ws(' ', id, a, twice, b) FROM ({scan.Sql})").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal)];
    }

    private async Task MakeAsync(bool vectors)
    {
        IReadOnlyList<ColumnSpec> columns =
        [
            new("id", DeltaType.Long) { Identity = new IdentitySpec() }, new("a", DeltaType.Integer), new("twice", DeltaType.Integer) { GeneratedAs = "a * 2" },
            new("b", DeltaType.String) { Default = "'new'" },
        ];
        var properties = new Dictionary<string, string?> { ["delta.constraints.positive"] = "a > 0", ["delta.enableDeletionVectors"] = vectors ? "true" : "false", ["delta.enableChangeDataFeed"] = "true" };
        var defined = Assert.IsType<DefinitionResult.Defined>(TableDefinition.Create(columns, new TableOptions { Properties = properties }, _lake.Clock));
        Assert.IsType<CommitResult.Committed>(await Table.CommitAsync(new TablePlan
        {
            Folder = "t", Kind = PlanKind.Create, TableId = defined.Definition.Metadata.Id, Protocol = defined.Definition.Protocol, Metadata = defined.Definition.Metadata,
            Operation = "CREATE TABLE", Attempt = "a", Domains = defined.Domains,
        }));
    }
}
