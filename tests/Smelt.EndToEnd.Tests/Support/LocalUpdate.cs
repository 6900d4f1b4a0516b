using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests;

/// <summary>
/// An update in the test's own process: what <c>smelt run</c> does without the start of a process. Its probe is called at the named points of every step, so that a
/// test can do something in the middle of an update.
/// </summary>
public static class LocalUpdate
{
    /// <summary>An update that must succeed.</summary>
    public static UpdateResult Run(string folder, Action<string>? probe = null, params string[] fullRefresh)
    {
        var result = TryRun(folder, probe, fullRefresh);
        Assert.True(result.Succeeded, Told(result));
        return result;
    }

    public static UpdateResult TryRun(string folder, Action<string>? probe = null, params string[] fullRefresh) => RunWith(folder, probe, options =>
    {
        var full = options.Selected.Select(static d => d.Name).Where(n => fullRefresh.Contains(n.ToString())).ToHashSet();
        Assert.Equal(fullRefresh.Length, full.Count);
        return options with { FullRefresh = full };
    });

    /// <summary>An update of some datasets only, as <c>--select</c> runs it.</summary>
    public static UpdateResult OnlyOf(string folder, params string[] datasets) =>
        RunWith(folder, null, options => options with { Selected = [.. options.Selected.Where(d => datasets.Contains(d.Name.ToString()))] });

    /// <summary>An update with options of the test's choosing.</summary>
    public static UpdateResult RunWith(string folder, Action<string>? probe, Func<UpdateOptions, UpdateOptions> with, TimeProvider? clock = null)
    {
        using var session = Open(folder, clock);
        var options = with(new UpdateOptions { Selected = [.. session.Pipeline.Graph.Datasets.Where(static d => d.IsStored)], Tests = false });
        var context = session.NewContext(UpdateRunner.NewId(clock ?? TimeProvider.System), probe);
        return new UpdateRunner(context, new Unheard()).RunAsync(options, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>An update that must succeed, as if it were noon of a day.</summary>
    public static UpdateResult On(string day, string folder, Func<UpdateOptions, UpdateOptions>? with = null)
    {
        var result = RunWith(folder, null, with ?? (static o => o), new NoonOf(DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.True(result.Succeeded, Told(result));
        return result;
    }

    /// <summary>Days of datasets made again.</summary>
    public static UpdateResult Days(string folder, string first, string last, params string[] datasets) => RunWith(folder, null, options => options with
    {
        Selected = [.. options.Selected.Where(d => datasets.Contains(d.Name.ToString()))], Days = new DayRange(DayRange.Day(first)!.Value, DayRange.Day(last)!.Value),
    });

    public static PipelineSession Open(string folder, TimeProvider? clock = null)
    {
        var session = PipelineSession.Open(folder, new CompileOptions(), clock ?? TimeProvider.System);
        Assert.False(session.Compilation.HasErrors, string.Join('\n', session.Compilation.Diagnostics));
        return session;
    }

    /// <summary>How a dataset's step ended.</summary>
    public static FlowResult Of(this UpdateResult result, string dataset) => result.Steps.Single(s => s.Dataset.Name.ToString() == dataset).Result;

    public static FlowResult.Completed Made(this UpdateResult result, string dataset) => Assert.IsType<FlowResult.Completed>(result.Of(dataset));

    /// <summary>A step that must have failed with a code; its message.</summary>
    public static string Failed(this UpdateResult result, string dataset, string code)
    {
        var failed = Assert.IsType<FlowResult.Failed>(result.Of(dataset));
        Assert.Equal(code, failed.Code);
        return failed.Message;
    }

    public static void NothingRan(this UpdateResult result) => Assert.All(result.Steps, static s => Assert.IsType<FlowResult.Skipped>(s.Result));

    public static string Told(UpdateResult result) => string.Join('\n', result.Steps.Select(static s => $"{s.Dataset.Name}: {s.Result}"));

    /// <summary>A day's noon that goes on as the clock does.</summary>
    private sealed class NoonOf(DateOnly day) : TimeProvider
    {
        private readonly TimeSpan _by = day.ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc) - DateTime.UtcNow;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _by;
    }

    private sealed class Unheard : IUpdateObserver
    {
        public void UpdateStarted(string updateId, IReadOnlyList<Dataset> selected)
        {
        }

        public void StepStarted(Dataset dataset, StepProgress progress)
        {
        }

        public void StepEnded(StepOutcome outcome)
        {
        }

        public void TestEnded(TestOutcome outcome)
        {
        }

        public void Note(string note)
        {
        }
    }
}
