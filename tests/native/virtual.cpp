/*
 * A service of the second flavour: C++ interfaces that inherit virtually from IUnknown, as mapi4linux has them.
 *
 * Its vtables are not COM's: two destructors come first, AddRef and Release before QueryInterface, and a caller goes to
 * IUnknown by an offset that stands below the table. CONFIGURE stores what it is given, keeps an object of its own in
 * the section meanwhile (PT_OBJECT), and leaves
 *   6683001E  "all well", or the first thing that was not so       6684001F  a text of wchar_t, which has 4 bytes
 *   66800003  the context                                          66810003  the flags
 */
#include <cstdint>
#include <cstring>
#include <cwchar>

typedef std::int32_t HRESULT;
typedef std::uint32_t ULONG;

struct GUID {
    std::uint32_t first;
    std::uint16_t second, third;
    std::uint8_t rest[8];
};

struct SPropValue {
    ULONG tag, pad;
    union {
        std::int32_t l;
        char *text;
        wchar_t *wide;
        void *object;
        struct {
            ULONG size;
            unsigned char *at;
        } binary;
    };
};
static_assert(sizeof(SPropValue) == 24 && sizeof(wchar_t) == 4, "this flavour is that of 64-bit Linux");

struct SPropTagArray {
    ULONG count, tags[2];
};

struct SPropProblemArray;
struct MAPIERROR;
struct IMAPITable;

struct IUnknown {
    virtual ~IUnknown() = default;
    virtual ULONG AddRef() = 0;
    virtual ULONG Release() = 0;
    virtual HRESULT QueryInterface(const GUID &, void **) = 0;
};

struct IMAPIProp : public virtual IUnknown {
    virtual HRESULT GetLastError(HRESULT, ULONG flags, MAPIERROR **) = 0;
    virtual HRESULT SaveChanges(ULONG flags) = 0;
    virtual HRESULT GetProps(const SPropTagArray *, ULONG flags, ULONG *count, SPropValue **) = 0;
    virtual HRESULT GetPropList(ULONG flags, SPropTagArray **) = 0;
    virtual HRESULT OpenProperty(ULONG tag, const GUID *, ULONG options, ULONG flags, IUnknown **) = 0;
    virtual HRESULT SetProps(ULONG count, const SPropValue *, SPropProblemArray **) = 0;
    virtual HRESULT DeleteProps(const SPropTagArray *, SPropProblemArray **) = 0;
};

struct IProfSect : public virtual IMAPIProp {};

struct IProviderAdmin : public virtual IUnknown {
    virtual HRESULT GetLastError(HRESULT, ULONG flags, MAPIERROR **) = 0;
    virtual HRESULT GetProviderTable(ULONG flags, IMAPITable **) = 0;
    virtual HRESULT CreateProvider(const char *, ULONG count, const SPropValue *, ULONG ui, ULONG flags, void *) = 0;
    virtual HRESULT DeleteProvider(const void *uid) = 0;
    virtual HRESULT OpenProfileSection(const void *uid, const GUID *, ULONG flags, IProfSect **) = 0;
};

typedef HRESULT (*ALLOCATE)(ULONG size, void **);
typedef HRESULT (*ALLOCATE_MORE)(ULONG size, void *base, void **);
typedef ULONG (*FREE)(void *);

struct IMAPISupport : public virtual IUnknown {
    virtual HRESULT GetLastError(HRESULT, ULONG flags, MAPIERROR **) = 0;
    virtual HRESULT GetMemAllocRoutines(ALLOCATE *, ALLOCATE_MORE *, FREE *) = 0;
};

struct IMalloc;

namespace {

const GUID IID_IUnknown = {0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
const GUID IID_IProfSect = {0x00020304, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
const GUID IID_of_nobody = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
const HRESULT E_NO_INTERFACE = HRESULT(0x80004002);
const ULONG MAPI_MODIFY = 1;
const ULONG PR_CONTEXT = 0x66800003, PR_FLAGS = 0x66810003, PR_VERDICT = 0x6683001E, PR_WIDE = 0x6684001F;
const ULONG PR_TRANSPORT = 0x677E000D; // PT_OBJECT

struct Transport {
    virtual ~Transport() = default;
    int serial = 42;
};

const char *verdict = "all well";

void expect(bool truth, const char *what)
{
    if (!truth && std::strcmp(verdict, "all well") == 0)
        verdict = what;
}

// What a caller does who holds an interface by its virtual base.
void walk_identity(IProfSect *section)
{
    IUnknown *base = section;
    ULONG before = base->AddRef();
    expect(before == 2, "AddRef through the virtual base");
    expect(section->Release() == before - 1, "Release through the derived interface");
    void *again = nullptr;
    expect(base->QueryInterface(IID_IProfSect, &again) == 0 && again, "QueryInterface for IProfSect");
    expect(static_cast<IProfSect *>(again)->Release() == 1, "the reference of QueryInterface");
    expect(section->QueryInterface(IID_IUnknown, &again) == 0 && again, "QueryInterface for IUnknown");
    expect(static_cast<IUnknown *>(again)->Release() == 1, "the reference of the other QueryInterface");
    expect(section->QueryInterface(IID_of_nobody, &again) == E_NO_INTERFACE && !again, "an interface of nobody");
    expect(dynamic_cast<Transport *>(base) == nullptr, "dynamic_cast to a class that it is not");
}

void walk_section(IProfSect *section, FREE release)
{
    wchar_t text[] = L"z\u00FC \u20AC \U0001F4EC";
    SPropValue wide = {};
    wide.tag = PR_WIDE, wide.wide = text;
    expect(section->SetProps(1, &wide, nullptr) == 0, "SetProps of a wide text");
    SPropTagArray tags = {1, {PR_WIDE, 0}};
    SPropValue *found = nullptr;
    ULONG count = 0;
    expect(section->GetProps(&tags, 0, &count, &found) == 0 && count == 1, "GetProps of a wide text");
    if (found) {
        expect(found->tag == PR_WIDE && std::wcscmp(found->wide, text) == 0, "the wide text itself");
        release(found);
    }
}

// As mapi4linux's own service does: a live object waits in the section while the call lasts.
void walk_object(IProfSect *section, FREE release)
{
    Transport *transport = new Transport;
    SPropValue kept = {};
    kept.tag = PR_TRANSPORT, kept.object = transport;
    expect(section->SetProps(1, &kept, nullptr) == 0, "SetProps of an object");
    SPropTagArray tags = {1, {PR_TRANSPORT, 0}};
    SPropValue *found = nullptr;
    ULONG count = 0;
    expect(section->GetProps(&tags, 0, &count, &found) == 0 && count == 1, "GetProps of an object");
    if (found) {
        expect(found->tag == PR_TRANSPORT && found->object == transport, "the object itself");
        release(found);
    }
    expect(section->DeleteProps(&tags, nullptr) == 0, "DeleteProps of an object");
    delete transport;
}

} // namespace

extern "C" __attribute__((visibility("default"))) HRESULT MSGServiceEntry(
    unsigned int, IMalloc *, IMAPISupport *support, ULONG, ULONG flags, ULONG context, ULONG count,
    const SPropValue *given, IProviderAdmin *admin, MAPIERROR **)
{
    if (context != 2 && context != 3)
        return 0;
    ALLOCATE allocate;
    ALLOCATE_MORE more;
    FREE release;
    IProfSect *section = nullptr;
    HRESULT result = support->GetMemAllocRoutines(&allocate, &more, &release);
    if (result == 0)
        result = admin->OpenProfileSection(nullptr, nullptr, MAPI_MODIFY, &section);
    if (result != 0)
        return result;
    if (count)
        result = section->SetProps(count, given, nullptr);
    walk_identity(section);
    walk_section(section, release);
    if (context == 3)
        walk_object(section, release);

    void *block = nullptr, *child = nullptr;
    expect(allocate(8, &block) == 0 && more(8, block, &child) == 0 && release(block) == 0, "the allocators");

    SPropValue seen[3] = {};
    seen[0].tag = PR_CONTEXT, seen[0].l = std::int32_t(context);
    seen[1].tag = PR_FLAGS, seen[1].l = std::int32_t(flags);
    seen[2].tag = PR_VERDICT, seen[2].text = const_cast<char *>(verdict);
    if (result == 0)
        result = section->SetProps(3, seen, nullptr);
    if (result == 0)
        result = section->SaveChanges(0);
    section->Release();
    return result;
}
