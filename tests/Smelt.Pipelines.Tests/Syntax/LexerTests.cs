using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Tests.Syntax;

public class LexerTests
{
    [Theory]
    [InlineData("a_1 \"b \"\" c\" 'd '' e' E'f \\' g'", "Word Quoted Text Text")]
    [InlineData("$$ it's; $1 -- no $$ $t$ $$ $t$ $1 $name ?", "Dollar Dollar Parameter Parameter Parameter")]
    [InlineData("-- c ; ' \n/* a /* ; */ ' */ x", "Word")]
    [InlineData("1 1.5 .5 1e-3 1_000 0xFF 1.e5", "Number Number Number Number Number Number Number")]
    [InlineData("a::int<=b", "Word Symbol Symbol Word Symbol Symbol Word")]
    [InlineData("${v} a_${v} a$b", "Variable Word Variable Word")]
    [InlineData("tür x'00'", "Word Text")]
    [InlineData("delta.`/a -- 'b``c` ` x", "Word Symbol BackQuoted Symbol Word")]
    [InlineData("'open", "Unclosed")]
    [InlineData("/* /* */", "Unclosed")]
    public void Tokens_are_DuckDB_s(string text, string kinds) =>
        Assert.Equal(kinds, string.Join(' ', Lexer.Read(text).Select(t => t.Kind.ToString().Replace("Identifier", "").Replace("DollarText", "Dollar"))));

    private static SourceText Source(string raw, params (string, string)[] values) =>
        SourceText.Read("f.sql", raw, new VariableScope(values.ToDictionary(v => v.Item1, v => v.Item2)));

    [Theory]
    [InlineData("SELECT ${x}", "SELECT it's")]
    [InlineData("SELECT '${x}'", "SELECT 'it''s'")]
    [InlineData("SELECT E'${x}'", "SELECT E'it''s'")]
    [InlineData("SELECT \"${x}\"", "SELECT \"it's\"")]
    [InlineData("SELECT '$${x}'", "SELECT '${x}'")]
    [InlineData("SELECT $$ ${x} $$, $t$${x}$t$ -- ${x}\n/* ${x} */", "SELECT $$ ${x} $$, $t$${x}$t$ -- ${x}\n/* ${x} */")]
    [InlineData("FROM a_${x}.b", "FROM a_it's.b")]
    public void Variables_are_substituted_in_code_and_quotes_only(string raw, string expected) => Assert.Equal(expected, Source(raw, ("x", "it's")).Text);

    [Theory]
    [InlineData("FROM STREAM delta.`/data/o` AS o", "FROM STREAM read_delta('/data/o') AS o")]
    [InlineData("FROM STREAM(Delta.`${x}/a``b`)", "FROM STREAM(read_delta('it''s/a`b'))")]
    [InlineData("SELECT '`', delta.a, `delta` -- delta.`x`", "SELECT '`', delta.a, `delta` -- delta.`x`")]
    public void A_table_by_its_path_as_Spark_writes_it_is_a_call(string raw, string expected) => Assert.Equal(expected, Source(raw, ("x", "it's")).Text);

    [Fact]
    public void A_position_after_a_path_is_the_file_s_own()
    {
        var source = Source("SELECT a, b FROM STREAM delta.`/data/${x}`\nWHERE c", ("x", "orders"));
        Assert.Equal(new FilePosition(2, 7), source.Position(source.Text.IndexOf("WHERE", StringComparison.Ordinal) + 6));
        Assert.Equal(new FilePosition(1, 25), source.Position(source.Text.IndexOf("read_delta", StringComparison.Ordinal)));
        Assert.Equal(new FilePosition(1, 11), source.Position(source.Text.IndexOf("b FROM", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_position_after_a_variable_is_the_file_s_own()
    {
        var source = Source("SELECT 'ü😀', ${long},\n  ${long} x", ("long", "a_very_long_expression"));
        Assert.Equal(new FilePosition(2, 11), source.Position(source.Text.IndexOf(" x", StringComparison.Ordinal) + 1));
        Assert.Equal(new FilePosition(1, 14), source.Position(source.Text.IndexOf("a_very", StringComparison.Ordinal) + 5));
    }

    private static QueryMask Mask(string sql)
    {
        var tokens = Lexer.Read(sql);
        return QueryMask.Of(sql, tokens, 0..tokens.Count);
    }

    [Theory]
    [InlineData("FROM STREAM orders", "FROM        orders", 12)]
    [InlineData("FROM STREAM(bronze.orders) o", "FROM        bronze.orders  o", 12)]
    [InlineData("FROM a JOIN stream \"x\" s ON true", "FROM a JOIN        \"x\" s ON true", 19)]
    [InlineData("FROM STREAM(read_files('x', a => 1))", "FROM        read_files('x', a => 1) ", 12)]
    [InlineData("FROM STREAM LIVE.orders", "FROM             orders", 17)]
    [InlineData("FROM a, STREAM b", "FROM a,        b", 15)]
    public void The_word_STREAM_is_blanked_and_remembered(string sql, string masked, int target)
    {
        var mask = Mask(sql);
        Assert.Equal(masked, mask.Text);
        Assert.Equal(target, Assert.Single(mask.Streams).Key);
    }

    [Theory]
    [InlineData("SELECT stream FROM \"stream\"")]
    [InlineData("SELECT a, stream s FROM t")]
    [InlineData("FROM stream")]
    [InlineData("FROM stream WHERE stream.a = 1")]
    [InlineData("FROM stream AS s")]
    [InlineData("FROM silver.stream x")]
    [InlineData("SELECT extract(year FROM stream) FROM t")]
    [InlineData("SELECT substring(a FROM stream FOR 3) FROM t")]
    public void A_table_or_column_called_stream_is_left_alone(string sql)
    {
        Assert.Empty(Mask(sql).Streams);
        Assert.Equal(sql, Mask(sql).Text);
    }

    [Theory]
    [InlineData("FROM a.t VERSION AS OF 3 x", "FROM a.t                 x", 3L, null)]
    [InlineData("FROM t TIMESTAMP AS OF '2024-01-01'", "FROM t                             ", null, "2024-01-01")]
    [InlineData("FROM t FOR VERSION AS OF 3", "FROM t                    ", 3L, null)]
    [InlineData("FROM t AT (VERSION => 3)", "FROM t                  ", 3L, null)]
    public void A_version_is_blanked_and_remembered(string sql, string masked, long? version, string? timestamp)
    {
        var mask = Mask(sql);
        Assert.Equal(masked, mask.Text);
        Assert.Equal(new TableVersion(version, timestamp), mask.Versions[5]);
    }
}
