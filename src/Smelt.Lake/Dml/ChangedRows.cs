using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>What becomes of a row.</summary>
internal enum RowChange
{
    /// <summary>Looked at and left alone.</summary>
    None,
    Update,
    Delete,
    Insert,
}

/// <summary>
/// The rows that a statement changes, in a temporary table that spills: place and <see cref="RowChange"/>, and where it is <see cref="IsStaged"/> the new values too, under the
/// columns' own names.
/// </summary>
internal sealed record ChangedRows
{
    /// <summary>Column of the <see cref="RowChange"/>.</summary>
    internal const string Change = "__smelt_change";

    /// <summary>The name that queries give the table of changes.</summary>
    internal const string Changes = "__smelt_changes";

    /// <summary>The temporary table; null where every row of the files is updated.</summary>
    internal string? Table { get; init; }

    /// <summary>Where places and changes alone are, if the table is a view that computes more.</summary>
    internal string? Places { get => field ?? Table; init; }

    /// <summary>Whether the table has the new rows; else <see cref="NewValues"/> are computed from the old ones.</summary>
    internal bool IsStaged { get; init; }

    /// <summary>Name of the target in the expressions.</summary>
    internal required string Alias { get; init; }

    /// <summary>Column to SQL of its new value, for those that are updated and not staged.</summary>
    internal IReadOnlyDictionary<string, string> NewValues { get; init; } = EmptyMap.Texts;

    /// <summary>Columns that the rows to be written have; the others are given by the writer.</summary>
    internal required IReadOnlyList<DeltaField> Fields { get; init; }

    /// <summary>Numbers of the files whose rows are all updated, where there is no table.</summary>
    internal IReadOnlyList<int> WholeFiles { get; init; } = [];

    internal static string Is(params ReadOnlySpan<RowChange> changes)
    {
        var numbers = new string[changes.Length];
        for (var i = 0; i < changes.Length; i++)
            numbers[i] = ((int)changes[i]).ToString();
        return $"{Changes}.{Change} IN ({string.Join(", ", numbers)})";
    }

    /// <summary>Rows changed of each file, and rows inserted.</summary>
    internal (Dictionary<int, FileChanges> Files, long Inserted) Count(DuckDbConnection connection)
    {
        var files = new Dictionary<int, FileChanges>();
        if (Table is null)
            return (files, 0);
        const string of = $"FROM {{0}} AS {Changes} WHERE ";
        var sql = $"SELECT {RowPlace.FileSql(RowPlace.Column)}, count(*) FILTER ({Is(RowChange.Update)}), count(*) FILTER ({Is(RowChange.Delete)}) "
            + string.Format(of, Places) + Is(RowChange.Update, RowChange.Delete) + " GROUP BY 1";
        using (var result = connection.Query(sql))
            while (result.Next())
                for (var row = 0; row < result.Chunk.RowCount; row++)
                    files[(int)result.Chunk[0].Values<long>()[row]] = new FileChanges(result.Chunk[1].Values<long>()[row], result.Chunk[2].Values<long>()[row]);
        var inserted = IsStaged ? (long)connection.Scalar("SELECT count(*) " + string.Format(of, Places) + Is(RowChange.Insert))! : 0;
        return (files, inserted);
    }
}

/// <summary>Rows of one file that change.</summary>
internal readonly record struct FileChanges(long Updated, long Deleted)
{
    internal long Rows => Updated + Deleted;
}
