using System.Diagnostics;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>INSERT INTO and INSERT OVERWRITE, with all that may be replaced: everything, the partitions written to, or the rows of a condition.</summary>
internal sealed class InsertRows(InsertCommand command) : DmlOperation
{
    private const string Outside = "a row to be written does not satisfy the condition whose rows it replaces";

    internal override bool ChangesRows => command.Replaces is not InsertTarget.Nothing;

    internal override async ValueTask<DmlDraft> DraftAsync(DmlAttempt attempt, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var (query, columns) = InsertColumns.Of(attempt, command);
        var draft = new DmlDraft { Operation = "WRITE", Parameters = Parameters(attempt), Names = DmlMetricNames.OfReplace };
        return command.Replaces switch
        {
            InsertTarget.Everything => await EverythingAsync(attempt, draft, query, columns, cancel),
            InsertTarget.Partitions => await PartitionsAsync(attempt, draft, query, columns, cancel),
            InsertTarget.Rows rows => await RowsAsync(attempt, draft, rows.Condition, query, columns, clock, cancel),
            _ => await AppendAsync(attempt, draft, query, columns, cancel),
        };
    }

    private static async ValueTask<DmlDraft> AppendAsync(DmlAttempt attempt, DmlDraft draft, string query, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        var added = await attempt.WriteAsync(query, columns, RowOrigin.New, cancel);
        // Rows made from the table's own are no blind append.
        return draft with
        {
            Kind = attempt.Options.ReadsTarget ? PlanKind.Change : PlanKind.Append,
            Files = added.Count == 0 ? null : New(added, []),
            Names = static m => [("numFiles", m.FilesAdded), ("numOutputRows", m.RowsInserted), ("numOutputBytes", m.BytesAdded)],
        };
    }

    private static async ValueTask<DmlDraft> EverythingAsync(DmlAttempt attempt, DmlDraft draft, string query, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        var added = await attempt.WriteAsync(query, columns, RowOrigin.New, cancel);
        return draft with { Kind = PlanKind.Overwrite, Reads = TableReads.Everything, Files = added.Count + attempt.Files.Count == 0 ? null : New(added, attempt.Files) };
    }

    /// <summary>Dynamic partition overwrite: the partitions that the new rows are in lose the rows they had.</summary>
    private static async ValueTask<DmlDraft> PartitionsAsync(DmlAttempt attempt, DmlDraft draft, string query, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        var partitions = attempt.Metadata.PartitionColumns.Select(p => attempt.Metadata.Schema.Find(p)!).ToList();
        if (partitions.Count == 0)
            return await EverythingAsync(attempt, draft, query, columns, cancel);
        var added = await attempt.WriteAsync(query, columns, RowOrigin.New, cancel);
        var written = added.GroupBy(Key, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.First(), StringComparer.Ordinal);
        var condition = string.Join(" OR ", written.Values.Select(Condition));
        return added.Count == 0 ? draft : draft with
        {
            Reads = new TableReads { Condition = condition },
            Files = New(added, [.. attempt.Files.Where(f => written.ContainsKey(Key(f)))]),
        };

        // Values of other writers may be written otherwise, so they are compared as what they mean.
        string Key(AddFile file) => string.Join('\u0001', partitions.Select(p => Meaning(attempt, p, Value(file, p)) ?? "\u0002"));

        string Condition(AddFile file) => "(" + string.Join(" AND ", partitions.Select(p => Value(file, p) is { } v
            ? $"{SqlText.Identifier(p.Name)} = {PartitionSql.Cast(SqlText.Literal(v), ParquetSql.TypeOf(attempt.Table.Folder, p.Type), p.Type)}"
            : $"{SqlText.Identifier(p.Name)} IS NULL")) + ")";
    }

    private static string? Value(AddFile file, DeltaField field) => file.PartitionValues.GetValueOrDefault(field.PhysicalName) is { Length: > 0 } text ? text : null;

    private static string? Meaning(DmlAttempt attempt, DeltaField field, string? text)
    {
        if (text is null || field.Type == DeltaType.String)
            return text;
        return (string?)attempt.Connection.Scalar($"SELECT CAST({PartitionSql.Cast("$1::VARCHAR", ParquetSql.TypeOf(attempt.Table.Folder, field.Type), field.Type)} AS VARCHAR)", text);
    }

    /// <summary>replaceWhere: the rows of a condition go, and the new ones must all satisfy it.</summary>
    private static async ValueTask<DmlDraft> RowsAsync(
        DmlAttempt attempt, DmlDraft draft, string condition, string query, IReadOnlyList<string> columns, Stopwatch clock, CancellationToken cancel)
    {
        var where = new TableCondition(attempt, condition);
        var added = await CheckedAsync(attempt, condition, query, columns, cancel);
        if (where.WholeFiles() is { } whole)
            return added.Count + whole.Count == 0 ? draft : draft with { Reads = where.Reads([]), Files = New(added, whole) };
        var (changes, candidates) = await DeleteRows.FindAsync(attempt, where, cancel);
        var scanned = clock.ElapsedMilliseconds;
        var files = await new RowRewriter(attempt, changes) { WrittenInserts = added }.RunAsync(cancel);
        return draft with
        {
            Files = files.Adds.Count + files.Removes.Count == 0 ? null : files,
            Reads = where.Reads(candidates.Except(files.Removes, ReferenceEqualityComparer.Instance).Cast<AddFile>()),
            Metrics = new DmlMetrics { ScanTimeMs = scanned, RewriteTimeMs = clock.ElapsedMilliseconds - scanned, FilesScanned = candidates.Count },
        };
    }

    private static async ValueTask<IReadOnlyList<AddFile>> CheckedAsync(DmlAttempt attempt, string condition, string query, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        var typed = columns.Select(c => attempt.Metadata.Schema.Find(c)!).Select(f => $"CAST({SqlText.Identifier(f.Name)} AS {ParquetSql.TypeOf(attempt.Table.Folder, f.Type)}) AS {SqlText.Identifier(f.Name)}")
            .Concat(attempt.Metadata.Schema.Fields.Where(f => !columns.Contains(f.Name, StringComparer.OrdinalIgnoreCase) && !WrittenFields.IsGenerated(f) && !WrittenFields.IsIdentity(f) && f.Type != DeltaType.Void)
                .Select(f => $"{new AssignedValues(attempt).Default(f)} AS {SqlText.Identifier(f.Name)}"));
        var rows = $"(SELECT {string.Join(", ", typed)} FROM ({query}) AS smelt_new) AS {SqlText.Identifier(attempt.Options.Alias)}";
        try
        {
            var names = attempt.Metadata.Schema.Fields.Where(f => columns.Contains(f.Name, StringComparer.OrdinalIgnoreCase)).Select(static f => f.Name).ToList();
            return await attempt.WriteAsync(
                $"SELECT {string.Join(", ", names.Select(static n => SqlText.Identifier(n)))} FROM {rows} WHERE CASE WHEN ({condition}\n) THEN true ELSE error({SqlText.Literal(Outside)}) END", names, RowOrigin.New, cancel);
        }
        catch (DuckDbException error) when (error.Message.Contains(Outside, StringComparison.Ordinal))
        {
            throw new DmlRefusedException(DmlRefusal.ReplaceWhere, $"{Outside}: {condition}");
        }
    }

    private static RewrittenFiles New(IReadOnlyList<AddFile> added, IReadOnlyList<AddFile> removed) => new()
    {
        Adds = added,
        Removes = removed,
        Inserted = added.Sum(static f => f.NumRecords ?? 0),
        Deleted = removed.Sum(static f => f.LiveRecords ?? 0),
    };

    private Dictionary<string, string> Parameters(DmlAttempt attempt)
    {
        var list = new System.Text.Json.Nodes.JsonArray();
        foreach (var column in attempt.Metadata.PartitionColumns)
            list.Add((System.Text.Json.Nodes.JsonNode)column);
        var parameters = new Dictionary<string, string> { ["mode"] = ChangesRows ? "Overwrite" : "Append", ["partitionBy"] = LogJson.Text(list) };
        if (command.Replaces is InsertTarget.Rows rows)
            parameters["predicate"] = DmlParameters.List(rows.Condition);
        if (command.Replaces is InsertTarget.Partitions)
            parameters["isDynamicPartitionOverwrite"] = "true";
        return parameters;
    }
}

/// <summary>Which of a query's columns goes where.</summary>
internal static class InsertColumns
{
    /// <summary>The query with its columns under the table's names, and these.</summary>
    /// <exception cref="DmlRefusedException">Columns are missing, too many, or not the table's.</exception>
    internal static (string Query, IReadOnlyList<string> Columns) Of(DmlAttempt attempt, InsertCommand command)
    {
        List<DuckDbColumn> given;
        using (var shape = attempt.Connection.Query($"SELECT * FROM ({command.Source}\n) AS smelt_source LIMIT 0"))
            given = [.. shape.Columns];
        if (command.ByName && attempt.Options.SchemaEvolution)
            TableEvolution.Grow(attempt, [.. given.Where(c => attempt.Metadata.Schema.Find(c.Name) is not { } f || f.Type.Any(static t => t is StructType))]);
        var fields = Fields(attempt.Metadata.Schema, command, given);
        if (fields.GroupBy(static f => f.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            throw new DmlRefusedException(DmlRefusal.Column, $"the column '{twice.Key}' is named twice");
        var positions = given.Select(static (_, i) => $"c{i}");
        var select = fields.Select(static (f, i) => $"c{i} AS {SqlText.Identifier(f.Name)}");
        return ($"SELECT {string.Join(", ", select)} FROM ({command.Source}\n) AS smelt_source({string.Join(", ", positions)})", fields.ConvertAll(static f => f.Name));
    }

    private static List<DeltaField> Fields(StructType schema, InsertCommand command, List<DuckDbColumn> given)
    {
        if (command.ByName)
            return given.ConvertAll(c => Named(schema, c.Name));
        if (command.Columns is { } list)
            return list.Count == given.Count ? [.. list.Select(n => Named(schema, n))]
                : throw new DmlRefusedException(DmlRefusal.Column, $"{list.Count} columns are named, and the rows have {given.Count}");
        var all = schema.Fields.Where(static f => f.Type != DeltaType.Void).ToList();
        var needed = all.Where(static f => !WrittenFields.IsGenerated(f) && !WrittenFields.IsIdentity(f)).ToList();
        return given.Count == all.Count ? all : given.Count == needed.Count ? needed
            : throw new DmlRefusedException(DmlRefusal.Column, $"the table has {all.Count} columns ({string.Join(", ", all.Select(static f => f.Name))}), and the rows have {given.Count}; name the columns, or insert BY NAME");
    }

    private static DeltaField Named(StructType schema, string name) => schema.Find(name)
        ?? throw new DmlRefusedException(DmlRefusal.Column, $"the table has no column '{name}'; it has {string.Join(", ", schema.Fields.Select(static f => f.Name))}");
}
