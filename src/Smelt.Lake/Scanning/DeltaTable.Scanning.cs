namespace Smelt.Lake;

/// <content>Reading rows.</content>
public sealed partial class DeltaTable
{
    public partial TableScan Scan(Snapshot snapshot, IEnumerable<AddFile>? files) =>
        new ScanBuilder(this, snapshot).Build(files is null ? [.. snapshot.Files] : [.. files]);
}
