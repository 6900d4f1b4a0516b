using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>Runs data tests and SQL tests on the versions of the tables that one update sees.</summary>
public sealed class DataTestRunner(UpdateContext context)
{
    private const int SampleRows = 5, MostStored = 10_000;

    /// <summary>No name of a column: to_json of it would give that column, and not the row.</summary>
    private const string Failing = "__smelt_failing";

    /// <summary>Only rows of these days are tested, by each dataset's day column.</summary>
    public DayRange? Days { get; init; }

    /// <summary>Whether a test on unchanged tables is answered from memory.</summary>
    public bool Remembers { get; init; } = true;

    /// <param name="datasets">Whose tests to run.</param>
    /// <param name="withSqlTests">Whether tests/*.sql run too.</param>
    /// <param name="ended">Told of each as it ends, from several threads.</param>
    /// <param name="cancel">Ends the run between and inside tests.</param>
    public async Task<IReadOnlyList<TestOutcome>> RunAsync(IReadOnlyList<Dataset> datasets, bool withSqlTests, Action<TestOutcome> ended, CancellationToken cancel)
    {
        var memory = await TestMemory.LoadAsync(context.Layout.State, cancel);
        var outcomes = await RunAsync([.. Tests(datasets, withSqlTests)], memory, null, ended, cancel);
        await memory.SaveAsync(context.Layout.State, cancel);
        return outcomes;
    }

    /// <param name="staged">Rows that a dataset would hold, to be tested instead of its table's; nothing is remembered of them.</param>
    internal async Task<IReadOnlyList<TestOutcome>> RunAsync(IReadOnlyList<RunnableTest> tests, TestMemory memory, (Dataset Dataset, Smelt.Lake.TableScan Rows)? staged, Action<TestOutcome> ended, CancellationToken cancel)
    {
        var outcomes = new TestOutcome[tests.Count];
        // A dataset's tests read the same tables: they share a catalog, and so run one after the other. A SQL test has its own, and one that sees other tables' days too.
        bool IsAlone(RunnableTest test) => test.Dataset is null || (Days is not null && test.Test is { ComparesCounts: true });
        var groups = tests.Select(static (test, place) => (test, place)).GroupBy(t => (t.test.Dataset, IsAlone(t.test) ? t.place : -1));
        await Parallel.ForEachAsync(groups, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, async (group, stop) =>
        {
            using var bound = new BoundTests(context, staged) { Days = Days };
            foreach (var (test, place) in group)
            {
                stop.ThrowIfCancellationRequested();
                outcomes[place] = await OneAsync(test, memory, bound, stop);
                ended(outcomes[place]);
            }
        });
        return outcomes;
    }

    /// <summary>Keeps the answer of a test that ran on rows which are the table's now.</summary>
    internal async Task RememberAsync(RunnableTest test, TestOutcome outcome, TestMemory memory, CancellationToken cancel)
    {
        if (Lasts(test) && await KeyAsync(test, cancel) is { Missing.Count: 0 } key) memory.Remember(test, key.Key, outcome);
    }

    internal IEnumerable<RunnableTest> Tests(IReadOnlyList<Dataset> datasets, bool withSqlTests)
    {
        foreach (var dataset in datasets)
        {
            foreach (var test in dataset.Tests)
            {
                yield return new RunnableTest(test.Name, test.Dataset, test.Severity, test.FailingRowsSql, [test.Dataset, .. test.Others]) { IsTimeDependent = test.IsTimeDependent, Test = test };
            }
        }
        if (!withSqlTests) yield break;
        foreach (var test in context.Pipeline.SqlTests)
        {
            var sql = QueryRendering.RenderSql(test.Query, new QueryBindings { Table = StepCatalog.QualifiedName });
            yield return new RunnableTest(test.Name, null, test.Severity, sql, [.. test.Query.Inputs]) { Query = test.Query };
        }
    }

    private async Task<TestOutcome> OneAsync(RunnableTest test, TestMemory memory, BoundTests bound, CancellationToken cancel)
    {
        try
        {
            var (key, missing) = await KeyAsync(test, cancel);
            if (bound.IsStaged)
            {
                var others = missing.Where(name => name != test.Dataset?.ToString()).ToList();
                if (others.Count > 0) return NoData(test, others);
                var staged = await bound.BindAsync(test, cancel);
                await BindHistoryAsync(test, bound, cancel);
                using var stopping = cancel.Register(bound.Connection.Interrupt);
                return Run(test, staged, bound);
            }
            if (missing.Count > 0) return NoData(test, missing);
            var lasts = Lasts(test);
            if (Remembers && lasts && memory.Find(test, key) is { } known) return known;
            var sql = await bound.BindAsync(test, cancel);
            await BindHistoryAsync(test, bound, cancel);
            using var interrupting = cancel.Register(bound.Connection.Interrupt);
            var outcome = Run(test, sql, bound);
            if (lasts) memory.Remember(test, key, outcome);
            return outcome;
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            return test.Outcome(TestStatus.Error, 0, [], fault.Message);
        }
    }

    private static TestOutcome NoData(RunnableTest test, IReadOnlyList<string> missing) => test.Outcome(TestStatus.Skipped, 0, [], $"{string.Join(", ", missing)} has no data yet");

    private static TestOutcome Run(RunnableTest test, string sql, BoundTests bound)
    {
        var connection = bound.Connection;
        if (test.Test?.Anomaly is not null) return AnomalyTest.Run(test, connection, bound.HasHistory);
        var row = connection.Rows($"SELECT f::BIGINT, (f {test.WarnIf})::BOOLEAN, (f {test.ErrorIf})::BOOLEAN FROM (SELECT {test.FailCalc} AS f FROM ({sql}\n) AS {Failing})")[0];
        var failures = row[0] as long? ?? 0;
        var status = test.Severity == Severity.Error && row[2] is true ? TestStatus.Failed : row[1] is true ? TestStatus.Warned : TestStatus.Passed;
        if (status == TestStatus.Passed) return test.Outcome(status, test.FailCalc == DataTest.CountRows ? failures : 0, []);
        var samples = connection.Rows($"SELECT to_json({Failing})::VARCHAR FROM ({sql}\n) AS {Failing} LIMIT {SampleRows}").ConvertAll(static r => JsonNumbers.Quoted((string)r[0]!));
        return test.Outcome(status, failures, samples) with { Stored = test.Test is { StoresFailures: true } ? Stored(sql, connection) : [] };
    }

    private static List<string> Stored(string sql, DuckDbConnection connection) =>
        connection.Rows($"SELECT to_json({Failing})::VARCHAR FROM ({sql}\n) AS {Failing} LIMIT {MostStored}").ConvertAll(static r => JsonNumbers.Quoted((string)r[0]!));

    /// <summary>An anomaly test compares with what earlier updates measured.</summary>
    private async Task BindHistoryAsync(RunnableTest test, BoundTests bound, CancellationToken cancel)
    {
        if (test.Test?.Anomaly is not null && !bound.HasHistory && await context.Tables.FindSystemAsync(QualityTables.ColumnProfile, cancel) is { } history) await bound.BindHistoryAsync(history, test.Dataset!, cancel);
    }

    /// <summary>What the test's answer depends on: its SQL and the content of the tables it reads.</summary>
    private async Task<(string Key, IReadOnlyList<string> Missing)> KeyAsync(RunnableTest test, CancellationToken cancel)
    {
        var key = new System.Text.StringBuilder(test.Sql).Append('|').Append(test.FailCalc).Append(test.WarnIf).Append('|').Append(test.ErrorIf);
        // Over plain counts another severity decides anew over the same failures; over others it asks anew.
        if (test.WarnIf != DataTest.IsAny || test.ErrorIf != DataTest.IsAny) key.Append('|').Append(test.Severity);
        // What was never stored is not in memory either.
        if (test.Test is { StoresFailures: true }) key.Append("|stored");
        var missing = new List<string>();
        foreach (var name in test.Reads)
        {
            if (context.Pipeline.Graph.Find(name) is not { } dataset) continue;
            key.Append('|').Append(dataset.IsView ? dataset.DefinitionHash : "");
            var stored = dataset.IsStored ? [name] : StepInputsOf(dataset);
            foreach (var table in stored)
            {
                if (await context.Tables.FindAsync(table, cancel) is not { } pinned) missing.Add(table.ToString());
                else key.Append('|').Append(pinned.Snapshot.Metadata.Id).Append('@').Append(await pinned.DataVersionAsync());
            }
        }
        foreach (var system in test.Query?.SystemTables ?? [])
        {
            if (await context.Tables.FindSystemAsync(system, cancel) is null) missing.Add(LakeLayout.SystemSchema + "." + system);
        }
        foreach (var macro in test.Query?.Macros ?? []) key.Append('|').Append(macro.CreateSql);
        foreach (var reference in test.Query?.References ?? []) key.Append('|').Append(reference.AsOf);
        return (Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key.ToString())))[..24], missing);
    }

    /// <summary>Whether the answer holds for as long as the tables it was given on stay as they are.</summary>
    private bool Lasts(RunnableTest test) => !test.IsTimeDependent && (test.Query is null || StoredInputs.DecideAlone(test.Query))
        && test.Reads.All(name => context.Pipeline.Graph.Find(name) is not { IsView: true } view || StoredInputs.DecideAlone(context.Pipeline.Graph, view));

    private IEnumerable<DatasetName> StepInputsOf(Dataset view) => StoredInputs.Of(context.Pipeline.Graph, view);
}

/// <summary>The catalog of tests that run one after the other, made when the first of them runs: one that is answered from memory needs none.</summary>
internal sealed class BoundTests(UpdateContext context, (Dataset Dataset, Smelt.Lake.TableScan Rows)? staged) : IDisposable
{
    private StepCatalog? _catalog;
    private InputBinder? _binder;

    public DuckDbConnection Connection => _catalog!.Connection;

    /// <summary>Whether the rows tested are in no table yet.</summary>
    public bool IsStaged => staged is not null;

    public DayRange? Days { get; init; }

    /// <summary>Binds what a test reads.</summary>
    /// <returns>Its SQL over the bound names.</returns>
    public async Task<string> BindAsync(RunnableTest test, CancellationToken cancel)
    {
        if (_catalog is null)
        {
            _catalog = new StepCatalog(context.Database());
            if (staged is { } rows) await _catalog.BindScanAsync(rows.Dataset.Name.Schema, rows.Dataset.Name.Name, rows.Rows, cancel);
        }
        _binder ??= new InputBinder(context, _catalog);
        if (Days is not null && test.Dataset is { } tested)
        {
            await DayBinding.BindAsync(context, _catalog, _binder, tested, Days, cancel);
            // The rows of a day are as many as another table's of that day, not as all of its.
            foreach (var other in test.Test is { ComparesCounts: true } counted ? counted.Others : []) await DayBinding.BindAsync(context, _catalog, _binder, other, Days, cancel);
        }
        foreach (var name in test.Reads) await _binder.BindAsync(name, cancel);
        return test.Query is not null && await _binder.BindAsync(test.Query, cancel) is { } bindings ? QueryRendering.RenderSql(test.Query, bindings) : test.Sql;
    }

    /// <summary>Whether figures of earlier updates are bound.</summary>
    public bool HasHistory { get; private set; }

    /// <summary>Reads the dataset's figures once for all of its tests: of each those of the newest updates.</summary>
    public async Task BindHistoryAsync(PinnedTable history, DatasetName dataset, CancellationToken cancel)
    {
        await _catalog!.BindScanAsync(StepCatalog.OwnSchema, QualityTables.ColumnProfile, history.Table.Scan(history.Snapshot), cancel);
        // Older rows are of a table without that column.
        var scope = history.Snapshot.Schema.Find(QualityTables.RowsWhere) is null ? $"NULL::VARCHAR AS {QualityTables.RowsWhere}" : QualityTables.RowsWhere;
        var newest = SqlText.Identifier(StepCatalog.OwnSchema, "newest_figures");
        using var interrupting = cancel.Register(_catalog.Connection.Interrupt);
        _catalog.Connection.Execute($"""
            CREATE TABLE {newest} AS SELECT "column", metric, {QualityTables.RowsWhere}, value
            FROM (SELECT "column", metric, {scope}, update_id, any_value(value) AS value, max(recorded_at) AS recorded
                FROM {SqlText.Identifier(StepCatalog.OwnSchema, QualityTables.ColumnProfile)} WHERE dataset = {SqlText.Literal(dataset.ToString())} GROUP BY ALL)
            QUALIFY row_number() OVER (PARTITION BY "column", metric, {QualityTables.RowsWhere} ORDER BY recorded DESC) <= {AnomalyTest.Window}
            """);
        _catalog.BindSql(LakeLayout.SystemSchema, QualityTables.ColumnProfile, $"SELECT * FROM {newest}");
        HasHistory = true;
    }

    public void Dispose() => _catalog?.Dispose();
}

/// <summary>A test with what it needs to run.</summary>
internal sealed record RunnableTest(string Name, DatasetName? Dataset, Severity Severity, string Sql, IReadOnlyList<DatasetName> Reads)
{
    /// <summary>Of a SQL test; null for one of properties.yml.</summary>
    public DatasetQuery? Query { get; init; }

    /// <summary>Of properties.yml; null for a SQL test.</summary>
    public DataTest? Test { get; init; }

    public string FailCalc => Test?.FailCalc ?? DataTest.CountRows;

    public string WarnIf => Test?.WarnIf ?? DataTest.IsAny;

    public string ErrorIf => Test?.ErrorIf ?? DataTest.IsAny;

    public bool IsTimeDependent { get; init; }

    public TestOutcome Outcome(TestStatus status, long failures, IReadOnlyList<string> samples, string? message = null) =>
        new(Name, Dataset, status, Severity, failures, Sql, samples, message);
}
