using Smelt.DuckDb;

namespace Smelt.Engine.Tests;

public sealed class StreamedRowTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 1));
    private readonly DuckDbConnection _connection;

    public StreamedRowTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Theory]
    [InlineData("12345678901234567890.10::DECIMAL(38,2)", "\"12345678901234567890.10\"")]
    [InlineData("'\\xAA\\x00'::BLOB", "\"qgA=\"")]
    [InlineData("'infinity'::DOUBLE", "\"inf\"")]
    [InlineData("0.1::DOUBLE", "0.1")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("'a \"b\" ü'", "\"a \\\"b\\\" ü\"")]
    [InlineData("NULL::DECIMAL(10,2)", "null")]
    [InlineData("{'d': 1.50::DECIMAL(10,2), 'l': [0.5::DECIMAL(3,1), NULL]}", "{\"d\":\"1.50\",\"l\":[\"0.5\",null]}")]
    [InlineData("NULL::STRUCT(d DECIMAL(10,2))", "null")]
    [InlineData("TIMESTAMPTZ '2025-01-15 08:00:00.000001+00'", "\"2025-01-15 08:00:00.000001+00\"")]
    public void Every_value_can_be_read_back_from_the_rows_json(string sql, string expected)
    {
        using var described = _connection.Query($"SELECT {{'v': {sql}}} AS r LIMIT 0");
        var type = described.Columns[0].Type;
        described.Dispose();
        Assert.Equal($"{{\"v\":{expected}}}", _connection.Scalar($"SELECT {StreamedRow.ToJson("r", type)} FROM (SELECT {{'v': {sql}}} AS r)"));
    }

    [Theory]
    [InlineData("orders", "orders")]
    [InlineData("Orders", "orders")]
    [InlineData("../escape", "%2E.%2Fescape")]
    [InlineData("a b/ü", "a%20b%2F%C3%BC")]
    [InlineData(".hidden", "%2Ehidden")]
    public void A_datasets_folder_never_leaves_its_layer(string name, string folder) => Assert.Equal(folder, LakeLayout.Escape(name));
}
