using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <content>JSON in and out. Actions are written as the log has them.</content>
public sealed partial record TablePlan
{
    public partial string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, LogJson.Writer))
            WriteTo(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes the plan as one JSON object, for a record that holds several.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("folder", Folder);
        json.WriteString("kind", Kind.ToString());
        json.WriteString("tableId", TableId);
        ActionWriter.Number(json, "readVersion", ReadVersion);
        json.WriteString("attempt", Attempt);
        json.WriteString("operation", Operation);
        ActionWriter.Map(json, "operationParameters", OperationParameters);
        ActionWriter.Map(json, "operationMetrics", OperationMetrics);
        ActionWriter.Map(json, "tags", Tags);
        ActionWriter.Values(json, "setProperties", SetProperties);
        Write(json, "protocol", Protocol, ActionWriter.WriteFields);
        Write(json, "metaData", Metadata, ActionWriter.WriteFields);
        Write(json, "txn", Transaction, ActionWriter.WriteFields);
        WriteAll(json, "domains", Domains, ActionWriter.WriteFields);
        WriteAll(json, "adds", Adds, ActionWriter.WriteFields);
        WriteAll(json, "removes", Removes, ActionWriter.WriteFields);
        WriteAll(json, "changes", ChangeFiles, ActionWriter.WriteFields);
        Write(json, "reads", Reads.IsNothing ? null : Reads, WriteFields);
        json.WriteEndObject();
    }

    public static partial TablePlan FromJson(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        if (!reader.Read())
            throw new FormatException("the plan is empty");
        return ReadFrom(ref reader);
    }

    /// <summary>Reads a plan; the reader stands at its opening brace, and then at its closing one.</summary>
    /// <exception cref="FormatException">It is not a plan.</exception>
    public static TablePlan ReadFrom(ref Utf8JsonReader reader)
    {
        try
        {
            return PlanReader.Read(ref reader);
        }
        catch (JsonException e)
        {
            throw new FormatException($"this is not a table's plan: {e.Message}", e);
        }
    }

    public bool Equals(TablePlan? other) => other is not null && ToJson() == other.ToJson();

    public override int GetHashCode() => HashCode.Combine(Folder, Kind, Attempt, Adds.Count);

    private static void WriteFields(Utf8JsonWriter json, TableReads reads)
    {
        json.WriteBoolean("wholeTable", reads.WholeTable);
        ActionWriter.Text(json, "condition", reads.Condition);
        ActionWriter.List(json, "files", reads.Files);
    }

    private static void Write<T>(Utf8JsonWriter json, string name, T? action, Action<Utf8JsonWriter, T> fields)
        where T : class
    {
        if (action is null)
            return;
        json.WriteStartObject(name);
        fields(json, action);
        json.WriteEndObject();
    }

    private static void WriteAll<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> actions, Action<Utf8JsonWriter, T> fields)
    {
        json.WriteStartArray(name);
        foreach (var action in actions)
        {
            json.WriteStartObject();
            fields(json, action);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
