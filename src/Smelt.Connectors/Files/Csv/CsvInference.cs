using System.Text.Unicode;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>The columns of a batch of CSV files: by header, as text; with inferColumnTypes new columns take the type that all their values share.</summary>
static class CsvInference
{
    sealed record Look(string[] Names, TextShape[]? Shapes);

    public static SourceSchema Infer(ReadRequest request, IReadOnlyList<SourceColumn>? known, IReadOnlyList<SourceColumn> hints)
    {
        var names = new List<string>();
        var shapes = new Dictionary<string, TextShape>(StringComparer.OrdinalIgnoreCase);
        var settled = new HashSet<string>((known ?? []).Concat(hints).Select(c => c.Name), StringComparer.OrdinalIgnoreCase);
        SchemaInference.ForEachFile(request, file => LookInto(file, request, settled), look =>
        {
            for (var i = 0; i < look.Names.Length; i++)
            {
                if (!shapes.TryGetValue(look.Names[i], out var shape))
                {
                    shapes.Add(look.Names[i], shape = new());
                    names.Add(look.Names[i]);
                }
                if (look.Shapes is not null) shape.Merge(look.Shapes[i]);
            }
        });
        var found = names.Select(n => new SourceColumn(n, request.Options.InferColumnTypes ? shapes[n].Type() : DuckDbType.Varchar));
        return SchemaInference.Combine(known, hints, found, shapes.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase));
    }

    static Look LookInto(SourceFile source, ReadRequest request, HashSet<string> settled)
    {
        using var window = FileBytes.OpenText(source, request.FullPath(source), request.Options, null, request.Cancel);
        var file = CsvHeader.Open(source, window, request.Options);
        if (!request.Options.InferColumnTypes && file.Names is not null) return new(file.Names, null);
        var names = file.Names;
        TextShape[] shapes = [];
        byte[] scratch = [];
        if (names is not null) shapes = [.. names.Select(_ => new TextShape())];
        for (RecordKind kind; (kind = file.Reader.Next()) != RecordKind.End;)
        {
            if (kind == RecordKind.Broken) continue;
            if (names is null)
            {
                names = CsvHeader.ByPlace(file.Reader.FieldCount);
                shapes = [.. names.Select(_ => new TextShape())];
            }
            if (!request.Options.InferColumnTypes || names.All(settled.Contains)) break;
            Observe(file, shapes, ref scratch);
        }
        return new(names ?? [], shapes);
    }

    static void Observe(CsvFile file, TextShape[] shapes, ref byte[] scratch)
    {
        var reader = file.Reader;
        if (reader.FieldCount > shapes.Length || !Utf8.IsValid(reader.Record)) return;
        for (var i = 0; i < reader.FieldCount; i++)
        {
            var field = reader.Fields[i];
            var text = CsvText.Content(reader.Buffer, field, file.Dialect, ref scratch);
            if (field.IsQuoted || !file.Dialect.IsNull(text)) shapes[i].Observe(text);
        }
    }
}
