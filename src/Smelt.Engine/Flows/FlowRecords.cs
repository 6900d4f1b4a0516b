using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A step's batch: which flow, which generation of it (a full refresh starts a new one), which number.</summary>
public readonly record struct BatchKey(string FlowId, int Generation, int Batch)
{
    /// <summary>The idempotence mark's application in every table that the flow writes.</summary>
    public string AppId => $"smelt:{FlowId}:g{Generation}";

    public override string ToString() => $"g{Generation} b{Batch}";
}

/// <summary>
/// How far a flow reads a streamed table: everything after version <paramref name="From"/> (null: from the beginning, the table as it is at <paramref name="To"/>) up to version
/// <paramref name="To"/>. A batch with limits may begin and end among a version's files.
/// </summary>
/// <param name="Name">As <see cref="StreamSource.Name"/> tells it.</param>
public sealed record StreamRange(string Name, string TableId, long? From, long To)
{
    /// <summary>Files already read: of the first version after <see cref="From"/>, or of the table as it is at <see cref="To"/>.</summary>
    public int FromFile { get; init; }

    /// <summary>Where the batch ends early: after so many files of the version after <see cref="To"/>, or of the table as it is at <see cref="To"/>.</summary>
    public int? ToFile { get; init; }

    /// <summary>How many commits that took rows out were passed over so far: what they took out is in the target and no more in the source.</summary>
    public long Passed { get; init; }

    /// <summary>A range that reads nothing and ends where this one does.</summary>
    internal StreamRange Nothing => From is null && ToFile is { } file ? this with { FromFile = file } : this with { From = To, FromFile = ToFile ?? 0 };

    /// <summary>Whether it reads nothing.</summary>
    internal bool IsEmpty => From == To && ToFile is null;
}

/// <summary>A whole table as a batch reads it.</summary>
/// <param name="DataVersion">The newest version that changed rows or schema: what skipping compares.</param>
public sealed record TableInput(string Name, string TableId, long Version, long DataVersion);

/// <summary>What a batch reads from a source, as its connector wrote it.</summary>
public sealed record SourceInput(string Path, string Batch, string Fingerprint);

/// <summary>Put before a streaming batch is run, so that a retry reads the same input and stamps the same times.</summary>
public sealed record IntentRecord
{
    public required string Update { get; init; }

    /// <summary>Microseconds since 1970 UTC; <c>_ingested_at</c> of the batch's rows.</summary>
    public required long AtMicros { get; init; }

    /// <summary><c>_batch_id</c> of the batch's rows.</summary>
    public required string BatchId { get; init; }

    public IReadOnlyList<SourceInput> Sources { get; init; } = [];

    public IReadOnlyList<StreamRange> Streams { get; init; } = [];

    public IReadOnlyList<TableInput> Tables { get; init; } = [];

    /// <summary>The batch brings rows back from quarantine: its input is none of its sources'.</summary>
    public bool IsReplay { get; init; }
}

/// <summary>What a batch counted.</summary>
public sealed record BatchCounts
{
    public long RowsIn { get; init; }
    public long RowsOut { get; init; }
    public long RowsDropped { get; init; }
    public long RowsQuarantined { get; init; }
    public long RowsRescued { get; init; }
    public long BytesIn { get; init; }
    public long BytesOut { get; init; }
    public long Files { get; init; }
    public IReadOnlyList<RuleCount> Rules { get; init; } = [];

    /// <summary>The counts of two batches of one update; a rule that only one of them had counts as that one says.</summary>
    public BatchCounts Plus(BatchCounts other) => new()
    {
        RowsIn = RowsIn + other.RowsIn,
        RowsOut = RowsOut + other.RowsOut,
        RowsDropped = RowsDropped + other.RowsDropped,
        RowsQuarantined = RowsQuarantined + other.RowsQuarantined,
        RowsRescued = RowsRescued + other.RowsRescued,
        BytesIn = BytesIn + other.BytesIn,
        BytesOut = BytesOut + other.BytesOut,
        Files = Files + other.Files,
        Rules = [.. Rules.Concat(other.Rules).GroupBy(static r => (r.Name, r.Action, r.Predicate)).Select(static g => g.First() with { Passed = g.Sum(static r => r.Passed), Violated = g.Sum(static r => r.Violated) })],
    };
}

/// <summary>How often a rule was kept and broken.</summary>
public sealed record RuleCount(string Name, string Action, string Predicate, long Passed, long Violated);

/// <summary>Put when all files of a batch are durable: what every table of the batch commits. A retry commits from it and never runs the query again.</summary>
public sealed record PreparedRecord
{
    public required string Update { get; init; }
    public required string Attempt { get; init; }
    public required string Definition { get; init; }

    /// <summary>The target first, then its side tables.</summary>
    public required IReadOnlyList<TablePlan> Plans { get; init; }

    public IReadOnlyList<TableInput> Tables { get; init; } = [];
    public IReadOnlyList<SourceInput> Sources { get; init; } = [];

    /// <summary>The source's columns as the next batch must know them, by position of the source call.</summary>
    public IReadOnlyList<string> SourceColumns { get; init; } = [];

    public BatchCounts Counts { get; init; } = new();

    /// <summary>Things to tell: new columns, missing ones, features.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Other flows of the table whose first batch of a new generation is the same commit.</summary>
    internal IReadOnlyList<JoinedFlow> Joined { get; init; } = [];

    /// <summary>Files of a batch of a sink, which has no table.</summary>
    internal IReadOnlyList<SinkFile> SinkFiles { get; init; } = [];

    /// <summary>Set where the batch was given up before it was prepared: the record's place is taken, so that no attempt can prepare it any more.</summary>
    public string? VoidReason { get; init; }
}

/// <summary>Put when every table of a batch is committed.</summary>
public sealed record DoneRecord
{
    public required string Update { get; init; }
    public required string TableId { get; init; }

    /// <summary>The version at which the target holds the batch.</summary>
    public required long Version { get; init; }

    public required string Definition { get; init; }
    public long AtMicros { get; init; }
    public IReadOnlyList<StreamRange> Streams { get; init; } = [];
    public IReadOnlyList<TableInput> Tables { get; init; } = [];
    public IReadOnlyList<SourceInput> Sources { get; init; } = [];
    public IReadOnlyList<string> SourceColumns { get; init; } = [];
    public long RowsOut { get; init; }

    /// <summary>Of AUTO CDC: what its memory and table are made for (<see cref="Smelt.Pipelines.AutoCdc.Identity"/>).</summary>
    public string? CdcIdentity { get; init; }

    /// <summary>Every file read so far, in every twentieth record only.</summary>
    public SeenFiles? Seen { get; init; }
}
