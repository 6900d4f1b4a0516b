using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>A folder of Parquet files that is to become a table: its files, columns and Hive partitions.</summary>
internal sealed class ParquetFolder
{
    private const string NullPartition = "__HIVE_DEFAULT_PARTITION__";

    private readonly DeltaTable _table;
    private readonly DuckDbConnection _connection;
    private readonly List<ObjectInfo> _files;
    private readonly IReadOnlyList<ColumnSpec> _partitions;

    private ParquetFolder(DeltaTable table, DuckDbConnection connection, List<ObjectInfo> files, IReadOnlyList<ColumnSpec> partitions) =>
        (_table, _connection, _files, _partitions) = (table, connection, files, partitions);

    /// <summary>Lists the files; hidden ones are no part of it.</summary>
    /// <exception cref="DmlRefusedException">There are none, or their folders are not the partitions that were named.</exception>
    internal static async ValueTask<ParquetFolder> OpenAsync(DeltaTable table, DuckDbConnection connection, IReadOnlyList<ColumnSpec> partitions, CancellationToken cancel)
    {
        var files = (await table.Lake.Store.ListAsync(table.Folder, recursive: true, cancel: cancel)).Where(o => IsData(Below(table, o.Key), partitions)).ToList();
        if (files.Count == 0)
            throw new DmlRefusedException(DmlRefusal.NoTable, $"there is no Parquet file in '{table.Folder}'");
        var folder = new ParquetFolder(table, connection, files, partitions);
        foreach (var file in files)
            folder.Values(file);
        return folder;
    }

    internal IReadOnlyList<ObjectInfo> Files => _files;

    /// <summary>Columns of the files, of all together, with the partitions'.</summary>
    internal (IReadOnlyList<ColumnSpec> Columns, IReadOnlyList<SchemaProblem> Problems) Columns()
    {
        using var shape = _connection.Query($"SELECT * FROM read_parquet([{Paths()}], union_by_name=true, hive_partitioning=false) LIMIT 0");
        var (columns, problems) = ColumnTyping.OfAll(shape.Columns);
        return ([.. columns.Where(c => !_partitions.Any(p => Same(p.Name, c.Name))), .. _partitions], problems);
    }

    /// <summary>The files as a table's, with row counts and, where asked, bounds of every column that the table indexes.</summary>
    internal List<AddFile> Adds(TableDefinition definition, bool statistics)
    {
        var writer = new FileStatistics(definition);
        var measured = Measured(definition, statistics);
        return _files.ConvertAll(f =>
        {
            var copied = measured[_table.Lake.Store.Locate(f.Key)] with { RelativePath = Below(_table, f.Key), Bytes = f.Size };
            return new AddFile
            {
                Path = FilePath.Encode(Below(_table, f.Key)),
                PartitionValues = Values(f).ToDictionary(v => definition.Metadata.Schema.Find(v.Key)!.PhysicalName, v => v.Value, StringComparer.Ordinal),
                Size = f.Size,
                ModificationTime = f.ModifiedMs,
                DataChange = true,
                Stats = writer.Json(copied),
            };
        });
    }

    private Dictionary<string, CopiedFile> Measured(TableDefinition definition, bool statistics)
    {
        var fields = statistics ? definition.Metadata.Schema.Fields.Where(f => f.Type is PrimitiveType or DecimalType && f.Type != DeltaType.Void && !_partitions.Any(p => Same(p.Name, f.Name))).ToList() : [];
        var select = string.Concat(fields.Select(f => Measures(f)));
        var found = new Dictionary<string, CopiedFile>(StringComparer.Ordinal);
        using var rows = _connection.Query($"SELECT filename, count(*){select} FROM read_parquet([{Paths()}], union_by_name=true, hive_partitioning=false, filename=true) GROUP BY filename");
        while (rows.Next())
            for (var row = 0; row < rows.Chunk.RowCount; row++)
            {
                var columns = new Dictionary<string, Dictionary<string, string?>>(StringComparer.Ordinal);
                for (var i = 0; i < fields.Count; i++)
                    columns[SqlText.Identifier(fields[i].PhysicalName)] = Texts(rows.Chunk, row, 2 + i * 4);
                found[rows.Chunk[0].Text(row)] = new CopiedFile("", Convert.ToInt64(rows.Chunk[1].Value(row), CultureInfo.InvariantCulture), 0, columns, []);
            }
        foreach (var file in _files)
            found.TryAdd(_table.Lake.Store.Locate(file.Key), new CopiedFile("", 0, 0, new Dictionary<string, Dictionary<string, string?>>(), []));
        return found;
    }

    /// <summary>As DuckDB's writer tells them (see <see cref="CopiedFile"/>): smallest, largest, NULLs, whether there is a NaN.</summary>
    private static string Measures(DeltaField field)
    {
        var column = SqlText.Identifier(field.Name);
        var real = field.Type == DeltaType.Float || field.Type == DeltaType.Double;
        var value = real ? $"CASE WHEN isnan({column}) THEN NULL ELSE {column} END" : column;
        var text = field.Type == DeltaType.Boolean ? "CAST(CAST({0} AS TINYINT) AS VARCHAR)" : field.Type == DeltaType.Binary ? "hex({0})" : "CAST({0} AS VARCHAR)";
        return $", {string.Format(CultureInfo.InvariantCulture, text, $"min({value})")}, {string.Format(CultureInfo.InvariantCulture, text, $"max({value})")}, "
            + $"CAST(count(*) - count({column}) AS VARCHAR), {(real ? $"CASE WHEN bool_or(isnan({column})) THEN 'true' ELSE 'false' END" : "NULL")}";
    }

    private static Dictionary<string, string?> Texts(DataChunk chunk, int row, int at)
    {
        var texts = new Dictionary<string, string?>(StringComparer.Ordinal);
        string[] names = ["min", "max", "null_count", "has_nan"];
        for (var i = 0; i < names.Length; i++)
            if (!chunk[at + i].IsNull(row))
                texts[names[i]] = Convert.ToString(chunk[at + i].Value(row), CultureInfo.InvariantCulture);
        return texts;
    }

    private string Paths() => string.Join(", ", _files.Select(f => SqlText.Literal(ParquetSql.EscapeGlob(_table.Lake.Store.Locate(f.Key)))));

    /// <summary>A file's partition values from its folders, in the order named.</summary>
    private Dictionary<string, string?> Values(ObjectInfo file)
    {
        var folders = Below(_table, file.Key).Split('/')[..^1];
        var named = folders.Select(f => f.Split('=', 2)).ToList();
        if (named.Count != _partitions.Count || !named.Zip(_partitions).All(p => p.First.Length == 2 && Same(Uri.UnescapeDataString(p.First[0]), p.Second.Name)))
            throw new DmlRefusedException(DmlRefusal.Column, $"the file '{Below(_table, file.Key)}' does not lie in folders of the partitions ({string.Join(", ", _partitions.Select(p => p.Name))}) that were named; "
                + "name the partition columns as the folders have them: PARTITIONED BY (name type, …)");
        return named.Zip(_partitions).ToDictionary(p => p.Second.Name, p => Uri.UnescapeDataString(p.First[1]) is NullPartition ? null : Uri.UnescapeDataString(p.First[1]), StringComparer.Ordinal);
    }

    private static bool IsData(string below, IReadOnlyList<ColumnSpec> partitions) =>
        below.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)
        && below.Split('/').All(p => p[0] is not ('_' or '.') || partitions.Any(c => p.StartsWith(c.Name + "=", StringComparison.OrdinalIgnoreCase)));

    private static string Below(DeltaTable table, string key) => table.Folder.Length == 0 ? key : key[(table.Folder.Length + 1)..];

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
