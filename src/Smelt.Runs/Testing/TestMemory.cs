using System.Buffers;
using System.Text.Json;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>The last answer of every test with what it depended on, so that an unchanged table is not tested twice and a failing one goes on failing.</summary>
internal sealed class TestMemory
{
    private const string Key = LakeLayout.SystemSchema + "/test_results.json";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private bool _changed;

    private sealed record Entry(string DependsOn, TestStatus Status, long Failures, IReadOnlyList<string> Samples);

    public static async Task<TestMemory> LoadAsync(IObjectStore store, CancellationToken cancel)
    {
        var memory = new TestMemory();
        if (await store.TryReadAsync(Key, cancel) is not { } text) return memory;
        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var test in document.RootElement.EnumerateObject())
            {
                memory._entries[test.Name] = new Entry(
                    test.Value.GetProperty("dependsOn").GetString()!,
                    (TestStatus)test.Value.GetProperty("status").GetInt32(),
                    test.Value.GetProperty("failures").GetInt64(),
                    [.. test.Value.GetProperty("samples").EnumerateArray().Select(static s => s.GetString()!)]);
            }
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // It only saves work: what cannot be read is tested again.
            memory._entries.Clear();
        }
        return memory;
    }

    public TestOutcome? Find(RunnableTest test, string dependsOn)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(Name(test), out var entry) || entry.DependsOn != dependsOn) return null;
            var status = Status(test, entry);
            // Decided anew it is an answer of today's, to be kept as one.
            if (status == entry.Status) return test.Outcome(status, entry.Failures, entry.Samples) with { IsRemembered = true };
            _entries[Name(test)] = entry with { Status = status };
            _changed = true;
            return test.Outcome(status, entry.Failures, entry.Samples);
        }
    }

    public void Remember(RunnableTest test, string dependsOn, TestOutcome outcome)
    {
        lock (_gate)
        {
            _entries[Name(test)] = new Entry(dependsOn, outcome.Status, outcome.Failures, outcome.Samples);
            _changed = true;
        }
    }

    public async Task SaveAsync(IObjectStore store, CancellationToken cancel)
    {
        if (!_changed) return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, entry) in _entries)
            {
                json.WriteStartObject(name);
                json.WriteString("dependsOn", entry.DependsOn);
                json.WriteNumber("status", (int)entry.Status);
                json.WriteNumber("failures", entry.Failures);
                json.WriteStartArray("samples");
                foreach (var sample in entry.Samples) json.WriteStringValue(sample);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        await store.PutAsync(Key, buffer.WrittenMemory, cancel);
    }

    /// <summary>A severity that was changed since decides anew over the same failures.</summary>
    private static TestStatus Status(RunnableTest test, Entry entry) =>
        entry.Status is not (TestStatus.Failed or TestStatus.Warned) || test.WarnIf != DataTest.IsAny || test.ErrorIf != DataTest.IsAny ? entry.Status
            : test.Severity == Severity.Error ? TestStatus.Failed : TestStatus.Warned;

    private static string Name(RunnableTest test) => test.Dataset is { } dataset ? $"{dataset} {test.Name}" : test.Name;
}
