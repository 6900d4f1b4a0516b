using System.Diagnostics;
using System.Text;

namespace Smelt.Lake.Tests.Storage;

public sealed class LocalObjectStoreTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("smelt-store-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Of_many_threads_that_put_one_key_exactly_one_wins_and_its_bytes_stay()
    {
        var store = new LocalObjectStore(_root);
        for (var round = 0; round < 100; round++)
        {
            var key = $"log/{round:D20}.json";
            using var gate = new Barrier(6);
            var wins = await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Factory.StartNew(() =>
            {
                gate.SignalAndWait();
                return store.PutIfAbsentAsync(key, Encoding.UTF8.GetBytes($"writer {writer}")).AsTask().Result;
            }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Single(wins, won => won);
            Assert.Equal($"writer {Array.IndexOf(wins, true)}", Encoding.UTF8.GetString((await store.TryReadAsync(key))!));
        }
    }

    [Fact]
    public async Task Of_many_processes_that_put_the_same_keys_each_key_has_one_winner()
    {
        const int keys = 200, processes = 4;
        var program = Environment.ProcessPath!;
        var children = Enumerable.Range(0, processes).Select(n => Start(program, n, keys)).ToList();
        var wins = 0;
        foreach (var child in children)
        {
            wins += int.Parse((await child.StandardOutput.ReadToEndAsync()).Trim());
            await child.WaitForExitAsync();
            Assert.Equal(0, child.ExitCode);
        }
        Assert.Equal(keys, wins);
        Assert.Empty(Directory.EnumerateFiles(_root, ".smelt-*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_put_leaves_no_temporary_file_and_a_list_shows_only_what_is_in_the_folder()
    {
        var store = new LocalObjectStore(_root);
        Assert.True(await store.PutIfAbsentAsync("a/2.json", "two"u8.ToArray()));
        Assert.True(await store.PutIfAbsentAsync("a/1.json", "one"u8.ToArray()));
        Assert.True(await store.PutIfAbsentAsync("a/deeper/3.json", "three"u8.ToArray()));
        Assert.False(await store.PutIfAbsentAsync("a/1.json", "other"u8.ToArray()));
        Assert.Equal(["a/1.json", "a/2.json"], (await store.ListAsync("a")).Select(o => o.Key));
        Assert.Equal(["a/2.json"], (await store.ListAsync("a", after: "a/1.json")).Select(o => o.Key));
        Assert.Equal(["a/1.json", "a/2.json", "a/deeper/3.json"], (await store.ListAsync("a", recursive: true)).Select(o => o.Key));
        Assert.Empty(await store.ListAsync("b"));
        Assert.Equal("one"u8.ToArray(), await store.TryReadAsync("a/1.json"));
        Assert.Equal("ne"u8.ToArray(), await store.ReadRangeAsync("a/1.json", 1, 10));
        Assert.Equal(3, (await store.StatAsync("a/1.json"))!.Value.Size);
        await store.DeleteAsync("a/1.json");
        await store.DeleteAsync("a/1.json");
        Assert.Null(await store.StatAsync("a/1.json"));
        Assert.Null(await store.TryReadAsync("a/1.json"));
    }

    [Fact]
    public async Task A_key_that_leads_out_of_the_store_is_refused()
    {
        var store = new LocalObjectStore(_root);
        foreach (var key in new[] { "../x", "a/../../x", "/etc/passwd", "a/./x" })
            Assert.Equal("store-bad-key", (await Assert.ThrowsAsync<StoreException>(async () => await store.TryReadAsync(key))).Code);
    }

    [Fact]
    public async Task Making_a_file_durable_that_is_not_there_is_a_fault()
    {
        var store = new LocalObjectStore(_root);
        Assert.Equal("store-not-found", (await Assert.ThrowsAsync<StoreException>(async () => await store.MakeDurableAsync(["t/part-1.parquet"]))).Code);
    }

    [Fact]
    public async Task A_folder_of_many_tables_is_synced_once_when_their_folders_are_made_first()
    {
        var store = new LocalObjectStore(_root);
        const int tables = 50;
        for (var i = 0; i < tables; i++)
            await store.EnsureFolderAsync($"silver/t{i}");
        var before = store.DirectorySyncs;
        for (var i = 0; i < tables; i++)
        {
            File.WriteAllText(store.Locate($"silver/t{i}/part.parquet"), "rows");
            await store.MakeDurableAsync([$"silver/t{i}/part.parquet"]);
        }
        // One a table for its own entries, and one each for the two folders above all of them.
        Assert.Equal(tables + 2, store.DirectorySyncs - before);
    }

    private Process Start(string program, int number, int keys)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(LocalObjectStoreTests).Assembly.Location);
        foreach (var argument in new[] { ChildProcess.Verb, "put", _root, number.ToString(), keys.ToString() })
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
