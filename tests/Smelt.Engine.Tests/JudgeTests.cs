using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine.Tests;

public sealed class JudgeTests : IDisposable
{
    private static readonly JudgedRow Row = new(new OutputShape([new OutputColumn("i", "i", DeltaType.Long)], DuckDbType.Struct([new("i", DuckDbType.BigInt)])), null);

    private static readonly DuckDbType RowType = DuckDbType.Struct([new("c0", DuckDbType.BigInt), new("streamed", DuckDbType.Struct([new("i", DuckDbType.BigInt)]))]);

    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 2));

    public void Dispose() => _database.Dispose();

    [Fact]
    public void A_row_is_refused_once_by_its_strictest_rule_and_counted_for_each()
    {
        using var catalog = new StepCatalog(_database);
        using var judge = new Judge(catalog,
        [
            Rule("even", "i % 2 = 0", ViolationAction.Warn),
            Rule("small", "i < 90000", ViolationAction.DropRow),
            Rule("known", "CASE WHEN i % 1000 <> 1 THEN true END", ViolationAction.QuarantineRow),
        ], Row, RowType);
        var kept = (long)catalog.Connection.Scalar(Sql(judge, "range(100000) t(i)"))!;
        judge.Close();
        Assert.Equal(100000, judge.Rows);
        Assert.Equal(100, judge.Quarantined);
        // Ten of the rows above the limit break the third rule too, which is the stricter.
        Assert.Equal(10000 - 10, judge.Dropped);
        Assert.Equal(100000 - 100 - 9990, kept);
        Assert.Equal([50000, 10000, 100], judge.Counts().Select(static c => c.Violated));
        Assert.Equal([50000, 90000, 99900], judge.Counts().Select(static c => c.Passed));
        Assert.Equal(100L, catalog.Connection.Scalar("SELECT count(DISTINCT c0) FROM smelt_step.refused WHERE c0 % 1000 = 1"));
        Assert.Equal("[even, small, known]", catalog.Connection.Scalar("SELECT broken::VARCHAR FROM smelt_step.refused WHERE c0 = 91001"));
        Assert.Equal("""{"i":91001}""", catalog.Connection.Scalar("SELECT input FROM smelt_step.refused WHERE c0 = 91001"));
        Assert.Equal(5L, catalog.Connection.Scalar("SELECT count(*) FROM smelt_step.samples WHERE rule = 1 AND r.c0 >= 90000"));
    }

    [Fact]
    public void A_failing_row_is_told_and_kept_out()
    {
        using var catalog = new StepCatalog(_database);
        using var judge = new Judge(catalog, [Rule("never", "i <> 7", ViolationAction.FailUpdate), Rule("q", "i <> 7", ViolationAction.QuarantineRow)], Row, RowType);
        Assert.Equal(9L, catalog.Connection.Scalar(Sql(judge, "range(10) t(i)")));
        Assert.Equal((1L, 0L, 0L), (judge.Failed, judge.Quarantined, judge.Dropped));
    }

    private static Rule Rule(string name, string predicate, ViolationAction action) => new(name, predicate, predicate, action, false);

    private static string Sql(Judge judge, string from)
    {
        List<string> flags = [.. judge.Rules.Select(static (_, n) => $"f{n}")];
        var rules = string.Join(", ", judge.Rules.Select(static (r, n) => $"{r.Passes} AS f{n}"));
        return $"SELECT count(*) FROM (SELECT {judge.Sql(flags)} AS keep FROM (SELECT *, {rules}, {{'i': i}} AS {StreamedRow.Column} FROM {from})) WHERE keep";
    }
}
