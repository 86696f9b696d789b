"""The English texts of messages, by key: the list of those that each other language has, with the same names.

A key with the argument ``number`` may have one text for one thing, ``-one``, and one for more, ``-many``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SINGULAR = "1"
"""The numbers of one thing."""
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
        "steps.tell": "tell {services} of its installation",
        "steps.undo": "undo: {title}",
        "steps.take-back": "take back: {title}",
        "steps.install": "install {package}",
        "steps.install-machine": "install {package}, the machine's half",
        "steps.install-user": "install {package}, the user's half",
        "steps.upgrade": "upgrade {package} from {older} to {version}",
        "steps.upgrade-machine": "upgrade {package} from {older} to {version}, the machine's half",
        "steps.upgrade-user": "upgrade {package} from {older} to {version}, the user's half",
        "steps.uninstall": "uninstall {package}",
        "steps.repair": "repair {package} (receipt {receipt})",
        "steps.guard": "guard {package} where Outlook looks for it",
        "steps.prf": "apply {file}",
        "steps.there-already": "the service is in the default profile already",
        # Titles of what is done to profiles; that of a plan for several actions joins theirs.
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
        # What came of a call, what a plan leaves out, what became of an earlier run, and why nothing was done.
        "sentences.answered": "it answered {result}",
        "sentences.nothing-to-do": "it has nothing to do",
        "sentences.unconfigured": "it asks to be configured",
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
        "sentences.taken-back": "taken back",
        "sentences.nothing-calls-back": "nothing calls that back",
        "sentences.not-taken-back": "could not be taken back: {why}",
        "sentences.cut-short": "'{title}' was cut short; all of it was rolled back.",
        "sentences.cut-short-at-its-end": "'{title}' was cut short after its last step; it is done.",
        "sentences.half-way-nothing": "Nothing was left half-way.",
        "sentences.not-called-back": "Could not take back '{title}': {why}",
        "sentences.not-believed": "'{title}' was not taken back: nothing is called on a user's word.",
        "sentences.of-user": (
            "The receipt lies in the user's own hands, so its calls are not taken back: nothing is called on his "
            "word."
        ),
        "sentences.user-left-out": "User {user} is left out: {why}",
        "sentences.not-yet": (
            "No profile of {user} is touched yet: {why}. When the profile is there, the service is added by: "
            "{command}"
        ),
        "sentences.no-default-yet": "there is no default profile yet",
        "sentences.outlook-makes": "Outlook will make the profile of the mailbox: {settings}",
        "sentences.policy": "the policy {name} is {value}",
        "sentences.setting": "the setting {name} is {value}",
        "sentences.template": (
            "{user} gets the registry values and no profile, as each profile must be the only one of its "
            "PR_SEARCH_KEY. New users get one at their first logon, by: {command}"
        ),
        "sentences.no-outlook": "There is no Outlook any more, so its profiles stay as they are.",
        "sentences.not-known": "What the install wrote into the users' registry is no longer known, so it stays.",
        "sentences.kept": "Profile '{profile}' of {user} keeps the service, and Outlook will miss its DLL.",
        "sentences.new-inf": (
            "{path} was not there: it will hold this package's services only. What Outlook itself had in it "
            "comes back by a repair of Office."
        ),
        "sentences.default-gone": "{profile} was the default profile; none is now. Name another: {command}",
        "sentences.nobody": "nobody can be asked, as this is no terminal; nothing was changed",
        "sentences.nobody-remedy": "Add --yes to do it, or --dry-run to look only.",
        "sentences.refused": "the answer was no; nothing was changed",
        "sentences.cancelled": "the wizard was cancelled; nothing was changed",
        "sentences.rolled-back": "Everything was rolled back.",
        "sentences.expected": "{what} (expected {expected})",
    }
)
