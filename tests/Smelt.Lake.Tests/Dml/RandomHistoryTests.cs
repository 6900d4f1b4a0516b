namespace Smelt.Lake.Tests.Dml;

/// <summary>Random histories against the model, for every combination of what a table may have on.</summary>
public sealed class RandomHistoryTests
{
    public static TheoryData<bool, bool, bool, bool, bool> Kinds()
    {
        var kinds = new TheoryData<bool, bool, bool, bool, bool>();
        for (var i = 0; i < 32; i++)
            kinds.Add((i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0, (i & 16) != 0);
        return kinds;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Whatever_is_done_to_a_table_it_holds_what_the_model_holds(bool partitioned, bool mapped, bool vectors, bool feed, bool tracked)
    {
        var properties = new Dictionary<string, string?>();
        if (mapped) properties["delta.columnMapping.mode"] = "name";
        if (vectors) properties["delta.enableDeletionVectors"] = "true";
        if (feed) properties["delta.enableChangeDataFeed"] = "true";
        if (tracked) properties["delta.enableRowTracking"] = "true";
        using var lake = new TestLake();
        for (var seed = 0; seed < Deep.Count(1, 40); seed++)
        {
            var table = new ModelTable(lake, $"t{seed}", new Random(seed * 32 + (partitioned ? 1 : 0) + (mapped ? 2 : 0) + (vectors ? 4 : 0) + (feed ? 8 : 0) + (tracked ? 16 : 0)), properties, partitioned);
            await table.CreateAsync();
            for (var step = 0; step < 12; step++)
                await table.StepAsync();
        }
    }
}
