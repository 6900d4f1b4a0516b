using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>What the memory's table will be once a batch is committed.</summary>
internal static class CdcMemoryTable
{
    /// <exception cref="EngineException">Keys or sequence have a type that what is remembered cannot take.</exception>
    public static TargetTable Define(UpdateContext context, StepPreparation step, DeltaTable table, PinnedTable? before, IReadOnlyList<ColumnSpec> columns, TableOptions options, bool replaces, TargetTable target)
    {
        var others = before is null || replaces ? [] : columns.Where(c => before.Snapshot.Schema.Find(c.Name) is { } field && !field.Type.Equals(c.Type)).ToList();
        var widens = target.Definition.Metadata.IsOn(TypeWidening.Enabled);
        // The property is set once it is needed: a memory that never widens asks no more of its readers.
        if (others.Count > 0 && widens) options = options with { Properties = new Dictionary<string, string?> { [TypeWidening.Enabled] = "true" } };
        try
        {
            return TargetTable.Define(context, table, before, columns, options, replaces, false, step.Dataset.Name);
        }
        catch (EngineException error) when (error.Code == EngineCodes.SchemaRefused && others.Count > 0)
        {
            var cdc = step.Flow.Cdc!;
            var changed = others.Select(c => cdc.Keys.Concat(cdc.SequenceBy).FirstOrDefault(k => k.Equals(c.Name, StringComparison.OrdinalIgnoreCase)) is { } key ? $"{key} was {Was(before!, c)} and is {c.Type}"
                : c.Name.StartsWith("__smelt_", StringComparison.Ordinal) ? $"the sequence ({string.Join(", ", cdc.SequenceBy)}) was {Was(before!, c)} and is {c.Type}" : $"{c.Name} was {Was(before!, c)} and is {c.Type}").Distinct();
            throw new EngineException(EngineCodes.SchemaRefused,
                $"{step.Dataset.Name} cannot go on with what AUTO CDC remembers for it: {string.Join("; ", changed)}. Cast it back in the source's query, or rebuild with --full-refresh {step.Dataset.Name}."
                + (widens ? "" : $" A wider type of the same kind is taken where the table has the property '{TypeWidening.Enabled}' = 'true'."), inner: error);
        }
    }

    private static DeltaType Was(PinnedTable before, ColumnSpec column) => before.Snapshot.Schema.Find(column.Name)!.Type;
}
