/*
 * What a message service and its caller agree upon in memory: tags, structures, vtables and the entry point.
 *
 * Written from the documents' tables of methods, argument shapes, layouts and constants; it needs no other MAPI header.
 * C11 and C++17; stdcall for 32-bit Windows, elsewhere the platform's one convention. Every layout is asserted below.
 */
#ifndef MAPI_ABI_H
#define MAPI_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#ifdef _WIN32
#define MAPI_CALL __stdcall
#define MAPI_EXPORT __declspec(dllexport)
#else
#define MAPI_CALL
#define MAPI_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers. A ULONG has 32 bits everywhere: never `unsigned long`, which has 64 on Linux. */
typedef int32_t HRESULT, SCODE, LONG;
typedef uint32_t ULONG, BOOKMARK;
typedef uintptr_t ULONG_PTR;
typedef wchar_t WCHAR; /* 2 bytes on Windows, 4 on Linux */

/* Results. */
#define MAPI_RESULT(number) ((HRESULT)(number))
#define S_OK MAPI_RESULT(0)
#define MAPI_W_ERRORS_RETURNED MAPI_RESULT(0x00040380)
#define MAPI_E_CALL_FAILED MAPI_RESULT(0x80004005u)
#define MAPI_E_INTERFACE_NOT_SUPPORTED MAPI_RESULT(0x80004002u)
#define MAPI_E_NO_ACCESS MAPI_RESULT(0x80070005u)
#define MAPI_E_NOT_ENOUGH_MEMORY MAPI_RESULT(0x8007000Eu)
#define MAPI_E_INVALID_PARAMETER MAPI_RESULT(0x80070057u)
#define MAPI_E_NO_SUPPORT MAPI_RESULT(0x80040102u)
#define MAPI_E_BAD_CHARWIDTH MAPI_RESULT(0x80040103u)
#define MAPI_E_UNKNOWN_FLAGS MAPI_RESULT(0x80040106u)
#define MAPI_E_NOT_FOUND MAPI_RESULT(0x8004010Fu)
#define MAPI_E_USER_CANCEL MAPI_RESULT(0x80040113u)
#define MAPI_E_EXTENDED_ERROR MAPI_RESULT(0x80040119u)
#define MAPI_E_COMPUTED MAPI_RESULT(0x8004011Au)
#define MAPI_E_UNCONFIGURED MAPI_RESULT(0x8004011Cu)
#define FAILED(result) ((HRESULT)(result) < 0)
#define SUCCEEDED(result) (!FAILED(result))

/* Contexts and flags of the entry point. */
enum {
    MSG_SERVICE_INSTALL = 1,
    MSG_SERVICE_CREATE,
    MSG_SERVICE_CONFIGURE,
    MSG_SERVICE_DELETE,
    MSG_SERVICE_UNINSTALL,
    MSG_SERVICE_PROVIDER_CREATE,
    MSG_SERVICE_PROVIDER_DELETE
};
#define MAPI_UNICODE 0x80000000u
#define SERVICE_UI_ALWAYS 0x02u
#define MSG_SERVICE_UI_READ_ONLY 0x08u
#define SERVICE_UI_ALLOWED 0x10u

/* Flags of calls. */
#define MAPI_MODIFY 0x00000001u
#define MAPI_DEFERRED_ERRORS 0x00000008u
#define MAPI_BEST_ACCESS 0x00000010u
#define MAPI_FORCE_ACCESS 0x00080000u
#define MAPI_ERROR_VERSION 0u

/* Property types and tags. */
#define PT_UNSPECIFIED 0x0000u
#define PT_NULL 0x0001u
#define PT_I2 0x0002u
#define PT_LONG 0x0003u
#define PT_R4 0x0004u
#define PT_DOUBLE 0x0005u
#define PT_CURRENCY 0x0006u
#define PT_APPTIME 0x0007u
#define PT_ERROR 0x000Au
#define PT_BOOLEAN 0x000Bu
#define PT_OBJECT 0x000Du
#define PT_I8 0x0014u
#define PT_STRING8 0x001Eu
#define PT_UNICODE 0x001Fu
#define PT_SYSTIME 0x0040u
#define PT_CLSID 0x0048u
#define PT_BINARY 0x0102u
#define PT_MV_LONG 0x1003u
#define PT_MV_STRING8 0x101Eu
#define PT_MV_UNICODE 0x101Fu
#define PT_MV_BINARY 0x1102u
#define PROP_TAG(type, id) (((ULONG)(id) << 16) | (ULONG)(type))
#define PROP_TYPE(tag) ((ULONG)(tag) & 0xFFFFu)
#define PROP_ID(tag) ((ULONG)(tag) >> 16)
#define PR_NULL 1u
#define PR_OBJECT_TYPE 0x0FFE0003u
#define PR_INSTANCE_KEY 0x0FF60102u
#define PR_DISPLAY_NAME_A 0x3001001Eu
#define PR_DISPLAY_NAME_W 0x3001001Fu
#define PR_PROVIDER_UID 0x300C0102u
#define PR_PROVIDER_ORDINAL 0x300D0003u
#define PR_SERVICE_NAME_A 0x3D09001Eu
#define PR_SERVICE_UID 0x3D0C0102u
#define PR_SERVICE_EXTRA_UIDS 0x3D0D0102u
#define PR_PROFILE_NAME_A 0x3D12001Eu
#define PR_RESOURCE_TYPE 0x3E030003u
#define MAPI_PROFSECT 9

/* Structures. */
typedef struct {
    uint8_t ab[16];
} MAPIUID;

typedef struct {
    uint32_t Data1;
    uint16_t Data2, Data3;
    uint8_t Data4[8];
} GUID;

typedef struct {
    ULONG cb;
    uint8_t *lpb;
} SBinary;

typedef struct {
    ULONG cValues;
    void *values;
} SArray; /* of whichever type the tag names */

typedef union {
    int16_t i;
    int32_t l;
    uint32_t ul;
    uint16_t b;
    float flt;
    double dbl;
    int64_t li;
    char *lpszA;
    WCHAR *lpszW;
    SBinary bin;
    GUID *lpguid;
    SArray mv;
    SCODE err;
    void *object;
} SPropUnion;

typedef struct {
    ULONG ulPropTag, dwAlignPad;
    SPropUnion Value;
} SPropValue;

typedef struct {
    ULONG cValues, aulPropTag[1];
} SPropTagArray;

typedef struct {
    ULONG ulIndex, ulPropTag;
    SCODE scode;
} SPropProblem;

typedef struct {
    ULONG cProblem;
    SPropProblem aProblem[1];
} SPropProblemArray;

typedef struct {
    ULONG ulAdrEntryPad, cValues;
    SPropValue *lpProps;
} SRow;

typedef struct {
    ULONG cRows;
    SRow aRow[1];
} SRowSet;

typedef struct {
    ULONG ulPropTag, ulOrder;
} SSortOrder;

typedef struct {
    ULONG cSorts, cCategories, cExpanded;
    SSortOrder aSort[1];
} SSortOrderSet;

typedef struct {
    ULONG ulVersion;
    void *lpszError, *lpszComponent; /* char or WCHAR, as MAPI_UNICODE says */
    ULONG ulLowLevelError, ulContext;
} MAPIERROR;

typedef struct {
    GUID *lpguid;
    ULONG ulKind;
    union {
        LONG lID;
        WCHAR *lpwstrName;
    } Kind;
} MAPINAMEID;

enum { RES_AND, RES_OR, RES_NOT, RES_CONTENT, RES_PROPERTY, RES_COMPAREPROPS, RES_BITMASK, RES_SIZE, RES_EXIST };
enum { RELOP_LT, RELOP_LE, RELOP_GT, RELOP_GE, RELOP_EQ, RELOP_NE };
enum { FL_FULLSTRING, FL_SUBSTRING, FL_PREFIX };
enum { TABLE_SORT_ASCEND, TABLE_SORT_DESCEND };
enum { BOOKMARK_BEGINNING, BOOKMARK_CURRENT, BOOKMARK_END };
#define TBL_NOADVANCE 1u

typedef struct SRestriction SRestriction;

struct SRestriction {
    ULONG rt;
    union {
        struct {
            ULONG count;
            SRestriction *list;
        } several; /* RES_AND, RES_OR, and RES_NOT with one */
        struct {
            ULONG how, tag;
            SPropValue *value;
        } compare; /* RES_CONTENT, RES_PROPERTY */
        struct {
            ULONG first, second, third;
        } numbers; /* RES_COMPAREPROPS, RES_BITMASK, RES_SIZE; RES_EXIST has its tag in the second */
        struct {
            ULONG count;
            SRestriction *restriction;
            SPropValue *values;
        } comment; /* RES_COMMENT */
    } res;
};

/* Interface ids: all {xxxxxxxx-0000-0000-C000-000000000046}. */
#define MAPI_IID(number) {number, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}}
#define IID_NUMBER_UNKNOWN 0x00000000
#define IID_NUMBER_SESSION 0x00020300
#define IID_NUMBER_TABLE 0x00020301
#define IID_NUMBER_PROP 0x00020303
#define IID_NUMBER_PROFSECT 0x00020304
#define IID_NUMBER_SUPPORT 0x0002030F
#define IID_NUMBER_PROVIDER_ADMIN 0x00020325

/* Interfaces: an object begins with the address of its vtable, whose order and argument shapes are fixed. */
#define METHOD(name, ...) HRESULT(MAPI_CALL *name)(void *self, __VA_ARGS__)
#define UNKNOWN_METHODS                                                                                              \
    METHOD(QueryInterface, const GUID *, void **);                                                                   \
    ULONG(MAPI_CALL *AddRef)(void *self);                                                                            \
    ULONG(MAPI_CALL *Release)(void *self);
#define INTERFACE(name)                                                                                              \
    typedef struct {                                                                                                 \
        const struct name##Vtbl *lpVtbl;                                                                             \
    } name;                                                                                                          \
    struct name##Vtbl
#define CALL(object, method, ...) ((object)->lpVtbl->method((object), __VA_ARGS__))
#define ADDREF(object) ((object)->lpVtbl->AddRef(object))
#define RELEASE(object) ((object)->lpVtbl->Release(object))

typedef SCODE(MAPI_CALL *ALLOCATEBUFFER)(ULONG size, void **made);
typedef SCODE(MAPI_CALL *ALLOCATEMORE)(ULONG size, void *base, void **made);
typedef ULONG(MAPI_CALL *FREEBUFFER)(void *buffer);

INTERFACE(IUnknown)
{
    UNKNOWN_METHODS
};

INTERFACE(IMalloc)
{
    UNKNOWN_METHODS
    void *(MAPI_CALL *Alloc)(void *self, size_t size);
    void *(MAPI_CALL *Realloc)(void *self, void *block, size_t size);
    void(MAPI_CALL *Free)(void *self, void *block);
    size_t(MAPI_CALL *GetSize)(void *self, void *block);
    int(MAPI_CALL *DidAlloc)(void *self, void *block);
    void(MAPI_CALL *HeapMinimize)(void *self);
};

INTERFACE(IProfSect)
{
    UNKNOWN_METHODS
    METHOD(GetLastError, HRESULT, ULONG flags, MAPIERROR **);
    METHOD(SaveChanges, ULONG flags);
    METHOD(GetProps, const SPropTagArray *, ULONG flags, ULONG *count, SPropValue **);
    METHOD(GetPropList, ULONG flags, SPropTagArray **);
    METHOD(OpenProperty, ULONG tag, const GUID *, ULONG options, ULONG flags, void **);
    METHOD(SetProps, ULONG count, const SPropValue *, SPropProblemArray **);
    METHOD(DeleteProps, const SPropTagArray *, SPropProblemArray **);
    METHOD(CopyTo, ULONG iids, const GUID *, const SPropTagArray *excluded, ULONG_PTR ui, void *progress,
           const GUID *, void *destination, ULONG flags, SPropProblemArray **);
    METHOD(CopyProps, const SPropTagArray *, ULONG_PTR ui, void *progress, const GUID *, void *destination,
           ULONG flags, SPropProblemArray **);
    METHOD(GetNamesFromIDs, SPropTagArray **, GUID *set, ULONG flags, ULONG *count, MAPINAMEID ***);
    METHOD(GetIDsFromNames, ULONG count, MAPINAMEID **, ULONG flags, SPropTagArray **);
};

INTERFACE(IMAPITable)
{
    UNKNOWN_METHODS
    METHOD(GetLastError, HRESULT, ULONG flags, MAPIERROR **);
    METHOD(Advise, ULONG events, void *sink, ULONG_PTR *connection);
    METHOD(Unadvise, ULONG_PTR connection);
    METHOD(GetStatus, ULONG *status, ULONG *type);
    METHOD(SetColumns, const SPropTagArray *, ULONG flags);
    METHOD(QueryColumns, ULONG flags, SPropTagArray **);
    METHOD(GetRowCount, ULONG flags, ULONG *count);
    METHOD(SeekRow, BOOKMARK origin, LONG rows, LONG *sought);
    METHOD(SeekRowApprox, ULONG numerator, ULONG denominator);
    METHOD(QueryPosition, ULONG *row, ULONG *numerator, ULONG *denominator);
    METHOD(FindRow, const SRestriction *, BOOKMARK origin, ULONG flags);
    METHOD(Restrict, const SRestriction *, ULONG flags);
    METHOD(CreateBookmark, BOOKMARK *);
    METHOD(FreeBookmark, BOOKMARK);
    METHOD(SortTable, const SSortOrderSet *, ULONG flags);
    METHOD(QuerySortOrder, SSortOrderSet **);
    METHOD(QueryRows, LONG count, ULONG flags, SRowSet **);
    HRESULT(MAPI_CALL *Abort)(void *self);
    METHOD(ExpandRow, ULONG size, const uint8_t *instance, ULONG count, ULONG flags, SRowSet **, ULONG *more);
    METHOD(CollapseRow, ULONG size, const uint8_t *instance, ULONG flags, ULONG *count);
    METHOD(WaitForCompletion, ULONG flags, ULONG timeout, ULONG *status);
    METHOD(GetCollapseState, ULONG flags, ULONG size, const uint8_t *instance, ULONG *count, uint8_t **state);
    METHOD(SetCollapseState, ULONG flags, ULONG size, const uint8_t *state, BOOKMARK *);
};

INTERFACE(IProviderAdmin)
{
    UNKNOWN_METHODS
    METHOD(GetLastError, HRESULT, ULONG flags, MAPIERROR **);
    METHOD(GetProviderTable, ULONG flags, IMAPITable **);
    METHOD(CreateProvider, const void *name, ULONG count, const SPropValue *, ULONG_PTR ui, ULONG flags, MAPIUID *);
    METHOD(DeleteProvider, const MAPIUID *);
    METHOD(OpenProfileSection, const MAPIUID *, const GUID *, ULONG flags, IProfSect **);
};

/* A configuration support object has GetLastError, GetMemAllocRoutines, OpenProfileSection, NewUID, MakeInvalid,
   DoConfigPropsheet and GetSvcConfigSupportObj; what the others have stands here for its place and its shape. */
INTERFACE(IMAPISupport)
{
    UNKNOWN_METHODS
    METHOD(GetLastError, HRESULT, ULONG flags, MAPIERROR **);
    METHOD(GetMemAllocRoutines, ALLOCATEBUFFER *, ALLOCATEMORE *, FREEBUFFER *);
    METHOD(Subscribe, const void *key, ULONG events, ULONG flags, void *sink, ULONG *connection);
    METHOD(Unsubscribe, ULONG_PTR connection);
    METHOD(Notify, const void *key, ULONG count, void *notifications, ULONG *flags);
    METHOD(ModifyStatusRow, ULONG count, const SPropValue *, ULONG flags);
    METHOD(OpenProfileSection, const MAPIUID *, ULONG flags, IProfSect **);
    METHOD(RegisterPreprocessor, const MAPIUID *, const void *, const void *, const void *, const void *, ULONG);
    METHOD(NewUID, MAPIUID *);
    METHOD(MakeInvalid, ULONG flags, void *object, ULONG references, ULONG methods);
    METHOD(SpoolerYield, ULONG flags);
    METHOD(SpoolerNotify, ULONG flags, void *);
    METHOD(CreateOneOff, const void *, const void *, const void *, ULONG flags, ULONG *, void **);
    METHOD(SetProviderUID, const MAPIUID *, ULONG flags);
    METHOD(CompareEntryIDs, ULONG, const void *, ULONG, const void *, ULONG flags, ULONG *);
    METHOD(OpenTemplateID, ULONG, const void *, ULONG flags, void *, const GUID *, void **, void *);
    METHOD(OpenEntry, ULONG, const void *, const GUID *, ULONG flags, ULONG *type, void **);
    METHOD(GetOneOffTable, ULONG flags, IMAPITable **);
    METHOD(Address, ULONG *ui, void *parameters, void **list);
    METHOD(Details, ULONG *, void *, void *, ULONG, const void *, void *, void *, const void *, ULONG flags);
    METHOD(NewEntry, ULONG_PTR ui, ULONG flags, ULONG, const void *, ULONG, const void *, ULONG *, void **);
    METHOD(DoConfigPropsheet, ULONG_PTR ui, ULONG flags, const void *title, IMAPITable *, void *data, ULONG page);
    METHOD(CopyMessages, const GUID *, void *, void *, const GUID *, void *, ULONG_PTR ui, void *, ULONG flags);
    METHOD(CopyFolder, const GUID *, void *, ULONG, const void *, const GUID *, void *, const void *, ULONG_PTR ui,
           void *, ULONG flags);
    METHOD(DoCopyTo, const GUID *, void *, ULONG, const GUID *, const void *, ULONG_PTR ui, void *, const GUID *,
           void *, ULONG flags, SPropProblemArray **);
    METHOD(DoCopyProps, const GUID *, void *, const void *, ULONG_PTR ui, void *, const GUID *, void *, ULONG flags,
           SPropProblemArray **);
    METHOD(DoProgressDialog, ULONG_PTR ui, ULONG flags, void **);
    METHOD(ReadReceipt, ULONG flags, void *, void **);
    METHOD(PrepareSubmit, void *, ULONG *flags);
    METHOD(ExpandRecips, void *, ULONG *flags);
    METHOD(UpdatePAB, ULONG flags, void *);
    METHOD(DoSentMail, ULONG flags, void *);
    METHOD(OpenAddressBook, const GUID *, ULONG flags, void **);
    METHOD(Preprocess, ULONG flags, ULONG, const void *);
    METHOD(CompleteMsg, ULONG flags, ULONG, const void *);
    METHOD(StoreLogoffTransports, ULONG *flags);
    METHOD(StatusRecips, void *, const void *);
    METHOD(WrapStoreEntryID, ULONG, const void *, ULONG *, void **);
    METHOD(ModifyProfile, ULONG flags);
    METHOD(IStorageFromStream, void *, const GUID *, ULONG flags, void **);
    METHOD(GetSvcConfigSupportObj, ULONG flags, void **);
};

/* The entry point: of stdcall, so that on x86 the callee takes 40 bytes off the stack. */
#define SERVICE_ENTRY(name)                                                                                          \
    HRESULT MAPI_CALL name(void *instance, IMalloc *memory, IMAPISupport *support, ULONG_PTR ui, ULONG flags,        \
                           ULONG context, ULONG count, SPropValue *given, IProviderAdmin *admin, MAPIERROR **error)

#ifdef __cplusplus
}
#endif

/* The layouts, on 64 and on 32 bits. */
#define LAYOUT_IS(what, wide, narrow) static_assert((what) == (sizeof(void *) == 8 ? (wide) : (narrow)), #what)
LAYOUT_IS(sizeof(SPropValue), 24, 16);
LAYOUT_IS(offsetof(SPropValue, dwAlignPad), 4, 4);
LAYOUT_IS(offsetof(SPropValue, Value), 8, 8);
LAYOUT_IS(sizeof(SPropUnion), 16, 8);
LAYOUT_IS(sizeof(SBinary), 16, 8);
LAYOUT_IS(offsetof(SBinary, lpb), 8, 4);
LAYOUT_IS(sizeof(SArray), 16, 8);
LAYOUT_IS(offsetof(SArray, values), 8, 4);
LAYOUT_IS(offsetof(SPropTagArray, aulPropTag), 4, 4);
LAYOUT_IS(sizeof(SRow), 16, 12);
LAYOUT_IS(offsetof(SRow, cValues), 4, 4);
LAYOUT_IS(offsetof(SRow, lpProps), 8, 8);
LAYOUT_IS(offsetof(SRowSet, aRow), 8, 4);
LAYOUT_IS(sizeof(MAPIUID), 16, 16);
LAYOUT_IS(sizeof(GUID), 16, 16);
LAYOUT_IS(sizeof(MAPIERROR), 32, 20);
LAYOUT_IS(offsetof(MAPIERROR, lpszError), 8, 4);
LAYOUT_IS(offsetof(MAPIERROR, lpszComponent), 16, 8);
LAYOUT_IS(offsetof(MAPIERROR, ulLowLevelError), 24, 12);
LAYOUT_IS(offsetof(MAPIERROR, ulContext), 28, 16);
LAYOUT_IS(sizeof(SRestriction), 32, 16);
LAYOUT_IS(offsetof(SRestriction, res), 8, 4);
LAYOUT_IS(sizeof(((SRestriction *)0)->res.several), 16, 8);
LAYOUT_IS(sizeof(((SRestriction *)0)->res.compare), 16, 12);
LAYOUT_IS(sizeof(((SRestriction *)0)->res.numbers), 12, 12);
LAYOUT_IS(sizeof(((SRestriction *)0)->res.comment), 24, 12);
LAYOUT_IS(sizeof(SPropProblem), 12, 12);
LAYOUT_IS(offsetof(SPropProblemArray, aProblem), 4, 4);
LAYOUT_IS(sizeof(SSortOrder), 8, 8);
LAYOUT_IS(offsetof(SSortOrderSet, aSort), 12, 12);
LAYOUT_IS(sizeof(MAPINAMEID), 24, 12);
/* The number of each interface's slots. */
LAYOUT_IS(sizeof(struct IUnknownVtbl) / sizeof(void *), 3, 3);
LAYOUT_IS(sizeof(struct IMallocVtbl) / sizeof(void *), 9, 9);
LAYOUT_IS(sizeof(struct IProfSectVtbl) / sizeof(void *), 14, 14);
LAYOUT_IS(sizeof(struct IProviderAdminVtbl) / sizeof(void *), 8, 8);
LAYOUT_IS(sizeof(struct IMAPITableVtbl) / sizeof(void *), 26, 26);
LAYOUT_IS(sizeof(struct IMAPISupportVtbl) / sizeof(void *), 44, 44);

#endif
