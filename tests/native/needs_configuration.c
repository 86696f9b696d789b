/*
 * A service that cannot work before it was told a server and a port; it speaks 8-bit texts only.
 *
 * CREATE without them is MAPI_E_UNCONFIGURED; what is wrong with them is said in a MAPIERROR, in one buffer.
 */
#include "service.h"

#define PR_SERVER PROP_TAG(PT_STRING8, 0x6600)
#define PR_PORT PROP_TAG(PT_LONG, 0x6601)

/* One buffer with its texts chained to it: the caller frees all with one call. */
static HRESULT refuse(IMAPISupport *support, MAPIERROR **error, const char *why)
{
    Allocators buffers;
    MAPIERROR *block;
    char *text, *component;
    if (!error || FAILED(allocators(support, &buffers)))
        return MAPI_E_UNCONFIGURED;
    if (FAILED(buffers.allocate(sizeof *block, (void **)&block)))
        return MAPI_E_NOT_ENOUGH_MEMORY;
    if (FAILED(buffers.more((ULONG)strlen(why) + 1, block, (void **)&text)) ||
        FAILED(buffers.more(sizeof "TESTSVC", block, (void **)&component))) {
        buffers.release(block);
        return MAPI_E_NOT_ENOUGH_MEMORY;
    }
    strcpy(text, why), strcpy(component, "TESTSVC");
    *block = (MAPIERROR){MAPI_ERROR_VERSION, text, component, 1234, 0xACE};
    *error = block;
    return MAPI_E_EXTENDED_ERROR;
}

static HRESULT configure(IMAPISupport *support, ULONG context, ULONG count, SPropValue *given, IProviderAdmin *admin,
                         MAPIERROR **error)
{
    Allocators buffers;
    IProfSect *section;
    SPropValue *found;
    HRESULT result = allocators(support, &buffers);
    if (FAILED(result) || FAILED(result = own_section(admin, &section)))
        return result;
    if (count)
        result = CALL(section, SetProps, count, given, NULL);
    if (SUCCEEDED(result) && SUCCEEDED(result = CALL(section, GetProps, TAGS(PR_SERVER, PR_PORT), 0, &count, &found))) {
        int server = found[0].ulPropTag == PR_SERVER && found[0].Value.lpszA[0];
        int port = found[1].ulPropTag == PR_PORT && found[1].Value.l >= 1 && found[1].Value.l <= 65535;
        buffers.release(found);
        if (server && port)
            result = CALL(section, SaveChanges, 0);
        else if (context == MSG_SERVICE_CREATE)
            result = MAPI_E_UNCONFIGURED;
        else
            result = refuse(support, error, server ? "port out of range" : "server name missing");
    }
    RELEASE(section);
    return result;
}

ENTRY
{
    UNUSED_ARGUMENTS;
    if (error)
        *error = NULL;
    if (flags & MAPI_UNICODE)
        return MAPI_E_BAD_CHARWIDTH;
    if (context == MSG_SERVICE_CREATE || context == MSG_SERVICE_CONFIGURE)
        return configure(support, context, count, given, admin, error);
    return context <= MSG_SERVICE_UNINSTALL ? S_OK : MAPI_E_NO_SUPPORT;
}
