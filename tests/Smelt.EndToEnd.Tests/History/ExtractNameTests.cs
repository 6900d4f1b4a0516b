using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>What extracts are called after, and the order that their names stand in.</summary>
public sealed class ExtractNameTests
{
    private static PipelineFolder Staff(string source, string clauses = "") => new PipelineFolder().Write("silver/staff.sql", $"""
        CREATE STREAMING TABLE silver.staff;
        CREATE FLOW extracts AS AUTO CDC INTO silver.staff FROM SNAPSHOT {source} KEYS (id) {clauses} STORED AS SCD TYPE 2
        """);

    private static PipelineFolder WithDays(PipelineFolder folder) => folder.Write("landing/x/2025-01-01/a.csv", "id,name\n1,Ann\n").Write("landing/x/2025-01-01/b.csv", "id,name\n2,Bob\n")
        .Write("landing/x/2025-01-02/a.csv", "id,name\n1,Anna\n").Write("landing/x/2025-01-02/b.csv", "id,name\n3,Cid\n");

    private static string Versions(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return lake.Text("SELECT string_agg(concat_ws(' ', id, name, __START_AT, coalesce(__END_AT::VARCHAR, '-')), ';' ORDER BY id, __START_AT) FROM silver.staff")!;
    }

    [Theory]
    [InlineData("landing/x/**")]
    [InlineData("landing/x/**/*.csv")]
    [InlineData("landing/x/*/*.csv")]
    [InlineData("./landing/x/2025*/*.csv")]
    [InlineData("landing/x/2025-01-0[12]/*")]
    [InlineData("landing/x")]
    [InlineData("ABSOLUTE/landing/x/")]
    [InlineData("file://ABSOLUTE/landing/x/*/*.csv")]
    public void The_first_thing_below_the_part_without_wildcards_names_an_extract(string path)
    {
        using var folder = WithDays(new PipelineFolder());
        var recursive = path.Contains('*', StringComparison.Ordinal) ? "" : ", recursive => true";
        using var pipeline = Staff($"read_files('{path.Replace("ABSOLUTE", folder.Path, StringComparison.Ordinal)}', format => 'csv'{recursive})");
        File.Copy(pipeline.File("silver/staff.sql"), folder.Write("silver/staff.sql", "").File("silver/staff.sql"), true);
        LocalUpdate.Run(folder.Path);
        Assert.Equal("1 Ann 2025-01-01 2025-01-02;1 Anna 2025-01-02 -;2 Bob 2025-01-01 2025-01-02;3 Cid 2025-01-02 -", Versions(folder));
    }

    [Fact]
    public void A_file_beside_the_folders_is_an_extract_of_its_own_name()
    {
        using var folder = WithDays(Staff("read_files('landing/x/**/*.csv', format => 'csv')")).Write("landing/x/2025-01-03.csv", "id,name\n1,Anna\n");
        LocalUpdate.Run(folder.Path);
        Assert.EndsWith("3 Cid 2025-01-02 2025-01-03", Versions(folder));
    }

    [Fact]
    public void A_wildcard_above_the_days_makes_one_extract_of_all_below_the_folder_that_it_fits()
    {
        using var folder = Staff("read_files('landing/*/*/*.csv', format => 'csv')").Write("landing/x/one/a.csv", "id,name\n1,Ann\n").Write("landing/x/two/a.csv", "id,name\n2,Bob\n");
        LocalUpdate.Run(folder.Path);
        Assert.Equal("1 Ann x -;2 Bob x -", Versions(folder));
    }

    [Fact]
    public void A_folder_of_folders_waits_and_says_how_these_are_read()
    {
        using var folder = WithDays(Staff("read_files('landing/x', format => 'csv')"));
        var waits = LocalUpdate.TryRun(folder.Path).Of("silver.staff").ToString();
        Assert.Contains("its source has no files yet: landing/x holds folders, whose files are read with recursive => true", waits);
    }

    [Fact]
    public void Numbers_whose_order_as_texts_is_another_stop_the_first_update_and_padded_they_are_applied_in_theirs()
    {
        using var folder = Staff("read_files('landing', format => 'csv')");
        folder.Write("landing/1.csv", "id,name\n1,Ann\n").Write("landing/9.csv", "id,name\n1,Anna\n").Write("landing/10.csv", "id,name\n1,Anne\n");
        var told = LocalUpdate.TryRun(folder.Path).Failed("silver.staff", EngineCodes.ExtractOutOfOrder);
        Assert.Contains("10 comes before 9. Rename the files or folders so that all numbers have as many digits (0009, 0010), or write SEQUENCE BY a column", told);
        Assert.DoesNotContain("--full-refresh", told);
        foreach (var (from, to) in new[] { ("1", "01"), ("9", "09") }) File.Move(folder.File($"landing/{from}.csv"), folder.File($"landing/{to}.csv"));
        LocalUpdate.Run(folder.Path);
        Assert.Equal("1 Ann 01 09;1 Anna 09 10;1 Anne 10 -", Versions(folder));
    }

    [Fact]
    public void A_number_after_one_with_fewer_digits_is_told_to_be_renamed_and_not_taken_away()
    {
        using var folder = Staff("read_files('landing', format => 'csv')").Write("landing/9.csv", "id,name\n1,Ann\n");
        LocalUpdate.Run(folder.Path);
        var told = LocalUpdate.TryRun(folder.Write("landing/10.csv", "id,name\n1,Anne\n").Path).Failed("silver.staff", EngineCodes.ExtractOutOfOrder);
        Assert.Contains("10 comes before 9. Write SEQUENCE BY a column that orders the extracts", told);
        Assert.Contains("smelt drop silver.staff", told);
        Assert.Contains("--full-refresh silver.staff", told);
        Assert.DoesNotContain("Take", told);
    }

    [Fact]
    public void A_column_that_orders_the_extracts_lets_numbers_be_rebuilt_as_they_are()
    {
        using var folder = Staff("read_files('landing', format => 'csv')").Write("landing/9.csv", "id,name,ex\n1,Ann,9\n");
        LocalUpdate.Run(folder.Path);
        _ = LocalUpdate.TryRun(folder.Write("landing/10.csv", "id,name,ex\n1,Anne,10\n").Path).Failed("silver.staff", EngineCodes.ExtractOutOfOrder);
        using var ordered = Staff("read_files('landing', format => 'csv', schemaHints => 'ex INTEGER')", "SEQUENCE BY ex");
        File.Copy(ordered.File("silver/staff.sql"), folder.File("silver/staff.sql"), true);
        LocalUpdate.Run(folder.Path, null, "silver.staff");
        Assert.Equal("1 Ann 9 10;1 Anne 10 -", Versions(folder));
    }

    [Fact]
    public void Numbers_that_stand_in_one_order_as_texts_too_are_applied()
    {
        using var folder = Staff("read_files('landing', format => 'csv')").Write("landing/2024.csv", "id,name\n1,Ann\n").Write("landing/202501.csv", "id,name\n1,Anna\n");
        LocalUpdate.Run(folder.Path);
        Assert.Equal("1 Ann 2024 202501;1 Anna 202501 -", Versions(folder));
    }

    [Theory]
    [InlineData("landing', format => 'csv', recursive => true", "", "landing/monday/late.csv")]
    [InlineData("landing', format => 'csv', schemaHints => 'ex INTEGER", "SEQUENCE BY ex", "landing/late.csv")]
    public void A_file_that_comes_late_to_the_extract_applied_last_is_named(string source, string clauses, string late)
    {
        using var folder = Staff($"read_files('{source}{(clauses.Length > 0 ? "'" : "")})", clauses);
        LocalUpdate.Run(folder.Write(clauses.Length > 0 ? "landing/a.csv" : "landing/monday/a.csv", "id,name,ex\n1,Ann,7\n").Path);
        var told = LocalUpdate.TryRun(folder.Write(late, "id,name,ex\n2,Bob,7\n").Path).Failed("silver.staff", EngineCodes.ExtractOutOfOrder);
        Assert.StartsWith($"The extract {(clauses.Length > 0 ? "7" : "monday")} of silver.staff was applied already, and {late} belongs to it: ", told);
        Assert.Contains("Take away what came late, or rebuild with --full-refresh silver.staff", told);
    }
}
