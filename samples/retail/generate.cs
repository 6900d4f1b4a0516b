#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property IsAotCompatible=false
// Writes the sample's landing files: ten days of drops, the same bytes for the same seed.
//   dotnet run --file samples/retail/generate.cs [folder] [seed]
// The data is dirty as real data is: duplicates, nulls, bad dates, mixed case, orphans, late rows, a new column, a broken line.
using System.Globalization;
using System.Text;

var folder = args.Length > 0 ? args[0] : Path.Combine("samples", "retail", "landing");
var random = new Random(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 20250106);
var firstDay = new DateOnly(2025, 1, 6);
const int days = 10, customersAtStart = 60, customersADay = 6, productsAtStart = 40, productsADay = 1, ordersADay = 40;

string[] regions = ["north", "south", "east", "west"];
string[] segments = ["consumer", "corporate", "home office"];
string[] categories = ["Kitchen", "kitchen", "GARDEN", "Garden ", "Toys", "toys", "Books"];
string[] statuses = ["completed", "Completed", "COMPLETED ", "pending", "Pending", "shipped", "Shipped", "cancelled", "Canceled"];
string[] givenNames = ["Ana", "Björn", "Chloé", "Deniz", "Erik", "Fatma", "Grace", "Hugo", "Iris", "Jonas", "Kemal", "Léa", "Mona", "Nils", "Ola", "Petra"];
string[] familyNames = ["Aydın", "Berg", "Costa", "Dupont", "Eriksen", "Fischer", "García", "Hansen", "Ivanov", "Jensen", "Kaya", "Lund", "Meyer", "Novak"];
string[] goods = ["Kettle", "Lamp", "Spade", "Puzzle", "Atlas", "Teapot", "Kite", "Rake", "Novel", "Whisk", "Drum", "Vase"];
string[] colours = ["red", "green", "blue", "plain"];

var customers = new List<Customer>();
var products = new List<Product>();
var lateOrders = new List<(string Order, List<string> Items)>();
int nextOrder = 1000, nextItem = 50000;

for (var day = 0; day < days; day++)
{
    var date = firstDay.AddDays(day);
    WriteCustomers(day, date);
    WriteProducts(day, date);
    WriteOrders(day, date);
}

void WriteCustomers(int day, DateOnly date)
{
    // From the third day on the source has one column more.
    var withPhone = day >= 2;
    var lines = new List<string> { "customer_id,name,email,segment,region,updated_at" + (withPhone ? ",phone" : "") };
    for (var i = 0; i < (day == 0 ? customersAtStart : customersADay); i++)
    {
        var name = $"{Pick(givenNames)} {Pick(familyNames)}";
        var customer = new Customer(customers.Count + 1, name, Email(name, customers.Count + 1), Pick(segments), Pick(regions));
        customers.Add(customer);
        lines.Add(CustomerLine(customer, date, withPhone));
        if (random.Next(12) == 0) lines.Add(lines[^1]);
    }
    for (var i = 0; day > 0 && i < 4; i++)
    {
        var at = random.Next(customers.Count);
        customers[at] = customers[at] with { Segment = Pick(segments), Region = Pick(regions) };
        lines.Add(CustomerLine(customers[at], date, withPhone));
    }
    if (day == 4) lines.Add("7,\"Broken, line\",too,many,fields,2025-01-10 08:00:00,+49 30 1234,and,more");
    Write("customers", date, "csv", lines);
}

string CustomerLine(Customer c, DateOnly date, bool withPhone)
{
    var name = random.Next(9) == 0 ? $"  {c.Name} " : c.Name;
    var email = random.Next(15) == 0 ? "" : c.Email;
    var segment = random.Next(6) == 0 ? c.Segment.ToUpperInvariant() : c.Segment;
    var line = $"{c.Id},{name},{email},{segment},{c.Region},{date:yyyy-MM-dd} {random.Next(6, 20):00}:{random.Next(60):00}:00";
    return withPhone ? line + $",+49 30 {random.Next(100000, 999999)}" : line;
}

void WriteProducts(int day, DateOnly date)
{
    var lines = new List<string>();
    for (var i = 0; i < (day == 0 ? productsAtStart : productsADay); i++)
    {
        var product = new Product(products.Count + 1, $"{Pick(goods)} {products.Count + 1}", Pick(categories), random.Next(200, 12000));
        products.Add(product);
        lines.Add($$"""{"product_id":{{product.Id}},"name":"{{product.Name}}","category":"{{product.Category}}","list_price":"{{Money(product.Cents)}}","attributes":{"colour":"{{Pick(colours)}}","weight_g":{{random.Next(50, 5000)}}},"created_at":"{{date:yyyy-MM-dd}}T05:00:00Z"}""");
    }
    if (day == 1) lines.Add("""{"product_id":9001,"name":"Ghost","category":"Toys","list_price":"-1.00","attributes":{"colour":"plain","weight_g":1},"created_at":"2025-01-07T05:00:00Z"}""");
    if (day == 5) lines.Add("""{"product_id":9002,"name":null,"category":"Books","list_price":"n/a","attributes":null,"created_at":"2025-01-11T05:00:00Z"}""");
    Write("products", date, "jsonl", lines);
}

void WriteOrders(int day, DateOnly date)
{
    var orders = new List<string>();
    var items = new List<string> { "order_item_id,order_id,product_id,quantity,unit_price" };
    foreach (var (order, late) in lateOrders)
    {
        orders.Add(order);
        items.AddRange(late);
    }
    lateOrders.Clear();
    for (var i = 0; i < ordersADay; i++)
    {
        var (order, lines) = MakeOrder(date, i);
        if (random.Next(20) == 0) lateOrders.Add((order, lines));
        else
        {
            orders.Add(order);
            items.AddRange(lines);
            if (random.Next(15) == 0) orders.Add(order);
        }
    }
    if (day == 3) items.Add("99001,1003,5,two,12.00");
    if (day == 6) items.Add("99002,1004,5,-3,12.00");
    Write("orders", date, "jsonl", orders);
    Write("order_items", date, "csv", items);
}

(string Order, List<string> Items) MakeOrder(DateOnly date, int index)
{
    var id = nextOrder++;
    // A few orders name a customer who only comes tomorrow, or never.
    var customer = random.Next(25) == 0 ? customers.Count + random.Next(1, customersADay) : random.Next(90) == 0 ? 99999 : random.Next(1, customers.Count + 1);
    var lines = new List<string>();
    long cents = 0;
    for (var i = random.Next(1, 5); i > 0; i--)
    {
        var product = products[random.Next(products.Count)];
        var quantity = random.Next(1, 6);
        var price = product.Cents * random.Next(70, 101) / 100;
        cents += price * quantity;
        var orphan = random.Next(80) == 0;
        lines.Add($"{nextItem++},{(orphan ? 1 : id)},{product.Id},{quantity},{Money(price)}");
        if (orphan) cents -= price * quantity;
    }
    if (random.Next(20) == 0) cents += random.Next(1, 500);
    var day = index == 7 ? "2025-13-45" : index == 21 && random.Next(2) == 0 ? "" : $"{date:yyyy-MM-dd}";
    var amount = random.Next(40) == 0 ? "null" : random.Next(60) == 0 ? "\"-5.00\"" : $"\"{Money(cents)}\"";
    var at = $"{date:yyyy-MM-dd}T{random.Next(6, 22):00}:{random.Next(60):00}:00Z";
    return ($$"""{"order_id":{{id}},"customer_id":{{customer}},"order_date":"{{day}}","status":"{{Pick(statuses)}}","region":"{{Pick(regions)}}","amount":{{amount}},"updated_at":"{{at}}"}""", lines);
}

void Write(string entity, DateOnly date, string extension, List<string> lines)
{
    Directory.CreateDirectory(Path.Combine(folder, entity));
    File.WriteAllText(Path.Combine(folder, entity, $"{entity}_{date:yyyy-MM-dd}.{extension}"), string.Join('\n', lines) + "\n", new UTF8Encoding(false));
}

string Email(string name, int id)
{
    var ascii = new string([.. name.Normalize(NormalizationForm.FormD).Where(c => c is ' ' or (>= 'A' and <= 'z')).Select(c => c == ' ' ? '.' : c)]);
    return random.Next(4) == 0 ? $"{ascii}{id}@Example.COM" : $"{ascii.ToLowerInvariant()}{id}@example.com";
}

T Pick<T>(T[] from) => from[random.Next(from.Length)];

static string Money(long cents) => string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00}");

sealed record Customer(int Id, string Name, string Email, string Segment, string Region);
sealed record Product(int Id, string Name, string Category, int Cents);
