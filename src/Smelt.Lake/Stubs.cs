using Smelt.DuckDb;
namespace Smelt.Lake;
public sealed partial class DeltaTable
{
    public partial TableScan Scan(Snapshot snapshot, IEnumerable<AddFile>? files) => throw new NotImplementedException();
    public partial ValueTask<IReadOnlyList<string>> MissingFilesAsync(TablePlan plan, CancellationToken cancel) => throw new NotImplementedException();
    public partial ValueTask<CommitResult> CommitAsync(TablePlan plan, Snapshot? known, CancellationToken cancel) => throw new NotImplementedException();
    public partial ValueTask CheckpointAsync(Snapshot snapshot, CancellationToken cancel) => throw new NotImplementedException();
}
public sealed partial record TableDefinition
{
    public static partial DefinitionResult Create(IReadOnlyList<ColumnSpec> columns, TableOptions options, TimeProvider clock) => throw new NotImplementedException();
    public partial DefinitionResult Grow(IReadOnlyList<ColumnSpec> columns, TableOptions options) => throw new NotImplementedException();
    public partial DefinitionResult Replace(IReadOnlyList<ColumnSpec> columns, TableOptions options) => throw new NotImplementedException();
}
public sealed partial class DataFileWriter
{
    public partial string CopySql(string query, IReadOnlyList<string> columns) => throw new NotImplementedException();
    internal partial ValueTask<IReadOnlyList<AddFile>> FilesAsync(DuckDbResult copied, CancellationToken cancel) => throw new NotImplementedException();
}
public sealed partial record TablePlan
{
    public partial string ToJson() => throw new NotImplementedException();
    public static partial TablePlan FromJson(string json) => throw new NotImplementedException();
}
public sealed partial record TableScan
{
    internal partial ValueTask PrepareAsync(DuckDbConnection connection, CancellationToken cancel) => throw new NotImplementedException();
}
