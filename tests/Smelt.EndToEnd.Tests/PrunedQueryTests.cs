using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.EndToEnd.Tests;

/// <summary>Queries over a table of which one partition's files are gone from the disk: those that do not need them run, those that do fail.</summary>
public sealed class PrunedQueryTests : IDisposable
{
    private readonly PipelineFolder _folder;

    public PrunedQueryTests()
    {
        _folder = new PipelineFolder().Write("silver/parts.sql", "CREATE OR REFRESH MATERIALIZED VIEW silver.parts PARTITIONED BY (p) AS SELECT i AS id, 'p' || (i % 3) AS p FROM range(30) t(i)");
        LocalUpdate.Run(_folder.Path);
        using var lake = new OpenLake(_folder.Path);
        var gone = lake.Snapshot("silver.parts").Files.Where(static f => f.PartitionValues["p"] == "p2").Select(f => _folder.File("lake/silver/parts/" + Uri.UnescapeDataString(f.Path))).ToList();
        Assert.NotEmpty(gone);
        gone.ForEach(File.Delete);
    }

    [Theory]
    [InlineData("SELECT count(*) FROM silver.parts WHERE p = 'p1'", 10)]
    [InlineData("SELECT count(*) FROM parts AS x WHERE x.p IN ('p0', 'p1') AND id % 2 = 0", 10)]
    [InlineData("SELECT count(*) FROM silver.parts WHERE NOT p >= 'p2'", 20)]
    [InlineData("SELECT count(*) FROM read_delta('lake/silver/parts') WHERE p < 'p2'", 20)]
    [InlineData("SELECT count(*) FROM read_delta('lake/silver/parts', version => 0) AS r WHERE r.p = 'p0'", 10)]
    [InlineData("SELECT count(*) FROM silver.parts VERSION AS OF 0 WHERE p = 'p0'", 10)]
    [InlineData("SELECT count(*) FROM silver.parts a JOIN silver.parts b ON a.id = b.id + 1 WHERE a.p = 'p1' AND b.p = 'p0'", 10)]
    [InlineData("SELECT count(*) FROM silver.parts a LEFT JOIN (SELECT 1 AS id) k ON k.id = a.id WHERE a.p = 'p1'", 10)]
    [InlineData("WITH c AS (SELECT id FROM silver.parts WHERE p = 'p0') SELECT count(*) FROM c", 10)]
    [InlineData("SELECT count(*) FROM silver.parts WHERE p = 'p0' AND id IN (SELECT id FROM silver.parts WHERE p = 'p0')", 10)]
    [InlineData("SELECT count(*) FROM silver.parts WHERE p = 'none'", 0)]
    public async Task A_query_that_needs_none_of_them_runs(string sql, long expected) => Assert.Equal(expected, await CountAsync(sql));

    [Theory]
    [InlineData("SELECT count(*) + min(id) FROM silver.parts")]
    [InlineData("SELECT min(id) FROM silver.parts WHERE p = 'p1' OR id = 5")]
    [InlineData("SELECT min(id) FROM silver.parts WHERE p || '' = 'p1'")]
    [InlineData("SELECT min(b.id) FROM (SELECT 1::BIGINT AS id) k LEFT JOIN silver.parts b ON k.id = b.id WHERE b.p = 'p1'")]
    [InlineData("SELECT min(b.id) FROM (SELECT 1::BIGINT AS id) k FULL JOIN silver.parts b ON k.id = b.id WHERE b.p = 'p1'")]
    [InlineData("SELECT min(a.id) FROM silver.parts a, silver.parts b WHERE a.p = 'p1'")]
    [InlineData("SELECT id FROM silver.parts TABLESAMPLE 100% WHERE p = 'p1'")]
    [InlineData("SELECT min(id) FROM silver.parts AS q(p, id) WHERE p = 1")]
    [InlineData("SELECT min(id) FROM silver.parts WHERE silver.parts.p = 'p1'")]
    public async Task A_query_that_may_need_them_reads_them(string sql) => await Assert.ThrowsAsync<Smelt.DuckDb.DuckDbException>(async () => await CountAsync(sql));

    [Fact]
    public void A_pipelines_step_reads_only_the_files_that_its_WHERE_needs()
    {
        LocalUpdate.Run(_folder.Write("gold/some.sql", "SELECT id FROM silver.parts WHERE p = 'p0'").Path);
        using var lake = new OpenLake(_folder.Path);
        Assert.Equal(10, lake.Count("SELECT count(*) FROM gold.some"));
    }

    private async Task<long> CountAsync(string sql)
    {
        using var session = LocalUpdate.Open(_folder.Path);
        var compiled = AdHocQuery.Compile(session.Pipeline, sql, session.Database());
        Assert.True(compiled.Query is not null, string.Join("; ", compiled.Diagnostics));
        using var catalog = new StepCatalog(session.Database());
        var bound = await BoundQuery.BindAsync(session.NewContext("query"), catalog, compiled.Query, CancellationToken.None);
        return Convert.ToInt64(catalog.Connection.Scalar(bound), System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => _folder.Dispose();
}
