using System.Text;
using System.Text.Unicode;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>The columns of a batch of JSON files, from every value of every line.</summary>
static class JsonInference
{
    public static SourceSchema Infer(ReadRequest request, IReadOnlyList<SourceColumn>? known, IReadOnlyList<SourceColumn> hints)
    {
        var root = new JsonShape();
        SchemaInference.ForEachFile(request, file => LookInto(file, request), root.Merge);
        var settled = (known ?? []).Concat(hints.Where(h => known?.Any(k => k.Name.Equals(h.Name, StringComparison.OrdinalIgnoreCase)) != true)).ToList();
        var hinted = hints.Select(h => h.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var fields = root.Fields([.. settled.Select(c => new DuckDbField(c.Name, c.Type))], request.Options.Metadata.Names);
        var found = new List<SourceColumn>();
        for (var i = 0; i < fields.Count; i++)
        {
            var isKnown = i < settled.Count;
            if (!isKnown) found.Add(new(fields[i].Name, request.Options.AllVarchar ? DuckDbType.Varchar : fields[i].Type));
            else if (!hinted.Contains(fields[i].Name) && !fields[i].Type.Equals(settled[i].Type)) found.Add(new(fields[i].Name, fields[i].Type, IsEvolved: true));
        }
        var present = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < root.Keys.Count; i++) present.Add(Encoding.UTF8.GetString(root.Keys[i]));
        return SchemaInference.Combine(known, hints, found, present);
    }

    static JsonShape LookInto(SourceFile source, ReadRequest request)
    {
        using var window = FileBytes.OpenText(source, request.FullPath(source), request.Options, null, request.Cancel);
        var records = new JsonRecords(window, request.Options.MultiLine ?? false);
        var shape = new JsonShape();
        for (RecordKind kind; (kind = records.Next()) != RecordKind.End;)
        {
            if (kind == RecordKind.Broken || !Utf8.IsValid(records.Text)) continue;
            // A line is observed only where it will be a row: what follows its object must be nothing, and its own shape is kept apart until then.
            var cursor = new JsonCursor(records.Text);
            cursor.Blank();
            if (cursor.Current != '{') continue;
            if (IsWhole(records.Text)) shape.Observe(ref cursor);
        }
        return shape;
    }

    static bool IsWhole(ReadOnlySpan<byte> text)
    {
        var cursor = new JsonCursor(text);
        cursor.Blank();
        if (!cursor.Skip()) return false;
        cursor.Blank();
        return cursor.AtEnd;
    }
}
