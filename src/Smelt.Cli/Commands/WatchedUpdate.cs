using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>An update that a person watches: live figures where a terminal is, lines where not, and what it did at the end.</summary>
internal static class WatchedUpdate
{
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Terminal terminal, PipelineSession session, UpdateOptions options, CancellationToken cancel)
    {
        var context = session.NewContext(UpdateRunner.NewId(TimeProvider.System), FaultPoints.FromEnvironment());
        using IUpdateDisplay display = terminal.IsLive ? new LiveDisplay(terminal) : new LineDisplay(terminal);
        var result = await new UpdateRunner(context, display).RunAsync(options, cancel);
        display.Finish();
        if (terminal.Json) UpdateView.WriteJson(result);
        else await UpdateView.WriteWordsAsync(terminal, session, context, result, cancel);
        return result.Succeeded ? ExitCode.Fine : ExitCode.Failed;
    }
}
