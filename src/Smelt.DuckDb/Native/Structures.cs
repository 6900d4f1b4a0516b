using System.Runtime.InteropServices;

namespace Smelt.DuckDb.Native;

/// <summary><c>duckdb_result</c>: 48 bytes, handed to duckdb_fetch_chunk by value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeResult
{
    private readonly ulong _columnCount, _rowCount, _rowsChanged;
    private readonly void* _columns;
    private readonly byte* _errorMessage;
    public void* Internal;
}

/// <summary><c>duckdb_string_t</c>: up to 12 bytes inline, else a pointer.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeString
{
    [FieldOffset(0)] public uint Length;
    [FieldOffset(4)] private byte _inlined;
    [FieldOffset(8)] private byte* _pointer;

    public static ReadOnlySpan<byte> Span(NativeString* s) =>
        s->Length <= 12 ? new ReadOnlySpan<byte>((byte*)s + 4, (int)s->Length) : new ReadOnlySpan<byte>(s->_pointer, (int)s->Length);
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeListEntry
{
    public ulong Offset, Length;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeBlob
{
    public nint Data;
    public ulong Size;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeInterval
{
    public int Months, Days;
    public long Micros;
}

/// <summary>How far a running query has come. <c>Percentage</c> is -1 before it is known.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct DuckDbProgress
{
    public readonly double Percentage;
    public readonly ulong RowsProcessed;
    public readonly ulong TotalRows;
}
