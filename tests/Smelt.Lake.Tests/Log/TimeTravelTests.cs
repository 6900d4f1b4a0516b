using System.Text.Json.Nodes;

namespace Smelt.Lake.Tests.Log;

public sealed class TimeTravelTests
{
    private static readonly DateTime Start = new(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task A_time_gives_the_newest_version_not_younger_and_files_out_of_order_are_put_in_order()
    {
        using var lake = new TestLake();
        // Minutes of the commits' files: version 2 was copied with an older time than version 1's.
        var minutes = new[] { 0, 10, 5, 20 };
        for (var v = 0; v < minutes.Length; v++)
        {
            await lake.WriteAsync("t", $"SELECT {v} AS id");
            File.SetLastWriteTimeUtc(lake.Store.Locate(LogFile.CommitKey("t", v)), Start.AddMinutes(minutes[v]));
        }
        var table = lake.Lake.Table("t");
        Assert.Equal((0, 0, 1, 2, 2, 3), (await At(0), await At(9.99), await At(10), await At(10.1), await At(19.99), await At(20)));
        Assert.Equal([Ms(20), Ms(10) + 1, Ms(10), Ms(0)], (await table.HistoryAsync()).Select(c => c.Timestamp!.Value));
        Assert.Contains("after its newest version (3,", (await Assert.ThrowsAsync<DeltaLogException>(async () => await At(20.1))).Message);
        Assert.Contains("before its oldest version that can be read (0,", (await Assert.ThrowsAsync<DeltaLogException>(async () => await At(-1))).Message);

        async Task<int> At(double minute) => (int)await table.VersionAtAsync(Ms(minute));
    }

    [Fact]
    public async Task In_commit_timestamps_count_from_the_version_that_enabled_them()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 0 AS id");
        for (var v = 1; v < 6; v++)
            await lake.WriteAsync("t", $"SELECT {v} AS id");
        for (var v = 0; v < 6; v++)
            File.SetLastWriteTimeUtc(lake.Store.Locate(LogFile.CommitKey("t", v)), Start.AddMinutes(v < 3 ? v : 500));
        for (var v = 3; v < 6; v++)
            Edit(lake, v, v == 3, Ms(v * 10));
        var table = lake.Lake.Table("t");
        Assert.Equal((1, 2, 3, 4, 5), (await At(1.5), await At(29.99), await At(30), await At(41), await At(50)));
        Assert.Equal([Ms(50), Ms(40), Ms(30), Ms(2)], (await table.HistoryAsync(4)).Select(c => c.Timestamp!.Value));
        await Assert.ThrowsAsync<DeltaLogException>(async () => await At(51));

        async Task<int> At(double minute) => (int)await table.VersionAtAsync(Ms(minute));
    }

    [Fact]
    public async Task After_cleanup_times_before_the_oldest_readable_version_are_refused()
    {
        using var lake = new TestLake();
        for (var v = 0; v < 12; v++)
        {
            await lake.WriteAsync("t", $"SELECT {v} AS id");
            File.SetLastWriteTimeUtc(lake.Store.Locate(LogFile.CommitKey("t", v)), Start.AddMinutes(v));
        }
        for (var v = 0; v < 8; v++)
            File.Delete(lake.Store.Locate(LogFile.CommitKey("t", v)));
        var table = lake.Lake.Table("t");
        Assert.Equal(10, await table.VersionAtAsync(Ms(10.5)));
        Assert.Contains("can be read (10,", (await Assert.ThrowsAsync<DeltaLogException>(async () => await table.VersionAtAsync(Ms(9)))).Message);
    }

    private static long Ms(double minute) => new DateTimeOffset(Start.AddMinutes(minute)).ToUnixTimeMilliseconds();

    /// <summary>Makes a commit one of a table with in-commit timestamps.</summary>
    private static void Edit(TestLake lake, int version, bool enables, long stamp)
    {
        var file = lake.Store.Locate(LogFile.CommitKey("t", version));
        var time = File.GetLastWriteTimeUtc(file);
        var lines = File.ReadAllLines(file).Select(l => JsonNode.Parse(l)!.AsObject()).ToList();
        foreach (var info in lines.Where(l => l.ContainsKey("commitInfo")))
            info["commitInfo"]!["inCommitTimestamp"] = stamp;
        if (enables)
        {
            var meta = JsonNode.Parse(File.ReadLines(lake.Store.Locate(LogFile.CommitKey("t", 0))).First(l => l.Contains("metaData")))!.AsObject();
            meta["metaData"]!["configuration"] = new JsonObject
            {
                ["delta.enableInCommitTimestamps"] = "true", ["delta.inCommitTimestampEnablementVersion"] = $"{version}", ["delta.inCommitTimestampEnablementTimestamp"] = $"{stamp}",
            };
            lines.Add(meta);
        }
        File.WriteAllLines(file, lines.Select(l => l.ToJsonString()));
        File.SetLastWriteTimeUtc(file, time);
    }
}
