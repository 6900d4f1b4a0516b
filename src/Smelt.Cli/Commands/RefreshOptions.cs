using System.CommandLine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>The options that plan and run share: what to update, and what to refresh.</summary>
internal sealed class RefreshOptions
{
    private readonly Option<string?> _refresh = new("--refresh") { Description = "Run these even where nothing is new", HelpName = "A,B" };
    private readonly Option<string?> _full = new("--full-refresh") { Description = "Rebuild these from the beginning, in one commit each", HelpName = "A,B" };
    private readonly Option<bool> _all = new("--full-refresh-all") { Description = "Rebuild everything above bronze" };

    public void AddTo(Command command)
    {
        command.Options.Add(_refresh);
        command.Options.Add(_full);
        command.Options.Add(_all);
    }

    public async Task<UpdateOptions> ReadAsync(Terminal terminal, PipelineSession session, ParseResult parsed, CancellationToken cancel)
    {
        var selected = await Selection.OfAsync(terminal, session, parsed.GetValue(CommandTree.Select), parsed.GetValue(CommandTree.Exclude), cancel);
        var full = Selection.Names(session, parsed.GetValue(_full), "--full-refresh");
        if (parsed.GetValue(_all))
        {
            foreach (var dataset in session.Pipeline.Graph.Datasets)
            {
                if (dataset.IsStored && dataset.Name.Layer != Layer.Bronze) full.Add(dataset.Name);
            }
        }
        var stored = selected.Where(static d => d.IsUpdated).ToList();
        foreach (var name in full.Where(name => stored.TrueForAll(d => d.Name != name)).ToList())
        {
            if (parsed.GetValue(CommandTree.Select) is null && parsed.GetValue(CommandTree.Exclude) is null) continue;
            if (!parsed.GetValue(_all)) throw new UsageException($"--full-refresh names {name}, which --select leaves out.");
            full.Remove(name);
        }
        return new UpdateOptions { Selected = stored, Refresh = Selection.Names(session, parsed.GetValue(_refresh), "--refresh"), FullRefresh = full };
    }
}
