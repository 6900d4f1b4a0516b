namespace Smelt.Engine;

/// <summary>A file of a batch of a sink: written under a temporary name, and renamed once the batch is prepared. Paths are absolute or relative to the pipeline's folder.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Base">Length of the file of that name that it goes on from; null where there was none.</param>
internal sealed record SinkFile(string Temporary, string Final, long Rows, long Bytes, long? Base = null);
