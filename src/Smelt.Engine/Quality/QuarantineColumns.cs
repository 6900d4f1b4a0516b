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

    /// <summary>Where the row stood in its input.</summary>
    public const string Offset = "_source_offset";

    public const string QuarantinedAt = "_quarantined_at";
}
