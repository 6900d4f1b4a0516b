using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>Files of the change data feed.</content>
public sealed partial class DataFileWriter
{
    /// <summary>The COPY statement for rows with a <c>_change_type</c>: the data files' columns and that one.</summary>
    internal string ChangeCopySql(string query, IReadOnlyList<string> columns)
    {
        var folder = Table.Lake.Store.Locate(FilePath.Key(Table.Folder, ChangeFeedColumns.Folder));
        return Copy(query, columns, RowOrigin.Changes, [(ChangeFeedColumns.ChangeType, ChangeFeedColumns.ChangeType)], folder, "cdc");
    }

    /// <summary>What the COPY wrote, made durable.</summary>
    internal async ValueTask<IReadOnlyList<ChangeFile>> ChangeFilesAsync(DuckDbResult copied, CancellationToken cancel)
    {
        var files = new List<ChangeFile>();
        var keys = new List<string>();
        foreach (var file in CopiedFile.ReadAll(copied, Table.Lake.Store.Locate(Table.Folder)))
        {
            var key = FilePath.Key(Table.Folder, file.RelativePath);
            if (file.Rows == 0)
            {
                await Table.Lake.Store.DeleteAsync(key, cancel);
                continue;
            }
            keys.Add(key);
            files.Add(new ChangeFile
            {
                Path = FilePath.Encode(file.RelativePath),
                PartitionValues = PartitionText.Of(Definition.Metadata, file.PartitionKeys),
                Size = file.Bytes,
            });
        }
        if (keys.Count > 0)
            await Table.Lake.Store.MakeDurableAsync(keys, cancel);
        return files;
    }
}
