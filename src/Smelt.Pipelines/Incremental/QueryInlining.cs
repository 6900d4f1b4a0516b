using System.Text.Json.Nodes;
using Smelt.DuckDb;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines.Incremental;

/// <summary>
/// A query's tree in which every stored table stands for itself: views and CTEs are put in as subqueries, tables are numbered, and whatever else is read has the name it
/// is bound under.
/// </summary>
internal sealed class QueryInlining(Func<DatasetName, DatasetQuery?> viewOf, Func<TableReference, string?> bound, DuckDbConnection connection)
{
    /// <summary>Schema of the names that stand for tables: <c>leaf_0</c>, <c>leaf_1</c>, …</summary>
    internal const string LeafSchema = "smelt_leaf";

    private const string ViewSchema = "smelt_view";

    internal List<TableReference> Leaves { get; } = [];

    /// <summary>The tree, or null where DuckDB gives none.</summary>
    internal QueryTree? Read(DatasetQuery query)
    {
        if (QueryTree.TryParse(query.Text, connection) is not { } tree) return null;
        var views = new List<DatasetQuery>();
        new ReferenceBinding(query, new QueryBindings { Table = reference => Name(reference, views), Source = static _ => null }).Bind(tree.Node);
        foreach (var node in tree.Node.Under().Where(static n => n.Text("schema_name") == ViewSchema).ToList())
        {
            if (Read(views[int.Parse(node.Text("table_name"), System.Globalization.CultureInfo.InvariantCulture)]) is not { } view) return null;
            node.Become(Subquery(view.Node, null));
        }
        Inline(tree.Node, null);
        return tree;
    }

    internal static string LeafName(int index) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"leaf_{index}");

    private string? Name(TableReference reference, List<DatasetQuery> views)
    {
        if (reference is not { Dataset: { } dataset, AsOf: null }) return bound(reference);
        if (viewOf(dataset) is { } view)
        {
            views.Add(view);
            return SqlText.Identifier(ViewSchema, (views.Count - 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        Leaves.Add(reference);
        return SqlText.Identifier(LeafSchema, LeafName(Leaves.Count - 1));
    }

    private sealed record Cte(string Name, JsonObject Query, JsonArray? Columns, Cte? Outer)
    {
        public bool IsUsed { get; set; }
    }

    /// <summary>A CTE's query for one more place that reads it: its tables are places of their own there.</summary>
    private JsonObject Copied(Cte cte)
    {
        var copy = (JsonObject)cte.Query.DeepClone();
        if (cte.IsUsed)
        {
            foreach (var leaf in copy.Under().Where(static n => n.Text("schema_name") == LeafSchema).ToList())
            {
                Leaves.Add(Leaves[LeafWalk.IndexOf(leaf)]);
                leaf["table_name"] = LeafName(Leaves.Count - 1);
            }
        }
        cte.IsUsed = true;
        return copy;
    }

    private static JsonObject Subquery(JsonObject query, JsonArray? columns)
    {
        var made = new JsonObject { ["type"] = "SUBQUERY", ["subquery"] = new JsonObject { ["node"] = query.DeepClone() } };
        if (columns is { Count: > 0 }) made["column_name_alias"] = columns.DeepClone();
        return made;
    }

    private void Inline(JsonNode? node, Cte? scope)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array) Inline(item, scope);
        }
        if (node is not JsonObject own) return;
        if (own["cte_map"]?["map"] is JsonArray entries)
        {
            foreach (var entry in entries.OfType<JsonObject>())
            {
                var query = (JsonObject)entry["value"]!["query"]!["node"]!;
                // A recursive one reads itself: it stays as it is, and is refused for what it is.
                if (query.Type() == "RECURSIVE_CTE_NODE") return;
                Inline(query, scope);
                scope = new Cte(entry.Text("key"), query, entry["value"]!["aliases"] as JsonArray, scope);
            }
            own["cte_map"] = new JsonObject();
        }
        if (own.Type() == "BASE_TABLE" && own.Text("schema_name").Length == 0 && Find(scope, own.Text("table_name")) is { } cte)
        {
            if (own.Alias().Length == 0) own["alias"] = own.Text("table_name");
            var own2 = own["column_name_alias"] as JsonArray;
            own.Become(Subquery(Copied(cte), own2 is { Count: > 0 } ? own2 : cte.Columns));
            return;
        }
        foreach (var (_, value) in own.ToList()) Inline(value, scope);
    }

    private static Cte? Find(Cte? scope, string name)
    {
        for (; scope is not null; scope = scope.Outer)
        {
            if (scope.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return scope;
        }
        return null;
    }
}
