namespace Smelt.Lake;

/// <summary>
/// The mark, among commitInfo's tags, of commits that take rows out on purpose and not because they were wrong: retention of a table's history, erasure of somebody's data.
/// Who reads the table as a stream passes them over.
/// </summary>
public static class CommitMarks
{
    /// <summary>The tag's name. Its value is why rows were taken out.</summary>
    public const string Removes = "smelt.removes";

    /// <summary>The tag that says in words what went: <c>3 days before 2025-01-01</c>.</summary>
    public const string What = "smelt.removed";

    /// <summary>Rows that became too old to keep.</summary>
    public const string Retention = "retention";

    /// <summary>Rows about somebody who is to be forgotten.</summary>
    public const string Erasure = "erasure";

    /// <summary>Rows of some days that were made again and replaced: their readers make theirs again in the same way.</summary>
    public const string Remade = "days that were made again";

    /// <summary>Tags with the mark, for <see cref="DmlOptions.Tags"/> and <see cref="TablePlan.Tags"/>.</summary>
    public static IReadOnlyDictionary<string, string> Of(string why) => new Dictionary<string, string>(StringComparer.Ordinal) { [Removes] = why };

    /// <summary>Tags with the mark, and in words what goes.</summary>
    public static IReadOnlyDictionary<string, string> Of(string why, string what) => new Dictionary<string, string>(StringComparer.Ordinal) { [Removes] = why, [What] = what };

    internal static string? Of(CommitInfo? commit) => commit?.Tags.GetValueOrDefault(Removes);
}
