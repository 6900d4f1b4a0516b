using System.Text;
using System.Text.RegularExpressions;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>What a notebook was turned into.</summary>
internal sealed record ConvertedNotebook(IReadOnlyList<MigratedFile> Files, IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Notes);

/// <summary>
/// A SQL notebook exported as source: cells between <c>-- COMMAND ----------</c>, other languages behind <c>-- MAGIC</c>. Each statement that makes a dataset becomes a file of
/// its layer; what Databricks writes otherwise is rewritten, and what a query says in Spark's SQL alone is left for <c>smelt validate</c> to tell.
/// </summary>
internal sealed partial class DatabricksNotebook(string path, string text)
{
    private readonly List<MigratedFile> _files = [];
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    public ConvertedNotebook Convert()
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
            Statements(string.Join('\n', lines.Where(static l => !l.StartsWith("-- MAGIC", StringComparison.Ordinal))));
        }
        if (other > 0) _notes.Add($"{other} {(other == 1 ? "cell" : "cells")} of another language: write what they make as SQL");
        return new ConvertedNotebook(_files, _variables, _notes);
    }

    private void Statements(string cell)
    {
        cell = Texts(cell);
        var tokens = Lexer.Read(cell);
        var start = 0;
        for (var i = 0; i <= tokens.Count; i++)
        {
            if (i < tokens.Count && !tokens[i].IsSymbol(cell, ';')) continue;
            if (i > start) Statement(cell, tokens[start..i]);
            start = i + 1;
        }
    }

    private void Statement(string cell, List<Token> tokens)
    {
        var words = tokens.FindAll(static t => t.Kind != TokenKind.Comment);
        if (words.Count == 0) return;
        // A comment before the statement goes with it.
        var sql = cell[(CommentStart(cell, words[0].Start))..words[^1].End].Trim();
        if (words[0].Is(cell, "SET")) Set(cell, words);
        else if (words[0].Is(cell, "APPLY")) Add(TargetOf(cell, words, 3), ApplyChanges().Replace(sql, m => $"CREATE FLOW {m.Groups[1].Value}_changes AS AUTO CDC INTO {m.Groups[1].Value}"), null);
        else if (words[0].Is(cell, "CREATE") && NameOf(cell, words) is { } name) Add(name, sql, Quality().Match(sql) is { Success: true } quality ? quality.Groups[1].Value : null);
        else _notes.Add($"a statement that begins with {words[0].In(cell)} was left out");
    }

    /// <summary>In Spark's SQL double quotes hold texts; names are in back-ticks.</summary>
    private static string Texts(string cell)
    {
        var made = new StringBuilder();
        var at = 0;
        foreach (var token in Lexer.Read(cell).Where(static t => t.Kind == TokenKind.QuotedIdentifier))
        {
            made.Append(cell, at, token.Start - at).Append('\'').Append(token.Name(cell).Replace("'", "''", StringComparison.Ordinal)).Append('\'');
            at = token.End;
        }
        return made.Append(cell, at, cell.Length - at).ToString();
    }

    private static int CommentStart(string cell, int at)
    {
        var before = cell[..at];
        var lines = before.Split('\n');
        var kept = 0;
        for (var i = lines.Length - 2; i >= 0 && lines[i].TrimStart().StartsWith("--", StringComparison.Ordinal); i--) kept += lines[i].Length + 1;
        return at - lines[^1].Length - kept;
    }

    private void Set(string cell, List<Token> words)
    {
        var parts = cell[words[0].End..words[^1].End].Split('=', 2, StringSplitOptions.TrimEntries);
        if (parts.Length == 2) _variables[parts[0].Replace('.', '_')] = parts[1].Trim('\'', '"');
    }

    private static string? NameOf(string cell, List<Token> words)
    {
        var at = words.FindIndex(w => w.Is(cell, "TABLE") || w.Is(cell, "VIEW") || w.Is(cell, "FLOW"));
        return at < 0 || at + 1 >= words.Count ? null : TargetOf(cell, words, at + 1);
    }

    /// <summary>The last part of the name that begins there.</summary>
    private static string TargetOf(string cell, List<Token> words, int at)
    {
        while (at + 2 < words.Count && words[at + 1].IsSymbol(cell, '.')) at += 2;
        return words[Math.Min(at, words.Count - 1)].Name(cell).Trim('`');
    }

    private void Add(string name, string sql, string? quality)
    {
        var layer = LayerOf(name, quality);
        // cloud_files is a stream, with the word or without it.
        sql = CloudFiles().Replace(sql, m => $"STREAM read_files('{m.Groups[1].Value}', format => '{m.Groups[2].Value}'{Options(m.Groups[3].Value)})");
        sql = Backticks().Replace(sql, static m => "\"" + m.Groups[1].Value + "\"");
        sql = Catalogued().Replace(sql, "$1");
        _files.Add(new MigratedFile($"{layer}/{name}.sql", sql + ";\n"));
    }

    private static string Options(string map) => string.Concat(MapEntry().Matches(map).Select(static m => m.Groups[1].Value switch
    {
        "header" => $", header => {m.Groups[2].Value}",
        "delimiter" or "sep" => $", delimiter => '{m.Groups[2].Value}'",
        _ => "",
    }));

    /// <summary>By what its properties say, its name, or the notebook's.</summary>
    private string LayerOf(string name, string? quality)
    {
        foreach (var said in (string?[])[quality, name, path[(path.LastIndexOf('/') + 1)..]])
        {
            foreach (var layer in (string[])["bronze", "silver", "gold"])
            {
                if (said?.Contains(layer, StringComparison.OrdinalIgnoreCase) == true) return layer;
            }
        }
        _notes.Add($"{name} says no layer: it was put into silver");
        return "silver";
    }

    [GeneratedRegex(@"^-- COMMAND -+[ \t]*$", RegexOptions.Multiline)]
    private static partial Regex Cell();

    [GeneratedRegex(@"['""]quality['""]\s*=\s*['""](bronze|silver|gold)['""]|\bquality\s*=\s*['""](bronze|silver|gold)['""]", RegexOptions.IgnoreCase)]
    private static partial Regex Quality();

    [GeneratedRegex(@"APPLY\s+CHANGES\s+INTO\s+(?:LIVE\.)?(\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex ApplyChanges();

    [GeneratedRegex(@"(?:STREAM\s*(?<open>\()?\s*)?cloud_files\s*\(\s*['""]([^'""]+)['""]\s*,\s*['""](\w+)['""]\s*(?:,\s*map\s*\(([^)]*)\)\s*)?\)(?(open)\s*\))", RegexOptions.IgnoreCase)]
    private static partial Regex CloudFiles();

    [GeneratedRegex(@"['""](?:cloudFiles\.)?(\w+)['""]\s*,\s*['""]([^'""]*)['""]")]
    private static partial Regex MapEntry();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Backticks();

    /// <summary>LIVE in the name of what is made: the name alone is enough.</summary>
    [GeneratedRegex(@"((?:TABLE|VIEW)\s+)LIVE\.(?=\w)", RegexOptions.IgnoreCase)]
    private static partial Regex Catalogued();
}
