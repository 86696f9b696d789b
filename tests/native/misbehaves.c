/*
 * A service that does one thing wrong: the one that it was compiled for, with -DHOW=crashes and the like.
 *
 * Before that it sets 66A00003 to 1 where it has a section, so that a test can see that nothing of it is kept.
 */
#ifndef _WIN32
#define _DEFAULT_SOURCE
#endif
#include "service.h"

#ifdef _WIN32
/* The few functions of Windows that are needed; its headers have types of the same names as ours. */
__declspec(dllimport) void __stdcall Sleep(unsigned long milliseconds);
__declspec(dllimport) void __stdcall RaiseException(unsigned long, unsigned long, unsigned long, const void *);
__declspec(dllimport) void *__stdcall VirtualAlloc(void *, size_t, unsigned long, unsigned long);
__declspec(dllimport) unsigned long __stdcall GetModuleFileNameA(void *, char *, unsigned long);
__declspec(dllimport) unsigned int __stdcall WinExec(const char *, unsigned int);
#else
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

/* Every way, whichever is compiled in; build.py reads their names here. */
enum {
    crashes = 1,
    divides_by_zero,
    aborts,
    exits_in_silence,
    exits_with_3,
    loops,
    sleeps,
    overflows_the_stack,
    raises,
    prints_much,
    leaves_a_child,
    leaves_a_daemon,
    writes_a_file,
    crashes_at_load,
    hangs_at_load,
    exits_at_load,
    mutes_at_load,
    leaks,
    frees_twice,
    frees_what_is_not_its,
    writes_past_the_end,
    uses_after_release,
    releases_too_often,
    calls_on_strangers,
    answers_garbage,
    refuses_both_widths,
    gives_a_wild_error,
    gives_wild_words,
    forgets_terminators,
    gives_huge_counts,
    passes_null,
    passes_wild_pointers,
};

#define WRITTEN PROP_TAG(PT_LONG, 0x66A0)
#define CHILD PROP_TAG(PT_LONG, 0x66A1)
#define FILE_NAME PROP_TAG(PT_STRING8, 0x66A2)
#define REFUSED PROP_TAG(PT_LONG, 0x66A3)
#define WILD ((void *)(uintptr_t)wild)

static volatile uintptr_t wild = 8; /* an address that nobody has; volatile, or a compiler may reason with it */
static volatile int zero;

static void write_at(void *address)
{
    *(volatile int *)address = 1;
}

static void wait_seconds(unsigned seconds)
{
#ifdef _WIN32
    Sleep(seconds * 1000);
#else
    sleep(seconds);
#endif
}

static int deeper(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + room[0];
}

static void print_much(void)
{
    static char line[1024];
    memset(line, 0xFF, sizeof line - 1); /* no text in any encoding, and a zero byte at its end */
    for (int i = 0; i < 4096; i++) {
        fwrite(line, 1, sizeof line, stdout);
        fwrite(line, 1, sizeof line, stderr);
    }
    printf("{\"phase\": \"done\", \"hresult\": 0}\n");
    fflush(stdout);
}

/* A process that holds whatever this one has open, for five minutes. */
static LONG start_child(int leave_the_group)
{
#ifdef _WIN32
    char command[600];
    (void)leave_the_group;
    command[0] = '"';
    GetModuleFileNameA(NULL, command + 1, 500);
    strcat(command, "\" -c \"import time; time.sleep(300)\""); /* what runs this is a Python */
    return WinExec(command, 0) > 31;
#else
    pid_t child = fork();
    if (child == 0) {
        if (leave_the_group)
            setsid();
        sleep(300);
        _exit(0);
    }
    return (LONG)child;
#endif
}

/* As much memory as one page, which ends where nothing is. */
static char *page_without_end(void)
{
#ifdef _WIN32
    char *pages = VirtualAlloc(NULL, 8192, 0x2000, 1);
    pages = VirtualAlloc(pages, 4096, 0x1000, 4);
#else
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 4096, 4096, PROT_NONE);
#endif
    return memset(pages, 'x', 4096);
}

static void at_load(void)
{
    if (HOW == crashes_at_load)
        write_at(WILD);
    if (HOW == hangs_at_load)
        wait_seconds(300);
    if (HOW == exits_at_load)
        _Exit(0);
#ifndef _WIN32
    if (HOW == mutes_at_load) { /* whatever this process has open leads nowhere now */
        int nowhere = open("/dev/null", O_WRONLY);
        for (int open_one = 3; open_one < 256; open_one++)
            if (open_one != nowhere && fcntl(open_one, F_GETFD) != -1)
                dup2(nowhere, open_one);
    }
#endif
}

#ifdef _WIN32
int __stdcall DllMain(void *instance, unsigned long reason, void *reserved)
{
    (void)instance, (void)reserved;
    if (reason == 1)
        at_load();
    return 1;
}
#else
__attribute__((constructor)) static void loaded(void)
{
    at_load();
}
#endif

static LONG refused;

static HRESULT note(HRESULT result)
{
    refused += FAILED(result);
    return result;
}

static void huge_counts(const Allocators *buffers, IProfSect *own, IProviderAdmin *admin)
{
    static LONG one = 1;
    SPropTagArray tags = {0x7fffffff, {WRITTEN}};
    SPropValue bytes = binary_value(PROP_TAG(PT_BINARY, 0x66A4), &one, 0x7fffffff), *found;
    SPropValue numbers = {.ulPropTag = PROP_TAG(PT_MV_LONG, 0x66A5), .Value.mv = {0x7fffffff, &one}};
    SSortOrderSet order = {0x7fffffff, 0, 0, {{WRITTEN, 0}}};
    SRestriction many = {RES_OR, {.several = {0x7fffffff, &many}}};
    IMAPITable *table;
    ULONG count;
    SPropProblemArray *problems;

    note(CALL(own, GetProps, &tags, 0, &count, &found));
    note(CALL(own, SetProps, 0x7fffffff, &numbers, NULL));
    note(CALL(own, DeleteProps, &tags, NULL));
    note(CALL(own, CopyProps, &tags, 0, NULL, &IID_IProfSect, own, 0, NULL));
    if (SUCCEEDED(note(CALL(own, SetProps, 1, &bytes, &problems))))
        refused += problems != NULL, buffers->release(problems);
    if (SUCCEEDED(note(CALL(own, SetProps, 1, &numbers, &problems))))
        refused += problems != NULL, buffers->release(problems);
    if (SUCCEEDED(CALL(admin, GetProviderTable, 0, &table))) {
        note(CALL(table, SetColumns, &tags, 0));
        note(CALL(table, SortTable, &order, 0));
        note(CALL(table, Restrict, &many, 0));
        note(CALL(table, FindRow, &many, BOOKMARK_BEGINNING, 0));
        RELEASE(table);
    }
}

/* The same calls with NULL, or with a pointer that leads nowhere, in the place of each. */
static void bad_pointers(void *bad, IMAPISupport *support, IProviderAdmin *admin, IProfSect *own)
{
    IMAPITable *table;
    note(CALL(support, GetMemAllocRoutines, bad, bad, bad));
    note(CALL(support, NewUID, bad));
    note(CALL(support, OpenProfileSection, bad, 0, bad));
    note(CALL(support, QueryInterface, bad, bad));
    note(CALL(support, GetLastError, S_OK, 0, bad));
    note(CALL(admin, OpenProfileSection, bad, bad, 0, bad));
    note(CALL(admin, DeleteProvider, bad));
    note(CALL(admin, CreateProvider, bad, 5, bad, 0, 0, bad));
    note(CALL(admin, GetProviderTable, 0, bad));
    note(CALL(own, SetProps, 5, bad, bad));
    note(CALL(own, GetProps, bad, 0, bad, bad));
    note(CALL(own, GetPropList, 0, bad));
    note(CALL(own, DeleteProps, bad, bad));
    note(CALL(own, CopyTo, 5, bad, bad, 0, bad, bad, bad, 0, bad));
    if (SUCCEEDED(CALL(admin, GetProviderTable, 0, &table))) {
        note(CALL(table, SetColumns, bad, 0));
        note(CALL(table, SortTable, bad, 0));
        note(CALL(table, QueryRows, 5, 0, bad));
        note(CALL(table, FindRow, bad, 0, 0));
        note(CALL(table, CreateBookmark, bad));
        RELEASE(table);
    }
}

static HRESULT with_section(IMalloc *memory, IMAPISupport *support, IProviderAdmin *admin, MAPIERROR **error)
{
    Allocators buffers;
    IProfSect *own;
    char *buffer;
    HRESULT result = allocators(support, &buffers);
    if (FAILED(result) || FAILED(result = own_section(admin, &own)))
        return result;
    switch ((int)HOW) {
    case leaks:
        buffers.allocate(77, (void **)&buffer);
        memory->lpVtbl->Alloc(memory, 78);
        return S_OK; /* and the section with it */
    case frees_twice:
        buffers.allocate(16, (void **)&buffer);
        buffers.release(buffer), buffers.release(buffer);
        break;
    case frees_what_is_not_its:
        buffers.release(&buffers), buffers.release(own), memory->lpVtbl->Free(memory, &buffers);
        break;
    case writes_past_the_end:
        buffers.allocate(16, (void **)&buffer);
        memset(buffer, 0, 20);
        buffers.release(buffer);
        break;
    case uses_after_release:
        RELEASE(own);
        return set(own, long_value(WRITTEN, 2)) == S_OK ? S_OK : MAPI_E_CALL_FAILED;
    case releases_too_often:
        RELEASE(own), RELEASE(own), RELEASE(support), RELEASE(support), RELEASE(admin), RELEASE(admin);
        return S_OK;
    case calls_on_strangers: {
        IProfSect copy = *own;
        set(&copy, long_value(WRITTEN, 2));
        own->lpVtbl->SaveChanges(admin, 0); /* an object of ours, and of another kind */
        break;
    }
    case gives_wild_words:
        if (FAILED(buffers.allocate(sizeof **error, (void **)error)))
            return MAPI_E_NOT_ENOUGH_MEMORY;
        **error = (MAPIERROR){MAPI_ERROR_VERSION, WILD, WILD, 1, 1};
        result = MAPI_E_EXTENDED_ERROR;
        break;
    case forgets_terminators:
        set(own, text_value(PROP_TAG(PT_STRING8, 0x66A6), page_without_end()));
        break;
    case gives_huge_counts:
        huge_counts(&buffers, own, admin);
        break;
    case passes_null:
        bad_pointers(NULL, support, admin, own);
        break;
    case passes_wild_pointers:
        bad_pointers(WILD, support, admin, own);
        break;
    }
    if (refused)
        set(own, long_value(REFUSED, refused));
    RELEASE(own);
    return result;
}

static void write_file(ULONG count, const SPropValue *given)
{
    const char *name = count && given->ulPropTag == FILE_NAME ? given->Value.lpszA : "written-by-a-service";
    FILE *file = fopen(name, "wb");
    if (file) {
        fputs("A service was here.\n", file);
        fclose(file);
    }
}

ENTRY
{
    UNUSED_ARGUMENTS;
    if (context != MSG_SERVICE_INSTALL && context != MSG_SERVICE_UNINSTALL)
        leave(admin, long_value(WRITTEN, 1));
    switch ((int)HOW) {
    case crashes:
        write_at(WILD);
        return S_OK;
    case divides_by_zero:
        return 1000 / zero;
    case aborts:
        abort();
    case exits_in_silence:
        _Exit(0);
    case exits_with_3:
        exit(3);
    case loops:
        for (;;)
            zero = 0;
    case sleeps:
        wait_seconds(300);
        return S_OK;
    case overflows_the_stack:
        return deeper(0);
    case raises:
#ifdef _WIN32
        RaiseException(0xE0AC3E11, 1, 0, NULL);
#else
        raise(SIGUSR1); /* whose default is to end the process */
#endif
        return S_OK;
    case prints_much:
        print_much();
        return S_OK;
    case leaves_a_child:
    case leaves_a_daemon:
        return leave(admin, long_value(CHILD, start_child(HOW == leaves_a_daemon)));
    case writes_a_file:
        write_file(count, given);
        return S_OK;
    case answers_garbage:
        return 0x12345678;
    case refuses_both_widths:
        return MAPI_E_BAD_CHARWIDTH;
    case gives_a_wild_error:
        *error = WILD;
        return MAPI_E_EXTENDED_ERROR;
    case crashes_at_load:
    case hangs_at_load:
    case exits_at_load:
    case mutes_at_load:
        return S_OK;
    default:
        return with_section(memory, support, admin, error);
    }
}
