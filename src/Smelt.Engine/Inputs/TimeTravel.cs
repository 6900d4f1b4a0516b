using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Binds a table as it was: by version, or by the newest version that is not younger than a time (<see cref="DeltaTable.VersionAtAsync"/>); or what changed in it.</summary>
public static class TimeTravel
{
    /// <param name="asOf">Neither version nor time: as it is now.</param>
    /// <param name="condition">What its rows have to pass, or null.</param>
    /// <returns>The SQL name of the bound view.</returns>
    public static async Task<string> BindAsync(StepCatalog catalog, DeltaTable table, TableVersion asOf, ReadCondition? condition, int index, CancellationToken cancel)
    {
        var version = asOf.Timestamp is { } time && asOf.Version is null ? await table.VersionAtAsync(Milliseconds(time), cancel) : asOf.Version;
        var snapshot = await table.SnapshotAsync(version, cancel);
        return await BindAsync(catalog, PrunedScan.Of(table, snapshot, condition) ?? table.Scan(snapshot), index, cancel);
    }

    /// <summary>Binds the changes between two versions, or two times, both inclusive.</summary>
    /// <param name="call"><c>table_changes(table, from [, to])</c>.</param>
    /// <param name="newest">The last version that its reader sees; null for all there are.</param>
    /// <returns>The SQL name of the bound view.</returns>
    public static async Task<string> BindChangesAsync(StepCatalog catalog, DeltaTable table, SourceCall call, long? newest, int index, CancellationToken cancel)
    {
        var (first, last) = (call.Arguments[1], call.Arguments.Count > 2 ? call.Arguments[2] : null);
        var (from, to) = first.Kind == ConstantKind.Number ? (Version(first.Text), last is null ? (long?)null : Version(last.Text))
            : await table.VersionsBetweenAsync(Milliseconds(first.Text), last is null ? null : Milliseconds(last.Text), cancel);
        return await BindAsync(catalog, await table.ChangesAsync(from, newest < to || to is null ? newest : to, cancel), index, cancel);
    }

    private static async Task<string> BindAsync(StepCatalog catalog, TableScan scan, int index, CancellationToken cancel)
    {
        await catalog.BindScanAsync(StepCatalog.OwnSchema, $"as_of_{index}", scan, cancel);
        return SqlText.Identifier(StepCatalog.OwnSchema, $"as_of_{index}");
    }

    private static long Version(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version
        : throw new EngineException(EngineCodes.QueryFailed, $"'{text}' is not a version: versions are whole numbers from 0.");

    private static long Milliseconds(string timestamp) => DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        ? time.ToUnixTimeMilliseconds()
        : throw new EngineException(EngineCodes.QueryFailed, $"'{timestamp}' is not a time such as 2025-01-15 08:00:00.");
}
