using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>What the COPY returned.</content>
public sealed partial class DataFileWriter
{
    internal async partial ValueTask<IReadOnlyList<AddFile>> FilesAsync(DuckDbResult copied, CancellationToken cancel)
    {
        var statistics = new FileStatistics(Definition);
        var tags = new Dictionary<string, string?> { [PhysicalColumns.Tag] = PhysicalColumns.Of(Table.Folder, Definition.Metadata) };
        var written = CopiedFile.ReadAll(copied, Table.Lake.Store.Locate(Table.Folder));
        var files = new List<AddFile>();
        var keys = new List<string>();
        foreach (var file in written)
        {
            var key = FilePath.Key(Table.Folder, file.RelativePath);
            if (file.Rows == 0)
            {
                // A query without rows still leaves one file; no commit will name it.
                await Table.Lake.Store.DeleteAsync(key, cancel);
                continue;
            }
            statistics.Check(file);
            keys.Add(key);
            files.Add(new AddFile
            {
                Path = FilePath.Encode(file.RelativePath),
                PartitionValues = PartitionText.Of(Definition.Metadata, file.PartitionKeys),
                Size = file.Bytes,
                ModificationTime = Table.Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
                DataChange = true,
                // The digest says that a file has the schema's columns and no other.
                Tags = Hidden.Count == 0 ? tags : null,
                Stats = statistics.Json(file),
            });
        }
        MoveMarks(written.Sum(f => f.Rows));
        if (keys.Count > 0)
        {
            if (Durability is { } later) later.Start(Table.Lake.Store, keys);
            else await Table.Lake.Store.MakeDurableAsync(keys, cancel);
        }
        return files;
    }

    /// <summary>Moves the identity columns' marks by the rows written.</summary>
    private void MoveMarks(long rows)
    {
        if (_numbered.Count == 0 || rows == 0)
            return;
        var schema = new StructType([.. Definition.Metadata.Schema.Fields.Select(f => _numbered.Find(n => n.Field.Name == f.Name) is { Identity: { } identity }
            ? f with { Metadata = f.Metadata.WithInteger(ColumnDuty.IdentityMark, identity.Next + (rows - 1) * identity.Step) } : f)]);
        Definition = Definition with { Metadata = Definition.Metadata with { SchemaString = SchemaJson.Write(schema) } };
    }
}

/// <summary>A row of COPY's RETURN_STATS.</summary>
/// <param name="RelativePath">Of the file, from the table's folder.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Columns">Statistics by column: its path as DuckDB writes it (<c>"s"."a"</c>) to names and texts.</param>
/// <param name="PartitionKeys">Partition column to text, null for NULL.</param>
internal sealed record CopiedFile(
    string RelativePath, long Rows, long Bytes, IReadOnlyDictionary<string, Dictionary<string, string?>> Columns, Dictionary<string, string?> PartitionKeys)
{
    internal static List<CopiedFile> ReadAll(DuckDbResult copied, string folder)
    {
        int At(string name) => copied.Columns.Select((c, i) => (c.Name, i)).First(c => c.Name == name).i;
        var (name, count, size, statistics, keys) = (At("filename"), At("count"), At("file_size_bytes"), At("column_statistics"), At("partition_keys"));
        var files = new List<CopiedFile>();
        while (copied.Next())
            for (var row = 0; row < copied.Chunk.RowCount; row++)
                files.Add(new CopiedFile(
                    copied.Chunk[name].Text(row)[(folder.Length + 1)..],
                    Convert.ToInt64(copied.Chunk[count].Value(row)),
                    Convert.ToInt64(copied.Chunk[size].Value(row)),
                    Map(copied.Chunk[statistics], row).ToDictionary(e => (string)e.Key, e => Texts((MapValue)e.Value!), StringComparer.Ordinal),
                    Texts(new MapValue(Map(copied.Chunk[keys], row)))));
        return files;
    }

    private static IReadOnlyList<KeyValuePair<object, object?>> Map(Vector vector, int row) => (vector.Value(row) as MapValue)?.Entries ?? [];

    private static Dictionary<string, string?> Texts(MapValue map) => map.Entries.ToDictionary(e => (string)e.Key, e => (string?)e.Value, StringComparer.Ordinal);
}
