using System.Globalization;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Chooses the next range of one streamed table.</summary>
/// <param name="context">The update.</param>
/// <param name="step">The flow.</param>
/// <param name="source">What it streams.</param>
/// <param name="table">The table at the version that this update sees.</param>
/// <param name="reasons">Gets what is new.</param>
/// <param name="notes">Gets what was passed over.</param>
internal sealed class StreamRangePlanner(UpdateContext context, StepPreparation step, StreamSource source, PinnedTable table, List<string> reasons, List<string> notes)
{
    private readonly StreamStop _stop = new(context, step);

    private Snapshot Now => table.Snapshot;

    // A full refresh replaces the table in one commit: it reads all in one batch.
    private StreamOptions Limits => step.Mode == RefreshMode.Full ? StreamOptions.None : source.Options;

    public async Task<StreamRange> PlanAsync(CancellationToken cancel)
    {
        if (source.IsChanges && !Now.Metadata.IsOn("delta.enableChangeDataFeed")) throw _stop.NotRecorded(source);
        if (Last() is not { } last) return await FirstAsync(cancel);
        if (last.TableId != Now.Metadata.Id) throw _stop.Remade(source);
        if (last is { From: null, ToFile: { } read }) return await RestOfSnapshotAsync(last, read, cancel);
        last = last with { Name = source.Name, From = last.To, FromFile = last.ToFile ?? 0, ToFile = null };
        if (last is { FromFile: 0 } && last.To == Now.Version) return last;
        // It begins at a version that is not there yet.
        if (last.To > Now.Version && source.Options.StartingVersion == last.To + 1) return last with { From = last.To };
        // Another run went further than what this update saw first: there is nothing for it to add.
        if (last.To > Now.Version && await table.Table.TrySnapshotAsync(cancel) is { } newest && newest.Metadata.Id == last.TableId && newest.Version >= last.To) return last with { From = last.To };
        return source.IsChanges ? await ChangesAsync(last, cancel) : await AppendsAsync(last, cancel);
    }

    private StreamRange? Last() => step.Mode == RefreshMode.Full || step.State!.Done is not { } done ? null : source.LastOf(done, Now.Metadata.Id);

    private async Task<StreamRange> FirstAsync(CancellationToken cancel)
    {
        var whole = new StreamRange(source.Name, Now.Metadata.Id, null, Now.Version);
        if (await StartAsync(cancel) is { } start)
        {
            var begun = whole with { From = start - 1 };
            if (start > Now.Version) return begun with { To = start - 1 };
            return source.IsChanges ? await ChangesAsync(begun, cancel) : await AppendsAsync(begun, cancel);
        }
        if (Now.Files.Count > 0) reasons.Add($"all rows of {source.Name}");
        return source.IsChanges ? whole : Cut(whole, StreamFiles.OfSnapshot(Now, 0));
    }

    /// <summary>The first version to read, where the options name one. A time after the newest version is refused, as in Spark: nobody knows what will be written before it.</summary>
    private async Task<long?> StartAsync(CancellationToken cancel)
    {
        if (source.Options.StartingVersion is { } version) return version < 0 ? Now.Version + 1 : version;
        if (source.Options.StartingTimestamp is not { } text) return null;
        var time = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds();
        if (Now.TimestampMs < time) throw _stop.InFuture(source, Now.TimestampMs);
        return (await table.Table.VersionsBetweenAsync(time, null, cancel)).From;
    }

    private async Task<StreamRange> RestOfSnapshotAsync(StreamRange last, int read, CancellationToken cancel)
    {
        var rest = StreamFiles.OfSnapshot(await _stop.SnapshotAsync(table.Table, last.To, source, cancel), read);
        var range = last with { Name = source.Name, FromFile = read, ToFile = null };
        if (rest.Count > 0) reasons.Add($"{rest.Count} more {(rest.Count == 1 ? "file" : "files")} of {source.Name}");
        return Cut(range, rest);
    }

    private StreamRange Cut(StreamRange range, List<StreamedFile> files)
    {
        var taken = StreamFiles.Take(files, Limits);
        return taken == files.Count ? range : range with { ToFile = files[taken].Index };
    }

    private async Task<StreamRange> AppendsAsync(StreamRange range, CancellationToken cancel)
    {
        var after = range.From!.Value;
        var change = await table.Table.AppendsBetweenAsync(range.TableId, after, Now, source.Options.SkipChangeCommits, cancel);
        if (change is ChangeRange.Broken broken) throw _stop.For(source, broken);
        var appends = (ChangeRange.Appends)change;
        if (appends.Passed.FirstOrDefault(static p => p is { Mark: CommitMarks.Erasure, TakesAppended: true }) is { } erased) throw _stop.Erased(source, erased);
        var files = StreamFiles.OfAppends(appends, after, range.FromFile);
        if (files.Count > 0) reasons.Add($"new rows in {source.Name}");
        var taken = StreamFiles.Take(files, Limits);
        range = range with { To = Now.Version };
        if (taken < files.Count)
        {
            var next = files[taken];
            range = range with { To = next.Version!.Value - 1, ToFile = next.Index > 0 ? next.Index : null };
        }
        return Announced(range, [.. appends.Passed.Where(p => p.Version <= range.To)]);
    }

    private StreamRange Announced(StreamRange range, IReadOnlyList<PassedVersion> passed)
    {
        foreach (var group in passed.GroupBy(static p => p.Mark))
        {
            var versions = string.Join(", ", group.Take(5).Select(static p => p.Version)) + (group.Count() > 5 ? ", …" : "");
            notes.Add($"{source.Name}: {(group.Count() == 1 ? "version" : "versions")} {versions} took rows out {(group.Key is { } why ? $"for {why}{RemovedRows.What(group)}" : "or changed them (skipChangeCommits)")} and {(group.Count() == 1 ? "is" : "are")} passed over");
        }
        return range with { Passed = range.Passed + passed.Count(static p => RemovedRows.AreLost(p)) };
    }

    private async Task<StreamRange> ChangesAsync(StreamRange range, CancellationToken cancel)
    {
        if (range.From > Now.Version) throw _stop.For(source, new ChangeRange.Broken(ChangeBreak.Replaced, Now.Version, null));
        if (await table.DataVersionAsync() > range.From) reasons.Add($"changes of {source.Name}");
        cancel.ThrowIfCancellationRequested();
        return range with { To = Now.Version };
    }
}
