namespace Smelt.Lake;

/// <content>Checking.</content>
public sealed partial class DeltaTable
{
    /// <summary>
    /// Looks for everything that can be wrong with the newest version: gaps in the log, checkpoints and checksum files that differ from it, data files and deletion vectors that are
    /// missing or damaged, statistics that count other rows than the files have. A broken table is a finding, not an exception.
    /// </summary>
    public async ValueTask<TableCheck> CheckAsync(CancellationToken cancel = default) => await new TableChecker(this).RunAsync(cancel);
}
