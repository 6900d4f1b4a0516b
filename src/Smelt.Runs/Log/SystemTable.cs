using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>A Delta table of Smelt's own (<c>_smelt.&lt;name&gt;</c>) to which rows are appended: in one commit, made with the table where there is none, its columns growing with Smelt.</summary>
/// <param name="columns">Those of the rows, after update_id, pipeline and recorded_at, which every such table begins with.</param>
internal sealed class SystemTable(UpdateContext context, string name, string comment, IReadOnlyList<ColumnSpec> columns)
{
    private IReadOnlyList<ColumnSpec> Columns { get; } = [new("update_id", DeltaType.String), new("pipeline", DeltaType.String), new("recorded_at", DeltaType.Timestamp), .. columns];

    /// <summary>Appends rows; each is written as a JSON object with members of the columns' names.</summary>
    /// <exception cref="EngineException">Other writers were in the way again and again.</exception>
    public async Task AppendAsync(string updateId, IEnumerable<Action<Utf8JsonWriter>> rows, CancellationToken cancel)
    {
        var table = context.Layout.SystemTable(name);
        var text = Json(rows);
        for (var round = 0; round < 5; round++)
        {
            if (await TryAppendAsync(table, updateId, text, cancel)) return;
        }
        throw new EngineException(EngineCodes.TooManyConflicts, $"The table {LakeLayout.SystemSchema}.{name} was changed by other writers again and again. The tables of this update are committed; its rows there are not.");
    }

    private async Task<bool> TryAppendAsync(DeltaTable table, string updateId, string rows, CancellationToken cancel)
    {
        var now = await table.TrySnapshotAsync(cancel);
        var options = new TableOptions { Name = $"{LakeLayout.SystemSchema}.{name}", Comment = comment };
        var defined = (now is null ? TableDefinition.Create(Columns, options, context.Clock) : TableDefinition.Of(now).Grow(Columns, options)) switch
        {
            DefinitionResult.Defined ok => ok,
            DefinitionResult.Refused no => throw new EngineException(EngineCodes.SchemaRefused, $"{LakeLayout.SystemSchema}.{name} cannot be written: {string.Join(" ", no.Problems.Select(static p => p.Message))}"),
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
            Adds = await WriteAsync(table, defined.Definition, attempt, updateId, rows, cancel),
            Operation = "WRITE",
            OperationParameters = new Dictionary<string, string> { ["mode"] = "Append", ["partitionBy"] = "[]" },
            Tags = new Dictionary<string, string> { ["smelt.update"] = updateId },
            Attempt = attempt,
        };
        return await table.CommitAsync(plan, now, cancel) is not CommitResult.Conflict;
    }

    private async Task<IReadOnlyList<AddFile>> WriteAsync(DeltaTable table, TableDefinition definition, string attempt, string updateId, string rows, CancellationToken cancel)
    {
        using var connection = context.Database().Connect();
        connection.Execute("CREATE TEMP TABLE system_rows (rows VARCHAR)");
        using (connection.Query("INSERT INTO system_rows SELECT $1", rows))
        {
        }
        var at = context.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var type = "[{" + string.Join(",", columns.Select(static c => $"\"{c.Name}\":\"{ParquetSql.TypeOf("", c.Type)}\"")) + "}]";
        var sql = $"""
            SELECT {SqlText.Literal(updateId)} AS update_id, {SqlText.Literal(context.Pipeline.Project.Name)} AS pipeline, TIMESTAMPTZ '{at}+00' AS recorded_at, unnest(r)
            FROM (SELECT unnest(from_json(rows, {SqlText.Literal(type)})) AS r FROM system_rows)
            """;
        var writer = new DataFileWriter(table, definition, attempt);
        await writer.PrepareAsync(cancel);
        using var copied = connection.Query(writer.CopySql(sql, [.. Columns.Select(static c => c.Name)]));
        return await writer.FilesAsync(copied, cancel);
    }

    private static string Json(IEnumerable<Action<Utf8JsonWriter>> rows)
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
