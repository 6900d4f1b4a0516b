using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>How a column of a query becomes a column of a Delta table.</summary>
internal abstract record ColumnTyping
{
    private ColumnTyping()
    {
    }

    /// <summary>It has a Delta type. Writing casts to DuckDB's type for it, and a value that does not fit makes the cast, and so the query, fail.</summary>
    internal sealed record Typed(DeltaType Type) : ColumnTyping;

    /// <summary>It has none; the problem names the cast to write.</summary>
    internal sealed record Refused(SchemaProblem Problem) : ColumnTyping;

    /// <summary>The typing of a query's column.</summary>
    internal static ColumnTyping Of(string column, DuckDbType type)
    {
        try
        {
            return new Typed(Map(type));
        }
        catch (RefusedTypeException e)
        {
            return new Refused(new SchemaProblem(SchemaProblemKind.TypeRefused, column, $"column '{column}' has the type {type}, which Delta tables do not have: {e.Message}"));
        }
    }

    /// <summary>The columns of a query's result as a table would have them, and every column that it cannot have.</summary>
    internal static (IReadOnlyList<ColumnSpec> Columns, IReadOnlyList<SchemaProblem> Problems) OfAll(IEnumerable<DuckDbColumn> columns)
    {
        var specs = new List<ColumnSpec>();
        var problems = new List<SchemaProblem>();
        foreach (var column in columns)
        {
            switch (Of(column.Name, column.Type))
            {
                case Typed typed: specs.Add(new ColumnSpec(column.Name, typed.Type)); break;
                case Refused refused: problems.Add(refused.Problem); break;
            }
        }
        return (specs, problems);
    }

    private static DeltaType Map(DuckDbType type) => type.Id switch
    {
        DuckDbTypeId.Boolean => DeltaType.Boolean,
        DuckDbTypeId.TinyInt => DeltaType.Byte,
        DuckDbTypeId.SmallInt or DuckDbTypeId.UTinyInt => DeltaType.Short,
        DuckDbTypeId.Integer or DuckDbTypeId.USmallInt => DeltaType.Integer,
        // HUGEINT is what sum() of whole numbers gives; the cast to BIGINT fails where it overflows.
        DuckDbTypeId.BigInt or DuckDbTypeId.UInteger or DuckDbTypeId.HugeInt => DeltaType.Long,
        DuckDbTypeId.UBigInt => new DecimalType(20, 0),
        DuckDbTypeId.Float => DeltaType.Float,
        DuckDbTypeId.Double => DeltaType.Double,
        DuckDbTypeId.Decimal => new DecimalType(type.Width, type.Scale),
        DuckDbTypeId.Varchar or DuckDbTypeId.Uuid or DuckDbTypeId.Enum or DuckDbTypeId.Time or DuckDbTypeId.TimeTz => DeltaType.String,
        DuckDbTypeId.Blob => DeltaType.Binary,
        DuckDbTypeId.Date => DeltaType.Date,
        DuckDbTypeId.Timestamp or DuckDbTypeId.TimestampS or DuckDbTypeId.TimestampMs => DeltaType.TimestampNtz,
        DuckDbTypeId.TimestampTz => DeltaType.Timestamp,
        DuckDbTypeId.List or DuckDbTypeId.Array => new ArrayType(Map(type.Fields[0].Type)),
        DuckDbTypeId.Map => new MapType(Map(type.Fields[0].Type), Map(type.Fields[1].Type)),
        DuckDbTypeId.Struct => Struct(type),
        _ => throw new RefusedTypeException(Advice(type.Id)),
    };

    private static StructType Struct(DuckDbType type)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in type.Fields)
        {
            if (field.Name.Length == 0)
                throw new RefusedTypeException("a struct's field has no name; name it, say by struct_pack(name := …)");
            if (!names.Add(field.Name))
                throw new RefusedTypeException($"two of a struct's fields are called '{field.Name}' when case is ignored; rename one");
        }
        return new StructType([.. type.Fields.Select(f => new DeltaField(f.Name, Map(f.Type)))]);
    }

    private static string Advice(DuckDbTypeId id) => id switch
    {
        DuckDbTypeId.TimestampNs => "write CAST(… AS TIMESTAMP), which cuts to microseconds",
        DuckDbTypeId.TimeNs => "write CAST(… AS TIME), which cuts to microseconds",
        DuckDbTypeId.Interval => "write CAST(… AS VARCHAR), or epoch_us(…) where it is a span of time",
        DuckDbTypeId.UHugeInt or DuckDbTypeId.BigNum => "write CAST(… AS DECIMAL(38,0))",
        DuckDbTypeId.SqlNull => "it is NULL without a type; write CAST(NULL AS VARCHAR), or the type meant",
        _ => "write CAST(… AS VARCHAR)",
    };

    private sealed class RefusedTypeException(string advice) : Exception(advice);
}
