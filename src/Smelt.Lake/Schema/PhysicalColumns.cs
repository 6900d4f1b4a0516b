using System.Security.Cryptography;
using System.Text;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// A digest of the columns and types of a table's data files, written as a tag of each file's <c>add</c> action: a file with today's digest has exactly today's columns,
/// and can be read without giving DuckDB a schema. Other writers' files have none and are always read by the table's schema.
/// </summary>
internal static class PhysicalColumns
{
    internal const string Tag = "smelt.columns";

    internal static string Of(string table, TableMetadata metadata)
    {
        var columns = metadata.Schema.Fields
            .Where(f => f.Type != DeltaType.Void && !metadata.PartitionColumns.Contains(f.Name))
            .Select(f => $"{SqlText.Identifier(f.PhysicalName)} {ParquetSql.TypeOf(table, f.Type, physical: true)}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(", ", columns))))[..12];
    }
}
