using System.Text.Json;

namespace Smelt.Lake;

/// <summary>Reads a <see cref="TablePlan"/> from JSON.</summary>
internal static class PlanReader
{
    /// <exception cref="JsonException">It is not a plan.</exception>
    internal static TablePlan Read(ref Utf8JsonReader reader)
    {
        var plan = new TablePlan { Folder = "", Kind = PlanKind.Append, TableId = "", Operation = "", Attempt = "" };
        var seen = 0;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw ActionReader.Unexpected(ref reader, "an object");
        while (ActionReader.Next(ref reader))
        {
            if (ActionReader.Is(ref reader, "folder"u8)) (plan, seen) = (plan with { Folder = Need(ref reader) }, seen | 1);
            else if (ActionReader.Is(ref reader, "kind"u8)) (plan, seen) = (plan with { Kind = Kind(ref reader) }, seen | 2);
            else if (ActionReader.Is(ref reader, "tableId"u8)) (plan, seen) = (plan with { TableId = Need(ref reader) }, seen | 4);
            else if (ActionReader.Is(ref reader, "attempt"u8)) (plan, seen) = (plan with { Attempt = Need(ref reader) }, seen | 8);
            else if (ActionReader.Is(ref reader, "operation"u8)) (plan, seen) = (plan with { Operation = Need(ref reader) }, seen | 16);
            else if (ActionReader.Is(ref reader, "readVersion"u8)) plan = plan with { ReadVersion = ActionReader.Long(ref reader) };
            else if (ActionReader.Is(ref reader, "operationParameters"u8)) plan = plan with { OperationParameters = Texts(ref reader) };
            else if (ActionReader.Is(ref reader, "operationMetrics"u8)) plan = plan with { OperationMetrics = Texts(ref reader) };
            else if (ActionReader.Is(ref reader, "tags"u8)) plan = plan with { Tags = Texts(ref reader) };
            else if (ActionReader.Is(ref reader, "setProperties"u8)) plan = plan with { SetProperties = ActionReader.ValueMap(ref reader) ?? EmptyMap.Values };
            else plan = ReadAction(ref reader, plan);
        }
        return seen == 31 ? plan : throw ActionReader.Missing(ref reader, "folder, kind, tableId, attempt or operation");
    }

    private static TablePlan ReadAction(ref Utf8JsonReader reader, TablePlan plan)
    {
        if (ActionReader.Is(ref reader, "protocol"u8)) return plan with { Protocol = ActionReader.ReadProtocol(ref At(ref reader)) };
        if (ActionReader.Is(ref reader, "metaData"u8)) return plan with { Metadata = ActionReader.ReadMetadata(ref At(ref reader)) };
        if (ActionReader.Is(ref reader, "txn"u8)) return plan with { Transaction = ActionReader.ReadTransaction(ref At(ref reader)) };
        if (ActionReader.Is(ref reader, "txns"u8)) return plan with { AlsoTransactions = All(ref reader, ActionReader.ReadTransaction) };
        if (ActionReader.Is(ref reader, "adds"u8)) return plan with { Adds = All(ref reader, ActionReader.ReadAdd) };
        if (ActionReader.Is(ref reader, "removes"u8)) return plan with { Removes = All(ref reader, ActionReader.ReadRemove) };
        if (ActionReader.Is(ref reader, "changes"u8)) return plan with { ChangeFiles = All(ref reader, ActionReader.ReadChangeFile) };
        if (ActionReader.Is(ref reader, "domains"u8)) return plan with { Domains = All(ref reader, ActionReader.ReadDomain) };
        if (ActionReader.Is(ref reader, "reads"u8)) return plan with { Reads = ReadReads(ref At(ref reader)) };
        ActionReader.SkipValue(ref reader);
        return plan;
    }

    private delegate T Reading<out T>(ref Utf8JsonReader reader);

    private static List<T> All<T>(ref Utf8JsonReader reader, Reading<T> read)
    {
        var actions = new List<T>();
        for (Open(ref reader); reader.Read() && reader.TokenType == JsonTokenType.StartObject;)
            actions.Add(read(ref reader));
        return actions;
    }

    private static TableReads ReadReads(ref Utf8JsonReader reader)
    {
        var reads = TableReads.Nothing;
        while (ActionReader.Next(ref reader))
        {
            if (ActionReader.Is(ref reader, "wholeTable"u8)) reads = reads with { WholeTable = ActionReader.Flag(ref reader) ?? false };
            else if (ActionReader.Is(ref reader, "condition"u8)) reads = reads with { Condition = ActionReader.Text(ref reader) };
            else if (ActionReader.Is(ref reader, "files"u8)) reads = reads with { Files = ActionReader.Texts(ref reader) ?? [] };
            else ActionReader.SkipValue(ref reader);
        }
        return reads;
    }

    private static ref Utf8JsonReader At(ref Utf8JsonReader reader)
    {
        reader.Read();
        return ref reader;
    }

    private static void Open(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw ActionReader.Unexpected(ref reader, "a list");
    }

    private static string Need(ref Utf8JsonReader reader) => ActionReader.Text(ref reader) ?? throw ActionReader.Missing(ref reader, "a text");

    private static IReadOnlyDictionary<string, string> Texts(ref Utf8JsonReader reader) => ActionReader.TextMap(ref reader) ?? EmptyMap.Texts;

    private static PlanKind Kind(ref Utf8JsonReader reader)
    {
        var text = Need(ref reader);
        return Enum.TryParse<PlanKind>(text, out var kind) ? kind : throw new JsonException($"'{text}' is no kind of plan");
    }
}
