using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>The Delta table <c>_smelt.event_log</c>: one commit an update, a row for the update and for each flow, expectation and test of it.</summary>
internal sealed class EventLog(UpdateContext context)
{
    public const string TableName = "event_log";

    private const string RowType =
        """[{"kind":"VARCHAR","dataset":"VARCHAR","name":"VARCHAR","status":"VARCHAR","action":"VARCHAR","message":"VARCHAR","code":"VARCHAR","version":"BIGINT","rows_in":"BIGINT","rows_out":"BIGINT","rows_dropped":"BIGINT","rows_quarantined":"BIGINT","rows_rescued":"BIGINT","bytes_in":"BIGINT","bytes_out":"BIGINT","files":"BIGINT","passed":"BIGINT","violated":"BIGINT","duration_ms":"BIGINT","rows_per_minute":"BIGINT"}]""";

    private static readonly ColumnSpec[] Columns =
    [
        new("update_id", DeltaType.String), new("pipeline", DeltaType.String), new("recorded_at", DeltaType.Timestamp), new("kind", DeltaType.String), new("dataset", DeltaType.String),
        new("name", DeltaType.String), new("status", DeltaType.String), new("action", DeltaType.String), new("message", DeltaType.String), new("code", DeltaType.String),
        new("version", DeltaType.Long), new("rows_in", DeltaType.Long), new("rows_out", DeltaType.Long), new("rows_dropped", DeltaType.Long),
        new("rows_quarantined", DeltaType.Long), new("rows_rescued", DeltaType.Long), new("bytes_in", DeltaType.Long), new("bytes_out", DeltaType.Long),
        new("files", DeltaType.Long), new("passed", DeltaType.Long), new("violated", DeltaType.Long), new("duration_ms", DeltaType.Long), new("rows_per_minute", DeltaType.Long),
    ];

    /// <summary>Appends the update's rows in one commit; made with the table where it does not exist.</summary>
    public async Task AppendAsync(UpdateResult result, CancellationToken cancel)
    {
        var table = context.Layout.SystemTable(TableName);
        for (var round = 0; round < 5; round++)
        {
            if (await TryAppendAsync(table, result, cancel)) return;
        }
        throw new EngineException(EngineCodes.TooManyConflicts, "The event log was changed by other writers again and again. The tables of this update are committed; its log rows are not.");
    }

    private async Task<bool> TryAppendAsync(DeltaTable table, UpdateResult result, CancellationToken cancel)
    {
        var now = await table.TrySnapshotAsync(cancel);
        var options = new TableOptions { Name = "_smelt.event_log", Comment = "What every update did" };
        var defined = (now is null ? TableDefinition.Create(Columns, options, context.Clock) : TableDefinition.Of(now).Grow(Columns, options)) switch
        {
            DefinitionResult.Defined ok => ok,
            DefinitionResult.Refused no => throw new EngineException(EngineCodes.SchemaRefused, $"The event log cannot be written: {string.Join(" ", no.Problems.Select(static p => p.Message))}"),
            _ => throw new InvalidOperationException(),
        };
        var attempt = Guid.NewGuid().ToString("N")[..16];
        var plan = new TablePlan
        {
            Folder = table.Folder,
            Kind = now is null ? PlanKind.Create : PlanKind.Append,
            TableId = defined.Definition.Metadata.Id,
            ReadVersion = now?.Version,
            Metadata = defined.Changed ? defined.Definition.Metadata : null,
            Protocol = defined.Changed ? defined.Definition.Protocol : null,
            Adds = await WriteAsync(table, defined.Definition, attempt, result, cancel),
            Operation = "WRITE",
            OperationParameters = new Dictionary<string, string> { ["mode"] = "Append", ["partitionBy"] = "[]" },
            Tags = new Dictionary<string, string> { ["smelt.update"] = result.UpdateId },
            Attempt = attempt,
        };
        return await table.CommitAsync(plan, now, cancel) is not CommitResult.Conflict;
    }

    private async Task<IReadOnlyList<AddFile>> WriteAsync(DeltaTable table, TableDefinition definition, string attempt, UpdateResult result, CancellationToken cancel)
    {
        using var connection = context.Database().Connect();
        connection.Execute("CREATE TEMP TABLE event_rows (rows VARCHAR)");
        using (connection.Query("INSERT INTO event_rows SELECT $1", RowsJson(result)))
        {
        }
        var at = context.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var sql = $"""
            SELECT {SqlText.Literal(result.UpdateId)} AS update_id, {SqlText.Literal(context.Pipeline.Project.Name)} AS pipeline, TIMESTAMPTZ '{at}+00' AS recorded_at, unnest(r)
            FROM (SELECT unnest(from_json(rows, '{RowType}')) AS r FROM event_rows)
            """;
        var writer = new DataFileWriter(table, definition, attempt);
        await writer.PrepareAsync(cancel);
        using var copied = connection.Query(writer.CopySql(sql, [.. Columns.Select(static c => c.Name)]));
        return await writer.FilesAsync(copied, cancel);
    }

    private static string RowsJson(UpdateResult result)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var row in EventRow.Of(result)) row.Write(json);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
