using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>How a unit test ended: rows that it expected in vain, and rows that it did not expect, as JSON objects.</summary>
public sealed record UnitTestResult(IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, string? Error)
{
    public bool Passed => Missing.Count == 0 && Unexpected.Count == 0 && Error is null;
}

/// <summary>
/// Runs a dataset's query over given rows in memory: what the table would hold, after its rules and casts. No table is read or written, and no file of a source.
/// </summary>
/// <param name="database">Of the process.</param>
public sealed class UnitTestRun(Pipeline pipeline, Func<DuckDbDatabase> database)
{
    private readonly GivenColumns _columns = new(pipeline, database);

    public UnitTestResult Run(UnitTest test)
    {
        using var catalog = new StepCatalog(database());
        try
        {
            var dataset = pipeline.Graph.Find(test.Dataset)!;
            foreach (var given in test.Given.Where(static g => g.Dataset is not null)) Bind(catalog, given.Dataset!, given.Rows);
            if (dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc))
                return new UnitTestResult([], [], $"{dataset.Name} is kept by AUTO CDC, which works over what earlier batches left: a unit test cannot tell what it would hold. Write a pipeline test (tests/<name>/input and expected), or a unit test of what it reads.");
            var queries = Queries(dataset);
            foreach (var input in queries.SelectMany(static q => q.Inputs).Distinct()) BindView(catalog, test, input);
            var source = test.Given.FirstOrDefault(static g => g.Dataset is null);
            if (source is not null) catalog.BindSql(StepCatalog.OwnSchema, "given_source", RowsSql(source.Rows, static _ => null, []));
            else if (queries.SelectMany(static q => q.Sources).FirstOrDefault() is { } call) return new UnitTestResult([], [], $"{dataset.Name} reads {call.Function}, whose rows are not given. Give them with input: {call.Function}.");
            var held = string.Join(" UNION ALL BY NAME ", queries.Select(q => Held(catalog, test, dataset, q, source is not null)));
            return Compare(catalog, held, test.Expected);
        }
        catch (DuckDbException error)
        {
            return new UnitTestResult([], [], error.Message);
        }
        catch (EngineException error)
        {
            return new UnitTestResult([], [], error.Message);
        }
    }

    /// <summary>What fills a table: the queries of its flows.</summary>
    private static IReadOnlyList<DatasetQuery> Queries(Dataset dataset) => dataset.IsStored ? [.. dataset.Flows.Select(static f => f.Query)] : [dataset.Query];

    private void Bind(StepCatalog catalog, DatasetName name, UnitTestRows rows)
    {
        // What the test does not mention is NULL, as long as anybody knows that it exists.
        var columns = _columns.Of(name);
        if (_columns.AreAll(name) && rows.Columns.FirstOrDefault(c => !columns.ContainsKey(c)) is { } unknown)
            throw new EngineException(EngineCodes.InputMissing, $"{name} has no column {unknown}, of which the test gives values.{(NearestName.Of(unknown, columns.Keys) is { } near ? $" Did you mean {near}?" : "")}");
        catalog.BindSql(name.Schema, name.Name, RowsSql(rows, c => columns.GetValueOrDefault(c), columns.Keys));
    }

    /// <summary>An input that is not given may be a view over inputs that are.</summary>
    private void BindView(StepCatalog catalog, UnitTest test, DatasetName name)
    {
        if (catalog.IsBound(name.Schema, name.Name)) return;
        if (pipeline.Graph.Find(name) is not { IsView: true } view) throw new EngineException(EngineCodes.InputMissing, $"{test.Dataset} reads {name}, whose rows are not given.");
        foreach (var input in view.Query.Inputs) BindView(catalog, test, input);
        CreateMacros(catalog, test, view.Query.Macros);
        catalog.BindSql(name.Schema, name.Name, QueryRendering.RenderSql(view.Query, new QueryBindings { Table = StepCatalog.QualifiedName }));
    }

    /// <summary>The macros of a query, and in the place of those that the test overrides ones that give its constant.</summary>
    /// <exception cref="EngineException">A table macro is overridden.</exception>
    private static void CreateMacros(StepCatalog catalog, UnitTest test, IReadOnlyList<Macro> macros)
    {
        catalog.CreateMacros(macros);
        foreach (var macro in macros.Where(m => test.Macros.ContainsKey(m.Name)))
        {
            if (macro.IsTable) throw new EngineException(EngineCodes.InputMissing, $"{test.Name} overrides {macro.Name}, which gives a table: give the rows of what it reads.");
            // Every overload with the parameters that its own text gives it, default values included.
            catalog.Connection.Execute($"CREATE OR REPLACE MACRO {SqlText.Identifier(macro.Name)} {string.Join(", ", macro.Parameters.Select(p => $"{p} AS ({test.Macros[macro.Name]})"))}");
        }
    }

    private static string RowsSql(UnitTestRows rows, Func<string, string?> typeOf, IEnumerable<string> others)
    {
        if (rows.Sql is { } sql) return sql;
        string? Type(string column) => rows.Types.GetValueOrDefault(column) ?? typeOf(column);
        var columns = rows.Columns.Concat(others).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (columns.Count == 0) columns.Add("nothing");
        string Cast(string value, string column) => Type(column) is { } type ? $"CAST({value} AS {type})" : value == "NULL" && rows.Rows.All(r => Cell(rows, r, column) is null) ? "NULL::VARCHAR" : value;
        string Row(IReadOnlyList<string?> row) => string.Join(", ", columns.Select(c => $"{Cast(Cell(rows, row, c) ?? "NULL", c)} AS {SqlText.Identifier(c)}"));
        return rows.Rows.Count == 0
            ? $"SELECT {string.Join(", ", columns.Select(c => $"NULL::{Type(c) ?? "VARCHAR"} AS {SqlText.Identifier(c)}"))} WHERE FALSE"
            : string.Join(" UNION ALL ", rows.Rows.Select(r => $"SELECT {Row(r)}"));
    }

    private static string? Cell(UnitTestRows rows, IReadOnlyList<string?> row, string column)
    {
        for (var i = 0; i < rows.Columns.Count; i++)
        {
            if (rows.Columns[i].Equals(column, StringComparison.OrdinalIgnoreCase)) return row[i];
        }
        return null;
    }

    /// <summary>The rows that the dataset would hold.</summary>
    /// <exception cref="EngineException">A row breaks a rule that fails the update.</exception>
    private static string Held(StepCatalog catalog, UnitTest test, Dataset dataset, DatasetQuery query, bool hasSource)
    {
        CreateMacros(catalog, test, query.Macros);
        var bindings = new QueryBindings { Table = StepCatalog.QualifiedName, Source = _ => hasSource ? SqlText.Identifier(StepCatalog.OwnSchema, "given_source") : null };
        var rewritten = dataset.Kind == DatasetKind.StreamingTable ? StreamingRewriter.Rewrite(query, new StreamingRewriteOptions { Bindings = bindings }, catalog.Connection) : null;
        var sql = rewritten?.Sql ?? QueryRendering.RenderSql(query, bindings);
        if (!dataset.IsStored) return sql;
        var shape = OutputShape.Of(dataset, catalog.Describe(sql), rewritten, []);
        var rules = Rule.Of(dataset, shape, dataset.CastErrors);
        var columns = shape.Columns.Select(static c => $"{c.Sql} AS {SqlText.Identifier(c.Name)}").Concat(shape.Columns.Where(static c => c.Raised is not null).Select(static c => $"{c.Raised} AS {Rule.RaisedFlag(c)}"));
        var typed = $"(SELECT {string.Join(", ", columns)} FROM ({sql}\n) AS smelt_query) AS {SqlText.Identifier(dataset.Name.Name)}";
        foreach (var failing in rules.Where(static r => r.Action == ViolationAction.FailUpdate))
        {
            if ((long)catalog.Connection.Scalar($"SELECT count(*) FROM {typed} WHERE ({failing.Passes}) IS NOT TRUE")! is > 0 and var rows)
                throw new EngineException(EngineCodes.ExpectationFailed, $"{dataset.Name} breaks {failing.Name} ({failing.Predicate}) by {rows} rows, which would fail the update.");
        }
        var kept = rules.Where(static r => r.Action is ViolationAction.DropRow or ViolationAction.QuarantineRow).Select(static r => $"({r.Passes}) IS TRUE").ToList();
        return $"SELECT {string.Join(", ", shape.Names.Select(static n => SqlText.Identifier(n)))} FROM {typed}{(kept.Count == 0 ? "" : $" WHERE {string.Join(" AND ", kept)}")}";
    }

    private static UnitTestResult Compare(StepCatalog catalog, string held, UnitTestRows expected)
    {
        if (expected.Sql is { } sql) return ExpectedRows.Compare(catalog, held, sql);
        // An expectation without columns is one of no rows.
        var rows = expected.Columns.Count == 0 ? $"SELECT * FROM ({held}\n) AS h WHERE FALSE" : RowsSql(expected, static _ => "VARCHAR", []);
        return ExpectedRows.Compare(catalog, held, rows);
    }
}
