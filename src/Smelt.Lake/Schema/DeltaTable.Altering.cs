using System.Globalization;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>ALTER TABLE.</content>
public sealed partial class DeltaTable
{
    private const int AlterAttempts = 10;

    public async partial ValueTask<AlterResult> AlterAsync(TableChange change, CancellationToken cancel)
    {
        CommitResult.Conflict? last = null;
        for (var attempt = 0; attempt < AlterAttempts; attempt++)
        {
            var snapshot = await SnapshotAsync(null, cancel);
            ProtocolSupport.CheckWrite(Folder, snapshot.Protocol, snapshot.Metadata);
            var asked = TableDefinition.Of(snapshot).Alter(change);
            if (asked is DefinitionResult.Refused refused)
                return new AlterResult.Refused(refused.Problems);
            var defined = (DefinitionResult.Defined)asked;
            if (!defined.Changed && defined.Domains.Count == 0)
                return new AlterResult.Unchanged(snapshot);
            if (await BrokenByAsync(change, snapshot, cancel) is { } problem)
                return new AlterResult.Refused([problem]);
            switch (await CommitAsync(PlanOf(change, snapshot, defined), snapshot, cancel))
            {
                case CommitResult.Committed committed:
                    return new AlterResult.Altered(committed.Snapshot, defined.NewFeatures);
                case CommitResult.Conflict conflict:
                    last = conflict;
                    break;
            }
        }
        return new AlterResult.Conflicted(last!);
    }

    private TablePlan PlanOf(TableChange change, Snapshot snapshot, DefinitionResult.Defined defined)
    {
        var (operation, parameters) = Described(change, snapshot);
        var untracked = ProtocolSupport.Has(defined.Definition.Protocol, "rowTracking")
            ? snapshot.Files.Where(f => f.BaseRowId is null).Select(f => f with { DataChange = false }).ToList() : [];
        // What was found out about all rows, or is done to all files, does not hold for files that another writer adds meanwhile.
        var readsAll = untracked.Count > 0 || change is TableChange.AddConstraint or TableChange.SetNullable { Nullable: false };
        return new TablePlan
        {
            Folder = Folder,
            Kind = readsAll ? PlanKind.Change : PlanKind.Metadata,
            TableId = snapshot.Metadata.Id,
            ReadVersion = snapshot.Version,
            Reads = readsAll ? TableReads.Everything : TableReads.Nothing,
            Protocol = defined.Definition.Protocol.Equals(snapshot.Protocol) ? null : defined.Definition.Protocol,
            Metadata = defined.Changed ? defined.Definition.Metadata : null,
            Domains = defined.Domains,
            Adds = untracked,
            Operation = operation,
            OperationParameters = parameters,
            Attempt = Guid.NewGuid().ToString("N"),
        };
    }

    /// <summary>Why rows that are there do not allow the change; null where they do.</summary>
    private async ValueTask<SchemaProblem?> BrokenByAsync(TableChange change, Snapshot snapshot, CancellationToken cancel)
    {
        if (change is not (TableChange.AddConstraint or TableChange.SetNullable { Nullable: false } or TableChange.SetDefault { Expression: not null }))
            return null;
        using var connection = Lake.Connect();
        string rule;
        try
        {
            rule = change switch
            {
                TableChange.AddConstraint c => $"({DutyExpression.Translate(connection, Folder, snapshot.Schema, c.Expression)}) IS NOT TRUE",
                TableChange.SetNullable n => $"{string.Join('.', n.Path.Names.Select(p => SqlText.Identifier(p)))} IS NULL",
                TableChange.SetDefault d when DutyExpression.Translate(connection, Folder, snapshot.Schema, d.Expression!) is not null => "false",
                _ => "false",
            };
        }
        catch (ExpressionException e)
        {
            return new SchemaProblem(SchemaProblemKind.BadExpression, null, $"the expression cannot be evaluated here, so that no write could keep it: {e.Message}");
        }
        var scan = Scan(snapshot);
        await scan.PrepareAsync(connection, cancel);
        var broken = Convert.ToInt64(connection.Scalar($"SELECT count(*) FROM ({scan.Sql}) AS t WHERE {rule}"), CultureInfo.InvariantCulture);
        return broken == 0 ? null : new SchemaProblem(SchemaProblemKind.RowsBreakRule, null, $"{broken} rows of the table do not satisfy it; mend them first");
    }

    /// <summary>The operation as Delta names it, with its parameters.</summary>
    private static (string Operation, Dictionary<string, string> Parameters) Described(TableChange change, Snapshot snapshot) => change switch
    {
        TableChange.AddColumns a => ("ADD COLUMNS", new() { ["columns"] = $"[{string.Join(',', a.Columns.Select(c => $"{{\"column\":{Json(c.Path.ToString())},\"type\":{Json(c.Column.Type.ToString()!)}}}"))}]" }),
        TableChange.RenameColumn r => ("RENAME COLUMN", new() { ["oldColumnPath"] = r.Path.ToString(), ["newColumnPath"] = new ColumnPath([.. r.Path.Names.SkipLast(1), r.Name]).ToString() }),
        TableChange.DropColumns d => ("DROP COLUMNS", new() { ["columns"] = $"[{string.Join(',', d.Paths.Select(p => Json(p.ToString())))}]" }),
        TableChange.ChangeType c => ("CHANGE COLUMN", new() { ["column"] = c.Path.ToString(), ["type"] = c.Type.ToString()! }),
        TableChange.SetNullable n => ("CHANGE COLUMN", new() { ["column"] = n.Path.ToString(), ["nullable"] = n.Nullable ? "true" : "false" }),
        TableChange.CommentColumn c => ("CHANGE COLUMN", new() { ["column"] = c.Path.ToString(), ["comment"] = c.Comment ?? "" }),
        TableChange.SetDefault d => ("CHANGE COLUMN", new() { ["column"] = d.Path.ToString(), ["default"] = d.Expression ?? "" }),
        TableChange.CommentTable t => ("SET TBLPROPERTIES", new() { ["properties"] = $"{{\"comment\":{Json(t.Comment ?? "")}}}" }),
        TableChange.SetProperties p when p.Properties.Values.All(v => v is null) => ("UNSET TBLPROPERTIES",
            new() { ["properties"] = $"[{string.Join(',', p.Properties.Keys.Select(Json))}]", ["ifExists"] = "true" }),
        TableChange.SetProperties p => ("SET TBLPROPERTIES", new() { ["properties"] = $"{{{string.Join(',', p.Properties.Select(e => $"{Json(e.Key)}:{(e.Value is null ? "null" : Json(e.Value))}"))}}}" }),
        TableChange.AddConstraint a => ("ADD CONSTRAINT", new() { ["name"] = a.Name, ["expr"] = a.Expression }),
        TableChange.DropConstraint d => ("DROP CONSTRAINT", new() { ["name"] = d.Name, ["expr"] = snapshot.Metadata.Property(ColumnDuty.ConstraintPrefix + d.Name.ToLowerInvariant()) ?? "" }),
        TableChange.ClusterBy c => ("CLUSTER BY", new() { ["oldClusteringColumns"] = string.Join(',', Clustering.Of(snapshot)), ["newClusteringColumns"] = string.Join(',', c.Columns) }),
        _ => throw new ArgumentOutOfRangeException(nameof(change)),
    };

    private static string Json(string text) => $"\"{JsonEncodedText.Encode(text, LogJson.Encoder)}\"";
}
