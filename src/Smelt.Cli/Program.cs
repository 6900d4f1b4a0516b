using System.CommandLine;
using Smelt.Cli;

// `--version` is asked for by scripts before anything else: no command tree is built for it.
if (args is ["--version"] or ["-v"])
{
    Console.Out.WriteLine(ProductVersion.Text);
    return ExitCode.Fine;
}
var (root, terminal) = CommandTree.Build();
// Without a verb a person wants to know what there is.
// No response files: `--select @orders` is a selection.
var parsed = root.Parse(args.Length == 0 ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine($"smelt: {error.Message}");
    Console.Error.WriteLine($"Try `smelt {parsed.CommandResult.Command.Name switch { "smelt" => "", var verb => verb + " " }}--help`.");
    if (args.Contains("--json")) JsonOutput.WriteFault("SM7001", string.Join(' ', parsed.Errors.Select(static e => e.Message)));
    return ExitCode.Usage;
}
return await VerbRunner.RunAsync(parsed, terminal);
