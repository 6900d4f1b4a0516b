using System.Globalization;

namespace Smelt.Engine;

/// <summary>
/// Files under temporary names in a sink's folder: each tells the flow and the batch that it is of. Once a batch is delivered no attempt can prepare one before it any more, so that what
/// still lies under its name is nobody's.
/// </summary>
internal static class SinkRemains
{
    private const string Ending = ".tmp";

    /// <param name="number">Of the file in its batch.</param>
    public static string Name(BatchKey key, string attempt, int number) =>
        string.Create(CultureInfo.InvariantCulture, $".{key.FlowId}-{key.Generation}-{key.Batch}-{attempt}-{number}{Ending}");

    /// <summary>Removes what attempts that were cut short have left in the folder, of this flow's batches before this one, which another attempt may still be writing.</summary>
    /// <returns>Something to tell, or null. A file that cannot be removed keeps nobody from delivering.</returns>
    public static string? Sweep(string folder, BatchKey delivered)
    {
        if (!Directory.Exists(folder)) return null;
        foreach (var path in Directory.GetFiles(folder, $".{delivered.FlowId}-*{Ending}*"))
        {
            if (BatchOf(Path.GetFileName(path)) is not { } batch || batch.CompareTo((delivered.Generation, delivered.Batch)) >= 0) continue;
            try
            {
                File.Delete(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return $"{path} is left of an attempt that was cut short, and cannot be removed: {error.Message}";
            }
        }
        return null;
    }

    private static (int Generation, int Batch)? BatchOf(string name)
    {
        var parts = name.Split('-');
        return parts.Length == 5 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var generation) && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var batch) ? (generation, batch) : null;
    }
}
