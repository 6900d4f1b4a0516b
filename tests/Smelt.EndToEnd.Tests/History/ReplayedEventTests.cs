using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>Quarantined events let in again find the place that they would have had, once, whatever was applied meanwhile.</summary>
public sealed class ReplayedEventTests
{
    private const string Strict = "(CONSTRAINT good EXPECT (c IS NULL OR c <> 'c1') ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')";

    private const string Mended = "(CONSTRAINT good EXPECT (c IS NULL OR c <> 'c9') ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')";

    private static readonly Dictionary<string, CdcReference> s_flows = new()
    {
        [""] = new(),
        ["IGNORE NULL UPDATES ON a, c"] = new() { Ignoring = [0, 2] },
        ["STORED AS SCD TYPE 2"] = new() { KeepsHistory = true },
        ["IGNORE NULL UPDATES ON b, c STORED AS SCD TYPE 2 TRACK HISTORY ON a, b"] = new() { KeepsHistory = true, Ignoring = [1, 2], Tracked = [0, 1] },
    };

    private static LabEvent Upsert(long key, long sequence, string? a, string? c = null) => new(key, sequence, 'u', a, null, c);

    private static LabEvent Delete(long key, long sequence) => new(key, sequence, 'd', null, null, null);

    private static long Held(CdcLab lab) => lab.Ask(static lake => lake.Tables.Contains("silver.t__quarantine") ? lake.Count("SELECT count(*) FROM silver.t__quarantine") : 0);

    public static TheoryData<string> Flows() => [.. s_flows.Keys];

    [Theory]
    [MemberData(nameof(Flows))]
    public void Random_events_refused_and_replayed_in_parts_give_the_table_that_sorted_events_give(string clauses)
    {
        var (seed, reference) = (Random.Shared.Next(), s_flows[clauses]);
        var random = new Random(seed);
        var events = AnyOrderTests.Stream(random, 100, !reference.KeepsHistory);
        using var lab = new CdcLab(clauses, Strict);
        var batches = AnyOrderTests.Split(random, events, 5).ToList();
        foreach (var batch in batches.Take(3)) lab.Apply(batch);
        var applied = batches.Take(3).SelectMany(static b => b).ToList();
        void Holds(IEnumerable<LabEvent> let, int refused, string when)
        {
            var rows = lab.Ask(static lake => AnyOrderTests.Told(lake, "silver.t"));
            Assert.True(reference.Rows(let).SequenceEqual(rows), $"seed {seed}, {when}:\n{string.Join('\n', reference.Rows(let))}\nis not\n{string.Join('\n', rows)}");
            Assert.Equal(refused, Held(lab));
        }
        Holds(applied.Where(static e => e.C != "c1"), applied.Count(static e => e.C == "c1"), "before any replay");
        // Nothing is mended: all stay, and the table with them.
        lab.Replay();
        Holds(applied.Where(static e => e.C != "c1"), applied.Count(static e => e.C == "c1"), "a replay of nothing mended");
        lab.Redefine(Mended);
        lab.Replay("k < 3");
        static bool IsIn(LabEvent e) => e.C != "c1" || e.Key < 3;
        Holds(applied.Where(IsIn), applied.Count(static e => !IsIn(e)), "some let in");
        foreach (var batch in batches.Skip(3)) lab.Apply(batch);
        Holds(applied.Where(IsIn).Concat(batches.Skip(3).SelectMany(static b => b)), applied.Count(static e => !IsIn(e)), "after more events");
        lab.Replay();
        Holds(events, 0, "all let in");
        lab.Replay();
        Holds(events, 0, "replayed again");
    }

    [Fact]
    public void A_truncation_let_in_takes_what_is_older_and_nothing_else()
    {
        using var lab = new CdcLab("", Strict);
        lab.Apply([Upsert(1, 1, "old"), new LabEvent(null, 5, 't', null, null, "c1"), Upsert(2, 7, "new")]);
        Assert.Equal(2, lab.Rows().Count);
        lab.Redefine(Mended);
        lab.Replay();
        Assert.Equal(["{'k': 2, 'a': new, 'b': NULL, 'c': NULL}"], lab.Rows());
        lab.Apply([Upsert(3, 4, "older than the truncation")]);
        Assert.Single(lab.Rows());
    }

    [Theory]
    [InlineData("")]
    [InlineData("IGNORE NULL UPDATES")]
    [InlineData("STORED AS SCD TYPE 2")]
    public void An_event_too_late_for_the_tombstones_stays_until_the_retention_is_raised(string clauses)
    {
        const string Days = "TBLPROPERTIES ('smelt.cdc.tombstone_retention' = '{0} days')";
        using var lab = new CdcLab(clauses, Days.Replace("{0}", "3"));
        lab.Apply([Upsert(5, 1, "lives"), Delete(4, 10)]);
        lab.Clock.Advance(TimeSpan.FromDays(5));
        lab.Apply([Upsert(4, 3, "deleted since"), Upsert(6, 8, "of a new key")]);
        Assert.Equal((1, 2), (lab.Rows().Count, Held(lab)));
        var stayed = Assert.IsType<FlowResult.Completed>(lab.Replay());
        Assert.Contains("replay: 0 rows let in, 2 refused again", stayed.Notes);
        Assert.Contains(stayed.Notes, static n => n.StartsWith("2 of them came later than deletes are remembered", StringComparison.Ordinal));
        Assert.Equal((1, 2), (lab.Rows().Count, Held(lab)));
        Assert.Equal("2", lab.Ask(static lake => lake.Text("SELECT count(*) FROM silver.t__quarantine WHERE _reason LIKE 'cdc:late: %| replayed 20%cdc:late: %' AND _broken_expectations = ['cdc:late']")));
        lab.Redefine(Days.Replace("{0}", "30"));
        lab.Replay();
        // The delete is known again: what it deleted is applied and leaves no row, and of a history one that ended.
        Assert.Equal(0, Held(lab));
        Assert.Equal(clauses.Contains("TYPE 2") ? "[[4, 10], [5, NULL], [6, NULL]]" : "[5, 6]",
            lab.Ask(lake => lake.Text($"SELECT list({(clauses.Contains("TYPE 2") ? "[k, __END_AT]" : "k")} ORDER BY k)::VARCHAR FROM silver.t")));
    }

    [Fact]
    public void A_delete_that_was_compacted_away_stays_forgotten_when_the_retention_is_raised()
    {
        const string Days = "TBLPROPERTIES ('smelt.cdc.tombstone_retention' = '{0} days')";
        using var lab = new CdcLab("", Days.Replace("{0}", "3"));
        lab.Apply([Upsert(5, 1, "lives"), Delete(4, 10)]);
        lab.Clock.Advance(TimeSpan.FromDays(5));
        for (var i = 0; i < 70; i++) lab.Apply([Upsert(9, 100 + i, "x" + i)]);
        lab.Apply([Upsert(4, 3, "deleted since")]);
        lab.Redefine(Days.Replace("{0}", "30"));
        lab.Replay();
        Assert.Equal(1, Held(lab));
        Assert.Equal("[5, 9]", lab.Ask(static lake => lake.Text("SELECT list(k ORDER BY k)::VARCHAR FROM silver.t")));
    }

    [Fact]
    public void Where_one_input_gives_several_events_the_kept_ones_are_judged_again()
    {
        const string Each = "(SELECT k, seq, sub, op, unnest([a, 'second']) AS a, b, c FROM STREAM read_files('landing', format => 'json', schema => 'k BIGINT, seq BIGINT, sub INTEGER, op VARCHAR, a VARCHAR, b INTEGER, c VARCHAR'))";
        using var lab = new CdcLab("");
        lab.Redefine("(CONSTRAINT good EXPECT (a <> 'second') ON VIOLATION QUARANTINE ROW)", Each);
        lab.Apply([Upsert(1, 1, "first"), Upsert(2, 1, "first")]);
        Assert.Equal(2, Held(lab));
        lab.Redefine("", Each);
        lab.Replay("k = 1");
        Assert.Equal(["{'k': 1, 'a': second, 'b': NULL, 'c': NULL}", "{'k': 2, 'a': first, 'b': NULL, 'c': NULL}"], lab.Rows());
        Assert.Equal(1, Held(lab));
    }

    [Fact]
    public void Events_of_another_kind_of_history_are_refused_by_name()
    {
        using var events = new PipelineFolder().Write("landing/1.json", """{"id": null, "seq": 1}""" + "\n").Write("silver/t.sql",
            "CREATE STREAMING TABLE silver.t; CREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM read_files('landing', schema => 'id BIGINT, seq BIGINT') KEYS (id) SEQUENCE BY seq");
        events.Smelt("run").Expect(0);
        events.Write("silver/t.sql", "CREATE STREAMING TABLE silver.t; CREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM read_files('landing', schema => 'id BIGINT, seq BIGINT') KEYS (id) SEQUENCE BY seq STORED AS SCD TYPE 2");
        var refused = events.Smelt("quarantine", "replay", "silver.t").Expect(1);
        Assert.Contains(EngineCodes.CdcChanged, refused.Out + refused.Err);
    }
}
