using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>The retail sample run once, for questions to every verb.</summary>
public sealed class RetailLake : IDisposable
{
    public RetailLake()
    {
        Folder = PipelineFolder.Retail();
        First = Folder.Smelt("run").Expect(0);
    }

    public PipelineFolder Folder { get; }

    public SmeltResult First { get; }

    public void Dispose() => Folder.Dispose();
}

public sealed class CommandTests(RetailLake lake) : IClassFixture<RetailLake>
{
    private const char Escape = '\u001b';

    private PipelineFolder Folder => lake.Folder;

    [Theory]
    [InlineData(0, "validate", "valid")]
    [InlineData(0, "compile silver.orders", "sql")]
    [InlineData(0, "plan", "steps")]
    [InlineData(0, "run", "update")]
    [InlineData(0, "test", "tests")]
    [InlineData(0, "ls", "datasets")]
    [InlineData(0, "show gold.revenue", "rows")]
    [InlineData(0, "show silver.orders --preview --limit 2", "rows")]
    [InlineData(0, "show silver.orders --quarantine", "rows")]
    [InlineData(0, "query SELECT~1~AS~one", "columns")]
    [InlineData(0, "history silver.orders", "commits")]
    [InlineData(0, "quality", "rows")]
    [InlineData(0, "init copy", "files")]
    [InlineData(2, "show nothing", "error")]
    [InlineData(2, "frobnicate", "error")]
    [InlineData(2, "query SELEC", "diagnostics")]
    [InlineData(1, "query SELECT~'x'::INT", "error")]
    [InlineData(1, "query SELECT~CASE~WHEN~i=90000~THEN~('x'||i)::INT~ELSE~i~END~AS~v~FROM~range(100000)~t(i)", "error")]
    [InlineData(2, "run --select nothing_such", "error")]
    [InlineData(2, "drop silver.orders", "error")]
    [InlineData(2, "run --nope", "error")]
    public void Every_verb_with_json_gives_one_JSON_document_on_stdout_and_nothing_else(int exitCode, string arguments, string member)
    {
        var said = Folder.Smelt([.. arguments.Split(' ').Select(static a => a.Replace('~', ' ')), "--json"]).Expect(exitCode);
        using var document = JsonDocument.Parse(said.Out);
        Assert.True(document.RootElement.TryGetProperty(member, out _), said.Out);
    }

    [Theory]
    [InlineData("orders", "silver.orders bronze.orders", null)]
    [InlineData("silver.orders", "silver.orders", null)]
    [InlineData("+silver.products", "silver.products bronze.products", null)]
    [InlineData("silver.products+", "silver.products gold.dim_product gold.product_performance", null)]
    [InlineData("bronze.products+1", "bronze.products silver.products", null)]
    [InlineData("1+gold.dim_product", "gold.dim_product silver.products", null)]
    [InlineData("@silver.products", "bronze.products silver.products gold.dim_product gold.product_performance bronze.order_items silver.order_items", null)]
    [InlineData("layer:gold", "gold.dim_customer gold.dim_date", "fact_sales dim_product product_performance customer_orders revenue")]
    [InlineData("layer:gold,silver.products+", "gold.dim_product gold.product_performance", null)]
    [InlineData("path:gold/star.sql", "gold.fact_sales gold.dim_customer gold.dim_product gold.dim_date", null)]
    [InlineData("kind:streaming_table", "bronze.customers bronze.orders bronze.order_items bronze.products silver.order_items silver.products", null)]
    [InlineData("gold.dim_*", "gold.dim_customer gold.dim_product", "dim_date")]
    [InlineData("state:modified", "", null)]
    public void Select_and_exclude_take_what_dbt_takes(string select, string expected, string? exclude)
    {
        var said = Folder.Smelt(["ls", "--json", "--select", select, .. exclude is null ? Array.Empty<string>() : ["--exclude", exclude]]).Expect(0).Json;
        var names = said.GetProperty("datasets").EnumerateArray().Select(static d => d.GetProperty("dataset").GetString()!).Order(StringComparer.Ordinal);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public void Rows_go_through_csv_json_and_parquet_and_come_back_equal()
    {
        const string sql = "SELECT 1::BIGINT AS id, 'a,\"b\"\nc' AS text, '' AS empty, NULL::VARCHAR AS nothing, 12345678901234567.89::DECIMAL(38,2) AS money, TIMESTAMP '2024-02-29 01:02:03.000004' AS moment, ' ü ' AS umlaut";
        foreach (var format in new[] { "csv", "json", "parquet" })
        {
            var file = $"round.{format}";
            if (format == "parquet") Folder.Smelt("query", sql, "--format", format, "--output", file).Expect(0);
            else if (format == "csv") Folder.Write(file, Folder.Smelt("query", sql, "--format", format).Expect(0).Out);
            else Folder.Write(file, Folder.Smelt("query", sql, "--format", format).Expect(0).Json.GetProperty("rows")[0].GetRawText() + "\n");
            var back = Assert.Single(Folder.Query($"SELECT id::VARCHAR AS id, text, empty, {(format == "json" ? "NULL" : "nothing")} AS nothing, money::VARCHAR AS money, moment::VARCHAR AS moment, umlaut FROM read_files('{file}')"));
            Assert.Equal(["1", "a,\"b\"\nc", "", null, "12345678901234567.89", "2024-02-29 01:02:03.000004", " ü "], back.EnumerateObject().Select(static v => v.Value.GetString()));
        }
        Assert.Equal("name,n\n", Folder.Smelt("query", "SELECT 'x' AS name, 1 AS n WHERE false", "--format", "csv").Expect(0).Out);
        Assert.StartsWith("PAR1", Folder.Smelt("query", sql, "--format", "parquet").Expect(0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Piped_output_and_NO_COLOR_have_no_escape_codes()
    {
        Assert.DoesNotContain(Escape, lake.First.Out + lake.First.Err);
        Assert.DoesNotContain(Escape, Folder.Smelt("ls").Expect(0).Out);
        var colourless = Typescript("NO_COLOR=1 ", "validate");
        Assert.Contains("valid", colourless, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\u001b\[[0-9;]*m", colourless);
        Assert.Matches(@"\u001b\[[0-9;]*m", Typescript("", "validate"));
    }

    [Fact]
    public void A_live_run_shows_its_progress_and_leaves_a_clean_screen()
    {
        using var folder = PipelineFolder.Retail();
        var raw = Typescript("", "run", folder.Path);
        Assert.Contains($"{Escape}[", raw, StringComparison.Ordinal);
        Assert.Matches(@"\d+ of 15 done", raw);
        var screen = Screen(raw);
        Assert.DoesNotContain(screen, static line => line.Contains(" of 15 done", StringComparison.Ordinal) || line.StartsWith("run  ", StringComparison.Ordinal));
        Assert.Equal(15, screen.Count(static line => line.StartsWith("done ", StringComparison.Ordinal)));
        Assert.Contains(screen, static line => line.Contains("succeeded", StringComparison.Ordinal) && line.Contains("15 made", StringComparison.Ordinal));
    }

    [Fact]
    public void Query_works_without_a_pipeline_on_files_and_tables()
    {
        using var folder = new PipelineFolder(null).Write("a.csv", "id\n7\n");
        string Asked(string sql) => Assert.Single(Assert.Single(folder.Smelt("query", sql, "--json").Expect(0).Json.GetProperty("rows").EnumerateArray()).EnumerateObject()).Value.ToString();
        Assert.Equal("7", Asked("SELECT id FROM read_files('a.csv')"));
        Assert.Equal("49", Asked($"SELECT count(*) FROM read_delta('{Folder.File("lake/silver/products")}')"));
        Assert.Equal("0", Asked($"SELECT count(*) FROM read_delta('{Folder.File("lake/silver/products")}', version => 0) WHERE product_id IS NULL"));
        folder.Smelt("ls").Expect(2);
        folder.Smelt("query", "SELECT * FROM silver.products").Expect(2);
    }

    [Fact]
    public void Help_and_version_end_with_0()
    {
        Assert.StartsWith("smelt 0.", Folder.Smelt("--version").Expect(0).Out, StringComparison.Ordinal);
        foreach (var verb in new[] { "init", "validate", "compile", "plan", "run", "test", "ls", "show", "query", "history", "quality", "drop" })
        {
            Assert.Contains(verb, Folder.Smelt("--help").Expect(0).Out, StringComparison.Ordinal);
            Assert.Contains("--json", Folder.Smelt(verb, "--help").Expect(0).Out, StringComparison.Ordinal);
        }
    }

    /// <summary>What a terminal would get.</summary>
    private string Typescript(string environment, string verb, string? folder = null)
    {
        var said = ShellProgram.Run(folder ?? Folder.Path, "script", "-qec", $"TERM=xterm {environment}{SmeltProgram.Path} {verb}", "/dev/null");
        Assert.SkipWhen(said.ExitCode == 127, "needs script(1) of util-linux");
        return said.Expect(0).Out;
    }

    /// <summary>The screen after the output, as a terminal of endless height: cursor up, erase below, colours.</summary>
    private static List<string> Screen(string raw)
    {
        var lines = new List<string> { "" };
        var row = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\n')
            {
                if (++row == lines.Count) lines.Add("");
            }
            else if (raw[i] == Escape && i + 1 < raw.Length && raw[i + 1] == '[')
            {
                var end = i + 2;
                while (!char.IsAsciiLetter(raw[end])) end++;
                if (raw[end] == 'A') row -= int.Parse(raw[(i + 2)..end], System.Globalization.CultureInfo.InvariantCulture);
                if (raw[end] == 'J') lines.RemoveRange(row, lines.Count - row);
                while (lines.Count <= row) lines.Add("");
                i = end;
            }
            else if (raw[i] != '\r') lines[row] += raw[i];
        }
        return lines;
    }
}
