namespace Smelt.Lake;

/// <summary>Arrays that grow from small to a megabyte, filled with copies one after another.</summary>
internal sealed class SlicePages
{
    private const int FirstPage = 2048, LargestPage = 1 << 20;

    /// <summary>Bytes below which waste does not matter.</summary>
    private const long Harmless = 32 << 20;

    private byte[] _page = [];
    private int _used;
    private int _next = FirstPage;
    private long _allocated;

    internal FileSlice Copy(ReadOnlySpan<byte> json)
    {
        if (_page.Length - _used < json.Length)
        {
            _page = new byte[Math.Max(_next, json.Length)];
            _next = Math.Min(_next * 2, LargestPage);
            _used = 0;
            _allocated += _page.Length;
        }
        json.CopyTo(_page.AsSpan(_used));
        var slice = new FileSlice(_page, _used, json.Length);
        _used += json.Length;
        return slice;
    }

    /// <summary>Whether more than half of the pages is of no use any more.</summary>
    internal bool IsWasteful(long live) => _allocated > Harmless && _allocated > 2 * live + Harmless;

    /// <summary>Begins new pages; the old ones live as long as somebody has slices of them.</summary>
    internal void Restart() => (_page, _used, _allocated) = ([], 0, 0);
}
