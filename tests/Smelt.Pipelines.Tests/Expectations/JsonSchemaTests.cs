using Smelt.DuckDb;

namespace Smelt.Pipelines.Tests.Expectations;

/// <summary>JSON Schema files as rule sets: what their rules ask for, and which are refused.</summary>
public sealed class JsonSchemaTests
{
    private static TestPipeline Pipeline(string schema, string use) => new(("schemas/s.json", schema), ("silver/t.sql", "SELECT '' AS doc, 0 AS n"),
        ("silver/properties.yml", $"version: 2\nmodels:\n  - name: t\n    expectations:\n      - {{json_schema: schemas/s.json{use}}}\n"));

    /// <summary>Names of the rules that a table's row breaks, without the schema's.</summary>
    private static string Broken(TestPipeline pipeline, string row)
    {
        using var connection = TestPipeline.Database.Connect();
        var rules = pipeline.CompileClean().Graph.Find("silver.t")!.Expectations;
        return string.Join(' ', rules.Where(r => connection.Scalar($"SELECT ({r.Sql}\n) FROM ({row}) AS t") is not true).Select(static r => r.Name["s:".Length..]).Order(StringComparer.Ordinal));
    }

    private static string OfText(string schema, string json)
    {
        using var pipeline = Pipeline(schema, ", column: doc");
        return Broken(pipeline, $"SELECT {SqlText.Literal(json)} AS doc, 0 AS n");
    }

    [Theory]
    [InlineData("101", "doc.maximum")]
    [InlineData("-1", "doc.minimum")]
    [InlineData("100", "")]
    [InlineData("\"x\"", "doc.type")]
    public void Keywords_beside_a_reference_hold_as_well_as_what_it_names(string json, string broken) =>
        Assert.Equal(broken, OfText("""{"$ref": "#/$defs/count", "maximum": 100, "title": "Count", "description": "of something", "$defs": {"count": {"$ref": "#/$defs/number", "minimum": 0}, "number": {"type": "number"}}}""", json));

    [Theory]
    [InlineData("1", "")]
    [InlineData("-1", "n.minimum")]
    [InlineData("101", "n.maximum")]
    [InlineData("NULL", "n.required")]
    public void Keywords_beside_the_row_s_reference_hold_as_well(string n, string broken)
    {
        using var pipeline = Pipeline("""{"properties": {"n": {"maximum": 100, "$ref": "#/$defs/nonneg"}}, "$ref": "#/$defs/row", "$defs": {"row": {"required": ["n"]}, "nonneg": {"minimum": 0}}}""", "");
        Assert.Equal(broken, Broken(pipeline, $"SELECT '' AS doc, {n} AS n"));
    }

    [Fact]
    public void A_keyword_beside_a_reference_that_says_it_too_is_a_second_rule() =>
        Assert.Equal("doc.minimum_2", OfText("""{"$ref": "#/$defs/nonneg", "minimum": 5, "$defs": {"nonneg": {"minimum": 0}}}""", "3"));

    [Fact]
    public void A_schema_that_holds_itself_is_refused()
    {
        using var pipeline = Pipeline("""{"properties": {"n": {"$ref": "#/$defs/node"}}, "$defs": {"node": {"properties": {"left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}}}}}""", "");
        Assert.Contains("SM5062: The JSON Schema schemas/s.json has $ref #/$defs/node,", Assert.Single(pipeline.Diagnose()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.2.3.4", "")]
    [InlineData("255.255.255.255", "")]
    [InlineData("1.2.3.4.", "doc.format")]
    [InlineData("1.2.3", "doc.format")]
    [InlineData("1.2.3.4.5", "doc.format")]
    [InlineData("1.2.3.256", "doc.format")]
    [InlineData("1.2.3.04", "doc.format")]
    public void An_IPv4_address_is_four_octets_with_dots_between_them(string address, string broken) => Assert.Equal(broken, OfText("""{"format": "ipv4"}""", $"\"{address}\""));

    [Theory]
    [InlineData("0.5", "1e30", true)]
    [InlineData("0.5", "-1e300", true)]
    [InlineData("0.5", "1.25", false)]
    [InlineData("10", "1e30", true)]
    [InlineData("7", "1e30", false)]
    [InlineData("1e1", "25", false)]
    [InlineData("1e30", "2e30", true)]
    [InlineData("1e30", "5", false)]
    [InlineData("1e-12", "1", true)]
    [InlineData("0.01", "19.99", true)]
    [InlineData("0.01", "19.999", false)]
    public void A_multiple_may_have_more_digits_than_a_decimal(string divisor, string number, bool holds) => Assert.Equal(holds ? "" : "doc.multipleOf", OfText($$"""{"multipleOf": {{divisor}}}""", number));

    [Theory]
    [InlineData("""{"properties": {"n": {"required": true}}}""", "'required true' of n")]
    [InlineData("""{"properties": {"n": {"required": [1]}}}""", "'required [1]' of n")]
    [InlineData("""{"properties": {"n": {"properties": 1}}}""", "'properties 1' of n")]
    [InlineData("""{"properties": {"n": {"allOf": {}}}}""", "'allOf {}' of n")]
    [InlineData("""{"properties": {"n": {"type": 5}}}""", "'type 5' of n")]
    [InlineData("""{"properties": {"n": {"type": [5]}}}""", "'type [5]' of n")]
    [InlineData("""{"properties": {"n": {"type": []}}}""", "'type []' of n")]
    [InlineData("""{"properties": {"n": {"pattern": 5}}}""", "'pattern 5' of n")]
    [InlineData("""{"properties": {"n": {"format": {}}}}""", "'format {}' of n")]
    [InlineData("""{"properties": {"n": {"multipleOf": 0}}}""", "'multipleOf 0' of n")]
    [InlineData("""{"properties": {"n": {"$ref": 5}}}""", "'$ref 5' of n")]
    [InlineData("""{"properties": {"n": {"items": []}}}""", "the schema of n.items, which is array")]
    [InlineData("""{"properties": {"n": {"$ref": "#/$defs/five"}}, "$defs": {"five": 5}}""", "the schema of n, which is number")]
    [InlineData("""{"required": true}""", "'required' of the row")]
    [InlineData("""{"required": [null]}""", "'required' of the row")]
    [InlineData("""{"properties": []}""", "'properties' of the row")]
    [InlineData("""{"allOf": {}}""", "'allOf' of the row")]
    [InlineData("""{"allOf": [5]}""", "a schema of the row that is number")]
    [InlineData("""{"$ref": 5}""", "'$ref' of the row")]
    public void A_keyword_of_the_wrong_kind_is_refused_by_name(string schema, string what)
    {
        using var pipeline = Pipeline(schema, "");
        var line = Assert.Single(pipeline.Diagnose());
        Assert.StartsWith($"silver/properties.yml:5:9: error SM5062: The JSON Schema schemas/s.json has {what}, which cannot be made a rule.", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":1,}""", "doc.json")]
    [InlineData("[1 , \n]", "doc.json")]
    [InlineData("[NaN, Infinity]", "doc.json")]
    [InlineData("-inf", "doc.json")]
    [InlineData("""{"a, ]": "nan,}", "b": ["\",]", "inf"], "c": [null, true, 1e30]}""", "")]
    public void What_only_DuckDB_takes_for_JSON_is_none(string json, string broken) => Assert.Equal(broken, OfText("{}", json));

    [Fact]
    public void A_struct_is_the_JSON_that_it_becomes()
    {
        using var pipeline = Pipeline("""{"required": ["a"]}""", ", column: doc");
        Assert.Equal("", Broken(pipeline, "SELECT {'a': 'nan'} AS doc, 0 AS n"));
    }
}
