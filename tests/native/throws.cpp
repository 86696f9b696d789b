// A service in C++ that lets an exception out of its entry point, over the head of a caller who knows no exceptions.
#include "mapi_abi.h"

#include <stdexcept>

extern "C" MAPI_EXPORT SERVICE_ENTRY(ServiceEntry)
{
    (void)instance, (void)memory, (void)ui, (void)flags, (void)context, (void)count, (void)given, (void)error;
    MAPIUID uid;
    IProfSect *section = nullptr;
    if (SUCCEEDED(CALL(support, NewUID, &uid)) &&
        SUCCEEDED(CALL(admin, OpenProfileSection, &uid, nullptr, MAPI_MODIFY, &section)))
        RELEASE(section);
    throw std::runtime_error("nobody catches this");
}
