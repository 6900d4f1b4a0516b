using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Which files a condition on the target is about.</summary>
internal sealed class TableCondition
{
    private readonly DmlAttempt _attempt;
    private readonly SqlExpression? _parsed;

    /// <param name="attempt">The attempt.</param>
    /// <param name="sql">The user's condition; null: every row.</param>
    /// <exception cref="DmlRefusedException">It is not an expression.</exception>
    internal TableCondition(DmlAttempt attempt, string? sql)
    {
        _attempt = attempt;
        Sql = sql;
        if (sql is null)
            return;
        _parsed = SqlExpression.Parse(attempt.Connection, sql);
        Bare = _parsed.HasSubquery ? null : _parsed.ToSql(attempt.Options.Alias);
    }

    /// <summary>As the user wrote it.</summary>
    internal string? Sql { get; }

    /// <summary>Without the target's alias; null where it cannot be judged from a row alone.</summary>
    internal string? Bare { get; }

    /// <summary>What of the table a statement with this condition reads.</summary>
    /// <param name="files">Files that it read and that stay.</param>
    internal TableReads Reads(IEnumerable<AddFile> files) =>
        Bare is null ? TableReads.Everything : new TableReads { Condition = Bare, Files = [.. files.Select(static f => f.Path)] };

    /// <summary>Files that may hold rows of the condition.</summary>
    internal IReadOnlyList<AddFile> Candidates() => Candidates(_attempt, Sql);

    /// <param name="attempt">The attempt.</param>
    /// <param name="sql">A condition on the target; null: every row.</param>
    internal static IReadOnlyList<AddFile> Candidates(DmlAttempt attempt, string? sql)
    {
        if (sql is null)
            return attempt.Files;
        // The files have the columns of the snapshot, not those that the commit may add.
        var predicate = PredicateAst.Parse(attempt.Connection, sql, attempt.Snapshot.Schema, attempt.Options.Alias);
        return [.. new PruneFilter(attempt.Snapshot.Metadata, predicate).Select(attempt.Files)];
    }

    /// <summary>
    /// Where the condition is about partition columns only (DuckDB binds it without the others): the files all of whose rows satisfy it, no row of the others doing so.
    /// Else null.
    /// </summary>
    internal IReadOnlyList<AddFile>? WholeFiles()
    {
        if (_parsed is null)
            return _attempt.Files;
        var metadata = _attempt.Metadata;
        if (metadata.PartitionColumns.Count == 0 || _parsed.HasSubquery || _attempt.Files.Count == 0 || VolatileFunctions.Uses(_attempt.Connection, _parsed))
            return null;
        var partitions = metadata.PartitionColumns.Select(p => metadata.Schema.Find(p)!).ToList();
        if (!_parsed.IsAbout(_attempt.Options.Alias, n => partitions.Exists(p => string.Equals(p.Name, n, StringComparison.OrdinalIgnoreCase)))
            || !_parsed.Columns.TrueForAll(c => partitions.Exists(p => c.Any(part => string.Equals(p.Name, part, StringComparison.OrdinalIgnoreCase)))))
            return null;
        return Holding(partitions);
    }

    private List<AddFile> Holding(List<DeltaField> partitions)
    {
        var rows = _attempt.Files.Select((f, i) =>
            $"({i.ToString(CultureInfo.InvariantCulture)}{string.Concat(partitions.Select(p => $", {(f.PartitionValues.GetValueOrDefault(p.PhysicalName) is { Length: > 0 } v ? SqlText.Literal(v) : "CAST(NULL AS VARCHAR)")}"))})");
        var typed = partitions.Select((p, n) => $"{PartitionSql.Cast($"t{n}", ParquetSql.TypeOf(_attempt.Table.Folder, p.Type), p.Type)} AS {SqlText.Identifier(p.Name)}");
        var names = string.Concat(partitions.Select((_, n) => $", t{n}"));
        var sql = $"SELECT {RowPlace.Column} FROM (SELECT i AS {RowPlace.Column}, {string.Join(", ", typed)} FROM (VALUES {string.Join(", ", rows)}) AS v(i{names})) AS {SqlText.Identifier(_attempt.Options.Alias)} WHERE ({Sql}\n)";
        return [.. _attempt.Connection.Rows(sql).Select(r => _attempt.Files[Convert.ToInt32(r[0], CultureInfo.InvariantCulture)])];
    }
}
