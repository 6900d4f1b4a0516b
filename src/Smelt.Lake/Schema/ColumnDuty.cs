using System.Text.Json;

namespace Smelt.Lake;

/// <summary>What a table's metadata obliges writers to do, by the names it has there (PROTOCOL.md, "Column Invariants" to "Default Columns").</summary>
internal static class ColumnDuty
{
    internal const string ConstraintPrefix = "delta.constraints.", Invariant = "delta.invariants", Generation = "delta.generationExpression", Default = "CURRENT_DEFAULT";

    internal const string IdentityStart = "delta.identity.start", IdentityStep = "delta.identity.step", IdentityMark = "delta.identity.highWaterMark",
        IdentityExplicit = "delta.identity.allowExplicitInsert";

    /// <summary>The CHECK constraints: name and expression, in Spark's SQL.</summary>
    internal static IEnumerable<(string Name, string Expression)> Constraints(TableMetadata metadata) =>
        metadata.Configuration.Where(e => e.Key.StartsWith(ConstraintPrefix, StringComparison.OrdinalIgnoreCase)).OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => (e.Key[ConstraintPrefix.Length..], e.Value));

    /// <summary>The expression of a column's invariant, or null. Its JSON is text within the schema's JSON.</summary>
    /// <exception cref="FormatException">The metadata is not an invariant.</exception>
    internal static string? InvariantOf(DeltaField field)
    {
        if (field.Metadata.Text(Invariant) is not { } text)
            return null;
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.GetProperty("expression").GetProperty("expression").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"the invariant of column '{field.Name}' is not in the protocol's form: {e.Message}", e);
        }
    }

    /// <summary>The identity of a column, or null where it has none.</summary>
    internal static Identity? IdentityOf(DeltaField field) => field.Metadata.LongInteger(IdentityStart) is not { } start ? null : new Identity(
        start, field.Metadata.LongInteger(IdentityStep) ?? 1, field.Metadata.LongInteger(IdentityMark), field.Metadata.Raw.GetValueOrDefault(IdentityExplicit) == "true");

    /// <summary>Whether two states of a column (null: not there) ask the same of writers.</summary>
    internal static bool AreSame(DeltaField before, DeltaField? after) => new[] { Invariant, Generation, IdentityStart, IdentityStep, IdentityMark, IdentityExplicit }
        .All(name => before.Metadata.Raw.GetValueOrDefault(name) == after?.Metadata.Raw.GetValueOrDefault(name));

    /// <summary>Whether writers have nothing to check or to fill in. Most schemas hold none of these words and are not parsed for them.</summary>
    internal static bool HasNone(TableMetadata metadata) => !Constraints(metadata).Any()
        && !new[] { Invariant, Generation, "delta.identity.", Default }.Any(w => metadata.SchemaString.Contains(w, StringComparison.Ordinal));
}

/// <summary>Values that a column numbers its rows with.</summary>
/// <param name="Start">The first.</param>
/// <param name="Step">From one to the next; not 0.</param>
/// <param name="HighWaterMark">The last one given, or null.</param>
/// <param name="AllowExplicit">Whether rows may bring their own.</param>
internal sealed record Identity(long Start, long Step, long? HighWaterMark, bool AllowExplicit)
{
    /// <summary>The value of the next row.</summary>
    /// <exception cref="OverflowException">There is none left.</exception>
    internal long Next => HighWaterMark is { } mark ? checked(mark + Step) : Start;
}
