namespace Smelt.Connectors;

/// <summary>What is wrong with a source's files.</summary>
public enum FileFault
{
    NotFound, NotAFolder, NotAFile, NoPermission, Unreadable, BadCompression, BadEncoding, NotParquet, ChangedWhileRead, MixedFormats, UnknownFormat,
    UnsupportedScheme, BadPattern, BadOption, BadSchema,
}

/// <summary>A file, or the place where files should be, that cannot be read as asked. Nothing of its batch may be committed.</summary>
public sealed class FileSourceException : Exception
{
    public FileSourceException(FileFault fault, string file, string message, Exception? inner = null) : base(message, inner)
    {
        Fault = fault;
        File = file;
    }

    public FileFault Fault { get; }

    /// <summary>The file or folder, as a person knows it (relative to the pipeline's folder where it lies inside).</summary>
    public string File { get; }

    /// <summary>Whether the same attempt may succeed later with nothing mended: only for files that were still being written.</summary>
    public bool IsTransient => Fault == FileFault.ChangedWhileRead;
}

/// <summary>A mistake of the user's or of the file system's, told as a value: what is wrong and what to do.</summary>
public sealed record FileProblem(FileFault Fault, string Subject, string Message)
{
    public FileSourceException ToException() => new(Fault, Subject, Message);
}
