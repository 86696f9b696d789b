"""Scripts as they are written for pywin32, in our words: only the prefix of their imports is another.

Each documented flow runs on a workstation in memory and on a real tree. What scripts in the wild do beside that is
here, too: narrow names that come as bytes, one tag that is no tuple, ids of rows by MakeIID, positional zeros.
"""

from __future__ import annotations

import doctest
import gc
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright import MapiUid
from mapiwright.pywin32 import mapi, mapitags, mapiutil, pythoncom, target
from mapiwright.pywin32.target import PendingCallWarning
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.pywin32.profadmin import PyIProfAdmin
    from mapiwright.pywin32.services import PyIMsgServiceAdmin

    Office = Any  # of conftest

PR_SERVER = 0x6600001F
PR_SERVER_A = 0x6600001E
MARK = 0x6655000B


@pytest.fixture(autouse=True)
def no_workstation_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_MAPI", target._Mapi())
    for variable in (target.WORKSTATION, target.USER, target.HOST):
        monkeypatch.delenv(variable, raising=False)


ON_BOTH = pytest.mark.parametrize("pc", ["memory", "image"], indirect=True)


@pytest.fixture
def pc(request: pytest.FixtureRequest, office_on: type[Office]) -> Office:
    """A workstation that scripts administer: Zoë's profiles, and the services of the office."""
    on_disk = getattr(request, "param", "memory") == "image"
    made = office_on(open_workstation(f"image:{request.getfixturevalue('workstation_folder')}") if on_disk else None)
    mapi.use_workstation(made.workstation)
    return made


@pytest.fixture
def profiles(pc: Office) -> Iterator[PyIProfAdmin]:
    assert pc.workstation.users
    mapi.MAPIInitialize((mapi.MAPI_INIT_VERSION, mapi.MAPI_MULTITHREAD_NOTIFICATIONS))
    yield mapi.MAPIAdminProfiles(0)
    mapi.MAPIUninitialize()


@pytest.fixture
def services(profiles: PyIProfAdmin) -> PyIMsgServiceAdmin:
    """The services of the profile Work, which has none yet."""
    profiles.CreateProfile("Work", None, 0, 0)
    return profiles.AdminServices("Work", None, 0, 0)


def code_of(call: Callable[[], object]) -> int:
    """The hresult of the com_error that a call raises, whose text says more than the number."""
    with pytest.raises(pythoncom.com_error) as caught:
        call()
    hresult, text, excepinfo, argerror = caught.value.args
    assert (caught.value.hresult, excepinfo, argerror) == (hresult, None, None)
    assert text
    assert isinstance(hresult, int)
    return hresult


def added(services: PyIMsgServiceAdmin, name: str = "MAIL") -> Any:
    return services.QueryInterface(mapi.IID_IMsgServiceAdmin2).CreateMsgServiceEx(name, None, 0, 0)


def profile_names(profiles: PyIProfAdmin) -> list[bytes]:
    rows = mapi.HrQueryAllRows(profiles.GetProfileTable(0), [mapitags.PR_DISPLAY_NAME_A], None, None, 0)
    return [row[0][1] for row in rows]


# The documents' flows


@ON_BOTH
def test_create_a_profile_add_a_service_and_configure_it(profiles: PyIProfAdmin) -> None:
    """[creating-a-profile-by-using-custom-code]: the service is in the last row of the table."""
    profiles.CreateProfile("Work", None, 0, 0)
    services = profiles.AdminServices("Work", None, 0, 0)
    services.CreateMsgService("MAIL", None, 0, 0)
    table = services.GetMsgServiceTable(0)
    rows = mapi.HrQueryAllRows(table, [mapitags.PR_SERVICE_UID, mapitags.PR_SERVICE_NAME_A], None, None, 0)
    (_, uid), (_, name) = rows[-1]
    assert name == b"MAIL"
    iid = pythoncom.MakeIID(uid, 1)
    services.ConfigureMsgService(iid, 0, 0, ((PR_SERVER_A, "mail.example"), (0x66010003, 7), (0x6602000B, 1)))
    profiles.SetDefaultProfile("Work", 0)
    section = services.OpenProfileSection(iid, None, 0)
    assert section.GetProps((PR_SERVER, PR_SERVER_A, 0x66010003, 0x6602000B)) == (
        0,
        ((PR_SERVER, "mail.example"), (PR_SERVER_A, b"mail.example"), (0x66010003, 7), (0x6602000B, True)),
    )


@ON_BOTH
def test_the_uid_of_a_new_service_is_found_three_documented_ways(services: PyIMsgServiceAdmin) -> None:
    """[imsgserviceadmin-createmsgservice]: by its name, as the last row, by a mark of older ones; Ex tells it"""
    old = added(services)
    section = services.OpenProfileSection(old, mapi.IID_IProfSect, mapi.MAPI_MODIFY)
    section.SetProps([(MARK, True)])
    services.CreateMsgService("MAIL", None)
    restriction = (
        mapi.RES_CONTENT,
        (mapi.FL_FULLSTRING, mapitags.PR_SERVICE_NAME_A, (mapitags.PR_SERVICE_NAME_A, b"MAIL")),
    )
    columns = (mapitags.PR_SERVICE_UID, MARK)
    by_name = mapi.HrQueryAllRows(services.GetMsgServiceTable(0), columns, restriction, None, 0)[-1][0][1]
    table = services.GetMsgServiceTable(mapi.MAPI_UNICODE)
    table.SetColumns(columns, 0)
    last = table.QueryRows(table.GetRowCount(0), 0)[-1][0][1]
    unmarked = (mapi.RES_NOT, ((mapi.RES_EXIST, (MARK,)),))
    ((by_mark, mark),) = mapi.HrQueryAllRows(services.GetMsgServiceTable(0), columns, unmarked, None, 0)
    assert by_name == last == by_mark[1] != bytes(old)
    assert mark == (mapitags.PROP_TAG(mapitags.PT_ERROR, 0x6655), mapi.MAPI_E_NOT_FOUND)


@ON_BOTH
def test_a_temporary_profile_lasts_as_long_as_its_session(profiles: PyIProfAdmin, pc: Office) -> None:
    """[creating-a-profile-by-using-custom-code]: create, log on, delete at once"""
    profiles.CreateProfile("Passing", None)
    flags = mapi.MAPI_EXTENDED | mapi.MAPI_NEW_SESSION | mapi.MAPI_EXPLICIT_PROFILE | mapi.MAPI_NO_MAIL
    session = mapi.MAPILogonEx(0, "Passing", None, flags)
    profiles.DeleteProfile("Passing", 0)
    assert profile_names(profiles) == []
    assert pc.another().names == ("Passing",)
    session.AdminServices(0).CreateMsgService("WIRE", None, 0, 0)
    session.Logoff(0, 0, 0)
    assert pc.another().names == ()
    assert code_of(session.AdminServices) == mapi.MAPI_E_INVALID_OBJECT


@ON_BOTH
def test_a_session_that_is_forgotten_ends_with_the_last_uninitialize(profiles: PyIProfAdmin, pc: Office) -> None:
    profiles.CreateProfile("Passing", None)
    mapi.MAPIInitialize(None)
    mapi.MAPILogonEx(0, b"Passing", None, mapi.MAPI_NEW_SESSION)
    profiles.DeleteProfile("Passing")
    mapi.MAPIUninitialize()
    assert pc.another().names == ("Passing",), "somebody uses MAPI still"
    mapi.MAPIUninitialize()
    assert pc.another().names == ()


@ON_BOTH
def test_copy_rename_delete_and_set_the_default(services: PyIMsgServiceAdmin, profiles: PyIProfAdmin) -> None:
    """[copying-a-profile], [renaming-a-profile], [deleting-a-profile], [setting-a-default-profile]"""
    added(services)
    profiles.CopyProfile("Work", None, "Copy", 0, 0)
    profiles.RenameProfile(b"Copy", None, "Zürich", 0, 0)
    profiles.SetDefaultProfile("Zürich")
    profiles.DeleteProfile("Work")
    columns = (mapitags.PR_DEFAULT_PROFILE, mapitags.PR_DISPLAY_NAME_A)
    rows = mapi.HrQueryAllRows(profiles.GetProfileTable(0), columns, None, None, 0)
    assert rows == (((mapitags.PR_DEFAULT_PROFILE, True), (mapitags.PR_DISPLAY_NAME_A, "Zürich".encode("cp1252"))),)
    copied = profiles.AdminServices("Zürich".encode("cp1252")).GetMsgServiceTable(mapi.MAPI_UNICODE)
    assert dict(copied.QueryRows(9, 0)[0])[mapitags.PR_SERVICE_NAME] == "MAIL"
    profiles.SetDefaultProfile(None)
    assert mapi.HrQueryAllRows(profiles.GetProfileTable(0), columns, None, None, 0)[0][0][1] is False
    profiles.ChangeProfilePassword("Zürich", None, None, 0)


@ON_BOTH
def test_walk_the_providers_of_a_profile(services: PyIMsgServiceAdmin) -> None:
    """[walking-through-providers]: AdminProviders for each row of the service table"""
    services.CreateMsgService("MAIL", None)
    services.CreateMsgService("WIRE", None)
    found = []
    columns = (mapitags.PR_RESOURCE_TYPE, mapitags.PR_PROVIDER_DISPLAY_A, mapitags.PR_PROVIDER_UID)
    for row in mapi.HrQueryAllRows(services.GetMsgServiceTable(0), mapitags.PR_SERVICE_UID, None, None, 0):
        providers = services.AdminProviders(mapi.MAPIUIDFromBinary(row[0][1]), 0)
        for (kind, _), (_, display), (_, uid) in mapi.HrQueryAllRows(
            providers.GetProviderTable(0), columns, None, None, 0
        ):
            if mapitags.PROP_TYPE(kind) != mapitags.PT_ERROR:
                section = providers.OpenProfileSection(pythoncom.MakeIID(uid, 1), None, mapi.MAPI_FORCE_ACCESS)
                hr, ((_, same),) = section.GetProps((mapitags.PR_PROVIDER_DISPLAY_A,), 0)
                assert (hr, same) == (0, display)
                found.append(display)
    assert found == [b"Mail Store", b"Mail Addresses", b"Mail Wire", b"Wire"]


@ON_BOTH
def test_an_account_is_added_and_configured_in_one_transaction(profiles: PyIProfAdmin, pc: Office) -> None:
    """Ours: ``batch``. Without it each call is a transaction of its own."""

    def receipts() -> int:
        from mapiwright.transaction.records.receipt import receipts

        return len(receipts(pc.workstation)) - before

    before = 0
    before = receipts()
    with mapi.batch("one account"):
        profiles.CreateProfile("Work", None)
        services = profiles.AdminServices("Work")
        uid = added(services)
        section = services.OpenProfileSection(uid, None, mapi.MAPI_MODIFY)
        for number in range(20):
            section.SetProps(((0x66100003 + (number << 16), number),))
        assert receipts() == 0
    assert receipts() == 1

    def add_two() -> None:
        with mapi.batch():
            profiles.CreateProfile("Other", None)
            profiles.CreateProfile("Work", None)

    assert code_of(add_two) == mapi.MAPI_E_NO_ACCESS
    assert profile_names(profiles) == [b"Work"]
    section.SetProps(((PR_SERVER, "a"),))
    section.SetProps(((PR_SERVER, "b"),))
    assert receipts() == 3


# What objects hand out and take


def test_a_property_has_the_form_that_pywin32_gives_its_type(services: PyIMsgServiceAdmin) -> None:
    section = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    at = datetime(2026, 3, 1, 13, 30, 15, 123_456, tzinfo=timezone(timedelta(hours=1)))
    iid = pythoncom.MakeIID("{00020304-0000-0000-C000-000000000046}")
    given: list[tuple[int, Any]] = [
        (0x66000002, 5),
        (0x66010003, -2147483648),
        (0x6602000B, 1),
        (0x66030014, 1 << 40),
        (0x6604001F, "Zoë €"),
        (0x6605001E, "Zoë €"),
        (0x66060040, at),
        (0x66070048, iid),
        (0x66080102, b"\0\1"),
        (0x66091003, [1, -2]),
        (0x660A101F, ["a", "ü"]),
        (0x660B101E, (b"\xfc", "ü")),
        (0x660C1102, [b"x", b""]),
    ]
    assert section.SetProps(given) == (0, None)
    section.SaveChanges(mapi.KEEP_OPEN_READWRITE)
    hr, found = section.GetProps([tag for tag, _ in given], 0)
    assert hr == 0
    got = dict(found)
    assert [type(got[tag]) for tag in (0x66000002, 0x6602000B, 0x66070048)] == [int, bool, type(iid)]
    assert list(got.values()) == [
        5,
        -2147483648,
        True,
        1 << 40,
        "Zoë €",
        b"Zo\xeb \x80",
        datetime(2026, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC),
        iid,
        b"\0\1",
        (1, -2),
        ("a", "ü"),
        (b"\xfc", b"\xfc"),
        (b"x", b""),
    ]
    assert section.GetProps((0x66050000, 0x66050000 + 0x1F), mapi.MAPI_UNICODE)[1][0] == (0x6605001F, "Zoë €")
    ((_, ticks),) = section.behind.get_props([0x66060040]).values
    assert isinstance(ticks, int)
    assert ticks % 10_000 == 0, "Windows takes a time to the millisecond"
    assert section.GetProps((mapitags.PR_NULL,), 0) == (0, ((mapitags.PR_NULL, None),))


def test_what_pywin32_refuses_is_taken_where_it_can_mean_one_thing_only(services: PyIMsgServiceAdmin) -> None:
    """Bytes for wide strings, 16 bytes for an id, the highest bit without a sign, an IID for bytes."""
    uid = added(services)
    section = services.OpenProfileSection(bytes(uid), None, mapi.MAPI_MODIFY)
    section.SetProps([(0x6600001F, b"Zo\xeb"), (0x66010102, uid), (0x66020048, bytes(uid)), (0x66030003, 0x80000000)])
    assert [value for _, value in section.GetProps((0x6600001F, 0x66010102, 0x66020048, 0x66030003))[1]] == [
        "Zoë",
        bytes(uid),
        uid,
        -2147483648,
    ]
    assert section.GetProps((0x80010003 - (1 << 32),))[1] == ((0x8001000A, mapi.MAPI_E_NOT_FOUND),)
    assert 0x6600001F in section.GetPropList(0x80000000)
    assert 0x6600001E in section.GetPropList(0)


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        (5, "tuple of"),
        ((0x6600001F,), "tuple of"),
        (("x", 5), "tuple of"),
        ((0x6600001F, 5), "Unicode"),
        ((0x6600001E, None), "Unicode"),
        ((0x66000102, "text"), "bytes"),
        ((0x66000048, 5), "CLSID"),
        ((0x66000040, 5), "time object"),
        ((0x66000003, "5"), "interpreted as an integer"),
        ((0x66001003, 5), "sequence"),
        ((0x66000000, 5), "Unsupported MAPI property type"),
    ],
)
def test_what_is_no_property_is_a_type_error_as_in_pywin32(
    services: PyIMsgServiceAdmin, pair: Any, told: str
) -> None:
    section = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    with pytest.raises(TypeError, match=told):
        section.SetProps([pair])
    with pytest.raises(TypeError, match="sequence of integers"):
        section.GetProps(5.0)  # type: ignore[arg-type]


def test_an_id_is_an_iid_its_text_or_sixteen_bytes(services: PyIMsgServiceAdmin) -> None:
    """Hex digits are refused: as a GUID they would be another section, which MAPI_MODIFY would make."""
    uid = added(services)
    for spelled in (uid, str(uid), bytes(uid), MapiUid(bytes(uid))):
        assert services.OpenProfileSection(spelled, None, 0).GetProps((mapitags.PR_SERVICE_UID,))[0] == 0
    invalid_class_string = -2147221005
    assert code_of(lambda: services.OpenProfileSection(bytes(uid).hex(), None, 1)) == invalid_class_string
    assert code_of(lambda: services.OpenProfileSection(b"short", None, 1)) == invalid_class_string
    with pytest.raises(TypeError, match="CLSID"):
        services.DeleteMsgService(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Unicode"):
        services.CreateMsgService(5, None)  # type: ignore[arg-type]


def test_problems_are_told_to_who_wants_them(services: PyIMsgServiceAdmin) -> None:
    section = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    given = [(PR_SERVER, "a"), (PR_SERVER, "b"), (mapitags.PR_OBJECT_TYPE, 5), (0x80010003, 5)]
    assert section.SetProps(given) == (0, None)
    problems = ((2, mapitags.PR_OBJECT_TYPE, mapi.MAPI_E_COMPUTED), (3, 0x80010003, mapi.MAPI_E_NO_SUPPORT))
    assert section.SetProps(given, True) == (0, problems)
    assert section.SetProps([(PR_SERVER, "a")], True) == (0, None)
    assert section.DeleteProps((PR_SERVER, mapitags.PR_OBJECT_TYPE), True) == (
        0,
        ((1, mapitags.PR_OBJECT_TYPE, mapi.MAPI_E_COMPUTED),),
    )
    assert section.DeleteProps(PR_SERVER) == (0, None)
    hr, ((tag, code),) = section.GetProps(PR_SERVER, 0)
    assert (hr, tag, code) == (mapi.MAPI_W_ERRORS_RETURNED, 0x6600000A, mapi.MAPI_E_NOT_FOUND)
    assert code_of(lambda: section.SetProps([])) == mapi.MAPI_E_INVALID_PARAMETER
    assert code_of(lambda: section.DeleteProps(())) == mapi.MAPI_E_INVALID_PARAMETER


def test_one_property_is_got_and_set_by_a_function(services: PyIMsgServiceAdmin) -> None:
    """[hrgetoneprop], [hrsetoneprop]"""
    section = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    mapi.HrSetOneProp(section, (PR_SERVER, "a"))
    assert mapi.HrGetOneProp(section, PR_SERVER_A) == (PR_SERVER_A, b"a")
    assert code_of(lambda: mapi.HrGetOneProp(section, MARK)) == mapi.MAPI_E_NOT_FOUND
    assert code_of(lambda: mapi.HrSetOneProp(section, (mapitags.PR_OBJECT_TYPE, 5))) == mapi.MAPI_E_COMPUTED


def test_properties_are_copied_from_section_to_section(services: PyIMsgServiceAdmin) -> None:
    """[imapiprop-copyto], [imapiprop-copyprops]"""
    source = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    target_ = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    source.SetProps([(PR_SERVER, "a"), (0x66010003, 5), (0x66020003, 6)])
    copied = source.CopyTo(None, (0x66010003,), 0, None, mapi.IID_IMAPIProp, target_, 0, True)
    assert copied[0] == 0
    tags_there = (PR_SERVER, 0x66010003, 0x66020003)
    absent = mapi.MAPI_E_NOT_FOUND
    assert [value for _, value in target_.GetProps(tags_there)[1]] == ["a", absent, 6]
    assert source.CopyProps((0x66010003,), 0, None, mapi.IID_IProfSect, target_, mapi.MAPI_MOVE) == (0, None)
    assert [value for _, value in target_.GetProps(tags_there)[1]] == ["a", 5, 6]
    assert source.GetProps((0x66010003,))[0] == mapi.MAPI_W_ERRORS_RETURNED
    refused = mapi.MAPI_E_INTERFACE_NOT_SUPPORTED
    excluded = [mapi.IID_IMAPIProp]
    assert code_of(lambda: source.CopyTo(excluded, None, 0, None, mapi.IID_IMAPIProp, target_, 0)) == refused
    assert code_of(lambda: source.CopyProps((MARK,), 0, None, mapi.IID_IMAPITable, target_, 0)) == refused
    with pytest.raises(TypeError, match="COM object"):
        source.CopyProps((MARK,), 0, None, mapi.IID_IMAPIProp, services, 0)  # type: ignore[arg-type]


def test_a_section_has_no_names_and_no_streams(services: PyIMsgServiceAdmin) -> None:
    section = services.OpenProfileSection(added(services), None, 0)
    for call in (
        lambda: section.GetIDsFromNames([(mapi.PS_PUBLIC_STRINGS, "colour")], mapi.MAPI_CREATE),
        lambda: section.GetNamesFromIDs((0x80010000,)),
        lambda: section.OpenProperty(PR_SERVER, mapi.IID_IMAPIProp, 0, 0),
    ):
        assert code_of(call) == mapi.MAPI_E_NO_SUPPORT


def test_a_section_is_open_to_others_when_nobody_refers_to_it_any_more(services: PyIMsgServiceAdmin) -> None:
    uid = added(services)
    section = services.OpenProfileSection(uid, None, mapi.MAPI_MODIFY)
    same = section.QueryInterface(mapi.IID_IMAPIProp)
    assert code_of(lambda: services.OpenProfileSection(uid, None, mapi.MAPI_MODIFY)) == mapi.MAPI_E_NO_ACCESS
    del section
    gc.collect()
    assert code_of(lambda: services.OpenProfileSection(uid, None, mapi.MAPI_MODIFY)) == mapi.MAPI_E_NO_ACCESS
    del same
    gc.collect()
    assert services.OpenProfileSection(uid, None, mapi.MAPI_MODIFY).GetPropList(0)


def test_an_object_has_the_interfaces_that_it_has(services: PyIMsgServiceAdmin, profiles: PyIProfAdmin) -> None:
    two = services.QueryInterface(mapi.IID_IMsgServiceAdmin2)
    assert hasattr(two, "CreateMsgServiceEx")
    assert not hasattr(services, "CreateMsgServiceEx")
    back = two.QueryInterface(mapi.IID_IMsgServiceAdmin)
    assert not hasattr(back, "CreateMsgServiceEx")
    unknown = back.QueryInterface(pythoncom.IID_IUnknown)
    assert not hasattr(unknown, "AdminProviders")
    assert unknown == two == services
    assert services != profiles
    assert len({unknown, two, services, profiles}) == 2
    assert services != "services"
    assert unknown.QueryInterface(str(mapi.IID_IMsgServiceAdmin2), None).GetMsgServiceTable(0) is not None
    section = services.OpenProfileSection(added(services), mapi.IID_IMAPIProp, 0)
    for iid in (mapi.IID_IProfSect, mapi.IID_IMAPIProp):
        assert section.QueryInterface(iid).GetPropList(0)
    assert code_of(lambda: section.QueryInterface(mapi.IID_IMAPITable)) == mapi.MAPI_E_INTERFACE_NOT_SUPPORTED
    assert code_of(lambda: profiles.QueryInterface(mapi.IID_IMsgServiceAdmin)) == mapi.MAPI_E_INTERFACE_NOT_SUPPORTED
    assert (
        code_of(lambda: services.OpenProfileSection(added(services), mapi.IID_IMAPITable, 0))
        == mapi.MAPI_E_INTERFACE_NOT_SUPPORTED
    )


# Failures


def test_each_object_tells_why_its_last_call_failed(services: PyIMsgServiceAdmin, profiles: PyIProfAdmin) -> None:
    """[mapi-extended-errors]: (version, error, component, low-level error, context)"""
    assert services.GetLastError(mapi.MAPI_E_NOT_FOUND) is None
    code = code_of(lambda: services.CreateMsgService("NONE", None))
    assert code == mapi.MAPI_E_NOT_FOUND
    error = services.GetLastError(code, mapi.MAPI_UNICODE)
    assert error is not None
    version, text, component, low, context = error
    assert (version, component, low, context) == (0, "Mapiwright", 0, 0)
    assert "NONE" in text
    assert services.GetLastError(mapi.MAPI_E_NO_ACCESS) is None
    assert profiles.GetLastError(code) is None
    assert code_of(lambda: services.CreateMsgService("BAD", None, 0, 0)) == mapi.MAPI_E_EXTENDED_ERROR
    error = services.GetLastError(mapi.MAPI_E_EXTENDED_ERROR, 0)
    assert error is not None
    assert "the licence has run out" in error[1]
    table = services.GetMsgServiceTable(0)
    assert code_of(lambda: table.SetColumns((), 0)) == mapi.MAPI_E_INVALID_PARAMETER
    assert table.GetLastError(mapi.MAPI_E_INVALID_PARAMETER) is not None


def test_calls_fail_with_the_codes_of_their_pages(profiles: PyIProfAdmin) -> None:
    profiles.CreateProfile("Work", None)
    assert code_of(lambda: profiles.CreateProfile("work", None)) == mapi.MAPI_E_NO_ACCESS
    assert code_of(lambda: profiles.CreateProfile("New", None, 0, 0x40)) == mapi.MAPI_E_UNKNOWN_FLAGS
    assert code_of(lambda: profiles.DeleteProfile("None")) == mapi.MAPI_E_NOT_FOUND
    assert code_of(lambda: profiles.AdminServices("None")) == mapi.MAPI_E_LOGON_FAILED
    assert code_of(lambda: mapi.MAPILogonEx(0, "None", None, 0)) == mapi.MAPI_E_LOGON_FAILED
    services = profiles.AdminServices("Work")
    services.CreateMsgService("BOOK", None)
    assert code_of(lambda: services.CreateMsgService("BOOK", None)) == mapi.MAPI_E_NO_ACCESS
    ((uid,),) = mapi.HrQueryAllRows(services.GetMsgServiceTable(0), mapitags.PR_SERVICE_UID, None, None, 0)
    iid = pythoncom.MakeIID(uid[1], 1)
    assert code_of(lambda: services.ConfigureMsgService(iid, 0, 0, None)) == mapi.MAPI_E_NOT_INITIALIZED
    assert code_of(lambda: services.RenameMsgService(iid, 0, "Other")) == mapi.MAPI_E_NO_SUPPORT
    services.DeleteMsgService(iid)
    assert services.GetMsgServiceTable(0).GetRowCount(0) == 0
    assert code_of(lambda: services.DeleteMsgService(iid)) == mapi.MAPI_E_NOT_FOUND


def test_what_the_code_page_lacks_is_a_question_mark(profiles: PyIProfAdmin) -> None:
    profiles.CreateProfile("日本", None, 0, mapi.MAPI_UNICODE)
    assert profile_names(profiles) == [b"??"]


# Tables


def test_a_table_is_restricted_sorted_and_walked(services: PyIMsgServiceAdmin) -> None:
    for name in ("MAIL", "BOOK", "WIRE"):
        services.CreateMsgService(name, None)
    table = services.GetMsgServiceTable(mapi.MAPI_UNICODE)
    table.SetColumns((mapitags.PR_SERVICE_NAME,), mapi.TBL_BATCH)
    assert table.QueryColumns(0) == (mapitags.PR_SERVICE_NAME,)
    assert mapitags.PR_SERVICE_UID in table.QueryColumns(mapi.TBL_ALL_COLUMNS)
    table.SortTable((((mapitags.PR_SERVICE_NAME, mapi.TABLE_SORT_DESCEND),), 0, 0), 0)
    assert table.QuerySortOrder() == (((mapitags.PR_SERVICE_NAME, 1),), 0, 0)

    def names(count: int) -> list[str]:
        return [row[0][1] for row in table.QueryRows(count, 0)]

    assert names(2) == ["WIRE", "MAIL"]
    assert table.QueryPosition() == [2, 2, 3]
    bookmark = table.CreateBookmark()
    assert table.SeekRow(mapi.BOOKMARK_BEGINNING, 1) == 1
    assert names(-1) == ["WIRE"]
    assert table.SeekRow(bookmark, 0) == 0
    assert names(5) == ["BOOK"]
    assert names(5) == []
    table.FreeBookmark(bookmark)
    assert code_of(lambda: table.SeekRow(bookmark, 0)) == mapi.MAPI_E_INVALID_BOOKMARK
    table.SeekRowApprox(1, 3)
    assert names(1) == ["MAIL"]
    assert table.GetStatus() == [0, 0]
    table.Abort()
    wanted = (mapi.RES_PROPERTY, (mapi.RELOP_EQ, mapitags.PR_SERVICE_NAME_A, (mapitags.PR_SERVICE_NAME_A, b"WIRE")))
    table.FindRow(wanted, mapi.BOOKMARK_BEGINNING, 0)
    assert names(1) == ["WIRE"]
    assert code_of(lambda: table.FindRow(wanted, mapi.BOOKMARK_CURRENT, 0)) == mapi.MAPI_E_NOT_FOUND
    assert code_of(lambda: table.FindRow(None, 0, 0)) == mapi.MAPI_E_INVALID_PARAMETER
    categories = (((mapitags.PR_SERVICE_NAME, mapi.TABLE_SORT_ASCEND),), 1)
    assert code_of(lambda: table.SortTable(categories, 0)) == mapi.MAPI_E_TOO_COMPLEX
    assert code_of(lambda: table.SortTable(None, 0)) == mapi.MAPI_E_INVALID_PARAMETER
    table.Restrict(wanted, 0)
    assert table.GetRowCount(0) == 1
    table.Restrict(None, 0)
    assert table.GetRowCount(0) == 3
    assert code_of(lambda: mapi.HrQueryAllRows(table, None, None, None, 2)) == mapi.MAPI_E_TABLE_TOO_BIG


NAME, UID, FLAGS = mapitags.PR_SERVICE_NAME_A, mapitags.PR_SERVICE_UID, mapitags.PR_RESOURCE_FLAGS


@pytest.mark.parametrize(
    ("restriction", "found"),
    [
        ((mapi.RES_CONTENT, (mapi.FL_PREFIX | mapi.FL_IGNORECASE, NAME, (NAME, "wi"))), ["WIRE"]),
        ((mapi.RES_PROPERTY, [mapi.RELOP_GE, NAME, (NAME, b"MAIL")]), ["MAIL", "WIRE"]),
        ((mapi.RES_PROPERTY, (mapi.RELOP_EQ, NAME, (mapitags.PT_STRING8, "BOOK"))), ["BOOK"]),
        ((mapi.RES_EXIST, (mapitags.PR_SERVICE_DLL_NAME,)), ["MAIL"]),
        ((mapi.RES_EXIST, (mapitags.PR_SERVICE_DLL_NAME, 0, 0)), ["MAIL"]),
        ((mapi.RES_NOT, ((mapi.RES_EXIST, (mapitags.PR_SERVICE_DLL_NAME,)), 0)), ["BOOK", "WIRE"]),
        ((mapi.RES_BITMASK, (mapi.BMR_NEZ, FLAGS, mapi.SERVICE_SINGLE_COPY)), ["BOOK"]),
        ((mapi.RES_BITMASK, (mapi.BMR_NEZ, FLAGS)), []),
        ((mapi.RES_AND, []), ["MAIL", "BOOK", "WIRE"]),
        (
            (
                mapi.RES_OR,
                [
                    (mapi.RES_PROPERTY, (mapi.RELOP_EQ, NAME, (NAME, "MAIL"))),
                    (mapi.RES_PROPERTY, (mapi.RELOP_EQ, NAME, (NAME, "WIRE"))),
                ],
            ),
            ["MAIL", "WIRE"],
        ),
        ((mapi.RES_COMPAREPROPS, (mapi.RELOP_EQ, UID, mapitags.PR_INSTANCE_KEY)), ["MAIL", "BOOK", "WIRE"]),
        ((mapi.RES_SIZE, (mapi.RELOP_GT, UID, 16)), []),
        ((mapi.RES_COMMENT, ((mapi.RES_EXIST, (UID,)), [(NAME, "a remark")])), ["MAIL", "BOOK", "WIRE"]),
    ],
)
def test_restrictions_are_spelled_as_in_pywin32(
    services: PyIMsgServiceAdmin, restriction: Any, found: list[str]
) -> None:
    for name in ("MAIL", "BOOK", "WIRE"):
        services.CreateMsgService(name, None)
    rows = mapi.HrQueryAllRows(services.GetMsgServiceTable(0), (NAME,), restriction, None, 0)
    assert [row[0][1].decode() for row in rows] == found


@pytest.mark.parametrize(
    ("restriction", "error"),
    [
        (5, TypeError),
        ((mapi.RES_AND,), TypeError),
        (("and", []), TypeError),
        ((mapi.RES_NOT, ()), TypeError),
        ((mapi.RES_PROPERTY, (mapi.RELOP_EQ, NAME)), TypeError),
        ((mapi.RES_SUBRESTRICTION, (1, ())), ValueError),
        ((77, ()), ValueError),
    ],
)
def test_what_is_no_restriction_is_refused(services: PyIMsgServiceAdmin, restriction: Any, error: Any) -> None:
    with pytest.raises(error):
        services.GetMsgServiceTable(0).Restrict(restriction, 0)
    for order in ((), (5,), (((NAME, 0),), 0, 0, 0)):
        with pytest.raises(TypeError):
            services.GetMsgServiceTable(0).SortTable(order, 0)


def test_who_advises_on_a_service_table_is_told_of_a_new_row(services: PyIMsgServiceAdmin) -> None:
    """[adding-a-message-service]; a callback is called as callback(notifications, context)"""
    heard: list[Any] = []
    sink = mapi.HrAllocAdviseSink(lambda notifications, context: heard.append((notifications, context)), "mine")
    table = services.GetMsgServiceTable(0)
    table.SetColumns((NAME,), 0)
    connection = table.Advise(mapi.fnevTableModified, mapi.HrThisThreadAdviseSink(sink))
    services.CreateMsgService("WIRE", None)
    mapi.HrDispatchNotifications(0)
    (((kind, (event, result, index, prior, row)),), context) = heard.pop()
    assert (kind, event, result, context) == (mapi.fnevTableModified, mapi.TABLE_ROW_ADDED, 0, "mine")
    assert index[0] == mapitags.PR_INSTANCE_KEY
    assert prior == (mapitags.PR_NULL, None)
    assert row == ((NAME, b"WIRE"),)
    services.CreateMsgService("PIPE", None)
    assert heard.pop()[0][0][1][3] == index
    table.Unadvise(connection)
    services.CreateMsgService("MAIL", None)
    assert heard == []
    with pytest.raises(TypeError, match="callable"):
        mapi.HrAllocAdviseSink(5)  # type: ignore[arg-type]
    assert sink.QueryInterface(mapi.IID_IMAPIAdviseSink) == sink


# Providers, sessions, and what is ours


def test_providers_are_added_and_removed(services: PyIMsgServiceAdmin) -> None:
    """[iprovideradmin-createprovider], [iprovideradmin-deleteprovider]"""
    providers = services.AdminProviders(added(services), 0)
    before = providers.GetProviderTable(0).GetRowCount(0)
    given = ((mapitags.PR_DISPLAY_NAME_A, b"Second"), (0x66000003, 7))
    uid = providers.CreateProvider("MailStore", len(given), given, 0, 0)
    section = providers.OpenProfileSection(uid, None, mapi.MAPI_FORCE_ACCESS)
    assert section.GetProps((mapitags.PR_DISPLAY_NAME, 0x66000003))[1] == (
        (mapitags.PR_DISPLAY_NAME, "Second"),
        (0x66000003, 7),
    )
    providers.DeleteProvider(uid)
    assert providers.GetProviderTable(0).GetRowCount(0) == before
    assert code_of(lambda: providers.DeleteProvider(uid)) == mapi.MAPI_E_NOT_FOUND
    assert providers.GetLastError(mapi.MAPI_E_NOT_FOUND) is not None
    refusing = services.AdminProviders(configured(services, "SHY"), 0)
    assert code_of(lambda: refusing.CreateProvider(b"ShyBook", 0, None, 0, 0)) == mapi.MAPI_E_NO_SUPPORT


def configured(services: PyIMsgServiceAdmin, name: str) -> Any:
    uid = added(services, name)
    services.ConfigureMsgService(uid, 0, mapi.MAPI_UNICODE, [(PR_SERVER, "mail.example")])
    return uid


def test_a_session_administers_and_opens_nothing_else(services: PyIMsgServiceAdmin, profiles: PyIProfAdmin) -> None:
    added(services)
    profiles.SetDefaultProfile("Work")
    session = mapi.MAPILogonEx(0, None, None, mapi.MAPI_EXTENDED | mapi.MAPI_USE_DEFAULT | mapi.MAPI_NEW_SESSION)
    assert session.AdminServices() != services
    assert session.AdminServices(0).GetMsgServiceTable(0).GetRowCount(0) == 1
    section = session.OpenProfileSection(mapi.MUID_PROFILE_INSTANCE, None, 0)
    assert mapi.HrGetOneProp(section, mapitags.PR_PROFILE_NAME_A) == (mapitags.PR_PROFILE_NAME_A, b"Work")
    for call in (
        lambda: session.GetMsgStoresTable(0),
        lambda: session.OpenMsgStore(0, b"", None, mapi.MDB_NO_DIALOG),
        lambda: session.OpenAddressBook(0, None, mapi.AB_NO_DIALOG),
        lambda: session.OpenEntry(None, None, 0),
        lambda: session.CompareEntryIDs(b"", b""),
        session.QueryIdentity,
        lambda: session.Advise(None, 0, None),
        lambda: session.Unadvise(1),
    ):
        assert code_of(call) == mapi.MAPI_E_NO_SUPPORT
    assert session.GetLastError(mapi.MAPI_E_NO_ACCESS) is None
    session.Logoff(0, 0, 0)
    session.Logoff(0, 0, 0)


def test_services_are_copied_ordered_and_chosen_as_in_c(services: PyIMsgServiceAdmin, profiles: PyIProfAdmin) -> None:
    """Ours: CopyMsgService, MsgServiceTransportOrder, SetPrimaryIdentity, IMAPISession.SetDefaultStore."""
    mail, json_form = added(services), added(services, "WIRE")
    profiles.CreateProfile("Other", None)
    other = profiles.AdminServices("Other")
    copy = services.CopyMsgService(mail, None, None, mapi.IID_IMsgServiceAdmin, other, 0, 0)
    assert copy != mail
    assert mapi.HrQueryAllRows(other.GetMsgServiceTable(0), (NAME, UID), None, None, 0) == (
        ((NAME, b"MAIL"), (UID, bytes(copy))),
    )
    session = mapi.MAPILogonEx(0, "Other", None, mapi.MAPI_NEW_SESSION)
    services.CopyMsgService(json_form, b"ignored", None, mapi.IID_IMAPISession, session)
    assert other.GetMsgServiceTable(0).GetRowCount(0) == 2
    no_interface = mapi.MAPI_E_INTERFACE_NOT_SUPPORTED
    unknown = pythoncom.IID_IUnknown
    assert code_of(lambda: services.CopyMsgService(json_form, None, None, unknown, profiles)) == no_interface

    def providers(kind: int) -> list[bytes]:
        wanted = (
            mapi.RES_PROPERTY,
            (mapi.RELOP_EQ, mapitags.PR_RESOURCE_TYPE, (mapitags.PR_RESOURCE_TYPE, kind)),
        )
        columns = (mapitags.PR_PROVIDER_UID,)
        return [row[0][1] for row in mapi.HrQueryAllRows(services.GetProviderTable(0), columns, wanted, None, 0)]

    order = providers(mapi.MAPI_TRANSPORT_PROVIDER)
    services.MsgServiceTransportOrder(order[::-1])
    assert providers(mapi.MAPI_TRANSPORT_PROVIDER) == order[::-1]
    assert code_of(lambda: services.MsgServiceTransportOrder(order[:1], 0)) == mapi.MAPI_E_BUSY
    services.SetPrimaryIdentity(None)
    services.SetPrimaryIdentity(mail, 0)
    assert code_of(lambda: services.SetPrimaryIdentity(json_form)) == mapi.MAPI_E_NO_ACCESS
    added(services)
    stores = providers(mapi.MAPI_STORE_PROVIDER)
    work = mapi.MAPILogonEx(0, "Work", None, mapi.MAPI_NEW_SESSION)
    work.SetDefaultStore(mapi.MAPI_DEFAULT_STORE, stores[1])
    default = (mapi.RES_BITMASK, (mapi.BMR_NEZ, FLAGS, mapi.STATUS_DEFAULT_STORE))
    rows = mapi.HrQueryAllRows(services.GetProviderTable(0), (mapitags.PR_PROVIDER_UID,), default, None, 0)
    assert [row[0][1] for row in rows] == [stores[1]]


def test_the_helpers_of_mapiutil_work_on_sections(services: PyIMsgServiceAdmin) -> None:
    section = services.OpenProfileSection(added(services), None, mapi.MAPI_MODIFY)
    mapiutil.SetProperties(section, {PR_SERVER: "a", 0x66010003: 5})
    mapiutil.SetPropertyValue(section, 0x66020003, 6)
    mapiutil.SetPropertyValue(section, 0x66010003, None)
    assert mapiutil.GetProperties(section, (PR_SERVER, 0x66020003)) == ["a", 6]
    assert mapiutil.GetProperties(section, PR_SERVER_A) == b"a"
    assert mapiutil.GetProperties(section, 0x66010003) is None
    every = dict(mapiutil.GetAllProperties(section))
    assert every["PR_SERVICE_NAME_A"] == b"MAIL"
    assert every["PR_OBJECT_TYPE"] == mapi.MAPI_PROFSECT
    assert code_of(lambda: mapiutil.SetPropertyValue(section, "colour", "red")) == mapi.MAPI_E_NO_SUPPORT


def test_digits_and_bytes_become_each_other() -> None:
    assert mapi.HexFromBin(b"\0\xfe") == "00FE"
    assert mapi.BinFromHex("00fe") == b"\0\xfe"
    with pytest.raises(ValueError, match="non-hexadecimal"):
        mapi.BinFromHex("0x")


# Which workstation


def test_without_a_workstation_nothing_is_administered() -> None:
    assert code_of(lambda: mapi.MAPIAdminProfiles(0)) == mapi.MAPI_E_NOT_INITIALIZED
    assert code_of(lambda: mapi.MAPILogonEx(0, "Work")) == mapi.MAPI_E_NOT_INITIALIZED
    with pytest.raises(pythoncom.com_error, match="use_workstation"), mapi.batch():
        pytest.fail("it began")
    mapi.MAPIUninitialize()


def test_the_variables_name_workstation_and_user(desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(pythoncom.com_error, match="Zoë, Łukasz"):
        mapi.use_workstation(desk.workstation)
    monkeypatch.setenv(target.USER, "łukasz")
    mapi.use_workstation(desk.workstation)
    mapi.MAPIAdminProfiles(0).CreateProfile("Work", None)
    mapi.use_workstation(desk.workstation, "Zoë")
    assert profile_names(mapi.MAPIAdminProfiles(0)) == []
    mapi.use_workstation(desk.workstation, desk.user("Łukasz").sid)
    assert profile_names(mapi.MAPIAdminProfiles(0)) == [b"Work"]
    assert code_of(lambda: mapi.use_workstation(desk.workstation, "Nobody")) == mapi.MAPI_E_NOT_FOUND
    assert code_of(lambda: mapi.use_workstation("nowhere:")) == mapi.MAPI_E_INVALID_PARAMETER
    assert code_of(lambda: mapi.use_workstation("memory:", "", host="there")) == mapi.MAPI_E_INVALID_PARAMETER
    monkeypatch.setenv(target.HOST, "there")
    assert code_of(lambda: mapi.use_workstation("memory:", "")) == mapi.MAPI_E_INVALID_PARAMETER
    monkeypatch.delenv(target.HOST)
    monkeypatch.delenv(target.USER)
    monkeypatch.setattr(target, "_MAPI", target._Mapi())
    monkeypatch.setenv(target.WORKSTATION, f"image:{tmp_path / 'none'}")
    assert code_of(lambda: mapi.MAPIAdminProfiles(0)) == mapi.MAPI_E_NOT_FOUND
    monkeypatch.setenv(target.WORKSTATION, "memory:")
    profiles = mapi.MAPIAdminProfiles(0)
    profiles.CreateProfile("Here", None)
    assert profile_names(mapi.MAPIAdminProfiles(0)) == [b"Here"]


def test_who_may_reach_one_hive_only_administers_that_one(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.workstation, "as_user", desk.user("Łukasz"))
    mapi.use_workstation(desk.workstation)
    assert mapi.MAPIAdminProfiles(0).behind.workspace.user == desk.user("Łukasz")


def test_a_call_that_cannot_be_made_here_is_told_as_a_warning(pc: Office) -> None:
    """WIRE's DLL has no stand-in: it is added, and its call is recorded as pending."""
    from mapiwright.workstation.change import WriteFile

    inf = pc.workstation.outlook.inf_path
    data = pc.workstation.files.read(inf) or b""
    declared = data.replace(b"[WIRE]\r\n", b"[WIRE]\r\nPR_SERVICE_DLL_NAME=wire.dll\r\n").replace(
        b"[WIRE]\n", b"[WIRE]\nPR_SERVICE_DLL_NAME=wire.dll\nPR_SERVICE_ENTRY_NAME=ServiceEntry\n"
    )
    pc.workstation.files.apply([WriteFile(inf, data, declared)])
    pc.workstation.refresh()
    mapi.use_workstation(pc.workstation)
    mapi.MAPIAdminProfiles(0).CreateProfile("Work", None)
    services = mapi.MAPIAdminProfiles(0).AdminServices("Work")
    with pytest.warns(PendingCallWarning, match="WIRE"):
        services.CreateMsgService("WIRE", None)
    assert services.GetMsgServiceTable(0).GetRowCount(0) == 1


def test_the_page_shows_what_happens() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "run-a-pywin32-script.md"
    shown = doctest.testfile(str(page), module_relative=False)
    assert shown.attempted > 1
    assert not shown.failed


def test_importing_mapi_loads_no_administration() -> None:
    code = "import sys; from mapiwright.pywin32 import mapi; print(*(m for m in sys.modules if 'mapiwright' in m))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    floors = {module.split(".")[1] for module in ran.stdout.split() if "." in module}
    assert floors == {"pywin32", "mapi", "formats", "errors", "message", "frozen"}
