using Smelt.Engine;

namespace Smelt.Runs.Tests;

public sealed class SessionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smelt-session-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_update_is_refused_and_a_waiting_one_goes_on_when_the_first_ends()
    {
        var first = await UpdateLock.AcquireAsync(_folder, "one", wait: false, default);
        var refused = await Assert.ThrowsAsync<EngineException>(() => UpdateLock.AcquireAsync(_folder, "two", wait: false, default));
        Assert.Equal(EngineCodes.UpdateRunning, refused.Code);
        var waiting = UpdateLock.AcquireAsync(_folder, "three", wait: true, default);
        Assert.False(waiting.IsCompleted);
        first.Dispose();
        (await waiting.WaitAsync(TimeSpan.FromSeconds(30))).Dispose();
    }

    [Fact]
    public async Task Waiting_for_a_lock_can_be_given_up()
    {
        using var held = await UpdateLock.AcquireAsync(_folder, "one", wait: false, default);
        using var cancel = new CancellationTokenSource();
        var waiting = UpdateLock.AcquireAsync(_folder, "two", wait: true, cancel.Token);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public void Each_process_spills_into_a_folder_of_its_own_and_removes_those_left_behind()
    {
        var left = Path.Combine(_folder, "999999-dead");
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "lock"), "");
        File.WriteAllText(Path.Combine(left, "pages.tmp"), "x");
        using var first = new ProcessDatabase(_folder, 700 << 20, 1);
        using var second = new ProcessDatabase(_folder, 700 << 20, 1);
        first.Open();
        second.Open();
        Assert.False(Directory.Exists(left));
        Assert.Equal(2, Directory.EnumerateDirectories(_folder).Count());
        first.Dispose();
        Assert.Single(Directory.EnumerateDirectories(_folder));
        second.Dispose();
        Assert.Empty(Directory.EnumerateDirectories(_folder));
    }

    [Fact]
    public async Task An_update_that_was_cut_short_is_closed_as_failed()
    {
        var store = new Smelt.Lake.LocalObjectStore(_folder);
        var records = new UpdateRecords(store);
        await records.OpenAsync("20250115t080000-aaaaaa", "p", DateTimeOffset.UnixEpoch, default);
        await records.OpenAsync("20250115t080001-bbbbbb", "p", DateTimeOffset.UnixEpoch, default);
        await records.CloseAsync("20250115t080001-bbbbbb", "{}"u8.ToArray(), default);
        Assert.Equal(["20250115t080000-aaaaaa"], await records.CloseAbandonedAsync(default));
        Assert.Empty(await records.CloseAbandonedAsync(default));
        Assert.Contains("failed", File.ReadAllText(Path.Combine(_folder, "_smelt/updates/20250115t080000-aaaaaa.manifest.json")), StringComparison.Ordinal);
    }
}
