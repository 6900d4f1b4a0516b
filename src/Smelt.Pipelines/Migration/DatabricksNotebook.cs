using System.Text.RegularExpressions;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>
/// A SQL notebook exported as source: cells between <c>-- COMMAND ----------</c>, other languages behind <c>-- MAGIC</c>. It is read first, for what it makes; once all notebooks are,
/// each statement that makes a dataset becomes text in a file of its layer, and what a query says in Spark's SQL alone is left for <c>smelt validate</c> to tell.
/// </summary>
internal sealed partial class DatabricksNotebook(string path, string text)
{
    private readonly List<(string Sql, IReadOnlyList<string> Dataset)> _statements = [];
    private readonly List<string> _notes = [];

    /// <summary>What SET says, in order.</summary>
    public List<(string Key, string Value)> Settings { get; } = [];
    public IReadOnlyList<string> Notes => _notes;

    public void Read(MigratedNames names)
    {
        var other = 0;
        foreach (var cell in Cell().Split(text.ReplaceLineEndings("\n")))
        {
            var lines = cell.Split('\n').Where(static l => !l.StartsWith("-- Databricks notebook source", StringComparison.Ordinal)).ToList();
            if (lines.FirstOrDefault(static l => l.Length > 0) is { } first && first.StartsWith("-- MAGIC", StringComparison.Ordinal))
            {
                if (!first.Contains("%md", StringComparison.Ordinal)) other++;
                continue;
            }
            Statements(SparkText.ToDuckDb(string.Join('\n', lines.Where(static l => !l.StartsWith("-- MAGIC", StringComparison.Ordinal)))), names);
        }
        if (other > 0) _notes.Add($"{other} {(other == 1 ? "cell" : "cells")} of another language: write what they make as SQL");
    }

    /// <summary>The statements as texts of files, with what has to be told of their lines.</summary>
    public IEnumerable<(string File, ConvertedStatement Statement)> Convert(MigratedNames names, MigratedVariables variables)
    {
        foreach (var (sql, name) in _statements)
        {
            var (layer, file) = names.Of(name) is { } made ? (made.Layer, made.Name) : (LayerOf(name, null), name[^1]);
            yield return ($"{layer}/{MigratedNames.FileName(file)}.sql", new StatementConversion(variables.InSql(sql), names).Convert());
        }
    }

    private void Statements(string cell, MigratedNames names)
    {
        var tokens = Lexer.Read(cell);
        var (start, free) = (0, 0);
        for (var i = 0; i <= tokens.Count; i++)
        {
            if (i < tokens.Count && !tokens[i].IsSymbol(cell, ';')) continue;
            // A comment before the statement goes with it.
            if (i > start) Statement(cell[Math.Max(free, CommentStart(cell, tokens[start].Start))..tokens[i - 1].End].Trim(), names);
            if (i < tokens.Count) free = tokens[i].End;
            start = i + 1;
        }
    }

    private void Statement(string sql, MigratedNames names)
    {
        var words = Lexer.Read(sql);
        var into = words.FindIndex(w => w.Is(sql, "INTO"));
        if (words[0].Is(sql, "SET")) Set(sql, words);
        else if (words[0].Is(sql, "APPLY") && into == 2 && DottedName.At(sql, words, into + 1) is { } changed) _statements.Add((sql, changed.Parts));
        else if (words[0].Is(sql, "CREATE") && words.Exists(w => w.Is(sql, "FLOW")) && into > 0 && DottedName.At(sql, words, into + (into + 1 < words.Count && words[into + 1].Is(sql, "ONCE") ? 2 : 1)) is { } filled) _statements.Add((sql, filled.Parts));
        else if (words[0].Is(sql, "CREATE") && NameAt(sql, words) is { } at && DottedName.At(sql, words, at) is { } made)
        {
            names.Add(made.Parts, LayerOf(made.Parts, Quality().Match(sql) is { Success: true } quality ? quality.Groups[1].Value : null));
            _statements.Add((sql, made.Parts));
            if (MigratedNames.FileName(made.Parts[^1]) is var plain && plain != made.Parts[^1]) _notes.Add($"{made.Parts[^1]} is called {plain}, as a table's name is one word");
        }
        else _notes.Add($"a statement that begins with {string.Join(' ', words.Take(3).Select(w => w.In(sql).ToString()))} was left out: write it by hand where it is needed");
    }

    private static int CommentStart(string cell, int at)
    {
        var lines = cell[..at].Split('\n');
        var kept = 0;
        for (var i = lines.Length - 2; i >= 0 && lines[i].TrimStart().StartsWith("--", StringComparison.Ordinal); i--) kept += lines[i].Length + 1;
        return at - lines[^1].Length - kept;
    }

    private void Set(string sql, List<Token> words)
    {
        var parts = sql[words[0].End..words[^1].End].Split('=', 2, StringSplitOptions.TrimEntries);
        if (parts.Length < 2) _notes.Add($"{sql} was left out: it sets nothing");
        else if (parts[0].StartsWith("spark.", StringComparison.Ordinal) || parts[0].StartsWith("pipelines.", StringComparison.Ordinal)) _notes.Add($"SET {parts[0]} was left out: it is a setting of the platform");
        else Settings.Add((parts[0], words[^1].Kind == TokenKind.Text && parts[1].StartsWith('\'') ? TokenCursor.TextValue(words[^1].In(sql)) : parts[1]));
    }

    /// <summary>Where the name stands of what CREATE … TABLE or VIEW makes.</summary>
    private static int? NameAt(string sql, List<Token> words)
    {
        var at = words.FindIndex(w => w.Is(sql, "TABLE") || w.Is(sql, "VIEW")) + 1;
        if (at <= 0 || at >= words.Count || words.Take(at).Any(w => w.Is(sql, "FUNCTION") || w.Is(sql, "AS"))) return null;
        return at + 3 < words.Count && words[at].Is(sql, "IF") && words[at + 1].Is(sql, "NOT") && words[at + 2].Is(sql, "EXISTS") ? at + 3 : at;
    }

    /// <summary>By the schema it is in, what its properties say, its name, or the notebook's.</summary>
    private string LayerOf(IReadOnlyList<string> parts, string? quality)
    {
        foreach (var said in (string?[])[parts.Count > 1 ? parts[^2] : null, quality, parts[^1], path[(path.LastIndexOf('/') + 1)..]])
        {
            foreach (var layer in (string[])["bronze", "silver", "gold"])
            {
                if (said?.Contains(layer, StringComparison.OrdinalIgnoreCase) == true) return layer;
            }
        }
        _notes.Add($"{parts[^1]} says no layer: it was put into silver");
        return "silver";
    }

    [GeneratedRegex(@"^-- COMMAND -+[ \t]*$", RegexOptions.Multiline)]
    private static partial Regex Cell();

    [GeneratedRegex(@"\bquality['""]?\s*=\s*['""](bronze|silver|gold)['""]", RegexOptions.IgnoreCase)]
    private static partial Regex Quality();
}
