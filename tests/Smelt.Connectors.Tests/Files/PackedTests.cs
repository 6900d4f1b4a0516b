using System.Diagnostics;
using System.IO.Compression;
using System.Text;

namespace Smelt.Connectors.Tests;

public class PackedTests
{
    static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    static byte[] Zstd(string text)
    {
        var folder = Directory.CreateTempSubdirectory("smelt-zstd-");
        try
        {
            var plain = Path.Combine(folder.FullName, "x");
            File.WriteAllText(plain, text);
            Process process;
            try { process = Process.Start(new ProcessStartInfo("zstd", ["-q", plain]))!; }
            catch (System.ComponentModel.Win32Exception) { Assert.Skip("the program zstd is not on this machine"); throw; }
            using (process) process.WaitForExit();
            return File.ReadAllBytes(plain + ".zst");
        }
        finally { folder.Delete(true); }
    }

    static readonly string Text = "a,b\n" + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{i},{i * 7919 % 10007}\n"));

    static void ReadsWhole(byte[] bytes, string name, long rows)
    {
        using var f = new SourceFolder();
        f.Write("in/" + name, bytes);
        f.Next("in");
        Assert.Equal(rows, f.Count());
        Assert.Equal(0, f.Count("_rescued_data IS NOT NULL"));
        Assert.Equal(bytes.Length, f.Binding.BytesTotal);
    }

    static void FailsByName(byte[] bytes, string name)
    {
        using var f = new SourceFolder();
        f.Write("in/" + name, bytes);
        var error = Record.Exception(() => { f.Next("in"); f.Count("a IS NOT NULL"); });
        Assert.NotNull(error);
        Assert.Contains("in/" + name, error.Message, StringComparison.Ordinal);
        var fault = error as FileSourceException ?? f.Binding.Fault!;
        Assert.Equal(FileFault.BadCompression, fault.Fault);
        Assert.False(fault.IsTransient);
    }

    [Fact]
    public void Gzip_of_one_or_more_members_is_read_whole()
    {
        ReadsWhole(Gzip(Text), "a.csv.gz", 50_000);
        ReadsWhole([.. Gzip(Text), .. Gzip("x,y\n")], "a.csv.gz", 50_001);
        ReadsWhole(Gzip("a,b\n"), "a.csv.gz", 0);
    }

    [Fact]
    public void Damaged_gzip_fails_by_the_files_name()
    {
        var whole = Gzip(Text);
        foreach (var length in (int[])[0, 5, 12, whole.Length / 3, whole.Length / 2, whole.Length - 9, whole.Length - 8, whole.Length - 4, whole.Length - 1])
            FailsByName(whole[..length], "a.csv.gz");
        FailsByName(Encoding.UTF8.GetBytes("a,b\n1,2\n"), "a.csv.gz");
        FailsByName([.. whole, .. whole[..^3]], "a.csv.gz");
        var flipped = (byte[])whole.Clone();
        flipped[whole.Length - 6] ^= 1;
        FailsByName(flipped, "a.csv.gz");
    }

    [Fact]
    public void Zstd_of_one_or_more_frames_is_read_whole()
    {
        var packed = Zstd(Text);
        ReadsWhole(packed, "a.csv.zst", 50_000);
        ReadsWhole([.. packed, .. packed], "a.csv.zst", 100_001);
    }

    [Fact]
    public void Damaged_zstd_fails_by_the_files_name()
    {
        var whole = Zstd(Text);
        foreach (var length in (int[])[0, 3, whole.Length / 2, whole.Length - 1]) FailsByName(whole[..length], "a.csv.zst");
        FailsByName(Encoding.UTF8.GetBytes("a,b\n1,2\n"), "a.csv.zst");
    }
}
