namespace Smelt.Lake;

/// <summary>The actions of one commit, or of a part of a checkpoint, sorted by kind.</summary>
internal sealed class CommitActions
{
    internal readonly List<AddFile> Adds = [];
    internal readonly List<RemoveFile> Removes = [];
    internal readonly List<TransactionMark> Transactions = [];
    internal readonly List<DomainMetadata> Domains = [];
    internal readonly List<string> Sidecars = [];
    internal readonly List<ChangeFile> ChangeFiles = [];

    /// <summary>Where not null, the actions on files are here, found but not decoded, and <see cref="Adds"/> and <see cref="Removes"/> stay empty.</summary>
    internal FileSlices? Slices { get; init; }

    internal TableProtocol? Protocol { get; set; }

    internal TableMetadata? Metadata { get; set; }

    internal CommitInfo? Info { get; set; }

    /// <summary>Whether rows came, went or changed.</summary>
    internal bool ChangesData => Adds.Exists(a => a.DataChange) || Removes.Exists(r => r.DataChange) || Slices?.ChangesData == true;
}
