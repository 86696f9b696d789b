/*
 * A service that does everything that a service may do, and says in its section what it did not find as documented.
 *
 * CREATE and CONFIGURE leave, in the service's own section:
 *   66800003  the context          66810003  the flags          66820003  how many things were looked at
 *   6683001E  "all well", or what was not so, with the lines of this file
 *   6684001E  the provider table's rows in its order, as "display name=resource type;", an extra section's as 0
 *   6685001E  the profile's name   66860102  the uid of a section that it made and left, which holds 66900003 = 7
 * and the configuration properties that were given. PROVIDER_CREATE and PROVIDER_DELETE make a provider and remove one.
 */
#include "service.h"

#define PR_CONTEXT PROP_TAG(PT_LONG, 0x6680)
#define PR_FLAGS PROP_TAG(PT_LONG, 0x6681)
#define PR_LOOKED PROP_TAG(PT_LONG, 0x6682)
#define PR_VERDICT PROP_TAG(PT_STRING8, 0x6683)
#define PR_ROWS PROP_TAG(PT_STRING8, 0x6684)
#define PR_PROFILE PROP_TAG(PT_STRING8, 0x6685)
#define PR_MADE PROP_TAG(PT_BINARY, 0x6686)
/* What comes and goes again, but for the seven in the section that was made. */
#define PR_TEXT PROP_TAG(PT_STRING8, 0x6690)
#define PR_WIDE PROP_TAG(PT_UNICODE, 0x6691)
#define PR_NUMBER PROP_TAG(PT_LONG, 0x6692)
#define PR_BYTES PROP_TAG(PT_BINARY, 0x6693)
#define PR_TRUTH PROP_TAG(PT_BOOLEAN, 0x6694)
#define PR_LARGE PROP_TAG(PT_I8, 0x6695)
#define PR_TIME PROP_TAG(PT_SYSTIME, 0x6696)
#define PR_CLASS PROP_TAG(PT_CLSID, 0x6697)
#define PR_NUMBERS PROP_TAG(PT_MV_LONG, 0x6698)
#define PR_TEXTS PROP_TAG(PT_MV_STRING8, 0x6699)
#define PR_BLOBS PROP_TAG(PT_MV_BINARY, 0x669A)
#define PR_SHORT PROP_TAG(PT_I2, 0x669B)
#define PR_ABSENT PROP_TAG(PT_LONG, 0x66BF)
#define PR_SEVEN PROP_TAG(PT_LONG, 0x6690)

static Allocators buffers;
static char verdict[4000], rows_seen[2000], profile[200];
static int looked;

#define EXPECT(truth) expect((truth) ? 1 : 0, __LINE__, #truth)

static int expect(int truth, int line, const char *what)
{
    size_t used = strlen(verdict);
    looked++;
    if (!truth)
        snprintf(verdict + used, sizeof verdict - used, "%d: %s; ", line, what);
    return truth;
}

static void walk_memory(IMalloc *memory)
{
    char *block, *child;
    void *again;

    EXPECT(buffers.allocate(16, (void **)&block) == S_OK && block);
    EXPECT(buffers.more(1000, block, (void **)&child) == S_OK && child && child != block);
    memset(block, 0x11, 16), memset(child, 0x22, 1000);
    EXPECT(block[15] == 0x11 && child[0] == 0x22 && child[999] == 0x22);
    EXPECT(buffers.release(block) == 0); /* and the child with it */
    EXPECT(buffers.release(NULL) == 0);

    block = memory->lpVtbl->Alloc(memory, 10);
    EXPECT(block && memory->lpVtbl->GetSize(memory, block) >= 10 && memory->lpVtbl->DidAlloc(memory, block) == 1);
    memcpy(block, "0123456789", 10);
    block = memory->lpVtbl->Realloc(memory, block, 5000);
    EXPECT(block && memcmp(block, "0123456789", 10) == 0 && memory->lpVtbl->GetSize(memory, block) >= 5000);
    memory->lpVtbl->Free(memory, block);
    memory->lpVtbl->Free(memory, NULL);
    memory->lpVtbl->HeapMinimize(memory);
    EXPECT(CALL(memory, QueryInterface, &IID_IUnknown, &again) == S_OK && again);
    EXPECT(ADDREF((IMalloc *)again) > 1);
    RELEASE((IMalloc *)again), RELEASE((IMalloc *)again);
}

static void free_rows(SRowSet *rows)
{
    for (ULONG i = 0; i < rows->cRows; i++)
        buffers.release(rows->aRow[i].lpProps);
    buffers.release(rows);
}

enum { NAME, TYPE, UID, KEY, COLUMNS };

static LONG type_of(const SRow *row)
{
    return row->lpProps[TYPE].ulPropTag == PR_RESOURCE_TYPE ? row->lpProps[TYPE].Value.l : 0;
}

static const char *name_of(const SRow *row)
{
    return row->lpProps[NAME].ulPropTag == PR_DISPLAY_NAME_A ? row->lpProps[NAME].Value.lpszA : "";
}

/* Where the next row stands, counted from the first. */
static ULONG position(IMAPITable *table)
{
    ULONG row = 99, numerator, denominator;
    EXPECT(CALL(table, QueryPosition, &row, &numerator, &denominator) == S_OK);
    return row;
}

static void walk_bookmarks(IMAPITable *table, ULONG all)
{
    BOOKMARK mark;
    LONG sought = 0;
    EXPECT(CALL(table, SeekRow, BOOKMARK_BEGINNING, 1, &sought) == S_OK && sought == 1);
    EXPECT(position(table) == 1);
    EXPECT(CALL(table, CreateBookmark, &mark) == S_OK && mark > BOOKMARK_END);
    EXPECT(CALL(table, SeekRow, BOOKMARK_END, 0, NULL) == S_OK && position(table) == all);
    EXPECT(CALL(table, SeekRow, mark, 0, NULL) == S_OK && position(table) == 1);
    EXPECT(CALL(table, SeekRow, BOOKMARK_CURRENT, -1, &sought) == S_OK && sought == -1 && position(table) == 0);
    EXPECT(CALL(table, FreeBookmark, mark) == S_OK);
}

static void walk_search(IMAPITable *table, ULONG all, SRowSet *rows)
{
    SPropValue name = rows->aRow[all - 1].lpProps[NAME], none = text_value(PR_DISPLAY_NAME_A, "no such provider");
    SPropValue store = long_value(PR_RESOURCE_TYPE, 33);
    SRestriction named = {RES_CONTENT, {.compare = {FL_FULLSTRING, PR_DISPLAY_NAME_A, &name}}};
    SRestriction is_store = {RES_PROPERTY, {.compare = {RELOP_EQ, PR_RESOURCE_TYPE, &store}}};
    SRestriction is_provider = {RES_EXIST, {.numbers = {0, PR_RESOURCE_TYPE, 0}}};
    SRestriction pair[2] = {is_provider, is_store}, both = {RES_AND, {.several = {2, pair}}};
    SSortOrderSet backwards = {1, 0, 0, {{PR_DISPLAY_NAME_A, TABLE_SORT_DESCEND}}}, *order = NULL;
    SRowSet *found = NULL;
    ULONG providers = 0, stores = 0, count = 99;

    for (ULONG i = 0; i < all; i++)
        providers += type_of(&rows->aRow[i]) != 0, stores += type_of(&rows->aRow[i]) == 33;
    EXPECT(CALL(table, Restrict, &is_provider, 0) == S_OK);
    EXPECT(CALL(table, GetRowCount, 0, &count) == S_OK && count == providers);
    EXPECT(CALL(table, Restrict, &both, 0) == S_OK);
    EXPECT(CALL(table, GetRowCount, 0, &count) == S_OK && count == stores);
    EXPECT(CALL(table, Restrict, NULL, 0) == S_OK);
    EXPECT(CALL(table, GetRowCount, 0, &count) == S_OK && count == all);

    if (name.ulPropTag == PR_DISPLAY_NAME_A) { /* an extra section may have none */
        EXPECT(CALL(table, FindRow, &named, BOOKMARK_BEGINNING, 0) == S_OK);
        if (EXPECT(CALL(table, QueryRows, 1, 0, &found) == S_OK && found && found->cRows == 1)) {
            EXPECT(strcmp(name_of(&found->aRow[0]), name.Value.lpszA) == 0);
            free_rows(found);
        }
        named.res.compare.value = &none;
        EXPECT(CALL(table, FindRow, &named, BOOKMARK_BEGINNING, 0) == MAPI_E_NOT_FOUND);
    }

    EXPECT(CALL(table, SortTable, &backwards, 0) == S_OK);
    if (EXPECT(CALL(table, QuerySortOrder, &order) == S_OK && order)) {
        EXPECT(order->cSorts == 1 && order->aSort[0].ulPropTag == PR_DISPLAY_NAME_A);
        buffers.release(order);
    }
    EXPECT(CALL(table, Restrict, &is_provider, 0) == S_OK);
    EXPECT(CALL(table, SeekRow, BOOKMARK_BEGINNING, 0, NULL) == S_OK);
    if (EXPECT(CALL(table, QueryRows, 1000, 0, &found) == S_OK && found && found->cRows == providers)) {
        for (ULONG i = 1; i < found->cRows; i++)
            EXPECT(strcmp(name_of(&found->aRow[i - 1]), name_of(&found->aRow[i])) >= 0);
        free_rows(found);
    }
}

/* Each row's section opens by its PR_PROVIDER_UID, and holds the name that the row shows. */
static void walk_provider(IProviderAdmin *admin, const SRow *row)
{
    IProfSect *section = NULL;
    SPropValue *found = NULL;
    ULONG count;
    if (!EXPECT(row->lpProps[UID].ulPropTag == PR_PROVIDER_UID && row->lpProps[UID].Value.bin.cb == sizeof(MAPIUID)))
        return;
    if (!EXPECT(CALL(admin, OpenProfileSection, (MAPIUID *)row->lpProps[UID].Value.bin.lpb, &IID_IProfSect, 0,
                     &section) == S_OK))
        return;
    if (EXPECT(SUCCEEDED(CALL(section, GetProps, TAGS(PR_DISPLAY_NAME_A), 0, &count, &found)) && count == 1)) {
        EXPECT(found[0].ulPropTag == row->lpProps[NAME].ulPropTag);
        if (found[0].ulPropTag == PR_DISPLAY_NAME_A)
            EXPECT(strcmp(found[0].Value.lpszA, name_of(row)) == 0);
        buffers.release(found);
    }
    RELEASE(section);
}

static void walk_table(IProviderAdmin *admin)
{
    IMAPITable *table = NULL;
    SPropTagArray *columns = NULL;
    SRowSet *rows = NULL;
    ULONG all = 0;

    if (!EXPECT(CALL(admin, GetProviderTable, 0, &table) == S_OK && table))
        return;
    EXPECT(CALL(table, GetRowCount, 0, &all) == S_OK);
    EXPECT(CALL(table, SetColumns, TAGS(PR_DISPLAY_NAME_A, PR_RESOURCE_TYPE, PR_PROVIDER_UID, PR_INSTANCE_KEY), 0) ==
           S_OK);
    if (EXPECT(CALL(table, QueryColumns, 0, &columns) == S_OK && columns)) {
        EXPECT(columns->cValues == COLUMNS && columns->aulPropTag[TYPE] == PR_RESOURCE_TYPE);
        buffers.release(columns);
    }
    if (EXPECT(CALL(table, QueryRows, (LONG)all + 10, TBL_NOADVANCE, &rows) == S_OK && rows && rows->cRows == all)) {
        EXPECT(position(table) == 0);
        for (ULONG i = 0; i < all; i++) {
            const SRow *row = &rows->aRow[i];
            size_t used = strlen(rows_seen);
            EXPECT(row->cValues == COLUMNS && row->lpProps[KEY].ulPropTag == PR_INSTANCE_KEY);
            snprintf(rows_seen + used, sizeof rows_seen - used, "%s=%d;", name_of(row), (int)type_of(row));
            if (type_of(row))
                walk_provider(admin, row);
        }
        if (all >= 2)
            walk_bookmarks(table, all);
        if (all)
            walk_search(table, all, rows);
        free_rows(rows);
    }
    RELEASE(table);
}

static void walk_identity(IProfSect *section)
{
    static const GUID unheard_of = {0x12345678, 0x1234, 0x1234, {1, 2, 3, 4, 5, 6, 7, 8}};
    IProfSect *other = NULL;
    void *nothing = section;
    ULONG references = ADDREF(section);
    EXPECT(references == 2);
    EXPECT(RELEASE(section) == references - 1);
    EXPECT(CALL(section, QueryInterface, &IID_IUnknown, (void **)&other) == S_OK && other == section);
    EXPECT(CALL(other, QueryInterface, &IID_IMAPIProp, (void **)&other) == S_OK && other == section);
    EXPECT(CALL(other, QueryInterface, &IID_IProfSect, (void **)&other) == S_OK && other == section);
    EXPECT(CALL(section, QueryInterface, &unheard_of, &nothing) == MAPI_E_INTERFACE_NOT_SUPPORTED && !nothing);
    RELEASE(other), RELEASE(other), RELEASE(other);
}

static void walk_values(IProfSect *section)
{
    static const GUID class = {0x01020304, 0x0506, 0x0708, {9, 10, 11, 12, 13, 14, 15, 16}};
    static LONG numbers[] = {1, -2, 3};
    static char *texts[] = {"one", "", "three"};
    static SBinary blobs[] = {{3, (uint8_t *)"\1\0\3"}, {0, NULL}};
    SPropValue values[] = {
        text_value(PR_TEXT, "text"),
        {.ulPropTag = PR_WIDE, .Value.lpszW = (WCHAR *)L"z\u00FC\u20AC"},
        long_value(PR_NUMBER, -42),
        binary_value(PR_BYTES, "\0\1\2\3\4", 5),
        {.ulPropTag = PR_TRUTH, .Value.b = 1},
        {.ulPropTag = PR_LARGE, .Value.li = -5000000000},
        {.ulPropTag = PR_TIME, .Value.li = 132000000000000001},
        {.ulPropTag = PR_CLASS, .Value.lpguid = (GUID *)&class},
        {.ulPropTag = PR_NUMBERS, .Value.mv = {3, numbers}},
        {.ulPropTag = PR_TEXTS, .Value.mv = {3, texts}},
        {.ulPropTag = PR_BLOBS, .Value.mv = {2, blobs}},
        {.ulPropTag = PR_SHORT, .Value.i = -7},
    };
    const SPropTagArray *tags = TAGS(PR_TEXT, PR_WIDE, PR_NUMBER, PR_BYTES, PR_TRUTH, PR_LARGE, PR_TIME, PR_CLASS,
                                     PR_NUMBERS, PR_TEXTS, PR_BLOBS, PR_SHORT);
    SPropProblemArray *problems = NULL;
    SPropValue *v = NULL;
    ULONG count = 0;

    EXPECT(CALL(section, SetProps, COUNT_OF(values), values, &problems) == S_OK && !problems);
    if (EXPECT(CALL(section, GetProps, tags, 0, &count, &v) == S_OK && count == COUNT_OF(values))) {
        for (ULONG i = 0; i < count; i++)
            EXPECT(v[i].ulPropTag == values[i].ulPropTag);
        EXPECT(strcmp(v[0].Value.lpszA, "text") == 0 && wcscmp(v[1].Value.lpszW, L"z\u00FC\u20AC") == 0);
        EXPECT(v[2].Value.l == -42 && v[3].Value.bin.cb == 5 && memcmp(v[3].Value.bin.lpb, "\0\1\2\3\4", 5) == 0);
        EXPECT(v[4].Value.b == 1 && v[5].Value.li == -5000000000 && v[6].Value.li == 132000000000000001);
        EXPECT(memcmp(v[7].Value.lpguid, &class, sizeof class) == 0);
        EXPECT(v[8].Value.mv.cValues == 3 && memcmp(v[8].Value.mv.values, numbers, sizeof numbers) == 0);
        EXPECT(v[9].Value.mv.cValues == 3 && strcmp(((char **)v[9].Value.mv.values)[2], "three") == 0);
        EXPECT(v[10].Value.mv.cValues == 2 && ((SBinary *)v[10].Value.mv.values)[0].cb == 3);
        EXPECT(((SBinary *)v[10].Value.mv.values)[1].cb == 0 && v[11].Value.i == -7);
        buffers.release(v);
    }
    EXPECT(CALL(section, GetProps, TAGS(PR_TEXT ^ 1, PROP_TAG(PT_UNSPECIFIED, 0x6692)), 0, &count, &v) == S_OK);
    EXPECT(v[0].ulPropTag == (PR_TEXT ^ 1) && wcscmp(v[0].Value.lpszW, L"text") == 0); /* the other width */
    EXPECT(v[1].ulPropTag == PR_NUMBER && v[1].Value.l == -42);                        /* whatever type it has */
    buffers.release(v);
    EXPECT(CALL(section, GetProps, TAGS(PR_ABSENT, PR_NUMBER), 0, &count, &v) == MAPI_W_ERRORS_RETURNED && count == 2);
    EXPECT(v[0].ulPropTag == PROP_TAG(PT_ERROR, 0x66BF) && v[0].Value.err == MAPI_E_NOT_FOUND);
    buffers.release(v);
    EXPECT(CALL(section, GetProps, &(SPropTagArray){0, {0}}, 0, &count, &v) == MAPI_E_INVALID_PARAMETER && !v);
    EXPECT(CALL(section, DeleteProps, tags, &problems) == S_OK && !problems);
    EXPECT(CALL(section, GetProps, TAGS(PR_NUMBER), 0, &count, &v) == MAPI_W_ERRORS_RETURNED);
    buffers.release(v);
}

/* What is refused is told of each property, and the others are set. */
static void walk_refusals(IProfSect *section)
{
    SPropValue values[] = {long_value(PR_OBJECT_TYPE, 1), long_value(PR_NUMBER, 5), long_value(0x80010003, 1)};
    SPropProblemArray *problems = NULL;
    SPropTagArray *list = NULL;
    MAPINAMEID **names = NULL;
    void *object = section;
    ULONG count;

    EXPECT(CALL(section, SetProps, 3, values, &problems) == S_OK);
    if (EXPECT(problems && problems->cProblem == 2)) {
        EXPECT(problems->aProblem[0].ulIndex == 0 && problems->aProblem[0].scode == MAPI_E_COMPUTED);
        EXPECT(problems->aProblem[1].ulIndex == 2 && problems->aProblem[1].ulPropTag == 0x80010003);
        buffers.release(problems);
    }
    if (EXPECT(CALL(section, GetPropList, 0, &list) == S_OK && list)) {
        ULONG numbers = 0, secrets = 0;
        for (ULONG i = 0; i < list->cValues; i++) {
            numbers += list->aulPropTag[i] == PR_NUMBER;
            secrets += PROP_ID(list->aulPropTag[i]) >= 0x67F0 && PROP_ID(list->aulPropTag[i]) <= 0x67FF;
        }
        EXPECT(numbers == 1 && secrets == 0);
        buffers.release(list);
    }
    EXPECT(CALL(section, DeleteProps, TAGS(PR_NUMBER), NULL) == S_OK);
    EXPECT(CALL(section, OpenProperty, PR_TEXT, &IID_IUnknown, 0, 0, &object) < 0 && !object);
    EXPECT(CALL(section, GetIDsFromNames, 0, NULL, 0, &list) == MAPI_E_NO_SUPPORT);
    EXPECT(CALL(section, GetNamesFromIDs, &list, NULL, 0, &count, &names) == MAPI_E_NO_SUPPORT);
}

/* A section that is made is there at once, takes copies, and stays. */
static void walk_copies(IMAPISupport *support, IProviderAdmin *admin, IProfSect *own)
{
    IProfSect *made = NULL;
    MAPIUID uid, other;
    SPropValue values[] = {text_value(PR_TEXT, "copied"), binary_value(PR_BYTES, "\7\7", 2)}, *found;
    ULONG count;

    EXPECT(CALL(support, NewUID, &uid) == S_OK && CALL(support, NewUID, &other) == S_OK);
    EXPECT(memcmp(&uid, &other, sizeof uid) != 0);
    EXPECT(CALL(admin, OpenProfileSection, &uid, NULL, 0, &made) == MAPI_E_NOT_FOUND && !made);
    if (!EXPECT(CALL(support, OpenProfileSection, &uid, MAPI_MODIFY, &made) == S_OK && made))
        return;
    EXPECT(CALL(own, SetProps, 2, values, NULL) == S_OK);
    EXPECT(CALL(own, CopyProps, TAGS(PR_TEXT, PR_BYTES), 0, NULL, &IID_IProfSect, made, 0, NULL) == S_OK);
    EXPECT(CALL(own, CopyTo, 0, NULL, TAGS(PR_BYTES, PR_DISPLAY_NAME_A), 0, NULL, &IID_IMAPIProp, made, 0, NULL) ==
           S_OK);
    EXPECT(CALL(made, GetProps, TAGS(PR_TEXT, PR_BYTES), 0, &count, &found) == S_OK);
    EXPECT(strcmp(found[0].Value.lpszA, "copied") == 0 && found[1].Value.bin.cb == 2);
    buffers.release(found);
    EXPECT(CALL(made, GetProps, NULL, 0, &count, &found) == S_OK);
    for (ULONG i = 0; i < count; i++) { /* leave nothing but what MAPI has in every section, and the seven */
        ULONG id = PROP_ID(found[i].ulPropTag);
        if (id != PROP_ID(PR_OBJECT_TYPE) && id != PROP_ID(PR_PROFILE_NAME_A))
            CALL(made, DeleteProps, TAGS(found[i].ulPropTag), NULL);
    }
    buffers.release(found);
    EXPECT(set(made, long_value(PR_SEVEN, 7)) == S_OK && CALL(made, SaveChanges, 0) == S_OK);
    RELEASE(made);
    EXPECT(CALL(admin, OpenProfileSection, &uid, NULL, 0, &made) == S_OK && made);
    RELEASE(made);
    EXPECT(CALL(own, DeleteProps, TAGS(PR_TEXT, PR_BYTES), NULL) == S_OK);
    EXPECT(set(own, binary_value(PR_MADE, &uid, sizeof uid)) == S_OK);
}

static void walk_support(IMAPISupport *support, IProviderAdmin *admin)
{
    void *again = NULL;
    MAPIERROR *error = (MAPIERROR *)support;
    EXPECT(CALL(support, GetLastError, MAPI_E_NOT_FOUND, 0, &error) == S_OK);
    buffers.release(error);
    EXPECT(CALL(admin, GetLastError, MAPI_E_NOT_FOUND, 0, &error) == S_OK);
    buffers.release(error);
    if (EXPECT(CALL(support, GetSvcConfigSupportObj, 0, &again) == S_OK && again))
        RELEASE((IMAPISupport *)again);
}

static HRESULT walk(IMalloc *memory, IMAPISupport *support, ULONG flags, ULONG context, ULONG count,
                    SPropValue *given, IProviderAdmin *admin)
{
    IProfSect *own;
    SPropValue *found;
    ULONG ignored;
    HRESULT result = allocators(support, &buffers);
    if (FAILED(result) || FAILED(result = own_section(admin, &own)))
        return result;
    if (count)
        EXPECT(CALL(own, SetProps, count, given, NULL) == S_OK);
    EXPECT(CALL(own, GetProps, TAGS(PR_OBJECT_TYPE, PR_PROFILE_NAME_A), 0, &ignored, &found) == S_OK);
    if (EXPECT(found[1].ulPropTag == PR_PROFILE_NAME_A && found[0].Value.l == MAPI_PROFSECT))
        snprintf(profile, sizeof profile, "%s", found[1].Value.lpszA);
    buffers.release(found);
    walk_memory(memory);
    walk_table(admin);
    walk_identity(own);
    walk_values(own);
    walk_refusals(own);
    walk_copies(support, admin, own);
    walk_support(support, admin);

    set(own, long_value(PR_CONTEXT, (LONG)context)), set(own, long_value(PR_FLAGS, (LONG)flags));
    set(own, long_value(PR_LOOKED, looked));
    set(own, text_value(PR_VERDICT, *verdict ? verdict : "all well"));
    set(own, text_value(PR_ROWS, rows_seen)), set(own, text_value(PR_PROFILE, profile));
    result = CALL(own, SaveChanges, 0);
    RELEASE(own);
    return result;
}

/* The name that the INF gives to the provider's section, and the uid of the first provider that the table shows. */
static HRESULT delete_provider(IMAPISupport *support, IProviderAdmin *admin)
{
    IMAPITable *table;
    SRowSet *rows;
    HRESULT result = allocators(support, &buffers);
    if (FAILED(result) || FAILED(result = CALL(admin, GetProviderTable, 0, &table)))
        return result;
    CALL(table, SetColumns, TAGS(PR_PROVIDER_UID), 0);
    result = CALL(table, QueryRows, 1, 0, &rows);
    RELEASE(table);
    if (FAILED(result))
        return result;
    result = rows->cRows ? CALL(admin, DeleteProvider, (MAPIUID *)rows->aRow[0].lpProps[0].Value.bin.lpb) : S_OK;
    free_rows(rows);
    return result;
}

ENTRY
{
    SPropValue name = text_value(PR_DISPLAY_NAME_A, "Another one");
    MAPIUID made;
    UNUSED_ARGUMENTS;
    if (error)
        *error = NULL;
    switch (context) {
    case MSG_SERVICE_CREATE:
    case MSG_SERVICE_CONFIGURE:
        return walk(memory, support, flags, context, count, given, admin);
    case MSG_SERVICE_PROVIDER_CREATE:
        return CALL(admin, CreateProvider, "GOOD_Store", 1, &name, 0, 0, &made);
    case MSG_SERVICE_PROVIDER_DELETE:
        return delete_provider(support, admin);
    default:
        return S_OK;
    }
}
