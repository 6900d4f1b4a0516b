namespace Smelt.EndToEnd.Tests.History;

/// <summary>What a table must hold, by a plain program that looks at all events in order. It shares no code with the engine.</summary>
internal sealed class CdcReference
{
    public bool KeepsHistory { get; init; }

    /// <summary>Columns (a, b, c as 0, 1, 2) that a NULL leaves as they are.</summary>
    public int[] Ignoring { get; init; } = [];

    /// <summary>Columns whose change opens a version.</summary>
    public int[] Tracked { get; init; } = [0, 1, 2];

    public bool IsStruct { get; init; }

    /// <summary>Rows as DuckDB prints a struct of them.</summary>
    public List<string> Rows(IEnumerable<LabEvent> events)
    {
        var all = events.Where(static e => e.Sequence is not null && (e.Operation == 't' || e.Key is not null)).ToList();
        var truncated = KeepsHistory ? (-1, -1) : all.Where(static e => e.Operation == 't').Select(Order).DefaultIfEmpty((-1, -1)).Max();
        var rows = new List<string>();
        foreach (var key in all.Where(e => e.Operation != 't' && Order(e).CompareTo(truncated) > 0).GroupBy(static e => e.Key!.Value)) rows.AddRange(OfKey(key.Key, key));
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    private IEnumerable<string> OfKey(long key, IEnumerable<LabEvent> events)
    {
        var versions = new List<(string Start, string? End, object?[] Values)>();
        var isAlive = false;
        foreach (var moment in events.GroupBy(Order).OrderBy(static g => g.Key))
        {
            var at = Printed(moment.Key);
            if (moment.Any(static e => e.Operation == 'd'))
            {
                if (isAlive) versions[^1] = versions[^1] with { End = at };
                isAlive = false;
                continue;
            }
            var values = Settled([.. moment.Select(static e => new object?[] { e.A, e.B, e.C })]);
            if (isAlive)
            {
                foreach (var i in Ignoring) values[i] ??= versions[^1].Values[i];
                if (!KeepsHistory || Tracked.All(t => Equals(values[t], versions[^1].Values[t])))
                {
                    versions[^1] = versions[^1] with { Values = values };
                    continue;
                }
                versions[^1] = versions[^1] with { End = at };
            }
            versions.Add((at, null, values));
            isAlive = true;
        }
        if (KeepsHistory) return versions.Select(v => Printed(key, v.Values, $", '__START_AT': {v.Start}, '__END_AT': {v.End ?? "NULL"}"));
        return isAlive ? [Printed(key, versions[^1].Values, "")] : [];
    }

    /// <summary>Of equal sequences: whole columns of the greatest, ignoring ones each for itself.</summary>
    private object?[] Settled(List<object?[]> rows)
    {
        int[] whole = [.. Enumerable.Range(0, 3).Except(Ignoring)];
        var greatest = rows.Aggregate((a, b) => whole.Select(i => Compare(a[i], b[i])).FirstOrDefault(static c => c != 0) >= 0 ? a : b);
        return [.. Enumerable.Range(0, 3).Select(i => Ignoring.Contains(i) ? rows.Select(r => r[i]).Aggregate(static (a, b) => Compare(a, b) >= 0 ? a : b) : greatest[i])];
    }

    private static int Compare(object? a, object? b) => (a, b) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        (string x, string y) => string.CompareOrdinal(x, y),
        _ => ((int)a).CompareTo((int)b),
    };

    private (long, int) Order(LabEvent e) => (e.Sequence!.Value, IsStruct ? e.Sub : 0);

    private string Printed((long, int) order) => IsStruct ? $"{{'seq': {order.Item1}, 'sub': {order.Item2}}}" : order.Item1.ToString();

    private static string Printed(long key, object?[] values, string history) => $"{{'k': {key}, 'a': {values[0] ?? "NULL"}, 'b': {values[1] ?? "NULL"}, 'c': {values[2] ?? "NULL"}{history}}}";
}
