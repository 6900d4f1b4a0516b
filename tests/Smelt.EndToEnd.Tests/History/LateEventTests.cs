using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>Orders of events that are easily got wrong, each in one batch and in several; and what comes too late.</summary>
public sealed class LateEventTests
{
    private static LabEvent Upsert(long key, long sequence, string? a, int? b = null, string? c = null) => new(key, sequence, 'u', a, b, c);

    private static LabEvent Delete(long key, long sequence) => new(key, sequence, 'd', null, null, null);

    private static LabEvent Truncate(long sequence) => new(null, sequence, 't', null, null, null);

    public static TheoryData<int> Batches() => [1, 7, 100];

    /// <summary>Applies events in the order given, as so many batches as there may be, and gives the rows.</summary>
    private static List<string> Rows(string clauses, int batches, params LabEvent[] events)
    {
        using var lab = new CdcLab(clauses);
        var size = Math.Max(1, (int)Math.Ceiling(events.Length / (double)batches));
        foreach (var batch in events.Chunk(size)) lab.Apply(batch);
        return lab.Rows();
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void A_delete_and_then_an_older_insert_leave_no_row(int batches) =>
        Assert.Equal(["{'k': 2, 'a': kept, 'b': NULL, 'c': NULL}"], Rows("", batches, Upsert(2, 1, "kept"), Delete(1, 5), Upsert(1, 3, "old"), Upsert(1, 5, "same time")));

    [Theory]
    [MemberData(nameof(Batches))]
    public void An_old_event_after_a_truncate_is_truncated_with_the_others(int batches)
    {
        string[] expected = ["{'k': 2, 'a': after, 'b': NULL, 'c': NULL}", "{'k': 3, 'a': later, 'b': NULL, 'c': NULL}"];
        Assert.Equal(expected, Rows("", batches, Upsert(1, 1, "a"), Upsert(2, 12, "after"), Truncate(10), Upsert(1, 7, "old"), Upsert(3, 11, "later"), Truncate(4), Upsert(4, 10, "same time")));
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void A_truncate_takes_only_the_columns_that_are_older(int batches) =>
        Assert.Equal(["{'k': 1, 'a': NULL, 'b': 3, 'c': NULL}"], Rows("IGNORE NULL UPDATES", batches, Upsert(1, 1, "old", 1, "old"), Upsert(1, 20, null, 3), Upsert(2, 2, "gone"), Truncate(10), Upsert(1, 9, "late", 9, "late")));

    [Theory]
    [MemberData(nameof(Batches))]
    public void Partial_updates_out_of_order_merge_by_the_sequence_of_each_column(int batches) =>
        Assert.Equal(["{'k': 1, 'a': newest, 'b': 2, 'c': kept}"],
            Rows("IGNORE NULL UPDATES", batches, Upsert(1, 9, "newest"), Upsert(1, 5, "older", 2), Upsert(1, 3, "oldest", 1, "kept"), Upsert(1, 7, "between"), Upsert(2, 4, "x"), Delete(2, 6), Upsert(2, 5, null, 5)));

    [Theory]
    [MemberData(nameof(Batches))]
    public void Of_equal_sequences_a_delete_comes_last_and_before_it_the_greater_columns(int batches)
    {
        string[] expected = ["{'k': 2, 'a': b, 'b': 1, 'c': NULL}", "{'k': 3, 'a': x, 'b': NULL, 'c': NULL}"];
        LabEvent[] events = [Upsert(1, 5, "z"), Delete(1, 5), Upsert(2, 5, "b", 1), Upsert(2, 5, "a", 9), Upsert(2, 5, "b", null, "c"), Upsert(3, 5, "x"), Upsert(3, 5, null, 7), Upsert(1, 5, "y")];
        Assert.Equal(expected, Rows("", batches, events));
        Array.Reverse(events);
        Assert.Equal(expected, Rows("", batches, events));
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void A_late_event_splits_a_version_and_a_late_delete_closes_one(int batches) =>
        Assert.Equal(
        [
            "{'k': 1, 'a': a, 'b': NULL, 'c': NULL, '__START_AT': 1, '__END_AT': 3}",
            "{'k': 1, 'a': b, 'b': NULL, 'c': NULL, '__START_AT': 3, '__END_AT': 5}",
            "{'k': 1, 'a': c, 'b': NULL, 'c': NULL, '__START_AT': 7, '__END_AT': 9}",
            "{'k': 1, 'a': d, 'b': NULL, 'c': NULL, '__START_AT': 9, '__END_AT': NULL}",
        ], Rows("STORED AS SCD TYPE 2", batches, Upsert(1, 1, "a"), Upsert(1, 9, "d"), Upsert(1, 3, "b"), Upsert(1, 7, "c"), Delete(1, 5), Upsert(1, 8, "c")));

    [Theory]
    [MemberData(nameof(Batches))]
    public void A_column_that_is_not_tracked_changes_the_version_that_it_falls_into(int batches) =>
        Assert.Equal(
        [
            "{'k': 1, 'a': a, 'b': 2, 'c': NULL, '__START_AT': 1, '__END_AT': 4}",
            "{'k': 1, 'a': a, 'b': 5, 'c': NULL, '__START_AT': 6, '__END_AT': NULL}",
            "{'k': 1, 'a': b, 'b': 9, 'c': NULL, '__START_AT': 4, '__END_AT': 6}",
        ], Rows("STORED AS SCD TYPE 2 TRACK HISTORY ON a", batches, Upsert(1, 1, "a", 1), Upsert(1, 8, "a", 5), Upsert(1, 2, "a", 2), Upsert(1, 6, "a", 4), Upsert(1, 4, "b", 9)));

    [Theory]
    [InlineData("")]
    [InlineData("IGNORE NULL UPDATES")]
    [InlineData("STORED AS SCD TYPE 2")]
    public void What_comes_later_than_the_retention_of_deletes_is_quarantined_with_its_reason(string clauses)
    {
        using var lab = new CdcLab(clauses, "TBLPROPERTIES ('smelt.cdc.tombstone_retention' = '3 days')");
        // A history shows a delete of what was there; one of what was not is remembered.
        lab.Apply([Upsert(1, 1, "a"), Upsert(5, 1, "lives"), Delete(1, 10), Delete(4, 10)]);
        lab.Clock.Advance(TimeSpan.FromDays(2));
        lab.Apply([Upsert(1, 5, "in time"), Upsert(4, 5, "in time")]);
        var before = lab.Rows();
        lab.Clock.Advance(TimeSpan.FromDays(2));
        lab.Apply([Upsert(4, 3, "late"), Upsert(2, 8, "never seen"), Upsert(3, 11, "newer than the delete")]);
        var result = Assert.IsType<FlowResult.Completed>(lab.Apply([Upsert(4, 4, "late")]));
        Assert.Equal(1, result.Counts.RowsQuarantined);
        Assert.Equal(1, result.Counts.Rules.Single(static r => r.Name == "cdc:late").Violated);
        lab.Ask(lake =>
        {
            Assert.Equal(before.Count + 1, CdcLab.Rows(lake, "silver.t").Count);
            Assert.Equal("3", lake.Text("SELECT count(*) FROM silver.t__quarantine WHERE _broken_expectations = ['cdc:late'] AND _reason LIKE 'cdc:late: no delete that was applied more than 3 days ago%' AND _input IS NOT NULL"));
            Assert.Equal("late", lake.Text("SELECT DISTINCT a FROM silver.t__quarantine WHERE k = 4"));
            return 0;
        });
    }

    [Fact]
    public void An_event_without_key_or_sequence_is_quarantined()
    {
        using var lab = new CdcLab("", "(CONSTRAINT known EXPECT (a <> 'bad') ON VIOLATION DROP ROW)");
        var made = Assert.IsType<FlowResult.Completed>(lab.Apply([new LabEvent(null, 1, 'u', "a", 1, "c"), new LabEvent(1, null, 'u', "a", 1, "c"), Upsert(1, 2, "good"), Upsert(2, 2, "bad")]));
        Assert.Equal((2, 1, 1), (made.Counts.RowsQuarantined, made.Counts.RowsDropped, made.Counts.RowsOut));
        lab.Ask(lake =>
        {
            Assert.Equal(["{'k': 1, 'a': good, 'b': NULL, 'c': NULL}"], CdcLab.Rows(lake, "silver.t"));
            Assert.Equal("[['cdc:keys'], ['cdc:sequence']]", lake.Text("SELECT list(_broken_expectations ORDER BY _broken_expectations)::VARCHAR FROM silver.t__quarantine"));
            return 0;
        });
    }

    [Fact]
    public void Events_that_come_again_change_nothing_and_a_full_refresh_gives_the_same_table()
    {
        List<LabEvent> events = [.. AnyOrderTests.Stream(new Random(5), 80, truncates: true), Truncate(2)];
        using var lab = new CdcLab("", "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')");
        foreach (var batch in AnyOrderTests.Split(new Random(6), events, 5)) lab.Apply(batch);
        var rows = lab.Rows();
        var before = lab.Ask(static lake => lake.Changes("silver.t", 0).Count);
        lab.Apply(events);
        Assert.Equal(rows, lab.Rows());
        Assert.Equal(before, lab.Ask(static lake => lake.Changes("silver.t", 0).Count));
        lab.Run(RefreshMode.Full);
        Assert.Equal(rows, lab.Rows());
        lab.Apply([Upsert(9, 0, "after")]);
        Assert.Equal(rows, lab.Rows());
    }

    [Fact]
    public void The_memory_is_compacted_by_its_flow_and_remembers_all_the_same()
    {
        using var lab = new CdcLab("");
        lab.Apply([Upsert(1, 100, "a"), Upsert(2, 100, "b")]);
        for (var i = 0; i < 70; i++) lab.Apply([i % 2 == 0 ? Delete(7, i) : Upsert(7, i, "x" + i)]);
        var files = lab.Ask(lake => Directory.EnumerateDirectories(System.IO.Path.Combine(lab.Path, "lake", "_smelt", "cdc")).Single());
        Assert.True(Directory.EnumerateFiles(files, "*.parquet").Count() > 64);
        lab.Apply([Upsert(1, 50, "late"), Delete(2, 50), Upsert(7, 60, "late"), Upsert(8, 1, "new")]);
        Assert.Equal(["{'k': 1, 'a': a, 'b': NULL, 'c': NULL}", "{'k': 2, 'a': b, 'b': NULL, 'c': NULL}", "{'k': 7, 'a': x69, 'b': NULL, 'c': NULL}", "{'k': 8, 'a': new, 'b': NULL, 'c': NULL}"], lab.Rows());
    }
}
