using System.Text.Json;
using System.Text.RegularExpressions;

namespace Smelt.EndToEnd.Tests;

/// <summary><c>smelt sql</c> over a pipeline's tables and folders.</summary>
public sealed partial class SqlTests : IDisposable
{
    private readonly PipelineFolder _folder = new PipelineFolder()
        .Write("landing/orders/1.csv", "order_id,status,amount\n1,pending,10.5\n2,completed,20\n3,pending,\n4,completed,7\n5,pending,1\n")
        .Write("landing/refunds/1.csv", "order_id\n4\n9\n")
        .Write("bronze/orders.sql", "SELECT * FROM STREAM read_files('landing/orders', format => 'csv', header => true)")
        .Write("bronze/refunds.sql", "SELECT order_id::BIGINT AS order_id FROM STREAM read_files('landing/refunds', format => 'csv', header => true)")
        .Write("silver/orders.sql", "SELECT order_id::BIGINT AS order_id, status, amount::DECIMAL(10, 2) AS amount FROM STREAM(bronze.orders)")
        .Write("silver/large.sql", "SELECT * FROM STREAM(silver.orders) WHERE amount > 5")
        .Write("gold/totals.sql", "SELECT status, sum(amount) AS total FROM silver.orders GROUP BY status");

    public SqlTests() => _folder.Smelt("run").Expect(0);

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex("## Changing tables by hand.*?```sh\n(?<commands>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [Fact]
    public void The_pages_example_does_what_it_says()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/operations.md"));
        var commands = Example().Match(page).Groups["commands"].Value;
        Directory.CreateDirectory(_folder.File("bin"));
        File.CreateSymbolicLink(_folder.File("bin/smelt"), SmeltProgram.Path);
        // The shell would run what stands in back-ticks within double quotes.
        ShellProgram.Run(_folder.Path, "bash", "-c", $"set -e\nPATH='{_folder.File("bin")}':$PATH\n{commands.Replace("`", "\\`", StringComparison.Ordinal)}").Expect(0);
        Assert.Equal(["1 pending 10.50", "2 completed 20.00", "4 refunded ∅", "5 pending 1.00", "9 refunded ∅"], Rows());
    }

    [Fact]
    public void What_a_change_by_hand_means_for_the_pipeline_is_told_and_comes_true()
    {
        var said = _folder.Smelt("sql", "DELETE FROM silver.orders WHERE order_id = 2").Expect(0);
        Assert.Contains("DELETE silver.orders: version 1, 1 row deleted, 4 copied; 1 file added, 1 removed", said.Out, StringComparison.Ordinal);
        Assert.Contains("silver.large streams silver.orders", said.Err, StringComparison.Ordinal);
        var stopped = _folder.Smelt("run").Expect(1);
        Assert.Contains("SM6101", stopped.Out + stopped.Err, StringComparison.Ordinal);
        Assert.Contains("gold.totals is a materialized view", _folder.Smelt("sql", "DELETE FROM totals").Expect(0).Err, StringComparison.Ordinal);
        Assert.DoesNotContain("streams", _folder.Smelt("sql", "INSERT INTO silver.orders VALUES (50, 'x', 1)").Expect(0).Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "SM6403", "DELETE FROM bronze.orders WHERE order_id = '1'")]
    [InlineData(2, "SM6401", "DELETE FROM silver.orders WHERE nope = 1")]
    [InlineData(2, "SM6401", "DELETE FROM silver.nothing")]
    [InlineData(2, "SM6401", "UPDATE silver.orders SET nope = 1")]
    [InlineData(2, "SM2001", "DELETE FROM silver.orders WHERE order_id IN (SELECT 1 FROM nothing_such)")]
    [InlineData(2, "SM1003", "DROP TABLE silver.orders")]
    [InlineData(2, "SM1005", "DELETE FROM silver.orders WHERE order_id = 1; UPDATE silver.orders SET")]
    [InlineData(1, "SM6402", "UPDATE silver.orders SET amount = 123456789012")]
    [InlineData(1, "SM6402", "INSERT INTO silver.orders REPLACE WHERE order_id = 1 SELECT 2, 'x', 1")]
    [InlineData(1, "SM6404", "MERGE INTO silver.orders t USING (SELECT unnest([1, 1]) AS order_id) s ON t.order_id = s.order_id WHEN MATCHED THEN UPDATE SET status = 'x'")]
    public void What_cannot_be_done_has_a_code_and_changes_nothing(int exitCode, string code, string statement)
    {
        var before = Rows();
        var said = _folder.Smelt("sql", statement, "--json").Expect(exitCode);
        using var document = JsonDocument.Parse(said.Out);
        Assert.Contains(code, said.Out, StringComparison.Ordinal);
        Assert.Equal(0, document.RootElement.GetProperty("statements").GetArrayLength());
        Assert.Equal(before, Rows());
    }

    [Fact]
    public void Statements_before_one_that_fails_stay_and_a_table_may_read_itself()
    {
        var said = _folder.Smelt("sql", "INSERT INTO silver.orders SELECT order_id + 10, status, amount FROM silver.orders WHERE order_id < 3; UPDATE silver.orders SET amount = 'x'; DELETE FROM silver.orders", "--json").Expect(1);
        using var document = JsonDocument.Parse(said.Out);
        var done = Assert.Single(document.RootElement.GetProperty("statements").EnumerateArray());
        Assert.Equal((1, 2), (done.GetProperty("version").GetInt64(), done.GetProperty("metrics").GetProperty("rowsInserted").GetInt64()));
        Assert.Equal(7, Rows().Count);
    }

    private List<string> Rows()
    {
        var said = _folder.Smelt("query", "SELECT concat_ws(' ', order_id, status, coalesce(amount::VARCHAR, '∅')) AS r FROM silver.orders ORDER BY order_id", "--json").Expect(0);
        using var document = JsonDocument.Parse(said.Out);
        return [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(static r => r.ValueKind == JsonValueKind.Array ? r[0].GetString()! : r.GetProperty("r").GetString()!)];
    }
}
