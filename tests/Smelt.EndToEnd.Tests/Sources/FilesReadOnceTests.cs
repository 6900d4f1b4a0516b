using System.Diagnostics;
using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Sources;

/// <summary>Each file is read once, whatever happens to its time, its name's order or the folder around it.</summary>
public sealed class FilesReadOnceTests
{
    [Fact]
    public void Touching_files_copying_and_moving_the_folder_read_nothing_again()
    {
        using var folder = Fed(2);
        var before = OpenLake.ContentOf(folder.Path);
        foreach (var file in Directory.EnumerateFiles(folder.File("landing/orders"))) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(3));
        LocalUpdate.Run(folder.Path).NothingRan();

        using var copy = new PipelineFolder(null);
        Shell("cp", "-r", folder.Path + "/.", copy.Path);
        LocalUpdate.Run(copy.Path).NothingRan();

        folder.MoveTo(folder.Path + "-elsewhere");
        LocalUpdate.Run(folder.Path).NothingRan();
        LocalUpdate.Run(folder.AddDay(3).Path);
        Assert.Equal(SmallPipeline.Undisturbed(3), OpenLake.ContentOf(folder.Path));
        Assert.Equal(before, OpenLake.ContentOf(copy.Path));
    }

    [Fact]
    public void A_changed_file_is_told_at_every_run_and_not_read_again()
    {
        using var folder = Fed(2);
        var before = OpenLake.ContentOf(folder.Path);
        File.AppendAllText(folder.File("landing/orders/day-1.csv"), "9001,late,1.00\n");
        var skipped = Assert.IsType<FlowResult.Skipped>(LocalUpdate.Run(folder.Path).Of("bronze.orders"));
        Assert.Contains(skipped.Notes, static n => n.Contains("day-1.csv was changed", StringComparison.Ordinal) && n.Contains("allowOverwrites", StringComparison.Ordinal));
        Assert.Contains("day-1.csv was changed", folder.Smelt("run").Expect(0).Out, StringComparison.Ordinal);
        Assert.Equal(before, OpenLake.ContentOf(folder.Path));
        // Beside new files it is told as well.
        var made = LocalUpdate.Run(folder.AddDay(3).Path).Made("bronze.orders");
        Assert.Contains(made.Notes, static n => n.Contains("day-1.csv was changed", StringComparison.Ordinal));
        Assert.Equal(20, made.Counts.RowsIn);
    }

    [Fact]
    public void A_changed_file_is_read_once_more_where_overwrites_are_allowed()
    {
        using var folder = Fed(1);
        folder.Write("bronze/orders.sql", "CREATE OR REFRESH STREAMING TABLE bronze.orders AS SELECT * FROM STREAM read_files('landing/orders', format => 'csv', header => true, allowOverwrites => true)");
        LocalUpdate.Run(folder.Path).NothingRan();
        File.AppendAllText(folder.File("landing/orders/day-1.csv"), "9001,late,1.00\n");
        Assert.Equal(21, LocalUpdate.Run(folder.Path).Made("bronze.orders").Counts.RowsOut);
        LocalUpdate.Run(folder.Path).NothingRan();
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(41, lake.Count("SELECT count(*) FROM bronze.orders"));
    }

    [Fact]
    public void A_late_file_with_an_old_time_and_a_low_name_is_found()
    {
        using var folder = Fed(2);
        folder.Write("landing/orders/aaa.csv", "order_id,customer,amount\n9001,late,1.00\n");
        File.SetLastWriteTimeUtc(folder.File("landing/orders/aaa.csv"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(1, LocalUpdate.Run(folder.Path).Made("bronze.orders").Counts.RowsIn);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(1, lake.Count("SELECT count(*) FROM silver.orders WHERE customer = 'late'"));
    }

    [Fact]
    public void Two_full_refreshes_and_one_new_file_give_what_a_fresh_lake_gives()
    {
        using var folder = Fed(2);
        LocalUpdate.Run(folder.Path, null, "bronze.orders", "silver.orders");
        LocalUpdate.Run(folder.Path, null, "bronze.orders", "silver.orders", "silver.customers", "gold.totals");
        LocalUpdate.Run(folder.AddDay(3).Path);
        using var fresh = SmallPipeline.Create().AddDay(1).AddDay(2).AddDay(3);
        LocalUpdate.Run(fresh.Path);
        Assert.Equal(OpenLake.ContentOf(fresh.Path), OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void A_full_refresh_that_would_lose_rows_of_a_file_that_is_gone_is_refused()
    {
        using var folder = Fed(2);
        var before = OpenLake.ContentOf(folder.Path);
        File.Delete(folder.File("landing/orders/day-1.csv"));
        LocalUpdate.Run(folder.Path).NothingRan();
        var told = LocalUpdate.TryRun(folder.Path, null, "bronze.orders").Failed("bronze.orders", EngineCodes.FullRefreshLoses);
        Assert.Contains("day-1.csv", told, StringComparison.Ordinal);
        Assert.Equal(before, OpenLake.ContentOf(folder.Path));
    }

    private static PipelineFolder Fed(int days)
    {
        var folder = SmallPipeline.Create();
        for (var day = 1; day <= days; day++) LocalUpdate.Run(folder.AddDay(day).Path);
        return folder;
    }

    private static void Shell(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
