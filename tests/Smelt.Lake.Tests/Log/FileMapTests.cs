using System.Globalization;
using System.Text;

namespace Smelt.Lake.Tests.Log;

public sealed class FileMapTests
{
    [Fact]
    public void Random_changes_over_many_versions_give_what_a_plain_dictionary_gives()
    {
        var random = new Random(5);
        for (var round = 0; round < Deep.Count(20, 500); round++)
        {
            var (map, plain) = (new FileMap.Builder().Build(), new Dictionary<string, string>());
            var history = new List<(FileMap Map, List<string> Expected)>();
            for (var version = 0; version < 40; version++)
            {
                var builder = version == 0 ? new FileMap.Builder() : new FileMap.Builder(map);
                for (var change = random.Next(version % 7 == 3 ? 3000 : 30); change > 0; change--)
                {
                    var path = $"p%20{random.Next(4000)}";
                    var value = random.Next().ToString(CultureInfo.InvariantCulture);
                    if (random.Next(3) == 0)
                    {
                        builder.Remove(Id(path));
                        plain.Remove(path);
                    }
                    else
                    {
                        builder.Set(Id(path), Encoding.UTF8.GetBytes(value));
                        plain[path] = value;
                    }
                }
                map = builder.Build();
                history.Add((map, [.. plain.Values.Order(StringComparer.Ordinal)]));
            }
            // Every version stays what it was, whatever came after.
            foreach (var (version, expected) in history)
            {
                Assert.Equal(expected.Count, version.Count);
                Assert.Equal(expected, version.Slices.Select(s => Encoding.UTF8.GetString(s.Json)).Order(StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    public void A_change_of_a_large_map_costs_what_it_changes()
    {
        var builder = new FileMap.Builder();
        var json = new byte[300];
        for (var i = 0; i < 200_000; i++)
            builder.Set(Id($"part-{i}"), json);
        var map = builder.Build();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            var next = new FileMap.Builder(map);
            next.Set(Id($"new-{i}"), json);
            next.Remove(Id($"part-{i}"));
            map = next.Build();
        }
        Assert.Equal(200_000, map.Count);
        // The files themselves are 60 MB; a copy of their index alone would be 8 MB a change.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 100 * 20_000);
    }

    [Fact]
    public void Paths_are_the_same_file_however_they_are_encoded_and_vectors_make_another()
    {
        Assert.Equal(Id("a b/c"), Id("a%20b/c"));
        Assert.Equal(Id("file:/x/y"), Id("/x/y"));
        Assert.Equal(Id("/x/y"), Id("file:///x/y"));
        Assert.NotEqual(Id("a%2520b"), Id("a%20b"));
        Assert.NotEqual(Id("ab"), FileId.Of("a"u8, "b"u8));
        Assert.NotEqual(FileId.Of("a"u8, "v1"u8), FileId.Of("a"u8, "v2"u8));
        Assert.NotEqual(Id(new string('x', 32)), Id(new string('x', 31) + "\0"));
        Assert.Equal(100_000, Enumerable.Range(0, 100_000).Select(i => Id($"part-{i:D40}.parquet")).Distinct().Count());
    }

    private static FileId Id(string path) => FileId.Of(Encoding.UTF8.GetBytes(path), []);
}
