"""Any walk through the Control Panel ends well: a dry run changes nothing, and nothing breaks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from screen_walks import panel_on, settle, walk

from mapiwright.transaction.recovery import unfinished

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from mapiwright.ui.screens.panel.panel import PanelApp

KEYS = (
    *("tab", "shift+tab", "enter", "enter", "escape", "down", "up", "left", "right", "home", "end"),
    *("insert", "delete", "pageup", "pagedown", "space", "a", "f5"),
)
LENGTH = 30


def any_keys(seed: int) -> Any:
    """Press keys at random, in haste now and then; the first screen is not left."""

    async def press(app: PanelApp, pilot: Pilot[None]) -> None:
        dice = random.Random(seed)
        for _ in range(LENGTH):
            key = dice.choice(KEYS)
            if key == "escape" and app.screen is app.panel:
                continue
            await pilot.press(key)
            if dice.random() < 0.7:
                await settle(app, pilot)
            if not app.is_running or app.defect is not None:
                return

    return press


@pytest.mark.parametrize("seed", range(3))
def test_no_walk_of_a_dry_run_changes_anything(desk: Any, acme: Path, seed: int) -> None:
    desk.install(acme, "Zoë")
    before = desk.picture()
    app = walk(panel_on(desk, dry_run=True, start=acme.parent), any_keys(seed))
    assert app.defect is None
    assert desk.picture() == before


@pytest.mark.parametrize("seed", range(3))
def test_every_walk_ends_well_and_leaves_a_whole_workstation(office: Any, seed: int) -> None:
    services = office.services("Work")
    for name in ("MAIL", "WIRE", "PIPE", "BOOK"):
        services.create_message_service(name)
    app = walk(panel_on(office), any_keys(1000 + seed))
    assert app.defect is None
    assert unfinished(office.workstation) is None
