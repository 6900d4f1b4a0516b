using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Smelt.Lake;

/// <summary>The calls of the operating system that .NET does not offer: links, renames that never replace, and fsync of directories.</summary>
internal static partial class PosixCalls
{
    internal const int EPERM = 1, ENOENT = 2, EEXIST = 17, EXDEV = 18, EINVAL = 22, EMLINK = 31, ENOSYS = 38;

    // EOPNOTSUPP is 95 on Linux and 102 on macOS.
    internal static int EOPNOTSUPP => OperatingSystem.IsMacOS() ? 102 : 95;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int LinkCall(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int RenameAt2Call(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int RenameXCall(string from, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenCall(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FsyncCall(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseCall(int descriptor);

    /// <summary>link(2): 0, or the error number.</summary>
    internal static int Link(string from, string to) => LinkCall(from, to) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Renames unless the target is there: 0, or the error number.</summary>
    internal static int RenameNoReplace(string from, string to)
    {
        const int atCurrentDirectory = -100;
        const uint noReplace = 1, macExclusive = 4;
        var result = OperatingSystem.IsMacOS()
            ? RenameXCall(from, to, macExclusive)
            : RenameAt2Call(atCurrentDirectory, from, atCurrentDirectory, to, noReplace);
        return result == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Opens for reading, a pipe that has no writer too; an invalid handle where it cannot be opened.</summary>
    internal static SafeFileHandle OpenWithoutWaiting(string path)
    {
        var (cloexec, nonblock) = OperatingSystem.IsMacOS() ? (0x1000000, 0x4) : (0x80000, 0x800);
        return new SafeFileHandle(OpenCall(path, cloexec | nonblock), ownsHandle: true);
    }

    /// <summary>fsync of a file or a directory by its path: 0, or the error number.</summary>
    internal static int SyncPath(string path)
    {
        var cloexec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
        var descriptor = OpenCall(path, cloexec);
        if (descriptor < 0)
            return Marshal.GetLastPInvokeError();
        var error = FsyncCall(descriptor) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = CloseCall(descriptor);
        return error;
    }
}
