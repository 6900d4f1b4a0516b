namespace Smelt.Pipelines.Syntax;

/// <summary>CREATE MACRO name(a, b := 1) AS expression | TABLE query, with overloads after commas.</summary>
internal static class MacroParser
{
    public static MacroStatement Parse(TokenCursor cursor, int start)
    {
        _ = cursor.Take("IF", "NOT", "EXISTS");
        var name = cursor.Name("the macro's name");
        if (cursor.PeekSymbol('.')) throw cursor.Wrong("A macro has no layer.", "Its name alone is enough: macros belong to the pipeline.");
        var bodies = new List<MacroBody>();
        do bodies.Add(Body(cursor));
        while (cursor.TakeSymbol(','));
        if (!cursor.IsAtEnd) throw cursor.Wrong($"Expected the macro's end, found {cursor.Found}.");
        return new MacroStatement(name, start, cursor.Offset, bodies);
    }

    private static MacroBody Body(TokenCursor cursor)
    {
        var head = cursor.Offset;
        cursor.ExpectSymbol('(');
        var parameters = new List<string>();
        while (!cursor.TakeSymbol(')'))
        {
            parameters.Add(cursor.Name("a parameter").Name);
            SkipTo(cursor, stopAtComma: true);
            _ = cursor.TakeSymbol(',');
        }
        var end = cursor.Offset;
        cursor.Expect("AS");
        var isTable = cursor.Take("TABLE");
        var from = cursor.At;
        SkipTo(cursor, stopAtComma: true, onlyBeforeParenthesis: true);
        if (cursor.At == from) throw cursor.Wrong("The macro has no body.");
        return new MacroBody(parameters, isTable, from..cursor.At) { Head = head..end };
    }

    // A default value or a type after a parameter ends at its comma; a body ends at a comma with the next overload's parentheses.
    private static void SkipTo(TokenCursor cursor, bool stopAtComma, bool onlyBeforeParenthesis = false)
    {
        var depth = 0;
        for (; !cursor.IsAtEnd; cursor.At++)
        {
            if (depth == 0 && stopAtComma && cursor.PeekSymbol(',') && (!onlyBeforeParenthesis || IsOverload(cursor))) return;
            if (cursor.PeekSymbol('(') || cursor.PeekSymbol('[') || cursor.PeekSymbol('{')) depth++;
            else if (cursor.PeekSymbol(')') || cursor.PeekSymbol(']') || cursor.PeekSymbol('}'))
            {
                if (depth == 0) return;
                depth--;
            }
        }
    }

    private static bool IsOverload(TokenCursor cursor)
    {
        if (!cursor.PeekSymbol('(', 1)) return false;
        var depth = 0;
        for (var ahead = 1; cursor.At + ahead < cursor.End; ahead++)
        {
            if (cursor.PeekSymbol('(', ahead)) depth++;
            else if (cursor.PeekSymbol(')', ahead) && --depth == 0) return cursor.Peek("AS", ahead + 1);
        }
        return false;
    }
}
