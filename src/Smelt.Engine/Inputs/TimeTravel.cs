using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Binds a table as it was: by version, or by the newest version that is not younger than a time (<see cref="DeltaTable.VersionAtAsync"/>).</summary>
public static class TimeTravel
{
    /// <param name="asOf">Neither version nor time: as it is now.</param>
    /// <returns>The SQL name of the bound view.</returns>
    public static async Task<string> BindAsync(StepCatalog catalog, DeltaTable table, TableVersion asOf, int index, CancellationToken cancel)
    {
        var version = asOf.Timestamp is { } time && asOf.Version is null ? await VersionAtAsync(table, time, cancel) : asOf.Version;
        var snapshot = await table.SnapshotAsync(version, cancel);
        await catalog.BindScanAsync(StepCatalog.OwnSchema, $"as_of_{index}", table.Scan(snapshot), cancel);
        return SqlText.Identifier(StepCatalog.OwnSchema, $"as_of_{index}");
    }

    private static async Task<long> VersionAtAsync(DeltaTable table, string timestamp, CancellationToken cancel)
    {
        if (!DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw new EngineException(EngineCodes.QueryFailed, $"'{timestamp}' is not a time such as 2025-01-15 08:00:00.");
        return await table.VersionAtAsync(time.ToUnixTimeMilliseconds(), cancel);
    }
}
