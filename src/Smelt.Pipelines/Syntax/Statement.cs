namespace Smelt.Pipelines.Syntax;

/// <summary>A name and where it stands in the file's substituted text.</summary>
internal readonly record struct PlacedName(string Name, int Offset);

/// <summary>A statement that defines a dataset, or a bare query.</summary>
internal sealed class DatasetStatement
{
    public required int Start { get; init; }

    /// <summary>Null for a bare query, whose kind depends on whether it reads STREAM.</summary>
    public DatasetKind? Kind { get; init; }

    /// <summary>Empty for a bare query, which is named after its file.</summary>
    public IReadOnlyList<PlacedName> Name { get; init; } = [];
    public string? Comment { get; set; }
    public bool HasColumnList { get; set; }
    public List<(DeclaredColumn Column, int Offset)> Columns { get; } = [];
    public List<ConstraintClause> Constraints { get; } = [];
    public List<PlacedName> PartitionedBy { get; } = [];
    public List<PlacedName> ClusterBy { get; } = [];
    public bool ClusterAuto { get; set; }
    public RefreshPolicy? RefreshPolicy { get; set; }
    public List<(string Key, string Value, int Offset)> Properties { get; } = [];

    /// <summary>Range of tokens of the query; empty where there is none.</summary>
    public Range Body { get; set; }
    public bool HasBody => Body.End.Value > Body.Start.Value;
}

/// <param name="Predicate">Range of tokens between the parentheses of EXPECT.</param>
internal sealed record ConstraintClause(PlacedName Name, Range Predicate, ViolationAction Action);

/// <summary>CREATE MACRO or FUNCTION.</summary>
/// <param name="Bodies">One for each overload: its parameters and its tokens.</param>
internal sealed record MacroStatement(PlacedName Name, int Start, int End, IReadOnlyList<MacroBody> Bodies)
{
    public bool IsTable => Bodies.Any(b => b.IsTable);
}

internal sealed record MacroBody(IReadOnlyList<string> Parameters, bool IsTable, Range Tokens)
{
    /// <summary>Where the parameters stand in the text, with their parentheses, types and default values.</summary>
    public required Range Head { get; init; }
}

/// <summary>A file's statements.</summary>
internal sealed class ParsedFile(SourceText source, List<Token> tokens)
{
    public SourceText Source { get; } = source;
    public List<Token> Tokens { get; } = tokens;
    public List<DatasetStatement> Datasets { get; } = [];
    public List<FlowStatement> Flows { get; } = [];
    public List<MacroStatement> Macros { get; } = [];
    public List<Diagnostic> Diagnostics { get; } = [];

    public string Text => Source.Text;

    public void Report(string code, int offset, string message, string? hint = null, Severity severity = Severity.Error)
    {
        var position = Source.Position(offset);
        Diagnostics.Add(new Diagnostic(code, severity, Source.File, position.Line, position.Column, message, hint));
    }
}
