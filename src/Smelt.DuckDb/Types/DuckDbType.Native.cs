using System.Runtime.InteropServices;
using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <content>To and from <c>duckdb_logical_type</c>.</content>
public sealed unsafe partial class DuckDbType
{
    /// <summary>Reads a logical type and destroys it.</summary>
    internal static DuckDbType TakeNative(nint type)
    {
        try
        {
            var id = (DuckDbTypeId)Methods.duckdb_get_type_id(type);
            var alias = NativeText.ReadAndFree(Methods.duckdb_logical_type_get_alias(type));
            return Read(type, id, alias.Length == 0 ? null : alias);
        }
        finally
        {
            Methods.duckdb_destroy_logical_type(ref type);
        }
    }

    internal nint CreateNative()
    {
        switch (Id)
        {
            case DuckDbTypeId.Decimal: return Methods.duckdb_create_decimal_type(Width, Scale);
            case DuckDbTypeId.List: return WithChild(Fields[0].Type, Methods.duckdb_create_list_type);
            case DuckDbTypeId.Array: return WithChild(Fields[0].Type, child => Methods.duckdb_create_array_type(child, (ulong)Size));
            case DuckDbTypeId.Map: return WithChild(Fields[0].Type, key => WithChild(Fields[1].Type, value => Methods.duckdb_create_map_type(key, value)));
            case DuckDbTypeId.Struct: return CreateStruct();
            case DuckDbTypeId.Union or DuckDbTypeId.Enum: throw new NotSupportedException($"No value of type {this} can be made outside DuckDB.");
            default: return CreatePlain();
        }
    }

    private nint CreatePlain()
    {
        var type = Methods.duckdb_create_logical_type((int)Id);
        // JSON is a text of that name: DuckDB takes no other type for it where it looks for a function.
        if (Alias is not null) Methods.duckdb_logical_type_set_alias(type, Alias);
        return type;
    }

    private static DuckDbType Read(nint type, DuckDbTypeId id, string? alias) => id switch
    {
        DuckDbTypeId.Decimal => Decimal(Methods.duckdb_decimal_width(type), Methods.duckdb_decimal_scale(type)),
        DuckDbTypeId.List => List(TakeNative(Methods.duckdb_list_type_child_type(type))),
        DuckDbTypeId.Array => new(id, [new DuckDbField("element", TakeNative(Methods.duckdb_array_type_child_type(type)))], size: (int)Methods.duckdb_array_type_array_size(type)),
        DuckDbTypeId.Map => Map(TakeNative(Methods.duckdb_map_type_key_type(type)), TakeNative(Methods.duckdb_map_type_value_type(type))),
        DuckDbTypeId.Struct => new(id, ReadFields(type, Methods.duckdb_struct_type_child_count(type), isUnion: false), alias: alias),
        DuckDbTypeId.Union => new(id, ReadFields(type, Methods.duckdb_union_type_member_count(type), isUnion: true), alias: alias),
        DuckDbTypeId.Enum => new(id, members: ReadMembers(type)),
        _ => new(id, alias: alias),
    };

    private static DuckDbField[] ReadFields(nint type, ulong count, bool isUnion)
    {
        var fields = new DuckDbField[count];
        for (ulong i = 0; i < count; i++)
        {
            var name = isUnion ? Methods.duckdb_union_type_member_name(type, i) : Methods.duckdb_struct_type_child_name(type, i);
            var child = isUnion ? Methods.duckdb_union_type_member_type(type, i) : Methods.duckdb_struct_type_child_type(type, i);
            fields[i] = new DuckDbField(NativeText.ReadAndFree(name), TakeNative(child));
        }
        return fields;
    }

    private static string[] ReadMembers(nint type)
    {
        var members = new string[Methods.duckdb_enum_dictionary_size(type)];
        for (var i = 0; i < members.Length; i++) members[i] = NativeText.ReadAndFree(Methods.duckdb_enum_dictionary_value(type, (ulong)i));
        return members;
    }

    private static nint WithChild(DuckDbType child, Func<nint, nint> make)
    {
        var native = child.CreateNative();
        try
        {
            return make(native);
        }
        finally
        {
            Methods.duckdb_destroy_logical_type(ref native);
        }
    }

    private nint CreateStruct()
    {
        var count = Fields.Count;
        var types = new nint[count];
        var names = new nint[count];
        try
        {
            for (var i = 0; i < count; i++) (types[i], names[i]) = (Fields[i].Type.CreateNative(), Marshal.StringToCoTaskMemUTF8(Fields[i].Name));
            fixed (nint* firstType = types, firstName = names) return Methods.duckdb_create_struct_type(firstType, (byte**)firstName, (ulong)count);
        }
        finally
        {
            for (var i = 0; i < count; i++)
            {
                Methods.duckdb_destroy_logical_type(ref types[i]);
                Marshal.FreeCoTaskMem(names[i]);
            }
        }
    }
}
