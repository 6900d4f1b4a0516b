using System.Collections.Concurrent;
using System.Text;
using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// Rows refused while a query runs, whole and with their exact types, on their way to a table of the step's: <c>broken</c>, names of rules, and <c>r</c>, the row. Each thread fills a chunk of its own and
/// hands it over when it is full: of two thousand rows a handful is refused, and to hand over each handful costs more than to judge the rows.
/// </summary>
internal sealed class SetAsideRows : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentBag<DataChunk> _filling = [];
    private readonly DuckDbAppender _table;
    private readonly DuckDbType[] _types;
    private readonly byte[][] _rules;

    /// <param name="connection">Its own: it writes while the step's query runs.</param>
    /// <param name="rowType">Of <c>r</c>.</param>
    public SetAsideRows(DuckDbConnection connection, string catalog, string table, IEnumerable<Rule> rules, DuckDbType rowType)
    {
        _types = [DuckDbType.List(DuckDbType.Varchar), rowType];
        _rules = [.. rules.Select(static r => Encoding.UTF8.GetBytes(r.Name))];
        _table = connection.Appender(catalog, StepCatalog.OwnSchema, table);
    }

    /// <param name="source">Of the type that is set aside.</param>
    /// <param name="rows">Which of its rows.</param>
    /// <param name="breaks">A flag a rule, row after row of <paramref name="source"/>.</param>
    public void Add(Vector source, ReadOnlySpan<int> rows, ReadOnlySpan<bool> breaks)
    {
        var chunk = _filling.TryTake(out var used) ? used : DataChunk.Create(_types);
        try
        {
            if (chunk.RowCount + rows.Length > DataChunk.Capacity) HandOver(chunk);
            Fill(chunk, source, rows, breaks);
        }
        finally
        {
            _filling.Add(chunk);
        }
    }

    /// <summary>Hands over what is left and makes all of it readable.</summary>
    public void Dispose()
    {
        try
        {
            foreach (var chunk in _filling) HandOver(chunk);
        }
        finally
        {
            foreach (var chunk in _filling) chunk.Dispose();
            _table.Dispose();
        }
    }

    private void HandOver(DataChunk chunk)
    {
        if (chunk.RowCount == 0) return;
        lock (_gate) _table.AppendChunk(chunk);
        chunk.Reset();
    }

    private void Fill(DataChunk chunk, Vector source, ReadOnlySpan<int> rows, ReadOnlySpan<bool> breaks)
    {
        var (at, names) = (chunk.RowCount, chunk[0]);
        var total = names.ListSize;
        names.SetListSize(total + (ulong)Broken(rows, breaks));
        var elements = names.ListChild;
        for (var i = 0; i < rows.Length; i++)
        {
            var first = total;
            var row = breaks.Slice(rows[i] * _rules.Length, _rules.Length);
            for (var rule = 0; rule < row.Length; rule++)
            {
                if (row[rule]) elements.SetUtf8((int)total++, _rules[rule]);
            }
            names.SetListEntry(at + i, first, total - first);
        }
        chunk.CopyRows(source, rows, 1, at);
        chunk.RowCount = at + rows.Length;
    }

    private int Broken(ReadOnlySpan<int> rows, ReadOnlySpan<bool> breaks)
    {
        var broken = 0;
        foreach (var row in rows) broken += breaks.Slice(row * _rules.Length, _rules.Length).Count(true);
        return broken;
    }
}
