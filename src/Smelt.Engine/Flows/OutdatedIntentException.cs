namespace Smelt.Engine;

/// <summary>The intent of an interrupted batch names other inputs than the definition reads today.</summary>
internal sealed class OutdatedIntentException(string message) : Exception(message);
