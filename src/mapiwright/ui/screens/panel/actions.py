"""Everything that a person can do in the Control Panel: the draft of it, and the command line that does the same.

What the panel can do the command line can do, which is shown with each plan; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.admin.flags import ProfileFlag, SectionFlag
from mapiwright.admin.sections import refuse_problems
from mapiwright.mapi.props.property_text import text_of
from mapiwright.mapi.props.tags import is_secure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile

    Draft = Callable[[ProfileAdmin], object]
    Written = Callable[[], Mapping[int, PropertyValue | None]]
    """Reads what was typed, when somebody is there to hear what is wrong with it."""

APP_PROFILE = ProfileFlag.APP_PROFILE
"""Who chooses a profile from the list means that one."""
WRITING = SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS


@dataclass(frozen=True, slots=True)
class Action:
    """What is done: the words of the command line, without the workstation and the user, and the draft of it.

    Of several with one ``subject`` the last one counts, as each says how it shall be; "" is of no other's.
    """

    words: tuple[str, ...]
    draft: Draft = field(repr=False, compare=False)
    subject: str = ""
    properties: Mapping[int, PropertyValue] = field(default_factory=dict, repr=False, compare=False)
    """What a service is configured with."""


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
    return Action(("profile", "create", name), lambda profiles: profiles.create_profile(name))


def copy_profile(name: str, new: str) -> Action:
    """Copy a profile."""
    return Action(("profile", "copy", name, new), lambda profiles: profiles.copy_profile(name, new, APP_PROFILE))


def rename_profile(name: str, new: str) -> Action:
    """Give a profile another name."""
    return Action(("profile", "rename", name, new), lambda profiles: profiles.rename_profile(name, new, APP_PROFILE))


def delete_profile(name: str) -> Action:
    """Remove a profile."""
    return Action(("profile", "delete", name), lambda profiles: profiles.delete_profile(name, APP_PROFILE))


def set_default_profile(name: str | None) -> Action:
    """Make a profile the default one, or none."""
    word = "--none" if name is None else name
    return Action(("profile", "default", word), lambda profiles: profiles.set_default_profile(name))


def ask_for_profile(ask: bool) -> Action:
    """Have Outlook ask for the profile at its start, or always use the default one."""
    words = ("profile", "startup", "--prompt" if ask else "--always")
    return Action(words, lambda profiles: profiles.ask_for_profile(ask))


# Services of a profile; a service is named by its name, or by its uid where the profile has several of it.


def add_service(profile: str, service: str) -> Action:
    """Add an installed service to a profile."""
    return Action(
        ("profile", "add-service", profile, service),
        lambda profiles: profiles.admin_services(profile).create_message_service(service),
    )


def remove_service(profile: str, service: str) -> Action:
    """Remove a service from a profile."""
    return Action(
        ("profile", "remove-service", profile, service),
        lambda profiles: profiles.admin_services(profile).delete_message_service(service),
    )


def copy_service(profile: str, service: str, to: str) -> Action:
    """Copy a service into another profile, or once more into its own."""

    def draft(profiles: ProfileAdmin) -> None:
        profiles.admin_services(profile).copy_message_service(service, profiles.admin_services(to))

    return Action(("profile", "copy-service", profile, service, "--to", to), draft)


def configure_service(profile: str, service: Chosen, properties: Mapping[int, PropertyValue]) -> Action:
    """Have a service configured with properties; those that are secret are on no command line."""
    words = ("profile", "configure-service", profile, service.word, *_assignments(properties))
    return Action(
        words,
        lambda profiles: profiles.admin_services(profile).configure_message_service(service.id, properties),
        f"configure {service.id}",
        properties,
    )


# Delivery.


def set_default_store(profile: str, store: Chosen | None) -> Action:
    """Have mail delivered to a store, or to none."""
    words = ("--clear",) if store is None else ("--set", store.word)
    uid = None if store is None else store.id
    return Action(
        ("profile", "default-store", profile, *words),
        lambda profiles: profiles.admin_services(profile).set_default_store(uid),
        "store",
    )


def set_primary_identity(profile: str, service: Chosen | None) -> Action:
    """Let a service provide the identity of sessions, or nobody."""
    words = ("--clear",) if service is None else ("--set", service.word)
    uid = None if service is None else service.id
    return Action(
        ("profile", "identity", profile, *words),
        lambda profiles: profiles.admin_services(profile).set_primary_identity(uid),
        "identity",
    )


def order_transports(profile: str, transports: Sequence[Chosen]) -> Action:
    """Put the transports in an order."""
    words = (word for each in transports for word in ("--set", each.word))
    uids = [each.id for each in transports]
    return Action(
        ("service", "order", profile, *words),
        lambda profiles: profiles.admin_services(profile).message_service_transport_order(uids),
        "transports",
    )


# Addressing.


def set_default_directory(profile: str, chosen: Chosen | None) -> Action:
    """Show an address list first."""
    return Action(
        ("profile", "addressing", profile, *_list_words("default-directory", chosen)),
        lambda profiles: profiles.admin_services(profile).set_default_directory(_entry_id(chosen)),
        "directory",
    )


def set_personal_address_book(profile: str, chosen: Chosen | None) -> Action:
    """Keep personal addresses in an address list."""
    return Action(
        ("profile", "addressing", profile, *_list_words("personal", chosen)),
        lambda profiles: profiles.admin_services(profile).set_personal_address_book(_entry_id(chosen)),
        "personal",
    )


def set_search_order(profile: str, lists: Sequence[Chosen]) -> Action:
    """Check names in address lists in an order."""
    words = tuple(word for each in lists for word in ("--search", each.word)) or ("--clear-search",)
    entry_ids = [bytes.fromhex(each.id) for each in lists]
    return Action(
        ("profile", "addressing", profile, *words),
        lambda profiles: profiles.admin_services(profile).set_search_order(entry_ids),
        "search",
    )


def _list_words(option: str, chosen: Chosen | None) -> tuple[str, ...]:
    return (f"--clear-{option}",) if chosen is None else (f"--{option}", chosen.word)


def _entry_id(chosen: Chosen | None) -> bytes | None:
    return None if chosen is None else bytes.fromhex(chosen.id)


# Sections.


def set_properties(profile: str, section: Chosen, properties: Mapping[int, PropertyValue]) -> Action:
    """Set properties in a section."""

    def draft(profiles: ProfileAdmin) -> None:
        services = profiles.admin_services(profile)
        with services.open_profile_section(section.id, WRITING) as opened:
            refuse_problems(opened, opened.set_props(properties), "set")

    return Action(("profile", "section", "set", profile, section.word, *_assignments(properties)), draft)


def delete_properties(profile: str, section: Chosen, tags: Sequence[int]) -> Action:
    """Remove properties from a section."""

    def draft(profiles: ProfileAdmin) -> None:
        services = profiles.admin_services(profile)
        with services.open_profile_section(section.id, WRITING) as opened:
            refuse_problems(opened, opened.delete_props(tags), "deleted")

    return Action(("profile", "section", "delete", profile, section.word, *(f"{tag:08X}" for tag in tags)), draft)


def section_actions(before: Profile, after: Profile, name_of: Callable[[str], str]) -> list[Action]:
    """The actions that make the sections of a profile what they are on a copy of it.

    ``name_of`` tells what the section of a uid is called on a command line.
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
