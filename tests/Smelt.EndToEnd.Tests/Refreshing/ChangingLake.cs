using Smelt.Lake;

namespace Smelt.EndToEnd.Tests;

/// <summary>Three tables that another writer changes at random, and views over them of every kind.</summary>
internal sealed class ChangingLake : IDisposable
{
    private readonly Random _random;
    private int _next = 1000;

    public ChangingLake(int seed, IReadOnlyDictionary<string, string> views, string properties, string viewProperties, string policy = "INCREMENTAL")
    {
        _random = new Random(seed);
        Folder = new PipelineFolder();
        Folder.Write("landing/orders/a.csv", "id,customer_id,status,amount,day\n" + string.Concat(Enumerable.Range(1, 60).Select(Order)));
        Folder.Write("landing/customers/a.csv", "customer_id,region_id,name\n" + string.Concat(Enumerable.Range(1, 12).Select(i => $"{i},{(i % 4 == 0 ? "" : (i % 3).ToString())},name{i % 5}\n")));
        Folder.Write("landing/regions/a.csv", "region_id,region\n0,north\n1,south\n2,east\n");
        Source("orders", "id::BIGINT AS id, customer_id::BIGINT AS customer_id, status, amount::DECIMAL(12,2) AS amount, day::DATE AS day", properties);
        Source("customers", "customer_id::BIGINT AS customer_id, region_id::BIGINT AS region_id, name", properties);
        Source("regions", "region_id::BIGINT AS region_id, region", properties);
        Folder.Write("silver/big_orders.sql", "CREATE VIEW big_orders AS SELECT id, customer_id AS customer, amount FROM silver.orders WHERE amount > 30");
        foreach (var (name, sql) in views) Folder.Write($"gold/{name}.sql", $"CREATE MATERIALIZED VIEW {name} REFRESH POLICY {policy} {viewProperties} AS {sql}");
    }

    public PipelineFolder Folder { get; }

    public void Dispose() => Folder.Dispose();

    private void Source(string name, string columns, string properties)
    {
        Folder.Write($"bronze/{name}.sql", $"CREATE STREAMING TABLE {name} AS SELECT * FROM STREAM read_files('landing/{name}', format => 'csv')");
        Folder.Write($"silver/{name}.sql", $"CREATE STREAMING TABLE {name} {properties} AS SELECT {columns} FROM STREAM bronze.{name}");
    }

    private string Order(int id) => $"{id},{(_random.Next(8) == 0 ? "" : _random.Next(1, 15).ToString())},{Status},{_random.Next(0, 90)}.{_random.Next(10, 99)},2024-01-{_random.Next(1, 10):00}\n";

    private string Status => _random.Next(9) == 0 ? "" : new[] { "open", "paid", "sent" }[_random.Next(3)];

    /// <summary>Some changes by another writer; what was done.</summary>
    public string Change()
    {
        using var lake = new OpenLake(Folder.Path);
        return string.Join("; ", Enumerable.Range(0, _random.Next(1, 4)).Select(_ => One(lake)));
    }

    private string One(OpenLake lake)
    {
        switch (_random.Next(12))
        {
            case < 4:
                var rows = string.Join(", ", Enumerable.Range(0, _random.Next(1, 6)).Select(_ =>
                    $"({(_random.Next(5) == 0 ? _random.Next(1, 60) : _next++)}::BIGINT, {(_random.Next(7) == 0 ? "NULL" : _random.Next(1, 15).ToString())}::BIGINT, nullif('{Status}', ''), {_random.Next(0, 90)}.{_random.Next(10, 99)}::DECIMAL(12,2), DATE '2024-01-{_random.Next(1, 12):00}')"));
                return Append(lake, "silver.orders", $"FROM (VALUES {rows}) AS t(id, customer_id, status, amount, day)");
            case 4:
                return Append(lake, "silver.customers", $"SELECT {_random.Next(1, 18)}::BIGINT AS customer_id, {_random.Next(0, 4)}::BIGINT AS region_id, 'name{_random.Next(5)}' AS name");
            case 5:
                return Append(lake, "silver.regions", $"SELECT {_random.Next(0, 5)}::BIGINT AS region_id, 'r{_random.Next(3)}' AS region");
            case 6:
                return Done(lake.Table("silver.orders").DeleteAsync($"id % {_random.Next(9, 23)} = {_random.Next(5)}"), "DELETE orders");
            case 7:
                return Done(lake.Table("silver.orders").UpdateAsync([new Assignment("amount", $"amount + {_random.Next(-3, 4)}"), new Assignment("status", $"nullif('{Status}', '')")], $"id % {_random.Next(11, 31)} = {_random.Next(9)}"), "UPDATE orders");
            case 8:
                return Done(lake.Table("silver.customers").UpdateAsync([new Assignment("region_id", _random.Next(0, 4).ToString())], $"customer_id = {_random.Next(1, 15)}"), "UPDATE customers");
            case 9:
                return Done(lake.Table("silver.customers").DeleteAsync($"customer_id = {_random.Next(1, 18)} AND name <> 'name1'"), "DELETE customers");
            case 10:
                return Done(lake.Table("silver.regions").UpdateAsync([new Assignment("region", $"'r{_random.Next(4)}'")], $"region_id = {_random.Next(0, 4)}"), "UPDATE regions");
            default:
                _ = lake.Table("silver.orders").OptimizeAsync(new OptimizeOptions()).AsTask().Result;
                return "OPTIMIZE orders";
        }
    }

    private static string Append(OpenLake lake, string table, string query)
    {
        lake.Write(table, query);
        return $"append to {table}";
    }

    private static string Done(ValueTask<DmlResult> result, string what)
    {
        Assert.True(result.AsTask().Result is DmlResult.Committed or DmlResult.Unchanged, what);
        return what;
    }
}
