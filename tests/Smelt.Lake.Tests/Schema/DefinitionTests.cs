using Smelt.DuckDb;

namespace Smelt.Lake.Tests.Schema;

public sealed class DefinitionTests
{
    private static readonly TestClock Clock = new();

    public static TheoryData<string, string> Types => new()
    {
        { "1::TINYINT", "tinyint" }, { "1::UTINYINT", "smallint" }, { "1::USMALLINT", "int" }, { "1::UINTEGER", "bigint" }, { "1::UBIGINT", "decimal(20,0)" },
        { "1::HUGEINT", "bigint" }, { "1.5::DECIMAL(7,3)", "decimal(7,3)" }, { "TIMESTAMP '2020-01-01'", "timestamp_ntz" }, { "TIMESTAMPTZ '2020-01-01'", "timestamp" },
        { "uuid()", "string" }, { "TIME '01:00'", "string" }, { "'{}'::JSON", "string" }, { "'a'::ENUM('a')", "string" }, { "[1, 2]", "array<int>" },
        { "[1, 2]::INTEGER[2]", "array<int>" }, { "{'a': 1::HUGEINT, 'b': [uuid()]}", "struct<a:bigint,b:array<string>>" }, { "MAP {'k': 1}", "map<string,int>" },
        { "''::BLOB", "binary" }, { "TIMESTAMP_S '2020-01-01'", "timestamp_ntz" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void A_type_of_DuckDB_has_its_Delta_type(string value, string expected) =>
        Assert.Equal(expected, Assert.IsType<ColumnTyping.Typed>(TypeOf(value)).Type.ToString());

    [Theory]
    [InlineData("INTERVAL 1 DAY", "VARCHAR")]
    [InlineData("TIMESTAMP_NS '2020-01-01'", "AS TIMESTAMP")]
    [InlineData("'101'::BIT", "VARCHAR")]
    [InlineData("union_value(a := 1)", "VARCHAR")]
    [InlineData("[INTERVAL 1 DAY]", "VARCHAR")]
    public void A_type_without_a_Delta_type_is_refused_with_the_cast_to_write(string value, string advice) =>
        Assert.Contains(advice, Assert.IsType<ColumnTyping.Refused>(TypeOf(value)).Problem.Message);

    [Fact]
    public void A_new_table_asks_readers_for_nothing_more_than_it_needs()
    {
        Assert.Equal(new TableProtocol(1, 2), Create(("id", DeltaType.Long)).Protocol);
        Assert.Equal(new TableProtocol(2, 5), Create(("a b", DeltaType.Long)).Protocol);
        Assert.Equal(new TableProtocol(3, 7, ["timestampNtz"], ["appendOnly", "invariants", "timestampNtz"]), Create(("t", DeltaType.TimestampNtz)).Protocol);
        Assert.Equal(new TableProtocol(3, 7, ["timestampNtz", "columnMapping"], ["appendOnly", "invariants", "timestampNtz", "columnMapping"]),
            Create(("t", DeltaType.TimestampNtz), ("x,y", DeltaType.Long)).Protocol);
    }

    [Fact]
    public void Growing_adds_columns_and_fields_and_keeps_what_is_there()
    {
        var table = Create(("id", DeltaType.Long), ("s", new StructType([new DeltaField("a", DeltaType.Integer)])), ("gone", DeltaType.String));
        var grown = Assert.IsType<DefinitionResult.Defined>(table.Grow(
            [new("ID", DeltaType.Integer), new("s", new StructType([new DeltaField("b", DeltaType.String), new DeltaField("a", DeltaType.Short)])), new("clock", DeltaType.TimestampNtz)], new TableOptions()));
        Assert.Equal(["clock"], grown.Added);
        Assert.Equal(["gone"], grown.Missing);
        Assert.Equal(["timestampNtz"], grown.NewFeatures);
        Assert.Equal("struct<id:bigint,s:struct<a:int,b:string>,gone:string,clock:timestamp_ntz>", grown.Definition.Metadata.Schema.ToString());
        Assert.Equal(table.Metadata.Id, grown.Definition.Metadata.Id);
        Assert.False(Assert.IsType<DefinitionResult.Defined>(table.Grow([new("id", DeltaType.Long)], new TableOptions())).Changed);
    }

    [Fact]
    public void What_does_not_fit_is_refused_all_at_once()
    {
        var table = Create(("id", DeltaType.Integer), ("p", DeltaType.String));
        var refused = Assert.IsType<DefinitionResult.Refused>(table.Grow(
            [new("id", DeltaType.Long), new("p", DeltaType.String), new("n", DeltaType.Long, Nullable: false), new("P", DeltaType.Long)],
            new TableOptions { PartitionBy = ["p"], Properties = new Dictionary<string, string?> { ["delta.enableIcebergCompatV2"] = "true", ["delta.constraints.c"] = "id > 0" } }));
        Assert.Equal(
            [SchemaProblemKind.DuplicateName, SchemaProblemKind.BadProperty, SchemaProblemKind.BadProperty, SchemaProblemKind.PartitioningChanged, SchemaProblemKind.TypeChanged,
                SchemaProblemKind.NotNullAdded],
            refused.Problems.Select(p => p.Kind));
    }

    [Fact]
    public void A_mapped_table_never_uses_a_physical_name_or_an_id_twice()
    {
        var table = Create(("a b", DeltaType.Long), ("c", DeltaType.String));
        var replaced = Assert.IsType<DefinitionResult.Defined>(table.Replace([new("c", DeltaType.Long), new("a b", DeltaType.Long)], new TableOptions())).Definition;
        var (before, after) = (table.Metadata.Schema, replaced.Metadata.Schema);
        Assert.Equal((before.Find("a b")!.Id, before.Find("a b")!.PhysicalName), (after.Find("a b")!.Id, after.Find("a b")!.PhysicalName));
        Assert.Equal((3, "3"), (after.Find("c")!.Id, replaced.Metadata.Property("delta.columnMapping.maxColumnId")));
        Assert.NotEqual(before.Find("c")!.PhysicalName, after.Find("c")!.PhysicalName);
    }

    [Fact]
    public void Clustering_and_comments_are_recorded()
    {
        var table = Assert.IsType<DefinitionResult.Defined>(TableDefinition.Create(
            [new("id", DeltaType.Long, Comment: "the \"key\""), new("d", DeltaType.Date)], new TableOptions { ClusterBy = ["D", "id"], Comment = "orders" }, Clock)).Definition;
        Assert.Equal(["d", "id"], table.ClusteringColumns.Select(c => c.ToString()));
        Assert.Equal(("the \"key\"", "orders"), (table.Metadata.Schema.Fields[0].Comment, table.Metadata.Description));
        Assert.Equal(table.Metadata.Schema, SchemaJson.Parse(SchemaJson.Write(table.Metadata.Schema)));
    }

    [Fact]
    public void A_table_that_tells_its_changes_has_no_column_that_these_have()
    {
        var feed = new Dictionary<string, string?> { ["delta.enableChangeDataFeed"] = "true" };
        static void IsRefused(DefinitionResult result) => Assert.Contains("a column _Commit_Version of its own", Assert.Single(Assert.IsType<DefinitionResult.Refused>(result).Problems).Message, StringComparison.Ordinal);
        List<ColumnSpec> taken = [new("id", DeltaType.Long), new("_Commit_Version", DeltaType.Long)];
        IsRefused(TableDefinition.Create(taken, new TableOptions { Properties = feed }, Clock));
        var without = Create(("id", DeltaType.Long), ("_Commit_Version", DeltaType.Long));
        IsRefused(without.Alter(new TableChange.SetProperties(feed)));
        IsRefused(without.Grow(taken, new TableOptions { Properties = feed }));
        IsRefused(without.Replace(taken, new TableOptions { Properties = feed }));
        var with = Assert.IsType<DefinitionResult.Defined>(Create(("id", DeltaType.Long)).Alter(new TableChange.SetProperties(feed))).Definition;
        IsRefused(with.Grow(taken, new TableOptions()));
        // Another writer let it have both.
        var foreign = without with { Metadata = without.Metadata with { Configuration = with.Metadata.Configuration } };
        Assert.IsType<DefinitionResult.Defined>(foreign.Grow([.. taken, new("n", DeltaType.Long)], new TableOptions()));
    }

    private static TableDefinition Create(params (string Name, DeltaType Type)[] columns) =>
        Assert.IsType<DefinitionResult.Defined>(TableDefinition.Create([.. columns.Select(c => new ColumnSpec(c.Name, c.Type))], new TableOptions(), Clock)).Definition;

    private static ColumnTyping TypeOf(string value)
    {
        using var duck = TestLake.Connect();
        using var result = duck.Query($"SELECT {value} AS c");
        return ColumnTyping.Of("c", result.Columns[0].Type);
    }
}
