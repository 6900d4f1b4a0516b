using System.Globalization;
using System.Text;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// A range of days in chunks, each an update of its own. A chunk that is made is remembered in <c>_smelt/backfills</c> until the whole range is, so that asking again after an
/// interruption goes on where it ended; under a changed definition it begins anew.
/// </summary>
public sealed class Backfill(IObjectStore state, Dataset dataset, DayRange range, int daysOfChunk)
{
    private string Folder => $"{LakeLayout.SystemSchema}/backfills/{dataset.Name.Schema}.{LakeLayout.Escape(dataset.Name.Name)}/{Text(range.First)}_{Text(range.Last)}_{daysOfChunk}_{dataset.DefinitionHash[..12]}";

    /// <summary>Chunks that are not made yet, oldest first.</summary>
    public async Task<IReadOnlyList<DayRange>> LeftAsync(CancellationToken cancel)
    {
        var made = (await state.ListAsync(Folder, cancel: cancel)).Select(static i => i.Key[(i.Key.LastIndexOf('/') + 1)..]).ToHashSet(StringComparer.Ordinal);
        var left = new List<DayRange>();
        for (var number = range.First.DayNumber; number <= range.Last.DayNumber; number += daysOfChunk)
        {
            var (day, last) = (DateOnly.FromDayNumber(number), DateOnly.FromDayNumber(Math.Min(number + daysOfChunk - 1, range.Last.DayNumber)));
            if (!made.Contains(Text(day) + ".json")) left.Add(new DayRange(day, last));
        }
        return left;
    }

    public async Task MadeAsync(DayRange chunk, string updateId, CancellationToken cancel) =>
        await state.PutIfAbsentAsync($"{Folder}/{Text(chunk.First)}.json", Encoding.UTF8.GetBytes($"{{\"update\":\"{updateId}\"}}"), cancel);

    /// <summary>The whole range is made: asking for it again makes it again.</summary>
    public async Task FinishAsync(CancellationToken cancel)
    {
        foreach (var item in await state.ListAsync(Folder, cancel: cancel)) await state.DeleteAsync(item.Key, cancel);
    }

    private static string Text(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
}
