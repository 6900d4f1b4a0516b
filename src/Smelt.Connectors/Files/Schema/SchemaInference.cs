namespace Smelt.Connectors;

static class SchemaInference
{
    public static SourceSchema Infer(ReadRequest request, IReadOnlyList<SourceColumn>? known) => throw new NotImplementedException();
}
