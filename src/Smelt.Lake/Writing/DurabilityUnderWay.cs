namespace Smelt.Lake;

/// <summary>Data files on their way to stable storage while other work goes on: storage is slow where processors are idle. Nothing may name the files before <see cref="DoneAsync"/> has ended.</summary>
public sealed class DurabilityUnderWay : IAsyncDisposable
{
    private readonly List<Task> _files = [];

    internal void Start(IObjectStore store, IReadOnlyList<string> keys) => _files.Add(Task.Run(() => store.MakeDurableAsync(keys).AsTask()));

    /// <exception cref="StoreException">A file could not be made durable.</exception>
    public Task DoneAsync() => Task.WhenAll(_files);

    /// <summary>Waits too: the files of work that failed are not removed under it. That failure is the one to tell.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_files).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
