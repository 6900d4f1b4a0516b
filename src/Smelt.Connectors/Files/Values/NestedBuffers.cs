using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>A STRUCT, and the row itself: parts that share the row's number.</summary>
sealed class StructBuffer : ColumnBuffer
{
    readonly int[] stamps;

    public StructBuffer(IReadOnlyList<DuckDbField> fields)
    {
        Children = [.. fields.Select(f => ColumnBuffers.Create(f.Name, f.Type))];
        foreach (var field in fields) Names.Add(System.Text.Encoding.UTF8.GetBytes(field.Name));
        stamps = new int[Children.Length];
    }

    public ColumnBuffer[] Children { get; }

    public NameTable Names { get; } = new();

    /// <summary>Where the next key is expected, as objects mostly repeat the order of the one before.</summary>
    public int Guess;

    public override bool TrySet(int row, ReadOnlySpan<byte> text) => false;

    public void Begin(int row)
    {
        MarkSet(row);
        Guess = 0;
    }

    /// <summary>True the first time that a part comes in a row.</summary>
    public bool FirstTime(int child, int row)
    {
        if (stamps[child] == row + 1) return false;
        stamps[child] = row + 1;
        return true;
    }

    public override void Clear()
    {
        base.Clear();
        Array.Clear(stamps);
        foreach (var child in Children) child.Clear();
    }

    public override void Flush(Vector vector, int count, ColumnBuffer? parent)
    {
        Inherit(parent);
        FlushNulls(vector, count, null);
        for (var i = 0; i < Children.Length; i++) Children[i].Flush(vector.Field(i), count, this);
    }
}

/// <summary>A LIST, or a MAP as the list of its entries.</summary>
sealed class ListBuffer(ColumnBuffer element, StructBuffer? entry) : ColumnBuffer
{
    (int Start, int Length)[] lists = new (int, int)[DataChunk.Capacity];

    public ColumnBuffer Element { get; } = element;

    /// <summary>For a MAP: its entries, of key and value.</summary>
    public StructBuffer? Entry { get; } = entry;

    public int ElementCount { get; private set; }

    public int Append() => ElementCount++;

    public override bool TrySet(int row, ReadOnlySpan<byte> text) => false;

    public void Set(int row, int start, int length)
    {
        if (row >= lists.Length) Array.Resize(ref lists, Math.Max(lists.Length * 2, row + 1));
        lists[row] = (start, length);
        MarkSet(row);
    }

    public override void Clear()
    {
        base.Clear();
        ElementCount = 0;
        Element.Clear();
    }

    public override void Flush(Vector vector, int count, ColumnBuffer? parent)
    {
        Inherit(parent);
        FlushNulls(vector, count, null);
        for (var row = 0; row < count; row++)
        {
            var (start, length) = IsSet(row) ? lists[row] : (0, 0);
            vector.SetListEntry(row, (ulong)start, (ulong)length);
        }
        vector.SetListSize((ulong)ElementCount);
        Element.Flush(vector.ListChild, ElementCount, null);
    }
}

/// <summary>Names as UTF-8 and their numbers. Compared byte by byte: names that differ by case are different.</summary>
sealed class NameTable
{
    readonly Dictionary<byte[], int> numbers = new(Utf8Comparer.Instance);
    readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    readonly List<byte[]> names = [];

    public NameTable() => lookup = numbers.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count => names.Count;

    public byte[] this[int number] => names[number];

    public void Add(byte[] name)
    {
        numbers.TryAdd(name, names.Count);
        names.Add(name);
    }

    /// <summary>The number of a name, -1 where there is none. Tries <paramref name="guess"/> first and moves it on.</summary>
    public int Find(ReadOnlySpan<byte> name, ref int guess)
    {
        if ((uint)guess < (uint)names.Count && name.SequenceEqual(names[guess])) return guess++;
        if (!lookup.TryGetValue(name, out var number)) return -1;
        guess = number + 1;
        return number;
    }

    sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly Utf8Comparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode((ReadOnlySpan<byte>)obj);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }
    }
}
