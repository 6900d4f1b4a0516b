using System.Diagnostics;

namespace Smelt.EndToEnd.Tests.Concurrency;

/// <summary>What a whole process takes, beside what its platform allows it.</summary>
public sealed class MemoryTests
{
    private const int Rows = 10_000_000;
    private const long Limit = 600L * 1000 * 1000;

    [Fact]
    public void Ten_million_rows_sorted_windowed_made_distinct_and_joined_stay_below_600_MB_of_the_whole_process()
    {
        using var folder = new PipelineFolder()
            .Write("platform.yml", "default_target: local\ntargets:\n  local:\n    engine: duckdb\n    memory: 600MB\n")
            .Write("bronze/items.sql", "SELECT * FROM STREAM read_files('landing', format => 'parquet')")
            .Write("gold/sorted.sql", "SELECT order_id, item_id, product_id, amount, note FROM bronze.items ORDER BY amount, note, item_id")
            .Write("gold/windowed.sql", "SELECT item_id, order_id, amount, row_number() OVER (PARTITION BY product_id ORDER BY amount DESC, item_id) AS place FROM bronze.items")
            .Write("gold/distinct_rows.sql", "SELECT DISTINCT order_id, product_id, note FROM bronze.items")
            .Write("gold/joined.sql", "SELECT a.item_id, a.amount, b.item_id AS other, b.note FROM bronze.items a JOIN bronze.items b ON a.item_id = b.next_id");
        Directory.CreateDirectory(folder.File("landing"));
        folder.Smelt("query", $"""
            SELECT i AS item_id, i + 1 AS next_id, i // 4 AS order_id, (hash(i) % 100000)::BIGINT AS product_id, ((hash(i * 7) % 1000000) / 100)::DECIMAL(10,2) AS amount,
              'note ' || hash(i * 3) % 1000000 AS note FROM range({Rows}) t(i)
            """, "--format", "parquet", "--output", folder.File("landing/a.parquet")).Expect(0);
        var peak = PeakOf(folder);
        DeepResults.Tell($"Ten million rows within 600 MB: sort, window, distinct and join, peak {peak / 1e6:0} MB");
        Assert.True(peak < Limit, $"the process took {peak / 1e6:0} MB");
        using var lake = new OpenLake(folder.Path);
        foreach (var table in (string[])["sorted", "windowed"]) Assert.Equal(Rows, lake.Count($"SELECT count(*) FROM gold.{table}"));
        Assert.Equal(Rows, lake.Count("SELECT count(*) FROM gold.distinct_rows"));
        Assert.Equal(Rows - 1, lake.Count("SELECT count(*) FROM gold.joined"));
    }

    /// <summary>VmHWM of an update's process, in bytes: what the kernel saw at most, as long as the process is there to be asked.</summary>
    private static long PeakOf(PipelineFolder folder)
    {
        using var process = SmeltProgram.Start(folder.Path, new Dictionary<string, string>(), "run", "--no-tests");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        long peak = 0;
        while (!process.WaitForExit(20)) peak = Math.Max(peak, HighWater(process));
        Assert.True(process.ExitCode == 0, output.Result + errors.Result);
        return peak;
    }

    private static long HighWater(Process process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["VmHWM:".Length..^" kB".Length]) * 1024;
        }
        catch (IOException)
        {
            // It ended at this moment.
            return 0;
        }
    }
}
