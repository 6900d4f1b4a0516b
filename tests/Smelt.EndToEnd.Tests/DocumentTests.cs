using System.Reflection;
using System.Text.RegularExpressions;
using Smelt.DuckDb;
using Smelt.Engine;

namespace Smelt.EndToEnd.Tests;

/// <summary>What the documents say is run. docs/language.md and the examples of docs/diagnostics.md have their own tests in Smelt.Pipelines.Tests.</summary>
public sealed partial class DocumentTests
{
    [GeneratedRegex("^```(?<kind>[a-z]*)[^\n]*\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    private static IEnumerable<(string Kind, string Text)> BlocksOf(string document) =>
        Blocks().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(static m => (m.Groups["kind"].Value, m.Groups["text"].Value));

    [Fact]
    public void Every_command_of_the_tutorial_runs_and_prints_what_the_page_shows()
    {
        using var folder = new PipelineFolder(null);
        Directory.CreateDirectory(folder.File("bin"));
        File.CreateSymbolicLink(folder.File("bin/smelt"), SmeltProgram.Path);
        var (inside, said, commands) = (folder.Path, "", 0);
        foreach (var (kind, text) in BlocksOf("docs/tutorial.md"))
        {
            if (kind == "text")
            {
                foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(Plain(line), Plain(said), StringComparison.Ordinal);
                continue;
            }
            Assert.Equal("sh", kind);
            var expected = text.Contains("# exit code 2", StringComparison.Ordinal) ? 2 : text.Contains("# exit code 1", StringComparison.Ordinal) ? 1 : 0;
            var result = ShellProgram.Run(inside, "bash", "-c", $"set -e\nPATH='{folder.File("bin")}':$PATH\n{text}").Expect(expected);
            said = result.Out + result.Err;
            if (text.Contains("cd shop", StringComparison.Ordinal)) inside = folder.File("shop");
            commands += text.Split('\n').Count(static l => l.StartsWith("smelt ", StringComparison.Ordinal));
        }
        Assert.True(commands >= 18, $"{commands} commands");
    }

    /// <summary>A sample's page: its commands, in a folder that has the sample, print what it shows.</summary>
    [Theory]
    [InlineData("dlt-orders", 13)]
    [InlineData("drivers", 12)]
    public void Every_command_of_a_samples_page_runs_and_prints_what_it_shows(string sample, int least)
    {
        using var folder = new PipelineFolder(null);
        folder.AddSample(sample, $"samples/{sample}");
        Directory.CreateDirectory(folder.File("bin"));
        File.CreateSymbolicLink(folder.File("bin/smelt"), SmeltProgram.Path);
        var (said, commands) = ("", 0);
        foreach (var (kind, text) in BlocksOf($"docs/samples/{sample}.md"))
        {
            if (kind == "text")
            {
                foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(Plain(line), Plain(said), StringComparison.Ordinal);
                continue;
            }
            var result = ShellProgram.Run(folder.Path, "bash", "-c", $"set -e\nPATH='{folder.File("bin")}':$PATH\n{text}").Expect(0);
            said = result.Out + result.Err;
            commands += text.Split('\n').Count(static l => l.StartsWith("smelt ", StringComparison.Ordinal));
        }
        Assert.True(commands >= least, $"{commands} commands");
    }

    [Fact]
    public void Every_example_of_the_page_about_Databricks_gives_what_it_shows() => Assert.Equal(4, RunnablePage.Run("docs/migration-databricks.md"));

    private static string Plain(string text) => Space().Replace(text, " ").Trim();

    /// <summary>Documents whose examples are not complete pipelines: each example is compiled beside the tables that it reads.</summary>
    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/quality.md")]
    [InlineData("docs/sources/files.md")]
    [InlineData("docs/operations.md")]
    [InlineData("docs/delta.md")]
    public void Every_SQL_and_YAML_example_of_a_document_is_accepted(string document)
    {
        foreach (var (kind, text) in BlocksOf(document))
        {
            if (kind == "sql" && text.Contains("_rescued_data->>", StringComparison.Ordinal)) Runs(text);
            else if (kind is "sql" or "yaml") Compiles(document, kind, text);
        }
    }

    /// <summary>Commands about tables, block by block in their order, in a pipeline that has what they name; its six commits are of January 2025.</summary>
    [Theory]
    [InlineData("docs/operations.md", 9)]
    [InlineData("docs/delta.md", 5)]
    public void Every_command_of_a_document_runs(string document, int least)
    {
        using var folder = new PipelineFolder("name: example\n")
            .Write("bronze/orders.sql", "SELECT * FROM STREAM read_files('landing', format => 'json')").Write("bronze/refunds.sql", "SELECT 2::BIGINT AS order_id")
            .Write("silver/orders.sql", "CREATE STREAMING TABLE silver.orders TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT order_id, status, amount::DECIMAL(10,2) AS amount" + (document == "docs/delta.md" ? ", 'DE' AS country" : "") + " FROM STREAM bronze.orders")
            .Write("silver/visits.sql", "CREATE STREAMING TABLE silver.visits TBLPROPERTIES ('smelt.day_column' = 'visit_day') AS SELECT order_id, DATE '2025-01-15' AS visit_day FROM STREAM bronze.orders")
            .Write("gold/revenue.sql", "SELECT DATE '2025-01-01' AS day, 'north' AS region, sum(amount) AS revenue FROM silver.orders");
        for (var i = 0; i < 6; i++)
        {
            folder.Write($"landing/{i}.json", $"{{\"order_id\": {i}, \"status\": \"pending\", \"amount\": \"{i}.5\"}}\n");
            folder.Update();
        }
        for (var i = 0; i < 6; i++) File.SetLastWriteTimeUtc(folder.File($"lake/silver/orders/_delta_log/{i:D20}.json"), new DateTime(2025, 1, 10 + (2 * i), 0, 0, 0, DateTimeKind.Utc));
        Directory.CreateDirectory(folder.File("bin"));
        File.CreateSymbolicLink(folder.File("bin/smelt"), SmeltProgram.Path);
        var commands = 0;
        foreach (var (_, text) in BlocksOf(document).Where(static b => b.Kind is "sh" or "bash"))
        {
            ShellProgram.Run(folder.Path, "bash", "-c", $"set -e\nPATH='{folder.File("bin")}':$PATH\n{text}").Expect(0);
            commands += text.Split('\n').Count(static l => l.StartsWith("smelt ", StringComparison.Ordinal));
        }
        Assert.True(commands >= least, $"{commands} commands");
    }

    private static void Compiles(string document, string kind, string text)
    {
        using var folder = new PipelineFolder("name: example\n")
            .Write("bronze/orders.sql", "SELECT 1 AS order_id, 'x' AS status, '1' AS amount")
            .Write("bronze/payments.sql", "SELECT * FROM STREAM read_files('landing/payments', format => 'csv')");
        if (kind == "yaml" && text.Contains("targets:", StringComparison.Ordinal)) folder.Write("platform.yml", text);
        else if (kind == "yaml")
        {
            folder.Write("silver/customers.sql", "SELECT 1 AS customer_id").Write("silver/payments.sql", "SELECT 1 AS payment_id, 'card' AS method, 1 AS customer_id, 5 AS amount, now() AS paid_at, '{}' AS receipt")
                .Write("schemas/receipt.schema.json", "{}").Write(text.Contains("defaults:", StringComparison.Ordinal) || text.Contains("policies:", StringComparison.Ordinal) || text.Contains("retention:", StringComparison.Ordinal) ? "smelt.yml" : "silver/properties.yml", text);
        }
        else
        {
            foreach (var statement in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var name = Regex.Match(statement, @"(?:TABLE|VIEW) (bronze|silver|gold)\.(\w+)");
                Assert.True(name.Success, $"{document}: {statement}");
                folder.Write($"{name.Groups[1].Value}/{name.Groups[2].Value}.sql", statement);
            }
        }
        var said = folder.Smelt("validate", "--json");
        Assert.True(said.ExitCode == 0, $"{document}\n{text}\n{said.Err}");
    }

    /// <summary>Statements about rescued data, as DuckDB runs them.</summary>
    private static void Runs(string text)
    {
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = database.Connect();
        connection.Execute("CREATE SCHEMA bronze; CREATE TABLE bronze.orders (_rescued_data VARCHAR); INSERT INTO bronze.orders VALUES ('{\"zip\":\"04726\"}'), ('{\"_line_base64\":\"YQ==\"}')");
        foreach (var statement in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            Assert.Equal(2, connection.Rows(statement.Replace("FROM …", "FROM bronze.orders", StringComparison.Ordinal)).Count);
    }

    [Fact]
    public void Every_code_that_an_update_or_the_command_line_can_end_with_has_a_paragraph()
    {
        var codes = typeof(EngineCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static f => (string)f.GetRawConstantValue()!).Append("SM7001").ToList();
        Assert.Equal(codes.Count, codes.Distinct().Count());
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/diagnostics.md"));
        var paragraphs = Regex.Matches(page, @"^### (SM[67]\d+) [^\n]+\n\n\S[^\n]{20,}", RegexOptions.Multiline).Select(static m => m.Groups[1].Value);
        Assert.Equal(codes.Order(StringComparer.Ordinal), paragraphs.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_link_between_documents_leads_somewhere()
    {
        foreach (var document in Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "README.md")))
        {
            foreach (Match link in Regex.Matches(File.ReadAllText(document), @"\]\((?!https?:|#|benchmarks/README)([^)#\s]+)(#[^)]*)?\)"))
            {
                var target = Path.GetFullPath(link.Groups[1].Value, Path.GetDirectoryName(document)!);
                Assert.True(File.Exists(target) || Directory.Exists(target), $"{document}: {link.Value}");
            }
        }
    }
}
