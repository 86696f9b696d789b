/*
 * The few declarations of MAPI that acme.c needs, for a compiler that comes without the headers of Windows.
 *
 * The names are those of the SDK, so that the same source compiles with either. What acme.c does not call has its
 * place in the tables of methods and no more: their order is the contract, and a place left out shifts all that follow.
 */
#ifndef MAPI_MIN_H
#define MAPI_MIN_H

#include <stddef.h>
#include <stdint.h>

/* These are 32 bits wide everywhere; a Linux `long` is not. */
typedef int32_t HRESULT, SCODE, LONG, BOOL;
typedef uint32_t ULONG;
typedef uintptr_t ULONG_PTR;
typedef char *LPSTR;
typedef void *LPVOID, *HINSTANCE, *LPMALLOC;
typedef LPVOID LPMSPROVIDER, LPABPROVIDER, LPXPPROVIDER;

#define WINAPI
#define __cdecl
#define FALSE 0
#define TRUE 1

#define S_OK ((HRESULT)0)
#define MAPI_E_NOT_ENOUGH_MEMORY ((HRESULT)0x8007000Eu)
#define MAPI_E_NO_SUPPORT ((HRESULT)0x80040102u)
#define MAPI_E_BAD_CHARWIDTH ((HRESULT)0x80040103u)
#define MAPI_E_VERSION ((HRESULT)0x80040110u)
#define MAPI_E_EXTENDED_ERROR ((HRESULT)0x80040119u)
#define MAPI_E_UNCONFIGURED ((HRESULT)0x8004011Cu)
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#define FAILED(result) ((HRESULT)(result) < 0)

#define MSG_SERVICE_INSTALL 1
#define MSG_SERVICE_CREATE 2
#define MSG_SERVICE_CONFIGURE 3
#define MSG_SERVICE_DELETE 4
#define MSG_SERVICE_UNINSTALL 5

#define MAPI_UNICODE 0x80000000u
#define MAPI_MODIFY 1u
#define MAPI_ERROR_VERSION 0
#define CURRENT_SPI_VERSION 0x00010010u
#define MAPI_STORE_PROVIDER 33
#define MAPI_AB_PROVIDER 35
#define MAPI_TRANSPORT_PROVIDER 36

#define PT_LONG 0x0003u
#define PT_STRING8 0x001Eu
#define PROP_TAG(type, id) ((ULONG)(id) << 16 | (ULONG)(type))
#define PR_DISPLAY_NAME_A 0x3001001Eu
#define PR_PROVIDER_UID 0x300C0102u
#define PR_RESOURCE_TYPE 0x3E030003u

typedef struct {
    uint8_t ab[16];
} MAPIUID, *LPMAPIUID;

typedef struct {
    ULONG ulPropTag, dwAlignPad;
    union {
        LONG l;
        LPSTR lpszA;
        struct {
            ULONG cb;
            uint8_t *lpb;
        } bin;
        int64_t li;
    } Value;
} SPropValue, *LPSPropValue;

typedef struct {
    ULONG cValues, aulPropTag[1];
} SPropTagArray, *LPSPropTagArray;

#define SizedSPropTagArray(count, name)                                                                              \
    struct {                                                                                                         \
        ULONG cValues, aulPropTag[count];                                                                            \
    } name

typedef struct {
    ULONG ulAdrEntryPad, cValues;
    LPSPropValue lpProps;
} SRow;

typedef struct {
    ULONG cRows;
    SRow aRow[1];
} SRowSet, *LPSRowSet;

typedef struct {
    ULONG ulVersion;
    LPSTR lpszError, lpszComponent;
    ULONG ulLowLevelError, ulContext;
} MAPIERROR, *LPMAPIERROR;

typedef SCODE (*LPALLOCATEBUFFER)(ULONG size, LPVOID *made);
typedef SCODE (*LPALLOCATEMORE)(ULONG size, LPVOID base, LPVOID *made);
typedef ULONG (*LPFREEBUFFER)(LPVOID buffer);

typedef struct IProfSect IProfSect, *LPPROFSECT;
typedef struct IMAPITable IMAPITable, *LPMAPITABLE;
typedef struct IProviderAdmin IProviderAdmin, *LPPROVIDERADMIN;
typedef struct IMAPISup IMAPISup, *LPMAPISUP;

struct IProfSect {
    const struct {
        void *QueryInterface, *AddRef;
        ULONG (*Release)(LPPROFSECT);
        void *GetLastError;
        HRESULT (*SaveChanges)(LPPROFSECT, ULONG flags);
        HRESULT (*GetProps)(LPPROFSECT, LPSPropTagArray, ULONG flags, ULONG *count, LPSPropValue *);
        void *GetPropList, *OpenProperty;
        HRESULT (*SetProps)(LPPROFSECT, ULONG count, LPSPropValue, LPVOID *problems);
    } *lpVtbl;
};

struct IMAPITable {
    const struct {
        void *QueryInterface, *AddRef;
        ULONG (*Release)(LPMAPITABLE);
        void *GetLastError, *Advise, *Unadvise, *GetStatus;
        HRESULT (*SetColumns)(LPMAPITABLE, LPSPropTagArray, ULONG flags);
        void *QueryColumns, *GetRowCount, *SeekRow, *SeekRowApprox, *QueryPosition, *FindRow, *Restrict;
        void *CreateBookmark, *FreeBookmark, *SortTable, *QuerySortOrder;
        HRESULT (*QueryRows)(LPMAPITABLE, LONG count, ULONG flags, LPSRowSet *);
    } *lpVtbl;
};

struct IProviderAdmin {
    const struct {
        void *QueryInterface, *AddRef, *Release, *GetLastError;
        HRESULT (*GetProviderTable)(LPPROVIDERADMIN, ULONG flags, LPMAPITABLE *);
        void *CreateProvider, *DeleteProvider;
        HRESULT (*OpenProfileSection)(LPPROVIDERADMIN, LPMAPIUID, const void *interface, ULONG flags, LPPROFSECT *);
    } *lpVtbl;
};

struct IMAPISup {
    const struct {
        void *QueryInterface, *AddRef, *Release, *GetLastError;
        HRESULT (*GetMemAllocRoutines)(LPMAPISUP, LPALLOCATEBUFFER *, LPALLOCATEMORE *, LPFREEBUFFER *);
    } *lpVtbl;
};

_Static_assert(sizeof(SPropValue) == (sizeof(void *) == 8 ? 24 : 16), "SPropValue");
_Static_assert(offsetof(SRowSet, aRow) == sizeof(void *), "SRowSet");
_Static_assert(sizeof(MAPIERROR) == (sizeof(void *) == 8 ? 32 : 20), "MAPIERROR");

#endif
