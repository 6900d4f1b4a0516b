namespace Smelt.Pipelines;

/// <summary>Every diagnostic the compiler can give. A code is never used again for something else.</summary>
public static class DiagnosticCodes
{
    // SM1xxx: syntax
    /// <summary>A file cannot be read.</summary>
    public const string UnreadableFile = "SM1001";
    /// <summary>A text, name or comment is never closed.</summary>
    public const string UnclosedToken = "SM1002";
    /// <summary>No statement of a pipeline.</summary>
    public const string UnknownStatement = "SM1003";
    /// <summary>DuckDB cannot parse the query.</summary>
    public const string QuerySyntax = "SM1004";
    /// <summary>The head of a statement is wrong.</summary>
    public const string StatementSyntax = "SM1005";
    /// <summary>Not in this version yet.</summary>
    public const string NotYet = "SM1006";
    /// <summary>PIVOT without an IN list.</summary>
    public const string PivotWithoutIn = "SM1007";
    /// <summary>A statement without query.</summary>
    public const string NoQuery = "SM1008";
    /// <summary>The predicate is no expression about a row.</summary>
    public const string ExpressionSyntax = "SM1009";
    /// <summary>STREAM before what is no table.</summary>
    public const string MisplacedStream = "SM1010";
    /// <summary>Not a query.</summary>
    public const string NotAQuery = "SM1011";

    // SM2xxx: names
    /// <summary>No such dataset.</summary>
    public const string UnknownDataset = "SM2001";
    /// <summary>A name that means several datasets.</summary>
    public const string AmbiguousDataset = "SM2002";
    /// <summary>No such column.</summary>
    public const string UnknownColumn = "SM2003";
    /// <summary>A column that the table does not have yet.</summary>
    public const string ColumnNotSeenYet = "SM2004";
    /// <summary>A dataset is defined twice.</summary>
    public const string DuplicateDataset = "SM2005";
    /// <summary>A higher layer is read.</summary>
    public const string WrongLayer = "SM2006";
    /// <summary>Datasets read each other in a circle.</summary>
    public const string Cycle = "SM2007";
    /// <summary>Name and folder disagree.</summary>
    public const string LayerMismatch = "SM2008";
    /// <summary>A macro is defined twice.</summary>
    public const string DuplicateMacro = "SM2009";
    /// <summary>A table in no layer.</summary>
    public const string UnknownTable = "SM2010";
    /// <summary>A file or statement in the wrong place.</summary>
    public const string MisplacedFile = "SM2011";
    /// <summary>Two columns of one name.</summary>
    public const string DuplicateColumn = "SM2012";
    /// <summary>The column list names what the query does not return.</summary>
    public const string ColumnListLength = "SM2013";
    /// <summary>No name of a dataset.</summary>
    public const string DatasetName = "SM2015";
    public const string UntypedNull = "SM2016";
    /// <summary>A dataset with the name of another's quarantine.</summary>
    public const string QuarantineTaken = "SM2017";

    /// <summary>A flow into what is no streaming table.</summary>
    public const string FlowTarget = "SM2020";
    /// <summary>Two flows of one name.</summary>
    public const string DuplicateFlow = "SM2021";
    /// <summary>A streaming table that nothing writes.</summary>
    public const string TableWithoutFlow = "SM2022";
    /// <summary>A sink is read.</summary>
    public const string SinkRead = "SM2023";

    // SM3xxx: streaming
    /// <summary>What cannot be streamed.</summary>
    public const string NotIncremental = "SM3001";
    /// <summary>A join that cannot be streamed.</summary>
    public const string StreamJoin = "SM3002";
    /// <summary>STREAM in what is no streaming table.</summary>
    public const string StreamInView = "SM3003";
    /// <summary>A streaming table without STREAM.</summary>
    public const string NoStream = "SM3004";
    /// <summary>A view cannot be streamed.</summary>
    public const string StreamOfView = "SM3005";
    /// <summary>A materialized view is streamed.</summary>
    public const string StreamOfMaterializedView = "SM3006";
    /// <summary>STREAM in a subquery of an expression.</summary>
    public const string StreamInSubquery = "SM3007";
    /// <summary>A clause of AUTO CDC that does not fit.</summary>
    public const string CdcClause = "SM3040";
    /// <summary>AUTO CDC names a column that it cannot.</summary>
    public const string CdcColumn = "SM3041";
    /// <summary>A table that AUTO CDC cannot keep.</summary>
    public const string CdcTarget = "SM3042";
    /// <summary>STREAM in a flow that runs once.</summary>
    public const string StreamInOnce = "SM3020";
    /// <summary>DISTINCT ON what is no column.</summary>
    public const string DeduplicationKey = "SM3021";

    // SM4xxx: project files
    /// <summary>No smelt.yml.</summary>
    public const string NoProject = "SM4001";
    /// <summary>Not YAML.</summary>
    public const string YamlSyntax = "SM4002";
    /// <summary>Unknown key.</summary>
    public const string UnknownKey = "SM4003";
    /// <summary>A value of the wrong kind.</summary>
    public const string WrongType = "SM4004";
    /// <summary>A key is missing.</summary>
    public const string MissingKey = "SM4005";
    /// <summary>A variable without value.</summary>
    public const string UndefinedVariable = "SM4006";
    /// <summary>A variable that nothing uses.</summary>
    public const string UnusedVariable = "SM4007";
    /// <summary>--var names no variable.</summary>
    public const string UnknownVariable = "SM4008";
    /// <summary>No such target.</summary>
    public const string UnknownTarget = "SM4009";
    /// <summary>The engine is not in this version yet.</summary>
    public const string EngineNotYet = "SM4010";
    /// <summary>A secret as plain text.</summary>
    public const string PlainSecret = "SM4011";
    /// <summary>A value that cannot be.</summary>
    public const string WrongValue = "SM4012";
    /// <summary>A key stands twice.</summary>
    public const string DuplicateKey = "SM4013";
    /// <summary>Not a variable.</summary>
    public const string VariableSyntax = "SM4014";
    /// <summary>Properties of an unknown dataset.</summary>
    public const string PropertiesOfUnknown = "SM4015";
    /// <summary>A dataset is described twice.</summary>
    public const string DuplicateProperties = "SM4016";

    // SM5xxx: options, expectations, tests, selection
    /// <summary>No such option.</summary>
    public const string UnknownOption = "SM5001";
    /// <summary>An option's value cannot be.</summary>
    public const string BadOption = "SM5002";
    /// <summary>Wrong arguments of a source.</summary>
    public const string SourceArguments = "SM5003";
    /// <summary>Two constraints of one name.</summary>
    public const string DuplicateConstraint = "SM5004";
    /// <summary>PARTITIONED BY or CLUSTER BY names no column.</summary>
    public const string LayoutColumn = "SM5006";
    /// <summary>A wrong property of Smelt's own.</summary>
    public const string UnknownProperty = "SM5007";
    /// <summary>No such data test.</summary>
    public const string UnknownTest = "SM5008";
    /// <summary>A data test lacks something.</summary>
    public const string BadTest = "SM5009";
    /// <summary>A constraint of a view.</summary>
    public const string ExpectationOnView = "SM5010";
    /// <summary>A selector selects nothing.</summary>
    public const string NothingSelected = "SM5011";
    /// <summary>Not a selector.</summary>
    public const string BadSelector = "SM5012";
    /// <summary>A source that is not in this version yet.</summary>
    public const string SourceNotYet = "SM5013";
    /// <summary>A property that a dataset of this kind cannot keep.</summary>
    public const string PropertyOfOtherKind = "SM5014";
    /// <summary>No such rule set.</summary>
    public const string UnknownRuleSet = "SM5060";
    /// <summary>A rule set lacks something.</summary>
    public const string BadRuleSet = "SM5061";
    /// <summary>A JSON Schema that cannot be made rules.</summary>
    public const string JsonSchemaKeyword = "SM5062";
    /// <summary>A unit test lacks something.</summary>
    public const string BadUnitTest = "SM5063";
    /// <summary>A name that a policy does not allow.</summary>
    public const string NamingPolicy = "SM5064";
    /// <summary>A description that a policy asks for.</summary>
    public const string MissingDocs = "SM5065";
    /// <summary>Rows of a dataset cannot be kept for a time alone.</summary>
    public const string RetentionRefused = "SM5090";

    /// <summary>A code's title, as in docs/diagnostics.md.</summary>
    public static IReadOnlyDictionary<string, string> Titles { get; } = new Dictionary<string, string>
    {
        [UnreadableFile] = "A file cannot be read",
        [UnclosedToken] = "A text, name or comment is never closed",
        [UnknownStatement] = "No statement of a pipeline",
        [QuerySyntax] = "DuckDB cannot parse the query",
        [StatementSyntax] = "The head of a statement is wrong",
        [NotYet] = "Not in this version yet",
        [PivotWithoutIn] = "PIVOT without an IN list",
        [NoQuery] = "A statement without query",
        [ExpressionSyntax] = "The predicate is no expression about a row",
        [MisplacedStream] = "STREAM before what is no table",
        [NotAQuery] = "Not a query",
        [UnknownDataset] = "No such dataset",
        [AmbiguousDataset] = "A name that means several datasets",
        [UnknownColumn] = "No such column",
        [ColumnNotSeenYet] = "A column that the table does not have yet",
        [DuplicateDataset] = "A dataset is defined twice",
        [WrongLayer] = "A higher layer is read",
        [Cycle] = "Datasets read each other in a circle",
        [LayerMismatch] = "Name and folder disagree",
        [DuplicateMacro] = "A macro is defined twice",
        [UnknownTable] = "A table in no layer",
        [MisplacedFile] = "A file or statement in the wrong place",
        [DuplicateColumn] = "Two columns of one name",
        [ColumnListLength] = "The column list names what the query does not return",
        [DatasetName] = "No name of a dataset",
        [UntypedNull] = "A column of NULL without a type",
        [QuarantineTaken] = "A dataset with the name of another's quarantine",
        [FlowTarget] = "A flow into what is no streaming table",
        [DuplicateFlow] = "Two flows of one name",
        [TableWithoutFlow] = "A streaming table that nothing writes",
        [SinkRead] = "A sink is read",
        [NotIncremental] = "What cannot be streamed",
        [StreamJoin] = "A join that cannot be streamed",
        [StreamInView] = "STREAM in what is no streaming table",
        [NoStream] = "A streaming table without STREAM",
        [StreamOfView] = "A view cannot be streamed",
        [StreamOfMaterializedView] = "A materialized view is streamed",
        [StreamInSubquery] = "STREAM in a subquery of an expression",
        [CdcClause] = "A clause of AUTO CDC that does not fit",
        [CdcColumn] = "AUTO CDC names a column that it cannot",
        [CdcTarget] = "A table that AUTO CDC cannot keep",
        [StreamInOnce] = "STREAM in a flow that runs once",
        [DeduplicationKey] = "DISTINCT ON what is no column",
        [NoProject] = "No smelt.yml",
        [YamlSyntax] = "Not YAML",
        [UnknownKey] = "Unknown key",
        [WrongType] = "A value of the wrong kind",
        [MissingKey] = "A key is missing",
        [UndefinedVariable] = "A variable without value",
        [UnusedVariable] = "A variable that nothing uses",
        [UnknownVariable] = "--var names no variable",
        [UnknownTarget] = "No such target",
        [EngineNotYet] = "The engine is not in this version yet",
        [PlainSecret] = "A secret as plain text",
        [WrongValue] = "A value that cannot be",
        [DuplicateKey] = "A key stands twice",
        [VariableSyntax] = "Not a variable",
        [PropertiesOfUnknown] = "Properties of an unknown dataset",
        [DuplicateProperties] = "A dataset is described twice",
        [UnknownOption] = "No such option",
        [BadOption] = "An option's value cannot be",
        [SourceArguments] = "Wrong arguments of a source",
        [DuplicateConstraint] = "Two constraints of one name",
        [LayoutColumn] = "PARTITIONED BY or CLUSTER BY names no column",
        [UnknownProperty] = "A wrong property of Smelt's own",
        [UnknownTest] = "No such data test",
        [BadTest] = "A data test lacks something",
        [ExpectationOnView] = "A constraint of a view",
        [NothingSelected] = "A selector selects nothing",
        [BadSelector] = "Not a selector",
        [SourceNotYet] = "A source that is not in this version yet",
        [PropertyOfOtherKind] = "A property that a dataset of this kind cannot keep",
        [UnknownRuleSet] = "No such rule set",
        [BadRuleSet] = "A rule set lacks something",
        [NamingPolicy] = "A name that a policy does not allow",
        [MissingDocs] = "A description that a policy asks for",
        [BadUnitTest] = "A unit test lacks something",
        [RetentionRefused] = "Rows that cannot be kept for a time alone",
        [JsonSchemaKeyword] = "A JSON Schema that cannot be made rules",
    };
}
