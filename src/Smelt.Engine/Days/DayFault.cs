namespace Smelt.Engine;

/// <summary>Why days are not made again, found while it is looked what was read.</summary>
internal static class DayFault
{
    /// <param name="step">The flow.</param>
    /// <param name="why">The end of a sentence, without its point.</param>
    public static EngineException Refused(StepPreparation step, string why) => new(EngineCodes.DayRefused, $"{step.Dataset.Name} cannot be made again by days: {why}.");

    /// <param name="step">The flow.</param>
    /// <param name="what">What is not there any more, as the end of a sentence, without its point.</param>
    public static EngineException Lost(StepPreparation step, string what) =>
        new(EngineCodes.DayLoses, $"Making {step.Dataset.Name} again would lose rows: {what}. Nothing was changed. Bring back what it read, or leave these days as they are.");
}
