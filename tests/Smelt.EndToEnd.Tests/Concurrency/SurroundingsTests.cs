namespace Smelt.EndToEnd.Tests.Concurrency;

/// <summary>The machine's language and time zone change nothing.</summary>
public sealed class SurroundingsTests
{
    private static readonly Lazy<SortedDictionary<string, string>> s_plain = new(static () => Tables([]));

    [Theory]
    [InlineData("tr_TR.UTF-8", "Europe/Istanbul")]
    [InlineData("de_DE.UTF-8", "Europe/Berlin")]
    [InlineData("C", "America/New_York")]
    public void The_tables_are_the_same_under_any_language_and_time_zone(string language, string zone)
    {
        var tables = Tables(new Dictionary<string, string> { ["LANG"] = language, ["LC_ALL"] = language, ["TZ"] = zone });
        Assert.True(tables.Count > 15);
        Assert.Equal(s_plain.Value, tables);
    }

    private static SortedDictionary<string, string> Tables(Dictionary<string, string> environment)
    {
        // Beside the sample what language and zone change where anything does: case, numbers, instants, dates, order.
        using var folder = PipelineFolder.Retail()
            .Write("landing/places/a.csv", "name,moment,amount,local\nIstanbul İIıi,2025-03-30 02:30:00+01,\"1.234\",2025-03-30 02:30:00\nÄrger,2025-10-26 02:30:00+02,2.5,2025-10-26 02:30:00\nzebra,2025-03-09 02:30:00-05,10,2025-03-09 02:30:00\n")
            .Write("bronze/places.sql", "SELECT * FROM STREAM read_files('landing/places', format => 'csv', header => true)")
            .Write("silver/places.sql", """
                SELECT upper(name) AS upper_name, lower(name) AS lower_name, moment::TIMESTAMPTZ AS moment, moment::TIMESTAMPTZ::DATE AS on_day, moment::TIMESTAMPTZ::VARCHAR AS at_text, local::TIMESTAMP AS local,
                  local::TIMESTAMP::TIMESTAMPTZ AS local_at, amount::DECIMAL(10,3) AS amount, (amount::DOUBLE * 1.5)::VARCHAR AS amount_text, strftime(local::TIMESTAMP, '%A %d %B %Y %x') AS written,
                  row_number() OVER (ORDER BY name) AS place
                FROM bronze.places
                """);
        SmeltProgram.Run(folder.Path, environment, "run").Expect(0);
        return OpenLake.ContentOf(folder.Path);
    }
}
