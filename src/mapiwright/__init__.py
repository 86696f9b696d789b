"""Mapiwright installs MAPI message services on Windows workstations and looks after their profiles.

The public names are handed out lazily, so that ``mapiwright --version`` loads no library.
"""

from __future__ import annotations

__version__ = "0.1.0"

PUBLIC = {
    "MapiwrightError": "mapiwright.errors",
    "RefusedError": "mapiwright.errors",
    "FailedError": "mapiwright.errors",
    "RecoveryNeededError": "mapiwright.errors",
    "Finding": "mapiwright.errors",
    "Profile": "mapiwright.mapi.profile.profile",
    "Plan": "mapiwright.transaction.plans.plan",
    "Receipt": "mapiwright.transaction.records.receipt",
    "execute": "mapiwright.transaction.transaction",
    "Workstation": "mapiwright.workstation.workstation",
    "open_workstation": "mapiwright.workstation.kinds.open",
    "admin_profiles": "mapiwright.admin.profiles",
    "logon": "mapiwright.admin.session",
    "ProfileAdmin": "mapiwright.admin.profiles",
    "MessageServiceAdmin": "mapiwright.admin.services",
    "ProviderAdmin": "mapiwright.admin.providers",
    "ProfileSection": "mapiwright.admin.sections",
    "ProfileFlag": "mapiwright.admin.flags",
    "ProviderFlag": "mapiwright.admin.flags",
    "SectionFlag": "mapiwright.admin.flags",
    "LogonFlag": "mapiwright.admin.flags",
    "EntryFlag": "mapiwright.entry.service.contract",
}
"""The public names, and the module that each one comes from when it is first asked for."""


def __getattr__(name: str) -> object:
    """Load a public name at its first use (PEP 562)."""
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the version needs none

    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *PUBLIC])
