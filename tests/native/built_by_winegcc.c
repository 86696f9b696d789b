/* A library as winegcc makes them: its functions take their arguments as Windows has them, and a symbol tells. */
#include "mapi_abi.h"

MAPI_EXPORT const int __wine_spec_exports = 0;

__attribute__((ms_abi)) MAPI_EXPORT HRESULT ServiceEntry(void *instance, IMalloc *memory, IMAPISupport *support)
{
    (void)instance, (void)memory, (void)support;
    return S_OK;
}
