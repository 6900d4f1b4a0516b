using System.Text;

namespace Smelt.Connectors.Tests;

public class CsvTests
{
    static SourceFolder With(string text, params (string, object?)[] options) => With(Encoding.UTF8.GetBytes(text), options);

    static SourceFolder With(byte[] bytes, params (string, object?)[] options)
    {
        var folder = new SourceFolder();
        folder.Write("in/a.csv", bytes);
        Assert.True(folder.Next("in/*.csv", options));
        return folder;
    }

    [Fact]
    public void Fields_arrive_as_text_exactly_and_empty_is_null_but_quoted_empty_is_not()
    {
        using var f = With("zip,name,note\n04726, x ,\"\"\n70740,\"say \"\"hi\"\"\",\n");
        Assert.Equal(["zip", "name", "note"], f.Schema!.Columns.Select(c => c.Name));
        var rows = f.Rows("SELECT zip, name, note, _rescued_data, _source_file FROM input ORDER BY zip");
        Assert.Equal(["04726", " x ", "", null, "in/a.csv"], rows[0]);
        Assert.Equal(["70740", "say \"hi\"", null, null, "in/a.csv"], rows[1]);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Every_line_end_ends_a_record_and_quoted_fields_hold_them(string end)
    {
        using var f = With($"\uFEFFa,b{end}1,\"x{end}y\"{end}2,z{end}{end}");
        Assert.Equal([["1", $"x{end}y"], ["2", "z"]], f.Rows("SELECT a, b FROM input ORDER BY a"));
        Assert.Equal(0, f.Count("_rescued_data IS NOT NULL"));
    }

    [Fact]
    public void The_last_line_needs_no_end_and_a_last_delimiter_gives_an_empty_field()
    {
        using var f = With("a,b\n1,2\n3,");
        Assert.Equal([["1", "2"], ["3", null]], f.Rows("SELECT a, b FROM input ORDER BY a"));
    }

    [Fact]
    public void Too_many_fields_break_a_line_and_too_few_leave_nulls()
    {
        using var f = With("a,b\n1,2,3\n4\n5,6\n");
        Assert.Equal("1,2,3", f.Text("SELECT _rescued_data->>'_line' FROM input WHERE _rescued_data IS NOT NULL"));
        Assert.Equal([[null, null], ["4", null], ["5", "6"]], f.Rows("SELECT a, b FROM input ORDER BY a NULLS FIRST"));
    }

    [Fact]
    public void A_quote_that_is_never_closed_breaks_its_own_line_only()
    {
        using var f = With("a,b\n1,\"open\n2,x\n3,y\n");
        Assert.Equal("1,\"open", f.Text("SELECT _rescued_data->>'_line' FROM input WHERE _rescued_data IS NOT NULL"));
        Assert.Equal(2, f.Count("_rescued_data IS NULL"));
    }

    [Fact]
    public void Text_after_a_closing_quote_breaks_its_own_line_only()
    {
        using var f = With("a,b\n\"1\"x,2\n3,\"y\nz\"\n");
        Assert.Equal("\"1\"x,2", f.Text("SELECT _rescued_data->>'_line' FROM input WHERE a IS NULL"));
        Assert.Equal("y\nz", f.Text("SELECT b FROM input WHERE a = '3'"));
    }

    [Fact]
    public void Undecodable_bytes_come_back_from_base64()
    {
        byte[] line = [(byte)'1', (byte)',', 0xC3, 0x28, 0xFF];
        using var f = With([.. "a,b\n"u8, .. line, .. "\n2,ok\n"u8]);
        Assert.Equal(line, (byte[])f.Connection.Scalar("SELECT from_base64(_rescued_data->>'_line_base64') FROM input WHERE a IS NULL")!);
        Assert.Equal("in/a.csv", f.Text("SELECT _rescued_data->>'_file_path' FROM input WHERE a IS NULL"));
        Assert.Equal(1, f.Count("a = '2'"));
    }

    [Fact]
    public void A_lone_surrogate_in_utf_16_comes_back_from_base64()
    {
        var text = Encoding.Unicode.GetBytes("a,b\n1,é😀\n");
        byte[] broken = [(byte)'2', 0, (byte)',', 0, 0x00, 0xD8];
        using var f = With([0xFF, 0xFE, .. text, .. broken, (byte)'\n', 0], ("encoding", "utf-16le"));
        Assert.Equal("é😀", f.Text("SELECT b FROM input WHERE a = '1'"));
        Assert.Equal(broken, (byte[])f.Connection.Scalar("SELECT from_base64(_rescued_data->>'_line_base64') FROM input WHERE a IS NULL")!);
    }

    [Theory]
    [InlineData("iso-8859-1", "Ã©\u0080")]
    [InlineData("windows-1252", "Ã©€")]
    public void Single_byte_encodings_are_decoded(string encoding, string expected)
    {
        using var f = With([(byte)'a', (byte)'\n', 0xC3, 0xA9, 0x80], ("encoding", encoding));
        Assert.Equal(expected, f.Text("SELECT a FROM input"));
    }

    [Fact]
    public void A_utf_16_mark_without_the_option_fails_by_the_files_name()
    {
        using var f = new SourceFolder();
        f.Write("in/a.csv", [0xFF, 0xFE, 0x61, 0x00]);
        var e = Assert.Throws<FileSourceException>(() => f.Next("in"));
        Assert.Equal(FileFault.BadEncoding, e.Fault);
        Assert.Contains("in/a.csv", e.Message, StringComparison.Ordinal);
        Assert.Contains("utf-16le", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_dialect_is_as_the_options_say()
    {
        using var f = With("junk\nmore junk\na;b\n#skip;me\n'x\\'y;z';?\n'q''q';1\n", ("sep", ";"), ("quote", "'"), ("escape", "\\"), ("comment", "#"), ("nullValue", "?"), ("skipRows", 2L));
        Assert.Equal([["q'q", "1"], ["x'y;z", null]], f.Rows("SELECT a, b FROM input ORDER BY a"));
    }

    [Fact]
    public void Without_a_header_columns_are_named_by_place()
    {
        using var f = With("1,\"b,c\n2,x\n3,y\n", ("header", false));
        Assert.Equal(["_c0", "_c1"], f.Schema!.Columns.Select(c => c.Name));
        Assert.Equal([["2", "x"], ["3", "y"]], f.Rows("SELECT _c0, _c1 FROM input WHERE _rescued_data IS NULL ORDER BY 1"));
        Assert.Equal("1,\"b,c", f.Text("SELECT _rescued_data->>'_line' FROM input WHERE _rescued_data IS NOT NULL"));
    }

    [Fact]
    public void Header_names_are_made_unique_without_case_and_apart_from_metadata()
    {
        using var f = With("a,A,,a_1,_source_file\n1,2,3,4,5\n");
        Assert.Equal(["a", "A_2", "_c2", "a_1", "_source_file_1"], f.Schema!.Columns.Select(c => c.Name));
    }

    [Fact]
    public void Columns_are_matched_by_name_over_files_with_different_headers()
    {
        using var f = new SourceFolder();
        f.Write("in/1.csv", "a,b\n1,2\n");
        f.Write("in/2.csv", "B,c,a\n20,30,10\n");
        f.Write("in/3.csv", "c\n300\n");
        f.Next("in/*.csv");
        Assert.Equal([["1", "2", null], ["10", "20", "30"], [null, null, "300"]], f.Rows("SELECT a, b, c FROM input ORDER BY _source_file"));
        f.Write("in/4.csv", "d\n4\n");
        f.Next("in/*.csv");
        Assert.Equal(["a", "b", "c"], f.Schema!.Missing);
        Assert.Equal(["d"], f.Schema.Columns.Where(c => c.IsNew).Select(c => c.Name));
    }

    [Fact]
    public void Inferred_types_are_exact_and_what_does_not_fit_later_is_rescued_byte_for_byte()
    {
        using var f = new SourceFolder();
        f.Write("in/1.csv", "zip,price,day,at,ok,tz\n70740,1.10,2022-03-01,2022-03-01 09:00:00,true,2022-03-01T09:00:00+02:00\n12345,123456789012.25,2022-03-02,2022-03-01T10:00:00.5,false,2022-03-01T09:00:00Z\n");
        f.Next("in", ("inferColumnTypes", true));
        Assert.Equal(["BIGINT", "DECIMAL(18,2)", "DATE", "TIMESTAMP", "BOOLEAN", "TIMESTAMP WITH TIME ZONE"], f.Schema!.Columns.Select(c => c.Type.ToString()));
        Assert.Equal("123456789012.25|2022-03-01 10:00:00.5|2022-03-01 07:00:00+00",
            f.Text("SELECT max(price)::VARCHAR || '|' || max(\"at\")::VARCHAR || '|' || min(tz)::VARCHAR FROM input"));
        f.Write("in/2.csv", "zip,price,day,at,ok,tz\n04726,1.105,2022-02-30,x,yes,2022-03-01\n");
        f.Next("in", ("inferColumnTypes", true));
        Assert.Equal([[null, "04726", "1.105", "2022-02-30", "x", "yes", "2022-03-01", "in/2.csv"]],
            f.Rows("SELECT zip, _rescued_data->>'zip', _rescued_data->>'price', _rescued_data->>'day', _rescued_data->>'at', _rescued_data->>'ok', _rescued_data->>'tz', _rescued_data->>'_file_path' FROM input"));
    }

    [Fact]
    public void A_leading_zero_in_the_first_batch_keeps_the_column_text()
    {
        using var f = With("zip,n\n70740,12345678901234567890\n04726,1\n", ("inferColumnTypes", true));
        Assert.Equal("VARCHAR", f.TypeOf("zip"));
        Assert.Equal("DECIMAL(38,0)", f.TypeOf("n"));
    }

    [Fact]
    public void Hints_set_single_types_and_a_schema_sets_all()
    {
        using var f = With("a,b,c\n1,2.5,x\n007,,y\n", ("schemaHints", "a INT, b DECIMAL(10, 2), z STRING"));
        Assert.Equal(["INTEGER", "DECIMAL(10,2)", "VARCHAR", "VARCHAR"], f.Schema!.Columns.Select(c => c.Type.ToString()));
        Assert.Equal("007", f.Text("SELECT _rescued_data->>'a' FROM input WHERE a IS NULL"));
        f.Forget();
        f.Known = null;
        f.Next("in/*.csv", ("schema", "c STRING, a BIGINT"));
        Assert.Equal("2.5", f.Text("SELECT _rescued_data->>'b' FROM input WHERE c = 'x'"));
    }

    [Fact]
    public void Lines_are_numbered_as_editors_do()
    {
        using var f = With("a,b\n1,\"x\ny\"\n\n2,z\n3,\"\n");
        f.Bind(SourceFolder.Options("in/*.csv") with { Metadata = new() { SourceLine = "_source_line" } });
        Assert.Equal([["1", 2L], ["2", 5L], [null, 6L]], f.Rows("SELECT a, _source_line FROM input ORDER BY _source_line"));
    }

    [Fact]
    public void A_record_beyond_the_limit_is_broken_and_the_next_line_is_read()
    {
        var huge = new string('x', 600_000);
        using var f = With($"a,b\n{huge},1\n2,3\n\"{huge},\n4,5\n", ("maxRecordBytes", 1024L));
        Assert.Equal([["2", "3"], ["4", "5"]], f.Rows("SELECT a, b FROM input WHERE _rescued_data IS NULL ORDER BY a"));
        Assert.Equal(huge + ",1\"" + huge + ",", f.Text("SELECT string_agg(_rescued_data->>'_line', '') FROM input WHERE _rescued_data IS NOT NULL"));
    }
}
