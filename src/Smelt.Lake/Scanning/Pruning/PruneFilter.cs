using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// Chooses the files of a snapshot whose rows may satisfy a predicate, by partition values and statistics. It never leaves a needed file out: whatever a file does not
/// tell with certainty counts as possible.
/// </summary>
public sealed class PruneFilter
{
    private readonly RowPredicate _predicate;
    private readonly Dictionary<RowPredicate, PrunedColumn?> _columns = new(ReferenceEqualityComparer.Instance);
    private readonly bool _needsStatistics;
    private bool _hasUnknown;

    /// <param name="metadata">The table's, whose schema gives the columns their types and physical names.</param>
    /// <param name="predicate">The condition.</param>
    public PruneFilter(TableMetadata metadata, RowPredicate predicate)
    {
        _predicate = predicate;
        Resolve(metadata, predicate);
        _needsStatistics = _columns.Values.Any(c => c is { IsPartition: false });
    }

    /// <summary>False only where the predicate is TRUE of no row of the file.</summary>
    public bool MayMatch(AddFile file) => Evaluate(file).Has(Outcomes.True);

    /// <summary>True only where the predicate is TRUE of every row of the file, so that it can go as a whole.</summary>
    public bool MatchesAll(AddFile file) => Evaluate(file) == Outcomes.True;

    /// <summary>Whether nothing but partition columns decides.</summary>
    public bool IsOfPartitionsOnly => !_hasUnknown && _columns.Values.All(c => c is { IsPartition: true });

    /// <summary>The files that may hold rows for the predicate, in the order given.</summary>
    public IEnumerable<AddFile> Select(IEnumerable<AddFile> files) => files.Where(MayMatch);

    internal Outcomes Evaluate(AddFile file)
    {
        if (!_needsStatistics || string.IsNullOrEmpty(file.Stats))
            return Evaluate(_predicate, file, default);
        try
        {
            using var stats = JsonDocument.Parse(file.Stats);
            return Evaluate(_predicate, file, stats.RootElement);
        }
        catch (JsonException)
        {
            // Statistics are optional: text that cannot be read is text that is not there.
            return Evaluate(_predicate, file, default);
        }
    }

    private Outcomes Evaluate(RowPredicate predicate, AddFile file, JsonElement stats) => predicate switch
    {
        RowPredicate.Compare c => Compare(c, Range(c, file, stats)),
        RowPredicate.In i => In(i, Range(i, file, stats)),
        RowPredicate.IsNull n => IsNull(Range(n, file, stats)),
        RowPredicate.Not n => ThreeValued.Not(Evaluate(n.Operand, file, stats)),
        RowPredicate.And a => a.Operands.Aggregate(Outcomes.True, (all, one) => ThreeValued.And(all, Evaluate(one, file, stats))),
        RowPredicate.Or o => o.Operands.Aggregate(Outcomes.False, (all, one) => ThreeValued.Or(all, Evaluate(one, file, stats))),
        _ => Outcomes.Any,
    };

    private ColumnRange? Range(RowPredicate predicate, AddFile file, JsonElement stats) => _columns[predicate]?.RangeIn(file, stats);

    private Outcomes Compare(RowPredicate.Compare predicate, ColumnRange? range)
    {
        if (predicate.Value is PredicateValue.Null)
            return Outcomes.Null;
        return range is null ? Outcomes.Any : range.Compare(predicate.Operator, Bound.Of(predicate.Value, _columns[predicate]!.Type));
    }

    private Outcomes In(RowPredicate.In predicate, ColumnRange? range)
    {
        var outcomes = Outcomes.False;
        foreach (var value in predicate.Values)
        {
            var one = value is PredicateValue.Null ? Outcomes.Null
                : range is null ? Outcomes.Any : range.Compare(Comparison.Equal, Bound.Of(value, _columns[predicate]!.Type));
            outcomes = ThreeValued.Or(outcomes, one);
        }
        return outcomes;
    }

    private static Outcomes IsNull(ColumnRange? range) => range is null ? Outcomes.True | Outcomes.False
        : (range.MayBeNull ? Outcomes.True : 0) | (range.MayBeValue ? Outcomes.False : 0);

    private void Resolve(TableMetadata metadata, RowPredicate predicate)
    {
        switch (predicate)
        {
            case RowPredicate.Compare c:
                _columns[c] = PrunedColumn.Find(metadata, c.Column);
                break;
            case RowPredicate.In i:
                _columns[i] = PrunedColumn.Find(metadata, i.Column);
                break;
            case RowPredicate.IsNull n:
                _columns[n] = PrunedColumn.Find(metadata, n.Column);
                break;
            case RowPredicate.Not n:
                Resolve(metadata, n.Operand);
                break;
            case RowPredicate.And a:
                foreach (var operand in a.Operands)
                    Resolve(metadata, operand);
                break;
            case RowPredicate.Or o:
                foreach (var operand in o.Operands)
                    Resolve(metadata, operand);
                break;
            case RowPredicate.Anything:
                _hasUnknown = true;
                break;
        }
    }
}
