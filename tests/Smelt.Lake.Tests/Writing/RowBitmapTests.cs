namespace Smelt.Lake.Tests.Writing;

/// <summary>Sets of rows, written and read back.</summary>
public sealed class RowBitmapTests
{
    private static readonly long[] Corners =
        [0, 1, 4094, 4095, 4096, 4097, 65534, 65535, 65536, 65537, 131071, 131072, (1L << 32) - 2, (1L << 32) - 1, 1L << 32, (1L << 32) + 1, 1L << 33, 5L << 40];

    [Fact]
    public void Rows_at_every_boundary_come_back()
    {
        Assert.Equal(Corners, Back(Corners));
        Assert.Equal([0], Back([0]));
        Assert.Equal([(1L << 47) - 1], Back([(1L << 47) - 1]));
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(32768)]
    public void Every_container_holds_what_was_put_in(int count)
    {
        long[] scattered = [.. Enumerable.Range(0, count).Select(static i => i * 2L).Where(static r => r < 65536)];
        long[] solid = [.. Enumerable.Range(7, count).Select(static i => (long)i)];
        Assert.Equal(scattered, Back(scattered));
        Assert.Equal(solid, Back(solid));
        Assert.False(RowContainer.Of(0, [.. scattered.Select(static r => (ushort)r)]).IsRuns);
        Assert.True(RowContainer.Of(0, [.. solid.Select(static r => (ushort)r)]).IsRuns);
        Assert.True(Written(solid).Length < 100);
    }

    [Fact]
    public void A_full_container_and_a_mixture_of_all_kinds_come_back()
    {
        long[] full = [.. Enumerable.Range(0, 65536).Select(static i => (long)i)];
        Assert.Equal(full, Back(full));
        long[] mixed = [.. full, .. full.Where(static r => r % 2 == 0).Select(static r => r + 65536), .. full.Where(static r => r % 100 == 0).Select(static r => r + 131072), .. full.Select(static r => r + (3L << 32))];
        Assert.Equal(mixed, Back(mixed));
    }

    [Fact]
    public void Any_set_comes_back()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var rows = new SortedSet<long>();
            for (var piece = random.Next(1, 8); piece > 0; piece--)
            {
                var start = Corners[random.Next(Corners.Length)] + random.Next(200_000);
                var step = random.Next(1, 4);
                for (var i = random.Next(1, 9000); i > 0; i--)
                    rows.Add(start + i * step);
            }
            Assert.Equal(rows, Back([.. rows]));
        }
    }

    [Fact]
    public void Rows_out_of_order_are_refused()
    {
        var writer = new RowBitmapWriter();
        writer.Add(70_000);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Add(70_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Add(1));
    }

    [Fact]
    public void Base_85_comes_back()
    {
        var bytes = new byte[16];
        for (var seed = 0; seed < 100; seed++)
        {
            new Random(seed).NextBytes(bytes);
            Assert.Equal(bytes, Z85.Decode(Z85.Encode(bytes), 16));
        }
        Assert.Equal("HelloWorld", Z85.Encode([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]));
    }

    private static byte[] Written(IEnumerable<long> rows)
    {
        var writer = new RowBitmapWriter();
        foreach (var row in rows)
            writer.Add(row);
        return writer.ToBytes();
    }

    private static long[] Back(IEnumerable<long> rows) => RowBitmap.Read(Written(rows));
}
