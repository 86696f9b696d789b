"""Mapiwright installs MAPI message services on Windows workstations and looks after their profiles.

Open a workstation with ``open_workstation``, administer its profiles with ``admin_profiles``; ``help(mapiwright)``
lists what there is. Each public name is loaded when it is first used, so that ``mapiwright --version`` loads no
library.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of typing, which would cost --version more than all the rest
if TYPE_CHECKING:
    from mapiwright.admin.flags import (
        CopyFlag,
        LogonFlag,
        ProfileFlag,
        ProviderFlag,
        ReadFlag,
        SaveFlag,
        SectionFlag,
        StoreChoice,
    )
    from mapiwright.admin.profiles import ProfileAdmin, admin_profiles
    from mapiwright.admin.properties import PropertyCopy, PropertyProblem, PropsAnswer
    from mapiwright.admin.providers import ProviderAdmin
    from mapiwright.admin.sections import ProfileSection
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.admin.session import Session, logon
    from mapiwright.entry.service.contract import EntryFlag
    from mapiwright.errors import (
        BusyError,
        CallError,
        CancelledError,
        ConflictError,
        EntryPointError,
        ExistsError,
        FailedError,
        Finding,
        FindingsError,
        FormatError,
        MapiError,
        MapiwrightError,
        NotFoundError,
        RecoveryNeededError,
        RefusedError,
        Severity,
        UntrustedError,
        UsageError,
    )
    from mapiwright.formats.props import PropertyType
    from mapiwright.formats.uid import MapiUid
    from mapiwright.mapi.profile.profile import Profile, Provider, Section, Service
    from mapiwright.mapi.tables.tables import Table
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.transaction.transaction import execute
    from mapiwright.workstation.kinds.open import open_workstation
    from mapiwright.workstation.workstation import Workstation

__version__ = "0.1.0"

__all__ = [
    "BusyError",
    "CallError",
    "CancelledError",
    "ConflictError",
    "CopyFlag",
    "EntryFlag",
    "EntryPointError",
    "ExistsError",
    "FailedError",
    "Finding",
    "FindingsError",
    "FormatError",
    "LogonFlag",
    "MapiError",
    "MapiUid",
    "MapiwrightError",
    "MessageServiceAdmin",
    "NotFoundError",
    "Plan",
    "Profile",
    "ProfileAdmin",
    "ProfileFlag",
    "ProfileSection",
    "PropertyCopy",
    "PropertyProblem",
    "PropertyType",
    "PropsAnswer",
    "Provider",
    "ProviderAdmin",
    "ProviderFlag",
    "ReadFlag",
    "Receipt",
    "RecoveryNeededError",
    "RefusedError",
    "SaveFlag",
    "Section",
    "SectionFlag",
    "Service",
    "Session",
    "Severity",
    "StoreChoice",
    "Table",
    "UntrustedError",
    "UsageError",
    "Workstation",
    "__version__",
    "admin_profiles",
    "execute",
    "logon",
    "open_workstation",
]

PUBLIC = {
    "BusyError": "mapiwright.errors",
    "CallError": "mapiwright.errors",
    "CancelledError": "mapiwright.errors",
    "ConflictError": "mapiwright.errors",
    "CopyFlag": "mapiwright.admin.flags",
    "EntryFlag": "mapiwright.entry.service.contract",
    "EntryPointError": "mapiwright.errors",
    "ExistsError": "mapiwright.errors",
    "FailedError": "mapiwright.errors",
    "Finding": "mapiwright.errors",
    "FindingsError": "mapiwright.errors",
    "FormatError": "mapiwright.errors",
    "LogonFlag": "mapiwright.admin.flags",
    "MapiError": "mapiwright.errors",
    "MapiUid": "mapiwright.formats.uid",
    "MapiwrightError": "mapiwright.errors",
    "MessageServiceAdmin": "mapiwright.admin.services",
    "NotFoundError": "mapiwright.errors",
    "Plan": "mapiwright.transaction.plans.plan",
    "Profile": "mapiwright.mapi.profile.profile",
    "ProfileAdmin": "mapiwright.admin.profiles",
    "ProfileFlag": "mapiwright.admin.flags",
    "ProfileSection": "mapiwright.admin.sections",
    "PropertyCopy": "mapiwright.admin.properties",
    "PropertyProblem": "mapiwright.admin.properties",
    "PropertyType": "mapiwright.formats.props",
    "PropsAnswer": "mapiwright.admin.properties",
    "Provider": "mapiwright.mapi.profile.profile",
    "ProviderAdmin": "mapiwright.admin.providers",
    "ProviderFlag": "mapiwright.admin.flags",
    "ReadFlag": "mapiwright.admin.flags",
    "Receipt": "mapiwright.transaction.records.receipt",
    "RecoveryNeededError": "mapiwright.errors",
    "RefusedError": "mapiwright.errors",
    "SaveFlag": "mapiwright.admin.flags",
    "Section": "mapiwright.mapi.profile.profile",
    "SectionFlag": "mapiwright.admin.flags",
    "Service": "mapiwright.mapi.profile.profile",
    "Session": "mapiwright.admin.session",
    "Severity": "mapiwright.errors",
    "StoreChoice": "mapiwright.admin.flags",
    "Table": "mapiwright.mapi.tables.tables",
    "UntrustedError": "mapiwright.errors",
    "UsageError": "mapiwright.errors",
    "Workstation": "mapiwright.workstation.workstation",
    "admin_profiles": "mapiwright.admin.profiles",
    "execute": "mapiwright.transaction.transaction",
    "logon": "mapiwright.admin.session",
    "open_workstation": "mapiwright.workstation.kinds.open",
}
"""The public names, and the module that each one comes from when it is first asked for."""


def __getattr__(name: str) -> object:
    """Load a public name at its first use (PEP 562)."""
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the version needs none

    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
