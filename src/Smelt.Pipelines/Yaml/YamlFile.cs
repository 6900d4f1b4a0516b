using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Smelt.Pipelines.Yaml;

/// <summary>Reads a YAML file through the parser's events: no reflection, every value with its place.</summary>
internal sealed class YamlFile
{
    private readonly string _file;
    private readonly IParser _parser;
    private readonly List<Diagnostic> _diagnostics;
    private readonly Dictionary<string, YamlNode> _anchors = [];

    private YamlFile(string file, IParser parser, List<Diagnostic> diagnostics) => (_file, _parser, _diagnostics) = (file, parser, diagnostics);

    /// <summary>The file's map; null where it is empty or broken (then there is a diagnostic).</summary>
    public static YamlMap? Read(string file, string text, List<Diagnostic> diagnostics)
    {
        using var reader = new StringReader(text);
        var yaml = new YamlFile(file, new Parser(new Scanner(reader, skipComments: true)), diagnostics);
        try
        {
            return yaml.Document();
        }
        catch (YamlException wrong)
        {
            yaml.Report(DiagnosticCodes.YamlSyntax, Position(wrong.Start), Sentence(wrong.InnerException?.Message ?? wrong.Message));
            return null;
        }
    }

    /// <summary>The same from disk; a file that cannot be read is a diagnostic.</summary>
    public static YamlMap? ReadFile(string folder, string file, List<Diagnostic> diagnostics)
    {
        var path = Path.Combine(folder, file);
        try
        {
            if (!Directory.Exists(path)) return Read(file, File.ReadAllText(path), diagnostics);
            diagnostics.Add(new Diagnostic(DiagnosticCodes.UnreadableFile, Severity.Error, file, 0, 0, "This is a folder where a file should be.", "Move it away."));
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            diagnostics.Add(new Diagnostic(DiagnosticCodes.UnreadableFile, Severity.Error, file, 0, 0, $"The file cannot be read: {wrong.Message}", "Change its permissions, or run as the user that owns it."));
        }
        return null;
    }

    private static string Sentence(string message) => message.TrimEnd('.') + ".";

    private YamlMap? Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _)) return null;
        _parser.Consume<DocumentStart>();
        var node = Node();
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second)) Report(DiagnosticCodes.YamlSyntax, Position(second.Start), "The file holds more than one YAML document.");
        if (node is YamlScalar { IsNull: true }) return null;
        if (node is YamlMap map) return map;
        Report(DiagnosticCodes.WrongType, node.Position, $"Expected a map of keys, found {node.Kind}.");
        return null;
    }

    private YamlNode Node()
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return _anchors.GetValueOrDefault(alias.Value.Value) ?? throw new YamlException(alias.Start, alias.End, $"The anchor '{alias.Value.Value}' is not defined.");
        if (_parser.TryConsume<Scalar>(out var scalar))
            return Anchored(scalar.Anchor, new YamlScalar(Position(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain));
        if (_parser.TryConsume<SequenceStart>(out var sequence))
        {
            var items = new List<YamlNode>();
            while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(Node());
            return Anchored(sequence.Anchor, new YamlList(Position(sequence.Start), items));
        }
        var start = _parser.Consume<MappingStart>();
        return Anchored(start.Anchor, new YamlMap(Position(start.Start), Entries()));
    }

    private List<YamlEntry> Entries()
    {
        var entries = new List<YamlEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node();
            var value = Node();
            if (key is not YamlScalar name) Report(DiagnosticCodes.WrongType, key.Position, $"A key is a text, found {key.Kind}.");
            else if (entries.Exists(e => e.Key.Value == name.Value)) Report(DiagnosticCodes.DuplicateKey, name.Position, $"The key '{name.Value}' stands here twice.");
            else entries.Add(new YamlEntry(name, value));
        }
        return entries;
    }

    private YamlNode Anchored(AnchorName anchor, YamlNode node)
    {
        if (!anchor.IsEmpty) _anchors[anchor.Value] = node;
        return node;
    }

    private void Report(string code, FilePosition at, string message) =>
        _diagnostics.Add(new Diagnostic(code, Severity.Error, _file, at.Line, at.Column, message));

    private static FilePosition Position(Mark mark) => new((int)mark.Line, (int)mark.Column);
}
