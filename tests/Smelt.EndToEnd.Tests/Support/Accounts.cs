using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>
/// What AUTO CDC keeps over two updates (updates, deletes, a key that comes again, late events, a delete of what was never there), with its memories, and a view that commits its differences: deletion vectors and
/// change files in every table.
/// </summary>
internal static class Accounts
{
    private const string Source = "FROM STREAM read_files('landing/accounts', schema => 'id BIGINT, seq BIGINT, op VARCHAR, name VARCHAR, city VARCHAR') KEYS (id) APPLY AS DELETE WHEN op = 'd' SEQUENCE BY seq";

    /// <summary>Tables with a change feed, and the columns that two readers agree on: not the time of a commit.</summary>
    public static readonly IReadOnlyList<(string Name, string Columns)> Feeds =
    [
        ("silver.accounts", "id, name, city, _change_type, _commit_version"), ("silver.account_versions", "id, name, city, __START_AT, __END_AT, _change_type, _commit_version"),
        ("gold.accounts_by_city", "city, n, _change_type, _commit_version"),
    ];

    public static void Add(PipelineFolder folder) => folder
        .Write("silver/accounts.sql", $"CREATE STREAMING TABLE silver.accounts TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true'); CREATE FLOW accounts_now AS AUTO CDC INTO silver.accounts {Source} COLUMNS * EXCEPT (op, seq)")
        .Write("silver/account_versions.sql", $"CREATE STREAMING TABLE silver.account_versions TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true'); CREATE FLOW accounts_then AS AUTO CDC INTO silver.account_versions {Source} COLUMNS * EXCEPT (op, seq) STORED AS SCD TYPE 2")
        .Write("gold/accounts_by_city.sql", "CREATE MATERIALIZED VIEW accounts_by_city REFRESH POLICY INCREMENTAL TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT city, count(*) AS n FROM silver.accounts GROUP BY city")
        .Write("landing/accounts/1.json", string.Concat(Enumerable.Range(1, 200).Select(static i => Event(i, 10, "u", $"n{i}", $"c{i % 7}"))));

    public static void SecondDay(PipelineFolder folder) => folder.Write("landing/accounts/2.json", string.Concat(Enumerable.Range(1, 200).Where(static i => i % 3 == 0).Select(static i => (i % 4) switch
    {
        0 => Event(i, 20, "d", null, null),
        1 => Event(i, 5, "u", "late", "nowhere"),
        2 => Event(i, 30, "u", "ü" + i, "c1"),
        _ => Event(i, 20, "d", null, null) + Event(i, 40, "u", "again", null),
    })) + Event(201, 1, "u", "new", "c9") + Event(202, 3, "d", null, null));

    /// <summary>The tables in which the flows remember sequences and deletes.</summary>
    public static IEnumerable<(string Name, string Path)> Memories(PipelineFolder folder) =>
        Directory.EnumerateDirectories(folder.File("lake/_smelt/cdc")).Order(StringComparer.Ordinal).Select(static (path, i) => ($"_smelt.cdc_{i}", path));

    private static string Event(int id, int sequence, string operation, string? name, string? city) =>
        JsonSerializer.Serialize(new Dictionary<string, object?> { ["id"] = id, ["seq"] = sequence, ["op"] = operation, ["name"] = name, ["city"] = city }) + "\n";
}
