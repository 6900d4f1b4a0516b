using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>What AUTO CDC makes of its query's columns, and of its clauses.</summary>
internal static class CdcOutput
{
    /// <summary>Columns that a history has besides those of its rows.</summary>
    public const string Start = "__START_AT", End = "__END_AT";

    public static BoundQuery Of(FlowDraft flow, BoundQuery source)
    {
        var (cdc, choice) = (flow.Cdc!, Columns(flow));
        var columns = source.Columns.Where(c => choice.Has(c.Name)).ToList();
        if (cdc.Type == 2)
        {
            var origins = source.Columns.Where(c => cdc.SequenceBy.Exists(s => s.Name.Equals(c.Name, StringComparison.OrdinalIgnoreCase))).SelectMany(static c => c.Origins).Distinct().ToArray();
            columns.Add(new BoundColumn(Start, origins));
            columns.Add(new BoundColumn(End, origins));
        }
        return new BoundQuery { Columns = columns, Openness = source.Openness };
    }

    /// <summary>Columns to store.</summary>
    public static ColumnChoice Columns(FlowDraft flow)
    {
        var choice = flow.Cdc!.Columns?.Choice ?? ColumnChoice.All;
        return choice.IsExcept ? new ColumnChoice([.. choice.Names, .. flow.Ingestion.Where(i => !flow.Cdc.Keys.Exists(k => k.Name.Equals(i, StringComparison.OrdinalIgnoreCase)))], true) : choice;
    }

    public static AutoCdc Build(FlowDraft flow)
    {
        var cdc = flow.Cdc!;
        return new AutoCdc
        {
            IsSnapshot = cdc.IsSnapshot,
            Keys = [.. cdc.Keys.Select(static k => k.Name)],
            SequenceBy = [.. cdc.SequenceBy.Select(static s => s.Name)],
            IsStruct = cdc.IsStruct,
            IgnoreNulls = cdc.IgnoreNulls?.Choice ?? ColumnChoice.None,
            DeleteWhen = flow.DeleteWhen?.Mask.Text,
            TruncateWhen = flow.TruncateWhen?.Mask.Text,
            Columns = Columns(flow),
            KeepsHistory = cdc.Type == 2,
            TrackHistory = cdc.TrackHistory?.Choice ?? ColumnChoice.All,
        };
    }

    public static void Add(DefinitionHash hash, FlowDraft flow)
    {
        var cdc = Build(flow);
        hash.Add("cdc").Add(cdc.IsSnapshot ? "snapshot" : null).Add(string.Join(',', cdc.Keys)).Add(string.Join(',', cdc.SequenceBy)).Add(cdc.IsStruct ? "struct" : null)
            .Add(cdc.IgnoreNulls.ToString()).Add(cdc.Columns.ToString()).Add(cdc.KeepsHistory ? "2" : "1").Add(cdc.TrackHistory.ToString());
        foreach (var unit in new[] { flow.DeleteWhen, flow.TruncateWhen })
        {
            if (unit is null) hash.Add((string?)null);
            else hash.Add(unit.Node);
        }
    }
}
