"""A profile as a tree: its services with their providers, then its other sections, with the documents' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.mapi.profile.profile import value_name
from mapiwright.mapi.props import tags
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.values import kind_name, property_text, value_text
from mapiwright.workstation.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile, Provider, Section, Service
    from mapiwright.workstation.registry import Key

SERVICE, PROVIDER = "service", "provider"


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree and what hangs below it."""

    text: str
    below: tuple[Node, ...] = ()
    style: Style = Style.PLAIN


def profile_lines(profile: Profile, *, default: bool = False) -> Iterator[Line]:
    """The whole profile: tags, types, flags and well-known sections by their names; secrets masked."""
    services = profile.services
    owned = {section.uid for service in services for section in _sections_of(service)}
    others = [section for section in profile.sections.values() if section.uid not in owned]
    foreign = tuple(Node(f"{escape(name)} = {value_text(name, value)}") for name, value in profile.foreign.items())
    yield Line(f"Profile {escape(profile.name)}{' (default)' if default else ''}", Style.HEADING)
    yield from _drawn([*map(_service_node, services), *(section_node(section) for section in others), *foreign])


def _sections_of(service: Service) -> tuple[Section, ...]:
    return (service.section, *(provider.section for provider in service.providers), *service.extras)


def _service_node(service: Service) -> Node:
    return Node(
        f'Service {escape(service.name)} "{escape(service.display)}" {escape(service.uid)}',
        (
            *_content(service.section, service.name, SERVICE),
            *(_provider_node(provider, service.name) for provider in service.providers),
            *(section_node(extra, service.name) for extra in service.extras),
        ),
        Style.ADDED,
    )


def _provider_node(provider: Provider, service: str) -> Node:
    kind = kind_name(provider.kind)
    content = _content(provider.section, service, PROVIDER)
    return Node(f'Provider {kind} "{escape(provider.display)}" {escape(provider.uid)}', content, Style.CHANGED)


def section_node(section: Section, service: str = "") -> Node:
    """A section under its well-known name, where it has one."""
    name = tags.WELL_KNOWN.get(section.uid.lower())
    title = f"Section {escape(section.uid)}" + (f" ({name})" if name else "")
    return Node(title, _content(section, service, ""), Style.HEADING)


def _content(section: Section, service: str, role: str) -> tuple[Node, ...]:
    properties = [
        Node(f"{tags.name_in_section(tag, service)} {type_of(tag)} = {described(tag, value, role, service)}")
        for tag, value in section.properties.items()
    ]
    decoded = {value_name(tag) for tag in section.properties}
    raw = [
        Node(f"{escape(name)} = {value_text(name, value)}", style=Style.QUIET)
        for name, value in section.stored.items()
        if name.lower() not in decoded
    ]
    return (*properties, *raw, *(_key_node(name, key) for name, key in section.keys.items()))


def _key_node(name: str, key: Key) -> Node:
    def content(here: Key, below: Mapping[str, tuple[Node, ...]]) -> tuple[Node, ...]:
        values = [Node(f"{escape(each)} = {value_text(each, value)}") for each, value in here.values.items()]
        return (*values, *(Node(f"Key {escape(each)}", nodes, Style.QUIET) for each, nodes in below.items()))

    return Node(f"Key {escape(name)}", fold(key, content), Style.QUIET)


def type_of(tag: int) -> str:
    """``PT_UNICODE``; a type without a name is its number."""
    kind = tags.prop_type(tag)
    names = {member.value: member.name for member in tags.PropertyType}
    return f"PT_{names[kind]}" if kind in names else f"0x{kind:04x}"


def described(tag: int, value: PropertyValue, role: str, service: str = "") -> str:
    """A property's value; flags and resource types by their names, as far as they have some."""
    if isinstance(value, int) and tag == tags.PR_RESOURCE_TYPE:
        return kind_name(value)
    if isinstance(value, int) and tag == tags.PR_RESOURCE_FLAGS and role:
        flags = tags.ServiceFlag if role == SERVICE else tags.StatusFlag
        named = [str(flag.name) for flag in flags if value & flag]
        rest = value & 0xFFFFFFFF & ~sum(flags)
        return " | ".join([*named, *([f"0x{rest:x}"] if rest else [])]) or "0"
    return property_text(tag, value, service)


def _drawn(top: Sequence[Node]) -> Iterator[Line]:
    waiting = [("", node, node is top[-1]) for node in reversed(top)]
    while waiting:
        before, node, last = waiting.pop()
        yield Line(f"{before}{'└── ' if last else '├── '}{node.text}", node.style)
        inside = f"{before}{'    ' if last else '│   '}"
        waiting += [(inside, below, below is node.below[-1]) for below in reversed(node.below)]
