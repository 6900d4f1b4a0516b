namespace Smelt.Engine;

/// <summary>AUTO CDC under another definition than its memory and table were made for (<see cref="Smelt.Pipelines.AutoCdc.Identity"/>).</summary>
internal static class KeptOtherwise
{
    /// <returns>Null where it is kept as before, or nothing is kept yet.</returns>
    public static EngineException? Of(StepPreparation step) => step.Flow.Cdc is { } now && step.State?.Done?.CdcIdentity is { } before && before != now.Identity
        ? new EngineException(EngineCodes.CdcChanged, $"{step.Dataset.Name} was kept by AUTO CDC as {before}, and is now to be kept as {now.Identity}: what it holds and remembers would be misread. Rebuild it with --full-refresh {step.Dataset.Name}, or take the change back.")
        : null;
}
