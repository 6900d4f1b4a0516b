namespace Smelt.Pipelines.TableStatements;

/// <summary><c>ALTER TABLE table …</c>: one change of what a table is.</summary>
public sealed record AlterStatement(TableName Target, AlterAction Action) : TableStatement(Target)
{
    public override string Verb => "ALTER TABLE";

    internal static TableStatement Read(StatementReader reader)
    {
        var target = reader.Table();
        return new AlterStatement(target, Change(reader));
    }

    /// <summary><c>COMMENT ON TABLE table IS 'text' | NULL</c>.</summary>
    internal static TableStatement ReadComment(StatementReader reader)
    {
        var target = reader.Table();
        reader.Cursor.Expect("IS");
        return new AlterStatement(target, new AlterAction.CommentTable(reader.Cursor.Take("NULL") ? null : reader.Cursor.Text("a comment")));
    }

    private static AlterAction Change(StatementReader reader)
    {
        var cursor = reader.Cursor;
        if (cursor.Take("ADD", "CONSTRAINT")) return Constraint(reader);
        if (cursor.Take("ADD", "COLUMNS") || cursor.Take("ADD", "COLUMN")) return new AlterAction.AddColumns(Columns(reader));
        if (cursor.Take("RENAME", "COLUMN")) return Renamed(reader);
        if (cursor.Take("DROP", "CONSTRAINT"))
        {
            var ifExists = cursor.Take("IF", "EXISTS");
            return new AlterAction.DropConstraint(cursor.Name("a constraint").Name, ifExists);
        }
        if (cursor.Take("DROP", "COLUMNS") || cursor.Take("DROP", "COLUMN")) return new AlterAction.DropColumns(Dropped(reader));
        if (cursor.Take("ALTER", "COLUMN") || cursor.Take("CHANGE", "COLUMN")) return Column(reader);
        if (cursor.Take("SET", "TBLPROPERTIES")) return new AlterAction.SetProperties(Properties(reader, withValues: true));
        if (cursor.Take("UNSET", "TBLPROPERTIES"))
        {
            // A property that is not set is no mistake here, said or not.
            _ = cursor.Take("IF", "EXISTS");
            return new AlterAction.SetProperties(Properties(reader, withValues: false));
        }
        if (cursor.Take("CLUSTER", "BY")) return new AlterAction.ClusterBy(cursor.Take("NONE") ? [] : reader.ListOfNames());
        throw cursor.Wrong($"Expected ADD, RENAME COLUMN, DROP, ALTER COLUMN, SET, UNSET or CLUSTER BY, found {cursor.Found}.");
    }

    private static AlterAction.AddConstraint Constraint(StatementReader reader)
    {
        var name = reader.Cursor.Name("a constraint").Name;
        reader.Cursor.Expect("CHECK");
        reader.Cursor.ExpectSymbol('(');
        return new AlterAction.AddConstraint(name, reader.SparkText(reader.Cursor.Enclosed()));
    }

    private static AlterAction.RenameColumn Renamed(StatementReader reader)
    {
        var path = reader.Path();
        reader.Cursor.Expect("TO");
        return new AlterAction.RenameColumn(path, reader.Cursor.Name("a name").Name);
    }

    private static List<IReadOnlyList<string>> Dropped(StatementReader reader)
    {
        var listed = reader.Cursor.TakeSymbol('(');
        var paths = new List<IReadOnlyList<string>>();
        do paths.Add(reader.Path());
        while (listed && reader.Cursor.TakeSymbol(','));
        if (listed) reader.Cursor.ExpectSymbol(')');
        return paths;
    }

    private static List<AlterAction.NewColumn> Columns(StatementReader reader)
    {
        var listed = reader.Cursor.TakeSymbol('(');
        var columns = new List<AlterAction.NewColumn>();
        do
        {
            var path = reader.Path();
            var type = reader.Expression("a type", true, "COMMENT", "NOT").Text;
            if (reader.Cursor.Take("NOT", "NULL")) throw reader.Cursor.Wrong("A column is added without NOT NULL: rows that are there have no value for it.");
            columns.Add(new AlterAction.NewColumn(path, type, reader.Cursor.Take("COMMENT") ? reader.Cursor.Text("a comment") : null));
        }
        while (listed && reader.Cursor.TakeSymbol(','));
        if (listed) reader.Cursor.ExpectSymbol(')');
        return columns;
    }

    private static AlterAction Column(StatementReader reader)
    {
        var cursor = reader.Cursor;
        var path = reader.Path();
        if (cursor.Take("TYPE")) return new AlterAction.ChangeType(path, reader.Rest("a type").Text);
        if (cursor.Take("COMMENT")) return new AlterAction.CommentColumn(path, cursor.Text("a comment"));
        if (cursor.Take("SET", "NOT", "NULL")) return new AlterAction.SetNullable(path, false);
        if (cursor.Take("DROP", "NOT", "NULL")) return new AlterAction.SetNullable(path, true);
        if (cursor.Take("DROP", "DEFAULT")) return new AlterAction.SetDefault(path, null);
        if (!cursor.Take("SET", "DEFAULT")) throw cursor.Wrong($"Expected TYPE, COMMENT, SET or DROP NOT NULL, SET or DROP DEFAULT, found {cursor.Found}.");
        var from = cursor.At;
        cursor.At = cursor.End;
        return new AlterAction.SetDefault(path, reader.SparkText(from..cursor.End));
    }

    private static Dictionary<string, string?> Properties(StatementReader reader, bool withValues)
    {
        var cursor = reader.Cursor;
        var properties = new Dictionary<string, string?>(StringComparer.Ordinal);
        cursor.ExpectSymbol('(');
        do
        {
            var name = cursor.Text("a property");
            if (withValues) cursor.ExpectSymbol('=');
            properties[name] = withValues ? cursor.Text("a value") : null;
        }
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
        return properties;
    }
}

/// <summary>What ALTER TABLE changes. Types are SQL texts; expressions are Spark's SQL, as table metadata has them.</summary>
public abstract record AlterAction
{
    private AlterAction()
    {
    }

    public sealed record NewColumn(IReadOnlyList<string> Path, string Type, string? Comment);

    public sealed record AddColumns(IReadOnlyList<NewColumn> Columns) : AlterAction;

    public sealed record RenameColumn(IReadOnlyList<string> Path, string Name) : AlterAction;

    public sealed record DropColumns(IReadOnlyList<IReadOnlyList<string>> Paths) : AlterAction;

    public sealed record ChangeType(IReadOnlyList<string> Path, string Type) : AlterAction;

    public sealed record SetNullable(IReadOnlyList<string> Path, bool Nullable) : AlterAction;

    public sealed record CommentColumn(IReadOnlyList<string> Path, string? Comment) : AlterAction;

    public sealed record CommentTable(string? Comment) : AlterAction;

    public sealed record SetDefault(IReadOnlyList<string> Path, string? Expression) : AlterAction;

    public sealed record SetProperties(IReadOnlyDictionary<string, string?> Properties) : AlterAction;

    public sealed record AddConstraint(string Name, string Expression) : AlterAction;

    public sealed record DropConstraint(string Name, bool IfExists) : AlterAction;

    public sealed record ClusterBy(IReadOnlyList<string> Columns) : AlterAction;
}
