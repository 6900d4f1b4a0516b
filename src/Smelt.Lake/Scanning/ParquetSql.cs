using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Pieces of SQL about Parquet files and Delta types.</summary>
internal static class ParquetSql
{
    /// <summary>A path that DuckDB takes for itself and not for a pattern (measured: <c>x[1].parquet</c> silently reads <c>x1.parquet</c>).</summary>
    internal static string EscapeGlob(string path)
    {
        if (path.AsSpan().IndexOfAny('[', '?', '*') < 0)
            return path;
        return string.Concat(path.Select(c => c is '[' or '?' or '*' ? $"[{c}]" : c.ToString()));
    }

    /// <summary>DuckDB's type for a Delta type; nested fields by their physical names where asked.</summary>
    /// <exception cref="UnsupportedProtocolException">A type that is not supported.</exception>
    internal static string TypeOf(string table, DeltaType type, bool physical = false) => type switch
    {
        DecimalType d => $"DECIMAL({d.Precision},{d.Scale})",
        ArrayType a => TypeOf(table, a.Element, physical) + "[]",
        MapType m => $"MAP({TypeOf(table, m.Key, physical)}, {TypeOf(table, m.Value, physical)})",
        StructType s => $"STRUCT({string.Join(", ", s.Fields.Select(f => $"{SqlText.Identifier(physical ? f.PhysicalName : f.Name)} {TypeOf(table, f.Type, physical)}"))})",
        PrimitiveType p => p.Name switch
        {
            "string" => "VARCHAR",
            "long" => "BIGINT",
            "integer" => "INTEGER",
            "short" => "SMALLINT",
            "byte" => "TINYINT",
            "float" => "FLOAT",
            "double" => "DOUBLE",
            "boolean" => "BOOLEAN",
            "binary" => "BLOB",
            "date" => "DATE",
            "timestamp" => "TIMESTAMP WITH TIME ZONE",
            "timestamp_ntz" => "TIMESTAMP",
            // DuckDB has no column without a type; every value is NULL.
            "void" => "INTEGER",
            var other => throw new UnsupportedProtocolException(table, forWriting: false, [$"the type '{other}'"]),
        },
        _ => throw new UnsupportedProtocolException(table, forWriting: false, [$"the type '{type}'"]),
    };
}
