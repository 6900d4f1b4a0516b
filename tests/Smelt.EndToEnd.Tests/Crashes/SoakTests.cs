using System.Diagnostics;
using System.Text;

namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>Many small updates one after the other, as a schedule runs them for months.</summary>
public sealed class SoakTests
{
    private const string Numbers = """
        CREATE OR REFRESH STREAMING TABLE silver.numbers (
          CONSTRAINT kept EXPECT (id % 7 <> 0) ON VIOLATION QUARANTINE ROW,
          CONSTRAINT wanted EXPECT (id % 11 <> 0) ON VIOLATION DROP ROW
        ) AS SELECT id::BIGINT AS id FROM STREAM bronze.numbers
        """;

    internal static PipelineFolder Pipeline() => new PipelineFolder()
        .Write("bronze/numbers.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv', header => true)")
        .Write("silver/numbers.sql", Numbers)
        .Write("gold/counts.sql", "SELECT id % 10 AS digit, count(*) AS n FROM silver.numbers GROUP BY digit");

    [Fact]
    public void Files_that_arrive_while_updates_are_killed_are_kept_quarantined_or_dropped_once_each()
    {
        var (rounds, seed) = (Repository.IsDeep ? 300 : 6, Environment.TickCount);
        var random = new Random(seed);
        using var folder = Pipeline();
        var (next, killed) = (1, 0);
        for (var round = 0; round < rounds; round++)
        {
            for (var files = 1 + random.Next(3); files > 0; files--) next = Arrive(folder, next, 1 + random.Next(40));
            if (random.Next(2) == 0) LocalUpdate.Run(folder.Path);
            else killed += KilledSomewhere(folder, random, ref next);
        }
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        using var lake = new OpenLake(folder.Path);
        Each(lake, "SELECT id::BIGINT FROM bronze.numbers", i => true);
        Each(lake, "SELECT id FROM silver.numbers", i => i % 7 != 0 && i % 11 != 0);
        Each(lake, "SELECT id FROM silver.numbers__quarantine", i => i % 7 == 0);
        Assert.Equal(lake.Count("SELECT count(*) FROM silver.numbers"), lake.Count("SELECT sum(n)::BIGINT FROM gold.counts"));
        DeepResults.Tell($"Soak with kills: {rounds} updates, {killed} killed at a moment of chance, {next - 1} rows: each kept, quarantined or dropped once");

        void Each(OpenLake tables, string sql, Func<int, bool> belongs)
        {
            var found = tables.Rows(sql).Select(static r => (int)(long)r[0]!).Order().ToList();
            Assert.True(Enumerable.Range(1, next - 1).Where(belongs).SequenceEqual(found), $"seed {seed}: {sql}");
        }
    }

    internal static int Arrive(PipelineFolder folder, int next, int rows)
    {
        var text = new StringBuilder("id\n");
        for (var i = next; i < next + rows; i++) text.Append(i).Append('\n');
        folder.Write($"landing/{next:00000000}.csv.tmp", text.ToString());
        File.Move(folder.File($"landing/{next:00000000}.csv.tmp"), folder.File($"landing/{next:00000000}.csv"));
        return next + rows;
    }

    /// <summary>Not at a named point: at any moment, while another file arrives.</summary>
    private static int KilledSomewhere(PipelineFolder folder, Random random, ref int next)
    {
        using var process = SmeltProgram.Start(folder.Path, new Dictionary<string, string>(), "run", "--no-tests");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        next = Arrive(folder, next, 5);
        var ended = process.WaitForExit(random.Next(100, 900));
        if (!ended) process.Kill();
        process.WaitForExit();
        _ = output.Result;
        Assert.True(!ended || process.ExitCode == 0, errors.Result);
        return ended ? 0 : 1;
    }
}

/// <summary>Tests of the whole process, beside which no other test may run.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>What a process that lives long holds on to.</summary>
[Collection("alone")]
public sealed class SteadyProcessTests
{
    [Fact]
    public void Memory_open_files_and_threads_of_a_process_that_runs_updates_over_and_over_do_not_grow()
    {
        var (warm, measured) = Repository.IsDeep ? (60, 400) : (8, 12);
        using var folder = SoakTests.Pipeline();
        var next = 1;
        for (var round = 0; round < warm; round++) Round();
        var before = Now();
        for (var round = 0; round < measured; round++) Round();
        var after = Now();
        DeepResults.Tell($"Soak in one process: {measured} updates after {warm}: resident {before.Resident >> 20} to {after.Resident >> 20} MB, .NET heap {before.Heap >> 10} to {after.Heap >> 10} kB, open files {before.Files} to {after.Files}, threads {before.Threads} to {after.Threads}");
        Assert.True(after.Files <= before.Files + 3, $"open files went from {before.Files} to {after.Files}");
        Assert.True(after.Threads <= before.Threads + 8, $"threads went from {before.Threads} to {after.Threads}");
        Assert.True(after.Heap <= before.Heap + (8L << 20), $"the heap went from {before.Heap} to {after.Heap}");
        // What the allocator keeps between updates wavers; a leak of a state record an update would be more.
        Assert.True(after.Resident <= before.Resident + (96L << 20), $"resident memory went from {before.Resident} to {after.Resident}");

        void Round()
        {
            next = SoakTests.Arrive(folder, next, 20);
            LocalUpdate.Run(folder.Path);
        }
    }

    private static (long Resident, long Heap, int Files, int Threads) Now()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return (self.WorkingSet64, GC.GetGCMemoryInfo(GCKind.FullBlocking).HeapSizeBytes, Directory.GetFiles("/proc/self/fd").Length, self.Threads.Count);
    }
}
