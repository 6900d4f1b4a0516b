using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// Whole-pipeline tests: <c>tests/&lt;name&gt;/input</c> holds the files that the pipeline reads, by their paths in it, and <c>tests/&lt;name&gt;/expected</c> a CSV file a
/// table, <c>silver.orders.csv</c>. The pipeline's definitions and these files make a pipeline of their own in a temporary folder, with a lake that is thrown away.
/// </summary>
public static class PipelineTestRunner
{
    private static readonly string[] s_definitions = [".sql", ".yml", ".yaml"];

    /// <summary>The names of the tests that a pipeline has.</summary>
    public static IReadOnlyList<string> Find(Pipeline pipeline)
    {
        var root = Path.Combine(pipeline.Folder, "tests");
        return !Directory.Exists(root) ? [] : [.. Directory.EnumerateDirectories(root).Where(static d => Directory.Exists(Path.Combine(d, "expected"))).Select(static d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];
    }

    public static async Task<IReadOnlyList<TestOutcome>> RunAsync(Pipeline pipeline, TimeProvider clock, Action<TestOutcome> ended, CancellationToken cancel)
    {
        var outcomes = new List<TestOutcome>();
        foreach (var name in Find(pipeline))
        {
            var folder = Directory.CreateTempSubdirectory("smelt-test-").FullName;
            try
            {
                Copy(pipeline, folder, name);
                foreach (var outcome in await RunAsync(pipeline, name, folder, clock, cancel))
                {
                    outcomes.Add(outcome);
                    ended(outcome);
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        return outcomes;
    }

    /// <summary>The definitions, without targets and lake; over them the test's own files.</summary>
    private static void Copy(Pipeline pipeline, string to, string test)
    {
        var from = pipeline.Folder;
        foreach (var path in Directory.EnumerateFiles(from, "*", new EnumerationOptions { RecurseSubdirectories = true }))
        {
            var file = Path.GetRelativePath(from, path);
            var parts = file.Split(Path.DirectorySeparatorChar);
            if (s_definitions.Contains(Path.GetExtension(file)) && file != "platform.yml" && parts[0] is not ("tests" or "lake")) CopyFile(path, Path.Combine(to, file));
        }
        foreach (var schema in pipeline.SchemaFiles.Where(s => !Path.GetRelativePath(from, Path.GetFullPath(s, from)).StartsWith("..", StringComparison.Ordinal))) CopyFile(Path.GetFullPath(schema, from), Path.Combine(to, schema));
        var input = Path.Combine(from, "tests", test, "input");
        if (!Directory.Exists(input)) return;
        foreach (var path in Directory.EnumerateFiles(input, "*", SearchOption.AllDirectories)) CopyFile(path, Path.Combine(to, Path.GetRelativePath(input, path)));
    }

    private static void CopyFile(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }

    private static async Task<IReadOnlyList<TestOutcome>> RunAsync(Pipeline pipeline, string name, string folder, TimeProvider clock, CancellationToken cancel)
    {
        using var session = PipelineSession.Open(folder, new CompileOptions { Variables = pipeline.Variables.Where(v => pipeline.Project.Variables.ContainsKey(v.Key)).ToDictionary() }, clock);
        if (session.Compilation.HasErrors) return [Wrong(name, null, session.Compilation.Diagnostics.First(static d => d.Severity == Severity.Error).ToString())];
        var options = new UpdateOptions { Selected = [.. session.Pipeline.Graph.Datasets.Where(static d => d.IsStored)], Tests = false };
        var result = await new UpdateRunner(session.NewContext(UpdateRunner.NewId(clock)), new Unobserved()).RunAsync(options, cancel);
        if (result.Steps.FirstOrDefault(static s => s.Failed) is { Result: FlowResult.Failed failed } step) return [Wrong(name, step.Dataset.Name, failed.Told)];
        var context = session.NewContext("test");
        var outcomes = new List<TestOutcome>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(pipeline.Folder, "tests", name, "expected"), "*.csv").Order(StringComparer.Ordinal))
            outcomes.Add(await CompareAsync(session, context, name, file, cancel));
        return outcomes;
    }

    private static async Task<TestOutcome> CompareAsync(PipelineSession session, UpdateContext context, string test, string file, CancellationToken cancel)
    {
        var table = Path.GetFileNameWithoutExtension(file);
        var name = session.Pipeline.Graph.Find(table)?.Name ?? (DatasetName.TryParse(table, out var other) ? other : (DatasetName?)null);
        if (name is not { } dataset) return Wrong(test, null, $"There is no dataset {table}, which {Path.GetFileName(file)} expects.");
        using var catalog = new StepCatalog(session.Database());
        var binder = new InputBinder(context, catalog);
        await binder.BindAsync(dataset, cancel);
        var about = $"pipeline test {test}: {dataset}";
        if (binder.Missing.Count > 0) return Wrong(test, dataset, $"{dataset} has no table.");
        try
        {
            return UnitTestRunner.Outcome($"{test}/{table}", dataset, ExpectedRows.Compare(catalog, $"SELECT * FROM {SqlText.Identifier(dataset.Schema, dataset.Name)}", Expected(file)), about);
        }
        catch (DuckDbException error)
        {
            return Wrong(test, dataset, error.Message);
        }
    }

    /// <summary>The file's rows as texts; an empty field is NULL, a quoted one is not.</summary>
    private static string Expected(string file) => $"SELECT * FROM read_csv({SqlText.Literal(file)}, header = true, all_varchar = true, allow_quoted_nulls = false, nullstr = '')";

    private static TestOutcome Wrong(string test, DatasetName? dataset, string message) => new(test, dataset, TestStatus.Error, Severity.Error, 0, $"pipeline test {test}", [], message);

    private sealed class Unobserved : IUpdateObserver
    {
        public void UpdateStarted(string updateId, IReadOnlyList<Dataset> selected)
        {
        }

        public void StepStarted(Dataset dataset, StepProgress progress)
        {
        }

        public void StepEnded(StepOutcome outcome)
        {
        }

        public void TestEnded(TestOutcome outcome)
        {
        }

        public void Note(string note)
        {
        }
    }
}
