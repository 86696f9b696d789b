/*
 * A service of the time before Unicode: its MAPIERROR is right for the eye, and against the rules in one way each.
 */
#include "service.h"

#ifdef _WIN32
__declspec(dllimport) void *MAPI_CALL LocalAlloc(ULONG flags, size_t size);
#define ELSEWHERE(size) LocalAlloc(0x40, size)
#else
#define ELSEWHERE(size) calloc(1, size)
#endif

enum {
    eight_bit_words = 1,
    words_elsewhere,
    static_words,
    words_behind,
    words_nowhere,
    words_of_a_warning,
    words_of_a_refusal,
};

ENTRY
{
    UNUSED_ARGUMENTS;
    static char eight_bit[] = "Le serveur n'est pas r\xe9joignable!", component[] = "Old";
    Allocators buffers;
    MAPIERROR *block = NULL;
    char *text = NULL, *name = NULL;
    if (context != MSG_SERVICE_CREATE)
        return S_OK;
    if (FAILED(allocators(support, &buffers)))
        return MAPI_E_CALL_FAILED;
    if (HOW == words_elsewhere)
        block = ELSEWHERE(sizeof *block);
    else
        buffers.allocate(sizeof *block + 40 * sizeof(WCHAR), (void **)&block);
    *block = (MAPIERROR){MAPI_ERROR_VERSION, L"The server is away", L"Old", 7, 8};
    if (HOW == eight_bit_words) {
        buffers.more(sizeof eight_bit, block, (void **)&text);
        buffers.more(sizeof component, block, (void **)&name);
        block->lpszError = strcpy(text, eight_bit);
        block->lpszComponent = strcpy(name, component);
    } else if (HOW == words_behind) {
        block->lpszError = wcscpy((WCHAR *)(block + 1), L"The server is away");
        block->lpszComponent = NULL;
    } else if (HOW == words_nowhere) {
        block->lpszError = (void *)(uintptr_t)8;
        block->lpszComponent = NULL;
    }
    *error = block;
    if (HOW == words_of_a_refusal) {
        static const MAPIUID foreign = {{0x13, 0xDB, 0xB0, 0xC8, 0xAA, 5, 0x10, 0x1A, 0x9B, 0xB0, 0, 0xAA, 0, 0x2F, 0xC4, 0x5A}};
        IProfSect *section = NULL;
        return CALL(admin, OpenProfileSection, &foreign, NULL, MAPI_MODIFY, &section);
    }
    return HOW == words_of_a_warning ? MAPI_W_ERRORS_RETURNED : MAPI_E_EXTENDED_ERROR;
}
