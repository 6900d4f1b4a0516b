namespace Smelt.EndToEnd.Tests;

/// <summary>Driver events to enriched events, with variants; and the same over a day of real taxi trips.</summary>
public sealed class DriversSampleTests
{
    [Fact]
    public void Events_are_one_a_driver_and_time_and_unmatched_companies_are_flagged()
    {
        using var folder = PipelineFolder.Sample("drivers");
        folder.Update();
        Assert.Equal("201 201 56", folder.Scalar("SELECT count(*) || ' ' || count(DISTINCT (driver_id, event_timestamp)) || ' ' || count(*) FILTER (NOT company_matched) FROM gold.enriched_driver_events"));
        Assert.Equal("has_driver, has_time", folder.Scalar("SELECT string_agg(_broken_expectations[1], ', ' ORDER BY 1) FROM silver.driver_events__quarantine"));
        Assert.True(Directory.Exists(folder.File("data/processed/medallion/gold/enriched_driver_events/_delta_log")));
        Assert.Equal("landing/events/2025-03-01.jsonl", folder.Scalar("SELECT DISTINCT source_file FROM gold.enriched_driver_events"));

        folder.SecondDay();
        folder.Update();
        // New Wheels has a company now; its events of the first day match too.
        Assert.Equal("281 80", folder.Scalar("SELECT count(*) || ' ' || count(battery) FROM gold.enriched_driver_events"));
        Assert.Equal("0", folder.Scalar("SELECT count(*) FROM gold.enriched_driver_events WHERE NOT company_matched AND company = 'New Wheels'"));
        Assert.Equal("99", folder.Scalar("SELECT fleet FROM silver.companies WHERE company = 'Sun Taxi'"));
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public void Variants_of_the_silver_step_are_compared_by_their_matches()
    {
        using var folder = PipelineFolder.Sample("drivers");
        folder.Update();
        var diff = folder.Smelt("diff", "matches", "matches@a", "--key", "driver_id,event_timestamp", "--json").Expect(0).Json;
        var differ = folder.Scalar("SELECT count(*) FROM silver.driver_events WHERE company = 'yellow cab'");
        Assert.Equal(differ, diff.GetProperty("changed").ToString());
        Assert.Equal("200", folder.Scalar("SELECT count(*) FROM silver.\"driver_events@b\""));
        Assert.Equal("201 200", folder.Smelt("diff", "silver.driver_events", "driver_events@b", "--json").Expect(0).Json.GetProperty("rows_a") + " " + folder.Scalar("SELECT variant_value FROM _smelt.variant_metrics WHERE dataset = 'silver.driver_events' AND variant = 'b' AND metric = 'rows' LIMIT 1"));
    }

    [Fact]
    public void Partitions_switched_on_later_are_one_commit()
    {
        using var folder = PipelineFolder.Sample("drivers");
        folder.Update();
        var file = folder.File("silver/driver_events.sql");
        File.WriteAllText(file, File.ReadAllText(file).Replace("COMMENT", "PARTITIONED BY (event_date)\nCOMMENT", StringComparison.Ordinal));
        Assert.Contains("event_date", folder.Smelt("plan").Expect(0).Out);
        folder.Update();
        var detail = folder.Smelt("table", "detail", "silver.driver_events", "--json").Expect(0).Json;
        Assert.Equal(["event_date"], detail.GetProperty("partitionColumns").EnumerateArray().Select(static c => c.GetString()));
        Assert.Equal("201", folder.Scalar("SELECT count(*) FROM silver.driver_events"));
    }

    [Fact]
    public void A_day_of_taxi_trips_goes_through_the_same_pipeline()
    {
        var taxi = Repository.SharedPath("data/chicago-taxi");
        using var folder = PipelineFolder.Sample("drivers");
        folder.Smelt("run", "--target", "taxi", "--var", $"events={taxi}/events", "--var", $"companies={taxi}/companies.csv", "--var", "companies_format=csv", "--var", "driver=taxi_id",
            "--var", "event_time=trip_start_timestamp", "--var", "company_key=company_name").Expect(0);
        Assert.Equal("13926 13926", folder.Smelt("query", "--target", "taxi", "SELECT count(*) || ' ' || count(DISTINCT (driver_id, event_timestamp)) AS n FROM gold.enriched_driver_events", "--json").Expect(0).Json.GetProperty("rows")[0].GetProperty("n").GetString());
    }
}
