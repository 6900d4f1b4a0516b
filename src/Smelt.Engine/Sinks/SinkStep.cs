using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// A batch of a flow into a sink: its files are made durable under temporary names, named by a prepared record, then renamed. A retry renames what is left and runs no query
/// again, so that a crash neither loses nor doubles a row.
/// </summary>
internal sealed class SinkStep(UpdateContext context, StepPreparation step, BatchKey key, StepProgress progress)
{
    public async Task<FlowResult?> RoundAsync(bool isOld, CancellationToken cancel)
    {
        var state = step.State!;
        var batch = new PreparedBatch(context, step, key);
        if (await state.PreparedAsync(key.Generation, key.Batch, cancel) is { } earlier) return await batch.FinishAsync(earlier, r => DeliverAsync(r, cancel), cancel);
        PreparedRecord made;
        try
        {
            made = await StageAsync(cancel);
        }
        catch (Exception outdated) when (isOld && StepRunner.IsOutdated(outdated))
        {
            await state.AbandonAsync(key.Generation, key.Batch, context.UpdateId, outdated.Message, cancel);
            return null;
        }
        return await batch.PutAsync(made, r => DeliverAsync(r, cancel), cancel);
    }

    private async Task<PreparedRecord> StageAsync(CancellationToken cancel)
    {
        using IStepBatch batch = step.Flow.Kind == FlowKind.Once ? await ViewBatch.OpenAsync(context, step, key, cancel) : await StreamBatch.OpenAsync(context, step, key, cancel);
        try
        {
            using var interrupting = cancel.Register(batch.Catalog.Connection.Interrupt);
            LiveFigures.Give(progress, batch);
            context.Probe(step.Label + ":before-data");
            var intent = await step.State!.IntentAsync(key.Generation, key.Batch, cancel);
            var writer = new SinkWriter(context, step, key, batch, intent?.AtMicros ?? context.NowMicros);
            var files = writer.Write(cancel);
            context.Probe(step.Label + ":after-data");
            return Record(batch, files, writer.Attempt);
        }
        catch (DuckDbException error) when (batch.Bindings.Select(static b => b.Fault).FirstOrDefault(static f => f is not null) is { } fault && error.Kind != DuckDbErrorKind.Interrupt)
        {
            throw fault;
        }
    }

    private PreparedRecord Record(IStepBatch batch, IReadOnlyList<SinkFile> files, string attempt)
    {
        var rows = files.Sum(static f => f.Rows);
        return new PreparedRecord
        {
            Update = context.UpdateId, Attempt = attempt, Definition = step.Flow.DefinitionHash, Plans = [], SinkFiles = files,
            Tables = batch.Tables, Sources = batch.Sources, SourceColumns = batch.SourceColumns, Notes = batch.Notes,
            Counts = new BatchCounts { RowsIn = batch.RowsIn > 0 ? batch.RowsIn : rows, RowsOut = rows, BytesIn = batch.BytesIn, BytesOut = files.Sum(static f => f.Bytes), Files = files.Count },
        };
    }

    private async Task<FlowResult?> DeliverAsync(PreparedRecord record, CancellationToken cancel)
    {
        var state = step.State!;
        for (var i = 0; i < record.SinkFiles.Count; i++)
        {
            context.Probe($"{step.Label}:before-commit-{i}");
            Deliver(record.SinkFiles[i]);
            context.Probe($"{step.Label}:after-commit-{i}");
        }
        var intent = await state.IntentAsync(key.Generation, key.Batch, cancel);
        context.Probe(step.Label + ":before-done");
        await state.PutDoneAsync(key.Generation, key.Batch, new DoneRecord
        {
            Update = record.Update, TableId = "", Version = 0, Definition = record.Definition, AtMicros = context.NowMicros, Streams = intent?.Streams ?? [],
            Tables = record.Tables, Sources = record.Sources, SourceColumns = record.SourceColumns, RowsOut = record.Counts.RowsOut,
        }, cancel);
        context.Probe(step.Label + ":after-done");
        var left = SinkRemains.Sweep(Path.GetFullPath(step.Dataset.Sink!.Path, context.Pipeline.Folder), key);
        return new FlowResult.Completed(0, record.Counts, left is null ? record.Notes : [.. record.Notes, left], []);
    }

    /// <summary>
    /// A temporary name that is gone was renamed by an earlier attempt if the file has its length. A file that is no longer what the batch was written behind is another's work, and
    /// is not overwritten.
    /// </summary>
    private void Deliver(SinkFile file)
    {
        var (from, to) = (Path.GetFullPath(file.Temporary, context.Pipeline.Folder), Path.GetFullPath(file.Final, context.Pipeline.Folder));
        var there = File.Exists(to) ? new FileInfo(to).Length : (long?)null;
        if (File.Exists(from))
        {
            if (there != file.Base && there != file.Bytes)
                throw new EngineException(EngineCodes.SinkFileChanged, $"{step.Dataset.Name} has a prepared batch ({key}) for {file.Final}, which was changed since: it has {there ?? 0} bytes, not {file.Base ?? 0}. Put it back as it was; or copy it elsewhere, and put what the batch made in its place: mv '{file.Temporary}' '{file.Final}'. That holds the rows that were there and the new ones.");
            File.Move(from, to, overwrite: true);
            Durable.Sync(Path.GetDirectoryName(to)!);
        }
        else if (there != file.Bytes)
        {
            throw new EngineException(EngineCodes.PreparedFilesGone,
                $"{step.Dataset.Name} has a prepared batch ({key}) whose file was removed: {file.Temporary}. Put it back; or, to write everything anew, {SinkRestart.Of(context, step.Dataset)}.");
        }
    }
}

/// <summary>fsync of a file or a folder by its path.</summary>
internal static class Durable
{
    public static void Sync(string path)
    {
        if (PosixCalls.SyncPath(path) is not 0 and var error) throw new IOException($"'{path}' could not be made durable (errno {error})");
    }
}
