namespace Smelt.Pipelines.Syntax;

/// <summary>CREATE … name (columns, constraints) clauses AS query.</summary>
internal static class DatasetStatementParser
{
    public static DatasetStatement Parse(ParsedFile file, TokenCursor cursor, int start, DatasetKind kind)
    {
        _ = cursor.Take("IF", "NOT", "EXISTS");
        var statement = new DatasetStatement { Start = start, Kind = kind, Name = QualifiedName(cursor) };
        while (!cursor.IsAtEnd && !cursor.Take("AS"))
        {
            if (!Clause(file, cursor, statement)) throw cursor.Wrong($"Expected a clause or AS and a query, found {cursor.Found}.");
        }
        ClusteringProperties(statement);
        // Flows alone may fill a streaming table.
        if (cursor.IsAtEnd && kind == DatasetKind.StreamingTable && !cursor.WasTaken("AS")) return statement;
        if (cursor.IsAtEnd)
            throw new StatementSyntaxException(DiagnosticCodes.NoQuery, start, $"{statement.Name[^1].Name} has no query.", "End the statement with AS SELECT ….");
        statement.Body = cursor.At..cursor.End;
        return statement;
    }

    /// <summary>Delta Live Tables' properties for liquid clustering say what CLUSTER BY says, and are taken for it.</summary>
    private static void ClusteringProperties(DatasetStatement statement)
    {
        var (columns, enabled) = (statement.Properties.FindIndex(static p => p.Key.Equals("delta.clusterBy", StringComparison.OrdinalIgnoreCase)),
            statement.Properties.FindIndex(static p => p.Key.Equals("delta.enableLiquidClustering", StringComparison.OrdinalIgnoreCase)));
        var isOff = enabled >= 0 && statement.Properties[enabled].Value.Equals("false", StringComparison.OrdinalIgnoreCase);
        if (columns >= 0 && !isOff && statement.ClusterBy.Count == 0)
        {
            foreach (var name in statement.Properties[columns].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                statement.ClusterBy.Add(new PlacedName(name.Trim('`', '"'), statement.Properties[columns].Offset));
        }
        else if (enabled >= 0 && !isOff && statement.ClusterBy.Count == 0) statement.ClusterAuto = true;
        statement.Properties.RemoveAll(static p => p.Key.Equals("delta.clusterBy", StringComparison.OrdinalIgnoreCase) || p.Key.Equals("delta.enableLiquidClustering", StringComparison.OrdinalIgnoreCase));
    }

    public static List<PlacedName> QualifiedName(TokenCursor cursor)
    {
        if (cursor.Peek("LIVE") && cursor.PeekSymbol('.', 1)) cursor.At += 2;
        var name = new List<PlacedName> { cursor.Name("a name") };
        while (cursor.TakeSymbol('.')) name.Add(cursor.Name("a name"));
        return name;
    }

    private static bool Clause(ParsedFile file, TokenCursor cursor, DatasetStatement statement)
    {
        if (cursor.TakeSymbol('(')) ColumnList(file, cursor, statement);
        else if (cursor.Peek("CONSTRAINT")) Constraint(cursor, statement);
        else if (cursor.Take("COMMENT")) statement.Comment = cursor.Text("the comment");
        else if (cursor.Take("PARTITIONED", "BY") || cursor.Take("PARTITION", "BY")) Names(cursor, statement.PartitionedBy);
        else if (cursor.Take("CLUSTER", "BY")) ClusterBy(cursor, statement);
        else if (cursor.Take("TBLPROPERTIES")) Properties(file.Text, cursor, statement);
        else if (cursor.Take("REFRESH", "POLICY")) statement.RefreshPolicy = Policy(cursor, statement);
        else if (NotYet(cursor) is { } clause)
            throw new StatementSyntaxException(DiagnosticCodes.NotYet, cursor.Offset, $"{clause} is not in this version yet.", "Leave it out.");
        else return false;
        return true;
    }

    private static RefreshPolicy Policy(TokenCursor cursor, DatasetStatement statement)
    {
        if (statement.Kind != DatasetKind.MaterializedView) throw cursor.Wrong("Only a materialized view has a REFRESH POLICY: a streaming table reads what is new, and a view is never stored.");
        if (cursor.Take("AUTO")) return RefreshPolicy.Auto;
        if (cursor.Take("FULL")) return RefreshPolicy.Full;
        if (cursor.Take("INCREMENTAL", "STRICT")) return RefreshPolicy.IncrementalStrict;
        return cursor.Take("INCREMENTAL") ? RefreshPolicy.Incremental : throw cursor.Wrong($"Expected AUTO, INCREMENTAL, INCREMENTAL STRICT or FULL, found {cursor.Found}.");
    }

    private static string? NotYet(TokenCursor cursor)
    {
        foreach (var word in (string[])["REFRESH", "SCHEDULE", "LOCATION", "USING", "DEFAULT", "WITH", "TRIGGER"])
        {
            if (cursor.Peek(word)) return word;
        }
        return null;
    }

    private static void ColumnList(ParsedFile file, TokenCursor cursor, DatasetStatement statement)
    {
        do
        {
            if (cursor.Peek("CONSTRAINT")) Constraint(cursor, statement);
            else Column(file, cursor, statement);
        }
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
    }

    private static void Column(ParsedFile file, TokenCursor cursor, DatasetStatement statement)
    {
        var name = cursor.Name("a column or CONSTRAINT");
        statement.HasColumnList = true;
        var type = Type(file, cursor);
        var notNull = false;
        string? comment = null;
        while (true)
        {
            if (cursor.Take("NOT", "NULL")) notNull = true;
            else if (cursor.Take("COMMENT")) comment = cursor.Text("the comment");
            else break;
        }
        if (cursor.Peek("GENERATED") || cursor.Peek("MASK") || cursor.Peek("DEFAULT") || cursor.Peek("PRIMARY"))
            throw new StatementSyntaxException(DiagnosticCodes.NotYet, cursor.Offset, $"{cursor.Found} columns are not in this version yet.", "Compute the column in the query.");
        statement.Columns.Add((new DeclaredColumn(name.Name, type, notNull, comment), name.Offset));
    }

    private static string? Type(ParsedFile file, TokenCursor cursor)
    {
        var from = cursor.Offset;
        var to = from;
        var depth = 0;
        while (!cursor.IsAtEnd)
        {
            if (depth == 0 && (cursor.PeekSymbol(',') || cursor.PeekSymbol(')') || cursor.Peek("NOT") || cursor.Peek("COMMENT") || cursor.Peek("GENERATED"))) break;
            if (cursor.PeekSymbol('(')) depth++;
            if (cursor.PeekSymbol(')')) depth--;
            to = cursor.Current.End;
            cursor.At++;
        }
        return to == from ? null : file.Text[from..to];
    }

    private static void Constraint(TokenCursor cursor, DatasetStatement statement)
    {
        cursor.Expect("CONSTRAINT");
        var name = cursor.Name("the constraint's name");
        cursor.Expect("EXPECT");
        cursor.ExpectSymbol('(');
        var predicate = cursor.Enclosed();
        if (predicate.End.Value == predicate.Start.Value) throw cursor.Wrong("EXPECT has no predicate.");
        var action = ViolationAction.Warn;
        if (cursor.Take("ON", "VIOLATION"))
        {
            if (cursor.Take("DROP", "ROW")) action = ViolationAction.DropRow;
            else if (cursor.Take("FAIL", "UPDATE")) action = ViolationAction.FailUpdate;
            else if (cursor.Take("QUARANTINE", "ROW")) action = ViolationAction.QuarantineRow;
            else throw cursor.Wrong($"Expected DROP ROW, FAIL UPDATE or QUARANTINE ROW, found {cursor.Found}.");
        }
        statement.Constraints.Add(new ConstraintClause(name, predicate, action));
    }

    private static void Names(TokenCursor cursor, List<PlacedName> names)
    {
        cursor.ExpectSymbol('(');
        do names.Add(cursor.Name("a column"));
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
    }

    private static void ClusterBy(TokenCursor cursor, DatasetStatement statement)
    {
        if (cursor.Take("AUTO")) statement.ClusterAuto = true;
        else if (!cursor.Take("NONE")) Names(cursor, statement.ClusterBy);
    }

    public static void Properties(string text, TokenCursor cursor, DatasetStatement statement, bool equalsIsLeftOut = false)
    {
        cursor.ExpectSymbol('(');
        do
        {
            var offset = cursor.Offset;
            var key = Key(text, cursor);
            if (!cursor.TakeSymbol('=') && !equalsIsLeftOut) cursor.ExpectSymbol('=');
            statement.Properties.Add((key, Value(text, cursor), offset));
        }
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
    }

    private static string Key(string text, TokenCursor cursor)
    {
        if (!cursor.IsAtEnd && cursor.Current.Kind == TokenKind.Text) return cursor.Text("the key");
        var key = cursor.Name("a property's key").Name;
        while (cursor.TakeSymbol('.')) key += "." + cursor.Name("the rest of the key").Name;
        return key;
    }

    private static string Value(string text, TokenCursor cursor)
    {
        if (cursor.IsAtEnd) throw cursor.Wrong("The property has no value.");
        if (cursor.Current.Kind is TokenKind.Text or TokenKind.DollarText) return cursor.Text("the value");
        var sign = cursor.TakeSymbol('-') ? "-" : "";
        if (cursor.IsAtEnd || cursor.Current.Kind is not (TokenKind.Word or TokenKind.Number)) throw cursor.Wrong($"Expected a value, found {cursor.Found}.");
        var value = sign + cursor.Current.In(text).ToString();
        cursor.At++;
        return value;
    }
}
