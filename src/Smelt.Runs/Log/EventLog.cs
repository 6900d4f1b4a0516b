using Smelt.Engine;

namespace Smelt.Runs;

/// <summary>The Delta table <c>_smelt.event_log</c>: one commit an update, a row for the update and for each flow, expectation and test of it.</summary>
internal sealed class EventLog(UpdateContext context)
{
    public const string TableName = "event_log";

    private static readonly SystemColumn[] s_columns =
    [
        SystemColumn.Text("kind"), SystemColumn.Text("dataset"), SystemColumn.Text("name"), SystemColumn.Text("status"), SystemColumn.Text("action"), SystemColumn.Text("message"), SystemColumn.Text("code"),
        SystemColumn.Long("version"), SystemColumn.Long("rows_in"), SystemColumn.Long("rows_out"), SystemColumn.Long("rows_dropped"), SystemColumn.Long("rows_quarantined"), SystemColumn.Long("rows_rescued"),
        SystemColumn.Long("bytes_in"), SystemColumn.Long("bytes_out"), SystemColumn.Long("files"), SystemColumn.Long("passed"), SystemColumn.Long("violated"), SystemColumn.Long("duration_ms"), SystemColumn.Long("rows_per_minute"),
    ];

    /// <summary>Appends the update's rows in one commit.</summary>
    public Task AppendAsync(UpdateResult result, CancellationToken cancel) =>
        new SystemTableAppend(context, TableName, "What every update did", s_columns).AppendAsync(result.UpdateId, EventRow.Of(result).Select(static row => (Action<System.Text.Json.Utf8JsonWriter>)row.Write), cancel);
}
