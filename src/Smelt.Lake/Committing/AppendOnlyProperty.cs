namespace Smelt.Lake;

/// <summary>
/// <c>delta.appendOnly</c> (PROTOCOL.md, "Append-only Tables"): no commit under it takes rows out. What is to take them out all the same lifts it in its own commit and sets it again
/// in the next, so that no writer between them is told that rows may go at will for longer than that.
/// </summary>
public static class AppendOnlyProperty
{
    /// <summary>The property's name.</summary>
    public const string Name = "delta.appendOnly";

    internal static readonly IReadOnlyDictionary<string, string?> Lifted = new Dictionary<string, string?>(StringComparer.Ordinal) { [Name] = null };

    /// <summary>How a table is called that has it on, where something is refused for that.</summary>
    internal const string Words = $"append-only ({Name} = true)";

    /// <summary>Whether a table is append-only.</summary>
    public static bool IsOn(Snapshot snapshot) => snapshot.Metadata.IsOn(Name);

    /// <summary>Whether properties that somebody wrote ask for it; names are compared without case.</summary>
    public static bool IsAskedFor(IEnumerable<KeyValuePair<string, string>> properties) =>
        properties.Any(static p => p.Key.Equals(Name, StringComparison.OrdinalIgnoreCase) && p.Value.Equals("true", StringComparison.OrdinalIgnoreCase));

    /// <summary>The plan that sets the property, over whatever other properties the table has then.</summary>
    /// <param name="folder">The table's.</param>
    /// <param name="tableId">The table's metaData.id.</param>
    /// <param name="transaction">Mark that makes it once; null: it may be set twice.</param>
    /// <param name="attempt">Id of the attempt.</param>
    public static TablePlan SetAgain(string folder, string tableId, TransactionMark? transaction, string attempt) => new()
    {
        Folder = folder,
        Kind = PlanKind.Metadata,
        TableId = tableId,
        SetProperties = new Dictionary<string, string?>(StringComparer.Ordinal) { [Name] = "true" },
        Transaction = transaction,
        Operation = "SET TBLPROPERTIES",
        OperationParameters = new Dictionary<string, string> { ["properties"] = $"{{\"{Name}\":\"true\"}}" },
        Attempt = attempt,
    };
}
