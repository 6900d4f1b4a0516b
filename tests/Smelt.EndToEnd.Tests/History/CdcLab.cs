using System.Text;
using System.Text.Json;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>One event of a made-up stream: key 'k', a sequence, an operation (u, d, t) and three columns.</summary>
internal sealed record LabEvent(long? Key, long? Sequence, char Operation, string? A, int? B, string? C, int Sub = 0);

/// <summary>A pipeline of one table that AUTO CDC keeps from files of events; each file put is one batch.</summary>
internal sealed class CdcLab : IDisposable
{
    private readonly PipelineFolder _folder = new();
    private readonly string _clauses, _sequence;
    private PipelineSession _session;
    private int _files;

    /// <param name="clauses">What stands after SEQUENCE BY.</param>
    /// <param name="table">What stands after the table's name.</param>
    public CdcLab(string clauses, string table = "", string sequence = "seq")
    {
        (_clauses, _sequence) = (clauses, sequence);
        Directory.CreateDirectory(_folder.File("landing"));
        _session = Opened(table, "STREAM read_files('landing', format => 'json', schema => 'k BIGINT, seq BIGINT, sub INTEGER, op VARCHAR, a VARCHAR, b INTEGER, c VARCHAR')");
    }

    /// <summary>Goes on with other rules or properties, or another query of the events.</summary>
    public void Redefine(string table, string from = "STREAM read_files('landing', format => 'json', schema => 'k BIGINT, seq BIGINT, sub INTEGER, op VARCHAR, a VARCHAR, b INTEGER, c VARCHAR')")
    {
        _session.Dispose();
        _session = Opened(table, from);
    }

    private PipelineSession Opened(string table, string from)
    {
        _folder.Write("silver/t.sql", $"""
            CREATE OR REFRESH STREAMING TABLE silver.t {table};
            CREATE FLOW f AS AUTO CDC INTO silver.t
            FROM {from}
            KEYS (k) APPLY AS DELETE WHEN op = 'd' {(_clauses.Contains("TYPE 2") ? "" : "APPLY AS TRUNCATE WHEN op = 't'")} SEQUENCE BY {_sequence} COLUMNS k, a, b, c
            {_clauses}
            """);
        var session = PipelineSession.Open(_folder.Path, new CompileOptions(), Clock);
        Assert.False(session.Compilation.HasErrors, string.Join('\n', session.Compilation.Diagnostics));
        return session;
    }

    public MovedClock Clock { get; } = new();

    public string Path => _folder.Path;

    /// <summary>Applies events as one batch.</summary>
    public FlowResult Apply(IEnumerable<LabEvent> events) => Succeeded(Try(events));

    public FlowResult Try(IEnumerable<LabEvent> events)
    {
        var text = new StringBuilder();
        foreach (var e in events)
            text.Append(JsonSerializer.Serialize(new Dictionary<string, object?> { ["k"] = e.Key, ["seq"] = e.Sequence, ["sub"] = e.Sub, ["op"] = e.Operation.ToString(), ["a"] = e.A, ["b"] = e.B, ["c"] = e.C })).Append('\n');
        if (text.Length > 0) _folder.Write($"landing/{++_files:0000}.json", text.ToString());
        return TryRun(RefreshMode.Incremental);
    }

    public FlowResult Run(RefreshMode mode) => Succeeded(TryRun(mode));

    private FlowResult TryRun(RefreshMode mode)
    {
        var context = _session.NewContext(UpdateRunner.NewId(Clock));
        return new StepRunner(context).RunAsync(_session.Pipeline.Graph.Datasets.Single(), mode, new StepProgress(), CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Lets quarantined events in again.</summary>
    public FlowResult Replay(string? where = null) =>
        Succeeded(new QuarantineReplay(_session.NewContext(UpdateRunner.NewId(Clock)), where).RunAsync(_session.Pipeline.Graph.Datasets.Single(), new StepProgress(), CancellationToken.None).GetAwaiter().GetResult());

    private static FlowResult Succeeded(FlowResult result)
    {
        Assert.True(result is not FlowResult.Failed, (result as FlowResult.Failed)?.Told);
        return result;
    }

    /// <summary>Rows of the table as sorted text, with a history's columns where it has them.</summary>
    public List<string> Rows(string table = "silver.t") => Ask(lake => Rows(lake, table));

    public static List<string> Rows(OpenLake lake, string table) =>
        lake.Tables.Contains(table) ? [.. lake.Rows($"SELECT (SELECT t)::VARCHAR FROM {table} AS t").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal)] : [];

    public T Ask<T>(Func<OpenLake, T> ask)
    {
        using var lake = new OpenLake(Path);
        return ask(lake);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

/// <summary>The system's clock, moved on.</summary>
internal sealed class MovedClock : TimeProvider
{
    private TimeSpan _by;

    public void Advance(TimeSpan by) => _by += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _by;
}
