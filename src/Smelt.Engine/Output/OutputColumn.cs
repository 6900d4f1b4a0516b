using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>A column that a step stores.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Sql">Its value over the query's columns, already of the type stored.</param>
/// <param name="Type">Its type in the table.</param>
/// <param name="Raised">SQL that is true where its expression raised an error for the row; null where it cannot.</param>
internal sealed record OutputColumn(string Name, string Sql, DeltaType Type, string? Raised = null, string? Comment = null);
