using System.Text.Json;

namespace Smelt.Pipelines.Migration;

/// <summary>What became of a key of the pipeline's JSON.</summary>
/// <param name="Key">Its path: <c>clusters[0].autoscale</c>. Or the file and line that something has to be said about: <c>bronze/orders.sql:3</c>.</param>
/// <param name="Outcome">One word: mapped, converted, named, later.</param>
/// <param name="Told">What it is in Smelt, or why it is not needed, or what to do.</param>
public sealed record MigratedKey(string Key, string Outcome, string Told);

/// <summary>A file of the new pipeline.</summary>
public sealed record MigratedFile(string Path, string Text);

/// <summary>The new pipeline's files, and what became of every key and notebook.</summary>
public sealed record Migration(string Name, IReadOnlyList<MigratedFile> Files, IReadOnlyList<MigratedKey> Keys);

/// <summary>A pipeline of Delta Live Tables (Lakeflow Declarative Pipelines) as its settings' JSON has it, turned into one of Smelt.</summary>
public static class DatabricksPipeline
{
    public const string Mapped = "mapped", Converted = "converted", NotNeeded = "not needed", ByHand = "by hand", Later = "later";

    /// <summary>Keys whose place is elsewhere in Smelt, or nowhere.</summary>
    internal static Dictionary<string, (string Outcome, string Told)> Known { get; } = new(StringComparer.Ordinal)
    {
        ["clusters"] = (NotNeeded, "Smelt runs in one process; memory and threads of a target stand in platform.yml"),
        ["edition"] = (NotNeeded, "every feature is in the one program"),
        ["photon"] = (NotNeeded, "the engine is DuckDB"),
        ["channel"] = (NotNeeded, "the version is the one you installed"),
        ["serverless"] = (NotNeeded, "there is no cluster to manage"),
        ["catalog"] = (NotNeeded, "tables are bronze.x, silver.x and gold.x of this pipeline's lake"),
        ["target"] = (NotNeeded, "tables are bronze.x, silver.x and gold.x of this pipeline's lake; other readers open their folders"),
        ["schema"] = (NotNeeded, "tables are bronze.x, silver.x and gold.x of this pipeline's lake; other readers open their folders"),
        ["cluster_id"] = (NotNeeded, "there is no cluster"),
        ["pipeline_type"] = (NotNeeded, "there is one kind of pipeline"),
        ["allow_duplicate_names"] = (NotNeeded, "a pipeline is a folder"),
        ["budget_policy_id"] = (NotNeeded, "there is nothing to bill"),
        ["usage_policy_id"] = (NotNeeded, "there is nothing to bill"),
        ["dry_run"] = (NotNeeded, "smelt validate and smelt plan do nothing but look"),
        ["run_as"] = (NotNeeded, "an update runs as whoever starts it"),
        ["permissions"] = (NotNeeded, "who may read the lake's folder may read its tables"),
        ["deployment"] = (NotNeeded, "a pipeline is a folder in your repository"),
        ["root_path"] = (NotNeeded, "the pipeline's folder is the root"),
        ["environment"] = (NotNeeded, "there is no Python to install packages for"),
        ["event_log"] = (Mapped, "every update is in _smelt.event_log"),
        ["notifications"] = (Later, "smelt run ends with exit code 1 where an update fails: let what starts it tell you"),
        ["trigger"] = (Later, "schedule in smelt.yml is read and kept for the scheduler; until then start smelt run by cron"),
        ["restart_window"] = (Later, "there is no continuous mode to restart yet"),
        ["filters"] = (ByHand, "leave notebooks out by removing their files; run parts with --select"),
        ["ingestion_definition"] = (ByHand, "managed connectors: read files with read_files"),
        ["gateway_definition"] = (ByHand, "managed connectors: read files with read_files"),
        ["tags"] = (ByHand, "tags belong to datasets: write them in properties.yml"),
    };

    /// <param name="json">The settings, as the API and the interface show them.</param>
    /// <param name="open">Gives a notebook's text by its path in the workspace, or null: first the path as it is, then with .sql and .py.</param>
    /// <exception cref="FormatException">It is not the JSON of a pipeline.</exception>
    public static Migration Read(string json, Func<string, string?> open)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new FormatException("A pipeline's settings are a JSON object.");
            var settings = document.RootElement.TryGetProperty("spec", out var spec) && spec.ValueKind == JsonValueKind.Object ? spec : document.RootElement;
            return new DatabricksSettings(open).Read(settings);
        }
        catch (JsonException broken)
        {
            throw new FormatException($"It is not JSON: {broken.Message}", broken);
        }
    }
}
