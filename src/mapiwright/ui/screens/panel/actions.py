"""Everything that a person can do in the Control Panel: the draft of it, and the command line that does the same.

What the panel can do the command line can do, which is shown with each plan; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.admin.operations import operations as op
from mapiwright.admin.operations.drafting import draft
from mapiwright.admin.operations.operations import ProfileSpec, ServiceSpec
from mapiwright.mapi.props.property_text import text_of
from mapiwright.mapi.props.tags import is_secure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mapiwright.admin.operations.operations import Operation
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile

    Written = Callable[[], Mapping[int, PropertyValue | None]]
    """Reads the input, called where an error in it can be shown."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is done: the words of the command line, without the workstation and the user, and the operation.

    Of several with the same ``subject`` the last one counts, as each sets the final state; "" matches no other.
    """

    words: tuple[str, ...]
    operation: Operation = field(repr=False, compare=False)
    subject: str = ""

    def draft(self, profiles: ProfileAdmin) -> None:
        """Draft it."""
        draft(self.operation, profiles)

    @property
    def properties(self) -> Mapping[int, PropertyValue]:
        """What a service is configured with."""
        return self.operation.properties if isinstance(self.operation, op.ConfigureService) else {}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen from a list: its uid, or entry id, in hex digits, and what it is called on a command line."""

    id: str
    name: str = ""

    @property
    def word(self) -> str:
        """What the command line takes."""
        return self.name or self.id


# Profiles.


def create_profile(name: str) -> Action:
    """Make an empty profile."""
    return Action(("profile", "create", name), op.CreateProfile(ProfileSpec(name)))


def copy_profile(name: str, new: str) -> Action:
    """Copy a profile."""
    return Action(("profile", "copy", name, new), op.CopyProfile(name, new))


def rename_profile(name: str, new: str) -> Action:
    """Give a profile another name."""
    return Action(("profile", "rename", name, new), op.RenameProfile(name, new))


def delete_profile(name: str) -> Action:
    """Remove a profile."""
    return Action(("profile", "delete", name), op.DeleteProfile(name))


def set_default_profile(name: str | None) -> Action:
    """Make a profile the default one, or none."""
    word = "--none" if name is None else name
    return Action(("profile", "default", word), op.SetDefaultProfile(name))


def ask_for_profile(ask: bool) -> Action:
    """Have Outlook ask for the profile at its start, or always use the default one."""
    words = ("profile", "startup", "--prompt" if ask else "--always")
    return Action(words, op.AskForProfile(ask))


# Services of a profile; a service is named by its name, or by its uid where the profile has several of it.


def add_service(profile: str, service: str) -> Action:
    """Add an installed service to a profile."""
    return Action(
        ("profile", "add-service", profile, service),
        op.AddServices(profile, (ServiceSpec(service),)),
    )


def remove_service(profile: str, service: str) -> Action:
    """Remove a service from a profile."""
    return Action(
        ("profile", "remove-service", profile, service),
        op.RemoveService(profile, service),
    )


def copy_service(profile: str, service: str, to: str) -> Action:
    """Copy a service into another profile, or once more into its own."""
    return Action(("profile", "copy-service", profile, service, "--to", to), op.CopyService(profile, service, to))


def configure_service(profile: str, service: Chosen, properties: Mapping[int, PropertyValue]) -> Action:
    """Have a service configured with properties; those that are secret are on no command line."""
    words = ("profile", "configure-service", profile, service.word, *_assignments(properties))
    return Action(
        words,
        op.ConfigureService(profile, service.id, properties),
        f"configure {service.id}",
    )


# Delivery.


def set_default_store(profile: str, store: Chosen | None) -> Action:
    """Have mail delivered to a store, or to none."""
    words = ("--clear",) if store is None else ("--set", store.word)
    uid = None if store is None else store.id
    return Action(
        ("profile", "default-store", profile, *words),
        op.SetDefaultStore(profile, uid),
        "store",
    )


def set_primary_identity(profile: str, service: Chosen | None) -> Action:
    """Let a service provide the identity of sessions, or none."""
    words = ("--clear",) if service is None else ("--set", service.word)
    uid = None if service is None else service.id
    return Action(
        ("profile", "identity", profile, *words),
        op.SetPrimaryIdentity(profile, uid),
        "identity",
    )


def order_transports(profile: str, transports: Sequence[Chosen]) -> Action:
    """Put the transports in an order."""
    words = (word for each in transports for word in ("--set", each.word))
    uids = tuple(each.id for each in transports)
    return Action(
        ("service", "order", profile, *words),
        op.OrderTransports(profile, uids),
        "transports",
    )


# Addressing.


def set_default_directory(profile: str, chosen: Chosen | None) -> Action:
    """Show an address list first."""
    return Action(
        ("profile", "addressing", profile, *_list_words("default-directory", chosen)),
        op.SetDefaultDirectory(profile, _entry_id(chosen)),
        "directory",
    )


def set_personal_address_book(profile: str, chosen: Chosen | None) -> Action:
    """Keep personal addresses in an address list."""
    return Action(
        ("profile", "addressing", profile, *_list_words("personal", chosen)),
        op.SetPersonalAddressBook(profile, _entry_id(chosen)),
        "personal",
    )


def set_search_order(profile: str, lists: Sequence[Chosen]) -> Action:
    """Check names in address lists in an order."""
    words = tuple(word for each in lists for word in ("--search", each.word)) or ("--clear-search",)
    entry_ids = tuple(bytes.fromhex(each.id) for each in lists)
    return Action(
        ("profile", "addressing", profile, *words),
        op.SetSearchOrder(profile, entry_ids),
        "search",
    )


def _list_words(option: str, chosen: Chosen | None) -> tuple[str, ...]:
    return (f"--clear-{option}",) if chosen is None else (f"--{option}", chosen.word)


def _entry_id(chosen: Chosen | None) -> bytes | None:
    return None if chosen is None else bytes.fromhex(chosen.id)


# Sections.


def set_properties(profile: str, section: Chosen, properties: Mapping[int, PropertyValue]) -> Action:
    """Set properties in a section."""
    words = ("profile", "section", "set", profile, section.word, *_assignments(properties))
    return Action(words, op.SetProperties(profile, section.id, properties))


def delete_properties(profile: str, section: Chosen, tags: Sequence[int]) -> Action:
    """Remove properties from a section."""
    words = ("profile", "section", "delete", profile, section.word, *(f"{tag:08X}" for tag in tags))
    return Action(words, op.DeleteProperties(profile, section.id, tuple(tags)))


def section_actions(before: Profile, after: Profile, name_of: Callable[[str], str]) -> list[Action]:
    """The actions that make the sections of a profile what they are on a copy of it.

    ``name_of`` gives the name of a uid's section on a command line.
    """
    found = []
    for uid, section in after.sections.items():
        old, chosen = before.section(uid), Chosen(uid, name_of(uid))
        then = old.properties if old is not None else {}
        given = {tag: value for tag, value in section.properties.items() if then.get(tag) != value}
        gone = [tag for tag in then if tag not in section.properties]
        if given:
            found.append(set_properties(before.name, chosen, given))
        if gone:
            found.append(delete_properties(before.name, chosen, gone))
    return found


def _assignments(properties: Mapping[int, PropertyValue]) -> tuple[str, ...]:
    """The options that set properties; a secret is asked for, and what no text spells is read from a file."""
    words: list[str] = []
    for tag, value in properties.items():
        text = "-" if is_secure(tag) else text_of(tag, value)
        words += ["--set-file", f"{tag:08X}=FILE"] if text is None else ["--set", f"{tag:08X}={text}"]
    return tuple(words)
