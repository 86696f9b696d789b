"""Outlook profile files in the Control Panel: one is applied to a user, or written from a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ExistsError
from mapiwright.setup.prf.file import exported, plan_file
from mapiwright.setup.publish.have_disk import typed_path
from mapiwright.transaction import single_file
from mapiwright.ui.screens.dialogs import Notice, Question
from mapiwright.ui.text.findings import findings_lines
from mapiwright.ui.text.terminal import escape

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from mapiwright.errors import Finding
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.ui.screens.panel.frame import PanelScreen
    from mapiwright.workstation.workstation import User


async def import_profile(screen: PanelScreen[Any], user: User) -> Receipt | None:
    """Ask for a file, show what is to be said of it, and apply it."""
    texts, panel = screen.texts, screen.panel
    path = await _asked_path(screen, "import")
    if path is None:
        return None
    found = await screen.attempt(lambda: plan_file(path, [panel.run.space(user)]))
    if found is None:
        return None
    plan, warnings = found
    if warnings:
        await screen.app.push_screen_wait(Notice(texts, texts("prf.warnings"), findings_lines(warnings)))
    command = panel.command("prf", "apply", str(path), "--user", user.name)
    return await screen.carry_out(texts("prf.ask", file=path.name, user=user.name), lambda: plan, [command])


async def export_profile(screen: PanelScreen[Any], user: User, profile: str) -> None:
    """Ask for a place, write the file there, and report what it cannot carry; what is there is not overwritten."""
    texts = screen.texts
    if screen.panel.performance.dry_run:
        await screen.app.push_screen_wait(Notice(texts, texts("panel.dry-run")))
        return
    path = await _asked_path(screen, "export")
    if path is None:
        return

    def write() -> tuple[Finding, ...]:
        if path.exists():
            raise ExistsError("it is there already", where=str(path), remedy="Name another file, or remove this one.")
        data, findings = exported(screen.panel.run.space(user), profile)
        single_file.replace(path, None, data)
        return findings

    findings = await screen.attempt(write)
    if findings is not None:
        reported = texts("prf.written", file=escape(str(path)))
        command = screen.panel.command("prf", "export", profile, "-o", str(path), "--user", user.name)
        text = "\n".join((reported, texts("panel.commands"), command))
        await screen.app.push_screen_wait(Notice(texts, texts("prf.exported"), findings_lines(findings), text))


async def _asked_path(screen: PanelScreen[Any], way: str) -> Path | None:
    texts = screen.texts
    asked = await screen.app.push_screen_wait(
        Question(texts, texts(f"prf.{way}-title"), {"path": (texts("prf.path"), "")})
    )
    return typed_path(asked["path"]) if asked is not None and asked["path"].strip() else None
