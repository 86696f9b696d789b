"""What the settings and policies of a user mean for profiles and services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.mapi.profile import startup
from mapiwright.setup.install.policies import UNVERIFIED, Policy, settings
from mapiwright.workflows.doctor.findings.rules import command, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.errors import Finding
    from mapiwright.setup.install.policies import Setting
    from mapiwright.workstation.workstation import Edition, User, Workstation

_REPORTED = {
    Policy.ZERO_CONFIG: ("MW6301", "Outlook makes the profile of the user's mailbox by itself"),
    Policy.ZERO_CONFIG_ONCE: ("MW6301", "Outlook makes the profile of the user's mailbox by itself, once"),
    Policy.NO_OTHER_TYPES: ("MW6303", "the user may add no service but Exchange, POP3, IMAP and ActiveSync"),
    Policy.NO_EXCHANGE: ("MW6303", "the user may add no Exchange account"),
    Policy.NO_SUCH_SERVICES: ("MW6303", "the user may not add the MAPI services of these names"),
    Policy.NO_PROFILE_CHANGES: (
        "MW6303",
        "the user may change no profile, neither in Outlook nor in the control panel",
    ),
    Policy.ASK_FOR_PROFILE: ("MW6305", "Outlook asks for the profile at each start"),
    Policy.LOAD_UNREGISTERED: ("MW6304", "MAPI may load DLLs that are not registered"),
}


def policy_findings(workstation: Workstation, user: User, edition: Edition) -> Iterator[Finding]:
    """The settings that matter, one finding for each that is on."""
    there = {setting.policy: setting for setting in settings(workstation, user, edition)}
    for policy, setting in there.items():
        if policy in _REPORTED and setting.on:
            id_, what = _REPORTED[policy]
            unsure = "; that this is the value's name is not verified" if policy in UNVERIFIED else ""
            # Our own verb changes the value that the control panel does, and no other of that name.
            ours = policy is Policy.ASK_FOR_PROFILE and setting.key == user.root / startup.KEY
            always = command(workstation, "profile", "startup", "--always", user=user)
            remedy = f"Choose 'Always use this profile': {always}" if ours else ""
            yield finding(id_, _place(user, setting), f"it is {setting.text}: {what}{unsure}", remedy=remedy)
    waiting = there.get(Policy.IMPORT_PRF)
    if waiting is not None and waiting.on:
        held = "; not while First-Run is there" if Policy.FIRST_RUN_DONE in there else ""
        what = f"the PRF file {waiting.text} is imported when Outlook starts next{held}"
        yield finding("MW6302", _place(user, waiting), what)


def _place(user: User, setting: Setting) -> str:
    kind = "policy" if setting.enforced else "setting"
    return f"{user.name}: {setting.key}: {setting.name} ({kind})"
