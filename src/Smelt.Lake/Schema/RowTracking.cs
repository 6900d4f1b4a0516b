namespace Smelt.Lake;

/// <summary>
/// Names under which rewritten rows carry their ids in data files (PROTOCOL.md, "Row Tracking"): hidden columns, chosen when tracking is turned on and never changed.
/// </summary>
internal static class RowTracking
{
    internal const string Enabled = "delta.enableRowTracking";
    internal const string IdColumn = "delta.rowTracking.materializedRowIdColumnName", VersionColumn = "delta.rowTracking.materializedRowCommitVersionColumnName";

    internal static void NameColumns(Dictionary<string, string> configuration)
    {
        if (!string.Equals(configuration.GetValueOrDefault(Enabled), "true", StringComparison.OrdinalIgnoreCase))
            return;
        configuration.TryAdd(IdColumn, $"_row-id-col-{Guid.NewGuid()}");
        configuration.TryAdd(VersionColumn, $"_row-commit-version-col-{Guid.NewGuid()}");
    }
}
