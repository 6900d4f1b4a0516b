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

    private readonly DuckDbConnection _aside;
    private readonly SetAsideRows _refused;
    private readonly DuckDbAppender _samples;
    private readonly JudgedRow _row;
    private readonly DuckDbType _rowType;
    private readonly long[] _violated, _sampled;
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
        var number = Interlocked.Increment(ref _last);
        (_seen, _decide) = ($"smelt_seen_{number}", $"smelt_judge_{number}");
        catalog.Connection.Execute(
            $"CREATE TABLE {SetAsideTable} (broken VARCHAR[], r {rowType}); CREATE TABLE {StepCatalog.OwnSchema}.samples (rule INTEGER, r {rowType}); CREATE VIEW {Refused} AS {row.ToldSql(SetAsideTable)}");
        _aside = catalog.Database.Connect();
        _refused = new SetAsideRows(_aside, catalog.Name, "set_aside", rules, rowType);
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
        try
        {
            _refused.Dispose();
        }
        finally
        {
            _samples.Dispose();
            _aside.Dispose();
        }
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
        var breaks = new bool[count * Rules.Count];
        var any = false;
        for (var rule = 0; rule < Rules.Count; rule++)
        {
            if (MarkViolations(arguments[rule], count, rule, breaks) is not (> 0 and var violated)) continue;
            Interlocked.Add(ref _violated[rule], violated);
            any = true;
        }
        if (any) Judged(arguments[Rules.Count], kept, breaks);
    }

    /// <param name="breaks">A flag a rule, row after row.</param>
    private int MarkViolations(Vector passes, int count, int rule, bool[] breaks)
    {
        var values = passes.Values<byte>(count);
        var validity = passes.Validity(count);
        var violated = 0;
        // Most rules break nothing: that is seen many rows at a time.
        if (validity.IsEmpty && !values.Contains((byte)0)) return 0;
        for (var row = 0; row < count; row++)
        {
            if (values[row] != 0 && (validity.IsEmpty || ((validity[row >> 6] >> (row & 63)) & 1) != 0)) continue;
            violated++;
            breaks[row * Rules.Count + rule] = true;
        }
        return violated;
    }

    private void Judged(Vector rows, Span<byte> kept, ReadOnlySpan<bool> breaks)
    {
        Span<int> quarantined = stackalloc int[kept.Length];
        var refused = 0;
        for (var row = 0; row < kept.Length; row++)
        {
            var strictest = Strictest(breaks.Slice(row * Rules.Count, Rules.Count));
            if (strictest == ViolationAction.Warn) continue;
            kept[row] = 0;
            if (strictest == ViolationAction.FailUpdate) Interlocked.Increment(ref _failed);
            else if (strictest == ViolationAction.QuarantineRow) quarantined[refused++] = row;
            else Interlocked.Increment(ref _dropped);
        }
        Interlocked.Add(ref _quarantined, refused);
        if (refused > 0) _refused.Add(rows, quarantined[..refused], breaks);
        for (var rule = 0; rule < Rules.Count; rule++)
        {
            if (Interlocked.Read(ref _sampled[rule]) < SamplesPerRule) Sample(rows, rule, kept.Length, breaks);
        }
    }

    /// <returns>Of a row that breaks nothing: that it stays.</returns>
    private ViolationAction Strictest(ReadOnlySpan<bool> breaks)
    {
        var strictest = ViolationAction.Warn;
        for (var rule = 0; rule < breaks.Length; rule++)
        {
            if (breaks[rule] && Rank(Rules[rule].Action) > Rank(strictest)) strictest = Rules[rule].Action;
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

    private void Sample(Vector rows, int rule, int count, ReadOnlySpan<bool> breaks)
    {
        var found = new List<int>();
        for (var row = 0; row < count && found.Count < SamplesPerRule; row++)
        {
            if (breaks[row * Rules.Count + rule]) found.Add(row);
        }
        if (found.Count == 0) return;
        lock (_gate)
        {
            int[] sampled = [.. found.Take((int)(SamplesPerRule - _sampled[rule]))];
            if (sampled.Length == 0) return;
            _sampled[rule] += sampled.Length;
            using var chunk = DataChunk.Create([DuckDbType.Integer, _rowType]);
            chunk[0].Values<int>(sampled.Length).Fill(rule);
            chunk.CopyRows(rows, sampled, 1, 0);
            chunk.RowCount = sampled.Length;
            _samples.AppendChunk(chunk);
        }
    }
}
