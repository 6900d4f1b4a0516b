using System.Globalization;
using System.Text.Json;
using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>Reads constants of the syntax tree.</summary>
internal static class ConstantReader
{
    private static readonly ConstantValue s_null = new(ConstantKind.Null, "", [], []);

    /// <summary>The constant, or null where the expression is none.</summary>
    public static ConstantValue? Read(JsonElement node)
    {
        if (SqlAst.ClassIs(node, "CONSTANT"u8)) return Constant(node.GetProperty("value"u8));
        if (SqlAst.ClassIs(node, "CAST"u8)) return Cast(node);
        if (SqlAst.ClassIs(node, "OPERATOR"u8) && SqlAst.TypeIs(node, "ARRAY_CONSTRUCTOR"u8)) return List(node);
        if (!SqlAst.ClassIs(node, "FUNCTION"u8)) return null;
        return SqlAst.Text(node, "function_name"u8) switch
        {
            "list_value" => List(node),
            "struct_pack" => Struct(node),
            "map" => Map(node),
            "-" => Negative(node),
            _ => null,
        };
    }

    private static ConstantValue? Constant(JsonElement value)
    {
        if (SqlAst.Flag(value, "is_null"u8)) return s_null;
        var type = value.GetProperty("type"u8);
        var id = SqlAst.Text(type, "id"u8);
        var raw = value.GetProperty("value"u8);
        if (id == "VARCHAR") return ConstantValue.OfText(raw.GetString() ?? "");
        if (id == "BOOLEAN") return Boolean(raw.ValueKind == JsonValueKind.True);
        if (id == "DECIMAL" && type.TryGetProperty("type_info"u8, out var info)) return Number(Decimal(raw.GetRawText(), info.GetProperty("scale"u8).GetInt32()));
        return raw.ValueKind == JsonValueKind.Number ? Number(raw.GetRawText()) : null;
    }

    private static string Decimal(string unscaled, int scale)
    {
        if (scale == 0 || !decimal.TryParse(unscaled, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)) return unscaled;
        for (var i = 0; i < scale; i++) value /= 10;
        return value.ToString(CultureInfo.InvariantCulture);
    }

    // TRUE is parsed as CAST('t' AS BOOLEAN).
    private static ConstantValue? Cast(JsonElement node)
    {
        var inner = Read(node.GetProperty("child"u8));
        if (inner is null) return null;
        if (SqlAst.Text(node.GetProperty("cast_type"u8), "id"u8) != "BOOLEAN") return inner;
        return Boolean(inner.Text is "t" or "true" or "1");
    }

    private static ConstantValue Boolean(bool value) => new(ConstantKind.Boolean, value ? "true" : "false", [], []);
    private static ConstantValue Number(string text) => new(ConstantKind.Number, text, [], []);

    private static ConstantValue? Negative(JsonElement node)
    {
        var children = SqlAst.Child(node, "children"u8);
        if (children.GetArrayLength() != 1 || Read(children[0]) is not { Kind: ConstantKind.Number } number) return null;
        return Number("-" + number.Text);
    }

    private static ConstantValue? List(JsonElement node)
    {
        var items = new List<ConstantValue>();
        foreach (var child in SqlAst.Items(node, "children"u8))
        {
            if (Read(child) is not { } item) return null;
            items.Add(item);
        }
        return new ConstantValue(ConstantKind.List, "", items, []);
    }

    private static ConstantValue? Struct(JsonElement node)
    {
        var entries = new List<KeyValuePair<string, ConstantValue>>();
        foreach (var child in SqlAst.Items(node, "children"u8))
        {
            if (Read(child) is not { } item) return null;
            entries.Add(new(SqlAst.Text(child, "alias"u8), item));
        }
        return new ConstantValue(ConstantKind.Map, "", [], entries);
    }

    private static ConstantValue? Map(JsonElement node)
    {
        var children = SqlAst.Child(node, "children"u8);
        if (!SqlAst.IsPresent(children) || children.GetArrayLength() != 2) return null;
        if (Read(children[0]) is not { Kind: ConstantKind.List } keys || Read(children[1]) is not { Kind: ConstantKind.List } values) return null;
        return new ConstantValue(ConstantKind.Map, "", [], [.. keys.Items.Zip(values.Items, (k, v) => new KeyValuePair<string, ConstantValue>(k.Text, v))]);
    }
}
