using System.Text.Json.Nodes;

namespace Smelt.Lake;

/// <summary>
/// Gives files the deletion vectors that mask rows, from places in ascending order: one bitmap is in memory at a time, and the file's old vector.
/// </summary>
internal sealed class FileMasks(DmlAttempt attempt, Func<AddFile, bool> isMasked)
{
    private readonly DeletionVectorWriter _writer = attempt.VectorWriter();
    private readonly List<AddFile> _files = [];
    private RowBitmapWriter _rows = new();
    private AddFile? _file;
    private long[] _before = [];
    private int _number = -1, _next;

    internal async ValueTask AddAsync(long[] places, CancellationToken cancel)
    {
        foreach (var place in places)
        {
            if (RowPlace.FileOf(place) != _number)
                await OpenAsync(RowPlace.FileOf(place), cancel);
            if (_file is null)
                continue;
            var row = RowPlace.RowOf(place);
            for (; _next < _before.Length && _before[_next] < row; _next++)
                _rows.Add(_before[_next]);
            _rows.Add(row);
        }
    }

    /// <summary>The files as the commit adds them; the vectors are durable.</summary>
    internal async ValueTask<List<AddFile>> CloseAsync(CancellationToken cancel)
    {
        await FinishAsync(cancel);
        await _writer.CloseAsync(cancel);
        return _files;
    }

    private async ValueTask OpenAsync(int number, CancellationToken cancel)
    {
        await FinishAsync(cancel);
        var file = attempt.Files[number];
        (_number, _file, _next, _before) = (number, isMasked(file) ? file : null, 0, []);
        if (_file?.DeletionVector is { Cardinality: > 0 } vector)
            _before = await DeletionVectorReader.ReadAsync(attempt.Table, vector, cancel);
    }

    private async ValueTask FinishAsync(CancellationToken cancel)
    {
        if (_file is null)
            return;
        for (; _next < _before.Length; _next++)
            _rows.Add(_before[_next]);
        _files.Add(_file with { DeletionVector = await _writer.AddAsync(_rows, cancel), Stats = Loose(_file.Stats!), DataChange = true });
        (_rows, _file) = (new RowBitmapWriter(), null);
    }

    /// <summary>The bounds hold still, and may be wider than the rows that are left (PROTOCOL.md, "Per-file Statistics": tightBounds).</summary>
    private static string Loose(string stats)
    {
        var json = JsonNode.Parse(stats)!.AsObject();
        json["tightBounds"] = false;
        return LogJson.Text(json);
    }
}
