/*
 * A small MAPI: the tables, sections and administration objects of some profiles that live as long as the process.
 *
 * It is there for pywin32's mapi module, which loads it as the mail client that a Windows registry names. So a script
 * that runs on both can be compared: what counts here are shapes and codes, not the whole of MAPI's behaviour. It knows
 * one service, DEMO, with a store and an address book. Narrow strings are Latin-1, and nothing is ever freed.
 */
#include "mapi_abi.h"

#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#define E_NOINTERFACE MAPI_E_INTERFACE_NOT_SUPPORTED
#define MAPI_E_LOGON_FAILED MAPI_RESULT(0x80040111u)
#define MAPI_E_INVALID_BOOKMARK MAPI_RESULT(0x80040405u)
#define MAPI_E_TABLE_TOO_BIG MAPI_RESULT(0x80040403u)
#define MAPI_E_TOO_COMPLEX MAPI_RESULT(0x80040117u)
#define MAPI_USE_DEFAULT 0x40u
#define PR_DEFAULT_PROFILE 0x3D04000Bu
#define PR_PROVIDER_DISPLAY_A 0x3006001Eu
#define PR_RESOURCE_FLAGS 0x30090003u
#define TBL_ALL_COLUMNS 1u
#define DIR_BACKWARD 1u
#define IID_NUMBER_PROFADMIN 0x0002031C
#define IID_NUMBER_SERVICEADMIN 0x0002031D
#define IID_NUMBER_SERVICEADMIN2 0x00020387
#define MOST 64

/* What there is. */
typedef struct Bag {
    MAPIUID uid;
    const struct Bag *owner; /* the service of a provider */
    ULONG kind;              /* a service, a provider, or neither */
    ULONG count;
    SPropValue values[MOST];
} Bag;
enum { SECTION, SERVICE, PROVIDER };

typedef struct {
    WCHAR name[65];
    ULONG count;
    Bag *bags[MOST];
} Profile;

static Profile *profiles[MOST];
static ULONG profile_count;
static Profile *default_profile;

/* Every object is one of these; its vtable tells what it is. */
typedef struct Object {
    const void *vtable;
    const ULONG *interfaces; /* numbers, and a zero */
    ULONG references;
    HRESULT last;
    Profile *profile;
    Bag *bag;
    ULONG writable, wide;
    ULONG row_count, shown, cursor, column_count, bookmark;
    Bag *rows[MOST], *view[MOST];
    ULONG columns[MOST];
} Object;
#define SELF Object *it = self
#define FAIL(code) return it->last = (code)

/* Memory. */
MAPI_EXPORT SCODE MAPI_CALL MAPIAllocateBuffer(ULONG size, void **made)
{
    *made = calloc(1, size ? size : 1);
    return S_OK;
}

MAPI_EXPORT SCODE MAPI_CALL MAPIAllocateMore(ULONG size, void *base, void **made)
{
    (void)base;
    return MAPIAllocateBuffer(size, made);
}

MAPI_EXPORT ULONG MAPI_CALL MAPIFreeBuffer(void *buffer)
{
    (void)buffer;
    return 0;
}

static void *copied(const void *data, size_t size)
{
    void *made;
    MAPIAllocateBuffer((ULONG)size, &made);
    return memcpy(made, data, size);
}

/* Strings: kept wide. */
static WCHAR *widened(const void *text, int wide)
{
    size_t length = wide ? wcslen(text) : strlen(text);
    WCHAR *made = calloc(length + 1, sizeof *made);
    for (size_t i = 0; i < length; i++)
        made[i] = wide ? ((const WCHAR *)text)[i] : ((const unsigned char *)text)[i];
    return made;
}

static char *narrowed(const WCHAR *text)
{
    char *made = calloc(wcslen(text) + 1, 1);
    for (size_t i = 0; text[i]; i++)
        made[i] = text[i] < 256 ? (char)text[i] : '?';
    return made;
}

static int compared(const WCHAR *a, const WCHAR *b)
{
    while (*a && towlower(*a) == towlower(*b))
        a++, b++;
    return (int)towlower(*a) - (int)towlower(*b);
}

/* Properties. */
static SPropValue stored(const SPropValue *given)
{
    SPropValue kept = *given;
    ULONG type = PROP_TYPE(kept.ulPropTag);
    SArray *list = &kept.Value.mv;
    switch (type) {
    case PT_STRING8:
        kept.ulPropTag |= 1;
        kept.Value.lpszW = widened(given->Value.lpszA, 0);
        break;
    case PT_UNICODE:
        kept.Value.lpszW = widened(given->Value.lpszW, 1);
        break;
    case PT_BINARY:
        kept.Value.bin.lpb = copied(given->Value.bin.lpb, given->Value.bin.cb);
        break;
    case PT_CLSID:
        kept.Value.lpguid = copied(given->Value.lpguid, 16);
        break;
    case PT_MV_LONG:
        list->values = copied(list->values, list->cValues * 4);
        break;
    case PT_MV_UNICODE:
    case PT_MV_STRING8:
        list->values = copied(list->values, list->cValues * sizeof(void *));
        for (ULONG i = 0; i < list->cValues; i++) {
            void **text = (void **)list->values + i;
            *text = widened(*text, type == PT_MV_UNICODE);
        }
        kept.ulPropTag |= 1;
        break;
    case PT_MV_BINARY:
        list->values = copied(list->values, list->cValues * sizeof(SBinary));
        for (ULONG i = 0; i < list->cValues; i++) {
            SBinary *each = (SBinary *)list->values + i;
            each->lpb = copied(each->lpb, each->cb);
        }
        break;
    }
    return kept;
}

static SPropValue *found(Bag *bag, ULONG tag)
{
    for (ULONG i = 0; i < bag->count; i++)
        if (PROP_ID(bag->values[i].ulPropTag) == PROP_ID(tag))
            return &bag->values[i];
    return NULL;
}

static void set(Bag *bag, const SPropValue *given)
{
    SPropValue *old = found(bag, given->ulPropTag);
    if (!old)
        old = &bag->values[bag->count++];
    *old = stored(given);
}

static void set_text(Bag *bag, ULONG tag, const char *text)
{
    set(bag, &(SPropValue){.ulPropTag = tag, .Value.lpszA = (char *)text});
}

static void set_uid(Bag *bag, ULONG tag, const MAPIUID *uid)
{
    set(bag, &(SPropValue){.ulPropTag = tag, .Value.bin = {16, (uint8_t *)uid}});
}

static void set_long(Bag *bag, ULONG tag, LONG number)
{
    set(bag, &(SPropValue){.ulPropTag = tag, .Value.l = number});
}

/* What answers a tag: the value in the width that was asked for, or PT_ERROR. */
static SPropValue answer(Bag *bag, ULONG tag, int wide)
{
    SPropValue *held = found(bag, tag), told;
    ULONG type = PROP_TYPE(tag);
    if (tag == PR_NULL)
        return (SPropValue){.ulPropTag = PR_NULL};
    if (held && type == PT_UNSPECIFIED) {
        type = PROP_TYPE(held->ulPropTag);
        if (type == PT_UNICODE || type == PT_MV_UNICODE)
            type = wide ? type : type - 1;
    }
    int narrow = type == PT_STRING8 || type == PT_MV_STRING8;
    if (!held || (type | narrow) != PROP_TYPE(held->ulPropTag))
        return (SPropValue){.ulPropTag = PROP_TAG(PT_ERROR, PROP_ID(tag)), .Value.err = MAPI_E_NOT_FOUND};
    told = *held;
    told.ulPropTag = PROP_TAG(type, PROP_ID(tag));
    if (type == PT_STRING8)
        told.Value.lpszA = narrowed(held->Value.lpszW);
    if (type == PT_MV_STRING8) {
        told.Value.mv.values = copied(held->Value.mv.values, held->Value.mv.cValues * sizeof(void *));
        for (ULONG i = 0; i < told.Value.mv.cValues; i++)
            ((char **)told.Value.mv.values)[i] = narrowed(((WCHAR **)held->Value.mv.values)[i]);
    }
    return told;
}

static SPropTagArray *tag_array(ULONG count)
{
    SPropTagArray *made = calloc(1, sizeof *made + count * sizeof(ULONG));
    made->cValues = count;
    return made;
}

static SPropTagArray *tags_of(Bag *bag, int wide)
{
    SPropTagArray *made = tag_array(bag->count);
    for (ULONG i = 0; i < bag->count; i++) {
        ULONG tag = bag->values[i].ulPropTag, type = PROP_TYPE(tag);
        made->aulPropTag[i] = !wide && (type == PT_UNICODE || type == PT_MV_UNICODE) ? tag - 1 : tag;
    }
    return made;
}

/* Objects. */
static HRESULT MAPI_CALL QueryInterface(void *self, const GUID *iid, void **out)
{
    SELF;
    GUID wanted = MAPI_IID(0);
    wanted.Data1 = iid->Data1;
    *out = NULL;
    for (const ULONG *number = it->interfaces; !memcmp(&wanted, iid, sizeof wanted); number++) {
        if (*number == iid->Data1) { /* the last one is zero, which is IUnknown */
            it->references++;
            *out = it;
            return S_OK;
        }
        if (!*number)
            break;
    }
    return E_NOINTERFACE;
}

static ULONG MAPI_CALL AddRef(void *self)
{
    return ++((Object *)self)->references;
}

static ULONG MAPI_CALL Release(void *self)
{
    return --((Object *)self)->references;
}

static HRESULT MAPI_CALL GetLastError(void *self, HRESULT code, ULONG flags, MAPIERROR **out)
{
    SELF;
    *out = NULL;
    if (it->last && it->last == code) {
        *out = calloc(1, sizeof **out);
        (*out)->lpszError = flags & MAPI_UNICODE ? (void *)L"it failed" : (void *)"it failed";
        (*out)->lpszComponent = flags & MAPI_UNICODE ? (void *)L"Subsystem" : (void *)"Subsystem";
    }
    return S_OK;
}

static HRESULT MAPI_CALL no_support(void *self)
{
    ((Object *)self)->last = MAPI_E_NO_SUPPORT;
    return MAPI_E_NO_SUPPORT;
}
#define NO_SUPPORT (void *)no_support
#define UNKNOWN QueryInterface, AddRef, Release, GetLastError

static Object *object(const void *vtable, const ULONG *interfaces, Profile *profile, Bag *bag)
{
    Object *made = calloc(1, sizeof *made);
    *made = (Object){vtable, interfaces, 1, 0, profile, bag, 0, 0, 0, 0, 0, 0, 0, {0}, {0}, {0}};
    return made;
}

/* IProfSect. */
static HRESULT MAPI_CALL GetProps(void *self, const SPropTagArray *tags, ULONG flags, ULONG *count, SPropValue **out)
{
    SELF;
    HRESULT result = S_OK;
    if (!tags)
        tags = tags_of(it->bag, (flags & MAPI_UNICODE) != 0);
    *out = calloc(tags->cValues + 1, sizeof **out);
    *count = tags->cValues;
    for (ULONG i = 0; i < tags->cValues; i++) {
        (*out)[i] = answer(it->bag, tags->aulPropTag[i], (flags & MAPI_UNICODE) != 0);
        if (PROP_TYPE((*out)[i].ulPropTag) == PT_ERROR)
            result = MAPI_W_ERRORS_RETURNED;
    }
    return result;
}

static HRESULT MAPI_CALL GetPropList(void *self, ULONG flags, SPropTagArray **out)
{
    *out = tags_of(((Object *)self)->bag, (flags & MAPI_UNICODE) != 0);
    return S_OK;
}

static SPropProblemArray *problems(void)
{
    return calloc(1, sizeof(SPropProblemArray) + MOST * sizeof(SPropProblem));
}

static HRESULT MAPI_CALL SetProps(void *self, ULONG count, const SPropValue *given, SPropProblemArray **out)
{
    SELF;
    SPropProblemArray *bad = problems();
    if (!it->writable)
        FAIL(MAPI_E_NO_ACCESS);
    if (!count)
        FAIL(MAPI_E_INVALID_PARAMETER);
    for (ULONG i = 0; i < count; i++)
        if (given[i].ulPropTag == PR_OBJECT_TYPE)
            bad->aProblem[bad->cProblem++] = (SPropProblem){i, given[i].ulPropTag, MAPI_E_COMPUTED};
        else
            set(it->bag, &given[i]);
    if (out)
        *out = bad->cProblem ? bad : NULL;
    return S_OK;
}

static HRESULT MAPI_CALL DeleteProps(void *self, const SPropTagArray *tags, SPropProblemArray **out)
{
    SELF;
    if (!it->writable)
        FAIL(MAPI_E_NO_ACCESS);
    for (ULONG i = 0; i < tags->cValues; i++) {
        SPropValue *old = found(it->bag, tags->aulPropTag[i]);
        if (old)
            *old = it->bag->values[--it->bag->count];
    }
    if (out)
        *out = NULL;
    return S_OK;
}

static void copy(Object *from, Object *to, const SPropTagArray *tags, int excluded)
{
    for (ULONG i = 0; i < from->bag->count; i++) {
        int named = 0;
        for (ULONG j = 0; tags && j < tags->cValues; j++)
            named |= PROP_ID(tags->aulPropTag[j]) == PROP_ID(from->bag->values[i].ulPropTag);
        if (named != excluded && from->bag->values[i].ulPropTag != PR_OBJECT_TYPE)
            to->bag->values[to->bag->count++] = stored(&from->bag->values[i]);
    }
}

static HRESULT MAPI_CALL CopyTo(void *self, ULONG iids, const GUID *out_of, const SPropTagArray *tags, ULONG_PTR ui,
                                void *progress, const GUID *iid, void *to, ULONG flags, SPropProblemArray **out)
{
    (void)iids, (void)out_of, (void)ui, (void)progress, (void)iid, (void)flags;
    copy(self, to, tags, 1);
    if (out)
        *out = NULL;
    return S_OK;
}

static HRESULT MAPI_CALL CopyProps(void *self, const SPropTagArray *tags, ULONG_PTR ui, void *progress, const GUID *iid,
                                   void *to, ULONG flags, SPropProblemArray **out)
{
    (void)ui, (void)progress, (void)iid, (void)flags;
    copy(self, to, tags, 0);
    if (out)
        *out = NULL;
    return S_OK;
}

static HRESULT MAPI_CALL SaveChanges(void *self, ULONG flags)
{
    (void)self, (void)flags;
    return S_OK;
}

static const struct IProfSectVtbl section_methods = {UNKNOWN,     SaveChanges, GetProps, GetPropList, NO_SUPPORT, SetProps,
                                                     DeleteProps, CopyTo,      CopyProps, NO_SUPPORT,  NO_SUPPORT};
static const ULONG section_interfaces[] = {IID_NUMBER_PROFSECT, IID_NUMBER_PROP, 0};

static HRESULT opened(Object *it, const MAPIUID *uid, ULONG flags, void *out)
{
    Profile *profile = it->profile;
    Bag *bag = NULL;
    for (ULONG i = 0; i < profile->count; i++)
        if (!memcmp(uid, &profile->bags[i]->uid, 16))
            bag = profile->bags[i];
    if (!bag && !(flags & MAPI_MODIFY))
        FAIL(MAPI_E_NOT_FOUND);
    if (bag && bag->kind == PROVIDER && !(flags & MAPI_FORCE_ACCESS))
        FAIL(MAPI_E_NO_ACCESS);
    if (!bag) {
        bag = profile->bags[profile->count++] = calloc(1, sizeof *bag);
        bag->uid = *uid;
        set_long(bag, PR_OBJECT_TYPE, MAPI_PROFSECT);
    }
    Object *made = object(&section_methods, section_interfaces, profile, bag);
    made->writable = flags & MAPI_MODIFY;
    *(Object **)out = made;
    return S_OK;
}

/* IMAPITable. */
static int met(const SRestriction *r, Bag *row)
{
    SPropValue *value;
    int order;
    switch (r->rt) {
    case RES_AND:
    case RES_OR:
        for (ULONG i = 0; i < r->res.several.count; i++)
            if (met(&r->res.several.list[i], row) == (r->rt == RES_OR))
                return r->rt == RES_OR;
        return r->rt == RES_AND;
    case RES_NOT:
        return !met(r->res.several.list, row);
    case RES_EXIST:
        return found(row, r->res.numbers.second) != NULL;
    case RES_BITMASK:
        value = found(row, r->res.numbers.second);
        return value && ((value->Value.ul & r->res.numbers.third) != 0) == r->res.numbers.first;
    case RES_CONTENT:
    case RES_PROPERTY:
        value = found(row, r->res.compare.tag);
        if (!value)
            return 0;
        SPropValue constant = stored(r->res.compare.value);
        if (PROP_TYPE(constant.ulPropTag) == PT_UNICODE) {
            if (r->rt == RES_CONTENT && (r->res.compare.how & 0xFFFF) == FL_PREFIX)
                return !wcsncmp(value->Value.lpszW, constant.Value.lpszW, wcslen(constant.Value.lpszW));
            order = compared(value->Value.lpszW, constant.Value.lpszW);
        } else if (PROP_TYPE(constant.ulPropTag) == PT_BINARY) {
            order = value->Value.bin.cb != constant.Value.bin.cb ||
                    memcmp(value->Value.bin.lpb, constant.Value.bin.lpb, constant.Value.bin.cb);
        } else if (PROP_TYPE(constant.ulPropTag) == PT_BOOLEAN) {
            order = (value->Value.b != 0) - (constant.Value.b != 0);
        } else {
            order = value->Value.l < constant.Value.l ? -1 : value->Value.l > constant.Value.l;
        }
        switch (r->rt == RES_CONTENT ? RELOP_EQ : (int)r->res.compare.how) {
        case RELOP_LT: return order < 0;
        case RELOP_LE: return order <= 0;
        case RELOP_GT: return order > 0;
        case RELOP_GE: return order >= 0;
        case RELOP_NE: return order != 0;
        default: return order == 0;
        }
    }
    return 0;
}

static HRESULT MAPI_CALL Restrict(void *self, const SRestriction *restriction, ULONG flags)
{
    SELF;
    (void)flags;
    it->shown = it->cursor = 0;
    for (ULONG i = 0; i < it->row_count; i++)
        if (!restriction || met(restriction, it->rows[i]))
            it->view[it->shown++] = it->rows[i];
    return S_OK;
}

static HRESULT MAPI_CALL SetColumns(void *self, const SPropTagArray *tags, ULONG flags)
{
    SELF;
    (void)flags;
    if (!tags || !tags->cValues)
        FAIL(MAPI_E_INVALID_PARAMETER);
    it->column_count = tags->cValues;
    memcpy(it->columns, tags->aulPropTag, tags->cValues * sizeof(ULONG));
    return S_OK;
}

static HRESULT MAPI_CALL QueryColumns(void *self, ULONG flags, SPropTagArray **out)
{
    SELF;
    (void)flags;
    *out = tag_array(it->column_count);
    memcpy((*out)->aulPropTag, it->columns, it->column_count * sizeof(ULONG));
    return S_OK;
}

static HRESULT MAPI_CALL GetRowCount(void *self, ULONG flags, ULONG *count)
{
    (void)flags;
    *count = ((Object *)self)->shown;
    return S_OK;
}

static ULONG place(Object *it, BOOKMARK origin)
{
    return origin == BOOKMARK_BEGINNING ? 0 : origin == BOOKMARK_CURRENT ? it->cursor
           : origin == BOOKMARK_END ? it->shown : it->bookmark;
}

static HRESULT MAPI_CALL SeekRow(void *self, BOOKMARK origin, LONG rows, LONG *sought)
{
    SELF;
    if (origin > BOOKMARK_END && !it->bookmark)
        FAIL(MAPI_E_INVALID_BOOKMARK);
    LONG start = (LONG)place(it, origin), end = start + rows;
    end = end < 0 ? 0 : end > (LONG)it->shown ? (LONG)it->shown : end;
    it->cursor = (ULONG)end;
    if (sought)
        *sought = end - start;
    return S_OK;
}

static HRESULT MAPI_CALL SeekRowApprox(void *self, ULONG numerator, ULONG denominator)
{
    SELF;
    if (!denominator)
        FAIL(MAPI_E_INVALID_PARAMETER);
    it->cursor = it->shown * numerator / denominator;
    return S_OK;
}

static HRESULT MAPI_CALL QueryPosition(void *self, ULONG *row, ULONG *numerator, ULONG *denominator)
{
    SELF;
    *row = *numerator = it->cursor;
    *denominator = it->shown ? it->shown : 1;
    return S_OK;
}

static HRESULT MAPI_CALL FindRow(void *self, const SRestriction *restriction, BOOKMARK origin, ULONG flags)
{
    SELF;
    for (ULONG i = place(it, origin); !(flags & DIR_BACKWARD) && i < it->shown; i++)
        if (met(restriction, it->view[i])) {
            it->cursor = i;
            return S_OK;
        }
    FAIL(MAPI_E_NOT_FOUND);
}

static HRESULT MAPI_CALL CreateBookmark(void *self, BOOKMARK *made)
{
    SELF;
    it->bookmark = it->cursor;
    *made = 3;
    return S_OK;
}

static HRESULT MAPI_CALL FreeBookmark(void *self, BOOKMARK bookmark)
{
    (void)bookmark;
    ((Object *)self)->bookmark = 0;
    return S_OK;
}

static HRESULT MAPI_CALL SortTable(void *self, const SSortOrderSet *order, ULONG flags)
{
    SELF;
    (void)flags;
    if (order->cCategories)
        FAIL(MAPI_E_TOO_COMPLEX);
    int down = order->aSort[0].ulOrder == TABLE_SORT_DESCEND;
    for (ULONG i = 0; i < it->shown; i++)
        for (ULONG j = i + 1; j < it->shown; j++) {
            Bag *a = it->view[i], *b = it->view[j];
            int difference = compared(found(a, order->aSort[0].ulPropTag)->Value.lpszW,
                                      found(b, order->aSort[0].ulPropTag)->Value.lpszW);
            if (down ? difference < 0 : difference > 0)
                it->view[i] = b, it->view[j] = a;
        }
    it->cursor = 0;
    return S_OK;
}

static HRESULT MAPI_CALL QueryRows(void *self, LONG count, ULONG flags, SRowSet **out)
{
    SELF;
    (void)flags;
    if (!count)
        FAIL(MAPI_E_INVALID_PARAMETER);
    ULONG start = it->cursor, end = it->cursor;
    if (count < 0)
        start = (ULONG)-count > start ? 0 : start + (ULONG)count;
    else
        it->cursor = end = end + (ULONG)count > it->shown ? it->shown : end + (ULONG)count;
    SRowSet *made = calloc(1, sizeof *made + (end - start) * sizeof(SRow));
    made->cRows = end - start;
    for (ULONG i = start; i < end; i++) {
        SRow *row = &made->aRow[i - start];
        row->cValues = it->column_count;
        row->lpProps = calloc(it->column_count + 1, sizeof(SPropValue));
        for (ULONG j = 0; j < it->column_count; j++)
            row->lpProps[j] = answer(it->view[i], it->columns[j], it->wide);
    }
    *out = made;
    return S_OK;
}

static HRESULT MAPI_CALL GetStatus(void *self, ULONG *status, ULONG *type)
{
    (void)self;
    *status = *type = 0;
    return S_OK;
}

static HRESULT MAPI_CALL Abort(void *self)
{
    (void)self;
    return S_OK;
}

static const struct IMAPITableVtbl table_methods = {
    UNKNOWN,       NO_SUPPORT,    NO_SUPPORT, GetStatus,  SetColumns,     QueryColumns, GetRowCount,
    SeekRow,       SeekRowApprox, QueryPosition, FindRow, Restrict,       CreateBookmark, FreeBookmark,
    SortTable,     NO_SUPPORT,    QueryRows,  Abort,      NO_SUPPORT,     NO_SUPPORT,   NO_SUPPORT,
    NO_SUPPORT,    NO_SUPPORT};
static const ULONG table_interfaces[] = {IID_NUMBER_TABLE, 0};

static Object *table(ULONG flags, ULONG columns, const ULONG *tags)
{
    Object *made = object(&table_methods, table_interfaces, NULL, NULL);
    made->wide = (flags & MAPI_UNICODE) != 0;
    made->column_count = columns;
    for (ULONG i = 0; i < columns; i++)
        made->columns[i] = PROP_TYPE(tags[i]) == PT_STRING8 && made->wide ? tags[i] | 1 : tags[i];
    return made;
}

static HRESULT bags_of(Object *it, ULONG kind, const Bag *owner, ULONG flags, void *out)
{
    static const ULONG of_services[] = {PR_DISPLAY_NAME_A, PR_SERVICE_NAME_A, PR_SERVICE_UID};
    static const ULONG of_providers[] = {PR_DISPLAY_NAME_A, PR_PROVIDER_DISPLAY_A, PR_PROVIDER_UID, PR_RESOURCE_TYPE};
    Object *made = kind == SERVICE ? table(flags, 3, of_services) : table(flags, 4, of_providers);
    for (ULONG i = 0; i < it->profile->count; i++)
        if (it->profile->bags[i]->kind == kind && (!owner || it->profile->bags[i]->owner == owner))
            made->rows[made->row_count++] = it->profile->bags[i];
    Restrict(made, NULL, 0);
    *(Object **)out = made;
    return S_OK;
}

MAPI_EXPORT HRESULT MAPI_CALL HrQueryAllRows(Object *it, const SPropTagArray *tags, const SRestriction *restriction,
                                             const SSortOrderSet *order, LONG most, SRowSet **out)
{
    HRESULT result = tags ? SetColumns(it, tags, 0) : S_OK;
    if (SUCCEEDED(result) && restriction)
        result = Restrict(it, restriction, 0);
    if (SUCCEEDED(result) && order)
        result = SortTable(it, order, 0);
    if (FAILED(result))
        return result;
    if (most && it->shown > (ULONG)most)
        FAIL(MAPI_E_TABLE_TOO_BIG);
    it->cursor = 0;
    return QueryRows(it, MOST, 0, out);
}

MAPI_EXPORT HRESULT MAPI_CALL HrGetOneProp(IProfSect *section, ULONG tag, SPropValue **out)
{
    struct {
        ULONG count, tag;
    } one = {1, tag};
    ULONG count;
    HRESULT result = CALL(section, GetProps, (SPropTagArray *)&one, 0, &count, out);
    return result == MAPI_W_ERRORS_RETURNED ? (*out)->Value.err : result;
}

MAPI_EXPORT HRESULT MAPI_CALL HrSetOneProp(IProfSect *section, const SPropValue *value)
{
    SPropProblemArray *bad = NULL;
    HRESULT result = CALL(section, SetProps, 1, value, &bad);
    return SUCCEEDED(result) && bad ? bad->aProblem[0].scode : result;
}

/* IProviderAdmin. */
static Bag *added(Profile *profile, ULONG kind, const Bag *owner)
{
    static uint8_t last;
    Bag *made = profile->bags[profile->count++] = calloc(1, sizeof *made);
    made->uid.ab[0] = ++last;
    made->uid.ab[15] = 0x46;
    made->kind = kind;
    made->owner = owner;
    set_long(made, PR_OBJECT_TYPE, MAPI_PROFSECT);
    set_uid(made, kind == SERVICE ? PR_SERVICE_UID : PR_PROVIDER_UID, &made->uid);
    return made;
}

static Bag *provider(Profile *profile, const Bag *service, const char *display, LONG type)
{
    Bag *made = added(profile, PROVIDER, service);
    set_text(made, PR_PROVIDER_DISPLAY_A, display);
    set_text(made, PR_DISPLAY_NAME_A, display);
    if (type)
        set_long(made, PR_RESOURCE_TYPE, type);
    set_uid(made, PR_SERVICE_UID, &service->uid);
    return made;
}

static HRESULT removed(Object *it, const MAPIUID *uid, ULONG kind)
{
    Profile *profile = it->profile;
    for (ULONG i = 0; i < profile->count; i++)
        if (profile->bags[i]->kind == kind && !memcmp(uid, &profile->bags[i]->uid, 16)) {
            const Bag *gone = profile->bags[i];
            ULONG kept = 0;
            for (ULONG j = 0; j < profile->count; j++)
                if (profile->bags[j] != gone && profile->bags[j]->owner != gone)
                    profile->bags[kept++] = profile->bags[j];
            profile->count = kept;
            return S_OK;
        }
    FAIL(MAPI_E_NOT_FOUND);
}

static HRESULT MAPI_CALL providers_of(void *self, ULONG flags, IMAPITable **out)
{
    SELF;
    return bags_of(it, PROVIDER, it->bag, flags, out);
}

static HRESULT MAPI_CALL CreateProvider(void *self, const void *name, ULONG count, const SPropValue *given, ULONG_PTR ui,
                                        ULONG flags, MAPIUID *uid)
{
    SELF;
    (void)ui, (void)flags;
    Bag *made = provider(it->profile, it->bag, name, 0);
    for (ULONG i = 0; i < count; i++)
        set(made, &given[i]);
    *uid = made->uid;
    return S_OK;
}

static HRESULT MAPI_CALL DeleteProvider(void *self, const MAPIUID *uid)
{
    return removed(self, uid, PROVIDER);
}

static HRESULT MAPI_CALL section_of(void *self, const MAPIUID *uid, const GUID *iid, ULONG flags, IProfSect **out)
{
    (void)iid;
    return opened(self, uid, flags, out);
}

static const struct IProviderAdminVtbl provider_methods = {UNKNOWN, providers_of, CreateProvider, DeleteProvider, section_of};
static const ULONG provider_interfaces[] = {IID_NUMBER_PROVIDER_ADMIN, 0};

/* IMsgServiceAdmin and IMsgServiceAdmin2, which is one slot longer. */
static HRESULT MAPI_CALL services_of(void *self, ULONG flags, IMAPITable **out)
{
    return bags_of(self, SERVICE, NULL, flags, out);
}

static HRESULT MAPI_CALL all_providers(void *self, ULONG flags, IMAPITable **out)
{
    return bags_of(self, PROVIDER, NULL, flags, out);
}

static HRESULT MAPI_CALL CreateMsgServiceEx(void *self, const void *name, const void *display, ULONG_PTR ui, ULONG flags,
                                            MAPIUID *uid)
{
    SELF;
    (void)display, (void)ui;
    if (compared(widened(name, (flags & MAPI_UNICODE) != 0), L"DEMO"))
        FAIL(MAPI_E_NOT_FOUND);
    Bag *made = added(it->profile, SERVICE, NULL);
    set_text(made, PR_SERVICE_NAME_A, "DEMO");
    set_text(made, PR_DISPLAY_NAME_A, "Demo service");
    provider(it->profile, made, "Demo store", 33);
    provider(it->profile, made, "Demo addresses", 35);
    if (uid)
        *uid = made->uid;
    return S_OK;
}

static HRESULT MAPI_CALL CreateMsgService(void *self, const void *name, const void *display, ULONG_PTR ui, ULONG flags)
{
    return CreateMsgServiceEx(self, name, display, ui, flags, NULL);
}

static HRESULT MAPI_CALL DeleteMsgService(void *self, const MAPIUID *uid)
{
    return removed(self, uid, SERVICE);
}

static HRESULT MAPI_CALL ConfigureMsgService(void *self, const MAPIUID *uid, ULONG_PTR ui, ULONG flags, ULONG count,
                                             const SPropValue *given)
{
    Object *section;
    HRESULT result = opened(self, uid, 0, &section);
    (void)ui, (void)flags;
    for (ULONG i = 0; SUCCEEDED(result) && i < count; i++)
        set(section->bag, &given[i]);
    return result;
}

static HRESULT MAPI_CALL AdminProviders(void *self, const MAPIUID *uid, ULONG flags, IProviderAdmin **out)
{
    Object *section;
    HRESULT result = opened(self, uid, 0, &section);
    (void)flags;
    if (SUCCEEDED(result))
        *(Object **)out = object(&provider_methods, provider_interfaces, section->profile, section->bag);
    return result;
}

static void *const service_methods[] = {
    UNKNOWN,    services_of, CreateMsgService, DeleteMsgService, NO_SUPPORT,    NO_SUPPORT,        ConfigureMsgService,
    section_of, NO_SUPPORT,  AdminProviders,   NO_SUPPORT,       all_providers, CreateMsgServiceEx};
static const ULONG service_interfaces[] = {IID_NUMBER_SERVICEADMIN, IID_NUMBER_SERVICEADMIN2, 0};

/* IProfAdmin. */
static Profile *profile_named(const void *name, ULONG flags)
{
    for (ULONG i = 0; name && i < profile_count; i++)
        if (!compared(profiles[i]->name, widened(name, (flags & MAPI_UNICODE) != 0)))
            return profiles[i];
    return NULL;
}

static HRESULT MAPI_CALL GetProfileTable(void *self, ULONG flags, IMAPITable **out)
{
    static const ULONG columns[] = {PR_DISPLAY_NAME_A, PR_DEFAULT_PROFILE};
    Object *made = table(flags, 2, columns);
    (void)self;
    for (ULONG i = 0; i < profile_count; i++) {
        Bag *row = made->rows[made->row_count++] = calloc(1, sizeof *row);
        set(row, &(SPropValue){.ulPropTag = PR_DISPLAY_NAME_W, .Value.lpszW = profiles[i]->name});
        set(row, &(SPropValue){.ulPropTag = PR_DEFAULT_PROFILE, .Value.b = profiles[i] == default_profile});
    }
    Restrict(made, NULL, 0);
    *(Object **)out = made;
    return S_OK;
}

static HRESULT MAPI_CALL CreateProfile(void *self, const void *name, const void *password, ULONG_PTR ui, ULONG flags)
{
    SELF;
    (void)password, (void)ui;
    if (profile_named(name, flags))
        FAIL(MAPI_E_NO_ACCESS);
    Profile *made = profiles[profile_count++] = calloc(1, sizeof *made);
    wcsncpy(made->name, widened(name, (flags & MAPI_UNICODE) != 0), 64);
    return S_OK;
}

static HRESULT MAPI_CALL DeleteProfile(void *self, const void *name, ULONG flags)
{
    SELF;
    Profile *gone = profile_named(name, flags);
    ULONG kept = 0;
    if (!gone)
        FAIL(MAPI_E_NOT_FOUND);
    for (ULONG i = 0; i < profile_count; i++)
        if (profiles[i] != gone)
            profiles[kept++] = profiles[i];
    profile_count = kept;
    return S_OK;
}

static HRESULT MAPI_CALL ChangeProfilePassword(void *self, const void *name, const void *old, const void *new, ULONG flags)
{
    (void)self, (void)name, (void)old, (void)new, (void)flags;
    return S_OK;
}

static HRESULT MAPI_CALL CopyProfile(void *self, const void *name, const void *password, const void *new, ULONG_PTR ui,
                                     ULONG flags)
{
    SELF;
    Profile *old = profile_named(name, flags);
    if (!old)
        FAIL(MAPI_E_NOT_FOUND);
    HRESULT result = CreateProfile(self, new, password, ui, flags);
    for (ULONG i = 0; SUCCEEDED(result) && i < old->count; i++) {
        profiles[profile_count - 1]->bags[i] = copied(old->bags[i], sizeof(Bag));
        profiles[profile_count - 1]->count++;
    }
    return result;
}

static HRESULT MAPI_CALL RenameProfile(void *self, const void *name, const void *password, const void *new, ULONG_PTR ui,
                                       ULONG flags)
{
    SELF;
    Profile *old = profile_named(name, flags);
    (void)password, (void)ui;
    if (!old)
        FAIL(MAPI_E_NOT_FOUND);
    wcsncpy(old->name, widened(new, (flags & MAPI_UNICODE) != 0), 64);
    return S_OK;
}

static HRESULT MAPI_CALL SetDefaultProfile(void *self, const void *name, ULONG flags)
{
    SELF;
    default_profile = profile_named(name, flags);
    if (name && !default_profile)
        FAIL(MAPI_E_NOT_FOUND);
    return S_OK;
}

static HRESULT MAPI_CALL AdminServices(void *self, const void *name, const void *password, ULONG_PTR ui, ULONG flags,
                                       void **out)
{
    SELF;
    Profile *profile = profile_named(name, flags);
    (void)password, (void)ui;
    if (!profile)
        FAIL(MAPI_E_LOGON_FAILED);
    *out = object(service_methods, service_interfaces, profile, NULL);
    return S_OK;
}

static void *const profile_methods[] = {UNKNOWN,     GetProfileTable, CreateProfile,     DeleteProfile, ChangeProfilePassword,
                                        CopyProfile, RenameProfile,   SetDefaultProfile, AdminServices};
static const ULONG profile_interfaces[] = {IID_NUMBER_PROFADMIN, 0};

/* IMAPISession. */
static HRESULT MAPI_CALL services_of_session(void *self, ULONG flags, void **out)
{
    (void)flags;
    *out = object(service_methods, service_interfaces, ((Object *)self)->profile, NULL);
    return S_OK;
}

static HRESULT MAPI_CALL Logoff(void *self, ULONG_PTR ui, ULONG flags, ULONG reserved)
{
    (void)self, (void)ui, (void)flags, (void)reserved;
    return S_OK;
}

static void *const session_methods[] = {UNKNOWN,    NO_SUPPORT, NO_SUPPORT, NO_SUPPORT, section_of, NO_SUPPORT,
                                        NO_SUPPORT, NO_SUPPORT, NO_SUPPORT, NO_SUPPORT, NO_SUPPORT, NO_SUPPORT,
                                        NO_SUPPORT, NO_SUPPORT, Logoff,     NO_SUPPORT, services_of_session,
                                        NO_SUPPORT, NO_SUPPORT};
static const ULONG session_interfaces[] = {IID_NUMBER_SESSION, 0};

/* The functions that a client of MAPI begins with. */
MAPI_EXPORT HRESULT MAPI_CALL MAPIInitialize(void *init)
{
    (void)init;
    return S_OK;
}

MAPI_EXPORT void MAPI_CALL MAPIUninitialize(void) {}

MAPI_EXPORT HRESULT MAPI_CALL MAPIAdminProfiles(ULONG flags, void **out)
{
    (void)flags;
    *out = object(profile_methods, profile_interfaces, NULL, NULL);
    return S_OK;
}

MAPI_EXPORT HRESULT MAPI_CALL MAPILogonEx(ULONG_PTR ui, const void *name, const void *password, ULONG flags, void **out)
{
    Profile *profile = flags & MAPI_USE_DEFAULT ? default_profile : profile_named(name, flags);
    (void)ui, (void)password;
    if (!profile)
        return MAPI_E_LOGON_FAILED;
    *out = object(session_methods, session_interfaces, profile, NULL);
    return S_OK;
}
