using System.Text.Json;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>JSON that sinks write.</summary>
public sealed class JsonSinkTests
{
    [Fact]
    public void Numbers_that_JSON_does_not_have_are_texts_at_every_depth()
    {
        using var folder = Pipeline("""
            id, 'nan'::DOUBLE AS d, '-inf'::FLOAT AS f, [1.5, 'inf'::DOUBLE, NULL, -1e-300] AS l, {'I': '-inf'::DOUBLE, 'N': -2.5::FLOAT, 'Nan"\': 'NaN"\'} AS s, MAP {'NaN': 'nan'::DOUBLE} AS m, [{'deep': ['-inf'::FLOAT]}] AS deep
            """);
        var line = """,'d':'NaN','f':'-Infinity','l':[1.5,'Infinity',null,-1e-300],'s':{'I':'-Infinity','N':-2.5,'Nan\'\\':'NaN\'\\'},'m':{'NaN':'NaN'},'deep':[{'deep':['-Infinity']}]}""".Replace('\'', '"');
        folder.Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id\n2\n").Smelt("run").Expect(0);
        Assert.Equal($$"""{"id":1{{line}}""" + "\n" + $$"""{"id":2{{line}}""" + "\n", folder.Read("out/a.json"));
        foreach (var written in File.ReadAllLines(folder.File("out/a.json"))) JsonDocument.Parse(written).Dispose();
        Assert.Equal(["a.json"], Directory.GetFiles(folder.File("out")).Select(static f => Path.GetFileName(f)!));
    }

    [Fact]
    public void What_JSON_has_is_written_as_DuckDB_writes_it()
    {
        const string Columns = """id, 0.1::FLOAT AS f, -0.0::DOUBLE AS zero, 1e300 AS big, 'NaN \" -Infinity' AS t, {'NaN': 1.25, 'x\"I': ['N', '-I']} AS s, NULL::DOUBLE AS nothing, '{"a": [1.50, -2]}'::JSON AS j, repeat('"\N', 60000) AS long""";
        using var folder = Pipeline(Columns);
        folder.Smelt("run").Expect(0);
        using var lake = new OpenLake(folder.Path);
        lake.Text($"COPY (SELECT {Columns} FROM (SELECT 1::BIGINT AS id)) TO '{folder.File("expected.json")}' (FORMAT json)");
        Assert.Equal(folder.Read("expected.json"), folder.Read("out/a.json"));
    }

    private static PipelineFolder Pipeline(string columns) => new PipelineFolder("name: s\n")
        .Write("landing/1.csv", "id\n1\n")
        .Write("bronze/x.sql", "SELECT id::BIGINT AS id FROM STREAM read_files('landing', format => 'csv')")
        .Write("gold/sk.sql", $"CREATE SINK out OPTIONS (path = 'out', format = 'json', file = 'a.json');\nCREATE FLOW f AS INSERT INTO out BY NAME SELECT {columns} FROM STREAM bronze.x;");
}
