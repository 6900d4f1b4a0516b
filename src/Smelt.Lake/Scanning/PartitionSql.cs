namespace Smelt.Lake;

/// <summary>SQL that gives a partition value its type (PROTOCOL.md, "Partition Value Serialization").</summary>
internal static class PartitionSql
{
    /// <param name="text">SQL of the value's text.</param>
    /// <param name="sqlType">DuckDB's type.</param>
    /// <param name="type">Delta's type.</param>
    internal static string Cast(string text, string sqlType, DeltaType type)
    {
        // A text without a zone was written in its writer's zone, which the log does not tell; UTC, the session's, is what most mean.
        if (type == DeltaType.Binary)
            return Binary(text);
        // Java writes years beyond 9999 with a sign.
        if (type == DeltaType.Date || type == DeltaType.Timestamp || type == DeltaType.TimestampNtz)
            return $"CAST(ltrim({text}, '+') AS {sqlType})";
        return $"CAST({text} AS {sqlType})";
    }

    /// <summary>Each character of the text is one byte.</summary>
    private static string Binary(string text) =>
        $"unhex(list_aggregate(list_transform(string_split({text}, ''), lambda c: lpad(to_hex(unicode(c)), 2, '0')), 'string_agg', ''))";
}
