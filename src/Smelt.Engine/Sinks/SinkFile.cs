namespace Smelt.Engine;

/// <summary>A file of a batch of a sink: written under a temporary name, and renamed once the batch is prepared. Paths are absolute or relative to the pipeline's folder.</summary>
internal sealed record SinkFile(string Temporary, string Final, long Rows, long Bytes);
