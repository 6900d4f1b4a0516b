using System.Globalization;
using System.Text;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Builds the SQL of a scan. Files are read in up to two groups: those without deletion vectors, and those with, which are anti-joined. Partition values are constants
/// where all files of a group agree, and a join on <c>file_index</c> where not. A plain table is one <c>read_parquet</c> and nothing else.
/// </summary>
internal sealed partial class ScanBuilder(DeltaTable table, TableMetadata metadata)
{
    private readonly TableMetadata _metadata = metadata;
    private readonly string _vectorTable = $"smelt_dv_{Guid.NewGuid():N}";
    private readonly List<ScanVector> _vectors = [];
    private readonly Lazy<string> _columns = new(() => PhysicalColumns.Of(table.Folder, metadata));

    internal ScanBuilder(DeltaTable table, Snapshot snapshot) : this(table, snapshot.Metadata)
    {
    }

    /// <summary>Whether columns are found by their physical names whatever the table's mapping is: change files have a column that no id stands for.</summary>
    internal bool ByName { get; init; }

    /// <summary>The number of each file in <see cref="RowPlace"/>; null where rows come without their places.</summary>
    internal Func<AddFile, int>? NumberOf { get; init; }

    private bool WithRowIds => NumberOf is not null && RowTrackingColumns.Of(_metadata) is not null;

    /// <param name="files">Read whole, but for their deleted rows.</param>
    /// <param name="picks">Files of which only some rows are read.</param>
    internal TableScan Build(IReadOnlyList<AddFile> files, params IReadOnlyList<RowPick> picks)
    {
        var plain = files.Where(f => f.DeletionVector is not { Cardinality: > 0 }).ToList();
        var masked = files.Where(f => f.DeletionVector is { Cardinality: > 0 }).ToList();
        var parts = new List<string>();
        // Files that are exactly as the schema says are read as they are: with a schema given, DuckDB loses their statistics and takes twice the time (measured).
        foreach (var group in plain.GroupBy(f => IsExact(f) && !WithRowIds).OrderByDescending(g => g.Key))
            parts.Add(Group([.. group], withVectors: false));
        if (masked.Count > 0)
            parts.Add(Group(masked, withVectors: true));
        if (picks.Count > 0)
            parts.Add(Group([.. picks.Select(p => p.File)], withVectors: false) + Picked(picks));
        return new TableScan
        {
            Sql = parts.Count == 0 ? Empty() : string.Join(" UNION ALL ", parts),
            Schema = _metadata.Schema,
            Files = files,
            Vectors = _vectors,
            VectorTable = _vectorTable,
            Table = table,
            Suspects = LegacyCalendar.Suspects(_metadata, [.. files, .. picks.Select(p => p.File)]),
            Metadata = _metadata,
        };
    }

    private string Empty()
    {
        var columns = _metadata.Schema.Fields.Select(f => $"CAST(NULL AS {ParquetSql.TypeOf(table.Folder, f.Type)}) AS {SqlText.Identifier(f.Name)}");
        string[] places = NumberOf is null ? [] : WithRowIds ? [RowPlace.Column, RowPlace.RowId, RowPlace.CommitVersion] : [RowPlace.Column];
        return $"SELECT {string.Join(", ", columns.Concat(places.Select(p => $"CAST(NULL AS BIGINT) AS {p}")))} WHERE false";
    }

    private string Group(List<AddFile> files, bool withVectors)
    {
        var partitions = _metadata.PartitionColumns.Select(p => _metadata.Schema.Find(p) ?? throw Unknown(p)).ToList();
        var constant = (!WithRowIds || files.Count == 1) && files.TrueForAll(f => partitions.TrueForAll(p => Value(f, p) == Value(files[0], p)));
        var columns = _metadata.Schema.Fields.Select(f =>
            $"{(partitions.Contains(f) ? constant ? Literal(f, Value(files[0], f)) : $"smelt_p.{Column(partitions.IndexOf(f))}" : Data(f))} AS {SqlText.Identifier(f.Name)}");
        var sql = new StringBuilder($"SELECT {string.Join(", ", columns.Concat(Places(files, constant)))} FROM {Read(files, partitions)} AS smelt_r");
        if (!constant)
            sql.Append(CultureInfo.InvariantCulture, $" JOIN ({Values(files, partitions)}) AS smelt_p ON smelt_r.file_index = smelt_p.i");
        if (WithRowIds && _metadata.ColumnMapping == ColumnMappingMode.Id)
            sql.Append(CultureInfo.InvariantCulture, $" JOIN {ReadRowIds(files)} AS smelt_i ON smelt_r.file_index = smelt_i.file_index AND smelt_r.file_row_number = smelt_i.file_row_number");
        if (withVectors)
            sql.Append(CultureInfo.InvariantCulture, $" ANTI JOIN temp.main.{_vectorTable} AS smelt_d ON smelt_r.file_index + {Number(files)} = smelt_d.file AND smelt_r.file_row_number = smelt_d.\"row\"");
        return sql.ToString();
    }

    private string Picked(IReadOnlyList<RowPick> picks)
    {
        var first = _vectors.Count;
        for (var i = 0; i < picks.Count; i++)
            _vectors.Add(new ScanVector(first + i, picks[i].Rows, picks[i].But));
        return $" SEMI JOIN temp.main.{_vectorTable} AS smelt_d ON smelt_r.file_index + {first} = smelt_d.file AND smelt_r.file_row_number = smelt_d.\"row\"";
    }

    /// <summary>Registers the files' vectors under numbers that follow those taken already; gives the first.</summary>
    private int Number(List<AddFile> files)
    {
        var first = _vectors.Count;
        for (var i = 0; i < files.Count; i++)
            _vectors.Add(new ScanVector(first + i, files[i].DeletionVector!));
        return first;
    }

    private static string Data(DeltaField field) =>
        field.Type == DeltaType.Void ? "CAST(NULL AS INTEGER)" : FieldRename.Sql($"smelt_r.{SqlText.Identifier(field.PhysicalName)}", field.Type, toPhysical: false);

    private string Read(List<AddFile> files, List<DeltaField> partitions)
    {
        var data = _metadata.Schema.Fields.Where(f => f.Type != DeltaType.Void && !partitions.Contains(f)).ToList();
        var byId = !ByName && _metadata.ColumnMapping == ColumnMappingMode.Id;
        var columns = string.Join(", ", data.Select(f => $"{Key(f, byId)}: {{name: {SqlText.Literal(f.PhysicalName)}, type: {SqlText.Literal(ParquetSql.TypeOf(table.Folder, f.Type, physical: true))}, default_value: NULL}}"));
        // A table of partition columns only still has rows to count.
        if (WithRowIds && !byId)
            columns = string.Join(", ", RowIdColumns().Append(columns).Where(c => c.Length > 0));
        var schema = columns.Length == 0 || !WithRowIds && files.TrueForAll(IsExact) ? "" : $", schema=MAP {{{columns}}}";
        return $"read_parquet([{Paths(files)}]{schema}, hive_partitioning=false)";
    }

    private string Paths(List<AddFile> files) => string.Join(", ", files.Select(f => SqlText.Literal(ParquetSql.EscapeGlob(FilePath.Locate(table, f.Path)))));

    private bool IsExact(AddFile file) => file.Tags is not null && file.Tags.GetValueOrDefault(PhysicalColumns.Tag) == _columns.Value;

    private static string Key(DeltaField field, bool byId) =>
        byId ? (field.Id ?? throw new FormatException($"column '{field.Name}' has no id")).ToString(CultureInfo.InvariantCulture) : SqlText.Literal(field.PhysicalName);

    private string Values(List<AddFile> files, List<DeltaField> partitions)
    {
        var rows = files.Select((f, i) => $"({i}{string.Concat(partitions.Select(p => $", {(Value(f, p) is { } v ? SqlText.Literal(v) : "CAST(NULL AS VARCHAR)")}"))}{(WithRowIds ? $", {Id(f.BaseRowId)}, {Id(f.DefaultRowCommitVersion)}" : "")})");
        var names = string.Concat(partitions.Select((_, n) => $", t{n}")) + (WithRowIds ? ", base, version" : "");
        var typed = string.Concat(partitions.Select((p, n) => $", {PartitionSql.Cast($"t{n}", ParquetSql.TypeOf(table.Folder, p.Type), p.Type)} AS {Column(n)}"));
        return $"SELECT i{typed}{(WithRowIds ? ", base, version" : "")} FROM (VALUES {string.Join(", ", rows)}) AS v(i{names})";
    }

    private string Literal(DeltaField field, string? value) =>
        PartitionSql.Cast(value is null ? "NULL" : SqlText.Literal(value), ParquetSql.TypeOf(table.Folder, field.Type), field.Type);

    private static string Column(int number) => $"c{number}";

    /// <summary>The partition value; the protocol has no empty text, it is NULL.</summary>
    private static string? Value(AddFile file, DeltaField field) => file.PartitionValues.GetValueOrDefault(field.PhysicalName) is { Length: > 0 } text ? text : null;

    private DeltaLogException Unknown(string column) =>
        new(DeltaLogFault.Corrupt, table.Folder, $"the partition column '{column}' is not in the schema");
}
