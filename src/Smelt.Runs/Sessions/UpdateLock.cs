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
        MakeFolder(lakeRoot, folder);
        var path = Path.Combine(folder, "lock");
        while (true)
        {
            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (IsHeld(error))
            {
                if (!wait) throw new EngineException(EngineCodes.UpdateRunning, $"Another update of {lakeRoot} is running. Wait for its end, or run with --wait.", isTransient: true, error);
                await Task.Delay(100, cancel);
                continue;
            }
            return new UpdateLock(Signed(file, updateId));
        }
    }

    /// <summary>Who holds the lock, for people.</summary>
    private static FileStream Signed(FileStream file, string updateId)
    {
        try
        {
            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes($"{updateId} process {Environment.ProcessId}\n"));
            file.Flush();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>EWOULDBLOCK of flock, which .NET gives as the error's number: 11 on Linux, 35 on macOS.</summary>
    private static bool IsHeld(IOException error) => error.HResult is 11 or 35;

    private static void MakeFolder(string lakeRoot, string folder)
    {
        foreach (var path in new[] { lakeRoot, folder })
        {
            if (File.Exists(path))
                throw new EngineException(EngineCodes.Storage, $"{path} is a file where the lake's folder should be. Move it away, or name another place with storage: in platform.yml.");
        }
        Directory.CreateDirectory(folder);
    }

    public void Dispose() => _file.Dispose();
}
