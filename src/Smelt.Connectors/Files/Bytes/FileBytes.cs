namespace Smelt.Connectors;

/// <summary>Opens files and turns the operating system's complaints into sentences.</summary>
static class FileBytes
{
    /// <summary>The bytes as stored.</summary>
    public static Stream OpenRaw(string identity, string fullPath)
    {
        try
        {
            return new FileStream(fullPath, new FileStreamOptions
            {
                Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan,
            });
        }
        catch (UnauthorizedAccessException e) when (Directory.Exists(fullPath))
        {
            throw new FileSourceException(FileFault.NotAFile, identity, $"{identity} is a folder where a file should be", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new FileSourceException(FileFault.NoPermission, identity, $"{identity} may not be read by this user; change its permissions, or move it away", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileSourceException(FileFault.NotFound, identity, $"{identity} is not there any more; put it back, as its batch was chosen with it", e);
        }
        catch (IOException e)
        {
            throw new FileSourceException(FileFault.Unreadable, identity, $"{identity} cannot be opened: {e.Message}", e);
        }
    }
}
