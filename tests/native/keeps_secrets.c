/*
 * A service with a password, which is 67F0001E: in the secure range, where no list shows it.
 *
 * CONFIGURE stores what it is given. Each call leaves 6680000B: whether there is a password now, and 6681000B: whether
 * a list of all properties has shown it; and prints it, as careless services do.
 */
#include "service.h"

#define PR_PASSWORD PROP_TAG(PT_STRING8, 0x67F0)

ENTRY
{
    Allocators buffers;
    IProfSect *own;
    SPropTagArray *list;
    SPropValue *found;
    ULONG ignored;
    int there = 0, shown = 0;
    HRESULT result;
    UNUSED_ARGUMENTS;
    if (context != MSG_SERVICE_CREATE && context != MSG_SERVICE_CONFIGURE)
        return S_OK;
    if (FAILED(result = allocators(support, &buffers)) || FAILED(result = own_section(admin, &own)))
        return result;
    if (count)
        result = CALL(own, SetProps, count, given, NULL);
    if (SUCCEEDED(result) && SUCCEEDED(result = CALL(own, GetProps, TAGS(PR_PASSWORD), 0, &ignored, &found))) {
        if ((there = found->ulPropTag == PR_PASSWORD)) {
            printf("the password is %s\n", found->Value.lpszA);
            fprintf(stderr, "the password is %s\n", found->Value.lpszA);
            fflush(stdout);
        }
        buffers.release(found);
    }
    if (SUCCEEDED(result) && SUCCEEDED(result = CALL(own, GetPropList, 0, &list))) {
        for (ULONG i = 0; i < list->cValues; i++)
            shown |= PROP_ID(list->aulPropTag[i]) == PROP_ID(PR_PASSWORD);
        buffers.release(list);
    }
    set(own, boolean_value(PROP_TAG(PT_BOOLEAN, 0x6680), there));
    set(own, boolean_value(PROP_TAG(PT_BOOLEAN, 0x6681), shown));
    RELEASE(own);
    return result;
}
