using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What a step's query gives and how it is stored: names, types, casts, metadata columns.</summary>
internal sealed class OutputShape
{
    internal OutputShape(IReadOnlyList<OutputColumn> columns, DuckDbType? carried) => (Columns, CarriedRow) = (columns, carried);

    public IReadOnlyList<OutputColumn> Columns { get; }

    /// <summary>The type of the streamed row that each output row brings along; null where none does.</summary>
    public DuckDbType? CarriedRow { get; }

    public IReadOnlyList<string> Names => [.. Columns.Select(static c => c.Name)];

    /// <summary>The same columns where no row is set aside whole: what the query does not name need not be read.</summary>
    public OutputShape WithoutRow() => new(Columns, null);

    /// <summary>Columns that are as they are to be stored.</summary>
    public static OutputShape Of(IReadOnlyList<OutputColumn> columns) => new(columns, null);

    /// <summary>The same, each row with the streamed row that it came from.</summary>
    public static OutputShape Of(IReadOnlyList<OutputColumn> columns, DuckDbType? carried) => new(columns, carried);

    /// <param name="described">The query's columns.</param>
    /// <param name="query">The query as rewritten, or null where it runs as it stands.</param>
    /// <param name="stamps">Columns to add where the query does not give them: name and SQL, in order.</param>
    /// <exception cref="EngineException">A column cannot be stored.</exception>
    public static OutputShape Of(Dataset dataset, IReadOnlyList<DuckDbColumn> described, RewrittenQuery? query, IReadOnlyList<StampedColumn> stamps)
    {
        var wrapped = new HashSet<string>(query?.Wrapped ?? [], StringComparer.OrdinalIgnoreCase);
        var carries = query?.CarriesRows == true;
        var given = carries ? described.Take(described.Count - 1).ToList() : described.ToList();
        var columns = new List<OutputColumn>();
        var problems = new List<string>();
        // A name that stands twice comes a second time as name_1, where the rewriter knows one: wrapped or not, it would be taken for the other.
        foreach (var column in given.Where(c => query is not null && wrapped.Contains(c.Name) != IsWrapped(c.Type) && (wrapped.Contains(c.Name) || wrapped.Any(w => IsSecond(c.Name, w)))))
            problems.Add($"two columns are named {wrapped.First(w => Same(w, column.Name) || IsSecond(column.Name, w))}: name one of them with AS, or EXCLUDE it");
        if (problems.Count > 0) throw new EngineException(EngineCodes.SchemaRefused, $"{dataset.Name} cannot be stored: {string.Join("; ", problems)}.");
        foreach (var column in given) Add(columns, problems, dataset, column, wrapped.Contains(column.Name));
        foreach (var stamp in stamps.Where(s => !columns.Exists(c => Same(c.Name, s.Name))))
            columns.Add(new OutputColumn(stamp.Name, stamp.Sql, stamp.Type));
        foreach (var name in columns.GroupBy(static c => c.Name, StringComparer.OrdinalIgnoreCase).Where(static g => g.Count() > 1))
            problems.Add($"two columns are named {name.Key}: rename one with AS");
        if (problems.Count > 0) throw new EngineException(EngineCodes.SchemaRefused, $"{dataset.Name} cannot be stored: {string.Join("; ", problems)}.");
        return new OutputShape(columns.ConvertAll(c => IsTextPartition(dataset, c) ? c with { Sql = $"nullif({c.Sql}, '')" } : c), carries ? described[^1].Type : null);
    }

    /// <summary>Delta has no empty partition value: it is NULL, for rules and keys as for who reads the table.</summary>
    public static bool IsTextPartition(Dataset dataset, OutputColumn column) => column.Type == DeltaType.String && dataset.PartitionedBy.Contains(column.Name, StringComparer.OrdinalIgnoreCase);

    private static void Add(List<OutputColumn> columns, List<string> problems, Dataset dataset, DuckDbColumn given, bool isWrapped)
    {
        var declared = dataset.DeclaredColumns.FirstOrDefault(c => Same(c.Name, given.Name));
        var name = given.Name;
        var type = isWrapped ? given.Type.Fields[0].Type : given.Type;
        var cast = declared?.Type;
        var typing = ColumnTyping.Of(name, type);
        if (typing is ColumnTyping.Refused refused && cast is null)
        {
            problems.Add(refused.Problem.Message);
            return;
        }
        if (cast is null && ParquetSql.TypeOf(dataset.Name.ToString(), ((ColumnTyping.Typed)typing).Type) is var needed && needed != type.ToString()) cast = needed;
        var identifier = SqlText.Identifier(given.Name);
        var value = isWrapped ? $"struct_extract({identifier}, 'v')" : identifier;
        var raised = !isWrapped ? null : given.Type.Fields.Count == 1 ? $"{identifier} IS NULL" : $"({value} IS NULL AND struct_extract({identifier}, 'given'))";
        var stored = declared?.Type is not null ? DeclaredType(name, declared.Type) : ((ColumnTyping.Typed)typing).Type;
        if (cast is null)
        {
            columns.Add(new OutputColumn(name, value, stored, raised, declared?.Comment));
            return;
        }
        // The cast to the stored type can raise too (a sum above BIGINT): it belongs to the same built-in expectation.
        var tried = $"TRY({{'v': CAST({value} AS {cast})}})";
        columns.Add(isWrapped
            ? new OutputColumn(name, $"struct_extract({tried}, 'v')", stored, $"({raised} OR {tried} IS NULL)", declared?.Comment)
            : new OutputColumn(name, $"CAST({value} AS {cast})", stored, null, declared?.Comment));
    }

    private static bool IsWrapped(DuckDbType type) => type.Id == DuckDbTypeId.Struct && type.Fields.Count is 1 or 2 && type.Fields[0].Name == "v";

    private static bool IsSecond(string name, string of) => name.StartsWith(of + "_", StringComparison.OrdinalIgnoreCase) && name[(of.Length + 1)..].All(char.IsAsciiDigit);

    private static DeltaType DeclaredType(string name, string type)
    {
        var parsed = TypeText.Parse(type);
        return ColumnTyping.Of(name, parsed) is ColumnTyping.Typed typed && ParquetSql.TypeOf(name, typed.Type) == parsed.ToString()
            ? typed.Type
            : throw new EngineException(EngineCodes.SchemaRefused, $"Column {name} is declared as {type}, which a Delta table does not have.");
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A column that the engine adds to a bronze table's rows.</summary>
internal sealed record StampedColumn(string Name, string Sql, DeltaType Type);
