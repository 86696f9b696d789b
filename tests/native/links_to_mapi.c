/*
 * A service as most are linked: to MAPI itself (mapi32.dll, libmapi.so), by whose functions it allocates and frees.
 *
 * CREATE leaves what it found as texts; CONFIGURE refuses, with a MAPIERROR that MAPI's own function has made.
 */
#include "service.h"

#ifdef _WIN32
/* Not windows.h: its LONG is another type than that of mapi_abi.h. */
__declspec(dllimport) void *MAPI_CALL GetModuleHandleA(const char *name);
__declspec(dllimport) void *MAPI_CALL GetProcAddress(void *module, const char *name);
#define MAPI_IMPORT __declspec(dllimport)
#else
#define MAPI_IMPORT
#endif

MAPI_IMPORT SCODE MAPI_CALL MAPIAllocateBuffer(ULONG size, void **buffer);
MAPI_IMPORT SCODE MAPI_CALL MAPIAllocateMore(ULONG size, void *base, void **buffer);
MAPI_IMPORT ULONG MAPI_CALL MAPIFreeBuffer(void *buffer);
MAPI_IMPORT HRESULT MAPI_CALL HrGetOneProp(IProfSect *section, ULONG tag, SPropValue **found);
MAPI_IMPORT HRESULT MAPI_CALL HrSetOneProp(IProfSect *section, SPropValue *value);
MAPI_IMPORT int MAPI_CALL FPropExists(IProfSect *section, ULONG tag);
MAPI_IMPORT HRESULT MAPI_CALL HrQueryAllRows(IMAPITable *table, const SPropTagArray *columns, void *restriction,
                                             void *order, LONG most, SRowSet **rows);
MAPI_IMPORT void MAPI_CALL FreeProws(SRowSet *rows);

#define PR_SERVER PROP_TAG(PT_STRING8, 0x6600)
#define PR_ABSENT PROP_TAG(PT_STRING8, 0x6655)
#define PR_FOUND PROP_TAG(PT_STRING8, 0x6683)

#define MUST(what)                                                                                                   \
    if (!(what))                                                                                                     \
    return fprintf(stderr, "not so: %s\n", #what), MAPI_E_CALL_FAILED

static HRESULT uses_all(IProfSect *section, IProviderAdmin *admin)
{
    SPropValue server = text_value(PR_SERVER, "mail.example"), *found = NULL;
    ULONG count = 0;
    IMAPITable *table = NULL;
    SRowSet *rows = NULL;
    MUST(HrSetOneProp(section, &server) == S_OK);
    MUST(CALL(section, GetProps, TAGS(PR_SERVER), 0, &count, &found) == S_OK);
    MUST(strcmp(found->Value.lpszA, "mail.example") == 0);
    MUST(MAPIFreeBuffer(found) == S_OK);
    MUST(HrGetOneProp(section, PR_SERVER, &found) == S_OK);
    MUST(MAPIFreeBuffer(found) == S_OK);
    MUST(HrGetOneProp(section, PR_ABSENT, &found) == MAPI_E_NOT_FOUND && !found);
    MUST(FPropExists(section, PR_SERVER) && !FPropExists(section, PR_ABSENT));
    MUST(CALL(admin, GetProviderTable, 0, &table) == S_OK);
    MUST(HrQueryAllRows(table, NULL, NULL, NULL, 0, &rows) == S_OK);
    MUST(rows->cRows == 3);
    FreeProws(rows);
    RELEASE(table);
    return S_OK;
}

#ifdef _WIN32
/* The names that mapi32.dll has on every bitness: MAPIStubLibrary asks for them, and so do delayed imports. */
static HRESULT asks_by_name(IProfSect *section)
{
    void *mapi = GetModuleHandleA("mapi32.dll");
    HRESULT (MAPI_CALL *get)(IProfSect *, ULONG, SPropValue **) = (void *)GetProcAddress(mapi, "HrGetOneProp@12");
    ULONG (MAPI_CALL *release)(void *) = (void *)GetProcAddress(mapi, "MAPIFreeBuffer");
    SPropValue *found = NULL;
    MUST(get && release);
    MUST(get(section, PR_SERVER, &found) == S_OK && release(found) == S_OK);
    MUST(get(section, PR_ABSENT, &found) == MAPI_E_NOT_FOUND);
    MUST(GetProcAddress(mapi, "NoSuchFunction") == NULL);
    return S_OK;
}
#endif

ENTRY
{
    UNUSED_ARGUMENTS;
    IProfSect *section;
    HRESULT result = S_OK;
    if (context == MSG_SERVICE_CONFIGURE) {
        MAPIERROR *block = NULL;
        char *text = NULL;
        MUST(MAPIAllocateBuffer(sizeof *block, (void **)&block) == S_OK);
        MUST(MAPIAllocateMore(40 * sizeof(WCHAR), block, (void **)&text) == S_OK);
        wcscpy((WCHAR *)text, L"The server is not reachable");
        *block = (MAPIERROR){MAPI_ERROR_VERSION, text, NULL, 0, 0};
        *error = block;
        return MAPI_E_EXTENDED_ERROR;
    }
    if (context != MSG_SERVICE_CREATE)
        return S_OK;
    MUST(own_section(admin, &section) == S_OK);
    result = uses_all(section, admin);
#ifdef _WIN32
    if (SUCCEEDED(result))
        result = asks_by_name(section);
#endif
    if (SUCCEEDED(result))
        set(section, text_value(PR_FOUND, "all well"));
    RELEASE(section);
    return result;
}
