using System.Globalization;
using System.Text;
using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Writes a batch's rows as files under temporary names: one, or one for each value of the columns that the name's pattern holds. Rows whose file is there already are
/// written behind those in it.
/// </summary>
internal sealed class SinkWriter(UpdateContext context, StepPreparation step, BatchKey key, IStepBatch batch, long atMicros)
{
    private const int MostFiles = 10_000;

    private const string Rows = "smelt_sink";

    private readonly SinkSettings _sink = step.Dataset.Sink!;
    private readonly List<SinkFile> _files = [];
    private bool _hasBareNumbers;

    public string Attempt { get; } = Guid.NewGuid().ToString("N")[..16];

    private DuckDbConnection Connection => batch.Catalog.Connection;

    private string Folder => Path.GetFullPath(_sink.Path, context.Pipeline.Folder);

    public IReadOnlyList<SinkFile> Write(CancellationToken cancel)
    {
        var described = batch.Catalog.Describe(batch.Sql).Where(static c => c.Name != StreamedRow.Column).ToList();
        _hasBareNumbers = _sink.Format == SinkFormat.Json && described.Exists(static c => BareNumbers.MayBeIn(c.Type));
        var columns = described.ConvertAll(static c => c.Name);
        if (_sink.Format == SinkFormat.Csv && columns.Find(static c => c.AsSpan().IndexOfAny('\r', '\n') >= 0) is { } broken)
            throw new EngineException(EngineCodes.SchemaRefused, $"A column of the flow {step.Flow.Name} has a line break in its name ('{broken.ReplaceLineEndings("\\n")}'), and the header of a CSV file is one line. Give the column another name.");
        Connection.Execute($"CREATE TEMP TABLE {Rows} AS SELECT {string.Join(", ", columns.Select(static c => SqlText.Identifier(c)))} FROM ({batch.Sql}\n) AS q");
        if (Count("") == 0) return [];
        Directory.CreateDirectory(Folder);
        var keys = _sink.Placeholders.Where(p => columns.Contains(p, StringComparer.OrdinalIgnoreCase)).ToList();
        var unknown = _sink.Placeholders.FirstOrDefault(p => !keys.Contains(p) && p.ToLowerInvariant() is not ("batch" or "date"));
        if (unknown is not null)
            throw new EngineException(EngineCodes.SchemaRefused, $"The file name of {step.Dataset.Name} holds {{{unknown}}}, which is no column of the flow {step.Flow.Name}. Write {{batch}}, {{date}} or a column.");
        // Two values may give one name: their rows go to one file.
        foreach (var file in Values(keys).GroupBy(values => NameOf(keys, values), StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            WriteFile(file.Key, keys.Count == 0 ? "" : " WHERE " + string.Join(" OR ", file.Select(values => $"({Condition(keys, values)})")));
        }
        Durable.Sync(Folder);
        return _files;
    }

    private List<object?[]> Values(List<string> keys)
    {
        if (keys.Count == 0) return [[]];
        var found = Connection.Rows($"SELECT DISTINCT {string.Join(", ", keys.Select(static k => $"{SqlText.Identifier(k)}::VARCHAR"))} FROM {Rows} ORDER BY ALL LIMIT {MostFiles + 1}");
        return found.Count <= MostFiles ? found
            : throw new EngineException(EngineCodes.SchemaRefused, $"A batch of {step.Dataset.Name} would write more than {MostFiles} files, one for each ({string.Join(", ", keys)}). Name the files by a column of fewer values.");
    }

    private static string Condition(List<string> keys, object?[] values) =>
        string.Join(" AND ", keys.Select((k, i) => $"{SqlText.Identifier(k)}::VARCHAR IS NOT DISTINCT FROM {(values[i] is string v ? SqlText.Literal(v) : "NULL")}"));

    private string NameOf(List<string> keys, object?[] values)
    {
        var name = _sink.File;
        for (var i = 0; i < keys.Count; i++) name = name.Replace($"{{{keys[i]}}}", values[i] is string value ? Uri.EscapeDataString(value) : "__null", StringComparison.OrdinalIgnoreCase);
        return name.Replace("{batch}", string.Create(CultureInfo.InvariantCulture, $"{Uri.EscapeDataString(step.FlowName ?? "")}-{key.Generation}-{key.Batch:000000}"), StringComparison.OrdinalIgnoreCase)
            .Replace("{date}", DateTime.UnixEpoch.AddTicks(atMicros * 10).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), StringComparison.OrdinalIgnoreCase);
    }

    private void WriteFile(string name, string where)
    {
        Hold(name);
        var (temporary, final) = (Path.Combine(Folder, SinkRemains.Name(key, Attempt, _files.Count)), Path.Combine(Folder, name));
        var before = File.Exists(final) ? new FileInfo(final).Length : (long?)null;
        if (before is not null && _sink.File.Contains("{batch}", StringComparison.OrdinalIgnoreCase))
            throw new EngineException(EngineCodes.SinkFileChanged, $"{step.Dataset.Name} would write {final}, which is there already, and not by this batch: another lake writes into the folder, or an earlier one did. Move the file away, or give the sink another folder.");
        Copy(where, final, temporary);
        Durable.Sync(temporary);
        _files.Add(new SinkFile(Path.Combine(_sink.Path, Path.GetFileName(temporary)), Path.Combine(_sink.Path, name), Count(where), new FileInfo(temporary).Length, before));
    }

    /// <summary>Before anything is prepared: a batch whose file cannot have its name would never be delivered.</summary>
    private void Hold(string name)
    {
        var wrong = name is "" or "." or ".." ? "is no file's name" : name.Contains('/', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal) ? "is no file's name" : Encoding.UTF8.GetByteCount(name) > 255 ? "is longer than 255 bytes" : null;
        if (wrong is not null) throw new EngineException(EngineCodes.SchemaRefused, $"{step.Dataset.Name} would write a file named '{name}' (file => '{_sink.File}'), which {wrong}. Name the files by other columns.");
    }

    private void Copy(string where, string final, string temporary)
    {
        var isThere = File.Exists(final) && new FileInfo(final).Length > 0;
        var rows = $"SELECT * FROM {Rows}{where}";
        if (_sink.Format == SinkFormat.Parquet)
        {
            if (isThere) rows = $"SELECT * FROM read_parquet({SqlText.Literal(final)}, hive_partitioning = false) UNION ALL BY NAME {rows}";
            Connection.Execute($"COPY ({rows}) TO {SqlText.Literal(temporary)} (FORMAT parquet, COMPRESSION zstd)");
            return;
        }
        var options = _sink.Format == SinkFormat.Json ? "FORMAT json" : "FORMAT csv, HEADER true";
        Connection.Execute($"COPY ({rows}) TO {SqlText.Literal(temporary)} ({options})");
        if (_hasBareNumbers) BareNumbers.Quote(temporary);
        if (isThere) Prepend(final, temporary, _sink.Format == SinkFormat.Csv ? Header(final, temporary) : 0);
    }

    /// <summary>The length of a CSV file's header, which has to be that of the file that the rows go behind.</summary>
    private int Header(string before, string file)
    {
        using var there = new StreamReader(before);
        using var now = new StreamReader(file);
        var (first, own) = (there.ReadLine(), now.ReadLine());
        return first == own ? Encoding.UTF8.GetByteCount(own + "\n")
            : throw new EngineException(EngineCodes.SchemaRefused, $"{before} has the columns {first}, and {step.Dataset.Name} would write {own} behind them. Move the file away, or name the files otherwise.");
    }

    /// <summary>Lines go behind the lines that are there, but the first so many bytes.</summary>
    private static void Prepend(string before, string file, int but)
    {
        var joined = file + "2";
        using (var output = File.Create(joined))
        {
            using (var first = File.OpenRead(before))
            {
                first.CopyTo(output);
                first.Position = first.Length - 1;
                // An editor may have left the last line without its end.
                if (first.ReadByte() != '\n') output.WriteByte((byte)'\n');
            }
            using var second = File.OpenRead(file);
            second.Position = but;
            second.CopyTo(output);
        }
        File.Move(joined, file, overwrite: true);
    }

    private long Count(string where) => Convert.ToInt64(Connection.Scalar($"SELECT count(*) FROM {Rows}{where}"), CultureInfo.InvariantCulture);
}
