using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// One batch of events on its way into a table: where its working tables are, what of the target and the memory it may look at, and what is asked of time. All rows stay
/// in DuckDB.
/// </summary>
internal sealed class CdcBatch
{
    /// <summary>Working tables of a batch, in the step's own schema.</summary>
    public const string Events = StepCatalog.OwnSchema + ".cdc_events", Changes = StepCatalog.OwnSchema + ".cdc_changes",
        Remembered = StepCatalog.OwnSchema + ".cdc_remembered", Late = StepCatalog.OwnSchema + ".cdc_late";

    public required CdcLayout Layout { get; init; }

    public required DuckDbConnection Connection { get; init; }

    public required CdcMemory Memory { get; init; }

    /// <summary>The target's files, for finding rows and changing them; null where the batch makes the table new.</summary>
    public DmlAttempt? Attempt { get; init; }

    /// <summary>Microseconds since 1970: when the batch was chosen.</summary>
    public required long AtMicros { get; init; }

    /// <summary>Number of the batch: of rows of the memory for one key the one of the latest batch holds.</summary>
    public required long Number { get; init; }

    /// <summary>Whether its events are all that the keys of <see cref="RestatedKeys.Chosen"/> have: their rows are made anew, and nothing is known of them.</summary>
    public bool Restates { get; init; }

    /// <summary>Whether rows that stay the same must not be written: the table tells its changes, or they are made again.</summary>
    public bool TellsChanges => Attempt?.FeedsChanges == true || Restates;

    public CdcSql Sql => new(Layout);

    public void Run(string sql) => Connection.Execute(sql);

    public bool Any(string from) => Connection.Scalar($"SELECT 1 FROM {from} LIMIT 1") is not null;

    public long Count(string from) => (long)Connection.Scalar($"SELECT count(*) FROM {from}")!;
}

/// <summary>What a batch came to.</summary>
/// <param name="Inserted">Rows of the target.</param>
/// <param name="Late">Events that came later than the retention.</param>
internal sealed record CdcCounts(long Inserted, long Updated, long Deleted, long Late, long Remembered);
