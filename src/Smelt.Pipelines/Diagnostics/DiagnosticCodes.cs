namespace Smelt.Pipelines;

/// <summary>Every diagnostic the compiler can give. A code is never used again for something else.</summary>
public static class DiagnosticCodes
{
    // SM1xxx: syntax
    public const string UnreadableFile = "SM1001";
    public const string UnclosedToken = "SM1002";
    public const string UnknownStatement = "SM1003";
    public const string QuerySyntax = "SM1004";
    public const string StatementSyntax = "SM1005";
    public const string NotYet = "SM1006";
    public const string PivotWithoutIn = "SM1007";
    public const string NoQuery = "SM1008";
    public const string ExpressionSyntax = "SM1009";
    public const string MisplacedStream = "SM1010";
    public const string NotAQuery = "SM1011";

    // SM2xxx: names
    public const string UnknownDataset = "SM2001";
    public const string AmbiguousDataset = "SM2002";
    public const string UnknownColumn = "SM2003";
    public const string ColumnNotSeenYet = "SM2004";
    public const string DuplicateDataset = "SM2005";
    public const string WrongLayer = "SM2006";
    public const string Cycle = "SM2007";
    public const string LayerMismatch = "SM2008";
    public const string DuplicateMacro = "SM2009";
    public const string UnknownTable = "SM2010";
    public const string MisplacedFile = "SM2011";
    public const string DuplicateColumn = "SM2012";
    public const string ColumnListLength = "SM2013";
    public const string AmbiguousColumn = "SM2014";
    public const string DatasetName = "SM2015";

    // SM3xxx: streaming
    public const string NotIncremental = "SM3001";
    public const string StreamJoin = "SM3002";
    public const string StreamInView = "SM3003";
    public const string NoStream = "SM3004";
    public const string StreamOfView = "SM3005";
    public const string StreamOfMaterializedView = "SM3006";
    public const string StreamInSubquery = "SM3007";
    public const string SourceOutsideBronze = "SM3008";

    // SM4xxx: YAML and project
    public const string NoProject = "SM4001";
    public const string YamlSyntax = "SM4002";
    public const string UnknownKey = "SM4003";
    public const string WrongType = "SM4004";
    public const string MissingKey = "SM4005";
    public const string UndefinedVariable = "SM4006";
    public const string UnusedVariable = "SM4007";
    public const string UnknownVariable = "SM4008";
    public const string UnknownTarget = "SM4009";
    public const string EngineNotYet = "SM4010";
    public const string PlainSecret = "SM4011";
    public const string WrongValue = "SM4012";
    public const string DuplicateKey = "SM4013";
    public const string VariableSyntax = "SM4014";
    public const string PropertiesOfUnknown = "SM4015";
    public const string DuplicateProperties = "SM4016";

    // SM5xxx: options, expectations, tests
    public const string UnknownOption = "SM5001";
    public const string BadOption = "SM5002";
    public const string SourceArguments = "SM5003";
    public const string DuplicateConstraint = "SM5004";
    public const string ExpectationColumn = "SM5005";
    public const string LayoutColumn = "SM5006";
    public const string UnknownProperty = "SM5007";
    public const string UnknownTest = "SM5008";
    public const string BadTest = "SM5009";
    public const string ExpectationOnView = "SM5010";
    public const string NothingSelected = "SM5011";
    public const string BadSelector = "SM5012";
    public const string SourceNotYet = "SM5013";
}
