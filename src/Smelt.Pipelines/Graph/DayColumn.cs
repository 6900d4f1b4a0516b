namespace Smelt.Pipelines;

/// <summary>The column by whose days a dataset is made again: <c>smelt run --date</c>, <c>smelt backfill</c>.</summary>
public static class DayColumn
{
    /// <summary>In TBLPROPERTIES; the value is a column of type DATE or TIMESTAMP.</summary>
    public const string Property = "smelt.day_column";

    /// <returns>Null where the dataset declares none; a bronze streaming table has the ingestion date.</returns>
    public static string? Of(Dataset dataset, ProjectSettings project) =>
        dataset.Properties.FirstOrDefault(static p => p.Key.Equals(Property, StringComparison.OrdinalIgnoreCase)).Value
        ?? (dataset is { Kind: DatasetKind.StreamingTable, Name.Layer: Layer.Bronze } ? project.MetadataColumns.IngestionDate : null);
}
