/*
 * The message service of Acme Mail, an example for people who write one: acme32.dll, and acme.so on Linux.
 *
 * It holds one message service entry point and one provider entry point for each of its three providers, which MAPI
 * finds by name. It has no C library, so that it is small and can be built again to the same bytes.
 *
 * The providers answer MAPI_E_NO_SUPPORT: this is an example of how a service is installed and configured, and no
 * mail system.
 */
#ifdef _WIN32
#include <windows.h>
#include <mapidefs.h>
#include <mapicode.h>
#include <mapitags.h>
#include <mapispi.h>
#include <mapix.h>
#else
#include "mapi_min.h"
#endif

/* What the service keeps in its profile section; the INF and acme_service.py speak of the same tags. */
#define PR_ACME_SERVER PROP_TAG(PT_STRING8, 0x6600)
#define PR_ACME_PORT   PROP_TAG(PT_LONG, 0x6601)
#define PR_ACME_USER   PROP_TAG(PT_STRING8, 0x6602)
/* What it keeps in the section ACME_Settings, for Acme's other programs. */
#define PR_ACME_ACCOUNT_URL PROP_TAG(PT_STRING8, 0x6612)

#define ACME_COMPONENT "ACME"
#define ACME_SERVER_IS_NO_HOST 1001
#define ACME_PORT_IS_OUT_OF_RANGE 1002
#define ACME_USER_IS_NO_NAME 1003

#define LONGEST_HOST 253
#define LONGEST_USER 64

/* The UID of [ACME_Settings] in the INF. */
static MAPIUID settings = {
    {0x5E, 0x2D, 0x9A, 0x40, 0xB1, 0xC8, 0x4F, 0x6D, 0x8E, 0x77, 0x30, 0xA1, 0xD4, 0xF2, 0xC6, 0xB9}};

/* What one call of the entry point works with. */
typedef struct {
    LPPROVIDERADMIN admin;
    LPMAPIERROR *error;
    LPALLOCATEBUFFER allocate;
    LPALLOCATEMORE more;
    LPFREEBUFFER release;
} Call;

/* Texts. They have 8 bits: with MAPI_UNICODE the entry point answers MAPI_E_BAD_CHARWIDTH, and MAPI asks again. */

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Join texts, where there is a place for them; gives the bytes that they take. */
static ULONG join(char *to, const char *const *texts)
{
    ULONG size = 0;
    for (; *texts; texts++)
        for (const char *from = *texts; *from; from++, size++)
            if (to)
                to[size] = *from;
    if (to)
        to[size] = 0;
    return size + 1;
}

typedef char Decimal[12];

static const char *decimal(LONG number, Decimal text)
{
    ULONG rest = number < 0 ? 0 - (ULONG)number : (ULONG)number;
    char *at = text + sizeof(Decimal) - 1;
    *at = 0;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    return at;
}

static BOOL is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters and digits, with single dots and hyphens between them. */
static BOOL is_host(const char *text)
{
    BOOL may_end = FALSE;
    ULONG length = 0;
    for (; text[length]; length++) {
        BOOL letter = is_letter_or_digit(text[length]);
        if (!letter && !((text[length] == '.' || text[length] == '-') && may_end))
            return FALSE;
        may_end = letter;
    }
    return may_end && length <= LONGEST_HOST;
}

static BOOL is_user(const char *text)
{
    ULONG length = 0;
    for (; text[length]; length++)
        if (!is_letter_or_digit(text[length]) && text[length] != '.' && text[length] != '_' && text[length] != '-')
            return FALSE;
    return length >= 1 && length <= LONGEST_USER;
}

/* Say why the service cannot be configured so. A MAPIERROR is one buffer with its texts chained to it, so that the
   caller frees all of it with one call. */
static HRESULT refuse(const Call *call, ULONG code, const char *const *texts)
{
    const char *const *component = TEXTS(ACME_COMPONENT);
    LPMAPIERROR block;
    char *error, *name;

    if (!call->error)
        return MAPI_E_UNCONFIGURED;
    if (FAILED(call->allocate(sizeof *block, (LPVOID *)&block)))
        return MAPI_E_NOT_ENOUGH_MEMORY;
    if (FAILED(call->more(join(NULL, texts), block, (LPVOID *)&error)) ||
        FAILED(call->more(join(NULL, component), block, (LPVOID *)&name))) {
        call->release(block);
        return MAPI_E_NOT_ENOUGH_MEMORY;
    }
    join(error, texts);
    join(name, component);
    block->ulVersion = MAPI_ERROR_VERSION;
    block->lpszError = error;
    block->lpszComponent = name;
    block->ulLowLevelError = code;
    block->ulContext = 0;
    *call->error = block;
    return MAPI_E_EXTENDED_ERROR;
}

/* Put one text into the section with that uid. */
static HRESULT put_text(const Call *call, LPMAPIUID uid, ULONG tag, char *text)
{
    LPPROFSECT section;
    SPropValue value;
    HRESULT result = call->admin->lpVtbl->OpenProfileSection(call->admin, uid, NULL, MAPI_MODIFY, &section);

    if (FAILED(result))
        return result;
    value.ulPropTag = tag;
    value.Value.lpszA = text;
    result = section->lpVtbl->SetProps(section, 1, &value, NULL);
    if (SUCCEEDED(result))
        result = section->lpVtbl->SaveChanges(section, 0);
    section->lpVtbl->Release(section);
    return result;
}

enum { UID, TYPE, COLUMNS };
static SizedSPropTagArray(COLUMNS, columns) = {COLUMNS, {PR_PROVIDER_UID, PR_RESOURCE_TYPE}};

/* Name a provider after the account, by what it provides. A row without a type is an extra section. */
static HRESULT name_provider(const Call *call, LPSPropValue row, const char *server, const char *user)
{
    LONG type = row[TYPE].ulPropTag == PR_RESOURCE_TYPE ? row[TYPE].Value.l : 0;
    char name[sizeof "Acme Address Book ()" + LONGEST_HOST]; /* the longest of the three */

    if (type == MAPI_AB_PROVIDER)
        join(name, TEXTS("Acme Address Book (", server, ")"));
    else if (type == MAPI_STORE_PROVIDER)
        join(name, TEXTS("Acme Mailbox - ", user));
    else if (type == MAPI_TRANSPORT_PROVIDER)
        join(name, TEXTS("Acme Transport (", server, ")"));
    else
        return S_OK;
    return put_text(call, (LPMAPIUID)row[UID].Value.bin.lpb, PR_DISPLAY_NAME_A, name);
}

/* Each row is a buffer of its own, and so is the set of them. */
static HRESULT name_providers(const Call *call, const char *server, const char *user)
{
    LPMAPITABLE table;
    LPSRowSet rows;
    ULONG found;
    HRESULT result = call->admin->lpVtbl->GetProviderTable(call->admin, 0, &table);

    if (FAILED(result))
        return result;
    result = table->lpVtbl->SetColumns(table, (LPSPropTagArray)&columns, 0);
    do { /* QueryRows may give fewer rows than it was asked for, but none only at the end */
        found = 0;
        if (SUCCEEDED(result) && SUCCEEDED(result = table->lpVtbl->QueryRows(table, 16, 0, &rows))) {
            found = rows->cRows;
            for (ULONG i = 0; i < found; i++) {
                if (SUCCEEDED(result))
                    result = name_provider(call, rows->aRow[i].lpProps, server, user);
                call->release(rows->aRow[i].lpProps);
            }
            call->release(rows);
        }
    } while (found);
    table->lpVtbl->Release(table);
    return result;
}

/* See whether the service can work with what is in its section, and tell its providers and Acme's other programs. */
static HRESULT apply(const Call *call, const char *server, LONG port, const char *user)
{
    char url[sizeof "acme://@:65535/" + LONGEST_USER + LONGEST_HOST];
    Decimal digits;
    const char *number = decimal(port, digits);
    HRESULT result;

    if (!*server || !*user)
        return MAPI_E_UNCONFIGURED;
    if (!is_host(server))
        return refuse(call, ACME_SERVER_IS_NO_HOST, TEXTS("The server '", server, "' is not the name of a host."));
    if (port < 1 || port > 65535)
        return refuse(call, ACME_PORT_IS_OUT_OF_RANGE, TEXTS("The port ", number, " is not between 1 and 65535."));
    if (!is_user(user))
        return refuse(call, ACME_USER_IS_NO_NAME, TEXTS("The user '", user, "' is not the name of an account."));
    result = name_providers(call, server, user);
    if (FAILED(result))
        return result;
    join(url, TEXTS("acme://", user, "@", server, ":", number, "/"));
    return put_text(call, &settings, PR_ACME_ACCOUNT_URL, url);
}

enum { SERVER, PORT, USER, WANTED };
static SizedSPropTagArray(WANTED, wanted) = {WANTED, {PR_ACME_SERVER, PR_ACME_PORT, PR_ACME_USER}};

/* Put what was given into the service's own section, and work with what is there then. */
static HRESULT configure(const Call *call, ULONG count, LPSPropValue given)
{
    LPPROFSECT section;
    LPSPropValue found;
    ULONG found_count;
    /* No uid: the section of the service that is being called. */
    HRESULT result = call->admin->lpVtbl->OpenProfileSection(call->admin, NULL, NULL, MAPI_MODIFY, &section);

    if (FAILED(result))
        return result;
    if (count)
        result = section->lpVtbl->SetProps(section, count, given, NULL);
    if (SUCCEEDED(result))
        result = section->lpVtbl->SaveChanges(section, 0);
    /* What is not there comes as PT_ERROR, and the result is then a warning. */
    if (SUCCEEDED(result))
        result = section->lpVtbl->GetProps(section, (LPSPropTagArray)&wanted, 0, &found_count, &found);
    if (SUCCEEDED(result)) {
        result = apply(call, found[SERVER].ulPropTag == PR_ACME_SERVER ? found[SERVER].Value.lpszA : "",
                       found[PORT].ulPropTag == PR_ACME_PORT ? found[PORT].Value.l : 0,
                       found[USER].ulPropTag == PR_ACME_USER ? found[USER].Value.lpszA : "");
        call->release(found);
    }
    section->lpVtbl->Release(section);
    return result;
}

/* The message service entry point. Its name stands in MAPISVC.INF, undecorated: see acme.def. */
HRESULT WINAPI ServiceEntry(HINSTANCE instance, LPMALLOC memory, LPMAPISUP support, ULONG_PTR window, ULONG flags,
                            ULONG context, ULONG count, LPSPropValue given, LPPROVIDERADMIN admin, LPMAPIERROR *error)
{
    Call call;
    HRESULT result;
    (void)instance, (void)memory, (void)window;

    if (error)
        *error = NULL;
    if (flags & MAPI_UNICODE)
        return MAPI_E_BAD_CHARWIDTH;
    switch (context) {
    case MSG_SERVICE_INSTALL:
    case MSG_SERVICE_DELETE:
    case MSG_SERVICE_UNINSTALL:
        return S_OK;
    case MSG_SERVICE_CREATE:
    case MSG_SERVICE_CONFIGURE:
        call.admin = admin;
        call.error = error;
        result = support->lpVtbl->GetMemAllocRoutines(support, &call.allocate, &call.more, &call.release);
        return FAILED(result) ? result : configure(&call, count, given); /* with CREATE the count is 0 */
    default:
        return MAPI_E_NO_SUPPORT;
    }
}

/* What the three provider entry points have in common: the version that they speak, and that they hold no mail. */
static HRESULT provider(ULONG asked, ULONG *spoken)
{
    *spoken = CURRENT_SPI_VERSION;
    return asked < CURRENT_SPI_VERSION ? MAPI_E_VERSION : MAPI_E_NO_SUPPORT;
}

HRESULT __cdecl MSProviderInit(HINSTANCE instance, LPMALLOC memory, LPALLOCATEBUFFER allocate, LPALLOCATEMORE more,
                               LPFREEBUFFER release, ULONG flags, ULONG asked, ULONG *spoken, LPMSPROVIDER *made)
{
    (void)instance, (void)memory, (void)allocate, (void)more, (void)release, (void)flags;
    *made = NULL;
    return provider(asked, spoken);
}

HRESULT __cdecl ABProviderInit(HINSTANCE instance, LPMALLOC memory, LPALLOCATEBUFFER allocate, LPALLOCATEMORE more,
                               LPFREEBUFFER release, ULONG flags, ULONG asked, ULONG *spoken, LPABPROVIDER *made)
{
    (void)instance, (void)memory, (void)allocate, (void)more, (void)release, (void)flags;
    *made = NULL;
    return provider(asked, spoken);
}

HRESULT __cdecl XPProviderInit(HINSTANCE instance, LPMALLOC memory, LPALLOCATEBUFFER allocate, LPALLOCATEMORE more,
                               LPFREEBUFFER release, ULONG flags, ULONG asked, ULONG *spoken, LPXPPROVIDER *made)
{
    (void)instance, (void)memory, (void)allocate, (void)more, (void)release, (void)flags;
    *made = NULL;
    return provider(asked, spoken);
}

#ifdef _WIN32
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance, (void)reason, (void)reserved;
    return TRUE;
}
#endif
