using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>Full extracts: of files, of folders, of a table that is replaced; their order, and what is wrong in them.</summary>
public sealed class ExtractTests
{
    private static PipelineFolder Staff(string source, string clauses) => new PipelineFolder().Write("silver/staff.sql", $"""
        CREATE STREAMING TABLE silver.staff TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true');
        CREATE FLOW extracts AS AUTO CDC INTO silver.staff FROM SNAPSHOT {source} KEYS (id) {clauses}
        """);

    [Theory]
    [InlineData("one by one")]
    [InlineData("at once")]
    [InlineData("two and one")]
    public void Extracts_give_the_same_history_however_many_come_at_once(string how)
    {
        string[] extracts = ["id,name\n1,Ann\n2,Bob\n3,Cid\n", "id,name\n1,Ann\n3,Cyd\n4,Dan\n", "id,name\n2,Bob\n3,Cyd\n4,Dan\n", "id,name\n2,Bob\n3,Cyd\n4,Don\n"];
        using var folder = Staff("read_files('landing', format => 'csv')", "STORED AS SCD TYPE 2");
        using var current = Staff("read_files('landing', format => 'csv')", "");
        for (var i = 0; i < extracts.Length; i++)
        {
            foreach (var pipeline in new[] { folder, current })
            {
                pipeline.Write($"landing/2025-0{i + 1}.csv", extracts[i]);
                if (how == "one by one" || (how == "two and one" && i != 0 && i != 1) || i == extracts.Length - 1) LocalUpdate.Run(pipeline.Path);
            }
        }
        Assert.Equal(["1 Ann 2025-01 2025-03", "2 Bob 2025-01 2025-02", "2 Bob 2025-03 NULL", "3 Cid 2025-01 2025-02", "3 Cyd 2025-02 NULL", "4 Dan 2025-02 2025-04", "4 Don 2025-04 NULL"], Versions(folder));
        Assert.Equal(["2 Bob", "3 Cyd", "4 Don"], Current(current));
        using var lake = new OpenLake(current.Path);
        _ = AnyOrderTests.Told(lake, "silver.staff");
    }

    [Fact]
    public void The_files_of_a_folder_are_one_extract_and_one_without_rows_deletes_nothing()
    {
        using var folder = Staff("read_files('landing', format => 'csv', recursive => true)", "STORED AS SCD TYPE 2");
        folder.Write("landing/monday/a.csv", "id,name\n1,Ann\n").Write("landing/monday/b.csv", "id,name\n2,Bob\n");
        folder.Write("landing/tuesday/a.csv", "id,name\n1,Ann\n2,Bill\n2,Bob\n").Write("landing/wednesday/a.csv", "id,name\n");
        var made = LocalUpdate.Run(folder.Path).Made("silver.staff");
        Assert.Contains(made.Notes, static n => n.StartsWith("1 rows of extracts had the key of another row", StringComparison.Ordinal));
        Assert.Equal(["1 Ann monday NULL", "2 Bob monday NULL"], Versions(folder));
    }

    [Fact]
    public void An_extract_that_is_older_than_one_applied_stops_the_flow_and_a_full_refresh_applies_all()
    {
        using var folder = Staff("read_files('landing', format => 'csv')", "STORED AS SCD TYPE 2");
        LocalUpdate.Run(folder.Write("landing/b.csv", "id,name\n1,Ann\n").Path);
        folder.Write("landing/a.csv", "id,name\n1,Anne\n");
        Assert.Contains("The extract a of silver.staff came after b", LocalUpdate.TryRun(folder.Path).Failed("silver.staff", EngineCodes.ExtractOutOfOrder));
        LocalUpdate.Run(folder.Path, null, "silver.staff");
        Assert.Equal(["1 Ann b NULL", "1 Anne a b"], Versions(folder));
    }

    [Fact]
    public void A_column_may_say_which_extract_a_row_is_of()
    {
        using var folder = Staff("read_files('landing', format => 'csv', schema => 'id BIGINT, name VARCHAR, day DATE')", "SEQUENCE BY day COLUMNS id, name STORED AS SCD TYPE 2");
        LocalUpdate.Run(folder.Write("landing/x.csv", "id,name,day\n1,Ann,2025-01-02\n2,Bob,2025-01-02\n").Write("landing/y.csv", "id,name,day\n1,Ann,2025-01-01\n3,Cid,2025-01-01\n").Path);
        Assert.Equal(["1 Ann 2025-01-01 NULL", "2 Bob 2025-01-02 NULL", "3 Cid 2025-01-01 2025-01-02"], Versions(folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("STORED AS SCD TYPE 2 TRACK HISTORY ON name")]
    public void A_table_that_is_replaced_is_an_extract_at_each_update(string clauses)
    {
        using var folder = Staff("bronze.staff", clauses).Write("bronze/staff.sql", "SELECT id, name, age FROM read_files('landing', format => 'csv')");
        LocalUpdate.Run(folder.Write("landing/a.csv", "id,name,age\n1,Ann,30\n2,Bob,40\n").Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        LocalUpdate.Run(folder.Write("landing/a.csv", "id,name,age\n1,Ann,31\n3,Cid,20\n").Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        Assert.Equal(["1 Ann 31", "3 Cid 20"], clauses.Length == 0 ? Texts(folder, "concat_ws(' ', id, name, age)", "") : Texts(folder, "concat_ws(' ', id, name, age)", "WHERE __END_AT IS NULL"));
        if (clauses.Length > 0) Assert.Equal(["2 Bob 40"], Texts(folder, "concat_ws(' ', id, name, age)", "WHERE __END_AT > __START_AT"));
    }

    private static List<string> Versions(PipelineFolder folder) => Texts(folder, "concat_ws(' ', id, name, __START_AT, coalesce(__END_AT::VARCHAR, 'NULL'))", "");

    private static List<string> Current(PipelineFolder folder) => Texts(folder, "concat_ws(' ', id, name)", "");

    private static List<string> Texts(PipelineFolder folder, string sql, string where)
    {
        using var lake = new OpenLake(folder.Path);
        return [.. lake.Rows($"SELECT {sql} FROM silver.staff {where}").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal)];
    }
}
