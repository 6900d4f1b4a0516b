using System.Text;

namespace Smelt.EndToEnd.Tests.Sources;

/// <summary>Real data as it came, a file a day.</summary>
public sealed class DailyFilesTests
{
    [Fact]
    public void Every_line_of_141_daily_files_in_141_updates_is_once_in_one_bronze_table_that_delta_rs_reads()
    {
        var days = Directory.GetFiles(Repository.SharedPath("data/retail/by-day"), "*.csv").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(141, days.Count);
        using var folder = new PipelineFolder().Write("bronze/sales.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv', header => true)");
        Directory.CreateDirectory(folder.File("landing"));
        foreach (var day in days)
        {
            File.Copy(day, folder.File("landing/" + Path.GetFileName(day)));
            LocalUpdate.Run(folder.Path).Made("bronze.sales");
        }
        LocalUpdate.Run(folder.Path).NothingRan();

        using var lake = new OpenLake(folder.Path);
        var table = lake.Snapshot("bronze.sales");
        Assert.Equal(140, table.Version);
        Assert.Equal(14, Directory.GetFiles(folder.File("lake/bronze/sales/_delta_log"), "*.checkpoint.parquet").Length);
        Assert.Equal("0", lake.Text("SELECT count(*) FROM bronze.sales WHERE _rescued_data IS NOT NULL"));
        Assert.Equal("141", lake.Text("SELECT count(DISTINCT _batch_id) FROM bronze.sales"));
        var lines = new Dictionary<string, int>();
        var total = 0;
        foreach (var day in days)
        {
            foreach (var line in File.ReadLines(day).Skip(1))
            {
                var named = Path.GetFileName(day) + "|" + line;
                lines[named] = lines.GetValueOrDefault(named) + 1;
                total++;
            }
        }
        foreach (var row in lake.Rows("SELECT parse_filename(_source_file), InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country FROM bronze.sales"))
        {
            var named = $"{row[0]}|{string.Join(',', row.Skip(1).Select(Field))}";
            Assert.True(lines.TryGetValue(named, out var left) && left > 0, $"the table has a row that no file has so often: {named}");
            lines[named] = left - 1;
        }
        Assert.All(lines, static l => Assert.True(l.Value == 0, $"the table lacks {l.Key}"));
        Assert.Equal(total.ToString(), DeltaRs.Run("""
            import sys
            from deltalake import DeltaTable, QueryBuilder
            t = DeltaTable(sys.argv[1])
            assert t.version() == 140, t.version()
            print(QueryBuilder().register('t', t).execute('select count(*) as n from t').read_all()['n'][0].as_py())
            """, folder.File("lake/bronze/sales")));
    }

    /// <summary>A value as the files write it: quoted where it must be.</summary>
    private static string Field(object? value)
    {
        var text = (string?)value ?? "";
        return text.AsSpan().IndexOfAny(",\"\n") < 0 ? text : new StringBuilder("\"").Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"').ToString();
    }
}
