namespace Smelt.Connectors.Tests;

public class ParquetTests
{
    static void Copy(SourceFolder f, string sql, string name)
    {
        Directory.CreateDirectory(Path.Combine(f.Path, "in"));
        f.Connection.Execute($"COPY ({sql}) TO '{f.Path}/in/{name}' (FORMAT parquet)");
    }

    [Fact]
    public void Files_whose_types_differ_are_brought_to_one_type_and_what_is_not_exact_is_rescued()
    {
        using var f = new SourceFolder();
        Copy(f, "SELECT 1::BIGINT AS id, 9007199254740993::BIGINT AS n, 'x' AS s", "1.parquet");
        Copy(f, "SELECT 0.5::DOUBLE AS n, 2::INTEGER AS ID, {'a': 1} AS st", "2[x]*.parquet");
        f.Next("in");
        Assert.Equal(["id BIGINT", "n DOUBLE", "s VARCHAR", "st STRUCT(\"a\" INTEGER)"], f.Schema!.Columns.Select(c => $"{c.Name} {c.Type}"));
        f.Bind(SourceFolder.Options("in") with { Metadata = new() { SourceLine = "line" } });
        Assert.Equal([[1L, null, "x", null, "9007199254740993", "in/1.parquet", 1L], [2L, 0.5, null, 1, null, "in/2[x]*.parquet", 1L]],
            f.Rows("SELECT id, n, s, st.a, _rescued_data->>'n', _source_file, line FROM input ORDER BY id"));
        Copy(f, "SELECT 1.5 AS id, {'a': 3, 'b': 'new'} AS st, 'kept' AS _source_file", "3.parquet");
        f.Next("in");
        Assert.Equal(["st"], f.Schema!.Columns.Where(c => c.IsEvolved).Select(c => c.Name));
        Assert.Equal([[null, "1.5", "new", "kept", "in/3.parquet"]], f.Rows("SELECT id, _rescued_data->>'id', st.b, _source_file_1, _source_file FROM input"));
    }

    [Fact]
    public void A_file_that_is_not_Parquet_fails_by_its_name()
    {
        using var f = new SourceFolder();
        f.Write("in/a.parquet", "PAR1 not really");
        var e = Assert.Throws<FileSourceException>(() => f.Next("in"));
        Assert.Equal(FileFault.NotParquet, e.Fault);
        Assert.Contains("in/a.parquet", e.Message, StringComparison.Ordinal);
    }
}
