using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>Reads statistics JSON as far as it is needed.</summary>
internal static class StatsText
{
    /// <summary>numRecords, or null where the text has none or is not JSON: statistics are never trusted to be well-formed.</summary>
    internal static long? NumRecords(string? stats)
    {
        return string.IsNullOrEmpty(stats) ? null : NumRecords(Encoding.UTF8.GetBytes(stats));
    }

    /// <summary>The same of UTF-8.</summary>
    internal static long? NumRecords(ReadOnlySpan<byte> stats)
    {
        try
        {
            var reader = new Utf8JsonReader(stats);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var wanted = reader.ValueTextEquals("numRecords"u8);
                reader.Read();
                if (wanted)
                    return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) ? value : null;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Optional by the protocol: text that cannot be read is text that is not there.
        }
        return null;
    }
}
