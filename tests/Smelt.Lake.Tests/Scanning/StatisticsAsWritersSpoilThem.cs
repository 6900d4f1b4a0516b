using System.Globalization;
using System.Text.Json.Nodes;

namespace Smelt.Lake.Tests.Scanning;

/// <summary>A file under the statistics that other writers would have given it: missing, cut, rounded, in other zones.</summary>
internal static class StatisticsAsWritersSpoilThem
{
    internal static IEnumerable<AddFile> Of(AddFile file)
    {
        yield return file;
        var foreign = file with { Tags = null };
        yield return foreign with { Stats = null };
        yield return foreign with { Stats = "{not json" };
        yield return With(foreign, s => { s.Remove("nullCount"); s.Remove("numRecords"); });
        yield return With(foreign, s => s.Remove("minValues"));
        yield return With(foreign, s => s.Remove("maxValues"));
        yield return With(foreign, s => Texts(s, cut: t => t[..Math.Min(t.Length, 32)]));
        yield return With(foreign, s => Texts(s, cut: t => t.Length <= 32 ? t : t[..31] + "?\uFFFD"));
        yield return With(foreign, s => Each(s, (_, v) => v is JsonValue && v.ToJsonString() is var t && t.Contains('.') && !t.Contains('"') ? JsonValue.Create(double.Parse(t, CultureInfo.InvariantCulture)) : v?.DeepClone()));
        yield return With(foreign, s => Times(s, t => t[..23]));
        yield return With(foreign, s => s["tightBounds"] = false);
        yield return With(foreign, s => s["nullCount"]!["i"] = 1);
    }

    private static AddFile With(AddFile file, Action<JsonObject> change)
    {
        var stats = JsonNode.Parse(file.Stats!)!.AsObject();
        change(stats);
        return file with { Stats = stats.ToJsonString() };
    }

    private static void Texts(JsonObject stats, Func<string, string> cut) =>
        Each(stats, (name, value) => name == "s" && value?.GetValue<string>() is { } text ? JsonValue.Create(Cut(cut, text)) : value?.DeepClone());

    private static string Cut(Func<string, string> cut, string text)
    {
        var short_ = cut(text);
        // JSON has no half of a surrogate pair: what cuts one writes a question mark.
        return char.IsHighSurrogate(short_[^1]) ? short_[..^1] + "?" : short_;
    }

    private static void Times(JsonObject stats, Func<string, string> cut) => Each(stats, (name, value) =>
        name is "ts" or "tz" && value?.GetValue<string>() is { } text
            ? JsonValue.Create(name == "ts" ? cut(text)
                // Half a minute off, as zones of before 1900 were written to the minute.
                : DateTime.Parse(text[..23], CultureInfo.InvariantCulture).AddHours(-8).AddSeconds(30).ToString("yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture) + "-08:00")
            : value?.DeepClone());

    private static void Each(JsonObject stats, Func<string, JsonNode?, JsonNode?> change)
    {
        foreach (var section in new[] { "minValues", "maxValues" })
            foreach (var name in stats[section]!.AsObject().Select(p => p.Key).ToList())
                stats[section]![name] = change(name, stats[section]![name]);
    }
}
