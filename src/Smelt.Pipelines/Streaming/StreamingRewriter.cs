using System.Text.Json.Nodes;
using Smelt.DuckDb;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines;

/// <summary>Turns a streaming table's query into the one the engine runs.</summary>
public static class StreamingRewriter
{
    /// <summary>Rewrites <paramref name="query"/>; see <see cref="RewrittenQuery"/>.</summary>
    /// <param name="connection">
    /// Parses and prints, and tells the output's names: the names that the bindings give (and the macros) should be there already, streamed relations with
    /// the columns to carry. Where they are not, the SQL is for people to read: what TRY refuses inside a macro may be wrapped all the same.
    /// </param>
    /// <exception cref="DuckDbException">DuckDB does not take the query over these inputs: the user's mistake, with DuckDB's words.</exception>
    public static RewrittenQuery Rewrite(DatasetQuery query, StreamingRewriteOptions options, DuckDbConnection connection)
    {
        if (options.Carry.Count == 0 && !options.WrapErrors) return new RewrittenQuery(QueryRendering.RenderSql(query, options.Bindings), [], false);
        var tree = QueryTree.Parse(query.Text, connection);
        if (query.Unique is not null) DeduplicationReader.TakeOut(tree.Node);
        var binding = new ReferenceBinding(query, options.Bindings);
        binding.Bind(tree.Node);
        var isBound = NameItems(tree, QueryRendering.RenderSql(query, options.Bindings), connection);
        var carries = options.Carry.Count > 0 && new CarryThreading(binding.Streams, options.Carry, ColumnsOf).Node(tree.Node);
        List<string> ColumnsOf(JsonObject table) => Names(tree.With(QueryTree.SelectAll(table, tree.Node["cte_map"], options.Carry)).Print(connection), connection);
        var plain = new RewrittenQuery(tree.Print(connection), [], carries);
        if (!options.WrapErrors) return plain;
        if (!isBound) return Unproven(tree, connection, carries) ?? plain;
        return Wrapped(tree, connection, carries) ?? OneByOne(tree, connection, carries) ?? plain;
    }

    private static List<string> Names(string sql, DuckDbConnection connection) => connection.Rows("DESCRIBE " + sql).ConvertAll(row => (string)row[0]!);

    // DuckDB names an item without alias by printing it, and a tree that was printed and read again prints otherwise in places. So such items get
    // the name that they have in the user's own text.
    // False where the inputs are not there to ask.
    private static bool NameItems(QueryTree tree, string text, DuckDbConnection connection)
    {
        List<string> names;
        try
        {
            names = Names(text, connection);
        }
        catch (DuckDbException missing) when (missing.Kind == DuckDbErrorKind.Catalog)
        {
            NameByPrinting(tree, connection);
            return false;
        }
        var marked = tree.Copy();
        if (ErrorWrapping.MarkUnnamed(marked.Node) == 0) return true;
        var places = Names(marked.Print(connection), connection);
        ErrorWrapping.NameUnnamed(tree.Node, mark => places.IndexOf(mark) is >= 0 and var at ? names[at] : null);
        return true;
    }

    private static void NameByPrinting(QueryTree tree, DuckDbConnection connection)
    {
        var items = ErrorWrapping.Unnamed(tree.Node);
        var names = SqlSerializer.NamesOf([.. items.Select(i => i.ToJsonString()).Distinct()], connection);
        foreach (var item in items) item["alias"] = names.GetValueOrDefault(item.ToJsonString(), "expression");
    }

    // Nobody can be asked for the columns of FROM: a name is an alias unless the alias's own expression uses it as a column.
    private static RewrittenQuery? Unproven(QueryTree tree, DuckDbConnection connection, bool carries)
    {
        var targets = ErrorWrapping.Targets(tree.Node);
        if (targets.Count == 0) return null;
        var columns = targets.SelectMany(t => t.Places.SelectMany(p => p.List[p.Index].Under())).Where(n => n.Class() == "COLUMN_REF").Select(n => n.ColumnNames()[0])
            .Where(n => targets.Exists(t => t.Alias.Equals(n, StringComparison.OrdinalIgnoreCase) && t.Places.Any(p => p.List[p.Index].Under().Any(c => c.ColumnNames().FirstOrDefault() == n))));
        ErrorWrapping.Wrap(tree.Node, targets, new HashSet<string>(columns, StringComparer.OrdinalIgnoreCase));
        return new RewrittenQuery(tree.Print(connection), targets.ConvertAll(t => t.Alias), carries);
    }

    private static RewrittenQuery? Wrapped(QueryTree tree, DuckDbConnection connection, bool carries, Func<int, bool>? which = null)
    {
        var wrapped = tree.Copy();
        var targets = ErrorWrapping.Targets(wrapped.Node).Where((_, i) => which is null || which(i)).ToList();
        if (targets.Count == 0) return null;
        var columns = ErrorWrapping.AreMentioned(wrapped.Node, targets) ? ColumnsOfFrom(wrapped, connection) : [];
        ErrorWrapping.Wrap(wrapped.Node, targets, columns);
        try
        {
            var sql = wrapped.Print(connection);
            _ = Names(sql, connection);
            return new RewrittenQuery(sql, targets.ConvertAll(t => t.Alias), carries);
        }
        catch (DuckDbException wrong) when (!wrong.IsTransient)
        {
            return null;
        }
    }

    // What TRY refuses is not always to be seen (a macro may hide a subquery): then each expression is tried for itself.
    private static RewrittenQuery? OneByOne(QueryTree tree, DuckDbConnection connection, bool carries)
    {
        var count = ErrorWrapping.Targets(tree.Node).Count;
        var good = Enumerable.Range(0, count).Where(i => Wrapped(tree, connection, carries, at => at == i) is not null).ToHashSet();
        return good.Count == 0 ? null : Wrapped(tree, connection, carries, good.Contains);
    }

    private static HashSet<string> ColumnsOfFrom(QueryTree tree, DuckDbConnection connection)
    {
        var all = QueryTree.SelectAll((JsonObject)tree.Node["from_table"]!, tree.Node["cte_map"], []);
        return new HashSet<string>(Names(tree.With(all).Print(connection), connection), StringComparer.OrdinalIgnoreCase);
    }
}
