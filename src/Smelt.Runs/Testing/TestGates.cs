using System.Collections.Concurrent;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// The tests between datasets: what reads a dataset waits for its error-level tests, and is stopped where one fails. A materialized view is tested on its staged rows, and
/// not published where one fails. A test that also reads what is still to be made in this update says nothing yet: it runs at the end, and stops nobody.
/// </summary>
internal sealed class TestGates(UpdateContext context, UpdateOptions options, IUpdateObserver observer, TestMemory memory)
{
    private readonly ConcurrentDictionary<(DatasetName Dataset, string Test), TestOutcome> _outcomes = [];
    private readonly ConcurrentDictionary<DatasetName, Lazy<Task<string?>>> _asked = [];
    private readonly HashSet<DatasetName> _running = [.. options.Selected.Select(static d => d.Name)];

    /// <summary>What the tests said so far.</summary>
    public IReadOnlyCollection<TestOutcome> Outcomes => [.. _outcomes.Values];

    /// <summary>Whether a test's answer is there already.</summary>
    public bool Has(RunnableTest test) => test.Dataset is { } dataset && _outcomes.ContainsKey((dataset, test.Name));

    /// <summary>What is wrong with the rows that a materialized view would hold; null where they may be published.</summary>
    public async Task<string?> AuditAsync(Dataset dataset, TableScan staged, CancellationToken cancel)
    {
        var tests = Gating(dataset);
        if (tests.Count == 0) return null;
        foreach (var outcome in await new DataTestRunner(context).RunAsync(tests, memory, (dataset, staged), static _ => { }, cancel)) _outcomes[(dataset.Name, outcome.Name)] = outcome;
        var failed = Failed(tests);
        if (failed.Count == 0) return null;
        Tell(tests);
        return $"The rows that {dataset.Name} would hold fail {Names(failed)}; nothing was published, and its table is as it was.";
    }

    /// <summary>Why what reads the dataset must not run; null where it may. Asked once its step has ended.</summary>
    public Task<string?> FailureAsync(Dataset dataset, CancellationToken cancel) => _asked.GetOrAdd(dataset.Name, _ => new Lazy<Task<string?>>(() => AskAsync(dataset, cancel))).Value;

    private async Task<string?> AskAsync(Dataset dataset, CancellationToken cancel)
    {
        var tests = Gating(dataset);
        if (tests.Count == 0) return null;
        var runner = new DataTestRunner(context);
        foreach (var audited in tests.Where(Has)) await runner.RememberAsync(audited, _outcomes[(dataset.Name, audited.Name)], memory, cancel);
        foreach (var outcome in await runner.RunAsync([.. tests.Where(t => !Has(t))], memory, null, static _ => { }, cancel)) _outcomes[(dataset.Name, outcome.Name)] = outcome;
        var failed = Failed(tests);
        if (failed.Count > 0 || dataset.IsView || _running.Contains(dataset.Name)) Tell(tests);
        return failed.Count == 0 ? null : $"{dataset.Name} fails {Names(failed)}";
    }

    /// <summary>The views between a dataset and the tables that it reads.</summary>
    public IEnumerable<Dataset> ViewsOf(Dataset dataset)
    {
        var (seen, ahead) = (new HashSet<DatasetName>(), new Stack<Dataset>(context.Pipeline.Graph.Upstream(dataset.Name)));
        while (ahead.TryPop(out var input))
        {
            if (!input.IsView || !seen.Add(input.Name)) continue;
            yield return input;
            foreach (var next in context.Pipeline.Graph.Upstream(input.Name)) ahead.Push(next);
        }
    }

    /// <summary>The tables that a dataset reads, through views too, and that this update does not make: what their tests say of them holds as it did.</summary>
    public IEnumerable<Dataset> SettledInputsOf(Dataset dataset) =>
        ViewsOf(dataset).Prepend(dataset).SelectMany(d => context.Pipeline.Graph.Upstream(d.Name)).Where(d => d.IsStored && !_running.Contains(d.Name)).Distinct();

    private List<RunnableTest> Gating(Dataset dataset)
    {
        var project = context.Pipeline.Project;
        if (!options.Tests || dataset.Tests.Count == 0 || !(project.DefaultsOf(dataset.Name.Layer).GatesBlock ?? project.GatesBlock)) return [];
        var settled = Upstream(dataset);
        bool IsSettled(DatasetName name) => name == dataset.Name || settled.Contains(name) || (context.Pipeline.Graph.Find(name) is { } other && (other.IsView ? StoredInputs.Of(context.Pipeline.Graph, other).All(n => settled.Contains(n) || !_running.Contains(n)) : !_running.Contains(name)));
        return [.. new DataTestRunner(context).Tests([dataset], withSqlTests: false).Where(t => t.Severity == Severity.Error && t.Test!.Others.All(IsSettled))];
    }

    private HashSet<DatasetName> Upstream(Dataset dataset)
    {
        var (seen, ahead) = (new HashSet<DatasetName>(), new Stack<Dataset>([dataset]));
        while (ahead.TryPop(out var next))
        {
            foreach (var input in context.Pipeline.Graph.Upstream(next.Name))
            {
                if (seen.Add(input.Name)) ahead.Push(input);
            }
        }
        return seen;
    }

    private List<TestOutcome> Failed(List<RunnableTest> tests) => [.. tests.Select(t => _outcomes[(t.Dataset!, t.Name)]).Where(static o => o.Status is TestStatus.Failed or TestStatus.Error)];

    private void Tell(List<RunnableTest> tests)
    {
        foreach (var test in tests) observer.TestEnded(_outcomes[(test.Dataset!, test.Name)]);
    }

    private static string Names(List<TestOutcome> failed) => string.Join(", ", failed.Select(static o => o.Status == TestStatus.Failed ? $"{o.Name} ({o.Failures} failures)" : $"{o.Name} ({o.Message})"));
}
