using System.Security.Cryptography;

namespace Smelt.Connectors;

/// <summary>The hash that tells a touched file from a changed one: SHA-256 of its bytes as stored, 32 lower-case hex digits of it.</summary>
static class ContentHash
{
    const int Digits = 32;

    public static string OfFile(string identity, string fullPath, CancellationToken cancel)
    {
        using var stream = FileBytes.OpenRaw(identity, fullPath);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Clamp(stream.Length + 1, 1 << 10, 1 << 18)];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }
        return Short(hash.GetHashAndReset());
    }

    public static string OfText(IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }
        return Short(hash.GetHashAndReset());
    }

    static string Short(byte[] hash) => Convert.ToHexStringLower(hash)[..Digits];
}
