/* A service whose user thinks better of it, when it is added and when it is removed from the computer. */
#include "service.h"

ENTRY
{
    UNUSED_ARGUMENTS;
    if (context == MSG_SERVICE_CREATE)
        leave(admin, long_value(PROP_TAG(PT_LONG, 0x66A0), 1)); /* which must not stay */
    return context == MSG_SERVICE_CREATE || context == MSG_SERVICE_UNINSTALL ? MAPI_E_USER_CANCEL : S_OK;
}
