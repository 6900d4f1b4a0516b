using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Days made again beside attempts that were begun by others.</summary>
public sealed class RacedDayTests
{
    private const string Silver = "CREATE STREAMING TABLE o TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT s.id::BIGINT AS id, s.day::DATE AS day, d.name FROM STREAM bronze.o AS s LEFT JOIN silver.dim AS d ON s.kind = d.kind";

    private const string Rows = "SELECT string_agg(id || coalesce(name, ''), ' ' ORDER BY id) FROM silver.o";

    [Fact]
    public void A_batch_with_input_that_was_begun_meanwhile_comes_first_and_no_row_of_it_is_lost()
    {
        using var folder = Made();
        LocalUpdate.OnlyOf(folder.Write("landing/2.csv", "id,day,kind\n3,2025-01-03,a\n").Path, "bronze.o");
        using var other = folder.Copy();
        other.RunKilledAt("silver.o:after-intent");
        var result = LocalUpdate.RunWith(folder.Path, Once("silver.o:before-intent", () => TakeIntents(other, folder)), static o => o with
        {
            Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.o")], Days = new DayRange(new DateOnly(2025, 1, 1), new DateOnly(2025, 1, 1)),
        });
        _ = result.Made("silver.o");
        LocalUpdate.Run(folder.Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1x 2y 3x", lake.Text(Rows));
    }

    [Fact]
    public void An_ordinary_batch_goes_on_where_days_made_again_were_begun_meanwhile()
    {
        using var folder = Made();
        using var other = folder.Copy();
        other.RunKilledAt("bronze.o:after-intent", "--date", DateTime.UtcNow.ToString("yyyy-MM-dd"), "--select", "bronze.o");
        LocalUpdate.Run(folder.Write("landing/2.csv", "id,day,kind\n3,2025-01-03,a\n").Path, Once("bronze.o:before-intent", () => TakeIntents(other, folder)));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1x 2y 3x", lake.Text(Rows));
    }

    [Fact]
    public void What_days_made_again_left_over_needs_no_older_version_of_a_table()
    {
        using var folder = Made();
        LocalUpdate.OnlyOf(folder.Write("silver/dim.sql", "SELECT * FROM (VALUES ('a', 'xx'), ('b', 'yy')) AS v(kind, name)").Path, "silver.dim");
        folder.RunKilledAt("silver.o:after-intent", "--date", "2025-01-01", "--select", "silver.o");
        using (var lake = new OpenLake(folder.Path))
        {
            var held = lake.Snapshot("silver.dim").Files.Select(static f => f.Path).ToHashSet();
            foreach (var file in Directory.GetFiles(folder.File("lake/silver/dim"), "*.parquet").Where(f => !held.Contains(Path.GetFileName(f)))) File.Delete(file);
        }
        LocalUpdate.Run(folder.Write("landing/2.csv", "id,day,kind\n3,2025-01-03,a\n").Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1x 2y 3xx", lake.Text(Rows));
    }

    /// <summary>At its first passing of a point.</summary>
    private static Action<string> Once(string point, Action act)
    {
        var isDone = false;
        return reached =>
        {
            if (isDone || reached != point) return;
            isDone = true;
            act();
        };
    }

    /// <summary>What another attempt began, as if it had been begun here at that moment.</summary>
    private static void TakeIntents(PipelineFolder from, PipelineFolder to)
    {
        var (there, here) = (from.File("lake/_smelt/flows"), to.File("lake/_smelt/flows"));
        var begun = Directory.GetFiles(there, "*.intent.json", SearchOption.AllDirectories).Where(f => !File.Exists(Path.Combine(here, Path.GetRelativePath(there, f)))).ToList();
        File.Copy(Assert.Single(begun), Path.Combine(here, Path.GetRelativePath(there, begun[0])));
    }

    private static PipelineFolder Made()
    {
        var folder = new PipelineFolder("name: d\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')").Write("silver/o.sql", Silver)
            .Write("silver/dim.sql", "SELECT * FROM (VALUES ('a', 'x'), ('b', 'y')) AS v(kind, name)").Write("landing/1.csv", "id,day,kind\n1,2025-01-01,a\n2,2025-01-02,b\n");
        LocalUpdate.Run(folder.Path);
        return folder;
    }
}
