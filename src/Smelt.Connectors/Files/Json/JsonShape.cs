using System.Text;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>What values came under one key: enough to choose a type that keeps them, without keeping them.</summary>
sealed class JsonShape
{
    /// <summary>An object with more keys than this is a dictionary in disguise and stays JSON text; a row's further keys are rescued.</summary>
    public const int MaxKeys = 2000;

    bool boolean, text, integer, real, array, emptyObject;
    bool bigInteger, inexact, huge, tooWide;
    int integerDigits, scale, guess;
    JsonShape? element;

    public bool IsObject { get; private set; }

    /// <summary>Keys in the order of their first coming, null values included.</summary>
    public NameTable Keys { get; } = new();

    public List<JsonShape> Values { get; } = [];

    public JsonShape? Element => element;

    /// <summary>Observes the value at the cursor and moves behind it; false where it is no JSON.</summary>
    public bool Observe(ref JsonCursor cursor)
    {
        switch (cursor.Current)
        {
            case (byte)'"': text = true; return cursor.String(out _, out _);
            case (byte)'{': return ObserveObject(ref cursor);
            case (byte)'[': return ObserveArray(ref cursor);
            case (byte)'t': boolean = true; return cursor.Literal("true"u8);
            case (byte)'f': boolean = true; return cursor.Literal("false"u8);
            case (byte)'n': return cursor.Literal("null"u8);
            default: return cursor.Number(out var raw) && NumberText.TryParse(raw, out var number) && ObserveNumber(number, raw);
        }
    }

    bool ObserveNumber(NumberText number, ReadOnlySpan<byte> raw)
    {
        if (number.IsInteger && number.Digits <= 15)
        {
            integer = true;
            integerDigits = Math.Max(integerDigits, number.Digits);
            return true;
        }
        var places = Math.Max(0, -number.Exponent);
        inexact |= !number.TryDouble(raw, out _);
        integerDigits = Math.Max(integerDigits, number.Digits + number.Exponent);
        scale = Math.Max(scale, places);
        huge |= number.IsTooLong || Math.Abs(number.Exponent) > 38;
        if (!number.IsInteger) { real = true; return true; }
        integer = true;
        bigInteger |= !number.TryScaled(0, out var whole) || whole > long.MaxValue || whole < long.MinValue;
        return true;
    }

    bool ObserveObject(ref JsonCursor cursor)
    {
        if (++cursor.Depth > JsonCursor.MaxDepth) return false;
        cursor.At++;
        guess = 0;
        IsObject = true;
        cursor.Blank();
        if (cursor.Take((byte)'}')) emptyObject = true;
        else
        {
            do
            {
                cursor.Blank();
                if (!ObserveMember(ref cursor)) return false;
                cursor.Blank();
            }
            while (cursor.Take((byte)','));
            if (!cursor.Take((byte)'}')) return false;
        }
        cursor.Depth--;
        return true;
    }

    bool ObserveMember(ref JsonCursor cursor)
    {
        if (!cursor.String(out var key, out var hasEscapes) || !cursor.Colon()) return false;
        byte[] scratch = [];
        if (hasEscapes && JsonStringText.TryUnescape(key, ref scratch, out var plain)) key = plain;
        var child = Keys.Find(key, ref guess);
        if (child < 0)
        {
            if (Keys.Count >= MaxKeys) { tooWide = true; return cursor.Skip(); }
            child = Keys.Count;
            Keys.Add(key.ToArray());
            Values.Add(new());
            guess = child + 1;
        }
        return Values[child].Observe(ref cursor);
    }

    bool ObserveArray(ref JsonCursor cursor)
    {
        if (++cursor.Depth > JsonCursor.MaxDepth) return false;
        cursor.At++;
        array = true;
        cursor.Blank();
        if (!cursor.Take((byte)']'))
        {
            element ??= new();
            do
            {
                cursor.Blank();
                if (!element.Observe(ref cursor)) return false;
                cursor.Blank();
            }
            while (cursor.Take((byte)','));
            if (!cursor.Take((byte)']')) return false;
        }
        cursor.Depth--;
        return true;
    }

    /// <summary>Adds what a later part of the input showed.</summary>
    public void Merge(JsonShape later)
    {
        boolean |= later.boolean; text |= later.text; integer |= later.integer; real |= later.real; array |= later.array; IsObject |= later.IsObject;
        emptyObject |= later.emptyObject; bigInteger |= later.bigInteger; inexact |= later.inexact; huge |= later.huge; tooWide |= later.tooWide;
        integerDigits = Math.Max(integerDigits, later.integerDigits);
        scale = Math.Max(scale, later.scale);
        if (later.element is not null) (element ??= new()).Merge(later.element);
        var at = 0;
        for (var i = 0; i < later.Values.Count; i++)
        {
            var child = Keys.Find(later.Keys[i], ref at);
            if (child < 0)
            {
                if (Keys.Count >= MaxKeys) { tooWide = true; continue; }
                child = Keys.Count;
                Keys.Add(later.Keys[i]);
                Values.Add(new());
            }
            Values[child].Merge(later.Values[i]);
        }
    }

    /// <summary>The type that keeps all values, null where nothing but null came. What differs in kind is kept as text.</summary>
    public DuckDbType? Type()
    {
        var kinds = (boolean ? 1 : 0) + (text ? 1 : 0) + (integer || real ? 1 : 0) + (array ? 1 : 0) + (IsObject ? 1 : 0);
        if (kinds == 0) return null;
        if (kinds > 1 || text) return DuckDbType.Varchar;
        if (boolean) return DuckDbType.Boolean;
        if (array) return DuckDbType.List(element?.Type() ?? DuckDbType.Varchar);
        return IsObject ? StructType() : NumberType();
    }

    DuckDbType? StructType()
    {
        if (tooWide) return DuckDbType.Varchar;
        var fields = Fields([]);
        if (fields.Count > 0) return DuckDbType.Struct(fields);
        return Keys.Count == 0 && emptyObject ? DuckDbType.Varchar : null;
    }

    DuckDbType NumberType()
    {
        if (!real) return bigInteger ? DuckDbType.Decimal(38, 0) : DuckDbType.BigInt;
        if (!inexact) return DuckDbType.Double;
        return !huge && Math.Max(integerDigits, 1) + scale <= 38 ? DuckDbType.Decimal(38, (byte)scale) : DuckDbType.Double;
    }

    /// <summary>The fields of an object: the known ones, their nested types grown, then new ones. Of names that differ by case only the first is a field.</summary>
    public List<DuckDbField> Fields(IReadOnlyList<DuckDbField> known, IEnumerable<string>? reserved = null)
    {
        var fields = new List<DuckDbField>(known);
        var taken = new HashSet<string>(known.Select(f => f.Name).Concat(reserved ?? []), StringComparer.OrdinalIgnoreCase);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < known.Count; i++) places[known[i].Name] = i;
        for (var i = 0; i < Values.Count; i++)
        {
            var name = Encoding.UTF8.GetString(Keys[i]);
            if (places.TryGetValue(name, out var place)) fields[place] = new(name, Values[i].Grow(known[place].Type));
            else if (name.Length > 0 && !taken.Contains(name) && Values[i].Type() is { } type)
            {
                taken.Add(name);
                fields.Add(new(name, type));
            }
        }
        return fields;
    }

    /// <summary>A known type with the new fields of its structs, at any depth; all else stays as it is.</summary>
    public DuckDbType Grow(DuckDbType known) => known.Id switch
    {
        DuckDbTypeId.Struct when IsObject => DuckDbType.Struct(Fields(known.Fields)),
        DuckDbTypeId.List when element is not null => DuckDbType.List(element.Grow(known.Fields[0].Type)),
        _ => known,
    };
}
