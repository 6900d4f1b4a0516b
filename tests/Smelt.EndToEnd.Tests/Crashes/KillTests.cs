namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>kill -9 at every named point of an update that makes the tables.</summary>
public sealed class KilledFirstUpdateTests
{
    private static readonly Lazy<SortedDictionary<string, string>> s_undisturbed = new(static () => SmallPipeline.Undisturbed(1));

    /// <summary>Before a batch is prepared, making a table is as adding to one, which the tests of later updates kill at every point.</summary>
    public static TheoryData<string> Points() =>
        [.. SmallPipeline.AllPoints().Where(static p => Repository.IsDeep || (!p.EndsWith("-intent", StringComparison.Ordinal) && !p.EndsWith("-data", StringComparison.Ordinal)))];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_first_update_killed_here_and_run_again_leaves_the_tables_of_an_undisturbed_one(string point)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        folder.RunKilledAt(point);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(s_undisturbed.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }
}

/// <summary>kill -9 at every named point of an update that adds to tables, and of one that replaces them.</summary>
public sealed class KilledLaterUpdateTests
{
    private static readonly Lazy<PipelineFolder> s_firstDay = new(static () =>
    {
        var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        return folder;
    });

    private static readonly Lazy<SortedDictionary<string, string>> s_undisturbed = new(static () => SmallPipeline.Undisturbed(2));

    /// <summary>A plain gold table passes fewer points than the view of silver that has a quarantine, and none of its own.</summary>
    public static TheoryData<string> Points() => [.. SmallPipeline.AllPoints().Where(static p => Repository.IsDeep || !p.StartsWith("gold.", StringComparison.Ordinal))];

    public static TheoryData<string> RefreshPoints() =>
    [
        .. from dataset in new[] { "bronze.orders", "silver.orders" }
           from point in new[] { "after-intent", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "before-commit-1", "after-commit-1", "before-done", "after-done" }
           select $"{dataset}:{point}",
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_later_update_killed_here_and_run_again_leaves_the_tables_of_an_undisturbed_one(string point)
    {
        using var folder = s_firstDay.Value.Copy().AddDay(2);
        folder.RunKilledAt(point);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(s_undisturbed.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Theory]
    [MemberData(nameof(RefreshPoints))]
    public void A_full_refresh_killed_here_and_asked_for_again_leaves_the_tables_of_an_undisturbed_update(string point)
    {
        using var folder = s_firstDay.Value.Copy().AddDay(2);
        folder.RunKilledAt(point, "--full-refresh", "bronze.orders,silver.orders");
        LocalUpdate.Run(folder.Path, null, "bronze.orders", "silver.orders");
        Assert.Equal(s_undisturbed.Value, OpenLake.ContentOf(folder.Path));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("true", lake.Snapshot("bronze.orders").Metadata.Property("delta.appendOnly"));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Theory]
    [InlineData("bronze.orders:before-prepared")]
    [InlineData("bronze.orders:after-prepared")]
    [InlineData("silver.orders:after-intent")]
    [InlineData("silver.orders:after-prepared")]
    [InlineData("silver.orders:after-commit-0")]
    [InlineData("silver.customers:after-prepared")]
    [InlineData("gold.totals:after-prepared")]
    public void One_run_after_a_crash_finishes_the_old_batch_and_reads_what_came_meanwhile(string point)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        folder.RunKilledAt(point);
        LocalUpdate.Run(folder.AddDay(2).Path);
        Assert.Equal(s_undisturbed.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }
}

/// <summary>More than one crash before an update comes through.</summary>
public sealed class KilledAgainAndAgainTests
{
    [Fact]
    public void An_update_killed_at_each_point_in_turn_leaves_the_tables_of_an_undisturbed_one()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        var points = Repository.IsDeep ? SmallPipeline.AllPoints() : SmallPipeline.Points("silver.orders");
        foreach (var point in points) folder.RunKilledAt(point, "--parallel", "1");
        LocalUpdate.Run(folder.Path);
        Assert.Equal(SmallPipeline.Undisturbed(1), OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void Updates_killed_at_random_points_while_files_arrive_lose_and_double_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var points = SmallPipeline.AllPoints().ToList();
        var (rounds, days) = Repository.IsDeep ? (200, 40) : (4, 3);
        using var folder = SmallPipeline.Create().AddDay(1);
        var day = 1;
        for (var round = 0; round < rounds; round++)
        {
            // A point that this update does not pass is an update that ends well: that is part of chance here.
            folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@" + points[random.Next(points.Count)] }, "run", "--no-tests");
            if (day < days && random.Next(rounds) < days * 2) folder.AddDay(++day);
        }
        while (day < days) folder.AddDay(++day);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        var undisturbed = SmallPipeline.Undisturbed(days);
        TableDifference.None(undisturbed, OpenLake.ContentOf(folder.Path), $"seed {seed}");
        DeepResults.Tell($"Random kills: {rounds} updates over {days} days of files, every table equal to an undisturbed run's");
    }
}
