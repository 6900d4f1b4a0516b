using System.Globalization;
using System.Text;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>The COPY statement.</content>
public sealed partial class DataFileWriter
{
    public partial string CopySql(string query, IReadOnlyList<string> columns) => Copy(query, columns, Rows, Hidden, Table.Lake.Store.Locate(Table.Folder), "part");

    /// <param name="query">A SELECT.</param>
    /// <param name="columns">Its columns that are the table's.</param>
    /// <param name="rows">Where the rows come from.</param>
    /// <param name="hidden">Columns that the table's schema does not have: name in the file, and in the query.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="prefix">What their names begin with.</param>
    private string Copy(string query, IReadOnlyList<string> columns, RowOrigin rows, IReadOnlyList<(string Name, string Column)> hidden, string folder, string prefix)
    {
        var given = columns.ToDictionary(c => c, StringComparer.OrdinalIgnoreCase);
        var schema = Definition.Metadata.Schema;
        if (!ColumnDuty.HasNone(Definition.Metadata))
        {
            var duties = new WriteDuties(Table, Definition.Metadata);
            query = duties.Around(query, given, rows, hidden.Select(h => h.Column));
            _numbered = rows == RowOrigin.New ? [.. duties.Identities().Where(i => !given.ContainsKey(i.Field.Name))] : [];
            given = schema.Fields.ToDictionary(f => f.Name, f => f.Name, StringComparer.OrdinalIgnoreCase);
        }
        var written = schema.Fields.Where(f => f.Type != DeltaType.Void).ToList();
        var select = written.Select(f => $"{Value(f, given)} AS {SqlText.Identifier(f.PhysicalName)}")
            .Concat(hidden.Select(h => $"smelt_rows.{SqlText.Identifier(h.Column)} AS {SqlText.Identifier(h.Name)}"));
        return $"COPY (SELECT {string.Join(", ", select)} FROM ({query}) AS smelt_rows) TO {SqlText.Literal(folder)} ({Options(written, prefix)})";
    }

    private string Value(DeltaField field, Dictionary<string, string> given)
    {
        var type = ParquetSql.TypeOf(Table.Folder, field.Type);
        if (!given.TryGetValue(field.Name, out var column))
            return $"CAST(NULL AS {ParquetSql.TypeOf(Table.Folder, field.Type, physical: true)})";
        var value = $"CAST(smelt_rows.{SqlText.Identifier(column)} AS {type})";
        // The protocol has no empty partition value: it is the same as NULL.
        if (field.Type == DeltaType.String && IsPartition(field))
            return $"NULLIF({value}, '')";
        return FieldRename.Sql(value, field.Type, toPhysical: true);
    }

    private string Options(List<DeltaField> written, string prefix)
    {
        var options = new StringBuilder("FORMAT parquet, COMPRESSION zstd, RETURN_STATS, APPEND, ");
        options.Append("FILENAME_PATTERN ").Append(SqlText.Literal($"{prefix}-{Attempt}-{{uuid}}"));
        var partitions = Definition.Metadata.PartitionColumns.Select(p => Definition.Metadata.Schema.Find(p)!.PhysicalName).ToList();
        if (partitions.Count > 0)
            options.Append(", PARTITION_BY (").AppendJoin(", ", partitions.Select(p => SqlText.Identifier(p))).Append(')');
        else
            options.Append(CultureInfo.InvariantCulture, $", FILE_SIZE_BYTES {TargetFileBytes}");
        var rows = Math.Min(RowGroupRows, RowsByColumns(written));
        if (rows < UsualRowGroupRows)
            options.Append(CultureInfo.InvariantCulture, $", ROW_GROUP_SIZE {rows}");
        if (Definition.Metadata.ColumnMapping != ColumnMappingMode.None)
            options.Append(", FIELD_IDS {").AppendJoin(", ", written.Where(f => !IsPartition(f)).Select(Ids)).Append('}');
        return options.ToString();
    }

    /// <summary>
    /// A table of hundreds of columns gets smaller row groups, in steps of a vector.
    /// </summary>
    private static int RowsByColumns(List<DeltaField> written)
    {
        const int columnsOfUsual = 64, vector = 2048;
        var columns = written.Sum(f => Leaves(f.Type));
        return columns <= columnsOfUsual ? UsualRowGroupRows : Math.Max(4, UsualRowGroupRows / vector * columnsOfUsual / columns) * vector;
    }

    private static int Leaves(DeltaType type) => type switch
    {
        StructType s => s.Fields.Sum(f => Leaves(f.Type)),
        ArrayType a => Leaves(a.Element),
        MapType m => Leaves(m.Key) + Leaves(m.Value),
        _ => 1,
    };

    private bool IsPartition(DeltaField field) => Definition.Metadata.PartitionColumns.Contains(field.Name);

    private static string Ids(DeltaField field) => $"{SqlText.Identifier(field.PhysicalName)}: {Ids(field.Id, field.Type)}";

    /// <summary>The field's own id and those within; list elements, keys and values have none in Delta.</summary>
    private static string Ids(int? id, DeltaType type)
    {
        List<string> inner = type switch
        {
            StructType s => [.. s.Fields.Select(Ids)],
            ArrayType a when HasIds(a.Element) => [$"element: {Ids(null, a.Element)}"],
            MapType m => [.. Of("key", m.Key), .. Of("value", m.Value)],
            _ => [],
        };
        if (inner.Count == 0)
            return id?.ToString(CultureInfo.InvariantCulture) ?? "{}";
        if (id is not null)
            inner.Insert(0, $"__duckdb_field_id: {id}");
        return $"{{{string.Join(", ", inner)}}}";
    }

    private static IEnumerable<string> Of(string part, DeltaType type) => HasIds(type) ? [$"{part}: {Ids(null, type)}"] : [];

    private static bool HasIds(DeltaType type) => type.Any(t => t is StructType);
}
