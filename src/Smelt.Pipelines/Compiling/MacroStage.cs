using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>The macros of functions/: what they read and call, and who uses them.</summary>
internal sealed class MacroStage
{
    private readonly Dictionary<string, MacroDraft> _byName = new(StringComparer.OrdinalIgnoreCase);

    public MacroStage(List<ParsedFile> files)
    {
        foreach (var file in files)
        {
            foreach (var dataset in file.Datasets)
                file.Report(DiagnosticCodes.MisplacedFile, dataset.Start, "The folder functions holds macros only.", "Move this statement to its layer's folder.");
            foreach (var flow in file.Flows)
                file.Report(DiagnosticCodes.MisplacedFile, flow.Start, "The folder functions holds macros only.", "Move this statement to its layer's folder.");
            foreach (var statement in file.Macros) Add(file, statement);
        }
    }

    public List<MacroDraft> Macros { get; } = [];

    /// <summary>In an order in which they can be created.</summary>
    public List<MacroDraft> Ordered { get; } = [];

    private void Add(ParsedFile file, MacroStatement statement)
    {
        var draft = new MacroDraft
        {
            Statement = statement, File = file,
            Bodies = [.. statement.Bodies.Select(b => new QueryDraft(b.IsTable ? QueryUnit.OfQuery(file, b.Tokens) : QueryUnit.OfExpression(file, b.Tokens)))],
        };
        if (!_byName.TryAdd(draft.Name, draft))
        {
            file.Report(DiagnosticCodes.DuplicateMacro, statement.Name.Offset, $"The macro '{draft.Name}' is defined twice: here and in {_byName[draft.Name].File.Source.File}.", "Rename or remove one.");
            return;
        }
        Macros.Add(draft);
    }

    public void Resolve(NameResolver names)
    {
        foreach (var macro in Macros)
        {
            foreach (var body in macro.Bodies) Resolve(macro, body, names);
        }
        var done = new HashSet<MacroDraft>();
        foreach (var macro in Macros) Order(macro, done);
    }

    private static void Resolve(MacroDraft macro, QueryDraft body, NameResolver names)
    {
        names.Resolve(body, null);
        foreach (var offset in body.Unit.Mask.Streams.Values)
            body.Unit.Report(DiagnosticCodes.StreamInView, offset, $"STREAM in the macro '{macro.Name}'.", "A stream is read by a streaming table itself.");
        foreach (var source in body.Sources)
            body.Unit.Report(DiagnosticCodes.NotYet, source.Span.Start, $"{source.Function} in the macro '{macro.Name}', which is not in this version yet.", "Read the source in a dataset, and the dataset in the macro.");
        foreach (var reference in body.References.Values)
        {
            if (reference.AsOf is not null)
                body.Unit.Report(DiagnosticCodes.NotYet, reference.Span.Start, $"AS OF in the macro '{macro.Name}', which is not in this version yet.", "Write AS OF in the query or in a view.");
            if (reference.Dataset is { } dataset && reference.Parts.Count == 1)
                body.Unit.Report(DiagnosticCodes.UnknownTable, reference.Span.Start, $"A macro names its tables with their layer.", $"Write {dataset}.");
        }
    }

    private void Order(MacroDraft macro, HashSet<MacroDraft> done)
    {
        if (!done.Add(macro)) return;
        var calls = new List<MacroDraft>();
        foreach (var called in Called(macro.Bodies))
        {
            if (called == macro) continue;
            Order(called, done);
            foreach (var inner in called.Calls.Append(called))
            {
                if (!calls.Contains(inner)) calls.Add(inner);
            }
        }
        macro.Calls = calls;
        macro.Reads = [.. macro.Bodies.SelectMany(b => b.References.Values).Select(r => r.Dataset).OfType<DatasetName>().Concat(calls.SelectMany(c => c.Reads)).Distinct()];
        macro.IsTimeDependent = calls.Exists(c => c.IsTimeDependent) || macro.Bodies.Any(IsTimeDependent);
        macro.IsVolatile = calls.Exists(c => c.IsVolatile) || macro.Bodies.Any(IsVolatile);
        macro.ReadsUntracked = calls.Exists(c => c.ReadsUntracked) || macro.Bodies.Any(ReadsUntracked);
        var text = macro.File.Text[macro.Statement.Start..macro.Statement.End];
        macro.Macro = new Macro(macro.Name, macro.Statement.IsTable, text, macro.File.Source.File, macro.File.Source.Position(macro.Statement.Start), macro.Reads)
        {
            Parameters = [.. macro.Statement.Bodies.Select(b => macro.File.Text[b.Head])],
            SystemReads = [.. macro.Bodies.SelectMany(b => b.References.Values).Select(r => r.SystemTable).OfType<string>().Concat(calls.SelectMany(c => c.Macro.SystemReads)).Distinct()],
        };
        Ordered.Add(macro);
    }

    private IEnumerable<MacroDraft> Called(IEnumerable<QueryDraft> queries) =>
        queries.Select(static q => q.Seen).OfType<ReferenceCollector>().SelectMany(Called).Distinct();

    private IEnumerable<MacroDraft> Called(ReferenceCollector seen) =>
        seen.Functions.Concat(seen.Calls.Select(static c => c.Function)).Distinct().Select(f => _byName.GetValueOrDefault(f)).OfType<MacroDraft>();

    /// <summary>Notes what a query uses: macros with theirs, time, chance.</summary>
    public void Use(QueryDraft query, DatasetDraft? dataset)
    {
        if (Macros.Count > 0)
        {
            var used = new List<MacroDraft>();
            foreach (var macro in Called([query]).SelectMany(m => m.Calls.Append(m)))
            {
                if (!used.Contains(macro)) used.Add(macro);
            }
            query.Macros = used;
        }
        query.IsTimeDependent = IsTimeDependent(query) || query.Macros.Exists(m => m.IsTimeDependent);
        query.IsVolatile = IsVolatile(query) || query.Macros.Exists(m => m.IsVolatile);
        query.ReadsUntracked = ReadsUntracked(query) || query.Macros.Exists(m => m.ReadsUntracked);
        if (dataset is null) return;
        foreach (var rule in dataset.Constraints) UseInRule(query, rule);
        CheckLayers(query, dataset);
    }

    /// <summary>A rule is judged in the step's one query, so that what it uses is the query's to create, to hash and to run again for.</summary>
    private void UseInRule(QueryDraft query, RuleDraft rule)
    {
        if (rule.Query.Seen is not { } seen) return;
        query.IsTimeDependent |= seen.UsesTime || seen.Functions.Any(FunctionStability.IsTime);
        query.RuleReads.AddRange(rule.Query.References.Values.Select(static r => r.Dataset).OfType<DatasetName>().Except(query.RuleReads));
        foreach (var macro in Called(seen).SelectMany(static m => m.Calls.Append(m)))
        {
            query.IsTimeDependent |= macro.IsTimeDependent;
            query.ReadsUntracked |= macro.ReadsUntracked;
            if (!query.Macros.Contains(macro)) query.Macros.Add(macro);
        }
    }

    private static void CheckLayers(QueryDraft query, DatasetDraft dataset)
    {
        foreach (var macro in query.Macros)
        {
            foreach (var read in macro.Reads)
            {
                if (read.Layer > dataset.Name.Layer)
                    dataset.Report(DiagnosticCodes.WrongLayer, dataset.Statement.Start, $"{dataset.Name} reads {read}, of a higher layer, through the macro '{macro.Name}'.", "A dataset reads its own and lower layers.");
            }
        }
    }

    private static bool IsTimeDependent(QueryDraft query) => query.Seen is { } seen && (seen.UsesTime || seen.Functions.Any(FunctionStability.IsTime));

    private static bool IsVolatile(QueryDraft query) =>
        query.Seen is { } seen && (seen.Functions.Any(FunctionStability.IsVolatile) || ReadsUntracked(query));

    private static bool ReadsUntracked(QueryDraft query) =>
        query.Seen is { } seen && (seen.Functions.Any(SourceCalls.IsUntracked) || seen.Calls.Exists(c => SourceCalls.IsUntracked(c.Function)));
}
