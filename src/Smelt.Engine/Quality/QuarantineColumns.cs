namespace Smelt.Engine;

/// <summary>Names of the columns that a quarantine has besides its dataset's. Those of file and batch are named by smelt.yml.</summary>
public static class QuarantineColumns
{
    /// <summary>The streamed row as JSON; NULL where an output row does not come from one streamed row.</summary>
    public const string Input = "_input";

    /// <summary>Names of the rules that refused the row.</summary>
    public const string Broken = "_broken_expectations";

    /// <summary>What these rules ask for.</summary>
    public const string Reason = "_reason";

    /// <summary>The flow whose row it is: a replay gives each row to its own flow's query.</summary>
    public const string Flow = "_flow";

    /// <summary>Where the row stood in its input.</summary>
    public const string Offset = "_source_offset";

    public const string QuarantinedAt = "_quarantined_at";

    /// <summary>Columns without which a refused row is not known any more: no dataset with refused rows may have them.</summary>
    public static IReadOnlyList<string> Kept { get; } = [Input, Broken, Reason];

    /// <summary>Whether a column is the quarantine's own, and none of the refused row.</summary>
    public static bool IsOwn(string column) => new[] { Input, Broken, Reason, Flow, Offset, QuarantinedAt }.Contains(column, StringComparer.OrdinalIgnoreCase);
}
