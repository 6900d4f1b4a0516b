using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines.Tests.Project;

public class SchemaTests
{
    public static IEnumerable<TheoryDataRow<string>> Files() => [new("smelt"), new("platform"), new("properties")];

    private static string Schema(string name) => name switch
    {
        "smelt" => JsonSchemaWriter.Write(ProjectShapes.Project, "smelt.yml"),
        "platform" => JsonSchemaWriter.Write(ProjectShapes.Platform, "platform.yml"),
        _ => JsonSchemaWriter.Write(ProjectShapes.Properties, "properties.yml"),
    };

    /// <summary>SMELT_WRITE_SCHEMAS=1 writes the files anew, after a shape has changed.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void The_published_schema_is_the_one_that_the_reader_checks_by(string name)
    {
        var path = RepositoryFiles.Path($"docs/schemas/{name}.schema.json");
        if (Environment.GetEnvironmentVariable("SMELT_WRITE_SCHEMAS") == "1") File.WriteAllText(path, Schema(name));
        Assert.Equal(Schema(name), File.ReadAllText(path));
    }

    [Fact]
    public void Every_key_of_smelt_yml_arrives()
    {
        using var pipeline = new TestPipeline(("smelt.yml", """
            name: retail
            version: 1.2
            description: Shop
            variables: {day: 2024-01-01}
            vars: {city: Rome}
            cast_errors: "null"
            quarantine_name: "{table}_bad"
            metadata_columns: {_ingested_at: loaded_at, _ingestion_date: true, _source: false, _source_file: file, _batch_id: ~, _rescued_data: rest}
            defaults:
              bronze: {properties: {a: b}, tags: [raw], cast_errors: drop}
              silver: {tags: [clean]}
              gold: {cast_errors: fail}
            schedule: 0 5 * * *
            """), ("bronze/a.sql", "SELECT '${day}' AS d, '${city}' AS c"));
        var compiled = pipeline.CompileClean();
        var project = compiled.Project;
        Assert.Equal(("retail", "1.2", "Shop", "0 5 * * *"), (project.Name, project.Version, project.Description, project.Schedule));
        Assert.Equal("SELECT '2024-01-01' AS d, 'Rome' AS c", compiled.Graph.Datasets[0].Query.Text);
        Assert.Equal(CastErrorAction.Null, project.CastErrors);
        Assert.Equal("bronze.a_bad", project.QuarantineOf(new DatasetName(Layer.Bronze, "a")).ToString());
        Assert.Equal(new MetadataColumns { IngestedAt = "loaded_at", Source = null, SourceFile = "file", BatchId = null, RescuedData = "rest" }, project.MetadataColumns);
        var dataset = compiled.Graph.Datasets[0];
        Assert.Equal(("b", "raw", CastErrorAction.Drop), (dataset.Properties["a"], dataset.Tags[0], dataset.CastErrors));
        Assert.Equal(CastErrorAction.Fail, project.DefaultsOf(Layer.Gold).CastErrors);
        AllKeysAreThere(ProjectShapes.Project, "name version description variables vars cast_errors gates quarantine_name metadata_columns defaults policies column_profile retention schedule");
    }

    [Fact]
    public void Every_key_of_platform_yml_arrives()
    {
        using var pipeline = new TestPipeline(("platform.yml", """
            default_target: prod
            targets:
              dev: {}
              prod:
                engine: duckdb
                storage: {root: /lake, bronze: /raw}
                connections:
                  shop: {type: postgres, host: db, password: "${env:SHOP_PASSWORD}"}
                memory: 4GB
                threads: 3
                retention: {history: 30 days, bronze: 52 weeks}
            """));
        var target = pipeline.CompileClean().Target;
        Assert.Equal(("prod", "duckdb", 4L << 30, 3), (target.Name, target.Engine, target.MemoryBytes, target.Threads));
        Assert.Equal(("/raw", "/lake/silver"), (target.StorageOf(Layer.Bronze), target.StorageOf(Layer.Silver)));
        Assert.Equal("${env:SHOP_PASSWORD}", target.Connections["shop"].Settings["password"]);
        Assert.Equal(30, target.HistoryRetention!.Value.Days);
        Assert.Equal("52 weeks", Assert.Single(target.Retention).Period.ToString());
        Assert.Equal("lake/bronze", pipeline.CompileClean(new CompileOptions { Target = "dev" }).Target.StorageOf(Layer.Bronze));
        AllKeysAreThere(ProjectShapes.Platform, "default_target targets");
    }

    private static void AllKeysAreThere(MapShape shape, string keys) => Assert.Equal(keys, string.Join(' ', shape.Keys.Select(k => k.Name)));

    [Fact]
    public void Properties_describe_datasets_and_their_tests_find_failing_rows()
    {
        using var pipeline = new TestPipeline(
            ("silver/orders.sql", "SELECT * FROM (VALUES (1, 'open', 1), (1, 'shut', 2), (NULL, 'open', 9)) v(id, status, customer)"),
            ("silver/customers.sql", "SELECT 1 AS customer UNION ALL SELECT 2"),
            ("silver/properties.yml", """
                version: 2
                models:
                  - name: orders
                    description: All orders
                    config: {tags: [core]}
                    tests:
                      - unique: {column_name: id || status, name: pair}
                    columns:
                      - name: id
                        description: The key
                        data_type: BIGINT
                        data_tests: [unique, not_null]
                      - name: status
                        tests:
                          - accepted_values: {values: [open, closed], config: {severity: warn, where: customer < 5, limit: 7}}
                      - name: customer
                        tests:
                          - relationships: {arguments: {to: ref('customers'), field: customer}}
                """));
        var dataset = pipeline.CompileClean().Graph.Find("silver.orders")!;
        Assert.Equal(("All orders", "core", "The key"), (dataset.Description, dataset.Tags[0], dataset.DeclaredColumns[0].Comment));
        using var connection = TestPipeline.Database.Connect();
        connection.Execute("ATTACH ':memory:' AS properties_test; USE properties_test; CREATE SCHEMA silver; CREATE TABLE silver.customers AS SELECT 1 AS customer UNION ALL SELECT 2;"
            + "CREATE TABLE silver.orders AS " + dataset.Query.Text);
        var failing = dataset.Tests.ToDictionary(t => t.Name, t => connection.Rows(t.FailingRowsSql).Count);
        Assert.Equal(new Dictionary<string, int> { ["pair"] = 0, ["unique_orders_id"] = 1, ["not_null_orders_id"] = 1, ["accepted_values_orders_status"] = 1, ["relationships_orders_customer"] = 1 }, failing);
        var accepted = dataset.Tests.Single(t => t.Kind == "accepted_values");
        Assert.Equal((Severity.Warning, 7L, "customer < 5"), (accepted.Severity, accepted.Limit, accepted.Where));
        connection.Execute("USE memory; DETACH properties_test");
    }
}
