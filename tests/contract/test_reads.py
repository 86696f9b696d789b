"""How often a workstation is read: nothing is asked twice, and what a run changes is read in one go."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.contract.conftest import KINDS
from tests.contract.counting import counted_reads

from mapiwright.entry.makers import MAKERS
from mapiwright.errors import ConflictError
from mapiwright.message import Message
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.repair import plan_repair
from mapiwright.setup.install.status import PackageState, status
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.package import open_package
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workflows.doctor.doctor import diagnose
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.disk.replace import replace_file
from mapiwright.workstation.files import FileWants
from mapiwright.workstation.look import digest_of
from mapiwright.workstation.outlook.detection import find_outlooks
from mapiwright.workstation.registry import RegistryWants, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.contract.conftest import Subject

    from mapiwright.workstation.workstation import Outlook, Workstation

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-mail"
PACKAGE = open_package(EXAMPLE)


def install(here: Workstation) -> Plan:
    return plan_install(PACKAGE, here, here.users[:1])


def intact(here: Workstation) -> None:
    assert status(here, PACKAGE.id).state is PackageState.INTACT


AFTER_INSTALL: dict[str, tuple[Callable[[Workstation], object], int]] = {
    "uninstall": (lambda here: plan_uninstall(here, PACKAGE.id), 170),
    "repair": (lambda here: plan_repair(here, PACKAGE.id), 120),
    "status": (intact, 120),
    "doctor": (diagnose, 180),
}
"""What is asked of a workstation on which the example is installed, and the most reads that the answer may take."""
PLANNING, EXECUTING = 190, 250


@pytest.fixture
def here(subject: Subject) -> Workstation:
    if not subject.whole:
        pytest.skip("a bare hive takes no install")
    opened: Workstation = subject.again()
    return opened


def test_an_install_reads_little_and_looks_for_outlook_twice(
    here: Workstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    detections = 0

    def found(*words: Any) -> tuple[Outlook, ...]:
        nonlocal detections
        detections += 1
        return find_outlooks(*words)

    monkeypatch.setattr("mapiwright.workstation.outlook.facts.find_outlooks", found)
    with counted_reads(here) as reads:
        plan = install(here)
    assert plan.changes
    assert reads.total() <= PLANNING, reads.most_common(10)
    with counted_reads(here) as reads:
        execute(plan, here, makers=MAKERS)
    assert reads.total() <= EXECUTING, reads.most_common(10)
    assert detections <= 2


def test_a_wine_prefix_costs_no_more_than_an_image(
    tmp_path: Path,
    locks_of_wine: Path,  # noqa: ARG001 - it is made for the prefix
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In reads, and in files that are written, of a whole install and of what is asked after it."""
    costs: dict[str, tuple[int, int]] = {}
    for kind in ("image", "wine"):
        written = Counter[str]()

        def replace(path: Path, *words: Any, written: Counter[str] = written, **options: Any) -> None:
            written[path.name] += 1
            replace_file(path, *words, **options)

        for module in ("replace", "folder_state"):
            monkeypatch.setattr(f"mapiwright.workstation.disk.{module}.replace_file", replace)
        subject = KINDS[kind](tmp_path / kind)
        with counted_reads(subject.workstation) as reads:
            execute(install(subject.workstation), subject.workstation, makers=MAKERS)
            for ask, _ in AFTER_INSTALL.values():
                ask(subject.workstation)
        costs[kind] = reads.total(), written.total()
    assert min(costs["image"]) > 10
    assert [of_wine <= 1.2 * of_image for of_wine, of_image in zip(costs["wine"], costs["image"], strict=True)] == [
        True,
        True,
    ], costs


@pytest.mark.parametrize("verb", AFTER_INSTALL)
def test_what_is_asked_of_an_installed_package_reads_little(here: Workstation, subject: Subject, verb: str) -> None:
    execute(install(here), here, makers=MAKERS)
    ask, most = AFTER_INSTALL[verb]
    later: Workstation = subject.again()
    with counted_reads(later) as reads:
        ask(later)
    assert reads.total() <= most, reads.most_common(10)


def test_a_receipt_costs_one_read(here: Workstation, subject: Subject) -> None:
    """Planning with 1, 5 and 20 receipts reads each of them once, and not a thing more."""
    user, old = here.users[0], None
    counts: dict[int, int] = {}
    for number in range(1, 21):
        new = Value.dword(number)
        leg = Leg(Message.literal("count"), (SetValue(user.root, "Count", old, new),))
        execute(Plan("edit", Message.literal(f"edit {number}"), (leg,)), here)
        old = new
        if number in {1, 5, 20}:
            later: Workstation = subject.again()
            later.refresh()
            with counted_reads(later) as reads:
                install(later)
                assert len(records_of(later).receipts) == number
            counts[number] = reads.total()
            of_receipts = {place: count for place, count in reads.items() if place[:2] == ("state", "read")}
            assert {count for place, count in of_receipts.items() if "receipts/" in place[2]} == {1}
    assert (counts[5] - counts[1], counts[20] - counts[5]) == (4, 15)


def test_a_look_answers_what_the_reads_answer(subject: Subject) -> None:
    registry, files, user = subject.workstation.registry, subject.workstation.files, subject.user
    path, folder = user / "Look", subject.folder + r"\look"
    registry.apply([CreateKey(path), SetValue(path, "v", None, Value.dword(1)), CreateKey(path / "below")])
    files.apply([MakeFolder(folder), WriteFile(folder + r"\f", None, b"bytes")])
    absent = user / "absent"
    keys = registry.look(RegistryWants(((path, "V"), (absent, "v")), (path, absent), (path, absent)))
    assert (keys.value(path, "V"), keys.value(absent, "v")) == (Value.dword(1), None)
    assert (keys.subkeys(path), keys.subkeys(absent)) == (("below",), None)
    assert (keys.read(path), keys.read(absent)) == (registry.read(path), None)
    none = folder + r"\none"
    wants = FileWants((folder + r"\f", none, folder), (folder + r"\f", none, folder), (folder, none), (folder, none))
    found = files.look(wants)
    assert (found.read(folder + r"\f"), found.read(none)) == (b"bytes", None)
    assert (found.digest(folder + r"\f"), found.digest(none)) == (digest_of(b"bytes"), None)
    assert files.digest(folder + r"\f") == digest_of(b"bytes")
    assert (found.is_folder(folder), found.is_folder(none)) == (True, False)
    assert (found.names(folder), found.names(none)) == (("f",), ())
    for ask in (found.read, found.digest, files.digest):
        with pytest.raises(ConflictError, match="folder"):
            ask(folder)
    with pytest.raises(KeyError):
        keys.value(path, "not asked")


def test_what_a_run_changes_is_read_once_before_and_once_after(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, folder = subject.user / "Once", subject.folder + r"\once"
    one, two = Value.dword(1), Value.dword(2)
    steps = (
        Leg(Message.literal("files"), (MakeFolder(folder), WriteFile(folder + r"\f", None, b"f"))),
        Leg(Message.literal("keys"), (CreateKey(key), *(SetValue(key, f"v{each}", None, one) for each in range(20)))),
        Leg(Message.literal("again"), (SetValue(key, "v0", one, two), WriteFile(folder + r"\g", None, b"g"))),
        Leg(
            Message.literal("less"),
            (WriteFile(folder + r"\g", b"g", None), CreateKey(key / "a"), DeleteKey(key / "a")),
        ),
    )
    looked: Counter[object] = Counter()
    for part in (type(subject.workstation.registry), type(subject.workstation.files)):

        def look(self: object, wants: RegistryWants | FileWants, *, found: object = part.look) -> object:
            for name in (field.name for field in fields(wants)):
                looked.update((name, want) for want in getattr(wants, name))
            return found(self, wants)  # type: ignore[operator]

        monkeypatch.setattr(part, "look", look)
    with counted_reads(subject.workstation) as reads:
        execute(Plan("law", Message.literal("law"), steps), subject.workstation)
    looks = [read for read in reads.elements() if read[1] == "look"]
    assert len(looks) == 5, "of registry and files, before and after, and of the folders that files go into"
    assert not [read for read in reads if read[1] != "look" and "once" in "".join(read[2:]).lower()]
    assert ("values", (key, "v0")) in looked
    assert max(looked.values()) == 2
