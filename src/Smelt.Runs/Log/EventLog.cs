using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>The Delta table <c>_smelt.event_log</c>: one commit an update, a row for the update and for each flow, expectation and test of it.</summary>
internal sealed class EventLog(UpdateContext context)
{
    public const string TableName = "event_log";

    private static readonly ColumnSpec[] s_columns =
    [
        new("kind", DeltaType.String), new("dataset", DeltaType.String), new("name", DeltaType.String), new("status", DeltaType.String), new("action", DeltaType.String),
        new("message", DeltaType.String), new("code", DeltaType.String), new("version", DeltaType.Long), new("rows_in", DeltaType.Long), new("rows_out", DeltaType.Long),
        new("rows_dropped", DeltaType.Long), new("rows_quarantined", DeltaType.Long), new("rows_rescued", DeltaType.Long), new("bytes_in", DeltaType.Long),
        new("bytes_out", DeltaType.Long), new("files", DeltaType.Long), new("passed", DeltaType.Long), new("violated", DeltaType.Long), new("duration_ms", DeltaType.Long),
        new("rows_per_minute", DeltaType.Long),
    ];

    /// <summary>Appends the update's rows in one commit.</summary>
    public Task AppendAsync(UpdateResult result, CancellationToken cancel) =>
        new SystemTable(context, TableName, "What every update did", s_columns).AppendAsync(result.UpdateId, EventRow.Of(result).Select(static row => (Action<System.Text.Json.Utf8JsonWriter>)row.Write), cancel);
}
