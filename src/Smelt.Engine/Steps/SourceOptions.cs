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
        var read = FileOptionReader.Read(call);
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
}
