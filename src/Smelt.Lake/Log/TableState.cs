namespace Smelt.Lake;

/// <summary>
/// A table's state while its log is replayed (PROTOCOL.md, "Action Reconciliation"). Files are kept as the log's own JSON and decoded when looked at. Mutable until
/// <see cref="Files"/> is first asked for; becomes a <see cref="Snapshot"/>.
/// </summary>
internal sealed class TableState
{
    private readonly FileMap.Builder _files;
    private readonly FileMap.Builder _tombstones;
    internal readonly Dictionary<string, TransactionMark> Transactions;
    internal readonly Dictionary<string, DomainMetadata> Domains;

    internal TableState()
    {
        (_files, _tombstones) = (new FileMap.Builder(), new FileMap.Builder());
        Transactions = new Dictionary<string, TransactionMark>(StringComparer.Ordinal);
        Domains = new Dictionary<string, DomainMetadata>(StringComparer.Ordinal);
    }

    internal TableState(Snapshot from)
    {
        (_files, _tombstones) = (new FileMap.Builder(from.State.Files), new FileMap.Builder(from.State.Tombstones));
        Transactions = new Dictionary<string, TransactionMark>(from.State.Transactions, StringComparer.Ordinal);
        Domains = new Dictionary<string, DomainMetadata>(from.State.Domains, StringComparer.Ordinal);
        (Protocol, Metadata, Version, InCommitTimestamp) = (from.Protocol, from.Metadata, from.Version, null);
        LastDataChange = from.State.LastDataChange;
    }

    /// <summary>The live files; nothing can be applied after.</summary>
    internal FileMap Files => _files.Build();

    /// <summary>The files that left and are not forgotten yet; nothing can be applied after.</summary>
    internal FileMap Tombstones => _tombstones.Build();

    internal long Version { get; private set; } = -1;

    internal TableProtocol? Protocol { get; private set; }

    internal TableMetadata? Metadata { get; private set; }

    /// <summary>Of the newest commit, where it has one.</summary>
    internal long? InCommitTimestamp { get; private set; }

    /// <summary>Newest version among the commits replayed whose commit changed rows or the schema; null where none did.</summary>
    internal long? LastDataChange { get; private set; }

    /// <summary>A live file of a checkpoint.</summary>
    internal void Add(FileId id, ReadOnlySpan<byte> json) => _files.Set(id, json);

    /// <summary>A file that left, of a checkpoint.</summary>
    internal void Remove(FileId id, ReadOnlySpan<byte> json) => _tombstones.Set(id, json);

    /// <summary>Takes over a checkpoint's actions that are not on files, or are sliced; parts may come in any order.</summary>
    internal void ApplyCheckpoint(CommitActions actions, ReadOnlySpan<byte> json, long version)
    {
        Version = version;
        ApplySmall(actions);
        foreach (var remove in actions.Slices!.Removes)
            Remove(remove.File, json.Slice(remove.Offset, remove.Length));
        foreach (var add in actions.Slices.Adds)
            Add(add.File, json.Slice(add.Offset, add.Length));
    }

    /// <summary>Takes over a commit by its text.</summary>
    internal void Apply(ReadOnlySpan<byte> json, long version)
    {
        var sliced = new CommitActions { Slices = new FileSlices() };
        ActionReader.Read(json, sliced);
        Apply(sliced, json, version);
    }

    /// <summary>Takes over a commit. Removes go before adds: a commit that gives a file a new deletion vector has both for one path.</summary>
    /// <param name="actions">With <see cref="CommitActions.Slices"/>.</param>
    /// <param name="json">The text that they were read from.</param>
    /// <param name="version">The commit's version.</param>
    internal void Apply(CommitActions actions, ReadOnlySpan<byte> json, long version)
    {
        var schemaChanged = actions.Metadata is not null && actions.Metadata.SchemaString != Metadata?.SchemaString;
        if (schemaChanged || actions.ChangesData)
            LastDataChange = version;
        Version = version;
        InCommitTimestamp = actions.Info?.InCommitTimestamp;
        ApplySmall(actions);
        foreach (var remove in actions.Slices!.Removes)
        {
            _files.Remove(remove.File);
            _tombstones.Set(remove.File, json.Slice(remove.Offset, remove.Length));
        }
        foreach (var add in actions.Slices.Adds)
        {
            _tombstones.Remove(add.File);
            _files.Set(add.File, json.Slice(add.Offset, add.Length));
        }
    }

    /// <summary>After a compaction nobody can tell which of its commits changed rows last.</summary>
    internal void ForgetLastDataChange() => LastDataChange = null;

    private void ApplySmall(CommitActions actions)
    {
        Protocol = actions.Protocol ?? Protocol;
        Metadata = actions.Metadata ?? Metadata;
        foreach (var mark in actions.Transactions)
            Transactions[mark.AppId] = mark;
        foreach (var domain in actions.Domains)
        {
            if (domain.Removed)
                Domains.Remove(domain.Domain);
            else
                Domains[domain.Domain] = domain;
        }
    }
}
