namespace Smelt.EndToEnd.Tests.History;

/// <summary>Random streams of events, late, doubled, deleted, re-inserted and of equal sequence, in any order and any number of batches, against a plain program.</summary>
public sealed class AnyOrderTests
{
    private static readonly Dictionary<string, (string Clauses, string Sequence, CdcReference Reference)> s_flows = new()
    {
        ["latest"] = ("", "seq", new()),
        ["latest by struct"] = ("STORED AS SCD TYPE 1", "STRUCT(seq, sub)", new() { IsStruct = true }),
        ["merged"] = ("IGNORE NULL UPDATES", "seq", new() { Ignoring = [0, 1, 2] }),
        ["merged on two"] = ("IGNORE NULL UPDATES ON a, c", "seq", new() { Ignoring = [0, 2] }),
        ["merged by struct"] = ("IGNORE NULL UPDATES ON * EXCEPT (a)", "STRUCT(seq, sub)", new() { Ignoring = [1, 2], IsStruct = true }),
        ["history"] = ("STORED AS SCD TYPE 2", "seq", new() { KeepsHistory = true }),
        ["history of one"] = ("STORED AS SCD TYPE 2 TRACK HISTORY ON a", "seq", new() { KeepsHistory = true, Tracked = [0] }),
        ["history but one"] = ("STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (c)", "STRUCT(seq, sub)", new() { KeepsHistory = true, Tracked = [0, 1], IsStruct = true }),
        ["merged history"] = ("IGNORE NULL UPDATES STORED AS SCD TYPE 2", "seq", new() { KeepsHistory = true, Ignoring = [0, 1, 2] }),
        ["merged history of one"] = ("IGNORE NULL UPDATES ON b, c STORED AS SCD TYPE 2 TRACK HISTORY ON a, b", "seq", new() { KeepsHistory = true, Ignoring = [1, 2], Tracked = [0, 1] }),
    };

    public static TheoryData<string, int> Flows() => [.. from flow in s_flows.Keys from batches in Repository.IsDeep ? new[] { 1, 7, 100 } : [1, 7] select (flow, batches)];

    [Theory]
    [MemberData(nameof(Flows))]
    public void Events_in_any_order_and_any_number_of_batches_give_the_table_that_sorted_events_give(string name, int batches)
    {
        var (clauses, sequence, reference) = s_flows[name];
        for (var round = 0; round < (!Repository.IsDeep ? 1 : batches == 100 ? 2 : 12); round++)
        {
            var seed = Random.Shared.Next();
            var random = new Random(seed);
            var events = Stream(random, 120, !reference.KeepsHistory);
            using var lab = new CdcLab(clauses, "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')", sequence);
            foreach (var batch in Split(random, events, batches)) lab.Apply(batch);
            var rows = lab.Ask(lake => Told(lake, "silver.t"));
            Assert.True(reference.Rows(events).SequenceEqual(rows), $"seed {seed}, {batches} batches of {name}:\n{string.Join('\n', reference.Rows(events))}\nis not\n{string.Join('\n', rows)}\nof\n{string.Join('\n', events)}");
        }
    }

    /// <summary>Small numbers of everything, so that all meets all.</summary>
    internal static List<LabEvent> Stream(Random random, int count, bool truncates)
    {
        var events = new List<LabEvent>();
        while (events.Count < count)
        {
            var operation = random.Next(100) switch { < 18 => 'd', 18 when truncates => 't', _ => 'u' };
            var made = new LabEvent(random.Next(6), random.Next(14), operation, random.Next(3) == 0 ? null : ((char)('x' + random.Next(3))).ToString(), random.Next(3) == 0 ? null : random.Next(3), random.Next(2) == 0 ? null : "c" + random.Next(2), random.Next(2));
            events.Add(made);
            if (random.Next(8) == 0) events.Add(made);
        }
        var order = events.ToArray();
        random.Shuffle(order);
        return [.. order];
    }

    internal static IEnumerable<List<LabEvent>> Split(Random random, List<LabEvent> events, int batches)
    {
        var cuts = Enumerable.Range(0, batches - 1).Select(_ => random.Next(events.Count)).Append(0).Append(events.Count).Order().Distinct().ToList();
        for (var i = 1; i < cuts.Count; i++) yield return events[cuts[i - 1]..cuts[i]];
    }

    /// <summary>A table's rows, to which its change feed must lead without telling of any row that stayed the same.</summary>
    internal static List<string> Told(OpenLake lake, string table)
    {
        var rows = new Dictionary<string, int>();
        foreach (var version in lake.Changes(table, 0).GroupBy(static c => c.Version).OrderBy(static v => v.Key))
        {
            foreach (var same in version.GroupBy(static c => c.Row))
            {
                Assert.True(same.Select(static c => IsNew(c.Type)).Distinct().Count() == 1, $"version {version.Key} tells that {same.Key} changed into itself");
                rows[same.Key] = rows.GetValueOrDefault(same.Key) + same.Sum(static c => IsNew(c.Type) ? 1 : -1);
            }
        }
        var now = CdcLab.Rows(lake, table);
        Assert.Equal(now, rows.SelectMany(static r => Enumerable.Repeat(r.Key, r.Value)).Order(StringComparer.Ordinal));
        return now;
    }

    private static bool IsNew(string change) => change is "insert" or "update_postimage";
}
