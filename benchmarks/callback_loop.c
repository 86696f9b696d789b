/* Calls one method of an object that Python has made, as often as it is told, and does nothing else. */
#include "../tests/native/mapi_abi.h"

unsigned call_back(void *object, unsigned times)
{
    IProviderAdmin *admin = object;
    for (unsigned i = 0; i < times; i++)
        admin->lpVtbl->AddRef(admin);
    return times;
}

/* The same loop over a plain function pointer: what ctypes itself costs. */
unsigned call_plain(unsigned (*function)(void *), unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        function((void *)0);
    return times;
}
