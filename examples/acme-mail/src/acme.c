/*
 * acme32.dll: the message service of Acme Mail, an example for people who write one.
 *
 * It holds one message service entry point and one provider entry point for each of its three providers, which MAPI
 * finds by name. It has no C library, so that it is small and can be built again to the same bytes.
 *
 * The providers answer MAPI_E_NO_SUPPORT: this is an example of how a service is installed and configured, and no
 * mail system.
 */
#include <windows.h>
#include <mapidefs.h>
#include <mapicode.h>
#include <mapitags.h>
#include <mapispi.h>
#include <mapix.h>

/* What the service keeps in its profile section; the INF and acme_service.py speak of the same tags. */
#define PR_ACME_SERVER PROP_TAG(PT_STRING8, 0x6600)
#define PR_ACME_PORT   PROP_TAG(PT_LONG, 0x6601)
#define PR_ACME_USER   PROP_TAG(PT_STRING8, 0x6602)

#define ACME_COMPONENT "ACME"
#define ACME_SERVER_IS_NO_HOST 1001
#define ACME_PORT_IS_OUT_OF_RANGE 1002

enum { SERVER, PORT, USER, COUNT };
static const SizedSPropTagArray(COUNT, wanted) = {COUNT, {PR_ACME_SERVER, PR_ACME_PORT, PR_ACME_USER}};

static ULONG size_of(const char *text)
{
    ULONG size = 1;
    while (*text++)
        size++;
    return size;
}

static BOOL is_host(const char *text)
{
    BOOL ends_in_letter = FALSE;
    for (; *text; text++) {
        BOOL letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9');
        if (!letter && !((*text == '.' || *text == '-') && ends_in_letter))
            return FALSE;
        ends_in_letter = letter;
    }
    return ends_in_letter;
}

/* A MAPIERROR is one buffer with its strings chained to it, so that the caller frees all of it with one call. */
static HRESULT fail(LPMAPISUP support, LPMAPIERROR *error, const char *text, ULONG code)
{
    LPALLOCATEBUFFER allocate;
    LPALLOCATEMORE more;
    LPFREEBUFFER release;
    LPMAPIERROR block;
    char *copy;
    ULONG size = size_of(text);
    ULONG both = size + sizeof ACME_COMPONENT;

    if (!error || FAILED(support->lpVtbl->GetMemAllocRoutines(support, &allocate, &more, &release)))
        return MAPI_E_UNCONFIGURED;
    if (FAILED(allocate(sizeof *block, (LPVOID *)&block)))
        return MAPI_E_NOT_ENOUGH_MEMORY;
    if (FAILED(more(both, block, (LPVOID *)&copy))) {
        release(block);
        return MAPI_E_NOT_ENOUGH_MEMORY;
    }
    for (ULONG i = 0; i < both; i++)
        copy[i] = i < size ? text[i] : ACME_COMPONENT[i - size];
    block->ulVersion = MAPI_ERROR_VERSION;
    block->lpszError = (LPTSTR)copy;
    block->lpszComponent = (LPTSTR)(copy + size);
    block->ulLowLevelError = code;
    block->ulContext = 0;
    *error = block;
    return MAPI_E_EXTENDED_ERROR;
}

/* Put what was given into the service's own section, then see whether the service can work with what is there. */
static HRESULT configure(LPMAPISUP support, LPPROVIDERADMIN admin, ULONG count, LPSPropValue given, LPMAPIERROR *error)
{
    LPPROFSECT section = NULL;
    LPSPropValue found = NULL;
    LPALLOCATEBUFFER allocate;
    LPALLOCATEMORE more;
    LPFREEBUFFER release;
    ULONG found_count = 0;
    HRESULT result = support->lpVtbl->GetMemAllocRoutines(support, &allocate, &more, &release);

    if (FAILED(result))
        return result;
    /* No uid: the section of the service that is being called. */
    result = admin->lpVtbl->OpenProfileSection(admin, NULL, NULL, MAPI_MODIFY, &section);
    if (FAILED(result))
        return result;
    if (count)
        result = section->lpVtbl->SetProps(section, count, given, NULL);
    if (SUCCEEDED(result))
        result = section->lpVtbl->GetProps(section, (LPSPropTagArray)&wanted, 0, &found_count, &found);
    if (SUCCEEDED(result)) {
        if (found[SERVER].ulPropTag != PR_ACME_SERVER || found[USER].ulPropTag != PR_ACME_USER)
            result = MAPI_E_UNCONFIGURED;
        else if (!is_host(found[SERVER].Value.lpszA))
            result = fail(support, error, "The server is not the name of a host.", ACME_SERVER_IS_NO_HOST);
        else if (found[PORT].ulPropTag != PR_ACME_PORT || found[PORT].Value.l < 1 || found[PORT].Value.l > 65535)
            result = fail(support, error, "The port is not between 1 and 65535.", ACME_PORT_IS_OUT_OF_RANGE);
        else
            result = section->lpVtbl->SaveChanges(section, 0);
        release(found);
    }
    section->lpVtbl->Release(section);
    return result;
}

/* The message service entry point. Its name stands in MAPISVC.INF, undecorated: see acme.def. */
HRESULT WINAPI ServiceEntry(HINSTANCE instance, LPMALLOC memory, LPMAPISUP support, ULONG window, ULONG flags,
                            ULONG context, ULONG count, LPSPropValue given, LPPROVIDERADMIN admin, LPMAPIERROR *error)
{
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
        return configure(support, admin, 0, NULL, error);
    case MSG_SERVICE_CONFIGURE:
        return configure(support, admin, count, given, error);
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

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance, (void)reason, (void)reserved;
    return TRUE;
}
