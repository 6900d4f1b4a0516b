namespace Smelt.Lake;

/// <summary>What a condition may be of the rows of a file. Always a superset of what it is: combining supersets gives one.</summary>
[Flags]
internal enum Outcomes
{
    None = 0,
    True = 1,
    False = 2,
    Null = 4,
    Any = True | False | Null,
}

/// <summary>SQL's three-valued logic over <see cref="Outcomes"/>.</summary>
internal static class ThreeValued
{
    internal static bool Has(this Outcomes outcomes, Outcomes one) => (outcomes & one) != 0;

    internal static Outcomes Not(Outcomes a) =>
        (a.Has(Outcomes.True) ? Outcomes.False : 0) | (a.Has(Outcomes.False) ? Outcomes.True : 0) | (a & Outcomes.Null);

    internal static Outcomes And(Outcomes a, Outcomes b)
    {
        var result = (a | b) & Outcomes.False;
        if (a.Has(Outcomes.True) && b.Has(Outcomes.True))
            result |= Outcomes.True;
        if ((a.Has(Outcomes.Null) && b.Has(Outcomes.True | Outcomes.Null)) || (b.Has(Outcomes.Null) && a.Has(Outcomes.True | Outcomes.Null)))
            result |= Outcomes.Null;
        return result;
    }

    internal static Outcomes Or(Outcomes a, Outcomes b) => Not(And(Not(a), Not(b)));
}
