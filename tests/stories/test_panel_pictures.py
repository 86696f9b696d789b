"""Pictures of every screen of the Control Panel: small and large, dark and light, English and French."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from screen_walks import LOOKS, damage, fill, focus, keys, panel_on, pick, push, settle, typed

from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.message import Message
from mapiwright.transaction.records.receipt import receipts
from mapiwright.ui.screens import outcome
from mapiwright.ui.screens.dialogs import PlanPhase, Review
from mapiwright.ui.screens.panel.actions import Chosen, create_profile, set_properties
from mapiwright.ui.text.language import speaking

if TYPE_CHECKING:
    from collections.abc import Callable

    from screen_walks import Walk
    from textual.pilot import Pilot

    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.screens.panel.panel import PanelApp
    from mapiwright.workstation.workstation import Workstation

PROFILE = keys("enter")
SERVICE = keys("enter", "enter")
PROMPT: tuple[Walk, ...] = (focus("#startup"), keys("up", "space"), push("#apply"))


async def at_work(app: PanelApp, pilot: Pilot[None]) -> None:
    """As it is drawn while a plan is sent."""
    review = app.screen
    assert isinstance(review, Review)
    review.phase = PlanPhase.SENT
    await review.recompose()
    outcome.advance(review, review.texts, 0, 1, Message.of("steps.profiles", user="Zoë"))
    await pilot.pause()


ACME: dict[str, tuple[Walk, ...]] = {
    "profiles": (),
    "add": (keys("insert"),),
    "copy": (push("#copy"), keys(*typed("Spare"))),
    "cannot": (push("#copy"), keys(*typed("Acme Mail"), "enter")),
    "plan": PROMPT,
    "working": (*PROMPT, at_work),
    "profile-services": (PROFILE,),
    "settings": (SERVICE,),
    "settings-faults": (SERVICE, fill("#field-port", "70000"), push("#ok")),
    "about": (SERVICE, keys("pageup")),
    "add-service": (PROFILE, push("#add")),
    "installed-services": (push("#services"), keys("end")),
    "uninstall": (push("#services"), keys("end", "delete")),
    "history": (push("#history"),),
}
"""The screens over a workstation with Acme Mail, and how a person comes to each."""

OFFICE: dict[str, tuple[Walk, ...]] = {
    "delivery": (PROFILE, keys("pagedown")),
    "sections": (SERVICE, keys("pagedown"), pick("#section", "end")),
    "no-settings": (PROFILE, keys("end", "enter")),
}
"""Those over an office that has more in a profile."""

DISK: dict[str, tuple[Walk, ...]] = {
    "have-disk": (),
    "have-disk-found": (fill("#path", "media/acme"), keys("enter"), push("#look")),
}
"""Have Disk, over a directory."""

TWO_LOOKS = ("small-dark-en", "large-light-fr")
CROSSED = ("small-light-fr", "large-dark-en")


def looked_at(screens: dict[str, tuple[Walk, ...]], *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [*((screen, look) for screen in screens for look in TWO_LOOKS), *more]


def compared(app: PanelApp, look: str, snap_compare: Callable[..., bool], *walk: Walk) -> bool:
    size, theme, language = LOOKS[look]

    async def draw(pilot: Pilot[None]) -> None:
        app.theme = theme
        await settle(app, pilot)
        for each in walk:
            await each(app, pilot)
        await settle(app, pilot)

    with speaking(language):
        return snap_compare(app, terminal_size=size, run_before=draw)


@pytest.fixture
def ready(desk: Any, acme: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A workstation with Acme Mail in a profile, that was done at a time that is known."""
    desk.install(acme, "Zoë")

    def dated(workstation: Workstation) -> tuple[Receipt, ...]:
        there = receipts(workstation)
        return tuple(replace(each, created=f"2026-01-0{day}T09:00:00+00:00") for day, each in enumerate(there, 1))

    monkeypatch.setattr("mapiwright.workflows.panel.plans.receipts", dated)
    return desk


@pytest.mark.parametrize(
    ("screen", "look"), looked_at(ACME, *(("profiles", look) for look in CROSSED)), ids=lambda each: each
)
def test_the_picture_of(ready: Any, snap_compare: Callable[..., bool], screen: str, look: str) -> None:
    assert compared(panel_on(ready, LOOKS[look][2]), look, snap_compare, *ACME[screen])


@pytest.mark.parametrize(("screen", "look"), looked_at(OFFICE), ids=lambda each: each)
def test_the_picture_in_an_office_of(office: Any, snap_compare: Callable[..., bool], screen: str, look: str) -> None:
    services = office.services("Work")
    for name in ("MAIL", "WIRE", "PIPE", "BOOK"):
        services.create_message_service(name)
    office.profiles.set_default_profile("Work")
    assert compared(panel_on(office, LOOKS[look][2]), look, snap_compare, *OFFICE[screen])


@pytest.mark.parametrize("look", TWO_LOOKS)
def test_the_picture_of_addressing(desk: Any, snap_compare: Callable[..., bool], look: str) -> None:
    entry = bytes(4) + bytes(range(16)) + b"\1"
    path = set_properties("Work", Chosen(ADMIN), {0x3D051102: (entry,)})
    desk.do(desk.edit(create_profile("Work").draft, path.draft))
    walk = (PROFILE, keys("pagedown", "pagedown"))
    assert compared(panel_on(desk, LOOKS[look][2]), look, snap_compare, *walk)


@pytest.mark.parametrize(("screen", "look"), looked_at(DISK), ids=lambda each: each)
def test_the_picture_of_a_disk(
    ready: Any,
    acme: Path,
    tmp_path: Path,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    screen: str,
    look: str,
) -> None:
    shutil.copytree(acme, tmp_path / "media" / "acme", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    app = panel_on(ready, LOOKS[look][2], start=Path("media"))
    assert compared(app, look, snap_compare, push("#services"), keys("insert"), *DISK[screen])


@pytest.mark.parametrize("look", TWO_LOOKS)
def test_the_picture_of_a_failure(ready: Any, snap_compare: Callable[..., bool], look: str) -> None:
    damage(ready)
    walk = (PROFILE, push("#remove"), push("#add"), focus("#offers"), keys("end", "enter"), push("#ok"), push("#ok"))
    assert compared(panel_on(ready, LOOKS[look][2]), look, snap_compare, *walk)
