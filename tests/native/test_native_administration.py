"""The administration interfaces call a compiled service: which message comes when, and what its answers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.child.native.error_words import NOT_WIDE
from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.contract import Result
from mapiwright.errors import CancelledError, EntryPointError, MapiError
from mapiwright.mapi.profile.profile import INSTANCE
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import file_with_parents
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt

INF = b"""\
[Services]\r
GOOD=Good\r
[GOOD]\r
PR_DISPLAY_NAME=Good\r
PR_SERVICE_DLL_NAME=good.dll\r
PR_SERVICE_ENTRY_NAME=ServiceEntry\r
Providers=GOOD_Store,GOOD_Book\r
[GOOD_Store]\r
PR_DISPLAY_NAME=Good Store\r
PR_PROVIDER_DISPLAY=Good Store\r
PR_PROVIDER_DLL_NAME=good.dll\r
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\r
[GOOD_Book]\r
PR_DISPLAY_NAME=Good Book\r
PR_PROVIDER_DISPLAY=Good Book\r
PR_PROVIDER_DLL_NAME=good.dll\r
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r
"""
SERVER, PORT = 0x6600001E, 0x66010003
CONTEXT, VERDICT = 0x66800003, 0x6683001E


class Bench:
    """A workstation in memory whose MAPISVC.INF names one service, and its library."""

    def __init__(self, library: Path) -> None:
        self.workstation = MemoryWorkstation.of(layout(users=["Zoë"]))
        files, outlook = self.workstation.files, self.workstation.outlook
        for path, data in (
            (outlook.inf_path, INF),
            (r"C:\Windows\System32\good32.dll", library.read_bytes()),
        ):
            files.apply(tuple(file_with_parents(files, path, data)))
        user = next(user for user in self.workstation.users if not user.template)
        self.space = Workspace(self.workstation, user, send=self._send, host="here")
        self.plans: list[Plan] = []
        self.receipts: list[Receipt] = []
        self.profiles = ProfileAdmin(self.space)
        self.profiles.create_profile("Work")
        self.receipts.clear()

    def _send(self, plan: Plan) -> None:
        self.plans.append(plan)
        self.receipts.append(execute(plan, self.workstation, makers=MAKERS))

    @property
    def services(self) -> MessageServiceAdmin:
        return self.profiles.admin_services("Work")

    def calls(self) -> list[str]:
        """The messages of the last plan, in order."""
        return [str(effect.title).split("MSG_SERVICE_")[1].split()[0] for effect in self.plans[-1].effects]

    def close(self) -> None:
        """The rules of a profile's graph hold."""
        profile = self.space.find("Work")
        assert profile is None or not faults(profile)


@pytest.fixture
def bench(service: Callable[..., Path]) -> Callable[[str], Bench]:
    return lambda name: Bench(service(name))


def test_create_configure_and_delete_call_the_service_in_the_documented_order(bench: Callable[[str], Bench]) -> None:
    good = bench("good")
    uid = good.services.create_message_service("GOOD")
    assert good.calls() == ["CREATE"]
    section = good.services.profile.section(uid)
    assert section is not None
    assert (section.get(CONTEXT), section.get(VERDICT)) == (2, "all well")
    good.services.configure_message_service(uid, {SERVER: "mail.example", PORT: 25})
    assert good.calls() == ["CONFIGURE"]
    section = good.services.profile.section(uid)
    assert section is not None
    assert (section.get(CONTEXT), section.get(SERVER), section.get(PORT)) == (3, "mail.example", 25)
    good.close()
    good.services.delete_message_service(uid)
    assert good.calls() == ["DELETE"]
    assert not good.services.profile.services
    good.close()


def test_a_service_reads_what_the_documents_advise_in_every_call(bench: Callable[[str], Bench]) -> None:
    """MUID_PROFILE_INSTANCE, PR_SERVICE_UID, its hard-coded PR_PROVIDER_UID, and CopyTo again and again."""
    reads = bench("reads_its_profile")
    uid = reads.services.create_message_service("GOOD")
    key = reads.services.profile.section(INSTANCE)
    assert key is not None
    for number in range(3):
        section = reads.services.profile.section(uid)
        assert section is not None
        assert (section.get(VERDICT), section.get(0x66840102)) == ("all well", key.get(tags.PR_SEARCH_KEY))
        assert tags.PR_SERVICE_UID not in section.properties, "it is read, and stored nowhere"
        copy = reads.services.profile.section(b"copy of settings".hex())
        assert copy is not None
        assert copy.get(0x6600001E) == "kept"
        reads.services.configure_message_service(uid, {PORT: number})
    provider = reads.services.profile.services[0].providers[0]
    assert provider.section.get(tags.PR_PROVIDER_UID) == b"my own provider\0"
    assert provider.uid != b"my own provider\0"
    admin = reads.services.admin_providers(uid)
    made = admin.create_provider("GOOD_Store", {SERVER: "second.example"})
    found = reads.services.profile.section(made)
    assert found is not None
    assert found.get(SERVER) == "second.example", "given to CreateProvider, and no part of the call"
    reads.close()


def test_the_words_of_a_service_reach_the_user_with_what_is_wrong_with_them(bench: Callable[[str], Bench]) -> None:
    with pytest.raises(EntryPointError, match="Le serveur n'est pas réjoignable!") as caught:
        bench("eight_bit_words").services.create_message_service("GOOD")
    assert f"Note: {NOT_WIDE}." in caught.value.remedy
    warned = bench("words_of_a_warning")
    warned.services.create_message_service("GOOD")
    (receipt,) = warned.receipts
    assert str(receipt.effects[0].message) == "it answered MAPI_W_ERRORS_RETURNED: The server is away"


def test_a_refused_section_is_named_with_the_lines_that_make_it_the_services_own(
    bench: Callable[[str], Bench],
) -> None:
    with pytest.raises(EntryPointError, match="MAPI_E_NO_ACCESS: The server is away") as caught:
        bench("words_of_a_refusal").services.create_message_service("GOOD")
    assert "It had asked for section 13dbb0c8aa05101a9bb000aa002fc45a" in caught.value.remedy
    assert "Sections=NAME, and [NAME] needs UID=13DBB0C8AA05101A9BB000AA002FC45A." in caught.value.remedy


def test_copying_a_service_or_a_profile_calls_nothing(bench: Callable[[str], Bench]) -> None:
    good = bench("good")
    good.services.create_message_service("GOOD")
    good.profiles.copy_profile("Work", "Copy")
    assert good.calls() == []
    good.close()


def test_one_more_provider_is_made_whichever_way_a_handler_goes_about_it(bench: Callable[[str], Bench]) -> None:
    good = bench("good")
    uid = good.services.create_message_service("GOOD")
    made = good.services.admin_providers(uid).create_provider("GOOD_Store")
    assert good.calls() == ["PROVIDER_CREATE"]
    (service,) = good.services.profile.services
    stores = [provider for provider in service.providers if provider.kind == 33]
    assert len(stores) == 2, "its handler calls CreateProvider too, and that raises nothing and makes no third one"
    assert made in {provider.uid for provider in stores}
    good.close()
    good.services.admin_providers(uid).delete_provider(made)
    assert good.calls() == ["PROVIDER_DELETE"]
    (service,) = good.services.profile.services
    assert made not in {provider.uid for provider in service.providers}
    good.close()


def test_a_service_that_takes_no_further_provider_keeps_the_profile_as_it_was(bench: Callable[[str], Bench]) -> None:
    asks = bench("needs_configuration")
    uid = asks.services.create_message_service("GOOD")
    before = asks.services.profile
    with pytest.raises(EntryPointError) as caught:
        asks.services.admin_providers(uid).create_provider("GOOD_Store")
    assert caught.value.hresult == Result.MAPI_E_NO_SUPPORT
    assert asks.services.profile == before


def test_a_service_that_is_unconfigured_stays_and_is_configured_next(bench: Callable[[str], Bench]) -> None:
    asks = bench("needs_configuration")
    uid = asks.services.create_message_service("GOOD")
    asks.services.configure_message_service(uid, {SERVER: "mail.example", PORT: 25})
    with pytest.raises(EntryPointError) as caught:
        asks.services.configure_message_service(uid, {SERVER: ""})
    assert caught.value.hresult == Result.MAPI_E_EXTENDED_ERROR
    assert "server name missing" in caught.value.what
    assert caught.value.said == MapiError("server name missing", "TESTSVC", 1234, 0xACE)
    section = asks.services.profile.section(uid)
    assert section is not None
    assert section.get(SERVER) == "mail.example"


def test_a_service_whose_create_is_cancelled_leaves_no_section(bench: Callable[[str], Bench]) -> None:
    cancels = bench("cancels")
    before = cancels.services.profile
    with pytest.raises(CancelledError):
        cancels.services.create_message_service("GOOD")
    assert cancels.services.profile == before
    cancels.close()


@pytest.mark.parametrize("how", ["crashes", "exits_with_3", "uses_after_release"])
def test_a_service_whose_create_goes_wrong_leaves_no_section(bench: Callable[[str], Bench], how: str) -> None:
    bad = bench(how)
    before = bad.services.profile
    with pytest.raises(EntryPointError):
        bad.services.create_message_service("GOOD")
    assert bad.services.profile == before
    bad.close()


def test_a_service_that_crashes_at_its_own_removal_is_removed_all_the_same(
    bench: Callable[[str], Bench], service: Callable[..., Path]
) -> None:
    good = bench("good")
    uid = good.services.create_message_service("GOOD")
    files = good.workstation.files
    library = service("crashes").read_bytes()
    files.apply(tuple(file_with_parents(files, r"C:\Windows\System32\good32.dll", library)))
    good.services.delete_message_service(uid)
    assert not good.services.profile.services
    good.close()
