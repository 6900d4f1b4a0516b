using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>OPTIMIZE, VACUUM, RESTORE, DESCRIBE, CLONE and CONVERT.</summary>
internal sealed class MaintenanceStatements(PipelineSession session)
{
    public async Task<StatementOutcome> RunAsync(TableStatement statement, CancellationToken cancel)
    {
        using var scope = new StatementScope(session);
        if (statement is ConvertStatement convert) return await ConvertAsync(convert, scope, cancel);
        if (statement is CloneStatement clone) return await CloneAsync(clone, scope, cancel);
        var target = await scope.TargetAsync(statement.Target, cancel);
        return statement switch
        {
            OptimizeStatement optimize => Told(statement, target, await target.Table.OptimizeAsync(
                new OptimizeOptions { Full = optimize.IsFull, Where = optimize.Condition, ZOrderBy = optimize.ZOrderBy }, cancel), OptimizeWords),
            VacuumStatement vacuum => await VacuumAsync(vacuum, target, cancel),
            RestoreStatement restore => await RestoreAsync(restore, target, cancel),
            DescribeStatement describe => await DescribeAsync(describe, target, cancel),
            _ => throw new InvalidOperationException(statement.Verb),
        };
    }

    private async Task<StatementOutcome> VacuumAsync(VacuumStatement vacuum, StatementTarget target, CancellationToken cancel)
    {
        var own = TimeSpan.FromMilliseconds(Retention.DeletedFilesMs(target.Snapshot.Metadata));
        var yields = vacuum.YieldsToTable && vacuum.Retain < own;
        var options = new VacuumOptions
        {
            Retain = yields ? own : vacuum.Retain,
            DryRun = vacuum.IsDryRun,
            AllowShortRetention = vacuum.AllowsShort,
            Protected = await OpenRecords.FilesAsync(session.Layout, cancel),
        };
        var result = await target.Table.VacuumAsync(options, cancel);
        if (result is VacuumResult.Refused refused) throw Refused(vacuum, target, refused.Message + ": set 'delta.deletedFileRetentionDuration', or give --allow-short to `smelt table vacuum`.");
        var report = ((VacuumResult.Done)result).Report;
        var words = $"{report.Keys.Count} file{(report.Keys.Count == 1 ? "" : "s")} of {Units.Bytes(report.Bytes)} {(vacuum.IsDryRun ? "would be removed" : "removed")}";
        return new StatementOutcome(vacuum.Verb, Name(vacuum, target), words)
        {
            Metrics = [("files", report.Keys.Count), ("bytes", report.Bytes)],
            Notes = yields ? [string.Create(CultureInfo.InvariantCulture, $"files of {Name(vacuum, target)} are kept for its own {own.TotalHours:0.#} hours (delta.deletedFileRetentionDuration), and not for the {vacuum.Retain!.Value.TotalHours:0.#} of platform.yml")] : [],
            Rows = vacuum.IsDryRun ? new StatementRows(["file"], [.. report.Keys.Select(static k => (string[])[k])]) : null,
        };
    }

    private static async Task<StatementOutcome> RestoreAsync(RestoreStatement restore, StatementTarget target, CancellationToken cancel)
    {
        var version = await VersionAsync(target.Table, restore.Moment, cancel);
        return Told(restore, target, await target.Table.RestoreAsync(version!.Value, cancel: cancel), static m =>
            string.Create(CultureInfo.InvariantCulture, $"{m["numRestoredFiles"]} files back, {m["numRemovedFiles"]} gone, {m["numOfFilesAfterRestore"]} now"));
    }

    private static async Task<StatementOutcome> CloneAsync(CloneStatement clone, StatementScope scope, CancellationToken cancel)
    {
        var source = await scope.TargetAsync(clone.Source, cancel);
        var table = scope.Folder(clone.Target);
        var result = await table.CloneFromAsync(source.Table, await VersionAsync(source.Table, clone.Moment, cancel), cancel);
        return Told(clone, source, result, static m => string.Create(CultureInfo.InvariantCulture, $"{m["sourceNumOfFiles"]} files of {Units.Bytes(m["sourceTableSize"])} referred to, none copied"));
    }

    private async Task<StatementOutcome> ConvertAsync(ConvertStatement convert, StatementScope scope, CancellationToken cancel)
    {
        var partitions = convert.Partitions.Select(p => new ColumnSpec(p.Name, SqlTypes.Parse(session, p.Type))).ToList();
        var table = scope.Folder(convert.Target);
        return Told(convert, null, await table.ConvertAsync(partitions, convert.HasStatistics, cancel), static m => string.Create(CultureInfo.InvariantCulture, $"{m["numConvertedFiles"]} files are a table now"));
    }

    private static async Task<StatementOutcome> DescribeAsync(DescribeStatement describe, StatementTarget target, CancellationToken cancel)
    {
        if (describe.IsHistory)
        {
            var commits = await target.Table.HistoryAsync(describe.Limit ?? int.MaxValue, cancel);
            return new StatementOutcome(describe.Verb, Name(describe, target), $"{commits.Count} commits") { Rows = TableDescription.History(commits) };
        }
        return new StatementOutcome(describe.Verb, Name(describe, target), $"version {target.Snapshot.Version.ToString(CultureInfo.InvariantCulture)}") { Rows = TableDescription.Detail(Name(describe, target), target.Snapshot) };
    }

    private static async Task<long?> VersionAsync(DeltaTable table, TableMoment? moment, CancellationToken cancel)
    {
        if (moment is null) return null;
        if (moment.Version is { } version) return version;
        if (!DateTimeOffset.TryParse(moment.Timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw StatementFailedException.Usage($"{moment} is no time; write '2025-01-31 12:00:00' (UTC).");
        return await table.VersionAtAsync(time.ToUnixTimeMilliseconds(), cancel);
    }

    private static string OptimizeWords(IReadOnlyDictionary<string, long> m) =>
        string.Create(CultureInfo.InvariantCulture, $"{m["numRemovedFiles"]} files of {Units.Bytes(m["numRemovedBytes"])} are {m["numAddedFiles"]} of {Units.Bytes(m["numAddedBytes"])} now");

    private static StatementOutcome Told(TableStatement statement, StatementTarget? target, MaintenanceResult result, Func<IReadOnlyDictionary<string, long>, string> words) => result switch
    {
        MaintenanceResult.Done done => new StatementOutcome(statement.Verb, Name(statement, target), words(done.Metrics))
        {
            Version = done.Snapshot.Version,
            Metrics = [.. done.Metrics.Select(static m => (m.Key, m.Value))],
        },
        MaintenanceResult.Nothing => new StatementOutcome(statement.Verb, Name(statement, target), "nothing to do"),
        MaintenanceResult.Conflicted conflicted => throw new StatementFailedException(EngineCodes.TooManyConflicts,
            $"{statement.Verb} {Name(statement, target)}: other writers were first each time: {conflicted.Conflict.Reason}. Nothing was changed; try again.", ExitCode.Failed),
        MaintenanceResult.Refused refused => throw Refused(statement, target, refused.Message + "."),
        _ => throw new InvalidOperationException(result.ToString()),
    };

    private static StatementFailedException Refused(TableStatement statement, StatementTarget? target, string message) =>
        StatementFailedException.Usage($"{statement.Verb} {Name(statement, target)}: {message}");

    private static string Name(TableStatement statement, StatementTarget? target) =>
        statement is CloneStatement or ConvertStatement ? statement.Target.ToString() : target?.Dataset?.ToString() ?? statement.Target.ToString();
}

/// <summary>Rows that a statement shows.</summary>
/// <param name="Columns">Their names.</param>
/// <param name="Rows">Texts.</param>
internal sealed record StatementRows(IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows);

/// <summary>What is to be told of a table, row by row.</summary>
internal static class TableDescription
{
    public static StatementRows History(IReadOnlyList<CommitInfo> commits) => new(["version", "timestamp", "operation", "parameters", "metrics", "engine"],
        [.. commits.Select(static c => new[]
        {
            c.Version.ToString(CultureInfo.InvariantCulture),
            c.Timestamp is { } ms ? TableDetail.Time(ms) : "",
            c.Operation ?? "", Pairs(c.OperationParameters), Pairs(c.OperationMetrics), c.EngineInfo ?? "",
        })]);

    /// <summary>The members of what <c>smelt table detail --json</c> tells.</summary>
    public static StatementRows Detail(string name, Snapshot snapshot)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            new TableDetail(name, snapshot).Write(json);
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return new StatementRows(["property", "value"], [.. document.RootElement.EnumerateObject().Select(static p => new[] { p.Name, Text(p.Value) })]);
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Text)),
        _ => value.ToString(),
    };

    private static string Pairs(IReadOnlyDictionary<string, string> map) => string.Join(", ", map.Select(static p => $"{p.Key}: {p.Value}"));
}
