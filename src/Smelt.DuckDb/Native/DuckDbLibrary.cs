using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Smelt.DuckDb.Native;

/// <summary>Finds libduckdb: <c>SMELT_LIBDUCKDB</c>, beside the program, or in the nearest <c>node_modules</c> above it.</summary>
internal static class DuckDbLibrary
{
    public const string Name = "duckdb";

    // A module initializer, not Main: P/Invokes with SuppressGCTransition resolve when their caller is compiled.
#pragma warning disable CA2255
    [ModuleInitializer]
    internal static void Install() =>
        NativeLibrary.SetDllImportResolver(typeof(DuckDbLibrary).Assembly, static (name, _, _) => name == Name ? Load() : 0);
#pragma warning restore CA2255

    private static nint Load()
    {
        var tried = new List<string>();
        foreach (var path in Candidates())
        {
            if (File.Exists(path)) return NativeLibrary.Load(path);
            tried.Add(path);
        }
        throw new DllNotFoundException(
            "DuckDB's library was not found. Run `npm ci` in Smelt's folder, or set SMELT_LIBDUCKDB to the path of libduckdb. Looked at: "
            + string.Join(", ", tried));
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("SMELT_LIBDUCKDB") is { Length: > 0 } named) yield return named;
        var os = OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var file = OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";
        var arch = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        yield return Path.Combine(AppContext.BaseDirectory, file);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var modules = Path.Combine(folder.FullName, "node_modules");
            if (Directory.Exists(modules)) yield return Path.Combine(modules, "@duckdb", $"node-bindings-{os}-{arch}", file);
        }
    }
}
