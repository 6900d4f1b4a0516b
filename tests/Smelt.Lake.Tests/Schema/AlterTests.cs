namespace Smelt.Lake.Tests;

/// <summary>ALTER TABLE.</summary>
public sealed class AlterTests : IDisposable
{
    private readonly TestLake _lake = new();

    public void Dispose() => _lake.Dispose();

    private DeltaTable Table => _lake.Lake.Table("t");

    private async Task<Snapshot> Altered(TableChange change) => Assert.IsType<AlterResult.Altered>(await Table.AlterAsync(change)).Snapshot;

    private async Task<SchemaProblem> Refused(TableChange change) => Assert.Single(Assert.IsType<AlterResult.Refused>(await Table.AlterAsync(change)).Problems);

    private static ColumnPath Path(string text) => ColumnPath.Parse(text);

    private static TableChange.SetProperties Set(string name, string? value) => new TableChange.SetProperties(new Dictionary<string, string?> { [name] = value });

    [Fact]
    public async Task A_column_is_renamed_and_dropped_without_touching_files_once_mapping_is_on()
    {
        await _lake.WriteAsync("t", "SELECT 1 AS a, 'x' AS b, {p: 1, q: 2} AS s");
        Assert.Equal(SchemaProblemKind.NeedsProperty, (await Refused(new TableChange.RenameColumn(Path("b"), "c"))).Kind);
        var mapped = await Altered(Set("delta.columnMapping.mode", "name"));
        Assert.Equal("b", mapped.Schema.Find("b")!.PhysicalName);
        Assert.Equal((2, 5), (mapped.Protocol.MinReaderVersion, mapped.Protocol.MinWriterVersion));
        await Altered(new TableChange.RenameColumn(Path("b"), "my b"));
        await Altered(new TableChange.RenameColumn(Path("s.q"), "r"));
        await Altered(new TableChange.DropColumns([Path("a")]));
        await _lake.WriteAsync("t", "SELECT 'y' AS \"my b\", {p: 3, r: 4} AS s");
        Assert.Equal(["""{"my b":"x","s":{"p":1,"r":2}}""", """{"my b":"y","s":{"p":3,"r":4}}"""], await _lake.RowsAsync("t"));
        // A column of the dropped one's name is another column.
        await Altered(new TableChange.AddColumns([(Path("a"), new ColumnSpec("a", DeltaType.Integer))]));
        Assert.Equal(["""{"my b":"x","s":{"p":1,"r":2},"a":null}""", """{"my b":"y","s":{"p":3,"r":4},"a":null}"""], await _lake.RowsAsync("t"));
    }

    [Fact]
    public async Task A_column_in_use_is_neither_dropped_nor_renamed()
    {
        await _lake.WriteAsync("t", "SELECT 1 AS a, 2 AS b, 3 AS c, 4 AS d", options: new TableOptions { ClusterBy = ["c"] });
        await Altered(Set("delta.columnMapping.mode", "name"));
        await Altered(new TableChange.AddConstraint("k", "A < 10"));
        Assert.Contains("the constraint k", (await Refused(new TableChange.RenameColumn(Path("a"), "x"))).Message);
        Assert.Contains("clustered", (await Refused(new TableChange.DropColumns([Path("c")]))).Message);
        Assert.Equal(SchemaProblemKind.NotFound, (await Refused(new TableChange.DropColumns([Path("nope")]))).Kind);
        Assert.Equal(SchemaProblemKind.DuplicateName, (await Refused(new TableChange.RenameColumn(Path("b"), "D"))).Kind);
    }

    [Fact]
    public async Task A_type_is_widened_where_the_table_allows_it_and_every_change_is_noted()
    {
        await _lake.WriteAsync("t", "SELECT 1::TINYINT AS a, 1.5::DECIMAL(5,2) AS d, [1::SMALLINT] AS l");
        Assert.Equal(SchemaProblemKind.NeedsProperty, (await Refused(new TableChange.ChangeType(Path("a"), DeltaType.Integer))).Kind);
        await Altered(Set("delta.enableTypeWidening", "true"));
        await Altered(new TableChange.ChangeType(Path("a"), DeltaType.Short));
        await Altered(new TableChange.ChangeType(Path("a"), DeltaType.Integer));
        await Altered(new TableChange.ChangeType(Path("d"), new DecimalType(10, 4)));
        var last = await Altered(new TableChange.ChangeType(Path("l"), new ArrayType(DeltaType.Integer, true)));
        Assert.Equal("""[{"toType":"short","fromType":"byte"},{"toType":"integer","fromType":"short"}]""", last.Schema.Find("a")!.Metadata.Raw["delta.typeChanges"]);
        Assert.Contains("\"fieldPath\":\"element\"", last.Schema.Find("l")!.Metadata.Raw["delta.typeChanges"]);
        Assert.Equal(SchemaProblemKind.TypeChanged, (await Refused(new TableChange.ChangeType(Path("a"), DeltaType.Short))).Kind);
        // Wider rows widen the column by themselves.
        await _lake.WriteAsync("t", "SELECT 5000000000 AS a, 1.12345::DECIMAL(12,4) AS d, [70000] AS l");
        Assert.Equal(["""{"a":1,"d":1.5,"l":[1]}""", """{"a":5000000000,"d":1.1235,"l":[70000]}"""], await _lake.RowsAsync("t"));
    }

    [Fact]
    public async Task NOT_NULL_and_constraints_are_set_only_where_the_rows_allow_it()
    {
        await _lake.WriteAsync("t", "SELECT unnest([1, NULL]) AS a, 2 AS b");
        Assert.Equal(SchemaProblemKind.RowsBreakRule, (await Refused(new TableChange.SetNullable(Path("a"), false))).Kind);
        Assert.Equal(SchemaProblemKind.RowsBreakRule, (await Refused(new TableChange.AddConstraint("k", "a > 0"))).Kind);
        await Altered(new TableChange.SetNullable(Path("b"), false));
        await Assert.ThrowsAsync<DataValueException>(() => _lake.WriteAsync("t", "SELECT 1 AS a, NULL::INT AS b"));
        await Altered(new TableChange.AddConstraint("K", "b = 2"));
        Assert.Equal(SchemaProblemKind.NotFound, (await Refused(new TableChange.DropConstraint("none", false))).Kind);
        Assert.Empty((await Altered(new TableChange.DropConstraint("k", false))).Metadata.Configuration);
    }

    [Fact]
    public async Task Row_tracking_turned_on_gives_every_file_its_ids_and_new_files_follow()
    {
        await _lake.WriteAsync("t", "SELECT range AS a FROM range(5)");
        await _lake.WriteAsync("t", "SELECT range AS a FROM range(3)");
        var on = await Altered(Set("delta.enableRowTracking", "true"));
        Assert.Contains("domainMetadata", on.Protocol.WriterFeatures!);
        var after = Assert.IsType<CommitResult.Committed>(await _lake.WriteAsync("t", "SELECT range AS a FROM range(2)")).Snapshot;
        var ids = after.Files.OrderBy(f => f.BaseRowId).Select(f => (f.BaseRowId, f.NumRecords)).ToList();
        Assert.Equal(10, ids.Sum(i => i.NumRecords));
        Assert.Equal(0, ids[0].BaseRowId);
        Assert.All(ids.Zip(ids.Skip(1)), p => Assert.Equal(p.First.BaseRowId + p.First.NumRecords, p.Second.BaseRowId));
        Assert.Equal("""{"rowIdHighWaterMark":9}""", after.Domains["delta.rowTracking"].Configuration);
        Assert.StartsWith("_row-id-col-", after.Metadata.Property("delta.rowTracking.materializedRowIdColumnName"));
    }

    [Fact]
    public async Task In_commit_timestamps_never_go_back_and_say_from_when_they_count()
    {
        await _lake.WriteAsync("t", "SELECT 1 AS a");
        var on = await Altered(Set("delta.enableInCommitTimestamps", "true"));
        Assert.Equal("1", on.Metadata.Property("delta.inCommitTimestampEnablementVersion"));
        Assert.Equal(on.TimestampMs.ToString(), on.Metadata.Property("delta.inCommitTimestampEnablementTimestamp"));
        _lake.Clock.Advance(TimeSpan.FromDays(-3));
        var after = Assert.IsType<CommitResult.Committed>(await _lake.WriteAsync("t", "SELECT 2 AS a")).Snapshot;
        Assert.Equal(on.TimestampMs + 1, after.TimestampMs);
        Assert.Equal(after.TimestampMs, (await Table.HistoryAsync(1))[0].InCommitTimestamp);
    }

    [Fact]
    public async Task Clustering_stands_in_its_domain_by_physical_names_and_is_changed_in_one_commit()
    {
        await _lake.WriteAsync("t", "SELECT 1 AS a, 2 AS \"b c\"", options: new TableOptions { ClusterBy = ["b c", "a"] });
        var made = await Table.SnapshotAsync();
        Assert.Contains("clustering", made.Protocol.WriterFeatures!);
        Assert.Contains(made.Schema.Find("b c")!.PhysicalName, made.Domains["delta.clustering"].Configuration);
        var changed = await Altered(new TableChange.ClusterBy(["a"]));
        Assert.Contains($"[[\"{changed.Schema.Find("a")!.PhysicalName}\"]]", changed.Domains["delta.clustering"].Configuration);
        Assert.IsType<AlterResult.Unchanged>(await Table.AlterAsync(new TableChange.ClusterBy(["a"])));
        var none = await Altered(new TableChange.ClusterBy([]));
        Assert.Equal("""{"clusteringColumns":[],"domainName":"delta.clustering"}""", none.Domains["delta.clustering"].Configuration);
    }

    [Fact]
    public async Task Two_writers_that_change_protocol_or_one_domain_conflict()
    {
        await _lake.WriteAsync("t", "SELECT 1 AS a, 2 AS b");
        var before = await Table.SnapshotAsync();
        TablePlan Plan(string name, TableProtocol? protocol, params DomainMetadata[] domains) => new()
        {
            Folder = "t", Kind = PlanKind.Metadata, TableId = before.Metadata.Id, ReadVersion = before.Version, Protocol = protocol, Domains = domains, Operation = name, Attempt = name,
        };
        await Altered(new TableChange.ClusterBy(["a"]));
        var domain = await Table.CommitAsync(Plan("domain", null, Clustering.Write([new ColumnPath(["b"])])));
        Assert.Equal(ConflictKind.DomainChanged, Assert.IsType<CommitResult.Conflict>(domain).Kind);
        var protocol = await Table.CommitAsync(Plan("protocol", new TableProtocol(3, 7, ["deletionVectors"], ["deletionVectors"])));
        Assert.Equal(ConflictKind.ProtocolChanged, Assert.IsType<CommitResult.Conflict>(protocol).Kind);
    }
}
