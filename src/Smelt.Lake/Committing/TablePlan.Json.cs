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
        ActionWriter.One(json, "protocol", Protocol, ActionWriter.WriteFields);
        ActionWriter.One(json, "metaData", Metadata, ActionWriter.WriteFields);
        ActionWriter.One(json, "txn", Transaction, ActionWriter.WriteFields);
        ActionWriter.All(json, "txns", AlsoTransactions, ActionWriter.WriteFields);
        ActionWriter.All(json, "domains", Domains, ActionWriter.WriteFields);
        ActionWriter.All(json, "adds", Adds, ActionWriter.WriteFields);
        ActionWriter.All(json, "removes", Removes, ActionWriter.WriteFields);
        ActionWriter.All(json, "changes", ChangeFiles, ActionWriter.WriteFields);
        ActionWriter.One(json, "reads", Reads.IsNothing ? null : Reads, WriteFields);
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
}
