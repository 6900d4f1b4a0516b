namespace Smelt.Cli;

/// <summary>Where a verb speaks: results to stdout; words to stderr when stdout carries JSON.</summary>
internal sealed class Terminal
{
    private readonly TextWriter _errors = Console.Error;

    public bool Json { get; set; }

    public TextWriter Out { get; } = Console.Out;

    /// <summary>People's words.</summary>
    public TextWriter Words => Json ? _errors : Out;

    /// <summary>Colours and live displays only where a person looks.</summary>
    public bool IsLive => !Json && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public bool HasColours => !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && IsLive;

    public int Width { get; } = Console.IsOutputRedirected ? int.MaxValue : SafeWidth();

    public void Say(string words) => _errors.WriteLine(words);

    public string Paint(string text, Ink ink) => HasColours ? $"\u001b[{(int)ink}m{text}\u001b[0m" : text;

    private static int SafeWidth()
    {
        try
        {
            return Console.WindowWidth > 20 ? Console.WindowWidth : 120;
        }
        catch (IOException)
        {
            return 120;
        }
    }
}

/// <summary>ANSI foreground codes.</summary>
internal enum Ink
{
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}
