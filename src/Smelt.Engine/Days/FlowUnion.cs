using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// The rows of a table's several flows as one query: each flow's columns as they are stored, by name, NULL where it gives none. A table's rows do not tell which flow brought them, so
/// that days of it are made again by all of them together.
/// </summary>
/// <param name="fileColumn">Column of a streamed row with its file; null for none.</param>
internal sealed class FlowUnion(StepPreparation step, StepCatalog catalog, string? fileColumn)
{
    public (string Sql, OutputShape Shape) Of(IReadOnlyList<ReadSoFar> flows)
    {
        var shapes = flows.Select(f => OutputShape.Of(step.Dataset, Described(f), f.Rewritten, f.Stamps)).ToList();
        var arms = flows.Select((f, i) => Arm(f, shapes[i]));
        var sql = string.Join("\nUNION ALL BY NAME\n", arms);
        var described = catalog.Describe(sql);
        var columns = new List<OutputColumn>();
        foreach (var column in shapes.SelectMany(static s => s.Columns))
        {
            if (columns.Exists(c => Is(c.Name, column.Name))) continue;
            columns.Add(Together(column, [.. shapes.SelectMany(static s => s.Columns).Where(c => Is(c.Name, column.Name))], described));
        }
        return (sql, OutputShape.Of(columns, described.First(static c => c.Name == StreamedRow.Column).Type));
    }

    private IReadOnlyList<DuckDbColumn> Described(ReadSoFar flow)
    {
        try
        {
            return catalog.Describe(flow.Sql);
        }
        catch (DuckDbException error) when (error.Kind is not (DuckDbErrorKind.Interrupt or DuckDbErrorKind.OutOfMemory))
        {
            throw new EngineException(EngineCodes.QueryFailed, $"The flow {flow.Step.Flow.Name} of {step.Dataset.Name}: {error.Message}", inner: error);
        }
    }

    private string Arm(ReadSoFar flow, OutputShape shape)
    {
        var columns = shape.Columns.Select(static c => $"{c.Sql} AS {SqlText.Identifier(c.Name)}").ToList();
        columns.AddRange(shape.Columns.Where(static c => c.Raised is not null).Select(static c => $"{c.Raised} AS {Flag(c)}"));
        columns.Add($"{{'{StreamedRow.Text}': {(shape.CarriedRow is { } row ? StreamedRow.ToJson(StreamedRow.Column, SourceLine.Without(row)) : "NULL::VARCHAR")}, '{StreamedRow.Flow}': {SqlText.Literal(flow.Step.Flow.Name)}{Place(shape)}}} AS {StreamedRow.Column}");
        return $"SELECT {string.Join(", ", columns)} FROM ({flow.Sql}\n) AS smelt_flow";
    }

    private string Place(OutputShape shape) =>
        $", '{SourceLine.Told}': {SourceLine.Sql(StreamedRow.Column, shape.CarriedRow?.Fields.Select(static f => f.Name) ?? []) ?? "NULL::VARCHAR"}{File(shape)}";

    private string File(OutputShape shape) => fileColumn is null ? ""
        : $", {SqlText.Literal(fileColumn)}: {(shape.CarriedRow?.Fields.Any(f => Is(f.Name, fileColumn)) == true ? $"struct_extract({StreamedRow.Column}, {SqlText.Literal(fileColumn)})::VARCHAR" : "NULL::VARCHAR")}";

    /// <summary>Where the flows give a column in different types it is stored as the table has it.</summary>
    private OutputColumn Together(OutputColumn first, IReadOnlyList<OutputColumn> all, IReadOnlyList<DuckDbColumn> described)
    {
        var type = all.All(c => c.Type.Equals(first.Type)) ? first.Type : step.Target!.Snapshot.Schema.Find(first.Name)?.Type ?? first.Type;
        var name = SqlText.Identifier(first.Name);
        var given = described.First(c => Is(c.Name, first.Name)).Type.ToString();
        var sql = given == ParquetSql.TypeOf(first.Name, type) ? name : $"CAST({name} AS {ParquetSql.TypeOf(first.Name, type)})";
        return new OutputColumn(first.Name, sql, type, all.Any(static c => c.Raised is not null) ? $"coalesce({Flag(first)}, false)" : null, all.Select(static c => c.Comment).FirstOrDefault(static c => c is not null));
    }

    private static string Flag(OutputColumn column) => SqlText.Identifier("__smelt_raised_" + column.Name.ToLowerInvariant());

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
