using Smelt.DuckDb;

namespace Smelt.Lake.Tests;

/// <summary>What a table's metadata makes writers fill in and check.</summary>
public sealed class DutyTests : IDisposable
{
    private readonly TestLake _lake = new();

    public void Dispose() => _lake.Dispose();

    private async Task<Snapshot> TableAsync(IReadOnlyList<ColumnSpec> columns, Dictionary<string, string?>? properties = null)
    {
        var table = _lake.Lake.Table("t");
        var defined = Assert.IsType<DefinitionResult.Defined>(TableDefinition.Create(columns, new TableOptions { Properties = properties }, _lake.Clock));
        var plan = new TablePlan
        {
            Folder = "t", Kind = PlanKind.Create, TableId = defined.Definition.Metadata.Id, Protocol = defined.Definition.Protocol, Metadata = defined.Definition.Metadata,
            Operation = "CREATE TABLE", Attempt = "a", Domains = defined.Domains,
        };
        return Assert.IsType<CommitResult.Committed>(await table.CommitAsync(plan)).Snapshot;
    }

    [Fact]
    public async Task A_row_that_breaks_a_constraint_fails_the_write_and_a_NULL_breaks_it_too()
    {
        await TableAsync([new("a", DeltaType.Integer)], new() { ["delta.constraints.positive"] = "a > 0" });
        await _lake.WriteAsync("t", "SELECT 1 AS a");
        var broken = await Assert.ThrowsAsync<DuckDbException>(() => _lake.WriteAsync("t", "SELECT unnest([2, -1]) AS a"));
        Assert.Contains("the constraint positive CHECK (a > 0)", broken.Message);
        await Assert.ThrowsAsync<DuckDbException>(() => _lake.WriteAsync("t", "SELECT NULL::INT AS a"));
        Assert.Equal(["""{"a":1}"""], await _lake.RowsAsync("t"));
    }

    [Fact]
    public async Task Generated_columns_are_computed_where_absent_and_checked_where_given()
    {
        await TableAsync([new("at", DeltaType.Timestamp), new("day", DeltaType.Date) { GeneratedAs = "CAST(at AS DATE)" }, new("month", DeltaType.String) { GeneratedAs = "date_format(at, 'yyyy-MM')" }]);
        await _lake.WriteAsync("t", "SELECT TIMESTAMPTZ '2024-03-05 23:30:00+00' AS at");
        await _lake.WriteAsync("t", "SELECT TIMESTAMPTZ '2024-03-06 00:30:00+00' AS at, DATE '2024-03-06' AS day");
        Assert.Equal(["2024-03-05 2024-03", "2024-03-06 2024-03"], await Texts("day::VARCHAR || ' ' || month"));
        var broken = await Assert.ThrowsAsync<DuckDbException>(() => _lake.WriteAsync("t", "SELECT TIMESTAMPTZ '2024-03-06 00:30:00+00' AS at, DATE '2024-03-07' AS day"));
        Assert.Contains("the column day GENERATED ALWAYS AS (CAST(at AS DATE))", broken.Message);
    }

    [Fact]
    public async Task Defaults_fill_columns_that_rows_do_not_have_and_leave_given_NULLs_alone()
    {
        await TableAsync([new("a", DeltaType.Integer), new("b", DeltaType.String) { Default = "'new'" }, new("c", DeltaType.Long) { Default = "40 + 2" }]);
        await _lake.WriteAsync("t", "SELECT 1 AS a");
        await _lake.WriteAsync("t", "SELECT 2 AS a, NULL::VARCHAR AS b");
        Assert.Equal(["1 new 42", "2 NULL 42"], await Texts("a || ' ' || coalesce(b, 'NULL') || ' ' || c"));
    }

    [Fact]
    public async Task Identity_columns_number_rows_on_from_the_mark_and_refuse_numbers_of_others()
    {
        await TableAsync([new("id", DeltaType.Long) { Identity = new IdentitySpec(100, 10) }, new("a", DeltaType.Integer)]);
        await _lake.WriteAsync("t", "SELECT range::INT AS a FROM range(3)");
        var second = Assert.IsType<CommitResult.Committed>(await _lake.WriteAsync("t", "SELECT 7 AS a"));
        Assert.Equal(["100", "110", "120", "130"], (await Texts("id::VARCHAR")).Order());
        Assert.Equal(130, second.Snapshot.Schema.Find("id")!.Metadata.LongInteger("delta.identity.highWaterMark"));
        await Assert.ThrowsAsync<DataValueException>(() => _lake.WriteAsync("t", "SELECT 5::BIGINT AS id, 7 AS a"));
    }

    [Fact]
    public async Task Two_writers_do_not_give_the_same_identity_numbers()
    {
        var snapshot = await TableAsync([new("id", DeltaType.Long) { Identity = new IdentitySpec() }, new("a", DeltaType.Integer)]);
        var table = _lake.Lake.Table("t");
        var first = await _lake.PlanAsync(table, snapshot, "SELECT 1 AS a");
        var second = await _lake.PlanAsync(table, snapshot, "SELECT 2 AS a");
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(first));
        Assert.Equal(ConflictKind.MetadataChanged, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(second)).Kind);
    }

    [Fact]
    public async Task An_append_that_was_made_before_a_constraint_does_not_pass_it_by()
    {
        var snapshot = await TableAsync([new("a", DeltaType.Integer)]);
        var table = _lake.Lake.Table("t");
        var early = await _lake.PlanAsync(table, snapshot, "SELECT -1 AS a");
        Assert.IsType<AlterResult.Altered>(await table.AlterAsync(new TableChange.AddConstraint("positive", "a > 0")));
        Assert.Equal(ConflictKind.MetadataChanged, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(early)).Kind);
    }

    [Theory]
    [InlineData("a / 2 > 1", "division")]
    [InlineData("my_udf(a)", "my_udf")]
    [InlineData("a RLIKE 'x'", "RLIKE")]
    [InlineData("CAST(s AS INT) = 1", "VARCHAR to INTEGER")]
    [InlineData("nothing = 1", "nothing")]
    public async Task What_cannot_be_evaluated_as_Spark_does_is_refused_by_its_name(string expression, string named)
    {
        await TableAsync([new("a", DeltaType.Integer), new("s", DeltaType.String)]);
        var refused = Assert.IsType<AlterResult.Refused>(await _lake.Lake.Table("t").AlterAsync(new TableChange.AddConstraint("c", expression)));
        Assert.Contains(named, refused.Problems[0].Message);
    }

    [Theory]
    [InlineData("a BETWEEN 1 AND 3 AND s <=> \"x'y\"", true)]
    [InlineData("NOT (a = 1) AND `s` LIKE 'x%'", true)]
    [InlineData("a IN (1, 3) OR s IS NULL", false)]
    [InlineData("length(s) == 3 AND upper(s) = 'X\\'Y'", true)]
    [InlineData("CASE WHEN a > 5 THEN false ELSE coalesce(s, '') != '' END", true)]
    [InlineData("substring(s, 1, 1) = 'x' and a % 2 = 0 and a = 2L", true)]
    public async Task Sparks_expressions_are_evaluated(string expression, bool holds)
    {
        await TableAsync([new("a", DeltaType.Integer), new("s", DeltaType.String)]);
        await _lake.WriteAsync("t", "SELECT 2 AS a, 'x''y' AS s");
        var result = await _lake.Lake.Table("t").AlterAsync(new TableChange.AddConstraint("c", expression));
        Assert.True(holds == result is AlterResult.Altered, result.ToString());
    }

    private async Task<List<string>> Texts(string expression)
    {
        var table = _lake.Lake.Table("t");
        var scan = table.Scan(await table.SnapshotAsync());
        return [.. _lake.Duck.Rows($"SELECT {expression} FROM ({scan.Sql}) ORDER BY 1").Select(r => (string)r[0]!)];
    }
}
