/* A libmapi.so with a heap of its own: as mapi4linux has it, something lies in front of each buffer. */
#include "mapi_abi.h"

#include <stdlib.h>

#define IN_FRONT 48

MAPI_EXPORT SCODE MAPIAllocateBuffer(ULONG size, void **buffer)
{
    char *made = malloc(IN_FRONT + size);
    *buffer = made ? made + IN_FRONT : NULL;
    return made ? S_OK : MAPI_E_NOT_ENOUGH_MEMORY;
}
MAPI_EXPORT ULONG MAPIFreeBuffer(void *buffer)
{
    if (buffer)
        free((char *)buffer - IN_FRONT);
    return S_OK;
}
/* What allocates nothing is nobody's but its own. */
MAPI_EXPORT int ofs_version(void) { return 7; }
