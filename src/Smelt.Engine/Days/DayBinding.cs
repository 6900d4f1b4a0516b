using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A dataset's table under its own name with the rows of some days only, for tests of those days.</summary>
public static class DayBinding
{
    public static async Task BindAsync(UpdateContext context, StepCatalog catalog, InputBinder binder, DatasetName name, DayRange days, CancellationToken cancel)
    {
        if (catalog.IsBound(name.Schema, name.Name) || context.Pipeline.Graph.Find(name) is not { } dataset) return;
        var column = DayColumn.Of(dataset, context.Pipeline.Project)
            ?? throw new EngineException(EngineCodes.DayRefused, $"{name} cannot be tested by days: it declares no day column. Write TBLPROPERTIES ('{DayColumn.Property}' = 'column').");
        if (await context.Tables.FindAsync(name, cancel) is not { } table)
        {
            await binder.BindAsync(name, cancel);
            return;
        }
        if (table.Snapshot.Schema.Find(column) is null)
            throw new EngineException(EngineCodes.DayRefused, $"{name} cannot be tested by days: its day column {column} is one of its events and is not stored.");
        const string Whole = "days_of_";
        await catalog.BindScanAsync(StepCatalog.OwnSchema, Whole + name, table.Table.Scan(table.Snapshot), cancel);
        catalog.BindSql(name.Schema, name.Name, $"SELECT * FROM {SqlText.Identifier(StepCatalog.OwnSchema, Whole + name)} WHERE {days.Holds(SqlText.Identifier(column))}");
    }
}
