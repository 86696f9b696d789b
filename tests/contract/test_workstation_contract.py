"""What every Workstation promises, and every State."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from tests.contract.counting import counted_reads

from mapiwright.errors import BusyError
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.files import join, same, split
from mapiwright.workstation.kept import read_once
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from mapiwright.workstation.workstation import Workstation

    class Subject(Protocol):
        workstation: Workstation
        whole: bool
        by_wine: bool

        folder: str

        def again(self) -> Workstation: ...


def test_it_has_the_user_with_his_own_name_and_keys(subject: Subject) -> None:
    user = subject.workstation.users[0]
    assert (user.name, user.template) == ("Zoë Ångström", False)
    assert user.sid.startswith("S-1-5-21-")
    assert subject.workstation.registry.subkeys(user.root / "Software") is not None
    assert [user.template for user in subject.workstation.users] == [False, True][: people(subject)]


def people(subject: Subject) -> int:
    """The one, and Default where there is one."""
    return 1 + (subject.whole and not subject.by_wine)


def test_it_tells_its_outlook_and_the_rule_behind_each_fact(subject: Subject) -> None:
    outlook = subject.workstation.outlook
    assert outlook.edition is (Edition.OUTLOOK_2016 if subject.whole else Edition.OUTLOOK_2010)
    assert outlook.bitness is Bitness.X64
    assert same(split(outlook.inf_path)[-1], "MAPISVC.INF")
    assert b"[Services]" in (subject.workstation.files.read(outlook.inf_path) or b"")
    assert [fact for fact, _ in outlook.rules] == [
        f"Outlook {outlook.edition}",
        *(["Windows Installer"] if subject.whole else []),
        "x64 process",
        "MAPISVC.INF",
    ]
    assert all(rule for _, rule in outlook.rules)
    assert outlook.install is (Install.MSI if subject.whole else None)


def test_the_outlook_that_counts_is_the_first_of_its_outlooks(subject: Subject) -> None:
    assert subject.workstation.outlooks == (subject.workstation.outlook,)


def test_it_tells_where_things_are(subject: Subject) -> None:
    workstation = subject.workstation
    assert workstation.environment["SystemDrive"] == "C:"
    assert workstation.environment["ProgramFiles"] == r"C:\Program Files"
    assert "é".encode(workstation.code_page) == b"\xe9"
    assert split(workstation.state_folder)[1:] == ("ProgramData", "Mapiwright")
    assert workstation.description
    assert [finding.id for finding in workstation.findings] == ([] if subject.whole else ["MW3004"])
    inf = workstation.outlook.inf_path
    assert workstation.place(inf) == (
        inf if subject.whole else str(Path(workstation.place(inf)).resolve(strict=True))
    )
    assert workstation.place(workstation.state_folder).endswith("Mapiwright" if subject.whole else ".mapiwright")


def test_its_records_are_the_machines_for_whoever_may_read_them(subject: Subject) -> None:
    assert subject.workstation.as_user is None
    assert not subject.workstation.users_states


def test_its_uri_opens_it_again(subject: Subject) -> None:
    opened = open_workstation(subject.workstation.uri)
    assert opened.uri == subject.workstation.uri
    assert type(opened) is type(subject.workstation)


def test_its_state_is_there_for_the_next_run(subject: Subject) -> None:
    state = subject.workstation.state
    assert state.read("receipts/1") is None
    state.write("receipts/1", b"one")
    state.append("journal", b"a")
    state.append("journal", b"b")
    state = subject.again().state
    assert (state.read("receipts/1"), state.read("journal")) == (b"one", b"ab")
    assert state.names("receipts/") == ("receipts/1",)
    state.delete("receipts/1")
    state.delete("receipts/1")
    assert subject.again().state.names() == ("journal",)


def test_one_run_at_a_time(subject: Subject) -> None:
    with subject.workstation.state.lock(), pytest.raises(BusyError), subject.again().state.lock():
        pass
    with subject.again().state.lock():
        pass


def test_a_user_whose_hive_is_whole_is_within_reach(subject: Subject) -> None:
    reasons = [subject.workstation.why_unwritable(user) for user in subject.workstation.users]
    assert reasons == [None] * people(subject)


def test_its_facts_are_read_once_and_again_after_a_refresh(subject: Subject) -> None:
    here = subject.again()

    def facts() -> tuple[object, ...]:
        return here.users, here.outlooks, here.environment, here.code_page

    with counted_reads(here) as reads:
        here.refresh()
        before = facts()
        once = reads.total()
        assert facts() == before
        assert reads.total() == once
        here.refresh()
        assert facts() == before
        assert reads.total() == 2 * once


def test_what_is_kept_of_a_file_is_forgotten_by_a_refresh(subject: Subject) -> None:
    here, path = subject.workstation, join(subject.folder, "kept.txt")
    assert read_once(here, path) is None
    here.files.apply([WriteFile(path, None, b"one")])
    assert read_once(here, path.upper()) is None
    here.refresh()
    assert read_once(here, path) == b"one"
