/* What the guests of this folder have in common: short words for property values, tag arrays and sections. */
#ifndef SERVICE_H
#define SERVICE_H

#include "mapi_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY MAPI_EXPORT SERVICE_ENTRY(ServiceEntry)
#define UNUSED_ARGUMENTS                                                                                             \
    (void)instance, (void)memory, (void)support, (void)ui, (void)flags, (void)context, (void)count, (void)given,     \
        (void)admin, (void)error

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
/* TAGS(PR_A, PR_B): an SPropTagArray that lives as long as the block it stands in. */
#define TAGS(...)                                                                                                    \
    ((const SPropTagArray *)&(const struct {                                                                         \
        ULONG count, tags[COUNT_OF(((ULONG[]){__VA_ARGS__}))];                                                       \
    }){COUNT_OF(((ULONG[]){__VA_ARGS__})), {__VA_ARGS__}})

static const GUID IID_IUnknown = MAPI_IID(IID_NUMBER_UNKNOWN);
static const GUID IID_IMAPIProp = MAPI_IID(IID_NUMBER_PROP);
static const GUID IID_IProfSect = MAPI_IID(IID_NUMBER_PROFSECT);

typedef struct {
    ALLOCATEBUFFER allocate;
    ALLOCATEMORE more;
    FREEBUFFER release;
} Allocators;

static inline HRESULT allocators(IMAPISupport *support, Allocators *found)
{
    return CALL(support, GetMemAllocRoutines, &found->allocate, &found->more, &found->release);
}

static inline SPropValue long_value(ULONG tag, LONG number)
{
    return (SPropValue){.ulPropTag = tag, .Value.l = number};
}

static inline SPropValue boolean_value(ULONG tag, int truth)
{
    return (SPropValue){.ulPropTag = tag, .Value.b = truth != 0};
}

static inline SPropValue text_value(ULONG tag, const char *text)
{
    return (SPropValue){.ulPropTag = tag, .Value.lpszA = (char *)text};
}

static inline SPropValue binary_value(ULONG tag, const void *bytes, ULONG size)
{
    return (SPropValue){.ulPropTag = tag, .Value.bin = {size, (uint8_t *)bytes}};
}

/* The section of the service that is called: no uid says so. */
static inline HRESULT own_section(IProviderAdmin *admin, IProfSect **section)
{
    return CALL(admin, OpenProfileSection, NULL, NULL, MAPI_MODIFY, section);
}

static inline HRESULT set(IProfSect *section, SPropValue value)
{
    return CALL(section, SetProps, 1, &value, NULL);
}

/* Leave one property in the service's own section, where a test reads it. */
static inline HRESULT leave(IProviderAdmin *admin, SPropValue value)
{
    IProfSect *section;
    HRESULT result = own_section(admin, &section);
    if (FAILED(result))
        return result;
    result = set(section, value);
    RELEASE(section);
    return result;
}

#endif
