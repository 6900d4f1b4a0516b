using System.Text.Json;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests;

/// <summary>
/// Queries in the test's own process: what <c>smelt query</c> compiles, binds and answers, without the start of a process for each question. The verb itself is tested by
/// <see cref="CommandTests"/> and wherever a test calls the program with it.
/// </summary>
public sealed class LocalQuery : IDisposable
{
    private readonly PipelineSession _session;

    public LocalQuery(string folder) =>
        _session = File.Exists(Path.Combine(folder, "smelt.yml")) ? LocalUpdate.Open(folder) : PipelineSession.WithoutPipeline(folder, TimeProvider.System);

    /// <summary>Rows as the JSON objects that <c>--json</c> prints.</summary>
    public List<JsonElement> Rows(string sql) => [.. Texts(sql, static bound => $"SELECT to_json(smelt_rows)::VARCHAR FROM ({bound}\n) AS smelt_rows").Select(static row => JsonDocument.Parse(JsonNumbers.Quoted(row)).RootElement)];

    /// <summary>Rows as one sorted text, NULL and the empty text apart.</summary>
    public string SortedText(string sql) => string.Join('\n', Texts(sql, static bound => $"SELECT r::VARCHAR FROM ({bound}\n) AS r ORDER BY 1"));

    public void Dispose() => _session.Dispose();

    private List<string> Texts(string sql, Func<string, string> asText)
    {
        var compiled = AdHocQuery.Compile(_session.Pipeline, sql, _session.Database());
        Assert.True(compiled.Query is not null, $"{sql}\n{string.Join('\n', compiled.Diagnostics)}");
        using var catalog = new StepCatalog(_session.Database());
        var bound = BoundQuery.BindAsync(_session.NewContext("query"), catalog, compiled.Query, CancellationToken.None).GetAwaiter().GetResult();
        return [.. catalog.Connection.Rows(asText(bound)).Select(static r => (string)r[0]!)];
    }
}
