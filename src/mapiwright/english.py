"""The English texts of messages by key. Every other language has the same keys with the same names in braces.

A key with the argument ``number`` may have two texts: ``-one`` for one thing, ``-many`` for several.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SINGULAR = "1"
"""The numbers that take the text for one thing."""
TEXTS: Mapping[str, str] = MappingProxyType(
    {
        # Several titles in one line.
        "joint.separator": "; ",
        "joint.titles": "{titles}",
        "joint.more-one": "{titles}; and {number} more",
        "joint.more-many": "{titles}; and {number} more",
        # Titles of plans and of their steps.
        "steps.files": "files",
        "steps.inf": "MAPISVC.INF",
        "steps.registry": "registry",
        "steps.programs": "list of installed programs",
        "steps.profiles": "profiles of {user}",
        "steps.call": "call {service} with {message}",
        "steps.call-in-profile": "call {service} with {message} in profile '{profile}' of {user}",
        "steps.call-and-remove": "{call}, and remove the provider",
        "steps.call-pending": "{call}, pending since {receipt}",
        "steps.calls-pending-one": "send {number} pending call",
        "steps.calls-pending-many": "send {number} pending calls",
        "steps.after-install": "report the installation to {services}",
        "steps.undo": "undo: {title}",
        "steps.install": "install {package}",
        "steps.install-machine": "install {package}, the per-machine part",
        "steps.install-user": "install {package}, the per-user part",
        "steps.upgrade": "upgrade {package} from {older} to {version}",
        "steps.upgrade-machine": "upgrade {package} from {older} to {version}, the per-machine part",
        "steps.upgrade-user": "upgrade {package} from {older} to {version}, the per-user part",
        "steps.uninstall": "uninstall {package}",
        "steps.repair": "repair {package} (receipt {receipt})",
        "steps.guard": "restore {package} where Outlook looks for it",
        "steps.prf": "apply {file}",
        "steps.there-already": "the service is in the default profile already",
        # Titles of actions on profiles; the title of a plan for several actions joins them.
        "actions.create-profile": "create profile {profile}",
        "actions.copy-profile": "copy profile {profile} to {new}",
        "actions.rename-profile": "rename profile {profile} to {new}",
        "actions.delete-profile": "delete profile {profile}",
        "actions.default-profile": "make {profile} the default profile",
        "actions.no-default-profile": "clear the default profile",
        "actions.add-service": "add service {service} to profile {profile}",
        "actions.remove-service": "remove service {service} from profile {profile}",
        "actions.copy-service": "copy service {service} from profile {profile} to profile {new}",
        "actions.configure-service": "configure service {service} of profile {profile}",
        "actions.add-provider": "add provider {provider} to service {service} of profile {profile}",
        "actions.remove-provider": "remove provider {provider} of {service} from {profile}",
        "actions.set-properties": "set properties in section {section} of profile {profile}",
        "actions.make-section": "make section {section} in profile {profile}",
        "actions.order": "order the transports of profile {profile}",
        "actions.identity": "set the primary identity of profile {profile}",
        "actions.default-store": "choose the default store of profile {profile}",
        "actions.choose-store": "choose a store of profile {profile}",
        "actions.keep-store": "keep a store of profile {profile}",
        "actions.end-session": "end the last session of profile {profile}",
        "actions.ask-for-profile": "ask for a profile at each start",
        "actions.always-default": "always use the default profile",
        "actions.first-list": "choose the address list of profile {profile} that is shown first",
        "actions.personal-list": "choose where profile {profile} keeps personal addresses",
        "actions.search-order": "choose where profile {profile} checks names",
        # Results of calls, what a plan leaves out, how an earlier run ended, and why nothing was done.
        "sentences.answered": "it answered {result}",
        "sentences.answered-with-words": "it answered {result}: {words}",
        "sentences.nothing-to-do": "it has nothing to do",
        "sentences.unconfigured": "it asks to be configured",
        "sentences.unconfigured-with-words": "it asks to be configured: {words}",
        "sentences.skipped": "it was not made, as was asked",
        "sentences.passed-over": "it failed and was passed over, since the service is removed anyway: {why}",
        "sentences.left-out": "it failed, and the service was left out: {why}",
        "sentences.deferred": (
            "the code of {service} cannot run here: it is a Windows DLL, and its package has no stand-in"
        ),
        "sentences.deferred-secrets": (
            "the code of {service} cannot run here: it is a Windows DLL, and its package has no stand-in; its "
            "secure properties must be given again when it is sent"
        ),
        "sentences.undone": "undone",
        "sentences.nothing-calls-back": "nothing calls that back",
        "sentences.not-undone": "could not be undone: {why}",
        "sentences.interrupted": "'{title}' was interrupted; all of it was rolled back.",
        "sentences.user-stuck": "What {user}'s own run left cannot be ended: {why}",
        "sentences.interrupted-at-its-end": "'{title}' was interrupted after its last step; it is done.",
        "sentences.nothing-interrupted": "No transaction was interrupted.",
        "sentences.set-aside": "'{title}' was set aside as {id}: what could not be rolled back stays as it is.",
        "sentences.forgotten": "What was set aside as {id} is forgotten, and its backups are removed.",
        "sentences.backup-lost": "'{title}' was not undone, as its backup cannot be read: {why}",
        "sentences.users-records": "records written by a user never trigger code",
        "sentences.unreadable-journal": "a run whose journal cannot be read",
        "sentences.not-called-back": "Could not undo '{title}': {why}",
        "sentences.not-believed": "'{title}' was not undone: records written by a user never trigger code.",
        "sentences.of-user": (
            "The receipt is in the user's own records, so its calls are not undone: records written by a user never "
            "trigger code."
        ),
        "sentences.user-left-out": "User {user} is skipped: {why}",
        "sentences.not-yet": (
            "No profile of {user} is changed yet: {why}. When the profile exists, add the service with: {command}"
        ),
        "sentences.no-default-yet": "there is no default profile yet",
        "sentences.outlook-makes": "Outlook will make the profile of the mailbox: {settings}",
        "sentences.takes-over": "it takes over the profiles of Outlook {edition} at its first start: {names}",
        "sentences.policy": "the policy {name} is {value}",
        "sentences.setting": "the setting {name} is {value}",
        "sentences.template": (
            "{user} gets the registry values and no profile, as each profile must be the only one of its "
            "PR_SEARCH_KEY. New users get one at their first logon with: {command}"
        ),
        "sentences.no-outlook": "Outlook is no longer installed, so its profiles stay as they are.",
        "sentences.not-known": "What the install wrote into the users' registry is no longer known, so it stays.",
        "sentences.kept": "Profile '{profile}' of {user} keeps the service, but its DLL will be missing.",
        "sentences.new-inf": (
            "{path} did not exist: it will hold this package's services only. A repair of Office restores "
            "Outlook's own entries."
        ),
        "sentences.default-gone": "{profile} was the default profile; now there is none. Choose another: {command}",
        "sentences.service-copy-lacks": (
            "The copy of {service} in profile {profile} lacks what a call that waits would do: {call}. Copy it when "
            "that is sent."
        ),
        "sentences.copy-lacks": "{copy} lacks what a call that waits would do: {call}. Copy it when that is sent.",
        "sentences.no-terminal": "stdin is not a terminal; nothing was changed",
        "sentences.no-terminal-remedy": "Use --yes to apply the plan, or --dry-run to only see it.",
        "sentences.refused": "the answer was no; nothing was changed",
        "sentences.cancelled": "the wizard was cancelled; nothing was changed",
        "sentences.rolled-back": "Everything was rolled back.",
        "sentences.expected": "{what} (expected {expected})",
    }
)
