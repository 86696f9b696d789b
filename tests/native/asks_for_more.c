/*
 * A service that calls what a configuration support object does not have, and goes on without it.
 *
 * 66800003 is how many of its wishes were refused with MAPI_E_NO_SUPPORT, 66810003 how many there were.
 */
#include "service.h"

static LONG wishes, refused;

static void wish(HRESULT result)
{
    wishes++;
    refused += result == MAPI_E_NO_SUPPORT;
}

ENTRY
{
    void *object = NULL;
    IMAPITable *table = NULL;
    ULONG number = 0;
    HRESULT result;
    UNUSED_ARGUMENTS;
    wish(CALL(support, Subscribe, "key", 0, 0, NULL, &number));
    wish(CALL(support, ModifyStatusRow, 0, NULL, 0));
    wish(CALL(support, OpenEntry, 0, NULL, NULL, 0, &number, &object));
    wish(CALL(support, GetOneOffTable, 0, &table));
    wish(CALL(support, OpenAddressBook, NULL, 0, &object));
    wish(CALL(support, SetProviderUID, &(MAPIUID){{1}}, 0));
    wish(CALL(support, CompareEntryIDs, 0, NULL, 0, NULL, 0, &number));
    wish(CALL(support, WrapStoreEntryID, 0, NULL, &number, &object));
    wish(CALL(support, ModifyProfile, 0));
    wish(CALL(support, CopyFolder, NULL, NULL, 0, NULL, NULL, NULL, "name", 0, NULL, 0));
    wish(CALL(support, DoConfigPropsheet, ui, 0, "title", NULL, NULL, 0));
    if (context != MSG_SERVICE_CREATE && context != MSG_SERVICE_CONFIGURE)
        return S_OK;
    result = leave(admin, long_value(PROP_TAG(PT_LONG, 0x6680), refused));
    return FAILED(result) ? result : leave(admin, long_value(PROP_TAG(PT_LONG, 0x6681), wishes));
}
