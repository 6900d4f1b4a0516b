using System.Text;

namespace Smelt.Connectors;

/// <summary>The content of quoted fields.</summary>
static class CsvText
{
    /// <summary>A field's text: as it stands, or with its escapes resolved into <paramref name="scratch"/>.</summary>
    public static ReadOnlySpan<byte> Content(byte[] buffer, CsvField field, CsvDialect dialect, scoped ref byte[] scratch)
    {
        var raw = buffer.AsSpan(field.Start, field.Length);
        if (!field.HasEscapes) return raw;
        if (scratch.Length < raw.Length) scratch = new byte[raw.Length * 2];
        var length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            // What follows an escape or a first quote stands for itself; a doubled quote for one.
            if ((raw[i] == dialect.Quote || raw[i] == dialect.Escape) && i + 1 < raw.Length) i++;
            scratch[length++] = raw[i];
        }
        return scratch.AsSpan(0, length);
    }

    public static string String(byte[] buffer, CsvField field, CsvDialect dialect)
    {
        byte[] scratch = [];
        return Encoding.UTF8.GetString(Content(buffer, field, dialect, ref scratch));
    }
}
