using Smelt.Pipelines;

namespace Smelt.Connectors.Tests;

public class DiscoveryTests
{
    static string[] Names(DiscoveryResult result) => result is DiscoveryResult.Found found ? [.. FileSource.ChooseBatch(found.Files).Files.Select(f => f.Path)] : [];

    [Theory]
    [InlineData("in", "in/a.csv in/b.csv")]
    [InlineData("in/*", "in/a.csv in/b.csv")]
    [InlineData("in/?.csv", "in/a.csv in/b.csv")]
    [InlineData("in/[!a].csv", "in/b.csv")]
    [InlineData("in/*/*.csv", "in/x/c.csv")]
    [InlineData("in/**", "in/a.csv in/b.csv in/x/c.csv in/x/y/d.csv")]
    [InlineData("in/**/*.csv", "in/a.csv in/b.csv in/x/c.csv in/x/y/d.csv")]
    [InlineData("in/x/**/d.csv", "in/x/y/d.csv")]
    [InlineData("in/a.csv", "in/a.csv")]
    [InlineData("./in/../in/a.csv", "in/a.csv")]
    [InlineData("in/_hidden/*.csv", "in/_hidden/h.csv")]
    public void Patterns_find_the_files_they_say(string pattern, string expected)
    {
        using var f = new SourceFolder();
        foreach (var name in (string[])["a.csv", "b.csv", "x/c.csv", "x/y/d.csv", "_hidden/h.csv", ".dot.csv", "_x.csv", "z.csv.tmp", "y.part"]) f.Write("in/" + name, "a\n1\n");
        Assert.Equal(expected.Split(' '), Names(f.Discover(SourceFolder.Options(pattern))).Order());
    }

    [Fact]
    public void Each_file_is_read_once_and_late_files_with_old_times_or_low_names_are_found()
    {
        using var f = new SourceFolder();
        f.Write("in/m.csv", "a\n1\n");
        Assert.True(f.Next("in"));
        Assert.False(f.Next("in"));
        File.SetLastWriteTimeUtc(f.Write("in/a.csv", "a\n2\n"), new DateTime(1990, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.True(f.Next("in"));
        Assert.Equal(["in/a.csv"], f.Batch!.Files.Select(x => x.Path));
    }

    [Fact]
    public void Touching_copying_and_moving_the_folder_read_nothing_again()
    {
        using var f = new SourceFolder();
        var file = f.Write("in/a.csv", "a\n1\n");
        f.Next("in");
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        Assert.IsType<DiscoveryResult.NothingNew>(f.Discover(SourceFolder.Options("in")));
        using var copy = new SourceFolder();
        copy.Write("in/a.csv", "a\n1\n");
        var result = FileSource.Discover(SourceFolder.Options("in"), copy.Path, SeenFiles.FromJson(f.Seen.ToJson()), TestContext.Current.CancellationToken);
        Assert.Empty(Assert.IsType<DiscoveryResult.NothingNew>(result).Warnings);
    }

    [Fact]
    public void A_changed_file_is_a_warning_and_is_read_again_only_where_that_is_allowed()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        f.Next("in");
        f.Write("in/a.csv", "a\n1\n2\n");
        var quiet = Assert.IsType<DiscoveryResult.NothingNew>(f.Discover(SourceFolder.Options("in")));
        Assert.Contains("in/a.csv", Assert.Single(quiet.Warnings).Message, StringComparison.Ordinal);
        Assert.True(f.Next("in", ("allowOverwrites", true)));
        Assert.True(Assert.Single(f.Batch!.Files).Replaces);
        Assert.Equal(2, f.Count());
        Assert.False(f.Next("in", ("allowOverwrites", true)));
    }

    [Fact]
    public void Batches_follow_time_then_path_and_respect_limits()
    {
        using var f = new SourceFolder();
        foreach (var (name, day) in new[] { ("c", 1), ("b", 2), ("a", 2) }) File.SetLastWriteTimeUtc(f.Write($"in/{name}.csv", "a\n1\n"), new DateTime(2022, 1, day, 0, 0, 0, DateTimeKind.Utc));
        var found = Assert.IsType<DiscoveryResult.Found>(f.Discover(SourceFolder.Options("in"))).Files;
        Assert.Equal(["in/c.csv", "in/a.csv", "in/b.csv"], FileSource.ChooseBatch(found).Files.Select(x => x.Path));
        Assert.Equal(["in/c.csv", "in/a.csv"], FileSource.ChooseBatch(found, new(MaxFiles: 2)).Files.Select(x => x.Path));
        Assert.Equal(["in/c.csv"], FileSource.ChooseBatch(found, new(MaxBytes: 1)).Files.Select(x => x.Path));
    }

    [Fact]
    public void Batches_and_seen_files_survive_their_json()
    {
        using var f = new SourceFolder();
        f.Write("in/ä\"b.csv", "a\n1\n");
        f.Next("in");
        Assert.Equal(f.Batch!.Files, FileBatch.FromJson(f.Batch.ToJson()).Files);
        Assert.Equal(f.Seen.Files, SeenFiles.FromJson(f.Seen.ToJson()).Files);
        Assert.Equal(f.Schema!.Columns, SourceSchema.ColumnsFromJson(f.Connection, f.Schema.ToJson()));
    }

    [Fact]
    public void A_snapshots_fingerprint_changes_with_content_only()
    {
        using var f = new SourceFolder();
        var path = f.Write("in/a.csv", "a\n1\n");
        var options = SourceFolder.Options("in");
        var first = FileSource.Snapshot(options, f.Path);
        f.Seen.Add(first);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        Assert.Equal(first.Fingerprint, FileSource.Snapshot(options, f.Path, f.Seen).Fingerprint);
        f.Write("in/b.csv", "a\n");
        Assert.NotEqual(first.Fingerprint, FileSource.Snapshot(options, f.Path, f.Seen).Fingerprint);
    }

    [Theory]
    [InlineData("nowhere", FileFault.NotFound)]
    [InlineData("nowhere/*.csv", FileFault.NotFound)]
    [InlineData("in/a.csv/*.csv", FileFault.NotAFolder)]
    [InlineData("s3://bucket/x", FileFault.UnsupportedScheme)]
    [InlineData("in/*", FileFault.MixedFormats)]
    [InlineData("odd", FileFault.UnknownFormat)]
    public void Mistakes_come_back_as_values_with_a_sentence(string path, FileFault fault)
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n");
        f.Write("in/b.json", "{}\n");
        f.Write("odd/file.dat", "x");
        var problem = Assert.Single(Assert.IsType<DiscoveryResult.Failed>(f.Discover(SourceFolder.Options(path))).Problems);
        Assert.Equal(fault, problem.Fault);
        Assert.True(problem.Message.Length > 20, problem.Message);
    }

    [Fact]
    public void Links_are_followed_once_even_in_a_circle()
    {
        using var f = new SourceFolder();
        f.Write("in/x/a.csv", "a\n1\n");
        Directory.CreateSymbolicLink(Path.Combine(f.Path, "in/x/loop"), Path.Combine(f.Path, "in"));
        Assert.Equal(["in/x/a.csv"], Names(f.Discover(SourceFolder.Options("in/x/**"))));
        Assert.Equal(["in/x/a.csv"], Names(f.Discover(SourceFolder.Options("in", ("recursive", true)))));
    }

    [Theory]
    [InlineData("in", "in/gone.csv", "/nowhere/at/all.csv")]
    [InlineData("in/*.csv", "in/gone.csv", "../a.csv")]
    [InlineData("in/gone.csv", "in/gone.csv", "elsewhere.csv")]
    [InlineData("in/**/*.csv", "in/x/gone.csv", "/nowhere/at/all.csv")]
    [InlineData("in/*/*.csv", "in/gone", "/nowhere")]
    [InlineData("in", "in/circle.csv", "circle.csv")]
    public void A_link_that_leads_nowhere_fails_by_its_name(string pattern, string link, string target)
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        f.Write("in/x/b.csv", "a\n1\n");
        File.CreateSymbolicLink(Path.Combine(f.Path, link), target);
        var problem = Assert.Single(Assert.IsType<DiscoveryResult.Failed>(f.Discover(SourceFolder.Options(pattern))).Problems);
        Assert.Equal((FileFault.NotFound, link), (problem.Fault, problem.Subject));
        Assert.StartsWith(link + " is a link to ", problem.Message, StringComparison.Ordinal);
        Assert.Throws<FileSourceException>(() => FileSource.Snapshot(SourceFolder.Options(pattern), f.Path));
    }

    [Fact]
    public void A_link_that_the_pattern_does_not_name_or_whose_file_was_read_before_it_went_is_no_fault()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        var file = f.Write("elsewhere/b.csv", "a\n2\n");
        File.CreateSymbolicLink(Path.Combine(f.Path, "in/b.csv"), file);
        foreach (var passedOver in (string[])["in/_c.csv", "in/.c.csv", "in/c.csv.tmp"]) File.CreateSymbolicLink(Path.Combine(f.Path, passedOver), "nowhere");
        Assert.True(f.Next("in"));
        Assert.Equal(2, f.Count());
        File.Delete(file);
        File.CreateSymbolicLink(Path.Combine(f.Path, "in/c.json"), "nowhere");
        Assert.IsType<DiscoveryResult.NothingNew>(f.Discover(SourceFolder.Options("in/*.csv")));
        f.Write("in/d.csv", "a\n3\n");
        Assert.Equal(["in/d.csv"], Names(f.Discover(SourceFolder.Options("in/*.csv"))));
    }

    [Fact]
    public void A_pipe_fails_by_its_name_and_is_not_waited_for()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        f.Write("in/empty.csv", "");
        Assert.Equal(2, Names(f.Discover(SourceFolder.Options("in"))).Length);
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(f.Path, "in/pipe.csv")])) made.WaitForExit();
        var fault = Assert.Throws<FileSourceException>(() => f.Next("in"));
        Assert.Equal((FileFault.NotAFile, "in/pipe.csv"), (fault.Fault, fault.File));
    }

    [Fact]
    public void A_file_changed_after_its_batch_was_chosen_fails_by_name()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        var options = SourceFolder.Options("in");
        f.Next(options);
        f.Write("in/a.csv", "a\n1\n2\n");
        var e = Assert.Throws<DuckDb.DuckDbException>(() => f.Count());
        Assert.Contains("in/a.csv", e.Message, StringComparison.Ordinal);
        Assert.Equal(FileFault.ChangedWhileRead, f.Binding.Fault!.Fault);
    }

    [Fact]
    public void Wrong_options_are_all_named()
    {
        var result = FileOptionReader.Read("in", new Dictionary<string, object?> { ["headr"] = true, ["sep"] = "ab", ["format"] = "xml", ["skipRows"] = "x", ["encoding"] = "ebcdic", ["schemaHints"] = "a STRUCT<b", ["header"] = "maybe" });
        Assert.Null(result.Options);
        Assert.Equal(["encoding", "format", "header", "headr", "schemaHints", "sep", "skipRows"], result.Problems.Select(p => p.Option).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_hinted_type_that_is_none_is_named()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        var e = Assert.Throws<FileSourceException>(() => f.Next("in", ("schemaHints", "a INTT")));
        Assert.Contains("INTT", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_that_text_cannot_give_is_refused_by_its_column()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n1\n");
        var e = Assert.Throws<FileSourceException>(() => f.Next("in", ("schemaHints", "a INTERVAL")));
        Assert.Equal("a", e.File);
        Assert.Contains("INTERVAL", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_is_bound_in_a_catalog_of_its_own()
    {
        using var f = new SourceFolder();
        f.Connection.Execute("ATTACH ':memory:' AS step_7; USE step_7; CREATE SCHEMA bronze");
        f.Write("in/a.csv", "a\n1\n");
        f.Next("in");
        using var other = FileSource.Bind(f.Connection, f.Path, f.Batch!, f.Schema!, SourceFolder.Options("in"), ["bronze", "or\"ders"]);
        Assert.Equal([["1"]], f.Rows("SELECT a FROM bronze.\"or\"\"ders\""));
        Assert.Equal((1L, other.BytesTotal), (other.RowsRead, other.BytesRead));
    }

    [Fact]
    public void A_compiled_call_gives_paths_and_options()
    {
        static ConstantValue Constant(ConstantKind kind, string text, params ConstantValue[] items) => new(kind, text, items, []);
        var position = new FilePosition(1, 1);
        var paths = Constant(ConstantKind.List, "", ConstantValue.OfText("in/a.csv"), ConstantValue.OfText("in/*.csv"), ConstantValue.OfText("more"));
        var types = new ConstantValue(ConstantKind.Map, "", [], [new("a", ConstantValue.OfText("INT"))]);
        var call = new SourceCall("read_files", [paths], [new("SKIP", Constant(ConstantKind.Number, "1"), position), new("types", types, position)], true, null, default, position);
        var options = FileOptionReader.Read(call).Options!;
        Assert.Equal(1, options.SkipRows);
        Assert.Equal([new ColumnHint("a", "INT")], options.SchemaHints);
        using var f = new SourceFolder();
        foreach (var name in (string[])["in/a.csv", "in/b.csv", "more/c.csv"]) f.Write(name, "junk\na\n1\n");
        Assert.Equal(["in/a.csv", "in/b.csv", "more/c.csv"], Names(f.Discover(options)).Order());
        f.Next(options);
        Assert.Equal("INTEGER", f.TypeOf("a"));
        Assert.Equal(3, f.Count("a = 1"));
    }

    [Fact]
    public void A_query_that_mentions_the_source_several_times_sees_all_of_it_each_time()
    {
        using var f = new SourceFolder();
        for (var i = 0; i < 20; i++) f.Write($"in/{i}.csv", $"a\n{i}\n{i + 100}\n");
        f.Next("in");
        Assert.Equal([[40L, 40L, 40L]], f.Rows("SELECT (SELECT count(*) FROM input), (SELECT count(*) FROM input x JOIN input y USING (a)), (SELECT count(a) FROM input WHERE a IN (SELECT a FROM input))"));
        Assert.Equal([[0L, 1L], [1L, 40L], [2L, 1600L]],
            f.Rows("WITH RECURSIVE r(i) AS (SELECT 0::BIGINT UNION ALL SELECT i + 1 FROM r, input WHERE i < 2) SELECT i, count(*) FROM r GROUP BY i ORDER BY i"));
    }

    [Fact]
    public void Cancelling_ends_a_scan()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", "a\n" + string.Concat(Enumerable.Repeat("some text to read\n", 100_000)));
        var options = SourceFolder.Options("in");
        f.Next(options);
        using var cancel = new CancellationTokenSource();
        using var binding = FileSource.Bind(f.Connection, f.Path, f.Batch!, f.Schema!, options, ["cancelled"], cancel.Token);
        cancel.Cancel();
        Assert.Throws<DuckDb.DuckDbException>(() => f.Rows("SELECT max(a) FROM cancelled"));
        Assert.Throws<OperationCanceledException>(() => FileSource.InferSchema(f.Connection, f.Path, f.Batch!, options, null, cancel.Token));
    }
}
