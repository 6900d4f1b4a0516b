using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>The add and remove actions of one text of JSON lines, found but not decoded: what a replay needs of them is which file, and where the action stands.</summary>
internal sealed class FileSlices
{
    internal readonly List<SlicedFile> Adds = [];
    internal readonly List<SlicedFile> Removes = [];

    /// <summary>Whether one of them brought or took rows.</summary>
    internal bool ChangesData { get; private set; }

    internal bool NamesOneTwice
    {
        get
        {
            var seen = new HashSet<FileId>();
            return !Adds.Concat(Removes).All(f => seen.Add(f.File));
        }
    }

    /// <summary>Takes the object that the reader stands at the beginning of.</summary>
    internal void Take(ref Utf8JsonReader reader, bool isAdd)
    {
        var start = checked((int)reader.TokenStartIndex);
        byte[]? path = null, vector = null;
        var dataChange = true;
        while (ActionReader.Next(ref reader))
        {
            if (ActionReader.Is(ref reader, "path"u8)) path = Utf8(ref reader);
            else if (ActionReader.Is(ref reader, "deletionVector"u8)) vector = ActionReader.ReadVector(ref reader) is { } v ? Encoding.UTF8.GetBytes(v.UniqueId) : null;
            else if (ActionReader.Is(ref reader, "dataChange"u8)) dataChange = ActionReader.Flag(ref reader) ?? true;
            else if (ActionReader.Is(ref reader, "size"u8) || ActionReader.Is(ref reader, "modificationTime"u8)) ActionReader.Long(ref reader);
            else ActionReader.SkipValue(ref reader);
        }
        if (path is null)
            throw ActionReader.Missing(ref reader, isAdd ? "add.path" : "remove.path");
        ChangesData |= dataChange;
        (isAdd ? Adds : Removes).Add(new SlicedFile(FileId.Of(path, vector), start, (int)reader.BytesConsumed - start));
    }

    private static byte[]? Utf8(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
            return reader.TokenType == JsonTokenType.Null ? null : throw ActionReader.Unexpected(ref reader, "a text");
        return reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan.ToArray();
    }
}

/// <summary>An action on a file, by its place in the text it was found in.</summary>
internal readonly record struct SlicedFile(FileId File, int Offset, int Length);
