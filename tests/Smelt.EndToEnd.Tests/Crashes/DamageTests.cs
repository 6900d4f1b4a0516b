using System.Text;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>
/// Files of the state and of table logs, damaged as disks and people damage them. Every update over them ends with the right rows or with a code, never with a fault of Smelt's
/// own, an endless wait or wrong rows; and once the file is back, the update goes through.
/// </summary>
public sealed class DamageTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Two days done, and a third whose silver batch is prepared and not committed.</summary>
    private static readonly Lazy<PipelineFolder> s_prepared = new(static () =>
    {
        var folder = SmallPipeline.Create().AddDay(1).Write("platform.yml", "default_target: local\ntargets:\n  local:\n    engine: duckdb\n    memory: 1GB\n    threads: 1\n");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path);
        folder.AddDay(3).RunKilledAt("silver.orders:after-prepared", "--parallel", "1");
        return folder;
    });

    private static readonly Lazy<SortedDictionary<string, string>> s_undisturbed = new(static () => SmallPipeline.Undisturbed(4));

    [Fact]
    public void A_damaged_state_record_is_told_by_a_code_or_changes_no_row()
    {
        var files = Files("lake/_smelt/flows", "*.json").Concat(Files("lake/_smelt/updates", "*.json")).ToList();
        Damage(files, Repository.IsDeep ? 600 : 12, AnyByte, "state records");
    }

    /// <summary>A log has no checksum that the protocol makes readers hold it against: a changed digit cannot be seen. What breaks its JSON must be.</summary>
    [Fact]
    public void A_damaged_log_is_told_by_a_code_or_changes_no_row()
    {
        var files = Files("lake", "0*.json").Where(static f => f.Contains("_delta_log", StringComparison.Ordinal)).ToList();
        Damage(files, Repository.IsDeep ? 600 : 12, BrokenJson, "commits of table logs");
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(s_prepared.Value.File(folder), pattern, SearchOption.AllDirectories).Select(static f => Path.GetRelativePath(s_prepared.Value.Path, f)).Order(StringComparer.Ordinal);

    private static void Damage(List<string> files, int rounds, Func<byte[], Random, (string What, byte[]? Bytes)> damaged, string kind)
    {
        Assert.True(files.Count > 5);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var (told, unharmed) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var file = files[random.Next(files.Count)];
            using var folder = s_prepared.Value.Copy().AddDay(4);
            var whole = File.ReadAllBytes(folder.File(file));
            var (what, bytes) = damaged(whole, random);
            if (bytes is null) File.Delete(folder.File(file));
            else File.WriteAllBytes(folder.File(file), bytes);
            var name = $"seed {seed}, round {round}: {file}, {what}";
            if (!Ended(folder, name))
            {
                told++;
                File.WriteAllBytes(folder.File(file), whole);
                // A file that was gone may have been made anew meanwhile, by an update that could not know of it: then its table stays with what it tells.
                if (bytes is null) continue;
                Assert.True(Ended(folder, name + ", put back"), name + ": it does not go on when the file is back");
            }
            else unharmed++;
            TableDifference.None(s_undisturbed.Value, Content(folder, file, whole, ref told), name);
        }
        Assert.True(told > 0);
        DeepResults.Tell($"Damaged {kind}: {rounds} rounds over {files.Count} files, {told} told by a code, {unharmed} unharmed; no wrong row, fault or hang");
    }

    /// <summary>What the lake holds. A table that an update only appended to may be told as damaged by who reads it: then the file is put back before.</summary>
    private static SortedDictionary<string, string> Content(PipelineFolder folder, string file, byte[] whole, ref int told)
    {
        try
        {
            return OpenLake.ContentOf(folder.Path);
        }
        catch (LakeException)
        {
            told++;
            File.WriteAllBytes(folder.File(file), whole);
            return OpenLake.ContentOf(folder.Path);
        }
    }

    /// <summary>Whether the update succeeded; where it did not, every failure has a code.</summary>
    private static bool Ended(PipelineFolder folder, string name)
    {
        var update = Task.Run(() => LocalUpdate.TryRun(folder.Path));
        try
        {
            Assert.True(update.Wait(s_patience), name + ": it hangs");
        }
        catch (AggregateException error)
        {
            var fault = StepFault.Of(error.InnerException!);
            Assert.True(fault is { Code: not EngineCodes.Fault }, $"{name}: {error.InnerException}");
            return false;
        }
        foreach (var step in update.Result.Steps)
        {
            if (step.Result is FlowResult.Failed failed) Assert.True(failed.Code != EngineCodes.Fault && failed.Message.Length > 20, $"{name}: {step.Dataset.Name} {failed}\n{step.Fault}");
        }
        return update.Result.Succeeded;
    }

    /// <summary>Anything: a bit, a byte, a digit, a piece gone, doubled, zeroed, cut off, or all of it.</summary>
    private static (string What, byte[]? Bytes) AnyByte(byte[] whole, Random random)
    {
        if (whole.Length < 4) return ("emptied", []);
        var at = random.Next(whole.Length);
        var length = Math.Min(1 + random.Next(30), whole.Length - at);
        switch (random.Next(8))
        {
            case 0: return ($"bit at {at}", Changed(whole, at, (byte)(whole[at] ^ (1 << random.Next(8)))));
            case 1: return ($"byte at {at}", Changed(whole, at, (byte)random.Next(256)));
            case 2: return ($"{length} gone at {at}", [.. whole[..at], .. whole[(at + length)..]]);
            case 3: return ($"{length} twice at {at}", [.. whole[..(at + length)], .. whole[at..]]);
            case 4: return ($"{length} zeroed at {at}", [.. whole[..at], .. new byte[length], .. whole[(at + length)..]]);
            case 5: return ($"cut off at {at}", whole[..at]);
            case 6: return ("emptied", []);
            default: return Digit(whole, random);
        }
    }

    private static (string What, byte[]? Bytes) Digit(byte[] whole, Random random)
    {
        var digits = Enumerable.Range(0, whole.Length).Where(i => char.IsAsciiDigit((char)whole[i])).ToList();
        if (digits.Count == 0) return ("emptied", []);
        var at = digits[random.Next(digits.Count)];
        return ($"digit at {at}", Changed(whole, at, (byte)('0' + ((whole[at] - '0' + 1 + random.Next(9)) % 10))));
    }

    /// <summary>What makes a line of JSON none: cut within, a bracket or quote gone, bytes that are no text, zeros as a torn write leaves them.</summary>
    private static (string What, byte[]? Bytes) BrokenJson(byte[] whole, Random random)
    {
        var inside = Enumerable.Range(1, whole.Length - 2).Where(i => whole[i] != '\n' && whole[i - 1] != '\n' && whole[i + 1] != '\n').ToList();
        var at = inside[random.Next(inside.Count)];
        switch (random.Next(5))
        {
            case 0: return ($"cut off at {at}", whole[..at]);
            case 1: return ($"no text at {at}", Changed(whole, at, 0xFF));
            case 2: return ($"zeroed from {at}", [.. whole[..at], .. new byte[whole.Length - at]]);
            case 3: return ("emptied", []);
            default:
                var brackets = Enumerable.Range(0, whole.Length).Where(i => whole[i] is (byte)'{' or (byte)'}').ToList();
                var gone = brackets[random.Next(brackets.Count)];
                return IsWithinText(whole, gone) ? ("emptied", []) : ($"bracket at {gone} gone", [.. whole[..gone], .. whole[(gone + 1)..]]);
        }
    }

    private static bool IsWithinText(byte[] whole, int at)
    {
        var text = Encoding.Latin1.GetString(whole);
        var line = text.LastIndexOf('\n', at) + 1;
        var inText = false;
        for (var i = line; i < at; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '"') inText = !inText;
        }
        return inText;
    }

    private static byte[] Changed(byte[] whole, int at, byte to)
    {
        var changed = (byte[])whole.Clone();
        changed[at] = to;
        return changed;
    }
}
