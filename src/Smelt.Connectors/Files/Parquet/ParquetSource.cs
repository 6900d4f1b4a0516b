using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>Batches of Parquet files, read by DuckDB: columns by name, and files whose types differ brought to one type value by value, what that does not hold exactly rescued.</summary>
static class ParquetSource
{
    /// <summary>Files with the same columns in the same types, in the batch's order. <paramref name="Names"/> are the schema's names of the file's columns.</summary>
    sealed record FileGroup(IReadOnlyList<DuckDbColumn> Columns, string[] Names, List<SourceFile> Files);

    public static SourceSchema Infer(ReadRequest request, IReadOnlyList<SourceColumn>? known, IReadOnlyList<SourceColumn> hints)
    {
        var types = new Dictionary<string, DuckDbType>(StringComparer.OrdinalIgnoreCase);
        foreach (var column in known ?? []) types[column.Name] = column.Type;
        var names = new List<string>();
        var present = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var group in Groups(request))
        {
            for (var i = 0; i < group.Names.Length; i++)
            {
                var (name, type) = (group.Names[i], group.Columns[i].Type);
                present.Add(name);
                if (!types.TryGetValue(name, out var before)) names.Add(name);
                var isKnown = known?.Any(k => k.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) == true;
                types[name] = before is null ? type : isKnown ? Grow(before, type) : Common(request.Connection, before, type);
            }
        }
        var evolved = (known ?? []).Where(k => !types[k.Name].Equals(k.Type)).Select(k => k with { Type = types[k.Name], IsEvolved = true });
        return SchemaInference.Combine(known, hints, evolved.Concat(names.Select(n => new SourceColumn(n, types[n]))), present);
    }

    /// <summary>The view's query: one branch for each group of files.</summary>
    public static string Select(ReadRequest request, SourceSchema schema)
    {
        var branches = Groups(request).Select(group => Branch(request, schema, group)).ToList();
        return branches.Count > 0 ? string.Join(" UNION ALL ", branches) : Empty(schema, request.Options.Metadata);
    }

    static List<FileGroup> Groups(ReadRequest request)
    {
        var groups = new Dictionary<string, FileGroup>(StringComparer.Ordinal);
        foreach (var file in request.Batch.Files)
        {
            request.Cancel.ThrowIfCancellationRequested();
            var columns = ColumnsOf(request, file);
            var key = string.Join('\n', columns.Select(c => SqlText.Identifier(c.Name) + c.Type));
            if (!groups.TryGetValue(key, out var group))
                groups.Add(key, group = new(columns, CsvHeader.Unique([.. columns.Select(c => c.Name)], request.Options.Metadata.Names), []));
            group.Files.Add(file);
        }
        return [.. groups.Values];
    }

    static IReadOnlyList<DuckDbColumn> ColumnsOf(ReadRequest request, SourceFile file)
    {
        FileBytes.Check(file, request.FullPath(file), request.Cancel);
        try
        {
            using var result = request.Connection.Query($"SELECT * FROM read_parquet({Literal(request.FullPath(file))}, hive_partitioning => false) LIMIT 0");
            return result.Columns;
        }
        catch (DuckDbException e) when (e.Kind is not DuckDbErrorKind.Interrupt and not DuckDbErrorKind.OutOfMemory)
        {
            throw new FileSourceException(FileFault.NotParquet, file.Path, $"{file.Path} cannot be read as Parquet: {e.Message.Split('\n')[0]}", e);
        }
    }

    static string Branch(ReadRequest request, SourceSchema schema, FileGroup group)
    {
        var metadata = request.Options.Metadata;
        var places = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < group.Names.Length; i++) places[group.Names[i]] = i;
        var columns = new List<string>();
        var rescued = new List<string>();
        foreach (var column in schema.Columns)
        {
            var value = $"NULL::{column.Type}";
            if (places.Remove(column.Name, out var place)) value = Value(group.Columns[place], column, rescued);
            columns.Add($"{value} AS {SqlText.Identifier(column.Name)}");
        }
        // What has no column of its own is kept as text.
        foreach (var place in places.Values.Order()) rescued.Add(RescuedPart(group.Names[place], SqlText.Identifier(group.Columns[place].Name), $"{SqlText.Identifier(group.Columns[place].Name)} IS NOT NULL"));
        var file = Identity(request);
        // DuckDB gives the row's number under this name, and not where the file has such a column.
        var hasNumber = group.Names.Contains("file_row_number", StringComparer.OrdinalIgnoreCase);
        if (metadata.RescuedData is { } rescuedName) columns.Add($"{RescuedObject(rescued, file)} AS {SqlText.Identifier(rescuedName)}");
        if (metadata.SourceFile is { } fileName) columns.Add($"{file} AS {SqlText.Identifier(fileName)}");
        if (metadata.SourceLine is { } lineName) columns.Add($"{(hasNumber ? "NULL::BIGINT" : "file_row_number + 1")} AS {SqlText.Identifier(lineName)}");
        var files = string.Join(", ", group.Files.Select(f => Literal(request.FullPath(f))));
        var rows = metadata.SourceLine is null || hasNumber ? "" : ", file_row_number => true";
        return $"SELECT {string.Join(", ", columns)} FROM read_parquet([{files}], hive_partitioning => false, filename => '__smelt_file'{rows})";
    }

    static string Value(DuckDbColumn from, SourceColumn to, List<string> rescued)
    {
        var name = SqlText.Identifier(from.Name);
        if (from.Type.Equals(to.Type)) return name;
        if (to.Type.Id == DuckDbTypeId.Varchar) return $"{name}::VARCHAR";
        var cast = $"TRY_CAST({name} AS {to.Type})";
        var fits = $"TRY_CAST({cast} AS {from.Type}) IS NOT DISTINCT FROM {name}";
        rescued.Add(RescuedPart(to.Name, name, $"NOT ({fits})"));
        return $"CASE WHEN {fits} THEN {cast} END";
    }

    static string RescuedPart(string name, string value, string condition) =>
        $"CASE WHEN {condition} THEN to_json({SqlText.Literal(name)})::VARCHAR || ':' || to_json({value}::VARCHAR)::VARCHAR END";

    static string RescuedObject(List<string> parts, string file)
    {
        if (parts.Count == 0) return "NULL::VARCHAR";
        var filled = $"concat_ws(',', {string.Join(", ", parts)})";
        return $"CASE WHEN {filled} <> '' THEN '{{' || {filled} || ',\"_file_path\":' || to_json({file})::VARCHAR || '}}' END";
    }

    static string Identity(ReadRequest request)
    {
        var root = Path.GetFullPath(request.PipelineFolder).TrimEnd('/') + "/";
        return $"CASE WHEN starts_with(__smelt_file, {SqlText.Literal(root)}) THEN substr(__smelt_file, {root.EnumerateRunes().Count() + 1}) ELSE __smelt_file END";
    }

    static string Empty(SourceSchema schema, MetadataColumns metadata)
    {
        var columns = new ScanLayout(schema, metadata).Columns.Select(c => $"NULL::{c.Type} AS {SqlText.Identifier(c.Name)}");
        return $"SELECT {string.Join(", ", columns)} WHERE false";
    }

    /// <summary>A path that means itself, though it may hold a pattern's characters.</summary>
    static string Literal(string path) => SqlText.Literal(path.Replace("[", "[[]", StringComparison.Ordinal).Replace("*", "[*]", StringComparison.Ordinal).Replace("?", "[?]", StringComparison.Ordinal));

    /// <summary>The type that two files' types have in common by DuckDB's rules; where there is none, the first file's.</summary>
    static DuckDbType Common(DuckDbConnection connection, DuckDbType first, DuckDbType second)
    {
        if (first.Equals(second)) return first;
        try
        {
            using var result = connection.Query($"SELECT NULL::{first} AS c UNION ALL SELECT NULL::{second} LIMIT 0");
            return result.Columns[0].Type;
        }
        catch (DuckDbException e) when (e.Kind is not DuckDbErrorKind.Interrupt) { return first; }
    }

    /// <summary>A known type with the new fields of its structs; all else stays as it is.</summary>
    static DuckDbType Grow(DuckDbType known, DuckDbType found)
    {
        if (known.Id == DuckDbTypeId.List && found.Id == DuckDbTypeId.List) return DuckDbType.List(Grow(known.Fields[0].Type, found.Fields[0].Type));
        if (known.Id != DuckDbTypeId.Struct || found.Id != DuckDbTypeId.Struct) return known;
        var fields = known.Fields.ToList();
        foreach (var field in found.Fields)
        {
            var place = fields.FindIndex(f => f.Name.Equals(field.Name, StringComparison.OrdinalIgnoreCase));
            if (place < 0) fields.Add(field);
            else fields[place] = new(fields[place].Name, Grow(fields[place].Type, field.Type));
        }
        return DuckDbType.Struct(fields);
    }
}
