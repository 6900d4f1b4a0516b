using System.Collections.Concurrent;
using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Sees every row of a step once, inside the step's one query: counts each rule, decides whether the row stays, and sets the refused ones and the first
/// violations aside, whole and with their exact types. One pass; rows that break nothing cost a flag a rule.
/// </summary>
internal sealed class Judge : IDisposable
{
    /// <summary>Rows kept to show, a rule.</summary>
    public const int SamplesPerRule = 5;

    /// <summary>The refused rows as the quarantine keeps them, once the judge is closed: see <see cref="JudgedRow.ToldSql"/>.</summary>
    public const string Refused = StepCatalog.OwnSchema + ".refused";

    /// <summary>The refused rows: <c>broken</c>, names of rules, and <c>r</c>, the row.</summary>
    public const string SetAsideTable = StepCatalog.OwnSchema + ".set_aside";

    private static int _last;

    private readonly Lock _gate = new();

    // A chunk has room for all rows that a vector may hold: to make one for the few that are refused of each would cost more than to judge them.
    private readonly ConcurrentBag<DataChunk> _chunks = [];

    private readonly DuckDbConnection _aside;
    private readonly DuckDbAppender _refused, _samples;
    private readonly JudgedRow _row;
    private readonly DuckDbType _rowType;
    private readonly long[] _violated, _sampled;
    private readonly byte[][] _names;
    private long _rows, _dropped, _quarantined, _failed;
    private bool _disposed;

    /// <param name="catalog">Of the step.</param>
    /// <param name="rules">To judge by.</param>
    /// <param name="row">What is set aside of a row.</param>
    /// <param name="rowType">Its type.</param>
    public Judge(StepCatalog catalog, IReadOnlyList<Rule> rules, JudgedRow row, DuckDbType rowType)
    {
        (Rules, _row, _rowType) = (rules, row, rowType);
        _violated = new long[rules.Count];
        _sampled = new long[rules.Count];
        _names = [.. rules.Select(static r => System.Text.Encoding.UTF8.GetBytes(r.Name))];
        var number = Interlocked.Increment(ref _last);
        (_seen, _decide) = ($"smelt_seen_{number}", $"smelt_judge_{number}");
        catalog.Connection.Execute(
            $"CREATE TABLE {SetAsideTable} (broken VARCHAR[], r {rowType}); CREATE TABLE {StepCatalog.OwnSchema}.samples (rule INTEGER, r {rowType}); CREATE VIEW {Refused} AS {row.ToldSql(SetAsideTable)}");
        _aside = catalog.Database.Connect();
        _refused = _aside.Appender(catalog.Name, StepCatalog.OwnSchema, "set_aside");
        _samples = _aside.Appender(catalog.Name, StepCatalog.OwnSchema, "samples");
        catalog.Connection.Register(new ScalarFunction(_seen, [DuckDbType.Boolean], DuckDbType.Boolean, See, IsVolatile: true));
        catalog.Connection.Register(new ScalarFunction(
            _decide, [.. rules.Select(static _ => DuckDbType.Boolean), rowType], DuckDbType.Boolean, Decide, IsVolatile: true));
    }

    public IReadOnlyList<Rule> Rules { get; }

    /// <summary>
    /// SQL of whether a row stays. Each row is counted; one that breaks nothing goes no further, so that it costs its flags and no struct of its values.
    /// </summary>
    /// <param name="flags">SQL of each rule's answer.</param>
    public string Sql(IReadOnlyList<string> flags) =>
        $"CASE WHEN {_seen}(coalesce({string.Join(" AND ", flags)}, false)) THEN true ELSE {_decide}({string.Join(", ", flags)}, {_row.Sql}) END";

    private readonly string _seen, _decide;

    public long Rows => Interlocked.Read(ref _rows);

    public long Dropped => Interlocked.Read(ref _dropped);

    public long Quarantined => Interlocked.Read(ref _quarantined);

    /// <summary>Rows that broke a FAIL UPDATE rule.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    public IReadOnlyList<RuleCount> Counts() =>
        [.. Rules.Select((rule, i) => new RuleCount(rule.Name, rule.ActionText, rule.Predicate, _rows - _violated[i], _violated[i]))];

    /// <summary>Counts rows as quarantined by a rule that could only be decided after all were seen.</summary>
    public void Refuse(string rule, long rows)
    {
        var index = Rules.Select(static r => r.Name).ToList().IndexOf(rule);
        Interlocked.Add(ref _violated[index], rows);
        Interlocked.Add(ref _quarantined, rows);
    }

    /// <summary>Makes what was set aside readable. Call once the query is done.</summary>
    public void Close()
    {
        if (_disposed) return;
        _disposed = true;
        _refused.Dispose();
        _samples.Dispose();
        _aside.Dispose();
        foreach (var chunk in _chunks) chunk.Dispose();
    }

    public void Dispose()
    {
        try
        {
            Close();
        }
        catch (DuckDbException)
        {
            // The step failed already; what was set aside goes with its catalog.
        }
    }

    private void See(DataChunk arguments, Vector passes)
    {
        var count = arguments.RowCount;
        Interlocked.Add(ref _rows, count);
        arguments[0].Values<byte>(count).CopyTo(passes.Values<byte>(count));
    }

    private void Decide(DataChunk arguments, Vector keep)
    {
        var count = arguments.RowCount;
        var kept = keep.Values<byte>(count);
        kept.Fill(1);
        var any = false;
        Span<bool> isBroken = stackalloc bool[DataChunk.Capacity];
        for (var rule = 0; rule < Rules.Count; rule++)
        {
            if (MarkViolations(arguments[rule], count, isBroken) is not (> 0 and var violated)) continue;
            Interlocked.Add(ref _violated[rule], violated);
            any = true;
        }
        if (!any) return;
        var broken = new List<int>();
        for (var row = 0; row < count; row++)
        {
            if (isBroken[row]) broken.Add(row);
        }
        Judged(arguments, kept, broken);
    }

    private static int MarkViolations(Vector passes, int count, Span<bool> isBroken)
    {
        var values = passes.Values<byte>(count);
        var validity = passes.Validity(count);
        var violated = 0;
        // Most chunks break nothing: that is seen many rows at a time.
        if (validity.IsEmpty && !values.Contains((byte)0)) return 0;
        for (var row = 0; row < count; row++)
        {
            if (values[row] != 0 && (validity.IsEmpty || ((validity[row >> 6] >> (row & 63)) & 1) != 0)) continue;
            violated++;
            isBroken[row] = true;
        }
        return violated;
    }

    private void Judged(DataChunk arguments, Span<byte> kept, List<int> broken)
    {
        var quarantined = new List<int>();
        foreach (var row in broken)
        {
            var strictest = Strictest(arguments, row);
            if (strictest == ViolationAction.Warn) continue;
            kept[row] = 0;
            if (strictest == ViolationAction.FailUpdate) Interlocked.Increment(ref _failed);
            else if (strictest == ViolationAction.QuarantineRow) quarantined.Add(row);
            else Interlocked.Increment(ref _dropped);
        }
        Interlocked.Add(ref _quarantined, quarantined.Count);
        if (quarantined.Count > 0) SetAside(arguments, quarantined);
        for (var rule = 0; rule < Rules.Count; rule++)
        {
            if (Interlocked.Read(ref _sampled[rule]) < SamplesPerRule) Sample(arguments, rule, broken);
        }
    }

    private ViolationAction Strictest(DataChunk arguments, int row)
    {
        var strictest = ViolationAction.Warn;
        for (var rule = 0; rule < Rules.Count; rule++)
        {
            if (Passes(arguments, rule, row)) continue;
            var action = Rules[rule].Action;
            if (Rank(action) > Rank(strictest)) strictest = action;
        }
        return strictest;
    }

    private static int Rank(ViolationAction action) => action switch
    {
        ViolationAction.FailUpdate => 3,
        ViolationAction.QuarantineRow => 2,
        ViolationAction.DropRow => 1,
        _ => 0,
    };

    private static bool Passes(DataChunk arguments, int rule, int row) => !arguments[rule].IsNull(row) && arguments[rule].Values<byte>(row + 1)[row] != 0;

    private void SetAside(DataChunk arguments, List<int> rows)
    {
        var chunk = _chunks.TryTake(out var used) ? used : DataChunk.Create([DuckDbType.List(DuckDbType.Varchar), _rowType]);
        try
        {
            chunk.Reset();
            Fill(chunk, arguments, rows);
            lock (_gate) _refused.AppendChunk(chunk);
        }
        finally
        {
            _chunks.Add(chunk);
        }
    }

    private void Fill(DataChunk chunk, DataChunk arguments, List<int> rows)
    {
        var names = chunk[0];
        ulong total = 0;
        var perRow = rows.ConvertAll(row => Enumerable.Range(0, Rules.Count).Where(rule => !Passes(arguments, rule, row)).ToList());
        names.SetListSize((ulong)perRow.Sum(static p => p.Count));
        for (var i = 0; i < rows.Count; i++)
        {
            names.SetListEntry(i, total, (ulong)perRow[i].Count);
            foreach (var rule in perRow[i]) names.ListChild.SetUtf8((int)total++, _names[rule]);
        }
        chunk.CopyRows(arguments[Rules.Count], rows.ToArray(), 1, 0);
        chunk.RowCount = rows.Count;
    }

    private void Sample(DataChunk arguments, int rule, List<int> broken)
    {
        var rows = broken.Where(row => !Passes(arguments, rule, row)).Take(SamplesPerRule).ToArray();
        if (rows.Length == 0) return;
        lock (_gate)
        {
            rows = [.. rows.Take((int)(SamplesPerRule - _sampled[rule]))];
            if (rows.Length == 0) return;
            _sampled[rule] += rows.Length;
            using var chunk = DataChunk.Create([DuckDbType.Integer, _rowType]);
            chunk[0].Values<int>(rows.Length).Fill(rule);
            chunk.CopyRows(arguments[Rules.Count], rows, 1, 0);
            chunk.RowCount = rows.Length;
            _samples.AppendChunk(chunk);
        }
    }
}
