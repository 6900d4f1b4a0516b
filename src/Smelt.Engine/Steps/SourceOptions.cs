using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A source call of the language as the connector's options.</summary>
internal static class SourceOptions
{
    public static FileSourceOptions Of(SourceCall call, Smelt.Pipelines.MetadataColumns names)
    {
        if (call.Function != "read_files")
            throw new EngineException(EngineCodes.SourceUnreadable, $"{call.Function} is not a source that this version reads; read_files is.");
        var path = call.Arguments.Count > 0 ? call.Arguments[0].Text : "";
        var arguments = call.Options.ToDictionary(static o => o.Name, static o => Value(o.Value), StringComparer.OrdinalIgnoreCase);
        var read = FileOptionReader.Read(path, arguments);
        if (read.Options is null)
            throw new EngineException(EngineCodes.SourceUnreadable, string.Join(" ", read.Problems.Select(static p => p.Message + ".")));
        return read.Options with
        {
            Metadata = new Smelt.Connectors.MetadataColumns
            {
                SourceFile = names.SourceFile ?? StreamStamps.HiddenFile,
                RescuedData = call.Option("rescuedDataColumn")?.Text ?? names.RescuedData ?? StreamStamps.HiddenRescued,
            },
        };
    }

    private static object? Value(ConstantValue value) => value.Kind switch
    {
        ConstantKind.Null => null,
        ConstantKind.Boolean => value.IsTrue,
        ConstantKind.Number => long.TryParse(value.Text, out var number) ? number : value.Text,
        ConstantKind.Map => string.Join(", ", value.Entries.Select(static e => $"{Smelt.DuckDb.SqlText.Identifier(e.Key)} {e.Value.Text}")),
        _ => value.Text,
    };
}
