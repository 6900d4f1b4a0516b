namespace Smelt.Pipelines;

/// <summary><c>SELECT DISTINCT ON (keys) … FROM STREAM</c>: of rows with equal keys one stays, within a batch and over all batches.</summary>
/// <param name="Keys">Columns of the output.</param>
/// <param name="Order">Which of a batch's rows stays: the first in this order of output columns.</param>
public sealed record Deduplication(IReadOnlyList<string> Keys, IReadOnlyList<(string Column, bool Descending)> Order);

/// <summary>Within which time of each other rows with equal keys are repeats; written in TBLPROPERTIES.</summary>
/// <param name="TimeColumn">The event time, a column of the table.</param>
/// <param name="Width">At most so far apart.</param>
public sealed record DeduplicationWindow(string TimeColumn, TimeSpan Width)
{
    public const string TimeProperty = "smelt.dedup_time", WidthProperty = "smelt.dedup_window";

    /// <returns>Null where the table has none: then equal keys are repeats however far apart.</returns>
    public static DeduplicationWindow? Of(IReadOnlyDictionary<string, string> properties)
    {
        string? Find(string name) => properties.FirstOrDefault(p => p.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        return Find(TimeProperty) is { } time && Find(WidthProperty) is { } width && CdcRetention.TryParse(width, out var span) ? new DeduplicationWindow(time, span) : null;
    }
}
