"""What people call the sections of a profile: by uid, by a well-known name, by service, provider or extra section.

And its address lists: by entry id, or by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mapiwright.errors import FindingsError, FormatError, MapiwrightError, NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.addressing import GLOBAL_ADDRESS_LIST, UNKNOWN
from mapiwright.mapi.profile.resemblance import matched
from mapiwright.mapi.props import tags
from mapiwright.ui.text.language import texts_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.mapi.profile.addressing import AddressList
    from mapiwright.mapi.profile.profile import Section, Service
    from mapiwright.ui.text.language import Texts

T = TypeVar("T")

FORMS = "32 hex digits, a well-known name, SERVICE, or SERVICE/PROVIDER"
_UID = re.compile(r"[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Part:
    """A provider of a service, or an extra section; ``inf`` is its section in MAPISVC.INF, or "" if it is in none."""

    section: Section
    service: Service
    extra: bool
    inf: str

    @property
    def uid(self) -> str:
        """The uid of its section."""
        return self.section.uid

    @property
    def display(self) -> str:
        """What it is called: its display name, else its section in MAPISVC.INF, else its uid."""
        return next(filter(None, (*self.displays, self.inf, self.uid)))

    @property
    def displays(self) -> tuple[str, str]:
        """Its name, and that which its vendor gave its kind."""
        return self.section.text(tags.PR_DISPLAY_NAME), self.section.text(tags.PR_PROVIDER_DISPLAY)

    @property
    def path(self) -> str:
        """SERVICE/PROVIDER."""
        return f"{self.service.name}/{self.display}"


def parts_of(services: MessageServiceAdmin) -> tuple[Part, ...]:
    """The providers and extra sections of all services of a profile, in their order."""
    return tuple(part for service in services.profile.services for part in _parts(services, service))


def _parts(services: MessageServiceAdmin, service: Service) -> Iterator[Part]:
    try:
        definition = services.workspace.catalogue.find(service.name)
    except (FindingsError, FormatError):
        definition = None  # a MAPISVC.INF that is damaged names nothing; `inf check` reports it
    providers = [provider.section for provider in service.providers]
    known = {} if definition is None else matched(providers, definition.providers)
    for section in providers:
        yield Part(section, service, extra=False, inf=known[section.uid].section if section.uid in known else "")
    others = {} if definition is None else matched(service.extras, definition.extras)
    for section in service.extras:
        yield Part(section, service, extra=True, inf=others[section.uid].section if section.uid in others else "")


_WAYS: Sequence[Callable[[Part], Sequence[str]]] = (
    lambda part: (part.uid,),
    lambda part: part.displays,
    lambda part: (part.inf,),
)
_WAYS_OF_LISTS: Sequence[Callable[[AddressList], Sequence[str]]] = (
    lambda each: (each.entry_id.hex(),),
    lambda each: (each.name,),
    lambda each: (shown_name(each, texts_here()),),
)
_OF_LISTS = {UNKNOWN: "addressing.unknown", GLOBAL_ADDRESS_LIST: "addressing.global"}
"""The names of address lists that no provider names, and their texts."""


def part_named(text: str, parts: Sequence[Part], what: str, where: str) -> Part:
    """The one of ``parts`` that ``text`` means: by uid, by a display name, or by its section in MAPISVC.INF.

    ``what`` and ``where`` say in errors what is looked for. Raises NotFoundError, and UsageError that lists the uids
    where there are several.
    """
    return _one_named(text, [(part, part.display) for part in parts], _WAYS, what, where, "uid")


def list_named(text: str, lists: Sequence[AddressList], where: str) -> AddressList:
    """The one of ``lists`` that ``text`` means: by entry id in hex, by name, or by what is shown for it.

    Raises as ``part_named`` does.
    """
    return _one_named(text, [(each, each.name) for each in lists], _WAYS_OF_LISTS, "address list", where, "entry id")


def shown_name(found: AddressList, texts: Texts) -> str:
    """What people are shown as the name of an address list: its own, or in their language what it is."""
    key = _OF_LISTS.get(found.name)
    return found.name if key is None else texts(key)


def part_name(part: Part, parts: Sequence[Part]) -> str:
    """What ``part_named`` knows it by among ``parts``: a name where that is its own, else its uid."""
    return _own_name(part, parts, _WAYS)


def list_name(found: AddressList, lists: Sequence[AddressList]) -> str:
    """What ``list_named`` knows it by among ``lists``: its name where that is its own, else its entry id."""
    return _own_name(found, lists, _WAYS_OF_LISTS)


def _own_name(subject: T, things: Sequence[T], ways: Sequence[Callable[[T], Sequence[str]]]) -> str:
    for way in ways[1:]:
        for text in filter(None, way(subject)):
            first = next((found for each in ways if (found := _called(text, things, each))), [])
            if first == [subject] and text.isprintable():
                return text
    return ways[0](subject)[0]


def _called(text: str, things: Sequence[T], way: Callable[[T], Sequence[str]]) -> list[T]:
    return [subject for subject in things if upcase(text) in map(upcase, way(subject))]


def _one_named(
    text: str,
    things: Sequence[tuple[T, str]],
    ways: Sequence[Callable[[T], Sequence[str]]],
    what: str,
    where: str,
    key: str,
) -> T:
    """The one of ``things``, each with what it is called, that ``text`` names in the first way in which it names any.

    The first way of all is by what only one has; ``key`` is what people call that.
    """
    for way in ways:
        found = _called(text, [subject for subject, _ in things], way)
        if len(found) > 1:
            keys = ", ".join(ways[0](subject)[0] for subject in found)
            raise UsageError(
                f"{what} {text!r} occurs {len(found)} times", where=where, remedy=f"Name one by its {key}: {keys}."
            )
        if found:
            return found[0]
    there = ", ".join(called for _, called in things) or "none"
    raise NotFoundError(f"there is no {what} {text!r}", where=where, remedy=f"There are: {there}.")


def service_name(service: Service, services: Sequence[Service]) -> str:
    """What a service of a profile is known by on a command line: its name where that is its own, else its uid."""
    same = [each for each in services if upcase(service.name) in {upcase(each.name), upcase(each.uid)}]
    return service.name if len(same) == 1 and service.name.isprintable() else service.uid


def section_name(services: MessageServiceAdmin, uid: str) -> str:
    """What ``section_named`` knows a section by: names where they are its own, else its uid."""
    there = services.profile.services
    own = next((each for each in there if each.uid == uid), None)
    part = next((each for each in parts_of(services) if each.uid == uid), None)
    name = uid
    if own is not None:
        name = service_name(own, there)
    elif part is not None:
        beside = [each for each in parts_of(services) if each.service.uid == part.service.uid]
        name = f"{service_name(part.service, there)}/{part_name(part, beside)}"
    try:
        return name if section_named(services, name) == uid else uid
    except MapiwrightError:
        return uid


def section_named(services: MessageServiceAdmin, text: str) -> str:
    """The uid of the section of a profile that ``text`` means, as FORMS has it; by uid it need not be there.

    A provider or extra section is named as ``part_named`` has it. Raises NotFoundError, and UsageError that lists the
    uids where a name occurs several times.
    """
    if _UID.fullmatch(text):
        return text.lower()
    known = next((uid for uid, name in tags.WELL_KNOWN.items() if upcase(name) == upcase(text)), None)
    if known is not None:
        return known
    profile = services.profile
    name, slash, part = text.partition("/")
    try:
        if not slash or any(upcase(service.name) == upcase(text) for service in profile.services):
            return services.find(text).uid
        service = services.find(name)
    except NotFoundError as error:
        raise NotFoundError(
            f"{text!r} names no section", where=f"profile {profile.name}", expected=FORMS, remedy=error.remedy
        ) from error
    own = tuple(each for each in parts_of(services) if each.service.uid == service.uid)
    return part_named(part, own, "provider", f"service {service.name} of profile {profile.name}").uid
