namespace Smelt.EndToEnd.Tests;

public sealed class OlderStateTests
{
    private static readonly Dictionary<string, string> KillAfterIntent = new() { ["SMELT_FAULT"] = "kill@bronze.a:after-intent" };

    [Fact]
    public void A_state_put_back_from_an_older_copy_stops_the_stream_and_loses_no_file()
    {
        using var pipeline = Files();
        pipeline.Write("in/a.csv", "x\n1\n");
        pipeline.Update();
        PipelineFolder.CopyTree(pipeline.File("lake/_smelt"), pipeline.File("older"), static _ => true);
        pipeline.Write("in/b.csv", "x\n2\n");
        pipeline.Update();
        Directory.Delete(pipeline.File("lake/_smelt"), recursive: true);
        Directory.Move(pipeline.File("older"), pipeline.File("lake/_smelt"));
        pipeline.Write("in/c.csv", "x\n3\n");
        Assert.Contains("SM6209", pipeline.Smelt("run").Expect(1).Out, StringComparison.Ordinal);
        Assert.Equal("2", pipeline.Scalar("SELECT count(*) FROM bronze.a"));
        pipeline.Update("--full-refresh", "bronze.a");
        Assert.Equal("6", pipeline.Scalar("SELECT sum(x::INT) FROM bronze.a"));
    }

    [Fact]
    public void A_view_with_an_older_state_is_made_anew()
    {
        using var pipeline = Files().Write("silver/v.sql", "SELECT count(*) AS n FROM bronze.a");
        pipeline.Write("in/a.csv", "x\n1\n");
        pipeline.Update();
        PipelineFolder.CopyTree(pipeline.File("lake/_smelt/flows/silver.v"), pipeline.File("older"), static _ => true);
        pipeline.Write("in/b.csv", "x\n2\n");
        pipeline.Update();
        Directory.Delete(pipeline.File("lake/_smelt/flows/silver.v"), recursive: true);
        Directory.Move(pipeline.File("older"), pipeline.File("lake/_smelt/flows/silver.v"));
        pipeline.Write("in/c.csv", "x\n3\n");
        pipeline.Update();
        Assert.Equal("3", pipeline.Scalar("SELECT n FROM silver.v"));
    }

    [Fact]
    public void An_interrupted_batch_whose_definition_reads_other_sources_today_is_chosen_anew()
    {
        using var pipeline = Files();
        pipeline.Write("in/a.csv", "x\n1\n").Write("other/b.csv", "x\n20\n");
        Assert.NotEqual(0, pipeline.Smelt(KillAfterIntent, "run").ExitCode);
        pipeline.Write("bronze/a.sql", "CREATE STREAMING TABLE bronze.a AS SELECT * FROM STREAM read_files('other') UNION ALL BY NAME SELECT * FROM STREAM read_files('in')");
        pipeline.Update();
        Assert.Equal("21", pipeline.Scalar("SELECT sum(x::INT) FROM bronze.a"));
    }

    [Fact]
    public void An_interrupted_batch_whose_file_went_is_chosen_anew()
    {
        using var pipeline = Files();
        pipeline.Write("in/a.csv", "x\n1\n").Write("in/b.csv", "x\n2\n");
        Assert.NotEqual(0, pipeline.Smelt(KillAfterIntent, "run").ExitCode);
        File.Delete(pipeline.File("in/a.csv"));
        pipeline.Update();
        Assert.Equal("2", pipeline.Scalar("SELECT sum(x::INT) FROM bronze.a"));
    }

    [Fact]
    public void A_prepared_batch_is_committed_under_its_datasets_new_name()
    {
        using var pipeline = Files().Write("silver/s.sql", "CREATE STREAMING TABLE silver.s AS SELECT x::INT AS x FROM STREAM bronze.a");
        pipeline.Write("in/a.csv", "x\n1\nbad\n");
        pipeline.Update();
        pipeline.Write("in/b.csv", "x\n2\nworse\n");
        Assert.NotEqual(0, pipeline.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.s:after-prepared" }, "run").ExitCode);
        File.Delete(pipeline.File("silver/s.sql"));
        pipeline.Write("silver/t.sql", "CREATE STREAMING TABLE silver.t TBLPROPERTIES ('smelt.moved_from' = 'silver.s') AS SELECT x::INT AS x FROM STREAM bronze.a");
        pipeline.Update();
        Assert.Equal("3", pipeline.Scalar("SELECT sum(x) FROM silver.t"));
        Assert.Equal("2", pipeline.Scalar("SELECT count(*) FROM silver.t__quarantine"));
    }

    [Fact]
    public void A_test_that_cannot_run_fails_the_update()
    {
        using var pipeline = Files().Write("tests/broken.sql", "SELECT no_such_function(x) FROM bronze.a");
        pipeline.Write("in/a.csv", "x\n1\n");
        Assert.Contains("no_such_function", pipeline.Smelt("run").Expect(1).Out, StringComparison.Ordinal);
    }

    private static PipelineFolder Files() => new PipelineFolder().Write("bronze/a.sql", "CREATE STREAMING TABLE bronze.a AS SELECT * FROM STREAM read_files('in')");
}
