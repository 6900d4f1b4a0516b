namespace Smelt.Connectors;

static class ParquetSource
{
    public static SourceSchema Infer(ReadRequest request, IReadOnlyList<SourceColumn>? known, IReadOnlyList<SourceColumn> hints) => throw new NotImplementedException();
}
