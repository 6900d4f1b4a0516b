namespace Smelt.Pipelines.Syntax;

/// <summary>INTO target FROM source KEYS (…) and the clauses after it, in any order, each once.</summary>
internal static class AutoCdcClauses
{
    private static readonly string[][] s_clauses =
        [["KEYS"], ["IGNORE", "NULL", "UPDATES"], ["APPLY", "AS", "DELETE", "WHEN"], ["APPLY", "AS", "TRUNCATE", "WHEN"], ["SEQUENCE", "BY"], ["COLUMNS"], ["STORED", "AS"], ["TRACK", "HISTORY", "ON"]];

    /// <param name="cursor">After <c>AUTO CDC</c>.</param>
    public static AutoCdcStatement Parse(TokenCursor cursor)
    {
        var statement = new AutoCdcStatement();
        if (cursor.Peek("ONCE") || (cursor.Peek("INTO") && cursor.Peek("ONCE", 1)))
            throw new StatementSyntaxException(DiagnosticCodes.NotYet, cursor.Offset, "AUTO CDC ONCE is not in this version.", "Leave ONCE out: events that came once already change nothing.");
        if (!cursor.Take("INTO")) throw cursor.Wrong($"Expected INTO, found {cursor.Found}.", "Write AUTO CDC INTO table FROM STREAM(source) KEYS (…) SEQUENCE BY ….");
        statement.Target = Target(cursor);
        Source(cursor, statement);
        statement.Start = cursor.Offset;
        while (!cursor.IsAtEnd) Clause(cursor, statement);
        Check(cursor, statement);
        return statement;
    }

    private static List<PlacedName> Target(TokenCursor cursor)
    {
        if (cursor.Peek("LIVE") && cursor.PeekSymbol('.', 1)) cursor.At += 2;
        var name = new List<PlacedName> { cursor.Name("the table's name") };
        while (cursor.TakeSymbol('.')) name.Add(cursor.Name("the table's name"));
        return name;
    }

    private static void Source(TokenCursor cursor, AutoCdcStatement statement)
    {
        var from = cursor.At;
        cursor.Expect("FROM");
        statement.IsSnapshot = cursor.Peek("SNAPSHOT") && !cursor.PeekSymbol('.', 1) && !cursor.Peek("KEYS", 1);
        // The word stays among the tokens; what makes the query passes over it.
        if (statement.IsSnapshot) cursor.At++;
        var first = cursor.At;
        SkipToClause(cursor);
        if (cursor.At == first) throw cursor.Wrong($"Expected the source, found {cursor.Found}.", "Write FROM STREAM(table), FROM STREAM read_files(…), FROM (SELECT … FROM STREAM …), or FROM SNAPSHOT ….");
        statement.Source = from..cursor.At;
    }

    private static void Clause(TokenCursor cursor, AutoCdcStatement statement)
    {
        var clause = Array.Find(s_clauses, words => IsNext(cursor, words)) ?? throw cursor.Wrong($"Expected a clause of AUTO CDC, found {cursor.Found}.",
            "They are KEYS, IGNORE NULL UPDATES, APPLY AS DELETE WHEN, APPLY AS TRUNCATE WHEN, SEQUENCE BY, COLUMNS, STORED AS SCD TYPE, TRACK HISTORY ON.");
        var name = string.Join(' ', clause);
        if (!statement.Clauses.TryAdd(name, cursor.Offset)) throw cursor.Wrong($"{name} stands twice.");
        cursor.At += clause.Length;
        switch (name)
        {
            case "KEYS": Names(cursor, statement.Keys, "a key column"); break;
            case "IGNORE NULL UPDATES": statement.IgnoreNulls = cursor.Take("ON") ? Columns(cursor) : new PlacedColumns([], true); break;
            case "APPLY AS DELETE WHEN": statement.DeleteWhen = Condition(cursor, name); break;
            case "APPLY AS TRUNCATE WHEN": statement.TruncateWhen = Condition(cursor, name); break;
            case "SEQUENCE BY": Sequence(cursor, statement); break;
            case "COLUMNS": statement.Columns = Columns(cursor); break;
            case "STORED AS": Type(cursor, statement); break;
            default: statement.TrackHistory = Columns(cursor); break;
        }
    }

    private static void Check(TokenCursor cursor, AutoCdcStatement statement)
    {
        if (statement.Keys.Count == 0) throw cursor.Wrong("AUTO CDC has no KEYS.", "Name the columns that tell one row from another: KEYS (id).");
        if (statement.SequenceBy.Count == 0 && !statement.IsSnapshot) throw cursor.Wrong("AUTO CDC has no SEQUENCE BY.", "Name the column that orders the events of a key.");
        foreach (var clause in statement.IsSnapshot ? (string[])["IGNORE NULL UPDATES", "APPLY AS DELETE WHEN", "APPLY AS TRUNCATE WHEN"] : [])
        {
            if (statement.Clauses.TryGetValue(clause, out var at))
                throw new StatementSyntaxException(DiagnosticCodes.CdcClause, at, $"{clause} has no meaning for snapshots: a row is there or it is not.", "Leave it out.");
        }
        if (statement.Type == 1 && statement.Clauses.TryGetValue("TRACK HISTORY ON", out var track))
            throw new StatementSyntaxException(DiagnosticCodes.CdcClause, track, "SCD type 1 keeps no history to track.", "Write STORED AS SCD TYPE 2, or leave TRACK HISTORY out.");
        if (statement.Type == 2 && statement.Clauses.TryGetValue("APPLY AS TRUNCATE WHEN", out var truncate))
            throw new StatementSyntaxException(DiagnosticCodes.CdcClause, truncate, "SCD type 2 keeps every version, so that nothing truncates it.", "Leave APPLY AS TRUNCATE WHEN out, or write STORED AS SCD TYPE 1.");
    }

    private static void Names(TokenCursor cursor, List<PlacedName> names, string what)
    {
        cursor.ExpectSymbol('(');
        do names.Add(cursor.Name(what));
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
    }

    private static PlacedColumns Columns(TokenCursor cursor)
    {
        var names = new List<PlacedName>();
        if (cursor.TakeSymbol('*'))
        {
            if (!cursor.Take("EXCEPT") && !cursor.Take("EXCLUDE")) return new PlacedColumns([], true);
            Names(cursor, names, "a column");
            return new PlacedColumns(names, true);
        }
        if (cursor.PeekSymbol('(')) Names(cursor, names, "a column");
        else
        {
            do names.Add(cursor.Name("a column"));
            while (cursor.TakeSymbol(','));
        }
        return new PlacedColumns(names, false);
    }

    private static void Sequence(TokenCursor cursor, AutoCdcStatement statement)
    {
        statement.IsStruct = cursor.Peek("STRUCT") && cursor.PeekSymbol('(', 1);
        if (statement.IsStruct) cursor.At++;
        if (statement.IsStruct) Names(cursor, statement.SequenceBy, "a column of the sequence");
        else statement.SequenceBy.Add(cursor.Name("the sequence's column"));
    }

    private static void Type(TokenCursor cursor, AutoCdcStatement statement)
    {
        cursor.Expect("SCD");
        cursor.Expect("TYPE");
        var found = cursor.Found;
        if (found is not ("'1'" or "'2'")) throw cursor.Wrong($"Expected 1 or 2, found {found}.");
        statement.Type = found == "'1'" ? 1 : 2;
        cursor.At++;
    }

    private static Range Condition(TokenCursor cursor, string clause)
    {
        var from = cursor.At;
        SkipToClause(cursor);
        if (cursor.At == from) throw cursor.Wrong($"{clause} has no condition.");
        return from..cursor.At;
    }

    private static bool IsNext(TokenCursor cursor, string[] words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (!cursor.Peek(words[i], i)) return false;
        }
        return true;
    }

    private static void SkipToClause(TokenCursor cursor)
    {
        var depth = 0;
        for (; !cursor.IsAtEnd; cursor.At++)
        {
            if (depth == 0 && Array.Exists(s_clauses, words => IsNext(cursor, words))) return;
            if (cursor.PeekSymbol('(') || cursor.PeekSymbol('[') || cursor.PeekSymbol('{')) depth++;
            else if (cursor.PeekSymbol(')') || cursor.PeekSymbol(']') || cursor.PeekSymbol('}')) depth--;
        }
    }
}
