using System.Text.Json;

namespace Smelt.EndToEnd.Tests.Quarantines;

/// <summary>Rules that look into other tables, rules declared once for several datasets, rules out of a JSON Schema.</summary>
public sealed class RuleSetTests
{
    private static JsonElement Step(JsonElement update, string dataset) => update.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("dataset").GetString() == dataset);

    private static Dictionary<string, long> Violated(JsonElement update, string dataset) => Step(update, dataset).GetProperty("expectations").EnumerateArray()
        .ToDictionary(static r => r.GetProperty("name").GetString()!, static r => r.GetProperty("violated").GetInt64());

    [Theory]
    [InlineData("EXISTS (SELECT 1 FROM silver.customers AS c WHERE c.name = orders.customer)")]
    [InlineData("customer IN (SELECT name FROM silver.customers)")]
    [InlineData("is_customer(customer)")]
    public void An_order_before_its_customer_breaks_a_foreign_key_rule_and_one_replay_admits_it_once(string rule)
    {
        using var folder = new PipelineFolder()
            .Write("in/orders/1.csv", "id,customer\n1,ann\n2,bob\n").Write("in/customers/1.csv", "name\nann\n")
            .Write("bronze/orders.sql", "SELECT * FROM STREAM read_files('in/orders', format => 'csv')").Write("bronze/customers.sql", "SELECT * FROM STREAM read_files('in/customers', format => 'csv')")
            .Write("functions/f.sql", "CREATE MACRO is_customer(c) AS c IN (SELECT name FROM silver.customers)")
            .Write("silver/customers.sql", "SELECT DISTINCT name FROM bronze.customers")
            .Write("silver/orders.sql", $"CREATE STREAMING TABLE silver.orders (CONSTRAINT known EXPECT ({rule}) ON VIOLATION QUARANTINE ROW) AS SELECT id::INT AS id, customer FROM STREAM bronze.orders");
        Assert.Equal(1, Violated(folder.Update(), "silver.orders")["known"]);
        Assert.Equal("1", folder.Scalar("SELECT string_agg(id, ',') FROM silver.orders"));
        // The looked-up table comes first in the graph, and a new row of it alone runs nothing.
        folder.Write("in/customers/2.csv", "name\nbob\n");
        Assert.Equal("skipped", Step(folder.Update(), "silver.orders").GetProperty("status").GetString());
        for (var i = 0; i < 2; i++) folder.Smelt("quarantine", "replay", "silver.orders").Expect(0);
        Assert.Equal("1,2", folder.Scalar("SELECT string_agg(id, ',' ORDER BY id) FROM silver.orders"));
        Assert.Equal("0", folder.Scalar("SELECT count(*) FROM silver.orders__quarantine"));
        folder.Write("in/orders/2.csv", "id,customer\n3,eve\n4,ann\n").Write("in/customers/3.csv", "name\neve\n");
        Assert.Equal(0, Violated(folder.Update(), "silver.orders")["known"]);
    }

    [Fact]
    public void A_materialized_view_is_made_again_when_a_table_that_its_rule_looks_up_changes()
    {
        using var folder = new PipelineFolder().Write("in/a.csv", "id\n1\n2\n").Write("known/a.csv", "id\n1\n")
            .Write("bronze/a.sql", "SELECT * FROM read_files('in', format => 'csv')").Write("bronze/known.sql", "SELECT * FROM STREAM read_files('known', format => 'csv')")
            .Write("silver/a.sql", "CREATE MATERIALIZED VIEW silver.a (CONSTRAINT known EXPECT (EXISTS (FROM bronze.known k WHERE k.id = a.id)) ON VIOLATION QUARANTINE ROW) AS SELECT id FROM bronze.a");
        folder.Update();
        Assert.Equal("2", folder.Scalar("SELECT string_agg(id, ',') FROM silver.a__quarantine"));
        folder.Write("known/b.csv", "id\n2\n").Update();
        Assert.Equal("1,2", folder.Scalar("SELECT string_agg(id, ',' ORDER BY id) FROM silver.a"));
        Assert.Equal("0", folder.Scalar("SELECT count(*) FROM silver.a__quarantine"));
    }

    [Fact]
    public void A_rule_set_holds_for_every_dataset_that_names_it_with_its_own_action_and_variables()
    {
        using var folder = new PipelineFolder("name: r\nvariables: {most: 100}\n").Write("in/a.csv", "id,amount\n1,5\n2,-5\n3,500\n,7\n")
            .Write("bronze/a.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
            .Write("silver/orders.sql", "SELECT id::INT AS id, amount::INT AS amount FROM STREAM bronze.a").Write("silver/refunds.sql", "SELECT id::INT AS id, -amount::INT AS amount FROM bronze.a")
            .Write("silver/properties.yml", """
                version: 2
                expectations:
                  - name: money
                    owner: finance
                    expect_all_or_drop:
                      positive: amount > 0
                    rules:
                      - name: small
                        expect: |
                          amount < ${most}
                        severity: high
                  - name: keyed
                    on_violation: quarantine
                    apply_to: [orders]
                    expect_all: {has_id: id IS NOT NULL}
                models:
                  - name: orders
                    expectations: [money]
                  - name: refunds
                    expectations:
                      - {group: money, on_violation: warn}
                      - {name: whole, expect: id % 1 = 0, on_violation: drop}
                """);
        var update = folder.Update();
        Assert.Equal((1, 1, 1), (Violated(update, "silver.orders")["positive"], Violated(update, "silver.orders")["small"], Violated(update, "silver.orders")["has_id"]));
        Assert.Equal("1,3", folder.Scalar("SELECT string_agg(id, ',' ORDER BY id) FROM silver.orders"));
        Assert.Equal("7", folder.Scalar("SELECT string_agg(amount, ',') FROM silver.orders__quarantine"));
        Assert.Equal((3, 0, 1), (Violated(update, "silver.refunds")["positive"], Violated(update, "silver.refunds")["small"], Violated(update, "silver.refunds")["whole"]));
        Assert.Equal("1,2,3", folder.Scalar("SELECT string_agg(id, ',' ORDER BY id) FROM silver.refunds"));
    }

    private const string Schema = """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Task", "type": "object",
          "required": ["id", "title"],
          "properties": {
            "id": {"type": "string", "pattern": "^TASK-[0-9]{3}$"},
            "title": {"type": "string", "minLength": 1, "maxLength": 10},
            "status": {"enum": ["open", "done", null]},
            "priority": {"type": "integer", "minimum": 1, "maximum": 5},
            "due": {"type": "string", "format": "date"},
            "effort": {"$ref": "#/$defs/hours"},
            "assignee": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "email": {"type": "string", "format": "email"}}},
            "tags": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "maxLength": 5}},
            "steps": {"items": {"properties": {"log": {"items": {"minimum": 0}}}}}
          },
          "$defs": {"hours": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.25}}
        }
        """;

    private static readonly (string Row, string Broken)[] s_tasks =
    [
        ("""{"id":"TASK-001","title":"a","status":"open","priority":1,"due":"2024-02-29","effort":1.25,"assignee":{"name":"x","email":"x@y.z"},"tags":["a","b"],"steps":[{"log":[0,1]},{}]}""", ""),
        ("""{"id":"TASK-002","title":"b"}""", ""),
        ("""{"id":"task-3","title":"","status":"gone","priority":0}""", "id.pattern priority.minimum status.enum title.minLength"),
        ("""{"title":"far too long a title","priority":2.5,"due":"2023-02-29"}""", "due.format id.required priority.type title.maxLength"),
        ("""{"id":"TASK-004","title":"d","priority":6,"due":"1.1.2024","effort":-1.1}""", "due.format effort.exclusiveMinimum effort.multipleOf priority.maximum"),
        ("""{"id":"TASK-005","title":"e","assignee":{"email":"nobody"},"tags":[],"effort":2.0}""", "assignee.email.format assignee.name.required tags.minItems"),
        ("""{"id":"TASK-006","title":"f","tags":["same","same","longer"],"steps":[{"log":[1,-1]}]}""", "steps.items.log.items.minimum tags.items.maxLength tags.uniqueItems"),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_keyword_of_a_JSON_Schema_is_a_rule_about_the_row_or_about_one_column_s_JSON(bool isColumn)
    {
        using var folder = new PipelineFolder().Write("schemas/task.schema.json", Schema)
            .Write("in/tasks.json", string.Join('\n', s_tasks.Select(t => isColumn ? JsonSerializer.Serialize(new Dictionary<string, string> { ["payload"] = t.Row }) : t.Row)) + (isColumn ? "\n{\"payload\":\"{no json\"}\n{}\n" : "\n"))
            .Write("bronze/tasks.sql", "SELECT * FROM STREAM read_files('in', format => 'json')")
            .Write("silver/tasks.sql", isColumn ? "SELECT payload FROM STREAM bronze.tasks" : "SELECT id, title, status, priority, due, effort, assignee, tags, steps FROM STREAM bronze.tasks")
            .Write("silver/properties.yml", $"version: 2\nmodels:\n  - name: tasks\n    expectations:\n      - {{json_schema: schemas/task.schema.json, on_violation: quarantine{(isColumn ? ", column: payload" : "")}}}\n");
        folder.Update();
        var prefix = isColumn ? "task:payload." : "task:";
        var key = isColumn ? "TRY_CAST(payload AS JSON) ->> 'title'" : "title";
        var broken = folder.Query($"SELECT {key} AS title, _broken_expectations AS b FROM silver.tasks__quarantine").Where(static r => r.GetProperty("title").ValueKind == JsonValueKind.String)
            .ToDictionary(static r => r.GetProperty("title").GetString()!, r => string.Join(' ', r.GetProperty("b").EnumerateArray().Select(n => n.GetString()![prefix.Length..]).Order(StringComparer.Ordinal)));
        foreach (var (row, expected) in s_tasks)
            Assert.Equal(expected, broken.GetValueOrDefault(JsonDocument.Parse(row).RootElement.GetProperty("title").GetString()!, ""));
        // A number that a CSV file or DuckDB made 2.0 is an integer; text that is no JSON has a rule of its own, and no text breaks none.
        Assert.Equal(isColumn ? "3" : "2", folder.Scalar("SELECT count(*) FROM silver.tasks"));
        if (isColumn) Assert.Equal("['task:payload.json']", folder.Scalar("SELECT _broken_expectations::VARCHAR FROM silver.tasks__quarantine WHERE payload = '{no json'"));
    }

    [Theory]
    [InlineData("[1, 1.0]", false)]
    [InlineData("[1, 1.5, true, \"1\", null]", true)]
    [InlineData("[2.50, 2.5]", false)]
    [InlineData("[9007199254740993, 9007199254740992]", true)]
    [InlineData("[{\"a\": 1}, {\"a\": 2}]", true)]
    public void Items_are_unique_by_their_values(string items, bool pass)
    {
        using var folder = new PipelineFolder().Write("s.json", """{"uniqueItems": true}""").Write("in/1.json", JsonSerializer.Serialize(new Dictionary<string, string> { ["items"] = items }))
            .Write("bronze/b.sql", "SELECT * FROM STREAM read_files('in', format => 'json')").Write("silver/t.sql", "SELECT items FROM STREAM bronze.b")
            .Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    expectations:\n      - {json_schema: s.json, on_violation: drop, column: items}\n");
        folder.Update();
        Assert.Equal(pass ? "1" : "0", folder.Scalar("SELECT count(*) FROM silver.t"));
    }

    [Fact]
    public void What_of_a_JSON_Schema_cannot_be_a_rule_is_refused_by_name()
    {
        using var folder = new PipelineFolder().Write("s.json", """{"patternProperties": {}, "properties": {"a": {"oneOf": [], "pattern": "(?=x)", "format": "iri", "enum": [{"x": 1}]}, "b": {"$ref": "other.json"}, "c": false, "d": {"pattern": "[a-"}, "e": {"pattern": "^\\\\1$"}}}""")
            .Write("silver/t.sql", "SELECT 1 AS a, 2 AS b, 3 AS c, 4 AS d, 5 AS e").Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    expectations:\n      - json_schema: s.json\n      - json_schema: none.json\n");
        var said = folder.Smelt("validate").Expect(2).Err + folder.Smelt("validate").Out;
        foreach (var what in (string[])["'patternProperties' of the row", "'oneOf []' of a", "'pattern (?=x)' of a", "'pattern [a-' of d", "'format iri' of a", "'enum [{\"x\": 1}]' of a", "$ref other.json", "the schema of c, which is false", "none.json cannot be read"])
            Assert.Contains(what, said, StringComparison.Ordinal);
        // A backslash and a 1, and no back reference.
        Assert.DoesNotContain(" of e", said, StringComparison.Ordinal);
        Assert.Contains("silver/properties.yml:5:9", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mistake_in_a_rule_of_YAML_is_told_with_its_place()
    {
        using var folder = new PipelineFolder().Write("silver/t.sql", "CREATE MATERIALIZED VIEW silver.t (CONSTRAINT a EXPECT (x > 0)) AS SELECT 1 AS x").Write("silver/v.sql", "CREATE VIEW silver.v AS SELECT 1 AS x")
            .Write("silver/properties.yml", """
                version: 2
                expectations:
                  - name: set
                    apply_to: [nowhere, v]
                    expect_all:
                      unknown: y > 0
                      syntax: x >
                models:
                  - name: t
                    expectations:
                      - sett
                      - set
                      - {name: A, expect: x < 5}
                """);
        var result = folder.Smelt("validate").Expect(2);
        foreach (var line in (string[])["4:16: error SM4015", "6:16: error SM5010", "6:16: error SM2003", "7:18: error SM1009", "11:9: error SM5060", "13:27: error SM5004"])
            Assert.Contains("silver/properties.yml:" + line, result.Out + result.Err, StringComparison.Ordinal);
    }
}
