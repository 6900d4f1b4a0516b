using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>What an update's manifest tells of the files that were read.</summary>
public sealed class ManifestTests
{
    [Fact]
    public void The_files_that_each_batch_read_are_named_with_size_and_batch_and_many_by_number_and_the_record_that_lists_them()
    {
        using var folder = new PipelineFolder()
            .Write("in/a.csv", "id\n1\n").Write("in/b.csv", "id\n22\n").Write("rates/r.csv", "rate\n2\n")
            .Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
            .Write("bronze/rates.sql", "SELECT * FROM read_files('rates', format => 'csv')")
            .Write("silver/t.sql", "SELECT id::INT AS id FROM bronze.t");
        var first = LocalUpdate.Run(folder.Path).UpdateId;
        var read = Source(folder, first, "bronze.t");
        Assert.Equal(["in/a.csv:5", "in/b.csv:6"], read.GetProperty("files").EnumerateArray().Select(static f => $"{f.GetProperty("path")}:{f.GetProperty("size")}").Order(StringComparer.Ordinal));
        Assert.Equal(("in", 1, 1, 2, 11), (read.GetProperty("source").GetString(), read.GetProperty("generation").GetInt32(), read.GetProperty("batch").GetInt32(), read.GetProperty("fileCount").GetInt32(), read.GetProperty("bytes").GetInt32()));
        using (var lake = new OpenLake(folder.Path)) Assert.Equal(lake.Text("SELECT DISTINCT _batch_id FROM bronze.t"), read.GetProperty("batchId").GetString());
        var rates = Source(folder, first, "bronze.rates");
        Assert.Equal("rates/r.csv", rates.GetProperty("files").EnumerateArray().Single().GetProperty("path").GetString());
        Assert.Contains("rates/r.csv", File.ReadAllText(folder.File("lake/" + rates.GetProperty("record"))), StringComparison.Ordinal);
        Assert.Equal(["bronze.t"], Inputs(folder, first, "silver.t").Select(static i => i.GetProperty("dataset").GetString()));

        for (var i = 0; i < 1001; i++) folder.Write($"in/more-{i:0000}.csv", "id\n3\n");
        foreach (var file in Directory.GetFiles(folder.File("in"), "more-*")) File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        var many = Source(folder, LocalUpdate.Run(folder.Path).UpdateId, "bronze.t");
        Assert.Equal((2, 1001, 5005), (many.GetProperty("batch").GetInt32(), many.GetProperty("fileCount").GetInt32(), many.GetProperty("bytes").GetInt32()));
        Assert.False(many.TryGetProperty("files", out _));
        Assert.Equal(("in/more-0000.csv", "in/more-1000.csv"), (many.GetProperty("first").GetProperty("path").GetString(), many.GetProperty("last").GetProperty("path").GetString()));
        Assert.Equal("_smelt/flows/bronze.t/g0001/b00000002.intent.json", many.GetProperty("record").GetString());
        Assert.Contains("in/more-0500.csv", File.ReadAllText(folder.File("lake/" + many.GetProperty("record"))), StringComparison.Ordinal);
    }

    [Fact]
    public void An_update_that_finishes_another_ones_batch_names_the_files_of_both()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        folder.RunKilledAt("bronze.orders:after-prepared");
        var inputs = Inputs(folder, LocalUpdate.Run(folder.AddDay(2).Path).UpdateId, "bronze.orders");
        Assert.Equal(["1:landing/orders/day-1.csv", "2:landing/orders/day-2.csv"],
            inputs.Select(static i => $"{i.GetProperty("batch")}:{i.GetProperty("files").EnumerateArray().Single().GetProperty("path")}"));
    }

    private static JsonElement Source(PipelineFolder folder, string update, string dataset) => Inputs(folder, update, dataset).Single(static i => i.TryGetProperty("source", out _));

    private static List<JsonElement> Inputs(PipelineFolder folder, string update, string dataset)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(folder.File($"lake/_smelt/updates/{update}.manifest.json")));
        var step = manifest.RootElement.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("dataset").GetString() == dataset);
        return [.. step.GetProperty("inputs").EnumerateArray().Select(static i => i.Clone())];
    }
}
