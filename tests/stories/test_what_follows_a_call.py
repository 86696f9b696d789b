"""A call whose answer decides what else is done: a run that is killed in it is taken back as for any other call."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from kept_records import keep_record

from mapiwright.admin.flags import ProfileFlag
from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.record import ServiceRecord
from mapiwright.errors import EntryPointError
from mapiwright.transaction.plans.effect import Status
from mapiwright.transaction.recovery import Ending, recover
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import undo_plan
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.conftest import Office

    from mapiwright.workstation.registry import Key
    from mapiwright.workstation.workstation import Workstation

SERVICES = """\
import os, signal, socket, time
CREATE, DELETE, PROVIDER_DELETE = 2, 4, 7


def service_entry(call):
    name = call.service[0x3D09001F]
    if call.context == DELETE:
        raise RuntimeError(f"{name} was told to delete itself")
    if name == "KILLER" or call.context == PROVIDER_DELETE:
        try:
            os.kill(os.getppid(), signal.SIGKILL)
        except PermissionError:  # Linux denies it; so the run is asked to do it itself
            socket.socket(socket.AF_UNIX).connect(f"\\0mapiwright-{os.getppid()}")
        time.sleep(60)
    if name == "BAD":
        call.fail(0x80040119, "the licence has run out")
"""


class StandIn:
    entry = "follows:service_entry"
    deadline = 60.0

    def __init__(self, source: str) -> None:
        self.sources = {"follows.py": source.encode()}


def stand_in(workstation: Workstation, name: str, source: str) -> None:
    """Let ``source`` stand in for a service of the office."""
    package = StandIn(source)
    record = ServiceRecord.of(name, package="office", version="1", stand_in=package)
    keep_record(workstation, record, package.sources)


def profiles_of(workstation: Workstation) -> Key | None:
    return workstation.registry.read(next(user.root for user in workstation.users if not user.template))


def run(folder: Path, action: str) -> int:
    """Do something with Zoë's profiles in another process; how it ended."""
    code = (
        "import os, signal, socket, sys, threading\n"
        "import mapiwright\n"
        "if sys.platform == 'linux':\n"
        "    asked = socket.socket(socket.AF_UNIX)\n"
        "    asked.bind(f'\\0mapiwright-{os.getpid()}')\n"
        "    asked.listen()\n"
        "    end = lambda: (asked.accept(), os.kill(os.getpid(), signal.SIGKILL))\n"
        "    threading.Thread(target=end, daemon=True).start()\n"
        f"workstation = mapiwright.open_workstation({f'image:{folder}'!r})\n"
        "user = next(user for user in workstation.users if not user.template)\n"
        f"profiles = mapiwright.admin_profiles(workstation, user.name)\n{action}\n"
    )
    return subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode


@pytest.fixture
def place(workstation_folder: Path, office_on: type[Office]) -> Path:
    """The office on a disk, with services that kill whoever calls them."""
    workstation = open_workstation(f"image:{workstation_folder}")
    office_on(workstation)
    for name in ("MAIL", "SHY", "BAD"):
        stand_in(workstation, name, SERVICES)
    return workstation_folder


def kills(workstation: Workstation, name: str) -> None:
    """Let a service kill whoever calls it; SHY comes into new profiles, after BAD."""
    stand_in(workstation, name, SERVICES.replace("KILLER", name))
    inf = workstation.outlook.inf_path
    before = workstation.files.read(inf)
    assert before is not None
    workstation.files.apply([WriteFile(inf, before, before.replace(b"BOOK=Book\n[MAIL]", b"SHY=Shy\n[MAIL]"))])


CREATE = "profiles.create_profile('Work', mapiwright.ProfileFlag.DEFAULT_SERVICES)"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(
    ("killer", "called"), [("BAD", ["BAD", "MAIL"]), ("SHY", ["SHY", "BAD", "MAIL"])], ids=["in it", "after it"]
)
def test_a_profile_whose_default_services_were_being_called_is_taken_back(
    place: Path, killer: str, called: list[str]
) -> None:
    """Also where BAD was left out before the run was killed."""
    workstation = open_workstation(f"image:{place}")
    kills(workstation, killer)
    before = profiles_of(workstation)
    assert run(place, CREATE) == -9
    workstation = open_workstation(f"image:{place}")
    assert profiles_of(workstation) != before
    ended = recover(workstation, MAKERS)
    assert ended.ending is Ending.ROLLED_BACK
    assert re.findall(r"(\w+) was told to delete itself", "".join(map(str, ended.notes))) == called, (
        "each by its own code"
    )
    assert profiles_of(workstation) == before


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_provider_that_was_being_removed_is_there_again_and_nobody_is_called(place: Path) -> None:
    made = "services = profiles.admin_services('Work')\nuid = services.create_message_service('MAIL')\n"
    assert run(place, f"profiles.create_profile('Work')\n{made}") == 0
    workstation = open_workstation(f"image:{place}")
    before = profiles_of(workstation)
    gone = (
        "providers = profiles.admin_services('Work').admin_providers('MAIL')\n"
        "providers.delete_provider(providers.service.providers[0].uid)"
    )
    assert run(place, gone) == -9
    workstation = open_workstation(f"image:{place}")
    ended = recover(workstation, MAKERS)
    assert (ended.ending, ended.notes) == (Ending.ROLLED_BACK, ())
    assert profiles_of(workstation) == before


def test_a_default_service_that_failed_is_called_back_by_an_undo(office: Office) -> None:
    before = profiles_of(office.workstation)
    with pytest.raises(EntryPointError):
        office.profiles.create_profile("Work", ProfileFlag.DEFAULT_SERVICES)
    receipt = execute(undo_plan(office.workstation, office.receipts[-1].id, MAKERS), office.workstation)
    assert [effect.description["description"]["service"] for effect in receipt.effects] == ["BAD", "MAIL"]
    assert profiles_of(office.workstation) == before


def test_one_that_could_not_be_loaded_is_called_back_by_nobody(office: Office) -> None:
    before = profiles_of(office.workstation)
    stand_in(office.workstation, "BAD", "import what_nobody_has\n")
    with pytest.raises(EntryPointError, match="what_nobody_has"):
        office.profiles.create_profile("Work", ProfileFlag.DEFAULT_SERVICES)
    assert [service.name for service in office.stored().services] == ["MAIL", "BOOK"]
    assert [effect.status for effect in office.receipts[-1].effects] == [Status.DONE, Status.SKIPPED]
    receipt = execute(undo_plan(office.workstation, office.receipts[-1].id, MAKERS), office.workstation)
    assert [effect.description["description"]["service"] for effect in receipt.effects] == ["MAIL"]
    assert profiles_of(office.workstation) == before
