namespace Smelt.Pipelines;

/// <summary>How much a <see cref="Diagnostic"/> matters: only errors stop a pipeline.</summary>
public enum Severity { Info, Warning, Error }

/// <summary>One mistake of the user's, found while reading or compiling a pipeline.</summary>
/// <param name="Code">Stable code, <c>SM1004</c>; all are listed in <see cref="DiagnosticCodes"/> and docs/diagnostics.md.</param>
/// <param name="Severity">Errors make the pipeline unusable, warnings and notes do not.</param>
/// <param name="File">Path relative to the pipeline's folder, with forward slashes; empty where no file is to blame.</param>
/// <param name="Line">1-based line, 0 where the whole file is meant.</param>
/// <param name="Column">1-based column counted in characters (Unicode code points), 0 where the whole line is meant.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do about it, where there is something to say.</param>
public sealed record Diagnostic(string Code, Severity Severity, string File, int Line, int Column, string Message, string? Hint = null)
{
    /// <summary><c>file:line:column: error SM1004: message (hint)</c>.</summary>
    public override string ToString()
    {
        var place = Line == 0 ? File : Column == 0 ? $"{File}:{Line}" : $"{File}:{Line}:{Column}";
        var level = Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "note" };
        return $"{(place.Length == 0 ? "" : place + ": ")}{level} {Code}: {Message}{(Hint is null ? "" : " " + Hint)}";
    }
}

/// <summary>A place in a file of the pipeline: 1-based line and column, columns counted in characters.</summary>
public readonly record struct FilePosition(int Line, int Column);
