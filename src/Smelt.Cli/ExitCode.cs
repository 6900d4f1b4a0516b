namespace Smelt.Cli;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>The data or an update failed.</summary>
    public const int Failed = 1;

    /// <summary>The user's files or arguments are wrong.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl-C: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}

internal static class ProductVersion
{
    public static string Text { get; } = "smelt " + typeof(ProductVersion).Assembly.GetName().Version!.ToString(3);
}
