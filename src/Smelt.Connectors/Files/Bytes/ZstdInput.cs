using System.Runtime.InteropServices;

namespace Smelt.Connectors;

/// <summary>Unpacks Zstandard, of one or more frames, with the system's libzstd (Debian: libzstd1; macOS: zstd of Homebrew).</summary>
sealed class ZstdInput : InputStream
{
    readonly Stream packed;
    readonly string file;
    readonly byte[] input = GC.AllocateArray<byte>(128 << 10, pinned: true);
    readonly byte[] output = GC.AllocateArray<byte>(128 << 10, pinned: true);
    nint stream;
    ZstdBuffer source, target;
    int taken;
    bool ended, frameOpen = true;

    public ZstdInput(Stream packed, string file)
    {
        (this.packed, this.file) = (packed, file);
        try { stream = Zstd.CreateDStream(); }
        catch (DllNotFoundException e)
        {
            throw new FileSourceException(FileFault.BadCompression, file, $"{file} is packed with Zstandard, and libzstd is not on this machine; install it (Debian: libzstd1)", e);
        }
        source.Data = Marshal.UnsafeAddrOfPinnedArrayElement(input, 0);
        target.Data = Marshal.UnsafeAddrOfPinnedArrayElement(output, 0);
        target.Size = (nuint)output.Length;
    }

    public override int Read(Span<byte> buffer)
    {
        while (taken == (int)target.Position && !ended) Fill();
        var count = Math.Min(buffer.Length, (int)target.Position - taken);
        output.AsSpan(taken, count).CopyTo(buffer);
        taken += count;
        return count;
    }

    void Fill()
    {
        (target.Position, taken) = (0, 0);
        if (source.Position == source.Size)
        {
            (source.Size, source.Position) = ((nuint)packed.Read(input), 0);
            if (source.Size == 0) ended = true;
        }
        if (ended && !frameOpen) return;
        var left = Zstd.DecompressStream(stream, ref target, ref source);
        if (Zstd.IsError(left) != 0) throw Broken("its bytes are damaged, or it is not Zstandard");
        // With no input left and nothing more coming out, an open frame is a file that ends too early.
        frameOpen = left != 0;
        if (ended && frameOpen && target.Position == 0) throw Broken("it ends too early");
        if (target.Position > 0) ended = false;
    }

    FileSourceException Broken(string why) =>
        new(FileFault.BadCompression, file, $"{file} cannot be unpacked as Zstandard: {why}; deliver it again whole, or move it away");

    protected override void Dispose(bool disposing)
    {
        if (stream != 0) _ = Zstd.FreeDStream(stream);
        stream = 0;
        if (disposing) packed.Dispose();
        base.Dispose(disposing);
    }

    ~ZstdInput() => Dispose(false);
}

/// <summary>ZSTD_inBuffer and ZSTD_outBuffer, which are laid out alike.</summary>
[StructLayout(LayoutKind.Sequential)]
struct ZstdBuffer
{
    public nint Data;
    public nuint Size;
    public nuint Position;
}

/// <summary>The few calls of zstd.h that reading needs. All arguments are blittable, so no marshalling code is made and no unsafe code is needed.</summary>
static class Zstd
{
    static readonly string[] Names = ["libzstd.so.1", "libzstd.1.dylib", "/opt/homebrew/lib/libzstd.1.dylib"];

    static Zstd() => NativeLibrary.SetDllImportResolver(typeof(Zstd).Assembly, static (name, assembly, path) =>
    {
        if (name != Library) return 0;
        foreach (var candidate in Names)
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle)) return handle;
        return 0;
    });

    const string Library = "smelt-zstd";

#pragma warning disable SYSLIB1054 // the source generator would need unsafe code in this project
    [DllImport(Library, EntryPoint = "ZSTD_createDStream")]
    public static extern nint CreateDStream();

    [DllImport(Library, EntryPoint = "ZSTD_freeDStream")]
    public static extern nuint FreeDStream(nint stream);

    [DllImport(Library, EntryPoint = "ZSTD_decompressStream")]
    public static extern nuint DecompressStream(nint stream, ref ZstdBuffer output, ref ZstdBuffer input);

    [DllImport(Library, EntryPoint = "ZSTD_isError")]
    public static extern uint IsError(nuint code);
#pragma warning restore SYSLIB1054
}
