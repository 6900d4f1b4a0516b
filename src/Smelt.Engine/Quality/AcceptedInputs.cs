using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// Rows that are made again, by the inputs that they come from: so a refused row is known that had another day or key then, or none, and is among them now.
/// </summary>
/// <param name="Row">The type of the streamed row that each row brings along.</param>
/// <param name="From">SQL after FROM: all rows of today's query.</param>
/// <param name="AreMade">Condition over these: those that are made again.</param>
internal sealed record AcceptedInputs(DuckDbType Row, string From, string AreMade)
{
    private const string Inputs = StepCatalog.OwnSchema + ".inputs_made_again";

    /// <summary>SQL over the quarantine's columns: whether a row's input makes rows that are made again, and no others.</summary>
    /// <param name="connection">Of the step.</param>
    /// <param name="quarantine">Its name there.</param>
    /// <param name="held">The columns that it has.</param>
    /// <param name="isOfThem">Condition over its columns: rows that need not be known by their input.</param>
    /// <returns>Null where it has none.</returns>
    public string? AreOf(DuckDbConnection connection, string quarantine, IReadOnlySet<string> held, string isOfThem)
    {
        // Two flows may have read the same: of several each row is known by its flow too.
        var hasFlow = Row.Fields.Any(static f => f.Name == StreamedRow.Flow);
        if (!held.Contains(QuarantineColumns.Input) || (hasFlow && !held.Contains(QuarantineColumns.Flow))) return null;
        string Known(string input, string flow) => hasFlow ? $"row({input}, {flow})" : input;
        var (made, refused) = (Known(JudgedRow.Input(Row), JudgedRow.Flow), Known(QuarantineColumns.Input, QuarantineColumns.Flow));
        connection.Execute($"CREATE TABLE {Inputs} AS SELECT DISTINCT made FROM (SELECT {made} AS made FROM {From} WHERE {AreMade}) WHERE made IN (SELECT {refused} FROM {quarantine} WHERE ({isOfThem}) IS NOT TRUE)");
        if (connection.Scalar($"SELECT 1 FROM {Inputs} LIMIT 1") is null) return null;
        // One that makes rows elsewhere too stays: nothing brings those.
        connection.Execute($"DELETE FROM {Inputs} WHERE made IN (SELECT {made} FROM {From} WHERE ({AreMade}) IS NOT TRUE)");
        return $"{refused} IN (SELECT made FROM {Inputs})";
    }
}
