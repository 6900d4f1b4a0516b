using System.Text;

namespace Smelt.Connectors.Tests;

public class JsonTests
{
    static SourceFolder With(string text, params (string, object?)[] options) => With(Encoding.UTF8.GetBytes(text), options);

    static SourceFolder With(byte[] bytes, params (string, object?)[] options)
    {
        var folder = new SourceFolder();
        folder.Write("in/1.json", bytes);
        Assert.True(folder.Next("in/*.json", options));
        return folder;
    }

    [Fact]
    public void Types_are_JSONs_own_and_strings_stay_strings()
    {
        using var f = With("""
            {"id":1,"day":"2022-03-01","ok":true,"x":1.5,"tags":["a","b"],"who":{"name":"é","age":3},"none":null}
            {"id":2,"who":{"age":null,"city":"Ü\u00fc\n"},"tags":[]}
            """);
        Assert.Equal(["id BIGINT", "day VARCHAR", "ok BOOLEAN", "x DOUBLE", "tags VARCHAR[]", "who STRUCT(\"name\" VARCHAR, \"age\" BIGINT, \"city\" VARCHAR)"],
            f.Schema!.Columns.Select(c => c.Name + " " + c.Type));
        Assert.Equal([[1L, "2022-03-01", true, 1.5, "a", "é", 3L, null, 0L], [2L, null, null, null, null, null, null, "Üü\n", 0L]],
            f.Rows("SELECT id, day, ok, x, tags[1], who.name, who.age, who.city, count(_rescued_data) OVER () FROM input ORDER BY id"));
    }

    [Fact]
    public void A_number_that_no_double_gives_back_is_kept_exactly()
    {
        using var f = With("{\"n\":12345678901234567.89,\"d\":0.1,\"js\":-122.41941550000001,\"big\":123456789012345678901234567890}\n");
        Assert.Equal(["DECIMAL(38,2)", "DOUBLE", "DOUBLE", "DECIMAL(38,0)"], f.Schema!.Columns.Select(c => c.Type.ToString()));
        Assert.Equal("12345678901234567.89 0.1 -122.41941550000001 123456789012345678901234567890", f.Text("SELECT n || ' ' || d || ' ' || js || ' ' || big FROM input"));
    }

    [Fact]
    public void A_number_that_the_tables_type_does_not_hold_is_rescued_with_its_text()
    {
        using var f = With("{\"d\":0.5,\"i\":1}\n");
        f.Write("in/2.json", "{\"d\":12345678901234567.89,\"i\":1.5}\n{\"d\":1e400,\"i\":9223372036854775808}\n{\"d\":2,\"i\":3.0}\n{\"d\":\"x\",\"i\":\"4\"}\n");
        f.Next("in/*.json");
        Assert.Equal([["12345678901234567.89", "1.5", null, null], ["1e400", "9223372036854775808", null, null], [null, null, 2.0, 3L], ["\"x\"", null, null, 4L]],
            f.Rows("SELECT _rescued_data->>'d', _rescued_data->>'i', d, i FROM input"));
    }

    [Fact]
    public void A_malformed_line_is_rescued_whole_and_no_other_line_with_it()
    {
        using var f = With("{\"a\":1}\n{\"a\":2,\"b\":[1,{\"c\":tru}]\n[1,2]\n\n{\"a\":3}\n{\"a\":4}x\n{\"a\":01}");
        Assert.Equal(["a"], f.Schema!.Columns.Select(c => c.Name));
        Assert.Equal([["[1,2]"], ["{\"a\":01}"], ["{\"a\":2,\"b\":[1,{\"c\":tru}]"], ["{\"a\":4}x"]],
            f.Rows("SELECT _rescued_data->>'_line' AS l FROM input WHERE _rescued_data IS NOT NULL ORDER BY l"));
        Assert.Equal([[1L], [3L]], f.Rows("SELECT a FROM input WHERE _rescued_data IS NULL ORDER BY a"));
    }

    [Fact]
    public void Of_keys_that_differ_by_case_and_of_repeated_keys_the_second_is_rescued()
    {
        using var f = With("{\"a\":1,\"A\":2,\"a\":3}\n{\"A\":4}\n");
        Assert.Equal(["a"], f.Schema!.Columns.Select(c => c.Name));
        Assert.Equal([[1L, "2", "3"], [null, "4", null]], f.Rows("SELECT a, _rescued_data->>'A', json_extract_string(_rescued_data, '$.a') FROM input ORDER BY a NULLS LAST"));
    }

    [Fact]
    public void A_column_null_on_day_1_and_a_struct_on_day_2_comes_with_its_first_value()
    {
        using var f = With("{\"id\":1,\"who\":null}\n");
        Assert.Equal(["id"], f.Schema!.Columns.Select(c => c.Name));
        Assert.Equal(0, f.Count("_rescued_data IS NOT NULL"));
        f.Write("in/2.json", "{\"id\":2,\"who\":{\"name\":\"x\"}}\n");
        f.Next("in/*.json");
        Assert.Equal(["who"], f.Schema!.Columns.Where(c => c.IsNew).Select(c => c.Name));
        Assert.Equal("x", f.Text("SELECT who.name FROM input"));
        f.Write("in/3.json", "{\"id\":3,\"who\":{\"Name\":\"z\",\"name\":\"y\",\"items\":[{\"n\":1}]}}\n{\"id\":4,\"who\":\"nobody\"}\n");
        f.Next("in/*.json");
        Assert.Equal(["who"], f.Schema!.Columns.Where(c => c.IsEvolved).Select(c => c.Name));
        Assert.Equal([[3L, "y", 1L, "\"z\"", null], [4L, null, null, null, "\"nobody\""]],
            f.Rows("SELECT id, who.name, who.items[1].n, json_extract_string(_rescued_data, '$.\"who.Name\"'), json_extract_string(_rescued_data, '$.who') FROM input ORDER BY id"));
    }

    [Fact]
    public void Values_of_different_kinds_are_kept_as_text()
    {
        using var f = With("{\"v\":1,\"w\":{\"x\": 1.50}}\n{\"v\":\"s\",\"w\":[1, 2]}\n{\"v\":true}\n");
        Assert.Equal([["1", "{\"x\": 1.50}"], ["s", "[1, 2]"], ["true", null]], f.Rows("SELECT v, w FROM input"));
    }

    [Fact]
    public void Lists_of_structs_keep_nulls_and_what_does_not_fit_names_its_place()
    {
        using var f = With("{\"l\":[{\"p\":1},null,{\"q\":\"x\"}]}\n");
        f.Write("in/2.json", "{\"l\":[{\"p\":7},{\"p\":\"no\"}]}\n");
        f.Next("in/*.json");
        Assert.Equal([[7L, null, "\"no\""]], f.Rows("SELECT l[1].p, l[2].p, json_extract_string(_rescued_data, '$.\"l[1].p\"') FROM input"));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_rescued_as_written()
    {
        using var f = With("{\"a\":\"x\\ud83dy\",\"b\":\"\\ud83d\\ude00\"}\n");
        Assert.Equal([[null, "😀", "\"x\\ud83dy\""]], f.Rows("SELECT a, b, _rescued_data->>'a' FROM input"));
    }

    [Theory]
    [InlineData("[{\"a\":1},\n {\"a\":\n2}\n]")]
    [InlineData("{\"a\":1}\n{\n\"a\":2}\n")]
    [InlineData("[{\"a\":1}][{\"a\":2}]")]
    public void Documents_and_arrays_over_lines_are_rows(string text)
    {
        using var f = With(text, ("multiLine", true));
        Assert.Equal([[1L, null], [2L, null]], f.Rows("SELECT a, _rescued_data FROM input ORDER BY a"));
    }

    [Fact]
    public void A_damaged_array_gives_its_elements_and_then_the_rest_whole()
    {
        using var f = With("[{\"a\":1},\n{\"a\":2} {\"a\":3}]\nx", ("multiLine", true));
        Assert.Equal([[1L], [2L]], f.Rows("SELECT a FROM input WHERE a IS NOT NULL ORDER BY a"));
        Assert.Equal(" {\"a\":3}]\nx", f.Text("SELECT _rescued_data->>'_line' FROM input WHERE a IS NULL"));
    }

    [Fact]
    public void A_document_larger_than_the_first_window_is_one_row()
    {
        var text = new string('y', 900_000);
        using var f = With($"[{{\"a\":\"{text}\"}},{{\"a\":\"z\"}}]", ("multiLine", true));
        Assert.Equal([["z"], [text]], f.Rows("SELECT a FROM input ORDER BY length(a)"));
    }

    [Fact]
    public void Hints_and_maps_are_read()
    {
        using var f = With("{\"id\":\"7\",\"m\":{\"a\":1,\"b\":null,\"a\":2},\"t\":\"2022-03-01T10:00:00Z\"}\n", ("schemaHints", "id BIGINT, m MAP<STRING, INT>, t TIMESTAMP_LTZ"));
        Assert.Equal([[7L, 1, 2L, "2022-03-01 10:00:00+00", "2"]], f.Rows("SELECT id, m['a'], cardinality(m)::BIGINT, t::VARCHAR, json_extract_string(_rescued_data, '$.\"m.a\"') FROM input"));
    }

    [Fact]
    public void Deep_nesting_breaks_a_line_and_not_the_program()
    {
        using var f = With("{\"a\":" + new string('[', 100_000) + "\n{\"b\":1}\n");
        Assert.Equal(1, f.Count("b = 1"));
        Assert.Equal(1, f.Count("_rescued_data IS NOT NULL"));
    }

    [Fact]
    public void Chunks_of_nested_rows_keep_their_places()
    {
        var lines = Enumerable.Range(0, 10_000).Select(i => $"{{\"i\":{i},\"l\":[{string.Join(',', Enumerable.Repeat($"{{\"n\":{i},\"t\":\"text number {i}\"}}", i % 4))}]}}");
        using var f = With(string.Join('\n', lines));
        Assert.Equal(0, f.Count("len(l) <> i % 4 OR len(list_filter(l, x -> x.n <> i OR x.t <> 'text number ' || i)) > 0"));
        Assert.Equal(10_000, f.Count());
    }
}
