using System.Text.Json;
using Smelt.Pipelines;

namespace Smelt.Cli;

/// <summary>Diagnostics for people and as JSON.</summary>
internal static class DiagnosticView
{
    public static void Write(Terminal terminal, IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
        {
            var place = diagnostic.Line == 0 ? diagnostic.File : diagnostic.Column == 0 ? $"{diagnostic.File}:{diagnostic.Line}" : $"{diagnostic.File}:{diagnostic.Line}:{diagnostic.Column}";
            var (word, ink) = diagnostic.Severity switch
            {
                Severity.Error => ("error", Ink.Red),
                Severity.Warning => ("warning", Ink.Yellow),
                _ => ("note", Ink.Cyan),
            };
            Console.Error.WriteLine($"{(place.Length == 0 ? "" : place + ": ")}{terminal.Paint($"{word} {diagnostic.Code}", ink)}: {diagnostic.Message}");
            if (diagnostic.Hint is not null) Console.Error.WriteLine($"  {diagnostic.Hint}");
        }
    }

    public static void Write(Utf8JsonWriter json, IEnumerable<Diagnostic> diagnostics)
    {
        json.Objects("diagnostics", diagnostics, diagnostic =>
        {
            json.WriteString("code", diagnostic.Code);
            json.WriteString("severity", diagnostic.Severity.ToString().ToLowerInvariant());
            json.WriteString("file", diagnostic.File);
            json.WriteNumber("line", diagnostic.Line);
            json.WriteNumber("column", diagnostic.Column);
            json.WriteString("message", diagnostic.Message);
            json.WriteString("hint", diagnostic.Hint);
        });
    }
}
