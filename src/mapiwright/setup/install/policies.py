r"""Settings and policies of a user that decide what becomes of profiles and services, as Outlook reads them.

A policy is below ``Software\Policies\Microsoft\Office\<version>\Outlook`` and overrules the user's own setting
below ``Software\Microsoft\Office\<version>\Outlook``. They are read and reported here, never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mapiwright.mapi.profile import startup
from mapiwright.workstation.outlook.outlook import OFFICE_VERSIONS
from mapiwright.workstation.registry import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.workstation.registry import KeyPath, RegistryReader, Value
    from mapiwright.workstation.workstation import Edition, User, Workstation


class Policy(StrEnum):
    """What a setting is about."""

    ZERO_CONFIG = "ZeroConfigExchange"
    """Outlook makes the profile of the Exchange mailbox by itself, without asking."""
    ZERO_CONFIG_ONCE = "ZeroConfigExchangeOnce"
    """The same, once."""
    IMPORT_PRF = "ImportPRF"
    """A PRF file that Outlook imports at its next start; Outlook then removes the value ([prf] 5)."""
    FIRST_RUN_DONE = "First-Run"
    """Outlook was started before; while it is there, no PRF file is imported ([prf] 5)."""
    NO_OTHER_TYPES = "DisableOtherTypes"
    """Users may not add services of other kinds than Exchange, POP3, IMAP and ActiveSync."""
    NO_EXCHANGE = "DisableExchange"
    """Users may not add Exchange accounts."""
    NO_SUCH_SERVICES = "DisableCreateServices"
    """Users may not add these MAPI services: their names in [Services], with semicolons between."""
    NO_PROFILE_CHANGES = "ModifyAccounts"
    """Users may not change profiles: Outlook's account settings and the mail control panel are closed to them."""
    OLD_ACCOUNT_DIALOG = "DisableOffice365SimplifiedAccountCreation"
    """Accounts are added in the old dialog, where services can be added, too (KB 3189194)."""
    ASK_FOR_PROFILE = "PickLogonProfile"
    """Outlook asks for the profile at each start."""
    LOAD_UNREGISTERED = "AllowUnregisteredMapiServices"
    """MAPI loads DLLs that are not registered in MAPISVC.INF (KB 4498413)."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a setting is: the key below Outlook's, the value; ``root`` where it is not below Outlook's."""

    policy: Policy
    key: str
    name: str
    root: str = ""


_ROWS = (
    # Microsoft's support page on further profiles with ZeroConfigExchange names both, below the policies' key.
    _Row(Policy.ZERO_CONFIG, "AutoDiscover", "ZeroConfigExchange"),
    _Row(Policy.ZERO_CONFIG_ONCE, "AutoDiscover", "ZeroConfigExchangeOnce"),
    _Row(Policy.IMPORT_PRF, "Setup", "ImportPRF"),
    _Row(Policy.FIRST_RUN_DONE, "Setup", "First-Run"),
    _Row(Policy.FIRST_RUN_DONE, "Setup", "FirstRun"),
    # outlk16.admx, Microsoft's policies of Outlook 2016: L_Preventusersfromaddingemailaccounttypes,
    # L_PreventMAPIservicesfrombeingadded (a text) and L_PreventusersfrommakingchangestoOutlookprofiles.
    _Row(Policy.NO_OTHER_TYPES, "Options", "DisableOtherTypes"),
    _Row(Policy.NO_EXCHANGE, "Options", "DisableExchange"),
    _Row(Policy.NO_SUCH_SERVICES, "Options", "DisableCreateServices"),
    _Row(Policy.NO_PROFILE_CHANGES, "Setup", "ModifyAccounts"),
    _Row(Policy.OLD_ACCOUNT_DIALOG, "Setup", "DisableOffice365SimplifiedAccountCreation"),
    _Row(Policy.ASK_FOR_PROFILE, "", startup.PICK_LOGON_PROFILE),
    _Row(Policy.ASK_FOR_PROFILE, "", startup.PICK_LOGON_PROFILE, root=startup.KEY),
    _Row(Policy.LOAD_UNREGISTERED, "Security", "AllowUnregisteredMapiServices"),
)
UNVERIFIED = frozenset({Policy.ASK_FOR_PROFILE, Policy.LOAD_UNREGISTERED})
"""Those whose names no page or template of Microsoft that we could read confirms ([native] 4.5): reported, never
relied on. What we could read of the second one's article ends before the value, and outlk16.admx (2019) has none."""

_SWITCHED_BY_PRESENCE = frozenset({Policy.IMPORT_PRF, Policy.FIRST_RUN_DONE})


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that is there: what it is about, where it is, its value, and whether it is a policy."""

    policy: Policy
    key: KeyPath
    name: str
    value: Value
    enforced: bool

    @property
    def on(self) -> bool:
        """Whether it says yes: a number or text other than 0; for what counts by its presence, any text."""
        if self.policy in _SWITCHED_BY_PRESENCE:
            return self.policy is Policy.FIRST_RUN_DONE or bool(self.value.text)
        return self.value.says_yes

    @property
    def text(self) -> str:
        """The value for people."""
        return str(self.value.number) if self.value.type == ValueType.DWORD else self.value.text


def settings(workstation: Workstation, user: User, edition: Edition) -> tuple[Setting, ...]:
    """The settings of a user that are there, one for each subject: a policy goes before the user's own."""
    found: dict[Policy, Setting] = {}
    for setting in _settings(workstation.registry, user, OFFICE_VERSIONS[edition]):
        found.setdefault(setting.policy, setting)
    return tuple(found[policy] for policy in Policy if policy in found)


def _settings(registry: RegistryReader, user: User, version: str) -> Iterator[Setting]:
    for enforced, software in ((True, r"Software\Policies"), (False, "Software")):
        for row in _ROWS:
            if row.root and enforced:
                continue
            key = user.root / (row.root or rf"{software}\Microsoft\Office\{version}\Outlook\{row.key}")
            value = registry.value(key, row.name)
            if value is not None:
                yield Setting(row.policy, key, row.name, value, enforced)
