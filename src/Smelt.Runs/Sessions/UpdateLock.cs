using System.Text;
using Smelt.Engine;

namespace Smelt.Runs;

/// <summary>
/// One update of a lake at a time, by <c>flock</c> on <c>_smelt/lock</c>. It saves work: correctness rests on put-if-absent alone, so a lock that is lost (a copied
/// folder, a removed file) harms nothing.
/// </summary>
public sealed class UpdateLock : IDisposable
{
    private readonly FileStream _file;

    private UpdateLock(FileStream file) => _file = file;

    /// <param name="lakeRoot">The lake's folder.</param>
    /// <param name="updateId">Written into the lock for people.</param>
    /// <param name="wait">Waits for the other update instead of refusing.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="EngineException">Another update holds the lock.</exception>
    public static async Task<UpdateLock> AcquireAsync(string lakeRoot, string updateId, bool wait, CancellationToken cancel)
    {
        var folder = Path.Combine(lakeRoot, LakeLayout.SystemSchema);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "lock");
        while (true)
        {
            try
            {
                var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                file.SetLength(0);
                file.Write(Encoding.UTF8.GetBytes($"{updateId} process {Environment.ProcessId}\n"));
                file.Flush();
                return new UpdateLock(file);
            }
            catch (IOException) when (wait)
            {
                await Task.Delay(100, cancel);
            }
            catch (IOException error) when (File.Exists(path))
            {
                throw new EngineException(EngineCodes.UpdateRunning, $"Another update of {lakeRoot} is running. Wait for its end, or run with --wait.", isTransient: true, error);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
