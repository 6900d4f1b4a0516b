using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>Finds the datasets that table names mean.</summary>
internal sealed class NameResolver
{
    private readonly Dictionary<DatasetName, DatasetDraft> _byName = [];
    private readonly Dictionary<string, List<DatasetDraft>> _byShortName = new(StringComparer.OrdinalIgnoreCase);

    public NameResolver(IEnumerable<DatasetDraft> datasets)
    {
        foreach (var dataset in datasets)
        {
            if (!_byName.TryAdd(dataset.Name, dataset)) continue;
            if (!_byShortName.TryGetValue(dataset.Name.Name, out var list)) _byShortName[dataset.Name.Name] = list = [];
            list.Add(dataset);
        }
    }

    public DatasetDraft? Find(DatasetName name) => _byName.GetValueOrDefault(name);

    public IEnumerable<DatasetDraft> All => _byName.Values;

    /// <summary>The only dataset of that name, or the one in the layer of <paramref name="beside"/>.</summary>
    public DatasetDraft? Only(string name, DatasetName beside)
    {
        var all = _byShortName.GetValueOrDefault(name) ?? [];
        return all.Count == 1 ? all[0] : all.Find(d => d.Name.Layer == beside.Layer && d.Name != beside);
    }

    /// <summary>Resolves all references of a query that belongs to <paramref name="self"/> (null for a test or a macro, which may read any layer).</summary>
    public void Resolve(QueryDraft query, DatasetName? self)
    {
        if (query.Seen is null) return;
        foreach (var raw in query.Seen.References)
        {
            var span = query.Unit.Mask.NameSpan(raw.Offset);
            var (dataset, system) = Meaning(raw, query.Unit, self);
            query.References[raw.Offset] = new TableReference(raw.Parts, dataset, system, raw.Alias, query.Unit.Mask.Streams.ContainsKey(raw.Offset),
                query.Unit.Mask.Versions.GetValueOrDefault(raw.Offset), span, query.Unit.Position(raw.Offset))
            {
                Condition = query.Conditions.GetValueOrDefault(raw.Offset),
                Stream = StreamOptions.Read(SourceCalls.MaskedOptions(query, raw.Offset), "STREAM of a table", (option, code, message, hint) => SourceCalls.Report(query.Unit, code, option, message, hint)),
            };
        }
        for (var i = 0; i < query.Sources.Count; i++) query.Sources[i] = Changes(query.Sources[i], query, self);
    }

    /// <summary>The dataset that table_changes names, by its layer and name.</summary>
    private SourceCall Changes(SourceCall call, QueryDraft query, DatasetName? self)
    {
        if (call.Function != "table_changes" || call.Arguments.Count == 0) return call;
        var parts = call.Arguments[0].Text.Split('.');
        var found = parts.Length == 2 && DatasetName.TryLayer(parts[0], out var layer) ? Find(new DatasetName(layer, parts[1])) : parts.Length == 1 ? _byShortName.GetValueOrDefault(parts[0]) is [var only] ? only : null : null;
        if (found is not null && self is { } own && own.Layer < found.Name.Layer)
            query.Unit.Report(DiagnosticCodes.WrongLayer, call.Span.Start, $"{own} reads {found.Name}, of a higher layer.", "A dataset reads its own and lower layers.");
        else if (found is not null && found.Name == self)
            query.Unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, $"{self} reads its own changes.", "Read another table's.");
        else if (found is not null) return call with { Dataset = found.Name };
        return call;
    }

    private (DatasetName? Dataset, string? System) Meaning(RawReference raw, QueryUnit unit, DatasetName? self)
    {
        if (raw.Parts.Length == 1) return (Unqualified(raw, unit, self), null);
        if (raw.Parts.Length == 2 && raw.Parts[0].Equals("_smelt", StringComparison.OrdinalIgnoreCase)) return (null, raw.Parts[1]);
        if (raw.Parts.Length == 2 && DatasetName.TryLayer(raw.Parts[0], out var layer)) return (Qualified(new DatasetName(layer, raw.Parts[1]), raw, unit, self), null);
        unit.Report(DiagnosticCodes.UnknownTable, raw.Offset, $"'{string.Join('.', raw.Parts)}' is in no layer.",
            "Tables are named bronze.x, silver.x, gold.x or _smelt.x; sources are functions such as read_files.");
        return (null, null);
    }

    /// <summary>What a variant reads is its own variant's where there is one, but itself.</summary>
    private DatasetDraft? OfVariant(DatasetName name, DatasetName? self) =>
        self is { Variant: { } variant } own && name.Variant is null && _byName.GetValueOrDefault(name.In(variant)) is { } found && found.Name != own && found.Name.Layer <= own.Layer ? found : null;

    private DatasetName? Qualified(DatasetName name, RawReference raw, QueryUnit unit, DatasetName? self)
    {
        if (OfVariant(name, self) is { } variant) return variant.Name;
        if (!_byName.TryGetValue(name, out var found)) Unknown(raw, unit, self);
        else if (self is { } own && own.Layer < name.Layer)
        {
            unit.Report(DiagnosticCodes.WrongLayer, raw.Offset, $"{own} reads {found.Name}, of a higher layer.", "A dataset reads its own and lower layers.");
            return null;
        }
        return found?.Name;
    }

    private DatasetName? Unqualified(RawReference raw, QueryUnit unit, DatasetName? self)
    {
        var all = _byShortName.GetValueOrDefault(raw.Parts[0]) ?? [];
        var others = all.FindAll(d => self is null || d.Name != self);
        var inSight = others.FindAll(d => self is null || d.Name.Layer <= self.Layer);
        // A variant's own original is what it is made beside: its name means what it means there.
        if (self is { Variant: { } variant } own)
        {
            if (inSight.FindAll(d => d.Name != own.Original) is { Count: > 0 } besides) inSight = besides;
            if (_byShortName.GetValueOrDefault($"{raw.Parts[0]}@{variant}")?.FindAll(d => d.Name != own && d.Name.Layer <= own.Layer) is [var only]) return only.Name;
        }
        if (inSight.Count == 1) return inSight[0].Name;
        if (inSight.Count > 1)
            unit.Report(DiagnosticCodes.AmbiguousDataset, raw.Offset, $"'{raw.Parts[0]}' may be {string.Join(" or ", inSight.Select(d => d.Name))}.", "Write the layer too.");
        else if (others.Count > 0)
            unit.Report(DiagnosticCodes.WrongLayer, raw.Offset, $"{self} reads {others[0].Name}, of a higher layer.", "A dataset reads its own and lower layers.");
        else Unknown(raw, unit, self);
        return null;
    }

    private void Unknown(RawReference raw, QueryUnit unit, DatasetName? self)
    {
        var written = string.Join('.', raw.Parts);
        var candidates = _byName.Values.Where(d => self is null || (d.Name.Layer <= self.Layer && d.Name != self));
        var near = raw.Parts.Length == 1
            ? NearestName.Of(written, candidates.Select(d => d.Name.Name))
            : NearestName.Of(written, candidates.Select(d => d.Name.ToString()));
        var hint = near is not null ? $"Did you mean '{near}'?"
            : written.Contains('/', StringComparison.Ordinal) || written.Contains(".csv", StringComparison.OrdinalIgnoreCase) || written.Contains(".parquet", StringComparison.OrdinalIgnoreCase)
            ? $"Files are read with read_files('{written}')." : null;
        unit.Report(DiagnosticCodes.UnknownDataset, raw.Offset, $"There is no dataset '{written}'.", hint);
    }
}
