using System.Text.Json;
using Smelt.Engine;

namespace Smelt.Cli;

/// <summary>How a statement ended.</summary>
/// <param name="Verb">DELETE, MERGE ….</param>
/// <param name="Table">The table as the statement names it.</param>
/// <param name="Words">What was done, for people.</param>
internal sealed record StatementOutcome(string Verb, string Table, string Words)
{
    /// <summary>The version that it made; null where nothing was to be done.</summary>
    public long? Version { get; init; }

    /// <summary>Members of the JSON document besides: name and number.</summary>
    public IReadOnlyList<(string Name, long Value)> Metrics { get; init; } = [];

    /// <summary>Rows to show; null where there are none.</summary>
    public StatementRows? Rows { get; init; }

    /// <summary>What it means for others.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("statement", Verb);
        json.WriteString("table", Table);
        if (Version is { } version) json.WriteNumber("version", version);
        else json.WriteNull("version");
        json.WriteStartObject("metrics");
        foreach (var (name, value) in Metrics) json.WriteNumber(name, value);
        json.WriteEndObject();
        if (Rows is { } rows) Write(json, rows);
        json.Texts("notes", Notes);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, StatementRows rows)
    {
        json.Objects("rows", rows.Rows, row =>
        {
            for (var i = 0; i < row.Length; i++) json.WriteString(rows.Columns[i], row[i]);
        });
    }
}

/// <summary>A statement cannot be done; those before it are.</summary>
internal sealed class StatementFailedException(string code, string message, int exitCode) : Exception(message)
{
    public string Code { get; } = code;

    public int ExitCode { get; } = exitCode;

    public static StatementFailedException Usage(string message) => new(EngineCodes.StatementRefused, message, Cli.ExitCode.Usage);
}
