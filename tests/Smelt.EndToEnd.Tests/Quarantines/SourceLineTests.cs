using System.IO.Compression;
using System.Text;

namespace Smelt.EndToEnd.Tests.Quarantines;

/// <summary>A refused row's place in its file: the right one, whatever stands between the rows.</summary>
public sealed class SourceLineTests
{
    /// <summary>The places of refused rows, by their names.</summary>
    private static string Places(PipelineFolder folder)
    {
        LocalUpdate.Run(folder.Path);
        using var lake = new OpenLake(folder.Path);
        return lake.Text("SELECT string_agg(name || ' ' || parse_filename(_source_file) || ' ' || _source_offset, '; ' ORDER BY name, _source_file, _source_offset) FROM bronze.t__quarantine") ?? "";
    }

    private static PipelineFolder Reading(string options) => new PipelineFolder("name: lines\n").Write("bronze/t.sql", $"""
        CREATE STREAMING TABLE bronze.t (CONSTRAINT good EXPECT (name NOT LIKE 'bad%') ON VIOLATION QUARANTINE ROW)
        AS SELECT * FROM STREAM read_files('in'{options})
        """);

    [Fact]
    public void Lines_of_csv_count_headers_blank_lines_and_breaks_within_quotes_and_equal_rows_have_each_their_own()
    {
        const string Text = "id,name\n1,good\n\n2,bad a\n3,\"good\n\nsecond\"\n4,bad b\n4,bad b\n\n\n5,\"bad c\nof two\"\n6,good\n";
        using var folder = Reading(", format => 'csv'").Write("in/1.csv", Text).Write("in/2.csv", Text.Replace("\n", "\r\n", StringComparison.Ordinal));
        using (var zip = new GZipStream(File.Create(folder.File("in/3.csv.gz")), CompressionLevel.Fastest)) zip.Write(Encoding.UTF8.GetBytes(Text));
        string Of(string file, string two) => $"bad a {file} line 4; bad b {file} line 8; bad b {file} line 9; {two} {file} line 12";
        var places = Places(folder).Split("; ").Select(static p => p.Replace("\r\n", "\n", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        Assert.Equal(new[] { "1.csv", "2.csv", "3.csv.gz" }.SelectMany(f => Of(f, "bad c\nof two").Split("; ")).Order(StringComparer.Ordinal), places);
    }

    [Fact]
    public void Lines_of_csv_count_skipped_lines_and_comments()
    {
        using var folder = Reading(", format => 'csv', skipRows => 2, comment => '#'").Write("in/1.csv", "a title\n\nid,name\n# a remark\n1,bad a\n#\n2,bad b\n");
        Assert.Equal("bad a 1.csv line 5; bad b 1.csv line 7", Places(folder));
    }

    [Fact]
    public void Lines_of_json_are_those_where_records_begin()
    {
        using var lines = Reading(", format => 'json'").Write("in/1.json", """
            {"id":1,"name":"good"}

            {"id":2,"name":"bad a"}
            {"id":2,"name":"bad a"}
            not a record
            {"id":3,"name":"bad b"}
            """);
        Assert.Equal("bad a 1.json line 3; bad a 1.json line 4; bad b 1.json line 6", Places(lines));
        using var array = Reading(", format => 'json', multiLine => true").Write("in/1.json", "[\n {\"name\": \"good\"},\n\n {\n  \"name\": \"bad a\"\n },\n {\"name\": \"bad b\"}\n]\n");
        Assert.Equal("bad a 1.json line 4; bad b 1.json line 7", Places(array));
    }

    [Fact]
    public void Rows_of_parquet_are_counted_from_one_over_all_row_groups()
    {
        using var folder = Reading(", format => 'parquet'");
        Directory.CreateDirectory(folder.File("in"));
        folder.Smelt("query", "SELECT i AS id, CASE WHEN i % 50000 = 7 THEN 'bad ' || i ELSE 'good' END AS name FROM range(130000) AS r(i) ORDER BY i", "--format", "parquet", "--output", "in/1.parquet").Expect(0);
        Assert.Equal("bad 100007 1.parquet row 100008; bad 50007 1.parquet row 50008; bad 7 1.parquet row 8", Places(folder));
    }

    [Fact]
    public void A_column_with_the_name_of_what_the_quarantine_keeps_stops_the_step_once_a_row_is_refused()
    {
        using var folder = new PipelineFolder("name: q\n").Write("in/1.json", "{\"id\":1,\"_input\":\"x\"}\n").Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'json')")
            .Write("silver/t.sql", "CREATE STREAMING TABLE silver.t (CONSTRAINT low EXPECT (id < 2) ON VIOLATION QUARANTINE ROW) AS SELECT id::INT AS id, _input FROM STREAM bronze.t");
        folder.Smelt("run").Expect(0);
        var said = folder.Write("in/2.json", "{\"id\":2,\"_input\":\"y\"}\n").Smelt("run").Expect(1).Out;
        Assert.Contains("_input is one of these", said);
        Assert.Equal("1", folder.Scalar("SELECT count(*) FROM silver.t"));
        folder.Write("silver/t.sql", "CREATE STREAMING TABLE silver.t (CONSTRAINT low EXPECT (id < 2) ON VIOLATION QUARANTINE ROW) AS SELECT id::INT AS id, _input AS given FROM STREAM bronze.t");
        folder.Smelt("run").Expect(0);
        Assert.Equal("y", folder.Scalar("SELECT given FROM silver.t__quarantine"));
        Assert.Contains("_input of its own", folder.Smelt("quarantine", "replay", "silver.t").Expect(1).Out);
    }

    [Fact]
    public void A_column_of_parquet_with_the_name_of_the_number_is_a_column_and_the_place_is_not_told()
    {
        using var folder = Reading(", format => 'parquet'");
        Directory.CreateDirectory(folder.File("in"));
        folder.Smelt("query", "SELECT 'bad' AS name, 70 AS \"File_Row_Number\"", "--format", "parquet", "--output", "in/1.parquet").Expect(0);
        LocalUpdate.Run(folder.Path);
        Assert.Equal("70", folder.Scalar("SELECT file_row_number FROM bronze.t__quarantine WHERE _source_file = 'in/1.parquet' AND _source_offset IS NULL"));
    }

    [Fact]
    public void The_place_is_no_part_of_the_row_and_stays_with_it_over_a_replay()
    {
        using var folder = Reading(", format => 'csv'").Write("in/1.csv", "id,name\n1,good\n2,bad a\n");
        Assert.Equal("bad a 1.csv line 3", Places(folder));
        Assert.DoesNotContain("line", folder.Scalar("SELECT _input FROM bronze.t__quarantine"), StringComparison.Ordinal);
        folder.Smelt("quarantine", "replay", "bronze.t").Expect(0);
        Assert.Equal("bad a 1.csv line 3", Places(folder));
        // A failing cast is told with its line.
        folder.Write("silver/t.sql", "SELECT 1 AS one FROM STREAM read_files('in', format => 'csv') WHERE name::INT > 0");
        var failed = folder.Smelt("run").Expect(1);
        Assert.Contains("in/1.csv, line 2.", failed.Out + failed.Err, StringComparison.Ordinal);
    }
}
