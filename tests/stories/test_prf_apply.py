"""A PRF file is applied: a profile is made, changed or left alone as it says; the second time nothing is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.flags import SectionFlag
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.service.record import ServiceRecord
from mapiwright.errors import FindingsError
from mapiwright.formats import inf
from mapiwright.formats import prf as text
from mapiwright.mapi.inf.merge import merge
from mapiwright.mapi.prf.reading import read
from mapiwright.mapi.profile import roles
from mapiwright.mapi.profile.app_profile import is_app_profile
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.setup.prf.apply import plan_prf, refusal
from mapiwright.setup.prf.file import decide
from mapiwright.setup.records.pending import pending_calls
from mapiwright.workstation.change import SetValue, WriteFile, key_with_parents
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.mapi.prf.reading import ProfileFile
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.transaction.plans.plan import Plan

OLD_SERVICES = """\
[Services]
MSPST MS=Personal Folders
MSPST AB=Personal Address Book
IMAIL=Internet E-mail
PLAIN=Plain
MANY=Many
[MSPST MS]
PR_SERVICE_DLL_NAME=mspst.dll
PR_SERVICE_ENTRY_NAME=PSTServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=MSPST Store
[MSPST Store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DLL_NAME=mspst.dll
PR_PROVIDER_DISPLAY=Personal Folders
PR_DISPLAY_NAME=Personal Folders
[MSPST AB]
PR_SERVICE_DLL_NAME=mspst.dll
PR_SERVICE_ENTRY_NAME=PABServiceEntry
PR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY|SERVICE_NO_PRIMARY_IDENTITY
Providers=MSPST Book
[MSPST Book]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_PROVIDER_DLL_NAME=mspst.dll
PR_PROVIDER_DISPLAY=Personal Address Book
PR_DISPLAY_NAME=Personal Address Book
[IMAIL]
PR_SERVICE_DLL_NAME=minet.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=IMAIL Transport
[IMAIL Transport]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_PROVIDER_DLL_NAME=minet.dll
PR_PROVIDER_DISPLAY=Internet E-mail
PR_DISPLAY_NAME=Internet E-mail
[PLAIN]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=Plain Store
[Plain Store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DLL_NAME=plain.dll
PR_PROVIDER_DISPLAY=Plain
PR_DISPLAY_NAME=Plain
66050003=01000000
[MANY]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=Many Store
[Many Store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DLL_NAME=many.dll
PR_PROVIDER_DISPLAY=Many
PR_DISPLAY_NAME=Many
"""
PLAIN = """\
[General]
Custom=1
ProfileName=Work
OverwriteProfile=Append
BackupProfile=No
[Service List]
Service1=Plain
[Service1]
UniqueService=Yes
Server=mail
Size=5
[Plain]
ServiceName=PLAIN
Server=PT_UNICODE,0x6600
User=PT_STRING8,0x6601
Size=PT_LONG,0x6605
Password=PT_STRING8,0x67f0
[Many]
ServiceName=MANY
Server=PT_UNICODE,0x6600
[Outlook]
SectionGUID=0a0d020000000000c000000000000046
Months=PT_LONG,0x0330
[Nothing]
ServiceName=NOTHING
"""


class Shelf:
    """A desk whose MAPISVC.INF has the services of old, and what a PRF file does to Zoë's profiles on it."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.user = desk.user("Zoë")
        self.learn(OLD_SERVICES)

    def learn(self, services: str) -> None:
        """MAPISVC.INF gets the services of a fragment."""
        files, path = self.desk.workstation.files, self.desk.workstation.outlook.inf_path
        merged = merge(inf.parse(files.read(path)), inf.parse(services.encode()), absent=False)
        files.apply([WriteFile(path, files.read(path), inf.render(merged.inf))])

    def space(self, *, sends: bool = False) -> Workspace:
        return Workspace(self.desk.workstation, self.user, send=self.desk.do if sends else None)

    def profiles(self) -> ProfileAdmin:
        """Zoë's profiles, as somebody else administers them."""
        return ProfileAdmin(self.space(sends=True))

    def plan(self, content: str | bytes, *edits: str) -> Plan:
        file = self.file(content, *edits)
        spaces = [self.space()]
        decision = decide(file, spaces, Path("test.prf"))
        if decision.plan is None:
            raise refusal(decision.findings, "test.prf")
        return decision.plan

    def file(self, content: str | bytes, *edits: str) -> ProfileFile:
        if isinstance(content, str):
            for old, new in zip(edits[::2], edits[1::2], strict=True):
                assert old in content, old
                content = content.replace(old, new, 1)
            content = content.encode("cp1252")
        return read(text.parse(content))

    def apply(self, content: str | bytes, *edits: str) -> Plan:
        """Apply a file, and see that doing it again changes nothing."""
        plan = self.plan(content, *edits)
        self.desk.do(plan)
        again = self.plan(content, *edits)
        assert again.empty, again.steps
        for name in self.space().names:
            assert faults(self.space().profile(name)) == ()
        return plan

    def profile(self, name: str = "Work") -> Profile:
        return self.space().profile(name)

    def services(self, name: str = "Work") -> list[str]:
        return [each.name for each in self.profile(name).services]

    def values(self, tag: int, name: str = "Work") -> list[Any]:
        return [each.section.get(tag) for each in self.profile(name).services]


@pytest.fixture
def shelf(desk: Any) -> Shelf:
    return Shelf(desk)


# Real files.


def test_the_exchange_dialect_is_applied(shelf: Shelf, shared_data: Callable[[str], Path]) -> None:
    shelf.learn(shared_data("inf/Q294470-msems.inf").read_text())
    plan = shelf.apply(shared_data("prf/Q149852-deliver-to-pst.prf").read_bytes())
    name = "Delivery to  Local PST"
    assert shelf.services(name) == ["MSPST MS", "MSPST AB", "MSEMS"]
    store = roles.default_store(shelf.profile(name))
    assert store is not None
    assert store.display == "Personal Folders"
    assert shelf.space().default == name
    asked = [each.call.properties for each in pending_calls(shelf.desk.workstation) if each.call.properties]
    assert asked == [{0x6700001E: r"c:\exchange\mailbox.pst", 0x6701000B: True, 0x67020003: 0x40000000}]
    assert plan.notes == ()


def test_the_whole_sample_of_outlook_2000_is_applied(shelf: Shelf, shared_data: Callable[[str], Path]) -> None:
    shelf.learn(shared_data("inf/Q294470-msems.inf").read_text())
    content = shared_data("prf/Q259957-outlook2000-sample.prf").read_bytes()
    for ending in (b"\n", b"\r\n", b"\r"):
        plan = shelf.apply(content.replace(b"\n", ending))
    assert plan.empty, "line ends make no other file of it"
    assert shelf.services("Microsoft Outlook") == ["MSEMS", "CONTAB", "MSPST MS", "IMAIL"]
    store = roles.default_store(shelf.profile("Microsoft Outlook"))
    assert store is not None
    assert store.display == "Private Folders", "DefaultStore=Service2 is Exchange"
    asked = {each.call.service: each.call.properties for each in pending_calls(shelf.desk.workstation)}
    assert asked["IMAIL"] == {0x661F001E: "PopAccount", 0x3001001E: "Internet E-mail - PopAccount"}
    assert [note for note in plan.notes if "Account1 (I_Mail)" in str(note)]


# [General].


def test_a_profile_is_made_and_becomes_the_default_one(shelf: Shelf) -> None:
    plan = shelf.apply(PLAIN)
    assert plan.verb == "prf"
    assert str(plan.title) == "apply test.prf"
    assert shelf.services() == ["PLAIN"]
    assert shelf.values(0x6600001F) == ["mail"]
    assert shelf.space().default == "Work"


def test_a_file_may_leave_the_default_profile_alone(shelf: Shelf) -> None:
    shelf.apply(PLAIN, "Custom=1", "Custom=1\nDefaultProfile=No")
    assert shelf.space().default is None


def test_no_leaves_a_profile_of_that_name_as_it_is(shelf: Shelf) -> None:
    shelf.profiles().create_profile("work")
    plan = shelf.plan(PLAIN, "OverwriteProfile=Append\n", "")
    assert plan.empty
    assert [note for note in plan.notes if "work of Zoë is there" in str(note)]
    assert shelf.space().default is None


def test_yes_replaces_a_profile_that_is_not_as_the_file_says(shelf: Shelf) -> None:
    profiles = shelf.profiles()
    profiles.create_profile("Work")
    profiles.admin_services("Work").create_message_service("CONTAB")
    profiles.set_default_profile("Work")
    before = shelf.profile()
    shelf.apply(PLAIN, "=Append", "=Yes")
    assert shelf.services() == ["PLAIN"]
    assert shelf.space().default == "Work"
    assert shelf.profile().sections.keys() != before.sections.keys()
    assert shelf.space().names == ("Work",), "no copy was asked for"


@pytest.mark.parametrize("said", ["Yes", "No"])
def test_a_default_profile_that_is_replaced_stays_the_default_one(shelf: Shelf, said: str) -> None:
    profiles = shelf.profiles()
    profiles.create_profile("Work")
    profiles.set_default_profile("Work")
    shelf.apply(PLAIN, "=Append", f"=Yes\nDefaultProfile={said}")
    assert shelf.space().default == "Work"


def test_yes_leaves_alone_what_is_as_the_file_says_and_restores_what_somebody_changed(shelf: Shelf) -> None:
    shelf.apply(PLAIN, "=Append", "=Yes")
    made = shelf.profile()
    services = shelf.profiles().admin_services("Work")
    with services.open_profile_section(services.find("PLAIN").uid, SectionFlag.MODIFY) as section:
        section.set_props({0x6600001F: "elsewhere"})
    shelf.apply(PLAIN, "=Append", "=Yes")
    assert shelf.values(0x6600001F) == ["mail"]
    assert shelf.profile().sections.keys() != made.sections.keys(), "it is another profile"


def test_append_keeps_what_the_file_does_not_name(shelf: Shelf) -> None:
    services = shelf.profiles()
    services.create_profile("Work")
    services.admin_services("Work").create_message_service("CONTAB")
    uid = services.admin_services("Work").create_message_service("PLAIN")
    with services.admin_services("Work").open_profile_section(uid, SectionFlag.MODIFY) as section:
        section.set_props({0x6601001E: "zoe", 0x6600001F: "old"})
    shelf.apply(PLAIN)
    assert shelf.services() == ["CONTAB", "PLAIN"]
    assert shelf.values(0x6600001F) == [None, "mail"]
    assert shelf.values(0x6601001E) == [None, "zoe"]
    assert shelf.profile().services[1].uid == uid


def test_a_copy_is_made_where_the_file_says_so_and_only_when_something_changes(shelf: Shelf) -> None:
    edits = ("BackupProfile=No", "BackupProfile=Yes")
    shelf.profiles().create_profile("Work")
    shelf.apply(PLAIN, *edits)
    assert sorted(shelf.space().names) == ["Backup Of Work", "Work"]
    assert shelf.services("Backup Of Work") == []
    shelf.apply(PLAIN, *edits, "Server=mail", "Server=other")
    assert sorted(shelf.space().names) == ["Backup Of Work", "Backup Of Work 2", "Work"]
    assert shelf.values(0x6600001F, "Backup Of Work 2") == ["mail"]
    section = ("Service1=Plain", "Service1=Plain\nService2=Outlook", "[Plain]", "[Service2]\nMonths=4\n[Plain]")
    shelf.apply(PLAIN, *edits, "Server=mail", "Server=other", *section)
    assert "Backup Of Work 3" in shelf.space().names


def test_the_default_profile_may_be_changed_whatever_its_name(shelf: Shelf) -> None:
    edits = ("=Append", "=Yes\nModifyDefaultProfileIfPresent=TRUE", "ProfileName=Work\n", "ProfileName=Other\n")
    profiles = shelf.profiles()
    profiles.create_profile("Home")
    profiles.admin_services("Home").create_message_service("CONTAB")
    profiles.set_default_profile("Home")
    shelf.apply(PLAIN, *edits)
    assert shelf.space().names == ("Home",)
    assert shelf.services("Home") == ["CONTAB", "PLAIN"], "it is changed, not replaced"


def test_without_a_default_profile_one_is_made_under_outlooks_own_name(shelf: Shelf) -> None:
    shelf.apply(PLAIN, "ProfileName=Work\n", "ModifyDefaultProfileIfPresent=TRUE\n")
    assert shelf.services("Outlook") == ["PLAIN"]


def test_the_default_store_is_the_one_that_the_file_names(shelf: Shelf) -> None:
    edits = ("Service1=Plain", "Service1=Plain\nService2=Many", "[Plain]", "[Service2]\nServer=m\n[Plain]")
    shelf.apply(PLAIN, *edits)
    first = roles.default_store(shelf.profile())
    assert first is not None
    assert first.display == "Plain"
    shelf.apply(PLAIN, *edits, "Custom=1", "Custom=1\nDefaultStore=Service2")
    second = roles.default_store(shelf.profile())
    assert second is not None
    assert second.display == "Many"


def test_the_profile_of_an_application_is_left_alone(shelf: Shelf) -> None:
    shelf.profiles().create_profile("Work", 0x4)
    assert is_app_profile(shelf.profile())
    with pytest.raises(FindingsError, match="application") as refused:
        shelf.plan(PLAIN)
    assert [each.id for each in refused.value.findings] == ["MW8112"], "a check says so, too"


TAKEN = {
    "an empty slot": ("Service1=Plain\n", "Service7=\nService1=Plain\nService2=\n"),
    "a default store that no list names": ("Custom=1", "Custom=1\nDefaultStore=Service0"),
    "an empty key that is mapped nowhere": ("Size=5", "Size=5\nMailbox=\nHomeServer="),
    "a key that is mapped nowhere": ("Size=5", "Size=5\nMailbox=x"),
    "a password that is mapped nowhere": ("Size=5", "Size=5\nSMTPPassword=tr0ub4dor"),
    "a mail address": ("ProfileName=Work", "ProfileName=anna@x.example"),
}
"""What public generators of files write, and Outlook takes."""


@pytest.mark.parametrize("case", TAKEN)
def test_what_authors_write_is_taken_with_a_remark(shelf: Shelf, case: str) -> None:
    shelf.apply(PLAIN, *TAKEN[case])
    (name,) = shelf.space().names
    assert shelf.services(name) == ["PLAIN"]
    told = decide(shelf.file(PLAIN, *TAKEN[case]), [shelf.space()], Path("test.prf")).findings
    assert "tr0ub4dor" not in repr(told)
    silent = case in {"an empty key that is mapped nowhere", "a mail address"}
    assert bool(told) is not silent


def test_append_changes_a_profile_whatever_its_name_is(shelf: Shelf) -> None:
    odd = ("ProfileName=Work", "ProfileName=a/b")
    with pytest.raises(FindingsError, match="MW8012"):
        shelf.plan(PLAIN, *odd)
    shelf.profiles().create_profile("Work")
    space = shelf.space(sends=True)
    with space.batch():
        space.put(None, replace(space.profile("Work"), name="a/b"))
    shelf.apply(PLAIN, *odd)
    assert shelf.services("a/b") == ["PLAIN"]


# Services and values.

TWO = ("Service1=Plain", "Service1=Many\nService2=Many", "Server=mail\nSize=5", "Server=one\n[Service2]\nServer=two")


def test_a_service_that_may_be_there_several_times_is_added_each_time_it_is_listed(shelf: Shelf) -> None:
    edits = (*TWO, "UniqueService=Yes", "UniqueService=No", "[Service2]", "[Service2]\nUniqueService=No")
    shelf.apply(PLAIN, *edits)
    assert shelf.values(0x6600001F) == ["one", "two"]
    shelf.apply(PLAIN, *edits, "Server=one", "Server=three")
    assert shelf.values(0x6600001F) == ["one", "two", "three"], "the two that are there are not its own"


def test_a_unique_service_is_the_one_that_is_there(shelf: Shelf) -> None:
    shelf.apply(PLAIN)
    before = shelf.profile().services[0].uid
    shelf.apply(PLAIN, "Server=mail", "Server=other")
    assert shelf.values(0x6600001F) == ["other"]
    assert shelf.profile().services[0].uid == before
    shelf.apply(PLAIN, "UniqueService=Yes", "UniqueService=Yes\nOverwriteExistingService=Yes")
    assert shelf.values(0x6600001F) == ["mail"]
    assert shelf.profile().services[0].uid != before, "it was replaced"


def test_what_mapisvc_inf_says_may_be_there_once_is_there_once_whatever_the_file_says(shelf: Shelf) -> None:
    book = (
        "Service1=Plain",
        "Service1=Personal Address Book",
        "UniqueService=Yes",
        "UniqueService=No\nNameOfPAB=Mine",
    )
    shelf.apply(PLAIN, *book, "Server=mail\nSize=5\n", "")
    shelf.apply(PLAIN, *book, "Server=mail\nSize=5\n", "", "Mine", "Ours")
    assert shelf.services() == ["MSPST AB"]
    asked = [each.call.properties for each in pending_calls(shelf.desk.workstation) if each.call.properties]
    assert asked == [{0x3001001E: "Mine"}, {0x3001001E: "Ours"}]


def test_values_go_where_the_service_keeps_such_properties(shelf: Shelf) -> None:
    shelf.apply(PLAIN)
    service = shelf.profile().services[0]
    assert service.section.get(0x66050003) is None
    assert service.providers[0].section.get(0x66050003) == 5
    assert service.section.get(0x6600001F) == "mail"


def test_a_section_is_written_without_a_service_and_made_where_it_is_missing(shelf: Shelf) -> None:
    edits = ("Service1=Plain", "Service1=Plain\nServiceX=Outlook", "[Plain]", "[ServiceX]\nMonths=0x10\n[Plain]")
    shelf.apply(PLAIN, *edits)
    section = shelf.profile().section("0a0d020000000000c000000000000046")
    assert section is not None
    assert dict(section.properties) == {0x03300003: 16}
    assert shelf.services() == ["PLAIN"]


def test_a_section_that_a_service_brings_is_not_taken_from_it(
    shelf: Shelf, shared_data: Callable[[str], Path]
) -> None:
    shelf.learn(shared_data("inf/Q294470-msems.inf").read_text())
    shelf.apply(
        "[General]\nCustom=1\nProfileName=Work\nOverwriteProfile=Yes\n[Service List]\n"
        "ServiceEGS=Exchange Global Section\nService1=Microsoft Exchange Server\n"
        "[ServiceEGS]\nConfigFlags=0x6\nMailboxName=zoe\n"
        "[Service1]\nUniqueService=Yes\nMailboxName=zoe\nHomeServer=mail\n"
    )
    section = shelf.profile().services[0].extras[0]
    assert section.uid == "13dbb0c8aa05101a9bb000aa002fc45a"
    assert section.get(0x66010003) == 6, "the file's"
    assert section.get(0x66050003) == 3, "and MAPISVC.INF's own"


def test_variables_are_those_of_the_user_and_the_machine(shelf: Shelf) -> None:
    registry = shelf.desk.workstation.registry
    key = shelf.user.root / "Environment"
    registry.apply([*key_with_parents(registry, key), SetValue(key, "Place", None, Value.expand_sz("%UserName%s"))])
    edits = ("Server=mail", "Server=%UserName%\nUser=%place% in %PROGRAMDATA%\\%UserName%.pst, %Unknown%")
    shelf.apply(PLAIN, *edits)
    assert shelf.values(0x6601001E) == ["Zoës in C:\\ProgramData\\Zoë.pst, %Unknown%"]
    assert shelf.values(0x6600001F) == ["%UserName%"], "PT_UNICODE is not expanded"
    shelf.apply(PLAIN, "=Work", "=%USERNAME%")
    assert "Zoë" in shelf.space().names


def test_a_password_goes_nowhere_and_that_is_told(shelf: Shelf) -> None:
    plan = shelf.apply(PLAIN, "Server=mail", "Server=mail\nPassword=tr0ub4dor")
    assert [note for note in plan.notes if "Password of Service1" in str(note)]
    assert "tr0ub4dor" not in repr(plan)
    state = shelf.desk.workstation.state
    assert not [name for name in state.names("") if b"tr0ub4dor" in (state.read(name) or b"")]
    assert "tr0ub4dor" not in repr(shelf.profile())


def test_what_cannot_be_done_is_refused_whole(shelf: Shelf) -> None:
    with pytest.raises(FindingsError) as refused:
        shelf.plan(PLAIN, "Service1=Plain", "Service1=Plain\nService2=Nothing", "Size=5", "Size=five")
    assert {each.id for each in refused.value.findings} >= {"MW8033", "MW8110"}
    assert shelf.space().names == ()


# Services whose code decides.


def test_a_service_is_configured_once_and_keeps_what_it_wants(office: Any) -> None:
    content = (
        "[General]\nCustom=1\nProfileName=Work\nOverwriteProfile=Yes\n[Service List]\nService1=Mail\n"
        "[Service1]\nServer=there\n[Mail]\nServiceName=MAIL\nServer=PT_UNICODE,0x6600\n"
    )
    file = read(text.parse(content.encode()))
    space = Workspace(office.workstation, office.workstation.users[0])
    office.send(plan_prf(file, [space], name="mail.prf"))
    assert office.calls == ["MAIL CREATE", "MAIL CONFIGURE"]
    assert office.stored().services[0].section.get(0x6600001F) == "there"
    again = Workspace(office.workstation, office.workstation.users[0])
    assert plan_prf(file, [again], name="mail.prf").empty


FORGETFUL = """\
def service_entry(call):
    if call.context == 3 and 0x66010003 in call.properties:
        call.service[0x66010003] = call.properties[0x66010003]
    return 0
"""


@dataclass(frozen=True, slots=True)
class Forgetful:
    """A service that keeps one of its properties, and the others in a way of its own."""

    entry: str = "forgetful:service_entry"
    deadline: float = 20.0

    @property
    def sources(self) -> dict[str, bytes]:
        return {"forgetful.py": FORGETFUL.encode()}


def test_what_a_service_keeps_in_a_way_of_its_own_is_not_sent_again(office: Any, kept: Callable[..., None]) -> None:
    content = (
        "[General]\nCustom=1\nProfileName=Work\nOverwriteProfile=Append\n[Service List]\nService1=Mail\n"
        "[Service1]\nServer=there\nPort=25\n"
        "[Mail]\nServiceName=MAIL\nServer=PT_UNICODE,0x6600\nPort=PT_LONG,0x6601\n"
    )
    record = ServiceRecord.of("MAIL", package="office", version="2", stand_in=Forgetful())
    kept(office.workstation, record, Forgetful().sources)

    def apply() -> Plan:
        space = Workspace(office.workstation, office.workstation.users[0])
        plan = plan_prf(read(text.parse(content.encode())), [space], name="mail.prf")
        if not plan.empty:
            office.send(plan)
        return plan

    assert not apply().empty
    assert office.stored().services[0].section.get(0x6600001F) is None
    assert apply().empty, "the server was sent, and the port is there"
    services = ProfileAdmin(office.another()).admin_services("Work")
    with services.open_profile_section(services.find("MAIL").uid, SectionFlag.MODIFY) as section:
        section.set_props({0x66010003: 26})
    assert not apply().empty, "the port is another one now"
    assert office.calls == ["MAIL CREATE", "MAIL CONFIGURE", "MAIL CONFIGURE"]
    content = content.replace("there", "elsewhere")
    assert not apply().empty, "another server was never sent"


def test_a_service_that_fails_leaves_nothing_behind(office: Any) -> None:
    content = (
        "[General]\nCustom=1\nProfileName=Work\n[Service List]\nService1=Mail\nService2=Bad\n"
        "[Mail]\nServiceName=MAIL\n[Bad]\nServiceName=BAD\n"
    )
    space = Workspace(office.workstation, office.workstation.users[0])
    plan = plan_prf(read(text.parse(content.encode())), [space], name="bad.prf")
    with pytest.raises(Exception, match="licence has run out"):
        office.send(plan)
    assert office.another().names == (), "all or nothing: no later service is dropped in silence"
