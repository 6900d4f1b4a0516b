using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// Quarantined rows of AUTO CDC FROM SNAPSHOT let in again: those of the extract that was applied last become rows of that extract, as if it had brought them past the rules then. Those of an earlier one
/// stay, as a later extract was applied over them: what that holds is the truth.
/// </summary>
internal sealed class ReplayedExtract(StepPreparation step, CdcBatch batch)
{
    private const string Own = StepCatalog.OwnSchema, Rows = Own + ".cdc_let_in", Places = Own + ".extract_places", Times = Own + ".extract_times";

    private const string Place = $"struct_extract({StreamedRow.Column}, '{ReplayBatch.Place}')";

    private readonly List<string> _notes = [];

    private static string Last => $"(SELECT max(seq) FROM {CdcMemory.Marks} WHERE kind = {CdcMemory.SnapshotMark})";

    /// <summary>Takes the rows of other extracts out of those that are judged.</summary>
    /// <param name="typed">SQL of the events' columns, with the streamed row.</param>
    /// <param name="sequence">SQL over these of which extract a row is of; null where the extracts are versions of a table, which the time of their batch tells.</param>
    /// <returns>What stays, for people.</returns>
    public async Task<IReadOnlyList<string>> HoldAsync(string typed, string? sequence, CancellationToken cancel)
    {
        batch.Run($"CREATE TABLE {Places} AS SELECT {Place} AS p, {sequence ?? await TimeAsync(cancel)} AS seq FROM ({typed}) AS e");
        batch.Run($"DELETE FROM {Own}.single WHERE p IN (SELECT p FROM {Places} WHERE (seq = {Last}) IS NOT TRUE)");
        var last = batch.Connection.Scalar($"SELECT CAST({Last} AS VARCHAR)");
        Stay($"seq < {Last}", $"they are of extracts before {last}, which was applied over them: what it holds is the truth, and it brought a row again that is still there");
        Stay($"seq > {Last} OR (seq IS NOT NULL AND {Last} IS NULL)", "none of their extract passed, so that it was not applied; put it into the source again under a later name");
        Stay("seq IS NULL", "which extract they are of cannot be told");
        return _notes;
    }

    /// <summary>Makes <see cref="CdcBatch.Events"/> of <see cref="Extracts.Rows"/>: of a key that the extract has already, or twice, the greater by content stays, as always in an extract.</summary>
    /// <returns>Something to tell, or null.</returns>
    public async Task<string?> MakeEventsAsync(CancellationToken cancel)
    {
        var sql = batch.Sql;
        batch.Run($"CREATE TABLE {Rows} AS SELECT DISTINCT {sql.All()} FROM {Extracts.Rows}");
        await CdcTarget.FindAsync(batch, Rows, withValues: true, cancel);
        var there = batch.Layout.KeepsHistory ? " WHERE e IS NULL" : "";
        batch.Run($"CREATE TABLE {CdcBatch.Events} AS SELECT {sql.All()}, {Last} AS seq, CAST({(int)CdcOperation.Upsert} AS TINYINT) AS op FROM (SELECT {sql.All()} FROM {Rows} UNION SELECT {sql.All()} FROM {CdcTarget.Rows}{there})");
        var doubled = batch.Count(CdcBatch.Events) - batch.Count($"(SELECT DISTINCT {sql.Keys()} FROM {CdcBatch.Events})");
        return doubled == 0 ? null : $"{doubled} rows had the key of another row of the same extract: the greater by content was taken";
    }

    private void Stay(string which, string why)
    {
        var count = batch.Count($"{Places} WHERE {which}");
        if (count > 0) _notes.Add($"{count} quarantined rows stay: {why}");
    }

    /// <summary>The time of the batch that refused a row, by the versions that it took; NULL where the row does not tell them.</summary>
    private async Task<string> TimeAsync(CancellationToken cancel)
    {
        const string Told = QuarantineColumns.Offset;
        var isOwn = step.Target!.Snapshot.Schema.Find(Told) is not null;
        if (isOwn || batch.Connection.Scalar($"SELECT 1 FROM (DESCRIBE {Own}.held) WHERE column_name = '{Told}'") is null) return "NULL::TIMESTAMPTZ";
        batch.Run($"CREATE TABLE {Times} (told VARCHAR, noted BIGINT)");
        foreach (var part in (await IngestedFiles.OfAsync(step.State!, null, cancel)).Read.Where(static b => Extracts.VersionOf(b) is not null).Chunk(500))
            batch.Run($"INSERT INTO {Times} VALUES {string.Join(", ", part.Select(static b => $"({SqlText.Literal(Extracts.VersionOf(b)!)}, {b.AtMicros})"))}");
        // A table that was made anew begins with the versions of the one before it: which of both it was is not told.
        return $"(SELECT CASE WHEN count(DISTINCT t.noted) = 1 THEN make_timestamptz(max(t.noted)) END FROM {Own}.held AS h JOIN {Times} AS t ON t.told = h.{Told} WHERE h.{ReplayBatch.Place} = {Place})";
    }
}
