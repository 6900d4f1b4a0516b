using Smelt.Pipelines.TableStatements;

namespace Smelt.Pipelines.Tests.TableStatements;

/// <summary>Statements that change tables, as they are read.</summary>
public sealed class TableStatementTests
{
    [Fact]
    public void A_merge_is_read_clause_by_clause()
    {
        var merge = One<MergeStatement>(
            """
            MERGE WITH SCHEMA EVOLUTION INTO silver.orders AS t
            USING (SELECT * FROM bronze.orders WHERE id IN (1, 2)) s
            ON t.id = s.id AND CASE WHEN s.x THEN true ELSE false END
            WHEN MATCHED AND s.op = 'd' THEN DELETE
            WHEN MATCHED AND CASE WHEN s.a > 1 THEN s.b ELSE s.c END = 2 THEN UPDATE SET t.a = s.a, b = greatest(s.b, 1), "odd name".x = CASE WHEN 1 = 1 THEN 2 END
            WHEN NOT MATCHED BY TARGET THEN INSERT (id, a) VALUES (s.id, concat(s.a, ','))
            WHEN NOT MATCHED BY SOURCE AND t.a IS NULL THEN UPDATE SET a = 0
            WHEN NOT MATCHED BY SOURCE THEN DELETE
            """);
        Assert.Equal(("silver.orders", "t", "s", true), (merge.Target.ToString(), merge.Alias, merge.SourceAlias, merge.WithSchemaEvolution));
        Assert.Equal("SELECT * FROM bronze.orders WHERE id IN (1, 2)", merge.Source.Text);
        Assert.Equal("t.id = s.id AND CASE WHEN s.x THEN true ELSE false END", merge.On.Text);
        Assert.Equal([MergedRow.Matched, MergedRow.Matched, MergedRow.NotMatched, MergedRow.NotMatchedBySource, MergedRow.NotMatchedBySource], merge.Clauses.Select(static c => c.Row));
        Assert.Equal("CASE WHEN s.a > 1 THEN s.b ELSE s.c END = 2", merge.Clauses[1].Condition!.Text);
        var update = Assert.IsType<MergeAction.Update>(merge.Clauses[1].Action).Assignments!;
        Assert.Equal(["\"a\" := s.a", "\"b\" := greatest(s.b, 1)", "\"odd name\".\"x\" := CASE WHEN 1 = 1 THEN 2 END"], update.Select(static a => $"{a.Column} := {a.Value.Text}"));
        Assert.Equal(["s.id", "concat(s.a, ',')"], Assert.IsType<MergeAction.Insert>(merge.Clauses[2].Action).Assignments!.Select(static a => a.Value.Text));
        Assert.Equal(3, merge.On.Position.Line);
    }

    [Theory]
    [InlineData("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET *", "SELECT * FROM s", "s")]
    [InlineData("MERGE INTO t USING silver.orders o ON t.id = o.id WHEN MATCHED THEN DELETE", "SELECT * FROM silver.orders", "o")]
    [InlineData("MERGE INTO t USING delta.`/a b/c` AS x ON t.id = x.id WHEN NOT MATCHED THEN INSERT *", "SELECT * FROM read_delta('/a b/c')", "x")]
    [InlineData("MERGE INTO t USING read_files('x.csv', format => 'csv') AS x ON t.id = x.id WHEN NOT MATCHED THEN INSERT *", "SELECT * FROM read_files('x.csv', format => 'csv')", "x")]
    public void A_source_is_a_table_a_folder_or_a_function(string sql, string source, string alias)
    {
        var merge = One<MergeStatement>(sql);
        Assert.Equal((source, alias), (merge.Source.Text, merge.SourceAlias));
    }

    [Theory]
    [InlineData("DELETE FROM delta.`/tmp/a ``b` WHERE x = '`'", "/tmp/a `b", true, "x = '`'")]
    [InlineData("DELETE FROM '/tmp/t'", "/tmp/t", true, null)]
    [InlineData("DELETE FROM gold.t WHERE a IN (SELECT id FROM delta.`/x`);", "gold.t", false, "a IN (SELECT id FROM read_delta('/x'))")]
    [InlineData("delete from \"My Table\" -- why `not`\n where 1=1", "My Table", false, "1=1")]
    public void A_target_is_a_dataset_or_a_folder(string sql, string target, bool isPath, string? condition)
    {
        var delete = One<DeleteStatement>(sql);
        Assert.Equal((isPath, condition), (delete.Target.IsPath, delete.Condition?.Text));
        Assert.Equal(target, string.Join('.', delete.Target.Parts));
    }

    [Fact]
    public void Inserts_are_read_in_all_their_forms()
    {
        Assert.Equal(["a", "b"], One<InsertStatement>("INSERT INTO t (a, b) VALUES (1, 2)").Columns);
        Assert.Null(One<InsertStatement>("INSERT INTO TABLE t (SELECT 1)").Columns);
        Assert.True(One<InsertStatement>("INSERT INTO t BY NAME SELECT 1 AS a").ByName);
        Assert.True(One<InsertStatement>("INSERT OVERWRITE t SELECT 1").Overwrites);
        Assert.Equal("a = 1 AND b = 2", One<InsertStatement>("INSERT INTO t REPLACE WHERE a = 1 AND b = 2 SELECT 1, 2").ReplaceWhere!.Text);
        Assert.Equal(["day"], One<InsertStatement>("INSERT INTO t REPLACE USING (day) SELECT 1").ReplaceUsing);
    }

    [Theory]
    [InlineData("DELETE t", 1, 8)]
    [InlineData("UPDATE t SET a = 1 FROM s", 1, 20)]
    [InlineData("MERGE INTO t USING s ON a = b", 1, 30)]
    [InlineData("DELETE FROM a;\n  FROBNICATE b", 2, 3)]
    [InlineData("DELETE FROM a WHERE x = 'y", 1, 25)]
    [InlineData("MERGE INTO t USING s ON a = b WHEN NOT MATCHED THEN DELETE", 1, 53)]
    [InlineData("", 1, 1)]
    public void A_mistake_is_told_with_its_place(string sql, int line, int column)
    {
        var read = TableStatementParser.Parse(sql, new Dictionary<string, string>());
        var diagnostic = Assert.Single(read.Diagnostics);
        Assert.Equal((line, column), (diagnostic.Line, diagnostic.Column));
    }

    private static T One<T>(string sql) where T : TableStatement
    {
        var read = TableStatementParser.Parse(sql, new Dictionary<string, string>());
        Assert.Empty(read.Diagnostics);
        return Assert.IsType<T>(Assert.Single(read.Statements));
    }
}
