namespace Smelt.Lake.Tests;

/// <summary>The examples of docs/lake.md, as they stand there; a test holds the two against each other.</summary>
public sealed class ApiExamples : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smelt-api-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_examples_of_the_documentation_run_one_after_the_other()
    {
        var folder = _folder;

        // example: open
        var lake = new DeltaLake(new LocalObjectStore(folder));
        DeltaTable orders = lake.Table("silver/orders");

        // example: create
        StructType schema = new([
            new DeltaField("id", DeltaType.Long),
            new DeltaField("customer", DeltaType.String),
            new DeltaField("amount", new DecimalType(10, 2)),
        ]);
        RowBatch first = new(schema, [
            new FixedValues<long>(DeltaType.Long, [1, 2, 3]),
            BytesValues.OfTexts(["ann", "bob", null]),
            new FixedValues<Int128>(new DecimalType(10, 2), [1250, 300, 999]),
        ]);
        CreateResult made = await orders.CreateAsync(
            [.. schema.Fields.Select(f => new ColumnSpec(f.Name, f.Type))],
            new[] { first }.ToAsyncEnumerable(),
            new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableChangeDataFeed"] = "true" } });

        // example: read
        Snapshot snapshot = await orders.SnapshotAsync();
        var total = Int128.Zero;
        await foreach (RowBatch batch in orders.ReadAsync(snapshot, new ReadOptions { Columns = ["amount"], Where = "customer IS NOT NULL" }))
            foreach (Int128 cents in ((FixedValues<Int128>)batch["amount"]).Values)
                total += cents;

        // example: append
        RowBatch more = new(schema, [
            new FixedValues<long>(DeltaType.Long, [4]),
            BytesValues.OfTexts(["dora"]),
            new FixedValues<Int128>(new DecimalType(10, 2), [100]),
        ]);
        DmlResult appended = await orders.AppendAsync(new[] { more }.ToAsyncEnumerable());

        // example: merge
        DmlResult merged = await orders.MergeAsync(
            new MergeCommand
            {
                Source = "SELECT * FROM news",
                SourceAlias = "s",
                On = "target.id = s.id",
                Clauses = [new MergeClause.Update(null), new MergeClause.Insert(null)],
            },
            new DmlOptions { Inputs = [new NamedInput.Rows("news", schema, new[] { more }.ToAsyncEnumerable())] });

        // example: feed
        TableScan feed = await orders.ChangesAsync(fromVersion: 1);
        var kinds = new SortedSet<string?>();
        await foreach (RowBatch batch in feed.ReadAsync())
            for (var row = 0; row < batch.RowCount; row++)
                kinds.Add(((BytesValues)batch["_change_type"]).Text(row));

        // example: change
        DmlResult deleted = await orders.DeleteAsync("amount < 5");
        AlterResult altered = await orders.AlterAsync(new TableChange.AddConstraint("positive", "amount > 0"));

        // example: maintain
        MaintenanceResult compacted = await orders.OptimizeAsync(new OptimizeOptions { ZOrderBy = ["customer"] });
        VacuumResult removed = await orders.VacuumAsync(new VacuumOptions { DryRun = true });
        MaintenanceResult restored = await orders.RestoreAsync(version: 1);
        // example: end

        Assert.IsType<CreateResult.Created>(made);
        Assert.Equal(["insert", "update_postimage", "update_preimage"], kinds);
        Assert.Equal(1550, total);
        Assert.IsType<DmlResult.Committed>(appended);
        Assert.Equal((1, 0), (Assert.IsType<DmlResult.Committed>(merged).Metrics.RowsUpdated, ((DmlResult.Committed)merged).Metrics.RowsInserted));
        Assert.Equal(2, Assert.IsType<DmlResult.Committed>(deleted).Metrics.RowsDeleted);
        Assert.IsType<AlterResult.Altered>(altered);
        Assert.IsType<MaintenanceResult.Done>(compacted);
        Assert.IsType<VacuumResult.Done>(removed);
        Assert.Equal(4, Assert.IsType<MaintenanceResult.Done>(restored).Snapshot.NumRecords);
    }

    [Fact]
    public void The_documentation_shows_the_examples_as_they_are_compiled()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Join(root, "Smelt.slnx")))
            root = Path.GetDirectoryName(root)!;
        var code = File.ReadAllLines(Path.Join(root, "tests/Smelt.Lake.Tests/Rows/ApiExamples.cs"));
        var document = File.ReadAllText(Path.Join(root, "docs/lake.md"));
        var examples = code.Select((line, i) => (line: line.Trim(), i)).Where(l => l.line.StartsWith("// example: ", StringComparison.Ordinal)).ToList();
        foreach (var (start, end) in examples.Zip(examples.Skip(1)))
        {
            var text = string.Join("\n", code[(start.i + 1)..end.i].Select(l => l.Length > 8 ? l[8..] : l.Trim())).Trim();
            Assert.Contains($"```csharp\n{text}\n```", document);
        }
    }
}
