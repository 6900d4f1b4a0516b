using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>What came in is kept: every value and every broken line can be read back through a whole bronze table.</summary>
public sealed class ExactValueTests
{
    private const string Inferred = "SELECT * FROM STREAM read_files('in', format => 'csv', inferColumnTypes => true)";
    private const string Json = "SELECT * FROM STREAM read_files('in', format => 'json')";

    [Fact]
    public void A_postal_code_with_a_leading_zero_on_the_second_day_is_read_back_with_its_zero()
    {
        using var folder = new PipelineFolder().Write("bronze/zips.sql", Inferred).Write("in/1.csv", "id,zip\n1,70740\n");
        folder.Update();
        Assert.Equal("BIGINT", folder.Scalar("SELECT typeof(zip) FROM bronze.zips"));
        folder.Write("in/2.csv", "id,zip\n2,04726\n");
        folder.Update();
        Assert.Equal(["1=70740", "2=04726"], Texts(folder, "SELECT id || '=' || coalesce(zip::VARCHAR, _rescued_data::JSON ->> 'zip') FROM bronze.zips ORDER BY id"));
    }

    [Fact]
    public void Json_numbers_malformed_lines_keys_that_differ_by_case_and_a_struct_after_nulls_are_read_back_byte_for_byte()
    {
        const string broken = """{"id": 2, "price": "ünwell,""";
        using var folder = new PipelineFolder().Write("bronze/events.sql", Json);
        folder.Write("in/1.jsonl", """{"id": 1, "price": 12345678901234567.89, "extra": null, "a": "small", "A": "BIG"}""" + "\n" + broken + "\n" + """{"id": 3, "price": 0.1, "extra": null}""" + "\n");
        folder.Update();
        folder.Write("in/2.jsonl", """{"id": 4, "price": 98765432109876543210.123456789, "extra": {"k": [1, {"z": 9007199254740993}], "t": "x"}}""" + "\n");
        folder.Update();
        Assert.Equal(["12345678901234567.89"], Texts(folder, "SELECT price FROM bronze.events WHERE id = 1"));
        Assert.Equal(["98765432109876543210.123456789"], Texts(folder, "SELECT coalesce(price::VARCHAR, _rescued_data::JSON ->> 'price') FROM bronze.events WHERE id = 4"));
        Assert.Equal(["small|\"BIG\""], Texts(folder, "SELECT a || '|' || (_rescued_data::JSON ->> 'A') FROM bronze.events WHERE id = 1"));
        Assert.Equal(["""{"z": 9007199254740993}|x"""], Texts(folder, "SELECT extra.k[2] || '|' || extra.t FROM bronze.events WHERE id = 4"));
        Assert.Equal([broken], Texts(folder, "SELECT _rescued_data::JSON ->> '_line' FROM bronze.events WHERE id IS NULL"));
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM bronze.events"));
    }

    [Fact]
    public void Every_line_of_three_days_comes_back_as_it_was_written_with_a_column_more_on_the_third_in_plain_gz_and_zst_files()
    {
        using var folder = new PipelineFolder().Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')");
        folder.Write("in/1.csv", "id,text\n1,\"a \"\"quoted\"\" one\"\n2,\"two\nlines\"\n3,\"unclosed\n4,a,b,c\n");
        folder.Update();
        folder.WriteBytes("in/2.csv.gz", Gzip("id,text\n5,gz\n"));
        folder.Update();
        var hasZstd = Zstd(folder, "id,text,colour\n6,zst,grün\n", "in/3.csv.zst");
        if (!hasZstd) folder.Write("in/3.csv", "id,text,colour\n6,zst,grün\n");
        var notes = folder.Update().GetProperty("steps")[0].GetProperty("notes").EnumerateArray().Select(static n => n.GetString());
        Assert.Contains(notes, static n => n!.Contains("new column colour", StringComparison.Ordinal));
        Assert.Equal(["1=a \"quoted\" one", "2=two\nlines", "5=gz", "6=zst"], Texts(folder, "SELECT id || '=' || text FROM bronze.t WHERE id IS NOT NULL ORDER BY id"));
        Assert.Equal(["3,\"unclosed", "4,a,b,c"], Texts(folder, "SELECT _rescued_data::JSON ->> '_line' FROM bronze.t WHERE id IS NULL ORDER BY 1"));
        Assert.Equal(["6=grün"], Texts(folder, "SELECT id || '=' || colour FROM bronze.t WHERE colour IS NOT NULL"));
    }

    [Fact]
    public void A_gz_file_that_is_cut_short_fails_the_flow_by_its_name_and_nothing_of_the_batch_is_committed()
    {
        using var folder = new PipelineFolder().Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')").Write("in/1.csv", "id\n1\n");
        folder.Update();
        var whole = Gzip("id\n" + string.Concat(Enumerable.Range(2, 5000).Select(static i => i + "\n")));
        folder.WriteBytes("in/2.csv.gz", whole[..(whole.Length / 2)]).Write("in/3.csv", "id\n9999\n");
        var failed = folder.Smelt("run").Expect(1);
        Assert.Contains("SM6006: in/2.csv.gz", failed.Out, StringComparison.Ordinal);
        Assert.Equal(["1"], Texts(folder, "SELECT id FROM bronze.t"));
        folder.WriteBytes("in/2.csv.gz", whole);
        folder.Update();
        Assert.Equal("5002", folder.Scalar("SELECT count(DISTINCT id) FROM bronze.t"));
    }

    [Fact]
    public void Metadata_columns_are_renamed_or_left_out_as_smelt_yml_says_and_the_quarantine_follows()
    {
        using var folder = new PipelineFolder("name: t\nmetadata_columns:\n  _source_file: origin\n  _batch_id: false\n  _ingestion_date: null\n  _rescued_data: rest\n");
        folder.Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')").Write("in/1.csv", "id\n1\nx\n2,3\n");
        folder.Write("silver/t.sql", "SELECT id::INT AS id FROM STREAM bronze.t");
        folder.Update();
        Assert.Equal(["id", "rest", "origin", "_ingested_at", "_source"], Columns(folder, "bronze.t"));
        Assert.Equal(["2,3"], Texts(folder, "SELECT rest::JSON ->> '_line' FROM bronze.t WHERE rest IS NOT NULL"));
        Assert.Equal(["x from in/1.csv"], Texts(folder, "SELECT (_input::JSON ->> 'id') || ' from ' || origin FROM silver.t__quarantine"));
    }

    [Fact]
    public void A_bronze_table_that_selects_columns_still_stores_where_its_rows_came_from()
    {
        using var folder = new PipelineFolder().Write("bronze/t.sql", "SELECT b, a FROM STREAM read_files('in', format => 'csv')").Write("in/1.csv", "a,b,c\n1,2,3\n");
        folder.Update();
        Assert.Equal(["_batch_id", "_ingested_at", "_ingestion_date", "_rescued_data", "_source", "_source_file", "a", "b"], Columns(folder, "bronze.t").Order(StringComparer.Ordinal));
        Assert.Equal(["2 1 in/1.csv in"], Texts(folder, "SELECT b || ' ' || a || ' ' || _source_file || ' ' || _source FROM bronze.t WHERE _batch_id IS NOT NULL AND _ingested_at IS NOT NULL"));
    }

    private static List<string> Columns(PipelineFolder folder, string table) => Texts(folder, $"SELECT column_name FROM (DESCRIBE {table})");

    private static List<string> Texts(PipelineFolder folder, string sql) =>
        [.. folder.Query(sql).Select(static r => Assert.Single(r.EnumerateObject()).Value).Select(static v => v.ValueKind == JsonValueKind.String ? v.GetString()! : v.GetRawText())];

    private static byte[] Gzip(string text)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    /// <summary>By way of Parquet's own codec there is none in .NET; DuckDB writes CSV as Zstandard only with an extension, so the system's tool does.</summary>
    private static bool Zstd(PipelineFolder folder, string text, string name)
    {
        folder.Write("plain.txt", text);
        return ShellProgram.Run(folder.Path, "zstd", "-q", "plain.txt", "-o", name).ExitCode == 0;
    }
}
