/*
 * A service that keeps a section of its own making, and adds it to PR_SERVICE_EXTRA_UIDS as the documents ask.
 *
 * CREATE makes the section and leaves its uid as 66800102. It also leaves what it was answered when it opened
 *   66810003  a section that nobody made, to read
 *   66820003  its own, with a flag that nobody knows
 *   66830003  another service's, to read, and 66840003 to write; the uid was given as 66F10102 or is all 0x99
 */
#include "service.h"

static HRESULT open_and_close(IProviderAdmin *admin, const MAPIUID *uid, ULONG flags)
{
    IProfSect *section = (IProfSect *)admin; /* which a failing call must set to NULL */
    HRESULT result = CALL(admin, OpenProfileSection, uid, NULL, flags, &section);
    if (SUCCEEDED(result))
        RELEASE(section);
    else if (section)
        return S_OK;
    return result;
}

static HRESULT list_extra(const Allocators *buffers, IProfSect *own, const MAPIUID *made)
{
    SPropValue *found;
    ULONG count, size = 0;
    uint8_t uids[64 * sizeof *made];
    HRESULT result = CALL(own, GetProps, TAGS(PR_SERVICE_EXTRA_UIDS), 0, &count, &found);
    if (FAILED(result))
        return result;
    if (found->ulPropTag == PR_SERVICE_EXTRA_UIDS && found->Value.bin.cb <= sizeof uids - sizeof *made)
        memcpy(uids, found->Value.bin.lpb, size = found->Value.bin.cb);
    buffers->release(found);
    memcpy(uids + size, made, sizeof *made);
    return set(own, binary_value(PR_SERVICE_EXTRA_UIDS, uids, size + sizeof *made));
}

ENTRY
{
    Allocators buffers;
    IProfSect *own, *section;
    MAPIUID made, other;
    HRESULT result;
    UNUSED_ARGUMENTS;
    if (context != MSG_SERVICE_CREATE && context != MSG_SERVICE_CONFIGURE)
        return S_OK;
    if (FAILED(result = allocators(support, &buffers)) || FAILED(result = own_section(admin, &own)))
        return result;

    CALL(support, NewUID, &made);
    set(own, long_value(PROP_TAG(PT_LONG, 0x6681), open_and_close(admin, &made, 0)));
    set(own, long_value(PROP_TAG(PT_LONG, 0x6682), open_and_close(admin, NULL, 0x00400000)));
    memset(&other, 0x99, sizeof other);
    if (count && given->ulPropTag == PROP_TAG(PT_BINARY, 0x66F1) && given->Value.bin.cb == sizeof other)
        memcpy(&other, given->Value.bin.lpb, sizeof other);
    set(own, long_value(PROP_TAG(PT_LONG, 0x6683), open_and_close(admin, &other, 0)));
    set(own, long_value(PROP_TAG(PT_LONG, 0x6684), open_and_close(admin, &other, MAPI_MODIFY)));

    result = CALL(admin, OpenProfileSection, &made, &IID_IProfSect, MAPI_MODIFY, &section);
    if (SUCCEEDED(result)) {
        set(section, text_value(PROP_TAG(PT_STRING8, 0x6690), "an account"));
        RELEASE(section);
        set(own, binary_value(PROP_TAG(PT_BINARY, 0x6680), &made, sizeof made));
        result = list_extra(&buffers, own, &made);
    }
    RELEASE(own);
    return result;
}
