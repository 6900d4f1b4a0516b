using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Refuses the extracts of a batch that cannot be applied after the last one: older ones, more of the same one, and numbers whose order as texts is another.</summary>
/// <param name="batch">The batch.</param>
/// <param name="dataset">The target, for messages.</param>
/// <param name="order">The table of the batch's extracts, with <c>seq</c>.</param>
/// <param name="files">SQL of (file, seq), for messages; null where files are not known.</param>
internal sealed class ExtractOrder(CdcBatch batch, Dataset dataset, string order, string? files)
{
    private static string Last => $"(SELECT max(seq) FROM {CdcMemory.Marks} WHERE kind = {CdcMemory.SnapshotMark})";

    /// <param name="areNames">Whether the sequence is the name of a file or folder.</param>
    public void Hold(bool areNames)
    {
        if (areNames) HoldNumbers();
        var older = batch.Connection.Rows($"SELECT CAST(min(seq) AS VARCHAR), CAST({Last} AS VARCHAR), min(seq) = {Last} FROM {order} WHERE seq <= {Last}")[0];
        if (older[0] is not string name) return;
        throw Refused(older[2] is true
            ? $"The extract {name} of {dataset.Name} was applied already, and {Belonging()}: what an extract lacks is deleted when it is applied. Take away what came late, or rebuild with --full-refresh {dataset.Name}, which takes all files of an extract together."
            : $"The extract {name} of {dataset.Name} came after {older[1]}, which was applied: extracts are applied in their order. Take the file away, or rebuild with --full-refresh {dataset.Name}.");
    }

    private void HoldNumbers()
    {
        if (ExtractNames.Misordered(batch.Connection, $"SELECT seq FROM {order} UNION SELECT {Last}") is not var (first, second)) return;
        var way = batch.Connection.Scalar($"SELECT {Last} IS NULL") is true
            ? "Rename the files or folders so that all numbers have as many digits (0009, 0010), or write SEQUENCE BY a column that orders the extracts."
            : $"Write SEQUENCE BY a column that orders the extracts, and rebuild with --full-refresh {dataset.Name}. Or rename the files or folders so that all numbers have as many digits (0009, 0010), "
                + $"and make the table anew: `smelt drop {dataset.Name} --defined`, `smelt run`.";
        throw Refused($"Extracts of {dataset.Name} are applied in the order of their names as texts, in which {first} comes before {second}. {way}");
    }

    /// <summary>The files that are of the extract applied last, in words.</summary>
    private string Belonging()
    {
        var late = files is null ? [] : batch.Connection.Rows($"SELECT file FROM ({files}) AS f WHERE seq = {Last} AND file IS NOT NULL ORDER BY file LIMIT 4").ConvertAll(static r => (string)r[0]!);
        return late.Count switch
        {
            0 => "these rows belong to it",
            1 => $"{late[0]} belongs to it",
            _ => $"{string.Join(", ", late.Take(3))}{(late.Count > 3 ? " and others" : "")} belong to it",
        };
    }

    private static EngineException Refused(string why) => new(EngineCodes.ExtractOutOfOrder, why);
}
