using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>The three YAML files, key by key: the one place that says what they may hold.</summary>
internal static class ProjectShapes
{
    private static TextShape Text(string doc) => new() { Doc = doc };

    private static readonly YamlShape s_scalarOrNull = new EitherShape(new TextShape(), new NullShape());

    private static readonly ChoiceShape s_castErrors = new("quarantine", "drop", "null", "fail")
    {
        Doc = "What happens to a row of a streaming table for which an output expression (a cast) raises an error.",
    };

    private static readonly ChoiceShape s_gates = new("block", "report") { Doc = "Whether a dataset's failed error-level tests stop what reads it. Default: block." };

    private static MapShape LayerDefaults(string layer) => new(
        new("properties", new DictionaryShape(new TextShape()) { Doc = "TBLPROPERTIES of every table of the layer." }),
        new("tags", new ListShape(new TextShape()) { Doc = "Tags of every dataset of the layer." }),
        new("cast_errors", s_castErrors), new("gates", s_gates))
    { Doc = $"Defaults of the {layer} layer." };

    private static EitherShape MetadataColumn(string doc) => new(new BooleanShape(), new NullShape(), new TextShape()) { Doc = doc + " A name renames it, false leaves it out." };

    public static MapShape Project { get; } = new(
        new("name", Text("The pipeline's name; the folder's name where there is none.")),
        new("version", Text("The pipeline's own version.")),
        new("description", Text("What the pipeline is for.")),
        new("variables", new DictionaryShape(s_scalarOrNull) { Doc = "Variables for ${name} in SQL, with defaults; null where --var must give a value." }),
        new("vars", new DictionaryShape(s_scalarOrNull) { Doc = "dbt's word for variables." }),
        new("cast_errors", s_castErrors),
        new("gates", s_gates),
        new("quarantine_name", Text("Name of quarantine tables; {table} stands for the dataset's name.")),
        new("metadata_columns", new MapShape(
            new("_ingested_at", MetadataColumn("When the batch was read.")),
            new("_ingestion_date", MetadataColumn("The day of _ingested_at.")),
            new("_source", MetadataColumn("The source as written.")),
            new("_source_file", MetadataColumn("The file a row came from.")),
            new("_batch_id", MetadataColumn("The batch a row came with.")),
            new("_rescued_data", MetadataColumn("What did not fit the schema.")))
        { Doc = "Columns that every bronze table gets." }),
        new("defaults", new MapShape(new("bronze", LayerDefaults("bronze")), new("silver", LayerDefaults("silver")), new("gold", LayerDefaults("gold")))
        { Doc = "Defaults of a layer." }),
        new("policies", new ListShape(new MapShape(
            new("layer", new ChoiceShape("bronze", "silver", "gold") { Doc = "The layer that it is for." }), new("dataset", Text("The dataset that it is for.")),
            new("schema_changes", new ChoiceShape("any", "additive", "none") { Doc = "Which changes of a table's columns are allowed." }),
            new("naming", new MapShape(new("datasets", Text("A regular expression for whole names of datasets.")), new ShapeKey("columns", Text("A regular expression for whole names of columns."))) { Doc = "Patterns of names." }),
            new("require_docs", new EitherShape(new BooleanShape(), new ChoiceShape("datasets", "columns")) { Doc = "Whether datasets, or their columns too, must be described." })))
        { Doc = "What is asked of datasets; of several that are for a dataset the later holds." }),
        new("column_profile", new ChoiceShape("files", "all") { Doc = "What figures every update keeps of the datasets it changed: those that files tell (default), or all, which reads the tables." }),
        new("retention", new DictionaryShape(new TextShape()) { Doc = "How long rows are kept, by layer or layer.dataset: 400 days, 8 weeks, 6 months, 2 years, forever." }),
        new("schedule", Text("When updates run, as a cron expression; for the scheduler.")));

    public static MapShape Platform { get; } = new(
        new("default_target", Text("The target where --target is not given.")),
        new("targets", new DictionaryShape(new MapShape(
            new("engine", new ChoiceShape("duckdb", "spark") { Doc = "The engine that runs updates." }),
            new("storage", new EitherShape(Text("Root of the lake: a path relative to the pipeline, or a URL."), new MapShape(
                new("root", Text("Root of what has no place of its own.")), new("bronze", Text("Where bronze tables live.")),
                new("silver", Text("Where silver tables live.")), new("gold", Text("Where gold tables live.")))) { Doc = "Where tables live." }),
            new("connections", new DictionaryShape(new EitherShape(new DictionaryShape(new TextShape()))) { Doc = "Named connections: type and settings; secrets only as ${env:NAME} or ${file:PATH}." }),
            new("memory", Text("Limit of the process: 4GB, 512MB.")),
            new("threads", new IntegerShape(1) { Doc = "Threads of the engine." }),
            new("retention", new DictionaryShape(new TextShape()) { Doc = "How long rows are kept, as in smelt.yml, in this target; history: how long old versions stay readable." })))
        { Doc = "Named environments." }, Required: true));

    private static readonly ShapeKey[] s_testConfig =
    [
        new("name", Text("The test's name.")), new("description", Text("What the test is for.")),
        new("severity", new ChoiceShape("warn", "error") { Doc = "Whether a failure fails the update." }),
        new("where", Text("Only rows for which this predicate is true are tested.")),
        new("limit", new IntegerShape(1) { Doc = "At most so many failing rows are counted and shown." }),
        new("row_condition", Text("dbt-expectations' word for where.")),
        new("fail_calc", Text("SQL over the failing rows whose value is the number of failures. Default: count(*).")),
        new("warn_if", Text("What the failures are compared to, to warn: '> 10'. Default: != 0.")),
        new("error_if", Text("What the failures are compared to, to fail: '> 100'. Default: != 0.")),
        new("store_failures", new BooleanShape { Doc = "Keep the failing rows in _smelt.test_failures." }),
    ];

    private static MapShape TestArguments(params ShapeKey[] own) => new(
    [
        .. own, .. s_testConfig, new("column_name", Text("Column or expression, for a test of the whole dataset.")),
        new("config", new MapShape(s_testConfig[2..]) { Doc = "dbt's place for severity, where and limit." }),
        .. own.Length == 0 ? Array.Empty<ShapeKey>() : [new("arguments", new MapShape(own) { Doc = "dbt's newer place for the test's own arguments." })],
    ]);

    private static readonly ListShape s_tests = new(new EitherShape(
        new MapShape([.. DataTestCatalog.All.SelectMany(static d => d.AllNames.Select(n => new ShapeKey(n, TestArguments(d.Keys) with { Definition = "test_" + d.Name })))])
        { UnknownCode = DiagnosticCodes.UnknownTest, KeyWord = "test" },
        new ChoiceShape([.. DataTestCatalog.All.SelectMany(static d => d.AllNames)]) { Code = DiagnosticCodes.UnknownTest }))
    { Doc = "Data tests.", Definition = "tests" };

    private static readonly ShapeKey[] s_ruleConfig =
    [
        new("description", Text("What the rule is for.")), new("severity", Text("How grave a violation is, in words of your own.")), new("owner", Text("Who is to be asked.")),
        new("on_violation", new ChoiceShape("warn", "drop", "fail", "quarantine") { Doc = "What happens to a row that breaks it. Default: warn." }),
    ];

    private static readonly MapShape s_rule = new([new("name", Text("The rule's name."), Required: true), new("expect", Text("SQL that is true for a row that passes."), Required: true), .. s_ruleConfig])
    { Definition = "rule" };

    private static readonly ShapeKey[] s_ruleSets =
    [
        new("rules", new ListShape(s_rule) { Doc = "Rules one by one." }),
        new("expect_all", new DictionaryShape(new TextShape()) { Doc = "Rules by name that warn, or do what on_violation says." }),
        new("expect_all_or_drop", new DictionaryShape(new TextShape()) { Doc = "Rules by name that drop rows." }),
        new("expect_all_or_fail", new DictionaryShape(new TextShape()) { Doc = "Rules by name that fail the update." }),
        new("expect_all_or_quarantine", new DictionaryShape(new TextShape()) { Doc = "Rules by name that quarantine rows." }),
        new("json_schema", Text("A JSON Schema file, relative to smelt.yml: each of its keywords is a rule.")),
        new("column", Text("The column that holds the JSON; without it the row's columns are the schema's properties.")),
    ];

    private static readonly MapShape s_ruleSet = new(
        [new("name", Text("The set's name, known to the whole pipeline."), Required: true), .. s_ruleConfig, .. s_ruleSets, new("apply_to", new ListShape(new TextShape()) { Doc = "Datasets that the set is for." })]);

    private static readonly ListShape s_ruleUses = new(new EitherShape(
        new MapShape([new("group", Text("A rule set.")), new("name", Text("The rule's name.")), new("expect", Text("SQL that is true for a row that passes.")), .. s_ruleConfig, .. s_ruleSets]),
        new TextShape()))
    { Doc = "Rules about every row: names of rule sets, or rules." };

    private static readonly ListShape s_models = new(new MapShape(
        new("name", Text("The dataset: its name, or layer.name."), Required: true),
        new("description", Text("What the dataset holds.")),
        new("tags", new EitherShape(new ListShape(new TextShape()), new TextShape()) { Doc = "Tags for selection." }),
        new("config", new MapShape(new ShapeKey("tags", new EitherShape(new ListShape(new TextShape()), new TextShape()))) { Doc = "dbt's place for tags." }),
        new("meta", new FreeShape { Doc = "Anything, for other tools." }),
        new("expectations", s_ruleUses),
        new("tests", s_tests), new("data_tests", s_tests),
        new("columns", new ListShape(new MapShape(
            new("name", Text("The column."), Required: true), new("description", Text("What the column holds.")), new("data_type", Text("Its type, as documentation.")),
            new("tests", s_tests), new("data_tests", s_tests), new("tags", new EitherShape(new ListShape(new TextShape()), new TextShape())), new("meta", new FreeShape())))
        { Doc = "The dataset's columns." })))
    { Definition = "datasets" };

    private static readonly ShapeKey[] s_unitRows =
    [
        new("format", new ChoiceShape("dict", "csv", "sql") { Doc = "How the rows are written. Default: dict." }), new("fixture", Text("A file of tests/fixtures instead of rows.")),
        new("rows", new EitherShape(new ListShape(new FreeShape()), new TextShape()) { Doc = "The rows: maps, or text as CSV or SQL." }), new("types", new DictionaryShape(new TextShape()) { Doc = "Types of columns." }),
    ];

    private static readonly ListShape s_unitTests = new(new MapShape(
        new("name", Text("The test's name."), Required: true), new("model", Text("The dataset."), Required: true), new("description", Text("What the test is for.")),
        new("overrides", new MapShape(
            new("vars", new DictionaryShape(new TextShape()) { Doc = "Values of variables for this test." }),
            new("macros", new DictionaryShape(new FreeShape()) { Doc = "Scalar macros of functions/ that give this value in this test, whatever their arguments are." })) { Doc = "What differs in this test." }),
        new("given", new ListShape(new MapShape([new("input", Text("ref('orders'), bronze.orders, or read_files for the dataset's source."), Required: true), .. s_unitRows])) { Doc = "The inputs' rows." }),
        new("expect", new MapShape(s_unitRows) { Doc = "The rows that the dataset then holds." }, Required: true)))
    { Doc = "Tests of single datasets on given rows." };

    /// <summary>properties.yml; dbt says models, Smelt tables: either will do.</summary>
    public static MapShape Properties { get; } = new(
        new("version", new ChoiceShape("2") { Doc = "The format's version: 2." }),
        new("expectations", new ListShape(s_ruleSet) { Doc = "Named rule sets, for any dataset of the pipeline." }),
        new("unit_tests", s_unitTests),
        new("models", s_models),
        new("tables", s_models));
}
