namespace Smelt.Engine;

/// <summary>A flow's part of a prepared record that another flow of its table has: what its own done record will say. Its intent, where it streams, is its own.</summary>
/// <param name="Flow">Its name; null for the table's own query.</param>
internal sealed record JoinedFlow(string? Flow, string Definition, IReadOnlyList<TableInput> Tables, IReadOnlyList<SourceInput> Sources, IReadOnlyList<string> SourceColumns, BatchCounts Counts);
