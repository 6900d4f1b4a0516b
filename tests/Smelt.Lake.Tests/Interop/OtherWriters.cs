using System.Diagnostics;
using System.Text.Json;

[assembly: AssemblyFixture(typeof(Smelt.Lake.Tests.Interop.SparkFixture))]

namespace Smelt.Lake.Tests.Interop;

/// <summary>Apache Spark with Delta Lake, started once for all tests that ask it.</summary>
public sealed class SparkFixture : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private Process? _spark;

    /// <summary>Runs one statement; gives its rows as JSON texts of the columns' values.</summary>
    public async Task<List<JsonElement>> SqlAsync(string statement)
    {
        var script = Shared.Path("spark", "spark.sh");
        Assert.SkipUnless(File.Exists("/usr/bin/java"), "needs Java 17 for Spark");
        await _gate.WaitAsync();
        try
        {
            _spark ??= Process.Start(new ProcessStartInfo(script, "sql") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            _spark.ErrorDataReceived += static (_, _) => { };
            await _spark.StandardInput.WriteLineAsync(statement + ";");
            await _spark.StandardInput.FlushAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            string line;
            // Some commands (VACUUM) print sentences of their own before the answer.
            do
                line = await _spark.StandardOutput.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException("Spark ended");
            while (!line.StartsWith('{'));
            using var answer = JsonDocument.Parse(line);
            Assert.False(answer.RootElement.TryGetProperty("error", out _), $"{statement}\n{line}");
            return answer.RootElement.TryGetProperty("rows", out var rows) ? [.. rows.Clone().EnumerateArray()] : [];
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The rows that Spark reads, through Parquet that it writes, so that every value is compared exactly: sorted JSON texts.</summary>
    internal async Task<List<string>> RowsAsync(TestLake lake, string folder, long? version = null)
    {
        var snapshot = await lake.Lake.Table(folder).SnapshotAsync(version);
        var at = version is null ? "" : $" VERSION AS OF {version}";
        var copy = await CopyAsync(lake, $"SELECT * FROM delta.`{lake.Store.Locate(folder)}`{at}");
        var columns = string.Join(", ", snapshot.Schema.Fields.Select(f => $"CAST(\"{f.Name}\" AS {ParquetSql.TypeOf(folder, f.Type)}) AS \"{f.Name}\""));
        return TestLake.Json(lake.Duck, $"SELECT {columns} FROM {copy}");
    }

    /// <summary>The rows of a query, with the columns' types in a schema.</summary>
    internal async Task<List<string>> RowsAsync(TestLake lake, string query, StructType schema)
    {
        var columns = string.Join(", ", schema.Fields.Select(f => $"CAST(\"{f.Name}\" AS {ParquetSql.TypeOf("", f.Type)}) AS \"{f.Name}\""));
        return TestLake.Json(lake.Duck, $"SELECT {columns} FROM {await CopyAsync(lake, query)}");
    }

    /// <summary>What a query gives in Spark, as Parquet that it writes: SQL that reads it.</summary>
    internal async Task<string> CopyAsync(TestLake lake, string query)
    {
        var copy = Path.Join(lake.Root, $"spark-{Guid.NewGuid():N}");
        await SqlAsync($"INSERT OVERWRITE DIRECTORY '{copy}' USING parquet {query}");
        return $"read_parquet('{copy}/*.parquet', hive_partitioning=false)";
    }

    public void Dispose()
    {
        if (_spark is not null)
        {
            _spark.StandardInput.Close();
            if (!_spark.WaitForExit(20_000))
                _spark.Kill(entireProcessTree: true);
            _spark.Dispose();
        }
        _gate.Dispose();
    }
}

/// <summary>delta-rs in Python: one program a test.</summary>
internal static class DeltaRs
{
    /// <summary>Runs a Python program with deltalake and duckdb at hand; gives what it prints.</summary>
    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Shared.Path("peers", "peers.sh")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["python", "-c", program, .. arguments])
            start.ArgumentList.Add(argument);
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, await errors);
        return output;
    }

    /// <summary>The rows that delta-rs reads, as sorted JSON texts by DuckDB's to_json.</summary>
    internal static async Task<List<string>> RowsAsync(string path)
    {
        var text = await RunAsync(
            """
            import sys, duckdb, pyarrow as pa
            from deltalake import DeltaTable, QueryBuilder
            t = QueryBuilder().register('t', DeltaTable(sys.argv[1])).execute('select * from t').read_all()
            c = duckdb.connect(); c.execute("set timezone='UTC'")
            for (j,) in c.sql("select to_json(t)::varchar from t").fetchall(): print(j)
            """.Replace(", pyarrow as pa", "", StringComparison.Ordinal), path);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }
}
