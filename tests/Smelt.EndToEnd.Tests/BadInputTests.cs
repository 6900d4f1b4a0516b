namespace Smelt.EndToEnd.Tests;

/// <summary>Whatever is wrong is told in a sentence that says what to do, with a code, and without a stack trace.</summary>
public sealed class BadInputTests
{
    private static PipelineFolder Small() => new PipelineFolder("name: b\n").Write("in/x.csv", "a,b\n1,2\n")
        .Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')").Write("silver/t.sql", "SELECT a::INT AS a FROM bronze.t");

    private static string Told(SmeltResult said, int exitCode, params string[] words)
    {
        var text = said.Expect(exitCode).Out + said.Err;
        foreach (var word in words) Assert.Contains(word, text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("SM6999", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        return text;
    }

    [Theory]
    [InlineData("frobnicate", "frobnicate", "--help")]
    [InlineData("run --nope", "There is no option --nope", "smelt run --help")]
    [InlineData("run nowhere", "There is no folder nowhere", "smelt init")]
    [InlineData("run smelt.yml", "smelt.yml is a file", "Name the pipeline's folder")]
    [InlineData("run in", "There is no smelt.yml", "smelt init")]
    [InlineData("show", "dataset", "--help")]
    [InlineData("show silver.tt", "There is no dataset silver.tt", "Did you mean silver.t")]
    [InlineData("show silver.t", "silver.t has no table yet", "smelt run")]
    [InlineData("history silver.t", "has no table yet", "smelt run")]
    [InlineData("quality", "There is no event log yet", "smelt run")]
    [InlineData("show silver.t --format xml", "xml", "parquet")]
    [InlineData("run --var x", "--var x", "name=value")]
    [InlineData("run --var x=1", "SM4008", "variables")]
    [InlineData("run --target moon", "SM4009", "local")]
    [InlineData("run --parallel 0", "--parallel", "1 or more")]
    [InlineData("run --select tt", "SM5011", "'tt' selects nothing")]
    [InlineData("run --select layer:", "SM5012", "layer:")]
    [InlineData("run --full-refresh moon", "--full-refresh", "there is no dataset moon")]
    [InlineData("drop silver.t", "defined in silver/t.sql", "Remove the file first")]
    [InlineData("drop silver.gone --yes", "no table silver.gone", "state")]
    [InlineData("init .", "is not empty", "Name a new folder")]
    [InlineData("init new --template moon", "There is no template moon", "retail")]
    public void Wrong_arguments_end_with_2_and_say_what_to_do(string arguments, string what, string advice)
    {
        using var folder = Small();
        Told(folder.Smelt(arguments.Split(' ')), 2, what, advice);
        Assert.False(Directory.Exists(folder.File("lake")));
    }

    [Fact]
    public void A_stack_trace_is_shown_with_debug_only()
    {
        using var folder = Small();
        Told(folder.Smelt("show", "moon"), 2);
        Assert.Contains("   at Smelt.", folder.Smelt("show", "moon", "--debug").Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smelt.yml")]
    [InlineData("platform.yml")]
    public void A_folder_where_a_file_of_the_pipeline_should_be_is_told(string file)
    {
        using var folder = Small();
        File.Delete(folder.File(file));
        Directory.CreateDirectory(folder.File(file));
        Told(folder.Smelt("run"), 2, $"{file}: error SM1001", "folder where a file should be", "Move it away");
    }

    [Theory]
    [InlineData("lake")]
    [InlineData("lake/_smelt")]
    [InlineData("lake/bronze/t")]
    public void A_file_where_a_folder_of_the_lake_should_be_is_told_by_its_path(string file)
    {
        using var folder = Small().Write(file, "x");
        Told(folder.Smelt("run"), 1, "SM6302", folder.File(file) + " is a file", "ove it away");
        File.Delete(folder.File(file));
        folder.Update();
    }

    [Fact]
    public void A_source_that_is_gone_and_a_query_file_that_leads_nowhere_are_told()
    {
        using var folder = Small();
        Directory.Move(folder.File("in"), folder.File("out"));
        Told(folder.Smelt("run"), 1, "SM6006: in is not there", "correct the path");
        File.CreateSymbolicLink(folder.File("bronze/u.sql"), "nowhere.sql");
        Told(folder.Smelt("run"), 2, "bronze/u.sql: error SM1001");
    }

    [Fact]
    public void A_link_that_leads_nowhere_and_a_pipe_fail_the_flow_by_name_and_nothing_of_the_batch_is_committed()
    {
        using var folder = Small();
        File.CreateSymbolicLink(folder.File("in/z.csv"), "../gone.csv");
        Told(folder.Smelt("run"), 1, "SM6006: in/z.csv is a link to " + folder.File("gone.csv"), "remove the link");
        Assert.Empty(folder.Tables());
        folder.Write("gone.csv", "a,b\n3,4\n");
        folder.Update();
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM silver.t"));
        ShellProgram.Run(folder.Path, "mkfifo", "in/pipe.csv").Expect(0);
        folder.Write("in/y.csv", "a,b\n5,6\n");
        Told(folder.Smelt("run"), 1, "SM6006: in/pipe.csv is a pipe");
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM silver.t"));
        File.Delete(folder.File("in/pipe.csv"));
        folder.Update();
        Assert.Equal("3", folder.Scalar("SELECT count(*) FROM silver.t"));
    }

    [Theory]
    [InlineData("name: [b\n", "SM4002")]
    [InlineData("nam: b\n", "Did you mean 'name'?")]
    [InlineData("name: b\n\tvars: x\n", "SM4002")]
    [InlineData("name: b\ncast_errors: ignore\n", "cast_errors")]
    [InlineData("- a\n- b\n", "Expected a map")]
    public void Mistakes_in_YAML_have_a_place_and_a_code(string yml, string what)
    {
        using var folder = Small().Write("smelt.yml", yml);
        Assert.Matches(@"smelt\.yml:\d+:\d+: error SM4", Told(folder.Smelt("run"), 2, what));
    }

    [Fact]
    public void A_corrupt_log_is_told_by_table_and_file_and_hides_no_other_table()
    {
        using var folder = Small().Write("silver/other.sql", "SELECT 1 AS one");
        folder.Update();
        var log = folder.File("lake/bronze/t/_delta_log/00000000000000000000.json");
        var whole = File.ReadAllBytes(log);
        File.WriteAllBytes(log, whole[..50]);
        folder.Write("silver/other.sql", "SELECT 2 AS one");
        Told(folder.Smelt("run"), 1, "SM6303: bronze.t cannot be read", "00000000000000000000.json", "Bring the file back", "done   silver.other");
        Told(folder.Smelt("ls"), 1, "bronze.t cannot be read", "silver.other");
        Told(folder.Smelt("show", "bronze.t"), 1, "bronze.t cannot be read");
        Told(folder.Smelt("query", "SELECT * FROM read_delta('lake/bronze/t')"), 1, "lake/bronze/t", "Bring the file back");
        Assert.Equal("2", folder.Scalar("SELECT one FROM silver.other"));
        File.WriteAllBytes(log, whole);
        folder.Update();
    }

    [Fact]
    public void A_missing_version_a_garbage_checkpoint_and_a_lying_last_checkpoint_are_told_or_passed_over()
    {
        using var folder = Small().Write("smelt.yml", "name: b\ndefaults:\n  bronze:\n    properties: {delta.checkpointInterval: '2'}\n");
        for (var day = 1; day < 4; day++)
        {
            folder.Write($"in/{day}.csv", $"a,b\n{day},2\n");
            folder.Update();
        }
        var log = folder.File("lake/bronze/t/_delta_log");
        var checkpoint = Assert.Single(Directory.GetFiles(log, "*.checkpoint.parquet"));
        File.WriteAllText(checkpoint, "garbage");
        File.WriteAllText(Path.Combine(log, "_last_checkpoint"), "{\"version\":99,\"size\":1}");
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM bronze.t"));
        File.Delete(Path.Combine(log, "00000000000000000001.json"));
        Told(folder.Smelt("run"), 1, "SM6303", "bronze.t cannot be read", "00000000000000000002.checkpoint.parquet");
        File.Delete(checkpoint);
        Told(folder.Smelt("run"), 1, "SM6303", "bronze.t cannot be read", "no version 1");
    }

    [Fact]
    public void A_table_of_a_newer_protocol_is_refused_by_the_name_of_what_it_needs()
    {
        using var folder = Small();
        folder.Update();
        var log = folder.File("lake/bronze/t/_delta_log/00000000000000000000.json");
        var text = File.ReadAllText(log);
        File.WriteAllText(log, System.Text.RegularExpressions.Regex.Replace(text, "\"protocol\":\\{[^}]*\\}", "\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"timeMachine\"],\"writerFeatures\":[\"timeMachine\"]}"));
        Told(folder.Smelt("run"), 1, "SM6303", "bronze.t", "timeMachine", "newer Smelt");
        Told(folder.Smelt("show", "bronze.t"), 1, "timeMachine");
        File.WriteAllText(log, System.Text.RegularExpressions.Regex.Replace(text, "\"minReaderVersion\":\\d+", "\"minReaderVersion\":99"));
        Told(folder.Smelt("show", "bronze.t"), 1, "reader version 99");
    }

    [Fact]
    public void A_data_file_that_is_gone_is_told_by_its_name()
    {
        using var folder = Small();
        folder.Update();
        var file = Assert.Single(Directory.GetFiles(folder.File("lake/bronze/t"), "*.parquet"));
        File.Delete(file);
        Told(folder.Smelt("show", "bronze.t"), 1, "SM6302", Path.GetFileName(file), "bring it back");
    }

    [Theory]
    [InlineData("ulimit -f 600; trap '' XFSZ; exec \"$0\" run")]
    [InlineData("exec unshare -Urm sh -c 'mount -t tmpfs -o size=600k tmpfs lake && exec \"$0\" run' \"$0\"")]
    public void A_full_disk_commits_nothing_says_so_and_the_next_run_goes_on(string script)
    {
        using var folder = Small();
        folder.Write("in/x.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 200_000).Select(static i => $"{i * 7919L % 1_000_003},{i * 104_729L % 1_000_033}x\n")));
        Directory.CreateDirectory(folder.File("lake"));
        Assert.SkipWhen(script.Contains("unshare", StringComparison.Ordinal) && ShellProgram.Run(folder.Path, "unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "lake").ExitCode != 0, "needs user namespaces for a small disk");
        // The runtime maps its code through a file that the limit would cut; without W^X it does not.
        var said = ShellProgram.Run(folder.Path, "bash", "-c", "export DOTNET_EnableWriteXorExecute=0; " + script, SmeltProgram.Path);
        Told(said, 1, "SM6304", "make room");
        Assert.Empty(folder.Tables());
        folder.Update();
        Assert.Equal("200000", folder.Scalar("SELECT count(*) FROM silver.t"));
    }

    [Fact]
    public void Files_and_folders_that_this_user_may_not_read_or_write_are_told_by_their_names()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/setpriv"), "needs root, to be somebody else");
        using var folder = Small();
        folder.Update();
        ShellProgram.Run(folder.Path, "chmod", "-R", "a+rX,a-w", ".").Expect(0);
        SmeltResult Nobody(params string[] arguments) => ShellProgram.Run(folder.Path, "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", SmeltProgram.Path, .. arguments]);
        Assert.SkipUnless(Nobody("--version").ExitCode == 0, "nobody may not enter the repository");
        Told(Nobody("run"), 1, "SM6302", "lake/_smelt/lock", "permissions");
        Told(Nobody("show", "silver.t"), 0);
        ShellProgram.Run(folder.Path, "chmod", "-R", "a+w", ".").Expect(0);
        folder.Write("in/secret.csv", "a,b\n5,6\n");
        ShellProgram.Run(folder.Path, "chmod", "000", "in/secret.csv").Expect(0);
        Told(Nobody("run"), 1, "SM6006: in/secret.csv may not be read", "permissions");
        ShellProgram.Run(folder.Path, "chmod", "000", "in").Expect(0);
        Told(Nobody("run"), 1, "SM6006: in may not be listed", "permissions");
        ShellProgram.Run(folder.Path, "chmod", "000", "silver").Expect(0);
        // Without its files the layer would look like orphans.
        Told(Nobody("plan"), 2, "silver: error SM1001", "permissions");
        ShellProgram.Run(folder.Path, "chmod", "755", "silver", "in").Expect(0);
        ShellProgram.Run(folder.Path, "chmod", "000", "silver/t.sql", "smelt.yml").Expect(0);
        Told(Nobody("validate"), 2, "smelt.yml: error SM1001", "silver/t.sql: error SM1001", "permissions");
    }
}
