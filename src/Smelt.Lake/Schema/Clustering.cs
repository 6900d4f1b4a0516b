using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// The columns by which a table's rows lie together (PROTOCOL.md, "Clustered Table"): paths of physical names in the domain <c>delta.clustering</c>, so that a renamed
/// column stays one.
/// </summary>
internal static class Clustering
{
    internal const string Domain = "delta.clustering";

    /// <summary>As many columns as Delta allows.</summary>
    internal const int MostColumns = 4;

    /// <summary>What <c>clusteringProvider</c> of a clustered file says.</summary>
    internal const string Provider = "liquid";

    /// <summary>Physical paths, or an empty list where the table is not clustered. A domain without columns (CLUSTER BY NONE) is such a table.</summary>
    /// <exception cref="DeltaLogException">The domain is not in the protocol's form.</exception>
    internal static IReadOnlyList<ColumnPath> Of(Snapshot snapshot)
    {
        if (snapshot.Domains.GetValueOrDefault(Domain) is not { } domain)
            return [];
        try
        {
            using var json = JsonDocument.Parse(domain.Configuration);
            // The specification's example has plain texts; Delta itself writes lists of names.
            return [.. json.RootElement.GetProperty("clusteringColumns").EnumerateArray().Select(c => c.ValueKind == JsonValueKind.String
                ? new ColumnPath([c.GetString()!]) : new ColumnPath([.. c.EnumerateArray().Select(p => p.GetString()!)]))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, snapshot.Folder, $"the domain {Domain} cannot be read: {e.Message}", inner: e);
        }
    }

    /// <summary>The columns by their names in the schema, as people write them.</summary>
    internal static IEnumerable<string> LogicalNames(Snapshot snapshot)
    {
        foreach (var column in Of(snapshot))
        {
            var names = new List<string>();
            DeltaType? type = snapshot.Schema;
            foreach (var physical in column.Names)
            {
                var field = (type as StructType)?.Fields.FirstOrDefault(f => f.PhysicalName == physical);
                names.Add(field?.Name ?? physical);
                type = field?.Type;
            }
            yield return string.Join('.', names);
        }
    }

    internal static DomainMetadata Write(IReadOnlyList<ColumnPath> columns)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, LogJson.Writer))
        {
            json.WriteStartObject();
            json.WriteStartArray("clusteringColumns");
            foreach (var column in columns)
            {
                json.WriteStartArray();
                foreach (var name in column.Names)
                    json.WriteStringValue(name);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteString("domainName", Domain);
            json.WriteEndObject();
        }
        return new DomainMetadata(Domain, Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
