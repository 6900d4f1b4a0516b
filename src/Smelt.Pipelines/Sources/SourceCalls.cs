using System.Text.Json;
using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>Smelt's source functions: reads their calls and checks their arguments.</summary>
internal static class SourceCalls
{
    private static readonly string[] s_now = ["read_files", "read_delta", "table_changes"];
    private static readonly string[] s_later = ["read_postgres", "read_rest", "read_kafka", "read_events"];
    private static readonly string[] s_untracked =
        ["read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto", "read_json_objects", "read_ndjson_objects", "read_parquet",
         "parquet_scan", "read_text", "read_blob", "glob", "sniff_csv", "parquet_metadata", "parquet_schema"];

    public static bool IsUntracked(string function) => Array.IndexOf(s_untracked, function) >= 0;

    public static void Read(QueryDraft query)
    {
        foreach (var call in query.Seen?.Calls ?? [])
        {
            var isLater = Array.IndexOf(s_later, call.Function) >= 0;
            if (isLater)
                query.Unit.Report(DiagnosticCodes.SourceNotYet, call.Offset, $"{call.Function} is not in this version yet.", "Sources are read_files, and in queries read_delta.");
            if (isLater || Array.IndexOf(s_now, call.Function) >= 0) query.Sources.Add(Read(call, query));
        }
    }

    private static SourceCall Read(RawCall call, QueryDraft query)
    {
        var arguments = new List<ConstantValue>();
        var options = new List<NamedArgument>();
        foreach (var argument in SqlAst.Items(call.Node, "children"u8)) Argument(argument, call, query, arguments, options);
        options.AddRange(MaskedOptions(query, call.Offset));
        var source = new SourceCall(call.Function, arguments, options, query.Unit.Mask.Streams.ContainsKey(call.Offset), call.Alias,
            query.Unit.Mask.CallSpan(call.Offset), query.Unit.Position(call.Offset)) { Condition = query.Conditions.GetValueOrDefault(call.Offset) };
        if (call.Function == "read_files") CheckReadFiles(source, query.Unit);
        if (source.IsStream && call.Function is "read_delta" or "table_changes") return Streamed(source, query.Unit);
        if (call.Function == "read_delta") CheckReadDelta(source, query.Unit);
        if (call.Function == "table_changes") CheckTableChanges(source, query.Unit);
        return source;
    }

    /// <summary>Options that stand after a stream, in <c>WITH (…)</c>.</summary>
    public static IReadOnlyList<NamedArgument> MaskedOptions(QueryDraft query, int offset) => !query.Unit.Mask.Options.TryGetValue(offset, out var masked) ? []
        : masked.ConvertAll(o => new NamedArgument(o.Name, ConstantValue.OfText(o.Value), query.Unit.Position(o.Offset)));

    private static SourceCall Streamed(SourceCall call, QueryUnit unit)
    {
        var isChanges = call.Function == "table_changes";
        var options = new List<NamedArgument>(call.Options);
        if (isChanges && call.Arguments.Count == 2) options.Add(new NamedArgument(call.Arguments[1].Kind == ConstantKind.Number ? "startingVersion" : "startingTimestamp", call.Arguments[1], call.Position));
        if (call.Arguments.Count < 1 || call.Arguments.Count > (isChanges ? 2 : 1) || call.Arguments[0].Kind != ConstantKind.Text)
            unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, isChanges ? "STREAM table_changes takes a table, and the first version or time where it is not to begin with the table as it is." : "read_delta takes one path.",
                isChanges ? "STREAM table_changes(silver.orders), or STREAM table_changes('/data/orders', 3)" : "STREAM read_delta('/data/orders', startingVersion => 3)");
        var stream = StreamOptions.Read(options, $"STREAM {call.Function}", (option, code, message, hint) => Report(unit, code, option, message, hint));
        if (isChanges && (stream.Limits || stream.SkipChangeCommits))
            unit.Report(DiagnosticCodes.BadOption, call.Span.Start, "STREAM table_changes reads every change of every version: limits and skipChangeCommits are for streams of rows.", "Leave the option out.");
        return call with { Stream = stream };
    }

    private static void Argument(JsonElement argument, RawCall call, QueryDraft query, List<ConstantValue> arguments, List<NamedArgument> options)
    {
        var name = SqlAst.Text(argument, "alias"u8);
        var value = argument;
        if (SqlAst.TypeIs(argument, "COMPARE_EQUAL"u8) && SqlAst.ClassIs(argument.GetProperty("left"u8), "COLUMN_REF"u8))
        {
            name = SqlAst.Texts(argument.GetProperty("left"u8), "column_names"u8)[^1];
            value = argument.GetProperty("right"u8);
        }
        // table_changes(silver.orders): a table's name, not a column's.
        if (call.Function == "table_changes" && arguments.Count == 0 && name.Length == 0 && SqlAst.ClassIs(value, "COLUMN_REF"u8))
        {
            arguments.Add(ConstantValue.OfText(string.Join('.', SqlAst.Texts(value, "column_names"u8))));
            return;
        }
        var location = SqlAst.Location(value);
        var offset = location >= 0 ? query.Unit.Offset(location) : call.Offset;
        if (ConstantReader.Read(value) is not { } constant)
            query.Unit.Report(DiagnosticCodes.SourceArguments, offset, $"{call.Function} takes constants; this is an expression.", "Use a variable: ${name}.");
        else if (name.Length == 0) arguments.Add(constant);
        else options.Add(new NamedArgument(name == Syntax.QueryMask.TimestampOption ? "timestamp" : name, constant, query.Unit.Position(offset)));
    }

    private static void CheckReadFiles(SourceCall call, QueryUnit unit)
    {
        if (call.Arguments.Count != 1 || call.Arguments[0].Kind is not (ConstantKind.Text or ConstantKind.List))
            unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, "read_files takes one path, or one list of paths.", "read_files('landing/orders/*.csv', format => 'csv')");
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var option in call.Options)
        {
            var known = ReadFilesOptions.Find(option.Name);
            if (known is null)
            {
                var near = NearestName.Of(option.Name, ReadFilesOptions.All.SelectMany(o => o.Aliases.Prepend(o.Name)));
                Report(unit, DiagnosticCodes.UnknownOption, option, $"read_files has no option '{option.Name}'.",
                    near is null ? $"It has: {string.Join(", ", ReadFilesOptions.All.Select(o => o.Name))}." : $"Did you mean '{near}'?");
            }
            else if (!seen.Add(known.Name)) Report(unit, DiagnosticCodes.BadOption, option, $"The option '{known.Name}' is given twice.", null);
            else CheckValue(unit, known, option, call);
        }
    }

    private static void CheckValue(QueryUnit unit, SourceOption known, NamedArgument option, SourceCall call)
    {
        var value = option.Value;
        if (!known.Kinds.Contains(value.Kind))
        {
            var kinds = string.Join(" or ", known.Kinds.Select(k => k switch { ConstantKind.Boolean => "true or false", ConstantKind.Number => "a number", ConstantKind.Text => "a text", ConstantKind.List => "a list", _ => "a map" }));
            Report(unit, DiagnosticCodes.BadOption, option, $"The option '{known.Name}' takes {kinds}.", null);
            return;
        }
        if (known.Choices.Count > 0 && !known.Choices.Contains(value.Text.ToLowerInvariant()))
        {
            var near = NearestName.Of(value.Text, known.Choices);
            Report(unit, DiagnosticCodes.BadOption, option, $"The option '{known.Name}' cannot be '{value.Text}'.", near is null ? $"It is one of: {string.Join(", ", known.Choices)}." : $"Did you mean '{near}'?");
            return;
        }
        var format = call.Option("format")?.Text.ToLowerInvariant();
        if (format is not null && known.Formats.Count > 0 && !known.Formats.Contains(format) && ReadFilesOptions.Format.Choices.Contains(format))
            Report(unit, DiagnosticCodes.BadOption, option, $"The option '{known.Name}' is for {string.Join(" and ", known.Formats)}, not for {format}.", "Leave it out.");
    }

    private static void CheckReadDelta(SourceCall call, QueryUnit unit)
    {
        if (call.Arguments.Count != 1 || call.Arguments[0].Kind != ConstantKind.Text)
            unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, "read_delta takes one path.", "read_delta('/data/orders', version => 3)");
        foreach (var option in call.Options)
        {
            if (!option.Name.Equals("version", StringComparison.OrdinalIgnoreCase) && !option.Name.Equals("timestamp", StringComparison.OrdinalIgnoreCase))
                Report(unit, DiagnosticCodes.UnknownOption, option, $"read_delta has no option '{option.Name}'.", "It has: version, timestamp.");
        }
    }

    private static void CheckTableChanges(SourceCall call, QueryUnit unit)
    {
        var isRange = call.Arguments.Count is 2 or 3 && call.Arguments[0].Kind == ConstantKind.Text && call.Arguments.Skip(1).All(static a => a.Kind is ConstantKind.Number or ConstantKind.Text)
            && call.Arguments.Skip(1).Select(static a => a.Kind).Distinct().Count() == 1 && call.Options.Count == 0;
        if (!isRange)
            unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, "table_changes takes a table, and the first and the last version or time (the last may be left out).", "table_changes('silver.orders', 0, 5), or table_changes('/data/orders', '2025-01-01', '2025-02-01')");
    }

    public static void Report(QueryUnit unit, string code, NamedArgument option, string message, string? hint) =>
        unit.File.Diagnostics.Add(new Diagnostic(code, Severity.Error, unit.File.Source.File, option.Position.Line, option.Position.Column, message, hint));
}
