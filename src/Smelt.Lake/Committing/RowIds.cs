using System.Globalization;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// Row ids of new files (PROTOCOL.md, "Row Tracking"): each file gets the next ids as it is committed, so that they follow whatever other writers took in between.
/// </summary>
internal static class RowIds
{
    internal const string Domain = "delta.rowTracking";
    private const string MarkName = "rowIdHighWaterMark";

    /// <summary>Gives ids to the files that have none, and sets the table's high-water mark.</summary>
    /// <exception cref="DeltaLogException">A file's statistics do not tell its rows.</exception>
    internal static void Assign(CommitActions actions, Snapshot? head, PlanKind kind)
    {
        var protocol = actions.Protocol ?? head!.Protocol;
        var metadata = actions.Metadata ?? head!.Metadata;
        if (!ProtocolSupport.Has(protocol, "rowTracking") || metadata.IsOn("delta.rowTrackingSuspended"))
            return;
        var mark = head is null ? -1 : HighWaterMark(head);
        var version = (head?.Version ?? -1) + 1;
        var assigned = false;
        for (var i = 0; i < actions.Adds.Count; i++)
        {
            var add = actions.Adds[i];
            if (add.BaseRowId is not null)
                continue;
            var rows = add.NumRecords
                ?? throw new DeltaLogException(DeltaLogFault.Corrupt, head?.Folder ?? "", $"the file '{add.Path}' has no row count, and the table tracks rows");
            // A file that comes back without ids (from before the table tracked rows) is new to the tracking all the same.
            actions.Adds[i] = add with { BaseRowId = mark + 1, DefaultRowCommitVersion = add.DefaultRowCommitVersion ?? version };
            mark += rows;
            assigned = true;
        }
        if (assigned)
            actions.Domains.Add(new DomainMetadata(Domain, $"{{\"{MarkName}\":{mark.ToString(CultureInfo.InvariantCulture)}}}"));
    }

    /// <summary>The highest id given, -1 where none was.</summary>
    internal static long HighWaterMark(Snapshot snapshot)
    {
        if (snapshot.Domains.GetValueOrDefault(Domain) is not { } domain)
            return -1;
        try
        {
            using var json = JsonDocument.Parse(domain.Configuration);
            return json.RootElement.GetProperty(MarkName).GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, snapshot.Folder, $"the domain {Domain} does not hold {MarkName}: {e.Message}", inner: e);
        }
    }
}
