using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>AUTO CDC whose source says only by its files what columns it has: names that no compiler could look up.</summary>
public sealed class UnknownNameTests
{
    private static PipelineFolder Prices(string source, string clauses) => new PipelineFolder().Write("silver/t.sql", $"""
        CREATE STREAMING TABLE silver.t;
        CREATE FLOW f AS AUTO CDC INTO silver.t FROM {source} {clauses}
        """).Write("bronze/b.sql", "SELECT * FROM STREAM read_files('landing', format => 'json')")
        .Write("landing/1.json", """{"id": 1, "seq": 1, "price": 2, "secret": "s"}""" + "\n");

    private static Compilation Compiled(PipelineFolder folder)
    {
        using var session = PipelineSession.Open(folder.Path, new CompileOptions(), TimeProvider.System);
        return session.Compilation;
    }

    [Theory]
    [InlineData("KEYS (id) SEQUENCE BY seq COLUMNS * EXCEPT (seq, sceret)", "COLUMNS names 'sceret', which the source does not have. Did you mean 'secret'?")]
    [InlineData("KEYS (id) SEQUENCE BY seq COLUMNS id, prize", "COLUMNS names 'prize', which the source does not have. Did you mean 'price'?")]
    [InlineData("KEYS (id) SEQUENCE BY seq STORED AS SCD TYPE 2 TRACK HISTORY ON prize", "TRACK HISTORY ON names 'prize', which the source does not have. Did you mean 'price'?")]
    [InlineData("KEYS (id) SEQUENCE BY seq STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (qwxz)", "TRACK HISTORY ON names 'qwxz', which the source does not have.")]
    [InlineData("KEYS (id) SEQUENCE BY seq IGNORE NULL UPDATES ON prize", "IGNORE NULL UPDATES ON names 'prize', which the source does not have. Did you mean 'price'?")]
    [InlineData("KEYS (id) SEQUENCE BY seq IGNORE NULL UPDATES ON * EXCEPT (prize)", "IGNORE NULL UPDATES ON names 'prize', which the source does not have. Did you mean 'price'?")]
    [InlineData("KEYS (idd) SEQUENCE BY seq", "KEYS names 'idd', which the source does not have. Did you mean 'id'?")]
    [InlineData("KEYS (id) SEQUENCE BY seqq", "SEQUENCE BY names 'seqq', which the source does not have. Did you mean 'seq'?")]
    public void A_name_that_neither_the_source_nor_the_table_has_stops_the_run_before_anything_is_written(string clauses, string told)
    {
        string[] sources = ["STREAM(bronze.b)", "STREAM read_files('landing', format => 'json')", "STREAM read_files('landing', format => 'json', schema => 'id BIGINT, seq BIGINT, price INTEGER, secret VARCHAR')"];
        foreach (var source in sources)
        {
            using var folder = Prices(source, clauses);
            if (Compiled(folder) is { HasErrors: true } compiled)
            {
                Assert.Contains(compiled.Diagnostics, d => d.Code == "SM3041" && $"{d.Message} {d.Hint}".TrimEnd() == told);
                continue;
            }
            Assert.Equal($"silver.t cannot be kept by AUTO CDC: {told}", LocalUpdate.TryRun(folder.Path).Failed("silver.t", EngineCodes.SchemaRefused));
            using var lake = new OpenLake(folder.Path);
            Assert.DoesNotContain("silver.t", lake.Tables);
        }
    }

    [Theory]
    [InlineData("COLUMNS * EXCEPT (seq, secret) STORED AS SCD TYPE 2 TRACK HISTORY ON price")]
    [InlineData("COLUMNS id, price IGNORE NULL UPDATES ON price")]
    [InlineData("COLUMNS * EXCEPT (seq, secret, _ingested_at, _rescued_data) STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (price)")]
    public void A_column_that_later_files_lack_may_be_named_as_before(string clauses)
    {
        foreach (var source in new[] { "STREAM(bronze.b)", "STREAM read_files('landing', format => 'json')" })
        {
            using var folder = Prices(source, $"KEYS (id) SEQUENCE BY seq {clauses}");
            LocalUpdate.Run(folder.Path);
            LocalUpdate.Run(folder.Write("landing/2.json", """{"id": 2, "seq": 2}""" + "\n").Path);
            using var lake = new OpenLake(folder.Path);
            Assert.Equal("1 2;2 -", lake.Text("SELECT string_agg(concat_ws(' ', id, coalesce(price::VARCHAR, '-')), ';' ORDER BY id) FROM silver.t"));
        }
    }

    [Fact]
    public void A_tracked_column_that_COLUMNS_leaves_out_stops_the_compiler_though_the_source_is_open()
    {
        using var folder = Prices("STREAM(bronze.b)", "KEYS (id) SEQUENCE BY seq COLUMNS id, secret STORED AS SCD TYPE 2 TRACK HISTORY ON price");
        Assert.Contains(Compiled(folder).Diagnostics, static d => d.Code == "SM3041" && d.Message == "TRACK HISTORY ON names 'price', which COLUMNS leaves out.");
    }

    [Theory]
    [InlineData("{'a': id, 'b': 1}", "its key column 'k' is a struct. Select its fields as columns in the source's query (FROM (SELECT k.a AS k_a, …)) and name these in KEYS.")]
    [InlineData("[id]", "its key column 'k' is a list. Make a column of one value of it")]
    [InlineData("MAP {'a': id}", "its key column 'k' is a map. Select the values that tell rows apart as columns")]
    public void A_key_that_is_no_plain_value_is_named_with_what_to_write(string key, string told)
    {
        using var folder = Prices($"(SELECT {key} AS k, seq, price FROM STREAM(bronze.b))", "KEYS (k) SEQUENCE BY seq");
        Assert.Contains(told, LocalUpdate.TryRun(folder.Path).Failed("silver.t", EngineCodes.SchemaRefused));
    }
}
