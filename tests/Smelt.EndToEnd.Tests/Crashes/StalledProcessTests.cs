namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>
/// A process that stands still in the middle of its batch while another, which does not know of it, does the work: the lock only saves work, so it is taken away here as a
/// copied folder or a network disk would.
/// </summary>
public sealed class StalledProcessTests
{
    public static TheoryData<string> Points() =>
    [
        .. from dataset in new[] { "bronze.orders", "silver.orders", "silver.customers" }
           from point in new[] { "before-data", "before-prepared", "after-prepared", "after-commit-0" }
           select $"{dataset}:{point}",
        "silver.orders:before-commit-1",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_process_continued_after_another_run_finished_its_batch_loses_and_doubles_nothing(string point)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        using var stalled = new HaltedRun(folder, point);
        Unlock(folder);
        LocalUpdate.Run(folder.Path);
        var before = OpenLake.ContentOf(folder.Path);
        Assert.Equal(s_oneDay.Value, before);
        stalled.Continue().Expect(0);
        Assert.Equal(before, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Theory]
    [InlineData("bronze.orders:before-prepared")]
    [InlineData("silver.orders:before-prepared")]
    [InlineData("silver.orders:after-prepared")]
    [InlineData("silver.orders:before-commit-1")]
    [InlineData("silver.customers:before-prepared")]
    [InlineData("silver.customers:before-commit-1")]
    public void A_process_continued_after_others_went_on_to_later_batches_loses_and_doubles_nothing(string point)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        using var stalled = new HaltedRun(folder, point);
        Unlock(folder);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path);
        stalled.Continue().Expect(0);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Theory]
    [InlineData("bronze.orders:before-prepared")]
    [InlineData("bronze.orders:before-commit-0")]
    [InlineData("silver.orders:before-commit-0")]
    [InlineData("silver.orders:before-commit-1")]
    public void A_process_continued_after_a_full_refresh_adds_nothing_to_the_new_generation(string point)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        using var stalled = new HaltedRun(folder.AddDay(2), point);
        Unlock(folder);
        LocalUpdate.Run(folder.Path, null, "bronze.orders", "silver.orders");
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        stalled.Continue();
        LocalUpdate.Run(folder.Path);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
    }

    private static readonly Lazy<SortedDictionary<string, string>> s_oneDay = new(static () => SmallPipeline.Undisturbed(1));
    private static readonly Lazy<SortedDictionary<string, string>> s_twoDays = new(static () => SmallPipeline.Undisturbed(2));

    private static void Unlock(PipelineFolder folder) => File.Delete(folder.File("lake/_smelt/lock"));
}
