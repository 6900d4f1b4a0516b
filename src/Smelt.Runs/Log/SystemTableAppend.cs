using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>A column of one of Smelt's own tables.</summary>
/// <param name="Sql">DuckDB's type.</param>
internal sealed record SystemColumn(string Name, string Sql, DeltaType Type)
{
    public static SystemColumn Text(string name) => new(name, "VARCHAR", DeltaType.String);

    public static SystemColumn Long(string name) => new(name, "BIGINT", DeltaType.Long);

    public static SystemColumn Double(string name) => new(name, "DOUBLE", DeltaType.Double);
}

/// <summary>
/// Appends an update's rows to one of Smelt's own Delta tables, in one commit, made with the table where it does not exist. Every row begins with <c>update_id</c>,
/// <c>pipeline</c> and <c>recorded_at</c>.
/// </summary>
/// <param name="name">Of the table in <c>_smelt</c>.</param>
/// <param name="columns">Besides those that every row begins with; the rows' JSON objects have them by name.</param>
internal sealed class SystemTableAppend(UpdateContext context, string name, string comment, IReadOnlyList<SystemColumn> columns)
{
    private const int MostConflicts = 5;

    private readonly ColumnSpec[] _columns =
    [
        new("update_id", DeltaType.String), new("pipeline", DeltaType.String), new("recorded_at", DeltaType.Timestamp), .. columns.Select(static c => new ColumnSpec(c.Name, c.Type)),
    ];

    public async Task AppendAsync(string updateId, IEnumerable<Action<Utf8JsonWriter>> rows, CancellationToken cancel)
    {
        var table = context.Layout.SystemTable(name);
        var json = RowsJson(rows);
        for (var round = 0; round < MostConflicts; round++)
        {
            if (await TryAppendAsync(table, updateId, json, cancel)) return;
        }
        throw new EngineException(EngineCodes.TooManyConflicts, $"The table _smelt.{name} was changed by other writers again and again. The tables of this update are committed; its rows there are not.");
    }

    private async Task<bool> TryAppendAsync(DeltaTable table, string updateId, string json, CancellationToken cancel)
    {
        var now = await table.TrySnapshotAsync(cancel);
        var options = new TableOptions { Name = $"{LakeLayout.SystemSchema}.{name}", Comment = comment };
        var defined = (now is null ? TableDefinition.Create(_columns, options, context.Clock) : TableDefinition.Of(now).Grow(_columns, options)) switch
        {
            DefinitionResult.Defined ok => ok,
            DefinitionResult.Refused no => throw new EngineException(EngineCodes.SchemaRefused, $"The table _smelt.{name} cannot be written: {string.Join(" ", no.Problems.Select(static p => p.Message))}"),
            _ => throw new InvalidOperationException("A definition is either there or refused."),
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
            Adds = await WriteAsync(table, defined.Definition, attempt, updateId, json, cancel),
            Operation = "WRITE",
            OperationParameters = new Dictionary<string, string> { ["mode"] = "Append", ["partitionBy"] = "[]" },
            Tags = new Dictionary<string, string> { ["smelt.update"] = updateId },
            Attempt = attempt,
        };
        return await table.CommitAsync(plan, now, cancel) is not CommitResult.Conflict;
    }

    private async Task<IReadOnlyList<AddFile>> WriteAsync(DeltaTable table, TableDefinition definition, string attempt, string updateId, string json, CancellationToken cancel)
    {
        using var connection = context.Database().Connect();
        connection.Execute("CREATE TEMP TABLE event_rows (rows VARCHAR)");
        using (connection.Query("INSERT INTO event_rows SELECT $1", json))
        {
        }
        var at = context.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var type = $"[{{{string.Join(",", columns.Select(static c => $"\"{c.Name}\":\"{c.Sql}\""))}}}]";
        var sql = $"""
            SELECT {SqlText.Literal(updateId)} AS update_id, {SqlText.Literal(context.Pipeline.Project.Name)} AS pipeline, TIMESTAMPTZ '{at}+00' AS recorded_at, unnest(r)
            FROM (SELECT unnest(from_json(rows, '{type}')) AS r FROM event_rows)
            """;
        var writer = new DataFileWriter(table, definition, attempt);
        await writer.PrepareAsync(cancel);
        using var copied = connection.Query(writer.CopySql(sql, [.. _columns.Select(static c => c.Name)]));
        return await writer.FilesAsync(copied, cancel);
    }

    private static string RowsJson(IEnumerable<Action<Utf8JsonWriter>> rows)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var row in rows) row(json);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
