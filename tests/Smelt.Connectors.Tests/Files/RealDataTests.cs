using System.Text.Json;

namespace Smelt.Connectors.Tests;

public class RealDataTests
{
    static SourceFolder Read(string set, string path, params (string, object?)[] options)
    {
        var folder = new SourceFolder(SharedData.Folder(set));
        Assert.True(folder.Next(path, options));
        return folder;
    }

    [Theory]
    [InlineData("orders", "olist_orders_dataset")]
    [InlineData("items", "olist_order_items_dataset")]
    [InlineData("customers", "olist_customers_dataset")]
    [InlineData("products", "olist_products_dataset")]
    [InlineData("sellers", "olist_sellers_dataset")]
    [InlineData("payments", "olist_order_payments_dataset")]
    [InlineData("reviews", "olist_order_reviews_dataset")]
    [InlineData("geo", "olist_geolocation_dataset")]
    public void Olist_has_the_rows_that_its_facts_say(string fact, string file)
    {
        using var f = Read("olist-sample", file + ".csv");
        using var facts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(f.Path, "facts.json")));
        Assert.Equal(facts.RootElement.GetProperty("facts").GetProperty("rows." + fact).GetProperty("value").GetInt64(), f.Count());
        Assert.Equal(0, f.Count("_rescued_data IS NOT NULL"));
    }

    [Fact]
    public void Olist_zip_codes_keep_their_zeros_and_the_byte_order_mark_is_no_name()
    {
        using (var geo = Read("olist-sample", "olist_geolocation_dataset.csv", ("inferColumnTypes", true)))
        {
            Assert.Equal("VARCHAR", geo.TypeOf("geolocation_zip_code_prefix"));
            Assert.True(geo.Count("geolocation_zip_code_prefix LIKE '0%'") > 0);
            Assert.StartsWith("DECIMAL(38,", geo.TypeOf("geolocation_lat"), StringComparison.Ordinal);
        }
        using var names = Read("olist-sample", "product_category_name_translation.csv");
        Assert.Equal(["product_category_name", "product_category_name_english"], names.Schema!.Columns.Select(c => c.Name));
    }

    [Fact]
    public void Retail_days_are_one_batch_with_every_line_once()
    {
        using var f = Read("retail", "by-day/*.csv");
        var lines = f.Batch!.Files.Sum(x => File.ReadLines(Path.Combine(f.Path, x.Path)).LongCount(l => l.Length > 0) - 1);
        Assert.Equal(lines, f.Count());
        Assert.Equal(0, f.Count("_rescued_data IS NOT NULL"));
        Assert.Equal(141, (long)f.Connection.Scalar("SELECT count(DISTINCT _source_file) FROM input")!);
    }

    [Fact]
    public void Retail_orders_keep_their_items_as_structs()
    {
        using var f = Read("retail", "orders");
        Assert.StartsWith("STRUCT(", f.TypeOf("items"), StringComparison.Ordinal);
        Assert.EndsWith("[]", f.TypeOf("items"), StringComparison.Ordinal);
        using var days = Read("retail", "by-day/*.csv");
        Assert.Equal((long)days.Connection.Scalar("SELECT count(*) FROM input")!, Convert.ToInt64(f.Connection.Scalar("SELECT sum(len(items))::BIGINT FROM input")));
    }

    [Fact]
    public void Servicenow_has_two_categories_and_question_marks_are_null()
    {
        using var f = Read("servicenow", "incident_event_log.csv", ("nullValue", "?"));
        Assert.Contains("category_1", f.Schema!.Columns.Select(c => c.Name));
        Assert.Equal(141_712, f.Count());
        Assert.Equal(0, f.Count("caller_id = '?' OR _rescued_data IS NOT NULL"));
    }

    [Fact]
    public void Sp500_snapshots_with_three_headers_are_matched_by_name()
    {
        using var f = Read("sp500", "snapshots");
        Assert.Equal(190, f.Batch!.Files.Count);
        // The first snapshot has three lines with a field more than its header.
        Assert.Equal([["DHR,Danaher Corp.,Industrials,Washington D.C"], ["POM,Pepco Holdings Inc.,Utilities,Washington D.C"], ["WPO,Washington Post Co B,Consumer Discretionary,Washington D.C"]],
            f.Rows("SELECT _rescued_data->>'_line' AS l FROM input WHERE _rescued_data IS NOT NULL ORDER BY l"));
        Assert.Equal(3, f.Count("Symbol IS NULL"));
    }

    [Theory]
    [InlineData("gharchive", "2015-01-01-0.json.gz")]
    [InlineData("wikiticker", "*.json.gz")]
    [InlineData("ci-jobs", "jobs.jsonl")]
    [InlineData("google-jobs", "part-*.jsonl")]
    [InlineData("chicago-taxi", "events/*")]
    [InlineData("sp500", "changes.jsonl")]
    public void Json_lines_each_become_a_row(string set, string path)
    {
        using var f = Read(set, path);
        var lines = f.Batch!.Files.Sum(x => Lines(Path.Combine(f.Path, x.Path)));
        Assert.Equal(lines, f.Count());
        Assert.Equal(0, f.Count("_rescued_data->>'_line' IS NOT NULL OR _rescued_data->>'_line_base64' IS NOT NULL"));
        // Every column is read whole once, so that nothing of it can be out of place.
        Assert.Equal(lines, (long)f.Connection.Scalar("SELECT count(hash(input)) FROM input")!);
    }

    static long Lines(string path)
    {
        using Stream file = File.OpenRead(path);
        using var text = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionMode.Decompress) : file);
        long count = 0;
        while (text.ReadLine() is { } line) count += line.Trim().Length > 0 ? 1 : 0;
        return count;
    }

    [Fact]
    public void Green_taxi_months_with_different_types_are_one_batch()
    {
        using var f = Read("green-taxi", "*.parquet");
        var rows = (long)f.Connection.Scalar($"SELECT sum(num_rows)::BIGINT::VARCHAR::BIGINT FROM parquet_file_metadata('{f.Path}/*.parquet')")!;
        Assert.Equal(rows, f.Count());
        Assert.Equal(0, f.Count("_rescued_data IS NOT NULL"));
    }
}
