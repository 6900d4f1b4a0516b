namespace Smelt.Pipelines.TableStatements;

/// <summary>A statement that changes a table by hand (<c>smelt sql</c>).</summary>
/// <param name="Target">The table.</param>
public abstract record TableStatement(TableName Target)
{
    /// <summary>What the statement begins with, for people: DELETE, MERGE ….</summary>
    public abstract string Verb { get; }
}

/// <summary>A table as a statement names it: a dataset by its name, or a folder as <c>delta.`path`</c> or <c>'path'</c>.</summary>
/// <param name="Parts">The names; of a folder its path alone.</param>
/// <param name="IsPath">Whether it is a folder.</param>
/// <param name="Position">Where it stands.</param>
public sealed record TableName(IReadOnlyList<string> Parts, bool IsPath, FilePosition Position)
{
    public override string ToString() => IsPath ? $"'{Parts[0]}'" : string.Join('.', Parts);
}

/// <summary>An expression, condition or query within a statement: DuckDB's SQL, but for the tables it names.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Position">Where it begins.</param>
public sealed record SqlPiece(string Text, FilePosition Position);

/// <summary>A column, or a field of a struct by dots, and what it becomes.</summary>
/// <param name="Column">Each name in double quotes.</param>
/// <param name="Value">An expression, or DEFAULT.</param>
public sealed record SetColumn(string Column, SqlPiece Value);

/// <summary>The statements of a text, or what is wrong with it.</summary>
public sealed record TableStatements(IReadOnlyList<TableStatement> Statements, IReadOnlyList<Diagnostic> Diagnostics);
