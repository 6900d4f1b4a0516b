namespace Smelt.Lake.Tests.Scanning;

public sealed class DeletionVectorTests
{
    [Fact]
    public void The_protocols_example_is_read()
    {
        var bytes = Z85.Decode("wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", 40);
        Assert.Equal([3, 4, 7, 11, 18, 29], RowBitmap.Read(bytes));
    }

    [Fact]
    public void Sets_of_every_density_are_read_as_they_were_written()
    {
        var random = new Random(7);
        for (var round = 0; round < 60; round++)
        {
            var rows = new SortedSet<long>();
            for (var block = 0; block < random.Next(1, 7); block++)
                AddBlock(rows, random);
            Assert.Equal(rows, RowBitmap.Read(Serialize(rows, runs: round % 2 == 0)));
        }
    }

    [Fact]
    public void Bytes_that_are_cut_or_changed_are_refused_or_read_but_never_crash()
    {
        var random = new Random(11);
        var whole = Serialize([1, 2, 3, 70_000, 200_000], runs: true);
        for (var round = 0; round < 3000; round++)
        {
            var bytes = whole.AsSpan(0, random.Next(whole.Length + 1)).ToArray();
            if (bytes.Length > 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                RowBitmap.Read(bytes);
            }
            catch (FormatException)
            {
                // What a reader says of bytes that are no set.
            }
        }
    }

    private static void AddBlock(SortedSet<long> rows, Random random)
    {
        var start = (long)random.Next(3) << 32 | (long)random.Next(5) << 16;
        var (count, step) = random.Next(3) switch { 0 => (random.Next(1, 50), 997), 1 => (random.Next(5000, 60000), 1), _ => (random.Next(4097, 30000), 2) };
        for (var i = 0; i < count; i++)
            rows.Add(start + (long)i * step % 65536);
    }

    private static byte[] Serialize(SortedSet<long> rows, bool runs)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(1681511377);
        var bitmaps = rows.GroupBy(r => (int)(r >> 32)).ToList();
        writer.Write((long)bitmaps.Count);
        foreach (var bitmap in bitmaps)
        {
            writer.Write(bitmap.Key);
            WriteBitmap(writer, [.. bitmap.GroupBy(r => (ushort)(r >> 16)).Select(c => (c.Key, c.Select(r => (ushort)r).ToArray()))], runs);
        }
        return stream.ToArray();
    }

    private static void WriteBitmap(BinaryWriter writer, List<(ushort Key, ushort[] Values)> containers, bool runs)
    {
        writer.Write(runs ? 12347 | (containers.Count - 1) << 16 : 12346);
        if (runs)
            writer.Write(Enumerable.Range(0, (containers.Count + 7) / 8).Select(_ => (byte)0xFF).ToArray());
        else
            writer.Write(containers.Count);
        foreach (var (key, values) in containers)
        {
            writer.Write(key);
            writer.Write((ushort)(values.Length - 1));
        }
        if (!runs || containers.Count >= 4)
            writer.Write(new byte[containers.Count * 4]);
        foreach (var (_, values) in containers)
            WriteContainer(writer, values, runs);
    }

    private static void WriteContainer(BinaryWriter writer, ushort[] values, bool runs)
    {
        if (runs)
        {
            var starts = values.Where(v => v == 0 || Array.BinarySearch(values, (ushort)(v - 1)) < 0).ToList();
            writer.Write((ushort)starts.Count);
            foreach (var start in starts)
            {
                var length = 0;
                while (start + length < 65535 && Array.BinarySearch(values, (ushort)(start + length + 1)) >= 0)
                    length++;
                writer.Write(start);
                writer.Write((ushort)length);
            }
        }
        else if (values.Length <= 4096)
            foreach (var value in values)
                writer.Write(value);
        else
        {
            var bits = new byte[8192];
            foreach (var value in values)
                bits[value / 8] |= (byte)(1 << (value % 8));
            writer.Write(bits);
        }
    }
}
