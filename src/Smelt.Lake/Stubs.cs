using Smelt.DuckDb;
namespace Smelt.Lake;
public sealed partial class DeltaTable
{
    public partial TableScan Scan(Snapshot snapshot, IEnumerable<AddFile>? files) => throw new NotImplementedException();
    public partial ValueTask CheckpointAsync(Snapshot snapshot, CancellationToken cancel) => throw new NotImplementedException();
}
public sealed partial class DataFileWriter
{
    public partial string CopySql(string query, IReadOnlyList<string> columns) => throw new NotImplementedException();
    internal partial ValueTask<IReadOnlyList<AddFile>> FilesAsync(DuckDbResult copied, CancellationToken cancel) => throw new NotImplementedException();
}
public sealed partial record TableScan
{
    internal partial ValueTask PrepareAsync(DuckDbConnection connection, CancellationToken cancel) => throw new NotImplementedException();
}
