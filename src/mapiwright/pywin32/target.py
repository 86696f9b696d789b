"""Which workstation and user a script administers, and how its calls are sent; all of it is ours.

MAPI is one for a process, and so is this: sessions, open sections and what waits for them are seen by all objects
that a script gets, until it chooses another workstation.
"""

# ruff: noqa: PLC0415 - a script that only names tags or types pays for no workstation

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import CallError, UsageError

if TYPE_CHECKING:
    from mapiwright.admin.workspace import Workspace
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.workstation import User, Workstation

WORKSTATION = "MAPIWRIGHT_WORKSTATION"
USER = "MAPIWRIGHT_USER"
HOST = "MAPIWRIGHT_HOST"
MAPI_E_NOT_INITIALIZED = 0x80040605


class PendingCallWarning(UserWarning):
    """A service's code could not be called here. The call is recorded: ``mapiwright service call --pending``."""


@dataclass(slots=True)
class _Mapi:
    """MAPI in this process: the profiles that were chosen, and how often it was initialized."""

    workspace: Workspace | None = None
    uses: int = 0


_MAPI = _Mapi()


def choose(workstation: Workstation | str, user: str | None, host: str | None) -> Workspace:
    """Administer this workstation from now on; None is what the variables say. Raises MapiwrightError."""
    from mapiwright.admin.workspace import Workspace
    from mapiwright.workstation.kinds.open import open_workstation

    place = os.environ.get(HOST, "") if host is None else host
    if place:
        from mapiwright.entry.hosts.hosts import interpreter_named

        interpreter_named(place)  # a wrong host is refused now
    opened = open_workstation(workstation) if isinstance(workstation, str) else workstation
    chosen = _user(opened, os.environ.get(USER) if user is None else user)
    _MAPI.workspace = Workspace(opened, chosen, send=lambda plan: _send(plan, opened), host=place)
    return _MAPI.workspace


def workspace() -> Workspace:
    """The profiles that are administered; raises MapiwrightError where none were chosen, or cannot be opened."""
    if _MAPI.workspace is not None:
        return _MAPI.workspace
    uri = os.environ.get(WORKSTATION)
    if not uri:
        raise CallError(
            "no workstation was named",
            hresult=MAPI_E_NOT_INITIALIZED,
            remedy=f"Set {WORKSTATION} to its URI, such as image:DIR, or call mapi.use_workstation.",
        )
    return choose(uri, None, None)


def code_page() -> str:
    """The ANSI code page of the workstation; where none was chosen yet, that of Western Windows."""
    return _MAPI.workspace.workstation.code_page if _MAPI.workspace is not None else "cp1252"


def initialize() -> None:
    """Count a user of MAPI."""
    _MAPI.uses += 1


def uninitialize() -> None:
    """Count a user less; with the last one all sessions end that are left ([mapiuninitialize], [derived])."""
    _MAPI.uses = max(0, _MAPI.uses - 1)
    if not _MAPI.uses and _MAPI.workspace is not None:
        from mapiwright.admin.session import Session

        for session in tuple(_MAPI.workspace.usage.sessions):
            if isinstance(session, Session):
                session.logoff()


def _user(workstation: Workstation, name: str | None) -> User:
    from mapiwright.workstation.outlook.users import user_named

    if name:
        return user_named(name, workstation.users)
    people = tuple(user for user in workstation.users if not user.template)
    if workstation.as_user is not None:
        people = (workstation.as_user,)
    if len(people) != 1:
        known = ", ".join(user.name for user in people or workstation.users) or "none"
        raise UsageError(
            f"there are {len(people)} users",
            where=workstation.uri,
            expected="one",
            remedy=f"Name one in {USER}, or to mapi.use_workstation: {known}.",
        )
    return people[0]


def _send(plan: Plan, workstation: Workstation) -> None:
    from mapiwright.entry.makers import MAKERS
    from mapiwright.transaction.plans.effect import Status
    from mapiwright.transaction.transaction import execute

    receipt = execute(plan, workstation, makers=MAKERS)
    for effect in receipt.effects:
        if effect.status == Status.PENDING:
            warnings.warn(f"{effect.title}: pending, as {effect.message}", PendingCallWarning, stacklevel=2)
