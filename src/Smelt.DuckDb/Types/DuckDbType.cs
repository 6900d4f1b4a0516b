using System.Globalization;

namespace Smelt.DuckDb;

/// <summary>DuckDB's type numbers (<c>duckdb_type</c>).</summary>
public enum DuckDbTypeId
{
    Invalid = 0, Boolean = 1, TinyInt = 2, SmallInt = 3, Integer = 4, BigInt = 5, UTinyInt = 6, USmallInt = 7, UInteger = 8, UBigInt = 9,
    Float = 10, Double = 11, Timestamp = 12, Date = 13, Time = 14, Interval = 15, HugeInt = 16, Varchar = 17, Blob = 18, Decimal = 19,
    TimestampS = 20, TimestampMs = 21, TimestampNs = 22, Enum = 23, List = 24, Struct = 25, Map = 26, Uuid = 27, Union = 28, Bit = 29,
    TimeTz = 30, TimestampTz = 31, UHugeInt = 32, Array = 33, Any = 34, BigNum = 35, SqlNull = 36, TimeNs = 39, Geometry = 40, Variant = 41,
}

/// <summary>A named part of a STRUCT or UNION, or the element of a list (<c>element</c>) or map (<c>key</c>, <c>value</c>).</summary>
public sealed record DuckDbField(string Name, DuckDbType Type);

/// <summary>A DuckDB type as a value; <see cref="ToString"/> is its SQL.</summary>
public sealed partial class DuckDbType : IEquatable<DuckDbType>
{
    private DuckDbType(DuckDbTypeId id, IReadOnlyList<DuckDbField>? fields = null, byte width = 0, byte scale = 0, int size = 0, string? alias = null, IReadOnlyList<string>? members = null)
    {
        (Id, Fields, Width, Scale, Size, Alias, Members) = (id, fields ?? [], width, scale, size, alias, members ?? []);
    }

    public DuckDbTypeId Id { get; }

    public IReadOnlyList<DuckDbField> Fields { get; }

    /// <summary>DECIMAL's precision, 1 to 38.</summary>
    public byte Width { get; }

    /// <summary>DECIMAL's scale.</summary>
    public byte Scale { get; }

    /// <summary>ARRAY's fixed length.</summary>
    public int Size { get; }

    /// <summary>The name of a type that is stored as another, such as JSON over VARCHAR.</summary>
    public string? Alias { get; }

    /// <summary>ENUM's texts in order.</summary>
    public IReadOnlyList<string> Members { get; }

    public bool IsJson => Alias == "JSON";

    public static DuckDbType Boolean { get; } = new(DuckDbTypeId.Boolean);
    public static DuckDbType TinyInt { get; } = new(DuckDbTypeId.TinyInt);
    public static DuckDbType SmallInt { get; } = new(DuckDbTypeId.SmallInt);
    public static DuckDbType Integer { get; } = new(DuckDbTypeId.Integer);
    public static DuckDbType BigInt { get; } = new(DuckDbTypeId.BigInt);
    public static DuckDbType HugeInt { get; } = new(DuckDbTypeId.HugeInt);
    public static DuckDbType Float { get; } = new(DuckDbTypeId.Float);
    public static DuckDbType Double { get; } = new(DuckDbTypeId.Double);
    public static DuckDbType Varchar { get; } = new(DuckDbTypeId.Varchar);
    public static DuckDbType Blob { get; } = new(DuckDbTypeId.Blob);
    public static DuckDbType Date { get; } = new(DuckDbTypeId.Date);
    public static DuckDbType Timestamp { get; } = new(DuckDbTypeId.Timestamp);
    public static DuckDbType TimestampTz { get; } = new(DuckDbTypeId.TimestampTz);
    public static DuckDbType Any { get; } = new(DuckDbTypeId.Any);

    public static DuckDbType Simple(DuckDbTypeId id) => new(id);

    public static DuckDbType Decimal(byte width, byte scale) => new(DuckDbTypeId.Decimal, width: width, scale: scale);

    public static DuckDbType List(DuckDbType element) => new(DuckDbTypeId.List, [new DuckDbField("element", element)]);

    public static DuckDbType Map(DuckDbType key, DuckDbType value) =>
        new(DuckDbTypeId.Map, [new DuckDbField("key", key), new DuckDbField("value", value)]);

    public static DuckDbType Struct(IReadOnlyList<DuckDbField> fields) => new(DuckDbTypeId.Struct, fields);

    public override string ToString() => Id switch
    {
        _ when Alias is not null => Alias,
        DuckDbTypeId.Decimal => string.Create(CultureInfo.InvariantCulture, $"DECIMAL({Width},{Scale})"),
        DuckDbTypeId.List => Fields[0].Type + "[]",
        DuckDbTypeId.Array => string.Create(CultureInfo.InvariantCulture, $"{Fields[0].Type}[{Size}]"),
        DuckDbTypeId.Map => $"MAP({Fields[0].Type}, {Fields[1].Type})",
        DuckDbTypeId.Struct => $"STRUCT({FieldList()})",
        DuckDbTypeId.Union => $"UNION({FieldList()})",
        DuckDbTypeId.Enum => $"ENUM({string.Join(", ", Members.Select(SqlText.Literal))})",
        DuckDbTypeId.TimestampTz => "TIMESTAMP WITH TIME ZONE",
        DuckDbTypeId.TimeTz => "TIME WITH TIME ZONE",
        DuckDbTypeId.TimestampS => "TIMESTAMP_S",
        DuckDbTypeId.TimestampMs => "TIMESTAMP_MS",
        DuckDbTypeId.TimestampNs => "TIMESTAMP_NS",
        DuckDbTypeId.TimeNs => "TIME_NS",
        DuckDbTypeId.SqlNull => "\"NULL\"",
        _ => Id.ToString().ToUpperInvariant(),
    };

    public bool Equals(DuckDbType? other) => other is not null && ToString() == other.ToString();

    public override bool Equals(object? obj) => Equals(obj as DuckDbType);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private string FieldList() => string.Join(", ", Fields.Select(static f => SqlText.Identifier(f.Name) + " " + f.Type));
}
