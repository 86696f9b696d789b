/*
 * A service that reads what the documents advise to read, and keeps a copy of its settings in a section of its own.
 *
 * Each fault is a line of the log; PR_FOUND says "all well" where there is none.
 */
#include "service.h"

#define PR_SETTING PROP_TAG(PT_STRING8, 0x6600)
#define PR_FOUND PROP_TAG(PT_STRING8, 0x6683)
#define PR_KEY_READ PROP_TAG(PT_BINARY, 0x6684)
#define PR_SEARCH_KEY PROP_TAG(PT_BINARY, 0x300B)
#define MUST(what)                                                                                                   \
    if (!(what))                                                                                                     \
    return fprintf(stderr, "not so: %s\n", #what), MAPI_E_CALL_FAILED

static const MAPIUID INSTANCE = {{0x85, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
static const MAPIUID FOREIGN = {{0x13, 0xDB, 0xB0, 0xC8, 0xAA, 5, 0x10, 0x1A, 0x9B, 0xB0, 0, 0xAA, 0, 0x2F, 0xC4, 0x5A}};
static const uint8_t HARD_CODED[16] = "my own provider";
static const MAPIUID COPY = {"copy of settings"};

/* One property of a section; the caller frees it. */
static HRESULT one(IProfSect *section, ULONG tag, SPropValue **found)
{
    ULONG count = 0;
    HRESULT result = CALL(section, GetProps, TAGS(tag), 0, &count, found);
    return SUCCEEDED(result) && (*found)->ulPropTag != tag ? MAPI_E_NOT_FOUND : result;
}

static HRESULT reads_the_instance(IMAPISupport *support, IProfSect *own, FREEBUFFER release)
{
    IProfSect *instance = NULL;
    SPropValue *key = NULL;
    MUST(CALL(support, OpenProfileSection, &INSTANCE, MAPI_MODIFY, &instance) == MAPI_E_NO_ACCESS);
    MUST(CALL(support, OpenProfileSection, &INSTANCE, 0, &instance) == S_OK);
    MUST(one(instance, PR_SEARCH_KEY, &key) == S_OK && key->Value.bin.cb == 16);
    MUST(set(own, binary_value(PR_KEY_READ, key->Value.bin.lpb, 16)) == S_OK);
    release(key);
    RELEASE(instance);
    return S_OK;
}

static HRESULT knows_its_providers(IProviderAdmin *admin, FREEBUFFER release)
{
    IMAPITable *table = NULL;
    SRowSet *rows = NULL;
    IProfSect *provider = NULL;
    SPropValue *uid = NULL;
    SPropProblemArray *problems = NULL;
    const SPropTagArray *columns = TAGS(PR_PROVIDER_UID);
    SPropValue hard_coded = binary_value(PR_PROVIDER_UID, HARD_CODED, 16);
    MUST(CALL(admin, GetProviderTable, 0, &table) == S_OK);
    MUST(CALL(table, SetColumns, columns, 0) == S_OK && CALL(table, QueryRows, 1, 0, &rows) == S_OK);
    const MAPIUID *first = (const MAPIUID *)rows->aRow[0].lpProps->Value.bin.lpb;
    MUST(CALL(admin, OpenProfileSection, first, NULL, MAPI_MODIFY, &provider) == S_OK);
    MUST(CALL(provider, SetProps, 1, &hard_coded, &problems) == S_OK && !problems);
    MUST(one(provider, PR_PROVIDER_UID, &uid) == S_OK && !memcmp(uid->Value.bin.lpb, HARD_CODED, 16));
    release(uid);
    release(rows->aRow[0].lpProps);
    release(rows);
    RELEASE(provider);
    RELEASE(table);
    return S_OK;
}

static HRESULT copies_its_settings(IProviderAdmin *admin, IProfSect *own)
{
    IProfSect *copy = NULL;
    MUST(CALL(admin, OpenProfileSection, &COPY, NULL, MAPI_MODIFY, &copy) == S_OK);
    MUST(CALL(own, CopyTo, 0, NULL, NULL, 0, NULL, &IID_IProfSect, copy, 0, NULL) == S_OK);
    RELEASE(copy);
    return S_OK;
}

ENTRY
{
    UNUSED_ARGUMENTS;
    IProfSect *own, *other = NULL;
    SPropValue *uid = NULL;
    Allocators buffers;
    if (context == MSG_SERVICE_INSTALL || context == MSG_SERVICE_UNINSTALL || context == MSG_SERVICE_DELETE)
        return S_OK;
    MUST(context == MSG_SERVICE_CONFIGURE || (count == 0 && !given));
    MUST(allocators(support, &buffers) == S_OK && own_section(admin, &own) == S_OK);
    MUST(one(own, PR_SERVICE_UID, &uid) == S_OK && uid->Value.bin.cb == 16);
    MUST(set(own, text_value(PR_SETTING, "kept")) == S_OK);
    MUST(reads_the_instance(support, own, buffers.release) == S_OK);
    MUST(knows_its_providers(admin, buffers.release) == S_OK);
    MUST(copies_its_settings(admin, own) == S_OK);
    MUST(CALL(admin, OpenProfileSection, &FOREIGN, NULL, MAPI_MODIFY, &other) == MAPI_E_NO_ACCESS);
    buffers.release(uid);
    set(own, text_value(PR_FOUND, "all well"));
    RELEASE(own);
    return S_OK;
}
