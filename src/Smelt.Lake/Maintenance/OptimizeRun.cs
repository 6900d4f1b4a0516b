using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>OPTIMIZE on one snapshot: the same rows in fewer files, or in files where near rows lie together.</summary>
internal sealed class OptimizeRun(DmlAttempt attempt, OptimizeOptions options, IReadOnlyList<ColumnPath> clustering)
{
    private const string CubeId = "ZCUBE_ID", CubeColumns = "ZCUBE_ZORDER_BY", CubeCurve = "ZCUBE_ZORDER_CURVE";

    private readonly List<AddFile> _removed = [], _added = [];

    private bool IsClustered => clustering.Count > 0;

    private List<ColumnPath> Curved =>
        IsClustered ? [.. clustering.Select(c => c.Resolve(attempt.Metadata.Schema)!.Value.Logical)] : [.. options.ZOrderBy.Select(c => new ColumnPath([c]))];

    /// <summary>The plan to commit; null where there is nothing to do.</summary>
    internal async ValueTask<TablePlan?> PlanAsync(CancellationToken cancel)
    {
        var files = Selected();
        if (IsClustered)
            await CurveAsync(Unclustered(files), hilbert: true, cancel);
        else if (options.ZOrderBy.Count > 0)
            foreach (var partition in FileBins.ByPartition(files))
                await CurveAsync(partition, hilbert: false, cancel);
        else
            foreach (var bin in FileBins.Compact(files, Target))
                await CompactAsync(bin, cancel);
        return _removed.Count == 0 ? null : Plan();
    }

    internal IReadOnlyDictionary<string, long> Metrics()
    {
        var sizes = _added.Select(a => a.Size).Order().ToList();
        long Part(double share) => sizes.Count == 0 ? 0 : sizes[(int)Math.Min(sizes.Count - 1, share * sizes.Count)];
        return new Dictionary<string, long>
        {
            ["numRemovedFiles"] = _removed.Count,
            ["numAddedFiles"] = _added.Count,
            ["numRemovedBytes"] = _removed.Sum(r => r.Size),
            ["numAddedBytes"] = _added.Sum(a => a.Size),
            ["minFileSize"] = Part(0),
            ["p25FileSize"] = Part(0.25),
            ["p50FileSize"] = Part(0.5),
            ["p75FileSize"] = Part(0.75),
            ["maxFileSize"] = sizes.Count == 0 ? 0 : sizes[^1],
            ["numDeletionVectorsRemoved"] = _removed.Count(r => r.DeletionVector is not null),
        };
    }

    private long Target => attempt.Options.TargetFileBytes;

    private IReadOnlyList<AddFile> Selected()
    {
        if (options.Where is null)
            return attempt.Files;
        var condition = new TableCondition(attempt, options.Where);
        return condition.WholeFiles() ?? throw new DmlRefusedException(DmlRefusal.Column,
            $"OPTIMIZE takes whole partitions: its condition may name partition columns only ({(attempt.Metadata.PartitionColumns.Count == 0 ? "the table has none" : string.Join(", ", attempt.Metadata.PartitionColumns))})");
    }

    /// <summary>Files that are not of a cube of these columns, and cubes that are smaller than one file should be. Nothing where that is one finished file.</summary>
    private List<AddFile> Unclustered(IReadOnlyList<AddFile> files)
    {
        if (options.Full)
            return [.. files];
        var small = files.Where(IsOfCube).GroupBy(f => f.Tags![CubeId]).Where(g => g.Sum(f => f.Size) < Target && g.Count() == 1).SelectMany(g => g).ToList();
        var loose = files.Where(f => !IsOfCube(f)).ToList();
        return loose.Count == 0 && small.Count < 2 ? [] : [.. loose, .. small];
    }

    private bool IsOfCube(AddFile file) => file.ClusteringProvider is not null && !FileBins.ShedsRows(file) && file.Tags?.GetValueOrDefault(CubeColumns) == Columns && file.Tags.ContainsKey(CubeId);

    private string Columns => $"[{string.Join(',', clustering.Select(c => LogJson.Text(System.Text.Json.Nodes.JsonValue.Create(c.ToString()))))}]";

    private async ValueTask CompactAsync(List<AddFile> bin, CancellationToken cancel) =>
        Take(bin, await attempt.WriteAsync($"SELECT * FROM ({await attempt.ScanAsync(bin, cancel)}) AS r", Names, RowOrigin.Table, cancel));

    /// <summary>Lays the rows of files on a curve and cuts it into files of the target size.</summary>
    private async ValueTask CurveAsync(List<AddFile> files, bool hilbert, CancellationToken cancel)
    {
        if (files.Count == 0)
            return;
        var carried = attempt.TracksRows ? [.. Names, RowPlace.RowId, RowPlace.CommitVersion] : Names;
        var table = new RankedRows(attempt, Curved, hilbert).Make(await attempt.ScanAsync(files, cancel), carried);
        var pieces = (int)Math.Max(1, Math.Ceiling(files.Sum(f => f.Size) / (double)Target));
        var cube = Guid.NewGuid().ToString();
        var written = new List<AddFile>();
        foreach (var (low, high) in Cuts(table, pieces))
        {
            var where = string.Join(" AND ", (string[])[.. low is null ? [] : new[] { $"{RankedRows.Curve} >= {low}" }, .. high is null ? [] : new[] { $"{RankedRows.Curve} < {high}" }]);
            var query = $"SELECT * FROM {table}{(where.Length == 0 ? "" : $" WHERE {where}")} ORDER BY {RankedRows.Curve}";
            written.AddRange(await attempt.WriteAsync(query, Names, RowOrigin.Table, cancel));
        }
        Take(files, IsClustered ? [.. written.Select(f => OfCube(f, cube))] : written);
    }

    /// <summary>Where the curve is cut so that each piece has about as many rows; rows of one place stay together.</summary>
    private List<(string? Low, string? High)> Cuts(string table, int pieces)
    {
        if (pieces == 1)
            return [(null, null)];
        var shares = string.Join(", ", Enumerable.Range(1, pieces - 1).Select(i => (i / (double)pieces).ToString(CultureInfo.InvariantCulture)));
        var cuts = attempt.Connection.Rows(
            $"SELECT DISTINCT unnest(quantile_disc(c, [{shares}]))::VARCHAR AS cut FROM (SELECT {RankedRows.Curve} AS c FROM {table} USING SAMPLE reservoir(100000 ROWS) REPEATABLE (42)) ORDER BY CAST(cut AS HUGEINT)")
            .Select(r => (string?)r[0]).Where(c => c is not null).ToList();
        return [.. cuts.Prepend(null).Zip(cuts.Append(null))];
    }

    private AddFile OfCube(AddFile file, string cube) => file with
    {
        ClusteringProvider = Clustering.Provider,
        Tags = new Dictionary<string, string?>(file.Tags ?? EmptyMap.Values) { [CubeId] = cube, [CubeColumns] = Columns, [CubeCurve] = "hilbert" },
    };

    private List<string> Names => [.. attempt.Metadata.Schema.Fields.Where(f => f.Type != DeltaType.Void).Select(f => f.Name)];

    private void Take(IEnumerable<AddFile> removed, IEnumerable<AddFile> added)
    {
        _removed.AddRange(removed);
        _added.AddRange(added.Select(a => a with { DataChange = false }));
    }

    private TablePlan Plan()
    {
        var rows = _removed.Sum(f => f.LiveRecords ?? 0);
        if (_removed.TrueForAll(f => f.LiveRecords is not null) && rows != _added.Sum(f => f.NumRecords ?? 0))
            throw new DeltaLogException(DeltaLogFault.Corrupt, attempt.Table.Folder, $"the files to rewrite have {_added.Sum(f => f.NumRecords ?? 0)} rows, and the log says {rows}; nothing was changed");
        return new TablePlan
        {
            Folder = attempt.Table.Folder,
            Kind = PlanKind.Rearrange,
            TableId = attempt.Metadata.Id,
            ReadVersion = attempt.Snapshot.Version,
            Adds = _added,
            Removes = [.. _removed.Select(f => RemoveFile.Of(f, 0, dataChange: false) with { DeletionTimestamp = null })],
            Operation = "OPTIMIZE",
            OperationParameters = new Dictionary<string, string>
            {
                ["predicate"] = options.Where is null ? "[]" : DmlParameters.List(options.Where),
                ["zOrderBy"] = List(options.ZOrderBy),
                ["clusterBy"] = List([.. clustering.Select(c => c.Resolve(attempt.Metadata.Schema)!.Value.Logical.ToString())]),
                ["isFull"] = options.Full ? "true" : "false",
                ["auto"] = "false",
            },
            OperationMetrics = Metrics().ToDictionary(m => m.Key, m => m.Value.ToString(CultureInfo.InvariantCulture)),
            Tags = attempt.TracksRows ? new Dictionary<string, string> { ["delta.rowTracking.preserved"] = "true" } : EmptyMap.Texts,
            Attempt = attempt.Attempt,
        };
    }

    private static string List(IReadOnlyList<string> names) => $"[{string.Join(',', names.Select(n => LogJson.Text(System.Text.Json.Nodes.JsonValue.Create(n))))}]";
}
