using Xunit.MicrosoftTestingPlatform;

namespace Smelt.Lake.Tests;

internal static class Program
{
    private static async Task<int> Main(string[] arguments) =>
        arguments is [ChildProcess.Verb, .. var rest] ? ChildProcess.Run(rest)
        : arguments.Any(a => a is "-automated" or "@@") ? await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments)
        : await TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
}
