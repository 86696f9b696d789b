"""How often a workstation is read: what is asked once is not asked twice, and receipts cost one read each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from counting import counted_reads

from mapiwright.entry.call import MAKERS
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.repair import plan_repair
from mapiwright.setup.install.status import State, status
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.package import open_package
from mapiwright.setup.records.records import records_of
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workflows.doctor.doctor import diagnose
from mapiwright.workstation.change import SetValue
from mapiwright.workstation.outlook.outlook import find_outlooks
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mapiwright.workstation.workstation import Outlook, Workstation

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-mail"
PACKAGE = open_package(EXAMPLE)


def install(here: Workstation) -> Plan:
    return plan_install(PACKAGE, here, here.users[:1])


def intact(here: Workstation) -> None:
    assert status(here, PACKAGE.id).state is State.INTACT


AFTER_INSTALL: dict[str, tuple[Callable[[Workstation], object], int]] = {
    "uninstall": (lambda here: plan_uninstall(here, PACKAGE.id), 170),
    "repair": (lambda here: plan_repair(here, PACKAGE.id), 120),
    "status": (intact, 120),
    "doctor": (diagnose, 180),
}
"""What is asked of a workstation on which the example is installed, and the most reads that the answer may take."""
PLANNING, EXECUTING = 190, 550


@pytest.fixture
def here(subject: Any) -> Workstation:
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


@pytest.mark.parametrize("verb", AFTER_INSTALL)
def test_what_is_asked_of_an_installed_package_reads_little(here: Workstation, subject: Any, verb: str) -> None:
    execute(install(here), here, makers=MAKERS)
    ask, most = AFTER_INSTALL[verb]
    later: Workstation = subject.again()
    with counted_reads(later) as reads:
        ask(later)
    assert reads.total() <= most, reads.most_common(10)


def test_a_receipt_costs_one_read(here: Workstation, subject: Any) -> None:
    """Planning with 1, 5 and 20 receipts reads each of them once, and not a thing more."""
    user, old = here.users[0], None
    counts: dict[int, int] = {}
    for number in range(1, 21):
        new = Value.dword(number)
        leg = Leg("count", (SetValue(user.root, "Count", old, new),))
        execute(Plan("edit", f"edit {number}", (leg,)), here)
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
