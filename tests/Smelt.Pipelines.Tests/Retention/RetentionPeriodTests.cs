namespace Smelt.Pipelines.Tests;

public class RetentionPeriodTests
{
    [Theory]
    [InlineData("1 day", "2024-02-29")]
    [InlineData("90 days", "2023-12-02")]
    [InlineData("interval 2 weeks", "2024-02-16")]
    [InlineData("13 months", "2023-02-01")]
    [InlineData("1 year", "2023-03-01")]
    [InlineData("100000 days", "1750-05-17")]
    [InlineData("5000 years", "0001-01-01")]
    public void The_first_day_that_is_kept(string text, string day)
    {
        Assert.True(RetentionPeriod.TryParse(text, out var period));
        Assert.Equal(DateOnly.Parse(day), period.FirstKept(new DateOnly(2024, 3, 1)));
    }

    [Theory]
    [InlineData("0 days")]
    [InlineData("12 hours")]
    [InlineData("-3 days")]
    [InlineData("soon")]
    [InlineData("30")]
    public void What_is_no_time_of_whole_days_is_refused(string text) => Assert.False(RetentionPeriod.TryParse(text, out _));

    [Fact]
    public void For_ever_is_said_too()
    {
        Assert.True(RetentionPeriod.TryParse("forever", out var period));
        Assert.Null(period.FirstKept(new DateOnly(2024, 3, 1)));
    }

    [Fact]
    public void What_is_said_of_a_dataset_comes_before_what_is_said_of_its_layer()
    {
        using var pipeline = new TestPipeline(
            ("smelt.yml", "name: p\nretention: {silver: 1 day, silver.b: 2 days, silver.c: 3 days, bronze: 9 days}\n"),
            ("platform.yml", "targets:\n  local: {retention: {silver: 4 days, silver.c: 5 days}}\n"),
            ("bronze/o.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')"),
            ("silver/a.sql", "CREATE STREAMING TABLE a TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT * FROM STREAM bronze.o"),
            ("silver/b.sql", "CREATE STREAMING TABLE b TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT * FROM STREAM bronze.o"),
            ("silver/c.sql", "CREATE STREAMING TABLE c TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT * FROM STREAM bronze.o"),
            ("silver/d.sql", "CREATE STREAMING TABLE d TBLPROPERTIES ('smelt.day_column' = 'day', 'smelt.retention' = '6 days') AS SELECT * FROM STREAM bronze.o"));
        var compiled = pipeline.CompileClean();
        string Of(string name) => RetentionPolicy.Of(compiled.Graph.Find(name)!, compiled.Project, compiled.Target) is { } policy ? $"{policy.Period} by {policy.Column}" : "";
        Assert.Equal(["9 days by _ingestion_date", "4 days by day", "2 days by day", "5 days by day", "6 days by day"], new[] { "o", "a", "b", "c", "d" }.Select(Of));
    }
}
