using System.Collections.Concurrent;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.Concurrency;

/// <summary>What a person sees while a step runs.</summary>
public sealed class LiveProgressTests
{
    [Fact]
    public async Task Rows_and_bytes_of_a_step_over_tables_move_while_it_runs_and_never_back()
    {
        const int rows = 4_000_000;
        using var folder = new PipelineFolder()
            .Write("silver/numbers.sql", $"SELECT i, i % 1000 AS k FROM range({rows}) AS r(i)")
            .Write("gold/slow.sql", "SELECT k, max(md5(md5(md5(i::VARCHAR)))) AS top FROM silver.numbers GROUP BY k");
        LocalUpdate.OnlyOf(folder.Path, "silver.numbers");
        using var session = LocalUpdate.Open(folder.Path);
        using var watching = new Watching();
        var options = new UpdateOptions { Selected = [.. session.Pipeline.Graph.Datasets.Where(static d => d.Name.ToString() == "gold.slow")], Tests = false };
        var result = await new UpdateRunner(session.NewContext(UpdateRunner.NewId(TimeProvider.System)), watching).RunAsync(options, CancellationToken.None);
        Assert.True(result.Succeeded, LocalUpdate.Told(result));
        var seen = await watching.EndAsync();
        Assert.Equal(seen.Order(), seen);
        Assert.Contains(seen, static s => s.Rows is > 0 and < rows && s.Bytes > 0);
        Assert.True(seen.Select(static s => s.Rows).Distinct().Count() > 3, $"the rows moved only over {string.Join(", ", seen.Select(static s => s.Rows).Distinct())}");
        Assert.All(seen, static s => Assert.True(s.Rows <= rows));
        Assert.True(seen.Max(static s => s.Bytes) <= result.Made("gold.slow").Counts.BytesIn);
    }

    /// <summary>Looks at a step's figures from its start to its end.</summary>
    private sealed class Watching : IUpdateObserver, IDisposable
    {
        private readonly ConcurrentQueue<(long Rows, long Bytes)> _seen = [];
        private readonly ManualResetEventSlim _ended = new();
        private Task? _watch;

        public void UpdateStarted(string updateId, IReadOnlyList<Dataset> selected)
        {
        }

        public void StepStarted(Dataset dataset, StepProgress progress) => _watch = Task.Factory.StartNew(() =>
        {
            while (!_ended.Wait(1)) _seen.Enqueue((progress.Rows, progress.Bytes));
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        public void StepEnded(StepOutcome outcome) => _ended.Set();

        public void TestEnded(TestOutcome outcome)
        {
        }

        public void Note(string note)
        {
        }

        public async Task<List<(long Rows, long Bytes)>> EndAsync()
        {
            await _watch!;
            return [.. _seen];
        }

        public void Dispose() => _ended.Dispose();
    }
}
