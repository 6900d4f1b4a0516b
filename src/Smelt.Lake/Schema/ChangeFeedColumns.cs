namespace Smelt.Lake;

/// <summary>Names of the change data feed (PROTOCOL.md, "Add CDC File"): its folder, the columns that it adds to a table's own, and the kinds of changes.</summary>
internal static class ChangeFeedColumns
{
    internal const string Folder = "_change_data", ChangeType = "_change_type", CommitVersion = "_commit_version", CommitTimestamp = "_commit_timestamp";
    internal const string Insert = "insert", UpdatePreimage = "update_preimage", UpdatePostimage = "update_postimage", Delete = "delete";

    private static readonly string[] s_all = [ChangeType, CommitVersion, CommitTimestamp];

    /// <summary>A table with one of these columns cannot tell its changes.</summary>
    /// <returns>What is wrong; null where no column has such a name, or the feed is off.</returns>
    public static SchemaProblem? Taken(IEnumerable<string> columns, IReadOnlyDictionary<string, string> configuration)
    {
        if (!string.Equals(configuration.GetValueOrDefault("delta.enableChangeDataFeed"), "true", StringComparison.OrdinalIgnoreCase)) return null;
        return columns.FirstOrDefault(static c => s_all.Contains(c, StringComparer.OrdinalIgnoreCase)) is { } taken
            ? new SchemaProblem(SchemaProblemKind.BadProperty, taken, $"the property 'delta.enableChangeDataFeed' = 'true' adds the columns {string.Join(", ", s_all)} to the changes of a table, and this one has a column {taken} of its own: rename it, or leave the feed off")
            : null;
    }
}
