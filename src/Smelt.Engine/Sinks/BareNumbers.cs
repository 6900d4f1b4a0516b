using System.Buffers;
using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// NaN, Infinity and -Infinity in a JSON file: DuckDB writes them bare, which is no JSON. They become texts, as Spark writes them, however deep they lie. Outside of texts no other value of
/// JSON has an N or an I.
/// </summary>
internal static class BareNumbers
{
    private static readonly SearchValues<byte> s_outside = SearchValues.Create("\"NI"u8), s_inside = SearchValues.Create("\"\\"u8);

    /// <summary>Whether values of the type may hold some.</summary>
    public static bool MayBeIn(DuckDbType type) => type.Id is DuckDbTypeId.Float or DuckDbTypeId.Double or DuckDbTypeId.Variant || type.IsJson || type.Fields.Any(static f => MayBeIn(f.Type));

    /// <summary>Quotes them in a file that DuckDB has written; one without any is left as it is.</summary>
    public static void Quote(string file)
    {
        if (!AreIn(file)) return;
        var quoted = file + "2";
        using (var output = new BufferedStream(File.Create(quoted), 1 << 16))
        {
            using var input = new BufferedStream(File.OpenRead(file), 1 << 16);
            Quote(input, output);
        }
        File.Move(quoted, file, overwrite: true);
    }

    private static bool AreIn(string file)
    {
        using var input = File.OpenRead(file);
        var buffer = new byte[1 << 16];
        var (isText, isEscaped) = (false, false);
        while (input.Read(buffer) is > 0 and var read)
        {
            for (var at = 0; at < read; at++)
            {
                if (isEscaped)
                {
                    isEscaped = false;
                    continue;
                }
                var next = buffer.AsSpan(at, read - at).IndexOfAny(isText ? s_inside : s_outside);
                if (next < 0) break;
                at += next;
                if (buffer[at] == '\\') isEscaped = true;
                else if (buffer[at] == '"') isText = !isText;
                else return true;
            }
        }
        return false;
    }

    private static void Quote(Stream input, Stream output)
    {
        var (isText, isEscaped, isBare, isMinus) = (false, false, false, false);
        for (var next = input.ReadByte(); next >= 0; next = input.ReadByte())
        {
            if (isText)
            {
                if (isEscaped) isEscaped = false;
                else if (next == '\\') isEscaped = true;
                else if (next == '"') isText = false;
                output.WriteByte((byte)next);
                continue;
            }
            if (!isBare && next is ('N' or 'I'))
            {
                isBare = true;
                output.WriteByte((byte)'"');
            }
            // A minus waits for what it belongs to.
            if (isMinus) output.WriteByte((byte)'-');
            isMinus = next == '-';
            if (isBare && next is (',' or ']' or '}' or '\n'))
            {
                isBare = false;
                output.WriteByte((byte)'"');
            }
            if (next == '"') isText = true;
            if (!isMinus) output.WriteByte((byte)next);
        }
    }
}
