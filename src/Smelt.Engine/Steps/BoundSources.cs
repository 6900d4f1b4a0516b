using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The files of a batch, bound as views that also give the batch's own metadata columns.</summary>
internal sealed class BoundSources
{
    private readonly List<FileBinding> _bindings = [];
    private readonly List<string> _columns = [], _notes = [];

    public IReadOnlyList<FileBinding> Bindings => _bindings;

    public IReadOnlyList<string> Columns => _columns;

    public IReadOnlyList<string> Notes => _notes;

    public static string ViewOf(int index) => SqlText.Identifier(StepCatalog.OwnSchema, $"source_{index}");

    /// <param name="withRow">Whether each row brings itself along as a struct.</param>
    public void Bind(UpdateContext context, StepCatalog catalog, int index, SourceCall call, FileSourceOptions options, FileBatch batch,
        IReadOnlyList<string> knownColumns, IntentRecord intent, bool withRow, CancellationToken cancel)
    {
        if (withRow) options = SourceLine.Asked(options, batch);
        var given = BindFiles(context, catalog, index, options, batch, index < knownColumns.Count ? knownColumns[index] : null, cancel);
        BindRows(catalog, index, given, StreamStamps.OfBatch(context.Pipeline.Project.MetadataColumns, intent, options.Path), withRow, "");
    }

    /// <summary>Files that batches of before read, each row with the stamps of the batch that read its file.</summary>
    /// <param name="known">The source's columns as its batches came to know them.</param>
    /// <param name="stamping">The table of files and stamps (<see cref="IngestedFiles.Stamping"/>).</param>
    public void BindIngested(UpdateContext context, StepCatalog catalog, int index, FileSourceOptions options, FileBatch batch, string? known, string stamping, CancellationToken cancel)
    {
        var given = BindFiles(context, catalog, index, SourceLine.Asked(options, batch), batch, known, cancel);
        var file = $"f.{SqlText.Identifier(options.Metadata.SourceFile!)}";
        BindRows(catalog, index, given, IngestedFiles.Stamps(context.Pipeline.Project.MetadataColumns, "b", options.Path), withRow: true, $" JOIN {stamping} AS b ON {IngestedFiles.IsOf("b", file)}");
    }

    private IReadOnlyList<DuckDbColumn> BindFiles(UpdateContext context, StepCatalog catalog, int index, FileSourceOptions options, FileBatch batch, string? knownColumns, CancellationToken cancel)
    {
        var known = knownColumns is null ? null : SourceSchema.ColumnsFromJson(catalog.Connection, knownColumns);
        var schema = FileSource.InferSchema(catalog.Connection, context.Pipeline.Folder, batch, options, known, cancel);
        _columns.Add(schema.ToJson());
        Announce(schema, known is not null, options.Path);
        _bindings.Add(FileSource.Bind(catalog.Connection, context.Pipeline.Folder, batch, schema, options, [StepCatalog.OwnSchema, $"files_{index}"], cancel));
        return catalog.Describe($"SELECT * FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"files_{index}")}");
    }

    private static void BindRows(StepCatalog catalog, int index, IReadOnlyList<DuckDbColumn> given, IEnumerable<StampedColumn> stamps, bool withRow, string joined)
    {
        var hidden = given.Where(static c => c.Name is StreamStamps.HiddenFile or StreamStamps.HiddenRescued || SourceLine.Is(c.Name)).Select(static c => SqlText.Identifier(c.Name)).ToList();
        var star = hidden.Count == 0 ? "f.*" : $"f.* EXCLUDE ({string.Join(", ", hidden)})";
        var stamped = string.Concat(stamps.Where(s => given.All(c => !c.Name.Equals(s.Name, StringComparison.OrdinalIgnoreCase))).Select(static s => $", {s.Sql} AS {SqlText.Identifier(s.Name)}"));
        var row = withRow ? ", " + Row(given.Select(static c => c.Name)) : "";
        catalog.BindSql(StepCatalog.OwnSchema, $"source_{index}", $"SELECT {star}{stamped}{row} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"files_{index}")} AS f{joined}");
    }

    /// <summary>A relation's columns as one struct under the carried row's name.</summary>
    public static string Row(IEnumerable<string> columns) =>
        $"{{{string.Join(", ", columns.Select(static c => $"{SqlText.Literal(c)}: {SqlText.Identifier(c)}"))}}} AS {StreamedRow.Column}";

    private void Announce(SourceSchema schema, bool isKnown, string path)
    {
        if (!isKnown) return;
        foreach (var column in schema.Columns.Where(static c => c.IsNew)) _notes.Add($"new column {column.Name} {column.Type} in {path}");
        foreach (var column in schema.Columns.Where(static c => c.IsEvolved)) _notes.Add($"column {column.Name} has new fields in {path}: {column.Type}");
        foreach (var missing in schema.Missing) _notes.Add($"column {missing} is in no new file of {path}: NULL");
    }
}
