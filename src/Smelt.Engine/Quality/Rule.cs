using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A rule of a step: an expectation, or the built-in one that a column's expression raises no error.</summary>
/// <param name="Name"><c>valid_amount</c>, or <c>cast:amount</c>.</param>
/// <param name="Predicate">As shown to people.</param>
/// <param name="Passes">SQL that is TRUE where the row passes, else FALSE or NULL, over the stored columns.</param>
internal sealed record Rule(string Name, string Predicate, string Passes, ViolationAction Action, bool IsBuiltIn)
{
    public string ActionText => Action switch
    {
        ViolationAction.DropRow => "drop",
        ViolationAction.FailUpdate => "fail",
        ViolationAction.QuarantineRow => "quarantine",
        _ => "warn",
    };

    public static IReadOnlyList<Rule> Of(Dataset dataset, OutputShape shape, CastErrorAction onCastError)
    {
        var rules = new List<Rule>();
        foreach (var column in shape.Columns)
        {
            if (column.Raised is null) continue;
            rules.Add(new Rule("cast:" + column.Name, $"the expression of {column.Name} raises no error", RaisedFlag(column) + " IS NOT TRUE", OfCast(onCastError), IsBuiltIn: true));
        }
        foreach (var expectation in dataset.Expectations)
            rules.Add(new Rule(expectation.Name, expectation.Predicate, $"({expectation.Sql}\n)", expectation.Action, IsBuiltIn: false));
        return rules;
    }

    /// <summary>The hidden column that says whether a stored column's expression raised.</summary>
    public static string RaisedFlag(OutputColumn column) => SqlText.Identifier("__smelt_raised_" + column.Name);

    private static ViolationAction OfCast(CastErrorAction action) => action switch
    {
        CastErrorAction.Drop => ViolationAction.DropRow,
        CastErrorAction.Null => ViolationAction.Warn,
        CastErrorAction.Fail => ViolationAction.FailUpdate,
        _ => ViolationAction.QuarantineRow,
    };
}
