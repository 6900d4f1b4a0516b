using System.CommandLine;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Cli;

/// <summary><c>smelt quality</c>: what expectations and tests said, by layer, dataset and date, from the event log and the results of tests.</summary>
internal static class QualityCommand
{
    private const string Known = StepCatalog.OwnSchema + ".known", Results = StepCatalog.OwnSchema + ".results";

    public static Command Create(Terminal terminal)
    {
        var layer = new Option<string?>("--layer") { Description = "bronze, silver or gold" };
        var dataset = new Option<string?>("--dataset") { Description = "One dataset" };
        var date = new Option<string?>("--date") { Description = "Updates of that day, 2025-01-15 (UTC); default: the latest result of each rule and test" };
        layer.AcceptOnlyFromAmong("bronze", "silver", "gold");
        var folder = CommandTree.FolderArgument();
        var command = new Command("quality", "What expectations and tests said") { folder, layer, dataset, date, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var session = OpenedPipeline.Open(parsed, terminal, parsed.GetValue(folder));
            if (session is null) return ExitCode.Usage;
            var named = parsed.GetValue(dataset) is { } one ? Selection.One(session, one).Name : (DatasetName?)null;
            var day = Day(parsed.GetValue(date));
            var tables = session.NewContext("quality").Tables;
            var log = await tables.FindSystemAsync("event_log", cancel) ?? throw new UsageException("There is no event log yet. `smelt run` makes it.");
            using var catalog = new StepCatalog(session.Database());
            await catalog.BindTableAsync(LakeLayout.SystemSchema, "event_log", log, cancel);
            BindResults(catalog, session, await tables.FindSystemAsync("test_results", cancel) is { } results ? await BoundAsync(catalog, results, cancel) : null, ofToday: day is null);
            var sql = Sql(parsed.GetValue(layer), named, day);
            if (terminal.Json) RowsView.WriteJson(catalog.Connection, sql);
            else RowsView.WriteTable(terminal, catalog.Connection, sql, int.MaxValue);
            var failed = (long)catalog.Connection.Scalar($"SELECT count(*) FROM ({sql}) WHERE kind = 'test' AND status IN ('failed', 'error')")!;
            return failed > 0 ? ExitCode.Failed : ExitCode.Fine;
        });
        return command;
    }

    private static async Task<string> BoundAsync(StepCatalog catalog, PinnedTable results, CancellationToken cancel)
    {
        await catalog.BindTableAsync(LakeLayout.SystemSchema, "test_results", results, cancel);
        return SqlText.Identifier(LakeLayout.SystemSchema, "test_results");
    }

    /// <summary>What updates counted and found, and what <c>smelt test</c> found in between; today only of rules and tests that there are today.</summary>
    /// <param name="tests">Results of tests; null where there are none.</param>
    private static void BindResults(StepCatalog catalog, Smelt.Runs.PipelineSession session, string? tests, bool ofToday)
    {
        var graph = session.Pipeline.Graph;
        var known = graph.Datasets.SelectMany(static d => d.Tests.Select(t => ("test", d.Name.ToString(), t.Name)).Concat(d.Expectations.Select(e => ("expectation", d.Name.ToString(), e.Name))).Append(("dataset", d.Name.ToString(), "")))
            .Concat(session.Pipeline.SqlTests.Select(static t => ("test", "", t.Name))).Distinct().ToList();
        catalog.Connection.Execute($"CREATE TABLE {Known} (kind VARCHAR, dataset VARCHAR, name VARCHAR)");
        foreach (var part in known.Chunk(500))
            catalog.Connection.Execute($"INSERT INTO {Known} VALUES {string.Join(", ", part.Select(static k => $"({SqlText.Literal(k.Item1)}, {SqlText.Literal(k.Item2.ToLowerInvariant())}, {SqlText.Literal(k.Item3)})"))}");
        // Rules of Smelt's own (cast:amount, cdc:late) stand in no file.
        const string isKnown = $"(kind, coalesce(lower(dataset), ''), name) IN (SELECT (kind, dataset, name) FROM {Known}) OR (kind = 'expectation' AND regexp_matches(name, '^(cast|cdc):') AND lower(dataset) IN (SELECT dataset FROM {Known}))";
        var between = tests is null ? "" : $" UNION ALL SELECT dataset, 'test', name, status, severity, failures, NULL, update_id, recorded_at FROM {tests} WHERE update_id NOT IN (SELECT update_id FROM _smelt.event_log WHERE kind = 'update')";
        catalog.BindSql(StepCatalog.OwnSchema, "results", $"SELECT * FROM (SELECT dataset, kind, name, status, action, violated, passed, update_id, recorded_at FROM _smelt.event_log WHERE kind IN ('expectation', 'test'){between}){(ofToday ? $" WHERE {isKnown}" : "")}");
    }

    private static DateOnly? Day(string? text)
    {
        if (text is null) return null;
        if (DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyyMMdd"], null, System.Globalization.DateTimeStyles.None, out var day)) return day;
        throw new UsageException($"--date {text} is not a day such as 2025-01-15.");
    }

    private static string Sql(string? layer, DatasetName? dataset, DateOnly? day)
    {
        var where = "true";
        if (layer is not null) where += $" AND starts_with(dataset, {SqlText.Literal(layer + ".")})";
        if (dataset is { } name) where += $" AND lower(dataset) = lower({SqlText.Literal(name.ToString())})";
        if (day is { } d) where += $" AND recorded_at >= TIMESTAMPTZ '{d:yyyy-MM-dd} 00:00:00+00' AND recorded_at < TIMESTAMPTZ '{d.AddDays(1):yyyy-MM-dd} 00:00:00+00'";
        return $"""
            SELECT dataset, kind, name, status, action, coalesce(violated, 0) AS violated, passed + violated AS judged,
              round(100.0 * violated / nullif(passed + violated, 0), 2) AS violated_percent,
              CASE WHEN violated = 0 AND action IN ('drop', 'quarantine') THEN 0 WHEN action = 'drop' THEN dropped WHEN action = 'quarantine' THEN quarantined END AS refused, total_violated, updates,
              CASE WHEN len(history) < 2 THEN '' ELSE list_aggregate(list_transform(history[-8:], lambda v: '▁▂▃▄▅▆▇█'[1 + (7 * v / greatest(list_max(history[-8:]), 1))::INT]), 'string_agg', '') END AS trend, recorded_at
            FROM (
              SELECT e.*, f.dropped, f.quarantined, sum(violated) OVER rule AS total_violated, count(*) OVER rule AS updates,
                list(coalesce(violated, 0)) OVER (PARTITION BY e.dataset, e.kind, e.name ORDER BY e.recorded_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS history
              FROM (SELECT * FROM {Results} WHERE {where}) AS e
              LEFT JOIN (SELECT update_id, dataset, sum(rows_dropped) AS dropped, sum(rows_quarantined) AS quarantined FROM _smelt.event_log WHERE kind = 'flow' GROUP BY ALL) AS f
                ON f.update_id = e.update_id AND f.dataset = e.dataset
              WINDOW rule AS (PARTITION BY e.dataset, e.kind, e.name)
              QUALIFY row_number() OVER (PARTITION BY e.dataset, e.kind, e.name ORDER BY e.recorded_at DESC) = 1
            )
            ORDER BY dataset, kind, name
            """;
    }
}
