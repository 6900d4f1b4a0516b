using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Smelt.Tests.Peers;

[assembly: AssemblyFixture(typeof(Smelt.Lake.Tests.Interop.SparkFixture))]

namespace Smelt.Lake.Tests.Interop;

/// <summary>Apache Spark with Delta Lake, started once for all tests that ask it.</summary>
public sealed class SparkFixture : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private SparkProcess? _spark;

    /// <summary>Runs one statement; gives its rows as JSON texts of the columns' values.</summary>
    public async Task<List<JsonElement>> SqlAsync(string statement)
    {
        var script = Shared.Path("spark", "spark.sh");
        Assert.SkipUnless(File.Exists("/usr/bin/java"), "needs Java 17 for Spark");
        await _gate.WaitAsync();
        try
        {
            var line = await AnswerAsync(_spark ??= new SparkProcess(script), statement);
            using var answer = JsonDocument.Parse(line);
            Assert.False(answer.RootElement.TryGetProperty("error", out _), $"{statement}\n{line}");
            return answer.RootElement.TryGetProperty("rows", out var rows) ? [.. rows.Clone().EnumerateArray()] : [];
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<string> AnswerAsync(SparkProcess spark, string statement)
    {
        if (await spark.AnswerAsync(statement, TimeSpan.FromSeconds(120)) is { } line) return line;
        _spark = null;
        spark.Dispose();
        throw new TimeoutException($"Spark ended, or did not answer within two minutes: {statement}");
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
        _spark?.Dispose();
        _gate.Dispose();
    }
}

/// <summary>delta-rs in Python, started once: each program runs with names of its own.</summary>
internal static class DeltaRs
{
    /// <summary>Reads a program and its arguments as one line of JSON, runs it, and answers with one line: what it printed, or how it failed.</summary>
    private const string Server =
        """
        import sys, io, json, traceback, contextlib, duckdb, deltalake
        for line in sys.stdin:
            asked, said = json.loads(line), io.StringIO()
            sys.argv = ['-c', *asked['arguments']]
            try:
                with contextlib.redirect_stdout(said): exec(compile(asked['program'], 'program', 'exec'), {'__name__': '__main__'})
                answer = {'output': said.getvalue()}
            except BaseException:
                answer = {'error': traceback.format_exc()}
            print(json.dumps(answer), flush=True)
        """;

    private static readonly SemaphoreSlim Gate = new(1);
    private static Process? Python;

    /// <summary>Runs a Python program with deltalake and duckdb at hand; gives what it prints.</summary>
    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var script = Shared.Path("peers", "peers.sh");
        await Gate.WaitAsync();
        try
        {
            // It ends with its input, and so with this process.
            Python ??= Process.Start(new ProcessStartInfo(script, ["python", "-c", Server]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            using var asked = new MemoryStream();
            using (var json = new Utf8JsonWriter(asked))
            {
                json.WriteStartObject();
                json.WriteString("program", program);
                json.WriteStartArray("arguments");
                foreach (var argument in arguments)
                    json.WriteStringValue(argument);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            await Python.StandardInput.WriteLineAsync(Encoding.UTF8.GetString(asked.ToArray()));
            await Python.StandardInput.FlushAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            using var answer = JsonDocument.Parse(await Python.StandardOutput.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException("Python ended"));
            Assert.False(answer.RootElement.TryGetProperty("error", out var error), error.ValueKind == JsonValueKind.String ? error.GetString() : "");
            return answer.RootElement.GetProperty("output").GetString()!;
        }
        finally
        {
            Gate.Release();
        }
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
