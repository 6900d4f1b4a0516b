namespace Smelt.Lake;

/// <summary>A table's state while its log is replayed (PROTOCOL.md, "Action Reconciliation"). Mutable; becomes a <see cref="Snapshot"/>.</summary>
internal sealed class TableState
{
    internal readonly Dictionary<FileKey, AddFile> Files;
    internal readonly Dictionary<FileKey, RemoveFile> Tombstones;
    internal readonly Dictionary<string, TransactionMark> Transactions;
    internal readonly Dictionary<string, DomainMetadata> Domains;

    internal TableState()
    {
        (Files, Tombstones) = ([], []);
        Transactions = new Dictionary<string, TransactionMark>(StringComparer.Ordinal);
        Domains = new Dictionary<string, DomainMetadata>(StringComparer.Ordinal);
    }

    internal TableState(Snapshot from)
    {
        Files = new Dictionary<FileKey, AddFile>(from.State.Files);
        Tombstones = new Dictionary<FileKey, RemoveFile>(from.State.Tombstones);
        Transactions = new Dictionary<string, TransactionMark>(from.State.Transactions, StringComparer.Ordinal);
        Domains = new Dictionary<string, DomainMetadata>(from.State.Domains, StringComparer.Ordinal);
        (Protocol, Metadata, Version, InCommitTimestamp) = (from.Protocol, from.Metadata, from.Version, null);
        LastDataChange = from.State.LastDataChange;
    }

    internal long Version { get; private set; } = -1;

    internal TableProtocol? Protocol { get; private set; }

    internal TableMetadata? Metadata { get; private set; }

    /// <summary>Of the newest commit, where it has one.</summary>
    internal long? InCommitTimestamp { get; private set; }

    /// <summary>Newest version among the commits replayed whose commit changed rows or the schema; null where none did.</summary>
    internal long? LastDataChange { get; private set; }

    /// <summary>Takes over a checkpoint's actions; parts may come in any order.</summary>
    internal void ApplyCheckpoint(CommitActions actions, long version)
    {
        Version = version;
        ApplySmall(actions);
        foreach (var remove in actions.Removes)
            Tombstones[FileKey.Of(remove)] = remove;
        foreach (var add in actions.Adds)
            Files[FileKey.Of(add)] = add;
    }

    /// <summary>Takes over a commit. Removes go before adds: a commit that gives a file a new deletion vector has both for one path.</summary>
    internal void Apply(CommitActions actions, long version)
    {
        var schemaChanged = actions.Metadata is not null && actions.Metadata.SchemaString != Metadata?.SchemaString;
        if (schemaChanged || actions.ChangesData)
            LastDataChange = version;
        Version = version;
        InCommitTimestamp = actions.Info?.InCommitTimestamp;
        ApplySmall(actions);
        foreach (var remove in actions.Removes)
        {
            var key = FileKey.Of(remove);
            Files.Remove(key);
            Tombstones[key] = remove;
        }
        foreach (var add in actions.Adds)
        {
            var key = FileKey.Of(add);
            Tombstones.Remove(key);
            Files[key] = add;
        }
    }

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
