namespace Smelt.Lake.Tests;

/// <summary>How long random tests run: a little in ./test, at full count in ./test --deep.</summary>
internal static class Deep
{
    internal static int Count(int usual, int deep) => Environment.GetEnvironmentVariable("SMELT_TEST_DEEP") == "1" ? deep : usual;
}
