using System.Text.Json;
using System.Text.RegularExpressions;

namespace Smelt.Pipelines.Sql;

/// <summary>
/// How DuckDB names a column without alias: by printing its expression. The printed form of a serialised tree differs in two places, which are put
/// right here: DECIMAL(10, 2) has a space, and a lambda its keyword.
/// </summary>
internal static partial class ExpressionName
{
    public static string Of(string printed) =>
        Lambda().Replace(Decimal().Replace(printed, "DECIMAL($1, $2)"), "(lambda $1: ");

    /// <summary>False where the tree has lost what the name shows: a typed literal (DATE '…') is named with quotes, a cast is not.</summary>
    public static bool IsCertain(JsonElement expression)
    {
        switch (expression.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in expression.EnumerateArray())
                {
                    if (!IsCertain(item)) return false;
                }
                return true;
            case JsonValueKind.Object:
                if (SqlAst.ClassIs(expression, "CAST"u8) && expression.TryGetProperty("child"u8, out var child) && SqlAst.ClassIs(child, "CONSTANT"u8))
                {
                    if (!(expression.TryGetProperty("cast_type"u8, out var type) && type.GetProperty("id"u8).ValueEquals("BOOLEAN"u8))) return false;
                }
                foreach (var property in expression.EnumerateObject())
                {
                    if (!IsCertain(property.Value)) return false;
                }
                return true;
            default:
                return true;
        }
    }

    [GeneratedRegex(@"DECIMAL\((\d+),(\d+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex Decimal();

    [GeneratedRegex(@"\((\w+) -> ", RegexOptions.CultureInvariant)]
    private static partial Regex Lambda();
}
