using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>OPTIMIZE.</content>
public sealed partial class DeltaTable
{
    private const long DefaultTargetBytes = 128L << 20;

    /// <summary>
    /// Rewrites files so that reading is cheaper and no row changes: small files into larger ones, rows of deletion vectors shed, rows laid on a curve (Z-order by the
    /// options' columns; Hilbert's for clustered tables, of which only the files not clustered yet are taken).
    /// </summary>
    /// <exception cref="UnsupportedProtocolException">The table needs writer features that are not supported.</exception>
    public async ValueTask<MaintenanceResult> OptimizeAsync(OptimizeOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new OptimizeOptions();
        using var connection = Lake.Connect();
        using var interrupting = cancel.Register(connection.Interrupt);
        CommitResult.Conflict? last = null;
        for (var number = 0; number < options.MaxAttempts; number++)
        {
            var snapshot = await SnapshotAsync(null, cancel);
            ProtocolSupport.CheckWrite(Folder, snapshot.Protocol, snapshot.Metadata);
            if (RefusalOf(options, snapshot) is { } refusal)
                return new MaintenanceResult.Refused(refusal);
            var attempt = new DmlAttempt(this, snapshot, connection, new DmlOptions { TargetFileBytes = options.TargetFileBytes ?? TargetBytes(snapshot) });
            var keepsFiles = false;
            try
            {
                var run = new OptimizeRun(attempt, options, Clustering.Of(snapshot));
                if (await run.PlanAsync(cancel) is not { } plan)
                    return new MaintenanceResult.Nothing(snapshot);
                // From here on only an answer tells that nobody needs the files: a commit that failed midway may be in the log.
                keepsFiles = true;
                var result = await CommitAsync(plan, snapshot, cancel);
                keepsFiles = result is CommitResult.Committed;
                if (result is CommitResult.Committed done)
                    return new MaintenanceResult.Done(done.Snapshot, run.Metrics());
                last = (CommitResult.Conflict)result;
            }
            catch (DmlRefusedException refused)
            {
                return new MaintenanceResult.Refused(refused.Message);
            }
            catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.Interrupt && cancel.IsCancellationRequested)
            {
                throw new OperationCanceledException(error.Message, error, cancel);
            }
            finally
            {
                await attempt.EndAsync(keepsFiles);
            }
        }
        return new MaintenanceResult.Conflicted(last!);
    }

    private static long TargetBytes(Snapshot snapshot) =>
        snapshot.Metadata.Property("delta.targetFileSize") is { } text && ByteSize.Parse(text) is { } bytes ? bytes : DefaultTargetBytes;

    private static string? RefusalOf(OptimizeOptions options, Snapshot snapshot)
    {
        if (options.ZOrderBy.Count == 0)
            return options.Full && Clustering.Of(snapshot).Count == 0 ? "OPTIMIZE FULL is for clustered tables; this one is not clustered" : null;
        if (Clustering.Of(snapshot).Count > 0)
            return "a clustered table has its own order: OPTIMIZE it without ZORDER BY, or ALTER TABLE … CLUSTER BY other columns";
        foreach (var column in options.ZOrderBy)
        {
            var field = snapshot.Schema.Find(column);
            if (field is null)
                return $"ZORDER BY names '{column}', which is no column of the table";
            if (snapshot.Metadata.PartitionColumns.Contains(field.Name))
                return $"ZORDER BY names '{column}', by which the table is partitioned: it has one value in each file already";
            if (field.Type is StructType or ArrayType or MapType)
                return $"ZORDER BY names '{column}', which is {field.Type} and has no order";
        }
        return null;
    }
}

/// <summary>A number of bytes in words.</summary>
internal static class ByteSize
{
    /// <summary>Bytes of <c>1048576</c>, <c>128mb</c>, <c>1 GB</c>; null where the text is not such.</summary>
    internal static long? Parse(string text)
    {
        var letters = text.Trim().ToLowerInvariant();
        var digits = letters.TrimEnd('k', 'm', 'g', 't', 'b', 'i', ' ');
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        return letters[digits.Length..].Trim() switch
        {
            "" or "b" => number,
            "k" or "kb" or "kib" => number << 10,
            "m" or "mb" or "mib" => number << 20,
            "g" or "gb" or "gib" => number << 30,
            "t" or "tb" or "tib" => number << 40,
            _ => null,
        };
    }
}
