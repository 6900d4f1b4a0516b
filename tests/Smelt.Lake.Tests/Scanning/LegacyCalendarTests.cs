using Smelt.Lake.Tests.Interop;

namespace Smelt.Lake.Tests.Scanning;

public sealed class LegacyCalendarTests(SparkFixture spark)
{
    [Fact]
    public async Task Old_values_in_the_legacy_calendar_are_refused_and_all_others_read()
    {
        using var lake = new TestLake();
        await spark.SqlAsync("SET spark.sql.parquet.datetimeRebaseModeInWrite = LEGACY");
        await spark.SqlAsync("SET spark.sql.parquet.int96RebaseModeInWrite = LEGACY");
        try
        {
            await MakeAsync("old_date", "DATE'1500-01-01'", "TIMESTAMP'2020-01-01 00:00:00Z'");
            await MakeAsync("old_time", "DATE'2020-01-01'", "TIMESTAMP'1850-01-01 00:00:00Z'");
            await MakeAsync("young", "DATE'1582-10-15'", "TIMESTAMP'1900-01-01 00:00:00Z'");
            await MakeAsync("unknown", "DATE'1999-01-01'", "TIMESTAMP'1999-01-01 00:00:00Z'", "'delta.dataSkippingNumIndexedCols' = '0'");
        }
        finally
        {
            await spark.SqlAsync("RESET spark.sql.parquet.datetimeRebaseModeInWrite");
            await spark.SqlAsync("RESET spark.sql.parquet.int96RebaseModeInWrite");
        }
        await MakeAsync("corrected", "DATE'1500-01-01'", "TIMESTAMP'1850-01-01 00:00:00Z'");
        foreach (var (name, column) in new[] { ("old_date", "d"), ("old_time", "ts") })
        {
            var fault = await Assert.ThrowsAsync<LegacyCalendarException>(async () => await lake.RowsAsync(name));
            Assert.Equal((column, "legacy-calendar"), (fault.Column, fault.Code));
        }
        Assert.Equal(["""{"d":"1582-10-15","ts":"1900-01-01 00:00:00+00"}"""], await lake.RowsAsync("young"));
        Assert.Equal(["""{"d":"1999-01-01","ts":"1999-01-01 00:00:00+00"}"""], await lake.RowsAsync("unknown"));
        Assert.Equal(["""{"d":"1500-01-01","ts":"1850-01-01 00:00:00+00"}"""], await lake.RowsAsync("corrected"));

        async Task MakeAsync(string name, string day, string time, string properties = "'delta.appendOnly' = 'false'") =>
            await spark.SqlAsync($"CREATE TABLE delta.`{lake.Store.Locate(name)}` USING delta TBLPROPERTIES ({properties}) AS SELECT {day} AS d, {time} AS ts");
    }
}
