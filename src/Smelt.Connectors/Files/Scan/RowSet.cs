using System.Text;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>Reads rows of one file until the set is full or the file ends (then false).</summary>
interface IRowReader : IDisposable
{
    bool Read(RowSet rows);
}

/// <summary>Up to a chunk's rows in the making: the schema's columns, then what is rescued, the file and the line.</summary>
sealed class RowSet : IDisposable
{
    readonly Dictionary<string, int> places = new(StringComparer.OrdinalIgnoreCase);
    readonly bool[] needed;
    readonly TextBuffer rescued = new();
    readonly TextBuffer files = new();
    readonly FixedBuffer<long> lines = new(static (_, out value) => { value = 0; return false; });
    readonly bool wantsRescued, wantsFile, wantsLine;
    readonly ScanLayout layout;
    byte[] file = [];
    bool fileStands;

    public RowSet(ScanLayout layout, IReadOnlyList<int> projected)
    {
        this.layout = layout;
        Root = new([.. layout.Schema.Columns.Select(c => new DuckDbField(c.Name, c.Type))]);
        for (var i = 0; i < Columns.Length; i++) places[layout.Schema.Columns[i].Name] = i;
        wantsRescued = projected.Contains(layout.RescuedIndex);
        wantsFile = projected.Contains(layout.FileIndex);
        wantsLine = projected.Contains(layout.LineIndex);
        needed = new bool[Columns.Length];
        // A value can be left unread only where nobody asks for it nor for whether it fits; text always fits.
        for (var i = 0; i < needed.Length; i++) needed[i] = projected.Contains(i) || (wantsRescued && Columns[i] is not TextBuffer);
    }

    public StructBuffer Root { get; }

    public ColumnBuffer[] Columns => Root.Children;

    public RescuedRow Rescue { get; } = new();

    public int Count { get; private set; }

    public long RescuedCount { get; private set; }

    public bool IsFull => Count == DataChunk.Capacity;

    public bool IsNeeded(int column) => needed[column];

    public ReadOnlySpan<bool> Needed => needed;

    /// <summary>The column of a name without case, -1 where the schema has none.</summary>
    public int Find(string name) => places.GetValueOrDefault(name, -1);

    public void BeginFile(string path)
    {
        file = Encoding.UTF8.GetBytes(path);
        fileStands = false;
    }

    /// <summary>Ends the row at <see cref="Count"/>, with what was rescued of it.</summary>
    public void Complete(long line)
    {
        if (!Rescue.IsEmpty)
        {
            RescuedCount++;
            if (wantsRescued) rescued.TrySet(Count, Rescue.Finish(file));
            Rescue.Reset();
        }
        if (wantsFile && fileStands) files.Repeat(Count);
        else if (wantsFile) fileStands = files.TrySet(Count, file);
        if (wantsLine) lines.Set(Count, line);
        Count++;
    }

    /// <summary>Makes the row at <see cref="Count"/> one broken line and takes back what was set of it.</summary>
    public void Broken(ReadOnlySpan<byte> text, string reason, TextEncoding encoding, long line)
    {
        foreach (var column in Columns) column.Unset(Count);
        Rescue.AddLine(text, reason, encoding);
        Complete(line);
    }

    public void Clear()
    {
        Root.Clear();
        rescued.Clear();
        files.Clear();
        lines.Clear();
        fileStands = false;
        (Count, RescuedCount) = (0, 0);
    }

    public void Flush(DataChunk chunk, IReadOnlyList<int> projected)
    {
        for (var i = 0; i < projected.Count; i++)
        {
            var index = projected[i];
            if (index >= 0 && index < Columns.Length) Columns[index].Flush(chunk[i], Count, null);
            else if (index == layout.RescuedIndex) rescued.Flush(chunk[i], Count, null);
            else if (index == layout.FileIndex) files.Flush(chunk[i], Count, null);
            else if (index == layout.LineIndex) lines.Flush(chunk[i], Count, null);
        }
        chunk.RowCount = Count;
    }

    public void Dispose() => Rescue.Dispose();
}

/// <summary>The columns that a scan gives, by their place; -2 for a metadata column that is left out.</summary>
sealed class ScanLayout
{
    public ScanLayout(SourceSchema schema, MetadataColumns metadata)
    {
        Schema = schema;
        var columns = schema.Columns.Select(c => new DuckDbColumn(c.Name, c.Type)).ToList();
        RescuedIndex = Add(columns, metadata.RescuedData, DuckDbType.Varchar);
        FileIndex = Add(columns, metadata.SourceFile, DuckDbType.Varchar);
        LineIndex = Add(columns, metadata.SourceLine, DuckDbType.BigInt);
        Columns = columns;
    }

    public SourceSchema Schema { get; }

    public IReadOnlyList<DuckDbColumn> Columns { get; }

    public int RescuedIndex { get; }

    public int FileIndex { get; }

    public int LineIndex { get; }

    static int Add(List<DuckDbColumn> columns, string? name, DuckDbType type)
    {
        if (name is null) return -2;
        columns.Add(new(name, type));
        return columns.Count - 1;
    }
}
