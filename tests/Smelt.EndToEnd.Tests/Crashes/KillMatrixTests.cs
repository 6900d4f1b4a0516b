namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>kill -9 at every named point in every situation, and again where the next run is killed too. At low count: a few points by chance.</summary>
public sealed class KillMatrixTests
{
    /// <summary>Besides the small pipeline's steps: a snapshot of files, a stream joined with a whole table, partitions, a column name that Parquet readers refuse.</summary>
    private static readonly string[] s_more = ["bronze.places", "silver.placed", "gold.by_place"];

    private static PipelineFolder Create() => SmallPipeline.Create()
        .Write("landing/places/a.csv", "customer,place\nc0,Bonn\nc1,Ulm\nc3,Köln\n")
        .Write("bronze/places.sql", "SELECT * FROM read_files('landing/places', format => 'csv', header => true)")
        .Write("silver/placed.sql", """
            CREATE OR REFRESH STREAMING TABLE silver.placed (CONSTRAINT even EXPECT (order_id % 2 = 0) ON VIOLATION QUARANTINE ROW) PARTITIONED BY (place)
            AS SELECT o.order_id::BIGINT AS order_id, p.place, o.amount::DECIMAL(10,2) AS "the amount" FROM STREAM bronze.orders o LEFT JOIN bronze.places p ON o.customer = p.customer
            """)
        .Write("gold/by_place.sql", "CREATE OR REFRESH MATERIALIZED VIEW gold.by_place PARTITIONED BY (place) AS SELECT place, count(*) AS n, sum(\"the amount\") AS total FROM silver.placed GROUP BY place");

    private static IEnumerable<string> Points() => SmallPipeline.AllPoints().Concat(s_more.SelectMany(static d => new[]
    {
        "before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "before-commit-1", "after-commit-1", "before-done", "after-done",
    }.Select(p => $"{d}:{p}")));

    /// <summary>What has happened since the last update that ended well, and what the killed update is asked for.</summary>
    private static readonly (string Name, Action<PipelineFolder> Change, string[] FullRefresh)[] s_situations =
    [
        ("new files", static f => f.AddDay(2), []),
        ("an edited rule and query", static f => f.AddDay(2)
            .Write("silver/placed.sql", File.ReadAllText(f.File("silver/placed.sql")).Replace("% 2", "% 3", StringComparison.Ordinal))
            .Write("gold/totals.sql", "SELECT customer, sum(amount) AS total, max(order_id) AS last_order FROM silver.orders GROUP BY customer"), []),
        ("a changed snapshot and a new column", static f => f.Write("landing/places/b.csv", "customer,place,zip\nc2,Jena,07743\n").Write("landing/orders/day-2.csv", "order_id,customer,amount,note\n201,c2,5.25,late\n202,,7.00,\n"), []),
        ("a full refresh", static f => f.AddDay(2), ["bronze.orders", "silver.orders", "silver.placed"]),
    ];

    [Fact]
    public void Every_point_in_every_situation_leaves_the_tables_of_an_undisturbed_update()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var prepared = Create().AddDay(1);
        LocalUpdate.Run(prepared.Path);
        var (points, killed) = (Points().ToList(), 0);
        foreach (var (situation, change, refresh) in s_situations)
        {
            using var undisturbed = prepared.Copy();
            change(undisturbed);
            LocalUpdate.Run(undisturbed.Path, null, refresh);
            var expected = OpenLake.ContentOf(undisturbed.Path);
            string[] arguments = refresh.Length == 0 ? [] : ["--full-refresh", string.Join(',', refresh)];
            foreach (var point in Repository.IsDeep ? points : points.OrderBy(_ => random.Next()).Take(3))
            {
                using var folder = prepared.Copy();
                change(folder);
                killed += Killed(folder, point, arguments);
                // The run after the crash is killed too, where it comes by this point; the one after that ends well.
                killed += Killed(folder, points[random.Next(points.Count)], arguments);
                LocalUpdate.Run(folder.Path, null, refresh);
                var content = OpenLake.ContentOf(folder.Path);
                TableDifference.None(expected, content, $"seed {seed}, {situation}, {point}");
                Assert.Equal(expected.Keys, content.Keys);
                LocalUpdate.Run(folder.Path).NothingRan();
            }
        }
        Assert.True(killed >= (Repository.IsDeep ? 200 : 4), $"only {killed} kills came to pass");
        DeepResults.Tell($"Kill matrix: {points.Count} points x {s_situations.Length} situations, {killed} kills, every table equal to an undisturbed update's");
    }

    /// <summary>1 where the point was reached; a run that does not pass it ends well.</summary>
    private static int Killed(PipelineFolder folder, string point, string[] arguments)
    {
        var run = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@" + point }, ["run", "--no-tests", .. arguments]);
        Assert.True(run.ExitCode is 0 or 137, $"{point}: exit code {run.ExitCode}\n{run.Out}\n{run.Err}");
        return run.ExitCode == 137 ? 1 : 0;
    }
}
