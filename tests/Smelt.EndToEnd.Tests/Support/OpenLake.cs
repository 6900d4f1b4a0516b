using System.Text.RegularExpressions;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests;

/// <summary>Every table of a pipeline's lake as it is now, bound in one catalog of the test's process: many questions for the price of one start.</summary>
public sealed partial class OpenLake : IDisposable
{
    private static readonly string[] s_ofTheRun = ["_ingested_at", "_ingestion_date", "_batch_id", "_source_offset", "_quarantined_at"];

    private readonly PipelineSession _session;
    private readonly StepCatalog _catalog;
    private readonly List<DatasetName> _tables = [];

    public OpenLake(string folder)
    {
        _session = LocalUpdate.Open(folder);
        _catalog = new StepCatalog(_session.Database());
        foreach (var name in Enum.GetValues<Layer>().SelectMany(_session.Layout.TablesOf))
        {
            if (_session.Layout.Table(name).TrySnapshotAsync().AsTask().Result is not { } snapshot) continue;
            _tables.Add(name);
            _catalog.BindScanAsync(name.Schema, name.Name, _session.Layout.Table(name).Scan(snapshot), CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    public IEnumerable<string> Tables => _tables.Select(static t => t.ToString());

    public List<object?[]> Rows(string sql) => _catalog.Connection.Rows(sql);

    public string? Text(string sql) => _catalog.Connection.Scalar(sql)?.ToString();

    public long Count(string sql) => long.Parse(Text(sql)!);

    /// <summary>What changed in a table from a version on: kind of change, the row as text, the version.</summary>
    public List<(string Type, string Row, long Version)> Changes(string table, long from)
    {
        var scan = Table(table).ChangesAsync(from, null).AsTask().Result;
        scan.PrepareAsync(_catalog.Connection).AsTask().GetAwaiter().GetResult();
        var columns = scan.Schema.Fields.Select(static f => f.Name).Where(static n => !n.StartsWith("_c", StringComparison.Ordinal)).Select(static n => $"{SqlText.Literal(n)}: {SqlText.Identifier(n)}");
        return [.. Rows($"SELECT _change_type, {{{string.Join(", ", columns)}}}::VARCHAR, _commit_version FROM ({scan.Sql}) AS c").Select(static r => ((string)r[0]!, (string)r[1]!, (long)r[2]!))];
    }

    public Snapshot Snapshot(string table) => Table(table).SnapshotAsync().AsTask().Result;

    public DeltaTable Table(string table) => DatasetName.TryParse(table, out var name) ? _session.Layout.Table(name) : throw new ArgumentException(table);

    /// <summary>Every table's rows as sorted text, without the times and ids of the run that made them.</summary>
    public SortedDictionary<string, string> Content()
    {
        var content = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in _tables)
        {
            var name = SqlText.Identifier(table.Schema, table.Name);
            var own = _catalog.Describe($"FROM {name}").Select(static c => c.Name).Where(static c => !s_ofTheRun.Contains(c)).Select(static c => SqlText.Identifier(c));
            var rows = Rows($"SELECT r::VARCHAR FROM (SELECT {string.Join(", ", own)} FROM {name}) AS r").Select(static r => Stamps().Replace((string)r[0]!, "")).Order(StringComparer.Ordinal);
            content[table.ToString()] = string.Join('\n', rows);
        }
        return content;
    }

    public static SortedDictionary<string, string> ContentOf(string folder)
    {
        using var lake = new OpenLake(folder);
        return lake.Content();
    }

    /// <summary>Commits a query's rows to a table as another writer would: not by the pipeline's flow, with no mark of it.</summary>
    public void Write(string table, string query, PlanKind kind = PlanKind.Append)
    {
        var target = Table(table);
        var before = target.TrySnapshotAsync().AsTask().Result;
        var (columns, _) = ColumnTyping.OfAll([.. _catalog.Describe(query)]);
        var defined = (before is null ? TableDefinition.Create(columns, new TableOptions(), TimeProvider.System)
            : kind == PlanKind.Append ? TableDefinition.Of(before).Grow(columns, new TableOptions())
            : TableDefinition.Of(before).Replace(columns, new TableOptions())) as DefinitionResult.Defined;
        var writer = new DataFileWriter(target, defined!.Definition, "other");
        writer.PrepareAsync().AsTask().GetAwaiter().GetResult();
        IReadOnlyList<AddFile> files;
        using (var copied = Copied(writer.CopySql(query, [.. columns.Select(static c => c.Name)]))) files = writer.FilesAsync(copied).AsTask().Result;
        var plan = new TablePlan
        {
            Folder = target.Folder, Kind = before is null ? PlanKind.Create : kind, TableId = defined.Definition.Metadata.Id, ReadVersion = before?.Version,
            Protocol = defined.Changed || before is null ? defined.Definition.Protocol : null, Metadata = defined.Changed || before is null ? defined.Definition.Metadata : null,
            Adds = files, Operation = "WRITE", Attempt = "other",
            OperationParameters = new Dictionary<string, string> { ["mode"] = kind == PlanKind.Overwrite ? "Overwrite" : "Append", ["partitionBy"] = "[]" },
        };
        Assert.IsType<CommitResult.Committed>(target.CommitAsync(plan, before).AsTask().Result);
    }

    public void Dispose()
    {
        _catalog.Dispose();
        _session.Dispose();
    }

    private DuckDbResult Copied(string sql) => _catalog.Connection.Query(sql);

    /// <summary>The same columns within a quarantined row's <c>_input</c>.</summary>
    [GeneratedRegex("""\\?"_(ingested_at|ingestion_date|batch_id)\\?":\\?"[^"]*\\?",?""")]
    private static partial Regex Stamps();
}
