using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine.Tests;

public sealed class FlowStateTests : IDisposable
{
    private static readonly DatasetName Orders = new(Layer.Silver, "orders");

    private readonly string _folder = Directory.CreateTempSubdirectory("smelt-state-").FullName;
    private readonly LocalObjectStore _store;

    public FlowStateTests() => _store = new LocalObjectStore(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_flow_keeps_its_id_and_counts_its_done_batches()
    {
        var first = await OpenAsync();
        var id = await first.IdentifyAsync(default);
        Assert.Equal((1, 0, 1), (first.Generation, first.LastDone, first.NextBatch()));
        await first.PutDoneAsync(1, 1, Done("a"), default);
        var second = await OpenAsync();
        Assert.Equal(id, second.FlowId);
        Assert.Equal((1, 1, 2), (second.Generation, second.LastDone, second.NextBatch()));
        Assert.Equal("a", second.Done!.Definition);
    }

    [Fact]
    public async Task Of_two_attempts_that_prepare_one_batch_both_get_the_first_ones_record()
    {
        var (one, two) = (await OpenAsync(), await OpenAsync());
        Assert.Equal("one", (await one.PutPreparedAsync(1, 1, Prepared("one"), default)).Attempt);
        Assert.Equal("one", (await two.PutPreparedAsync(1, 1, Prepared("two"), default)).Attempt);
    }

    [Fact]
    public async Task An_abandoned_batch_can_no_longer_be_prepared_and_the_next_takes_its_place()
    {
        var (gives_up, still_works) = (await OpenAsync(), await OpenAsync());
        await gives_up.AbandonAsync(1, 1, "u", "its file is gone", default);
        Assert.Equal("its file is gone", (await still_works.PutPreparedAsync(1, 1, Prepared("late"), default)).VoidReason);
        Assert.Equal(2, (await OpenAsync()).NextBatch());
    }

    [Fact]
    public async Task A_batch_that_was_prepared_is_not_abandoned()
    {
        var (prepared, gives_up) = (await OpenAsync(), await OpenAsync());
        await prepared.PutPreparedAsync(1, 1, Prepared("kept"), default);
        await gives_up.AbandonAsync(1, 1, "u", "too late", default);
        var now = await OpenAsync();
        Assert.Equal(1, now.NextBatch());
        Assert.Equal("kept", (await now.PreparedAsync(1, 1, default))!.Attempt);
    }

    [Fact]
    public async Task A_full_refresh_that_was_never_prepared_leaves_the_generation_as_it_was()
    {
        var state = await OpenAsync();
        await state.PutDoneAsync(1, 1, Done("a"), default);
        await state.PutIntentAsync(2, 1, new IntentRecord { Update = "u", AtMicros = 1, BatchId = "b" }, default);
        var now = await OpenAsync();
        Assert.Equal((1, 1, 3), (now.Generation, now.LastDone, now.NewGeneration()));
        await now.PutPreparedAsync(2, 1, Prepared("full"), default);
        Assert.Equal((2, 0), ((await OpenAsync()).Generation, (await OpenAsync()).LastDone));
    }

    [Fact]
    public async Task The_files_seen_in_many_batches_are_all_known()
    {
        var state = await OpenAsync();
        for (var batch = 1; batch <= 45; batch++)
        {
            var files = new Smelt.Connectors.FileBatch(Smelt.Connectors.FileFormat.Csv, [new Smelt.Connectors.SourceFile($"landing/{batch}.csv", batch, 1, "h")]);
            await state.PutDoneAsync(1, batch, Done("a") with { Sources = [new SourceInput("landing", files.ToJson(), files.Fingerprint)] }, default);
        }
        var seen = await (await OpenAsync()).SeenFilesAsync(default);
        Assert.Equal(45, seen.Count);
        Assert.Equal(7, seen.Find("landing/7.csv")!.Size);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_is_named()
    {
        var state = await OpenAsync();
        await state.PutDoneAsync(1, 1, Done("a"), default);
        var file = Directory.EnumerateFiles(_folder, "*.done.json", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, "{");
        var error = await Assert.ThrowsAsync<EngineException>(() => OpenAsync());
        Assert.Equal(EngineCodes.StateCorrupt, error.Code);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_of_which_any_byte_was_changed_is_named_or_says_what_it_said_and_one_without_a_checksum_is_taken()
    {
        await (await OpenAsync()).PutDoneAsync(1, 1, Done("a"), default);
        var file = Directory.EnumerateFiles(_folder, "*.done.json", SearchOption.AllDirectories).Single();
        var whole = File.ReadAllBytes(file);
        var told = 0;
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = (byte[])whole.Clone();
            changed[at] ^= 1;
            File.WriteAllBytes(file, changed);
            try
            {
                Assert.Equal(RecordJson.Write(Done("a")), RecordJson.Write((await OpenAsync()).Done!));
            }
            catch (EngineException error)
            {
                Assert.Equal(EngineCodes.StateCorrupt, error.Code);
                told++;
            }
        }
        // What names the checksum may be damaged without harm.
        Assert.InRange(told, whole.Length - 10, whole.Length);
        File.WriteAllBytes(file, RecordJson.Write(Done("older")));
        Assert.Equal("older", (await OpenAsync()).Done!.Definition);
    }

    [Fact]
    public void Records_survive_their_json()
    {
        var intent = new IntentRecord
        {
            Update = "u", AtMicros = 1736900000000000, BatchId = "u-1",
            Sources = [new SourceInput("landing/ü \"x\"", "{\"format\":\"Csv\",\"files\":[]}", "f")],
            Streams = [new StreamRange("silver.orders", "t", null, 5) { ToFile = 2 }, new StreamRange("silver.orders", "t", 3, 5) { FromFile = 1, Passed = 7 }],
            Tables = [new TableInput("silver.customers", "c", 7, 6)],
        };
        var read = RecordJson.ReadIntent(RecordJson.Write(intent));
        Assert.Equal(intent.Streams, read.Streams);
        Assert.Equal(intent.Tables, read.Tables);
        Assert.Equal(intent.Sources[0].Path, read.Sources[0].Path);
        var prepared = Prepared("a") with { Counts = new BatchCounts { RowsIn = 3, RowsOut = 2, Rules = [new RuleCount("r", "drop", "x > 0", 2, 1)] }, Notes = ["new column"] };
        var again = RecordJson.ReadPrepared(RecordJson.Write(prepared));
        Assert.Equal(prepared.Counts.Rules, again.Counts.Rules);
        Assert.Equal(3, again.Counts.RowsIn);
        Assert.Equal(prepared.Notes, again.Notes);
        Assert.Equal(prepared.Plans[0].ToJson(), again.Plans[0].ToJson());
    }

    private static PreparedRecord Prepared(string attempt) => new()
    {
        Update = "u", Attempt = attempt, Definition = "d",
        Plans = [new TablePlan { Folder = "silver/orders", Kind = PlanKind.Append, TableId = "t", Operation = "WRITE", Attempt = attempt, Transaction = new TransactionMark("smelt:x:g1", 1) }],
    };

    private static DoneRecord Done(string definition) => new() { Update = "u", TableId = "t", Version = 1, Definition = definition };

    private Task<FlowState> OpenAsync() => FlowState.OpenAsync(_store, Orders, null, default);
}
