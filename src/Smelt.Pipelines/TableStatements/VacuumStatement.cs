using System.Globalization;

namespace Smelt.Pipelines.TableStatements;

/// <summary><c>VACUUM table [RETAIN n HOURS] [DRY RUN]</c>.</summary>
/// <param name="Retain">How long files stay that are no longer needed; null: as the table says.</param>
public sealed record VacuumStatement(TableName Target, TimeSpan? Retain, bool IsDryRun) : TableStatement(Target)
{
    public override string Verb => "VACUUM";

    /// <summary>Whether a time shorter than the table's is meant so (of the command line; SQL has no word for it).</summary>
    public bool AllowsShort { get; init; }

    /// <summary>Whether a time shorter than the table's gives way to it (a policy for many tables).</summary>
    public bool YieldsToTable { get; init; }

    internal static TableStatement Read(StatementReader reader)
    {
        var target = reader.Table();
        TimeSpan? retain = null;
        if (reader.Cursor.Take("RETAIN"))
        {
            retain = TimeSpan.FromHours(reader.Number("a number of hours"));
            reader.Cursor.Expect("HOURS");
        }
        return new VacuumStatement(target, retain, reader.Cursor.Take("DRY", "RUN"));
    }
}

/// <summary><c>RESTORE [TABLE] table [TO] VERSION | TIMESTAMP AS OF …</c>.</summary>
public sealed record RestoreStatement(TableName Target, TableMoment Moment) : TableStatement(Target)
{
    public override string Verb => "RESTORE";

    internal static TableStatement Read(StatementReader reader)
    {
        _ = reader.Cursor.Take("TABLE");
        var target = reader.Table();
        _ = reader.Cursor.Take("TO");
        return new RestoreStatement(target, reader.Moment() ?? throw reader.Cursor.Wrong($"Expected VERSION AS OF or TIMESTAMP AS OF, found {reader.Cursor.Found}."));
    }
}

/// <summary>A version of a table: by number, or by time.</summary>
public sealed record TableMoment(long? Version, string? Timestamp)
{
    public override string ToString() => Version?.ToString(CultureInfo.InvariantCulture) ?? $"'{Timestamp}'";
}

/// <summary><c>DESCRIBE HISTORY table [LIMIT n]</c> and <c>DESCRIBE DETAIL table</c>.</summary>
public sealed record DescribeStatement(TableName Target, bool IsHistory, int? Limit) : TableStatement(Target)
{
    public override string Verb => IsHistory ? "DESCRIBE HISTORY" : "DESCRIBE DETAIL";

    internal static TableStatement Read(StatementReader reader)
    {
        var history = reader.Cursor.Take("HISTORY");
        if (!history && !reader.Cursor.Take("DETAIL")) throw reader.Cursor.Wrong($"Expected HISTORY or DETAIL, found {reader.Cursor.Found}.", "`smelt query \"DESCRIBE SELECT …\"` tells columns.");
        var target = reader.Table();
        return new DescribeStatement(target, history, history && reader.Cursor.Take("LIMIT") ? (int)reader.Number("a number of commits") : null);
    }
}

/// <summary><c>CREATE TABLE table SHALLOW CLONE source [VERSION | TIMESTAMP AS OF …]</c>.</summary>
public sealed record CloneStatement(TableName Target, TableName Source, TableMoment? Moment) : TableStatement(Target)
{
    public override string Verb => "CLONE";

    internal static TableStatement Read(StatementReader reader)
    {
        var target = reader.Table();
        if (!reader.Cursor.Take("SHALLOW", "CLONE"))
            throw reader.Cursor.Wrong($"Expected SHALLOW CLONE, found {reader.Cursor.Found}.", "Tables of a pipeline are made by `smelt run`; other tables with rows by `smelt query … --format parquet` and CONVERT TO DELTA.");
        return new CloneStatement(target, reader.Table(), reader.Moment());
    }
}

/// <summary><c>CONVERT TO DELTA parquet.`path` [NO STATISTICS] [PARTITIONED BY (column type, …)]</c>.</summary>
/// <param name="Partitions">Names with types, as SQL has them.</param>
public sealed record ConvertStatement(TableName Target, IReadOnlyList<(string Name, string Type)> Partitions, bool HasStatistics) : TableStatement(Target)
{
    public override string Verb => "CONVERT";

    internal static TableStatement Read(StatementReader reader)
    {
        var target = reader.Table();
        var statistics = !reader.Cursor.Take("NO", "STATISTICS");
        var partitions = new List<(string, string)>();
        if (reader.Cursor.Take("PARTITIONED", "BY"))
        {
            reader.Cursor.ExpectSymbol('(');
            do partitions.Add((reader.Cursor.Name("a column").Name, reader.Expression("a type", true).Text));
            while (reader.Cursor.TakeSymbol(','));
            reader.Cursor.ExpectSymbol(')');
        }
        return new ConvertStatement(target, partitions, statistics);
    }
}
