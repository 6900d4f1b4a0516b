using System.Runtime.ExceptionServices;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>Chooses the columns of a batch. Files are looked into on all cores; what they show is put together in the batch's order, so that the result never depends on timing.</summary>
static class SchemaInference
{
    public static SourceSchema Infer(ReadRequest request, IReadOnlyList<SourceColumn>? known)
    {
        var options = request.Options;
        if (options.Schema is { } given) return new(HintedTypes.Resolve(request.Connection, given), []);
        var hints = HintedTypes.Resolve(request.Connection, options.SchemaHints);
        return request.Batch.Format switch
        {
            FileFormat.Csv => CsvInference.Infer(request, known, hints),
            FileFormat.Json => JsonInference.Infer(request, known, hints),
            _ => ParquetSource.Infer(request, known, hints),
        };
    }

    /// <summary>Looks into every file of the batch; results come in the batch's order.</summary>
    public static void ForEachFile<T>(ReadRequest request, Func<SourceFile, T> look, Action<T> take)
    {
        var files = request.Batch.Files;
        // Blocks keep what waits to be put together small, however many files there are.
        const int Block = 64;
        var found = new T[Math.Min(Block, files.Count)];
        for (var start = 0; start < files.Count; start += Block)
        {
            var count = Math.Min(Block, files.Count - start);
            try
            {
                var parallel = new ParallelOptions { CancellationToken = request.Cancel, MaxDegreeOfParallelism = Environment.ProcessorCount };
                Parallel.For(0, count, parallel, i => found[i] = look(files[start + i]));
            }
            catch (AggregateException e)
            {
                var first = e.Flatten().InnerExceptions.OfType<FileSourceException>().MinBy(f => f.File, StringComparer.Ordinal) ?? e.InnerException!;
                ExceptionDispatchInfo.Throw(first);
            }
            for (var i = 0; i < count; i++) take(found[i]);
        }
    }

    /// <summary>Known columns, then those found, then hinted ones that no file has; hints set the types of columns that are not known yet.</summary>
    public static SourceSchema Combine(IReadOnlyList<SourceColumn>? known, IReadOnlyList<SourceColumn> hints, IEnumerable<SourceColumn> found, ISet<string> present)
    {
        var hinted = hints.ToDictionary(h => h.Name, StringComparer.OrdinalIgnoreCase);
        var columns = (known ?? []).Select(c => c with { IsNew = false, IsEvolved = false }).ToList();
        var places = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < columns.Count; i++) places[columns[i].Name] = i;
        foreach (var column in found.Concat(hints))
        {
            if (places.TryGetValue(column.Name, out var place))
            {
                if (column.IsEvolved) columns[place] = columns[place] with { Type = column.Type, IsEvolved = true };
                continue;
            }
            places[column.Name] = columns.Count;
            columns.Add(new(column.Name, hinted.GetValueOrDefault(column.Name)?.Type ?? column.Type, IsNew: known is not null));
        }
        return new(columns, [.. (known ?? []).Where(c => !present.Contains(c.Name)).Select(c => c.Name)]);
    }
}
