namespace Smelt.Lake.Tests;

/// <summary>How long random tests run: a little in ./test, at full count in ./test --deep.</summary>
internal static class Deep
{
    private static readonly Lock Gate = new();

    internal static int Count(int usual, int deep) => Environment.GetEnvironmentVariable("SMELT_TEST_DEEP") == "1" ? deep : usual;

    /// <summary>What a test that counts showed: a line for docs/reliability.md, which <c>./test</c> prints at its end.</summary>
    internal static void Tell(string line)
    {
        if (Environment.GetEnvironmentVariable("SMELT_TEST_RESULTS") is not { Length: > 0 } file)
            return;
        lock (Gate)
            File.AppendAllText(file, line + "\n");
    }
}
