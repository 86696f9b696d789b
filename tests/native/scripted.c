/*
 * A service that is driven by bytes: each few of them are one call of any method of any object that it holds.
 *
 * The script is the configuration property 66F00102. The arguments are odd but never wild: every pointer is NULL or
 * leads to something of the kind that the method takes. So whatever ends badly is the host's fault. A script may free
 * twice, call what was released, and leak; it leaves 66800003, the number of its calls, if it has a section then.
 */
#include "service.h"

static const uint8_t *script;
static ULONG left;

static unsigned next(void)
{
    return left ? (left--, *script++) : 0;
}

static unsigned below(unsigned limit)
{
    return next() % limit;
}

static int once_in(unsigned chance)
{
    return below(chance) == 0;
}

/* What there is to point to; a part of it is made anew for each call. */
static MAPIUID uids[4];
static char *texts[] = {"", "Provider", "GOOD_Store", "a longer text, with \xE4\xF6\xFC in it"};
static WCHAR *wide_texts[] = {L"", L"Provider", L"GOOD_Store", L"\u20AC"};
static LONG numbers[] = {0, 1, -1, 0x7fffffff};
static SBinary blobs[] = {{0, NULL}, {3, (uint8_t *)"abc"}, {16, (uint8_t *)uids}, {64, (uint8_t *)uids}};
static const GUID iids[] = {MAPI_IID(IID_NUMBER_UNKNOWN), MAPI_IID(IID_NUMBER_PROP), MAPI_IID(IID_NUMBER_PROFSECT),
                            MAPI_IID(IID_NUMBER_TABLE), MAPI_IID(IID_NUMBER_SUPPORT), MAPI_IID(0x77777777)};
static SPropValue values[8];
static struct {
    ULONG count, tags[8];
} tags;
static struct {
    ULONG sorts, categories, expanded;
    SSortOrder keys[4];
} order;
static SRestriction restrictions[8];

static ULONG any_tag(void)
{
    static const uint16_t types[] = {
        PT_UNSPECIFIED, PT_NULL,    PT_I2,      PT_LONG,      PT_R4,     PT_DOUBLE,  PT_CURRENCY,   PT_APPTIME,
        PT_ERROR,       PT_BOOLEAN, PT_OBJECT,  PT_I8,        PT_CLSID,  PT_STRING8, PT_UNICODE,    PT_SYSTIME,
        PT_BINARY,      PT_MV_LONG, PT_MV_STRING8, PT_MV_UNICODE, PT_MV_BINARY, 0x1FFF,
    };
    static const uint16_t ids[] = {
        0x6600, 0x6601, 0x6602, 0x3001, 0x67F0, 0x3D0D, 0x3D12, 0x0FFE, 0x3E03, 0x300C, 0x8001, 0,
    };
    unsigned type = types[below(COUNT_OF(types))];
    return PROP_TAG(type, ids[below(COUNT_OF(ids))]);
}

static SPropValue any_value(void)
{
    SPropValue value = {.ulPropTag = any_tag()};
    switch (PROP_TYPE(value.ulPropTag)) {
    case PT_STRING8:
        value.Value.lpszA = once_in(8) ? NULL : texts[below(COUNT_OF(texts))];
        break;
    case PT_UNICODE:
        value.Value.lpszW = once_in(8) ? NULL : wide_texts[below(COUNT_OF(wide_texts))];
        break;
    case PT_CLSID:
        value.Value.lpguid = once_in(8) ? NULL : (GUID *)&iids[below(COUNT_OF(iids))];
        break;
    case PT_BINARY:
        value.Value.bin = blobs[below(COUNT_OF(blobs))];
        break;
    case PT_MV_LONG:
        value.Value.mv = (SArray){below(5), numbers};
        break;
    case PT_MV_STRING8:
        value.Value.mv = (SArray){below(5), texts};
        break;
    case PT_MV_UNICODE:
        value.Value.mv = (SArray){below(5), wide_texts};
        break;
    case PT_MV_BINARY:
        value.Value.mv = (SArray){below(5), blobs};
        break;
    case PT_OBJECT:
        value.Value.object = &values;
        break;
    default:
        value.Value.li = (int64_t)next() << (8 * below(8));
    }
    return value;
}

/* One of the eight, made of those before it: never a circle. */
static SRestriction any_restriction(unsigned at)
{
    SRestriction made = {below(12), {.numbers = {below(8), any_tag(), next()}}};
    switch (made.rt) {
    case RES_AND:
    case RES_OR:
        made.res.several.count = below(at + 1), made.res.several.list = restrictions;
        break;
    case RES_NOT:
    case 9: /* RES_SUBRESTRICTION */
        made.res.several.list = at ? &restrictions[at - 1] : NULL;
        break;
    case RES_CONTENT:
    case RES_PROPERTY:
        made.res.compare.how = below(8), made.res.compare.tag = any_tag(), made.res.compare.value = &values[below(8)];
        break;
    case 10: /* RES_COMMENT */
        made.res.comment.count = below(8), made.res.comment.restriction = at ? &restrictions[at - 1] : NULL;
        made.res.comment.values = values;
    }
    return made;
}

/* Change one of each kind; restrictions that stand later are made of those before. */
static void change_arguments(unsigned at)
{
    values[at] = any_value(), tags.tags[at] = any_tag(), restrictions[at] = any_restriction(at);
    order.keys[at % COUNT_OF(order.keys)] = (SSortOrder){any_tag(), below(4)};
    tags.count = below(9), order.sorts = below(5), order.categories = below(3), order.expanded = below(3);
    if (once_in(4))
        memset(&uids[at % COUNT_OF(uids)], (int)next(), sizeof *uids);
}

/*
 * The methods by slot, with a letter for each argument: F flags, c count, i LONG, b bookmark, n ULONG_PTR,
 * V properties, T tags, R restriction, S sort order, U uid, G iid, L text, X object; what comes back is I an object of
 * the same kind, P a section, Q a table, K a support object, O a buffer, N a number, A a bare 16 bytes.
 */
#define UNKNOWN_SHAPES "GI", "", ""
static const char *const section_shapes[] = {
    UNKNOWN_SHAPES, "FFO", "F", "TFNO", "FO", "FGFFI", "cVO", "TO", "cGTnXGXFO", "TnXGXFO", "OAFNO", "cVFO", NULL};
static const char *const admin_shapes[] = {UNKNOWN_SHAPES, "FFO", "FQ", "LcVnFA", "U", "UGFP", NULL};
static const char *const table_shapes[] = {
    UNKNOWN_SHAPES, "FFO", "FXN", "n",  "NN", "TF",  "FO", "FN", "biN", "FF", "NNN", "RbF",    "RF",
    "N",            "b",   "SF",  "O",  "iFO", "",   "cUcFON", "cUFN", "FFN", "FcUNO", "FcUN", NULL};
static const char *const support_shapes[] = {
    UNKNOWN_SHAPES, "FFO", "AAA", "LFFXN", "n", "UcVN", "cVF", "UFP", "ULLLLF", "A", "FXFF", "F", "FV",
    "LLLFNO", "UF", "cUcUFN", "cUFXGIX", "cUGFNI", "FQ", "NVO", "NXXcUXXLF", "nFcUcUNO", "nFLXXF", "GXTGXnXF",
    "GXcUGXLnXF", "GXcGTnXGXFO", "GXTnXGXFO", "nFI", "FXI", "XN", "XN", "FX", "FX", "GFI", "FcU", "FcU", "N",
    "XV", "cUNO", "F", "XGFI", "FK", NULL,
};

#define ALL_SLOTS(shapes, interface)                                                                                 \
    static_assert(COUNT_OF(shapes) == sizeof(struct interface##Vtbl) / sizeof(void *) + 1, #interface)
ALL_SLOTS(section_shapes, IProfSect);
ALL_SLOTS(admin_shapes, IProviderAdmin);
ALL_SLOTS(table_shapes, IMAPITable);
ALL_SLOTS(support_shapes, IMAPISupport);

typedef struct {
    IUnknown *object;
    const char *const *shapes;
} Held;

static Held held[32];
static unsigned holding;
static void *blocks[16];
static Allocators buffers;
static LONG calls;

static void hold(void *object, const char *const *shapes)
{
    if (object && holding < COUNT_OF(held))
        held[holding++] = (Held){object, shapes};
}

static void keep_block(void *block)
{
    blocks[below(COUNT_OF(blocks))] = block; /* what lay there leaks */
}

/* Numbers that are at the edges more often than not. */
static ULONG any_flags(void)
{
    static const ULONG known[] = {0, 0, 0, MAPI_MODIFY, MAPI_UNICODE, MAPI_BEST_ACCESS, MAPI_FORCE_ACCESS | MAPI_MODIFY,
                                  2, 0xFFFFFFFFu, 0x7FFFFFFF};
    return once_in(4) ? next() : known[below(COUNT_OF(known))];
}

static uintptr_t argument(char letter, void **cell)
{
    int none = once_in(12);
    *cell = NULL;
    switch (letter) {
    case 'F':
        return any_flags();
    case 'c':
        return below(9); /* as many as there are */
    case 'i':
        return (uintptr_t)(intptr_t)(once_in(4) ? numbers[below(4)] : (LONG)below(11) - 5);
    case 'b':
        return once_in(8) ? any_flags() : below(6);
    case 'n':
        return once_in(8) ? any_flags() : 0;
    case 'V':
        return none ? 0 : (uintptr_t)values;
    case 'T':
        return none ? 0 : (uintptr_t)&tags;
    case 'R':
        return none ? 0 : (uintptr_t)&restrictions[below(8)];
    case 'S':
        return none ? 0 : (uintptr_t)&order;
    case 'U':
        return none ? 0 : (uintptr_t)&uids[below(4)];
    case 'G':
        return none ? 0 : (uintptr_t)&iids[below(COUNT_OF(iids))];
    case 'L':
        return none ? 0 : (uintptr_t)wide_texts[below(4)]; /* an 8-bit text as well, to whom it may concern */
    case 'X':
        return none ? 0 : (uintptr_t)held[below(holding)].object;
    default:
        return none ? 0 : (uintptr_t)cell;
    }
}

typedef uintptr_t A;

/* As many arguments as the shape has, each of a word: on x86 the callee takes just these off the stack. */
static HRESULT invoke(const void *slot, void *self, unsigned count, const A *a)
{
#define AS(...) (*(HRESULT(MAPI_CALL *const *)(__VA_ARGS__))slot)
#define A4 A, A, A, A
#define FOUR(from) a[from], a[from + 1], a[from + 2], a[from + 3]
    switch (count) {
    case 0: return AS(void *)(self);
    case 1: return AS(void *, A)(self, a[0]);
    case 2: return AS(void *, A, A)(self, a[0], a[1]);
    case 3: return AS(void *, A, A, A)(self, a[0], a[1], a[2]);
    case 4: return AS(void *, A4)(self, FOUR(0));
    case 5: return AS(void *, A4, A)(self, FOUR(0), a[4]);
    case 6: return AS(void *, A4, A, A)(self, FOUR(0), a[4], a[5]);
    case 7: return AS(void *, A4, A, A, A)(self, FOUR(0), a[4], a[5], a[6]);
    case 8: return AS(void *, A4, A4)(self, FOUR(0), FOUR(4));
    case 9: return AS(void *, A4, A4, A)(self, FOUR(0), FOUR(4), a[8]);
    case 10: return AS(void *, A4, A4, A, A)(self, FOUR(0), FOUR(4), a[8], a[9]);
    default: return AS(void *, A4, A4, A, A, A)(self, FOUR(0), FOUR(4), a[8], a[9], a[10]);
    }
#undef AS
#undef A4
#undef FOUR
}

static void call_a_method(void)
{
    unsigned which = below(holding), slot, slots = 0, count;
    Held chosen = held[which];
    A arguments[11];
    void *cells[11][4]; /* room for a bare uid, on 32 bits too */
    HRESULT result;

    while (chosen.shapes[slots])
        slots++;
    slot = below(slots);
    if (chosen.shapes == support_shapes && slot == 6)
        return; /* an Unsubscribe without a Subscribe is a sign by which a caller knows the other flavour */
    count = (unsigned)strlen(chosen.shapes[slot]);
    change_arguments(below(8));
    for (unsigned i = 0; i < count; i++)
        arguments[i] = argument(chosen.shapes[slot][i], cells[i]);
    result = invoke((const void *const *)chosen.object->lpVtbl + slot, chosen.object, count, arguments);
    if (slot == 2 && result <= 0 && !once_in(4)) { /* the last Release; now and then it goes on being used */
        held[which] = held[--holding];
        return;
    }
    for (unsigned i = 0; SUCCEEDED(result) && i < count; i++) {
        switch (arguments[i] ? chosen.shapes[slot][i] : 0) {
        case 'I': hold(cells[i][0], chosen.shapes); break;
        case 'P': hold(cells[i][0], section_shapes); break;
        case 'Q': hold(cells[i][0], table_shapes); break;
        case 'K': hold(cells[i][0], support_shapes); break;
        case 'O': keep_block(cells[i][0]); break;
        }
    }
}

static void use_memory(IMalloc *memory)
{
    static const ULONG sizes[] = {0, 1, 16, 4096, 100000, 0x7FFFFFFF, 0xFFFFFFFFu};
    ULONG size = sizes[below(COUNT_OF(sizes))];
    void **block = &blocks[below(COUNT_OF(blocks))], *made = NULL;
    switch (below(9)) {
    case 0: buffers.allocate(size, &made), keep_block(made); break;
    case 1: buffers.more(size, *block, &made), keep_block(made); break;
    case 2: buffers.release(*block); break; /* it may be released again */
    case 3: buffers.release(*block), *block = NULL; break;
    case 4: keep_block(memory->lpVtbl->Alloc(memory, size)); break;
    case 5: *block = memory->lpVtbl->Realloc(memory, *block, size); break;
    case 6: memory->lpVtbl->Free(memory, *block), *block = NULL; break;
    case 7: memory->lpVtbl->GetSize(memory, *block), memory->lpVtbl->DidAlloc(memory, *block); break;
    case 8: buffers.allocate(size, NULL), buffers.more(size, values, &made), buffers.release(uids); break;
    }
}

ENTRY
{
    IProfSect *own = NULL;
    HRESULT result;
    UNUSED_ARGUMENTS;
    if (FAILED(result = allocators(support, &buffers)))
        return result;
    for (ULONG i = 0; i < count; i++)
        if (given[i].ulPropTag == PROP_TAG(PT_BINARY, 0x66F0))
            script = given[i].Value.bin.lpb, left = given[i].Value.bin.cb;
    own_section(admin, &own);
    hold(own, section_shapes), hold(support, support_shapes), hold(admin, admin_shapes);
    for (unsigned i = 0; i < 8; i++)
        change_arguments(i);
    while (left && holding) {
        calls++;
        if (once_in(8))
            use_memory(memory);
        else
            call_a_method();
    }
    if (own)
        set(own, long_value(PROP_TAG(PT_LONG, 0x6680), calls));
    return S_OK;
}
