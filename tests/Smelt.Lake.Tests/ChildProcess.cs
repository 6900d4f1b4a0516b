using System.Text;

namespace Smelt.Lake.Tests;

/// <summary>The test program started again as a writer of its own: races among processes need real ones.</summary>
internal static class ChildProcess
{
    internal const string Verb = "--as-writer";

    internal static int Run(string[] arguments)
    {
        Console.WriteLine((object)(arguments[0] switch
        {
            "put" => (object)Put(arguments[1], int.Parse(arguments[2]), int.Parse(arguments[3])),
            "append" => Append(arguments[1], int.Parse(arguments[2]), int.Parse(arguments[3])).GetAwaiter().GetResult(),
            "mixed" => Reliability.MixedWriters.RunAsync(arguments[1], int.Parse(arguments[2]), int.Parse(arguments[3])).GetAwaiter().GetResult(),
            "operate" => Operate(arguments[1], arguments[2]),
            var other => throw new ArgumentException(other),
        }));
        return 0;
    }

    private static int Operate(string root, string verb)
    {
        Reliability.KilledWriterTests.RunAsync(root, verb).GetAwaiter().GetResult();
        return 0;
    }

    private static int Put(string root, int number, int keys)
    {
        var store = new LocalObjectStore(root);
        var wins = 0;
        for (var i = 0; i < keys; i++)
            if (store.PutIfAbsentAsync($"race/{i}.json", Encoding.UTF8.GetBytes($"{number}")).AsTask().Result)
                wins++;
        return wins;
    }

    private static async Task<int> Append(string root, int number, int commits)
    {
        using var lake = new TestLake(root);
        var done = 0;
        for (var i = 0; i < commits; i++)
            if (await lake.WriteAsync("t", $"SELECT {number} AS writer, {i} AS n") is CommitResult.Committed)
                done++;
        return done;
    }
}
