"""``profile section``: the sections of a profile, each with its properties ([iprofsectimapiprop])."""

# ruff: noqa: PLC0415 - `profile list` does not pay for what its neighbours need

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from mapiwright.errors import NotFoundError
from mapiwright.ui.cli.assignments import assignment_options
from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.editing import edit, in_profile, place_document, services_in
from mapiwright.ui.cli.target import target_options, user_options
from mapiwright.ui.cli.writing import writing_options
from mapiwright.ui.text.terminal import Line, Style, escape, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mapiwright.admin.operations.operations import Operation
    from mapiwright.admin.sections import ProfileSection
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.formats.props import PropertyValue
    from mapiwright.ui.cli.assignments import Assignments
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent


@click.group()
def section() -> None:
    """List, read and edit the sections of a profile.

    A SECTION is 32 hex digits, a well-known name, SERVICE, or SERVICE/PROVIDER; `list` shows them all. A provider
    goes by its display name, by its section in MAPISVC.INF, or by its uid; so does an extra section of a service.
    """


@section.command("list")
@click.argument("name", metavar="PROFILE")
@target_options
@user_options
def list_sections(target: Target, users: UserChoice, name: str) -> None:
    """List the sections of a PROFILE: whose they are, and how many properties they have."""
    services = services_in(target, users, name)
    owners = _owners(services)
    found = [(each, owners.get(each.uid, NOBODY)) for each in services.profile.sections.values()]
    if target.json:
        from mapiwright.ui.documents.documents import write_document

        rows: list[Any] = [{**owner.document(each.uid), "properties": len(each.properties)} for each, owner in found]
        write_document({**place_document(services), "sections": rows})
        return
    count = max((len(str(len(each.properties))) for each, _ in found), default=0)
    write(
        (
            Line(f"{escape(each.uid)}  {len(each.properties):>{count}}  {owner.title(each.uid)}".rstrip())
            for each, owner in found
        ),
        sys.stdout,
    )


@section.command("get")
@click.argument("name", metavar="PROFILE")
@click.argument("text", metavar="SECTION")
@click.argument("wanted", metavar="[TAG]...", nargs=-1)
@target_options
@user_options
def get(target: Target, users: UserChoice, name: str, text: str, wanted: tuple[str, ...]) -> None:
    """Show properties of a SECTION: all but secure ones, or those with these TAGs.

    A secure property is asked for by its TAG, and then shows that it is there. Exit code 1 means that one is not.
    """
    from mapiwright.admin.flags import SectionFlag
    from mapiwright.mapi.props.property_text import any_tag_named
    from mapiwright.ui.text.names import section_named

    asked = [any_tag_named(each) for each in wanted]
    services = services_in(target, users, name)
    uid = section_named(services, text)
    with services.open_profile_section(uid, SectionFlag.FORCE_ACCESS) as opened:
        (found,) = services.profile.existing([opened.uid])
        tags = asked or [tag for tag, value in found.properties.items() if value != ()]  # in the width that is stored
        values = opened.get_props(tags).values if tags else ()
    uid, owner = found.uid, _owners(services).get(found.uid, NOBODY)
    read = [_Property.of(tag, *answer) for tag, answer in zip(tags, values, strict=True)]
    if target.json:
        from mapiwright.ui.documents.documents import write_document

        properties = {f"{each.tag:08X}": each.document(owner.service) for each in read}
        write_document({**place_document(services), "section": {**owner.document(uid), "properties": properties}})
    else:
        write(_lines(uid, owner, [each for each in read if not each.missing]), sys.stdout)
    missing = [f"{each.tag:08X}" for each in read if each.missing]
    if missing:
        report(f"Not there: {', '.join(missing)}")
        raise click.exceptions.Exit(1)


@section.command("set")
@click.argument("name", metavar="PROFILE")
@click.argument("text", metavar="SECTION")
@assignment_options
@click.option("--create", is_flag=True, help="Make the section where there is none.")
@target_options
@user_options
@writing_options
def set_(
    *,
    target: Target,
    users: UserChoice,
    consent: Consent,
    name: str,
    text: str,
    assignments: Assignments,
    create: bool,
) -> None:
    """Set properties of a SECTION; all else in it stays as it is."""
    from mapiwright.admin.flags import SectionFlag
    from mapiwright.admin.operations.operations import SetProperties
    from mapiwright.ui.text.names import section_named

    if not assignments and not create:
        raise click.UsageError("Give a property, --set TAG=VALUE or --set-file TAG=FILE.")
    given = assignments.read()

    def wanted(services: MessageServiceAdmin) -> Iterator[Operation]:
        uid = section_named(services, text)
        if not create:
            _must_be_there(target, services, uid)
        yield SetProperties(name, uid, given)
        with services.open_profile_section(uid, SectionFlag.FORCE_ACCESS) as opened:
            _report_kept(given, opened)

    edit(target, users, consent, in_profile(name, wanted))


@section.command("delete")
@click.argument("name", metavar="PROFILE")
@click.argument("text", metavar="SECTION")
@click.argument("wanted", metavar="TAG...", nargs=-1, required=True)
@target_options
@user_options
@writing_options
def delete(
    target: Target, users: UserChoice, consent: Consent, name: str, text: str, wanted: tuple[str, ...]
) -> None:
    """Delete the properties with these TAGs, whatever their type, from a SECTION."""
    from mapiwright.admin.operations.operations import DeleteProperties
    from mapiwright.mapi.props.property_text import any_tag_named
    from mapiwright.ui.text.names import section_named

    gone = tuple(any_tag_named(each) for each in wanted)

    def operations(services: MessageServiceAdmin) -> Iterator[Operation]:
        uid = section_named(services, text)
        _must_be_there(target, services, uid)
        yield DeleteProperties(name, uid, gone)

    edit(target, users, consent, in_profile(name, operations))


def _must_be_there(target: Target, services: MessageServiceAdmin, uid: str) -> None:
    """A section that is not there is an error, where MAPI_MODIFY would make it."""
    from mapiwright.admin.flags import SectionFlag

    try:
        services.open_profile_section(uid, SectionFlag.FORCE_ACCESS).close()
    except NotFoundError as error:
        there = target.command("profile", "section", "list", services.name)
        error.remedy = f"See what there is: {there}. `section set --create` makes one."
        raise


def _report_kept(given: Mapping[int, PropertyValue], opened: ProfileSection) -> None:
    """Refuse to set the role bits of PR_RESOURCE_FLAGS in a section, and name the verbs that choose roles."""
    from mapiwright.mapi.props.tags import PR_RESOURCE_FLAGS

    wanted = given.get(PR_RESOURCE_FLAGS)
    if wanted is not None and opened.get_props([PR_RESOURCE_FLAGS]).values != ((PR_RESOURCE_FLAGS, wanted),):
        report(
            "PR_RESOURCE_FLAGS keeps its bits of who is the default store and the primary identity: "
            "`profile default-store` and `profile identity` choose them."
        )


# Whose a section is, and what it says.


@dataclass(frozen=True, slots=True)
class _Owner:
    """The service that a section belongs to, in what role, and what the section is called among its own."""

    service: str = ""
    service_uid: str = ""
    role: str = ""
    part: str = ""

    def title(self, uid: str) -> str:
        """What `section get` takes, or what the section is known as."""
        from mapiwright.mapi.props.tags import WELL_KNOWN

        path = f"{self.service}/{self.part}" if self.part else self.service
        return escape(path or WELL_KNOWN.get(uid.lower(), ""))

    def document(self, uid: str) -> dict[str, Any]:
        """The section and its owner, None where it has none."""
        from mapiwright.mapi.props.tags import WELL_KNOWN

        owner = {"service": self.service, "uid": self.service_uid, "role": self.role, "name": self.part or None}
        return {"uid": uid, "name": WELL_KNOWN.get(uid.lower()), "owner": owner if self.service else None}


NOBODY = _Owner()


def _owners(services: MessageServiceAdmin) -> Mapping[str, _Owner]:
    from mapiwright.ui.text.names import parts_of

    own = {each.uid: _Owner(each.name, each.uid, "service") for each in services.profile.services}
    return own | {
        part.uid: _Owner(part.service.name, part.service.uid, "extra" if part.extra else "provider", part.display)
        for part in parts_of(services)
    }


@dataclass(frozen=True, slots=True)
class _Property:
    """A property as it was asked for; ``value`` is None where only its presence can be shown."""

    tag: int
    value: PropertyValue | None
    missing: bool

    @classmethod
    def of(cls, asked: int, tag: int, value: PropertyValue) -> _Property:
        """What GetProps answered for a tag: PT_ERROR means that it is not there, or, a secret, cannot be read."""
        from mapiwright.admin.properties import MAPI_E_NO_ACCESS
        from mapiwright.mapi.props.tags import PropertyType, prop_type

        if prop_type(tag) != PropertyType.ERROR:
            return cls(tag, value, missing=False)
        return cls(asked, None, missing=value != MAPI_E_NO_ACCESS)

    def document(self, service: str) -> Any:
        """None where it is not there; ``service`` is whose section it is in."""
        from mapiwright.ui.text.values import property_document

        if self.value is None:
            return None if self.missing else {"secret": True}
        return property_document(self.tag, self.value, service)

    def text(self, role: str, service: str) -> str:
        """Its value for people."""
        from mapiwright.mapi.props.protected import MASK
        from mapiwright.ui.text.tree import described

        return MASK if self.value is None else described(self.tag, self.value, role, service)


def _lines(uid: str, owner: _Owner, properties: Iterable[_Property]) -> Iterator[Line]:
    from mapiwright.mapi.props.tags import name_in_section
    from mapiwright.ui.text.tree import type_of

    yield Line(f"Section {escape(uid)} {owner.title(uid)}".rstrip(), Style.HEADING)
    for each in properties:
        name = name_in_section(each.tag, owner.service)
        yield Line(f"  {name} {type_of(each.tag)} = {each.text(owner.role, owner.service)}")
