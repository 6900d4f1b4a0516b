using System.CommandLine;
using Smelt.DuckDb;
using Smelt.Engine;

namespace Smelt.Cli;

/// <summary>Runs a verb: Ctrl-C, and every fault as one sentence.</summary>
internal static class VerbRunner
{
    public static async Task<int> RunAsync(ParseResult parsed, Terminal terminal)
    {
        using var interrupted = new CancellationTokenSource();
        void OnCancel(object? sender, ConsoleCancelEventArgs e)
        {
            // The first Ctrl-C ends the update between commits; the second ends the process.
            e.Cancel = !interrupted.IsCancellationRequested;
            if (e.Cancel) terminal.Say("smelt: stopping, nothing half done is kept (Ctrl-C again ends at once)");
            interrupted.Cancel();
        }
        Console.CancelKeyPress += OnCancel;
        var debug = parsed.GetValue(CommandTree.Debug);
        var json = terminal.Json = parsed.GetValue(CommandTree.Json);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupted.Token);
        }
        catch (Exception stopped) when (stopped is OperationCanceledException || (interrupted.IsCancellationRequested && stopped is DuckDbException { Kind: DuckDbErrorKind.Interrupt }))
        {
            terminal.Say("smelt: interrupted");
            if (json && !JsonOutput.IsBegun) JsonOutput.WriteFault(EngineCodes.Interrupted, "interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception error) when (!debug)
        {
            var fault = FaultOf(error);
            terminal.Say($"smelt: {fault.Code}: {fault.Message}");
            if (json && !JsonOutput.IsBegun) JsonOutput.WriteFault(fault.Code, fault.Message);
            return error is UsageException ? ExitCode.Usage : ExitCode.Failed;
        }
        finally
        {
            Console.CancelKeyPress -= OnCancel;
        }
    }

    /// <summary>What people are told of an exception.</summary>
    public static StepFault FaultOf(Exception error) => StepFault.Of(error) ?? Unexpected(error);

    private static StepFault Unexpected(Exception error) => error switch
    {
        UsageException usage => new StepFault(usage.Code, usage.Message, false),
        DuckDbException duckDb => new StepFault(EngineCodes.QueryFailed, duckDb.Message, false),
        DllNotFoundException => new StepFault(EngineCodes.Fault, error.Message, false),
        _ => new StepFault(EngineCodes.Fault, $"{error.GetType().Name}: {error.Message} This is a fault of Smelt's own; --debug shows where.", false),
    };
}

/// <summary>An argument that cannot be followed; ends with exit code 2.</summary>
internal sealed class UsageException(string message, string code = "SM7001") : Exception(message)
{
    public string Code { get; } = code;
}
