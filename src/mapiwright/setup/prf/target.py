"""A PRF file compared with the workstation and the user that it is for: variables, services, folders ([prf] 6)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError, UsageError
from mapiwright.formats.props import PropertyType
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.rules import quoted
from mapiwright.mapi.prf.check import is_path, name_findings
from mapiwright.mapi.prf.labels import EXCHANGE
from mapiwright.mapi.prf.reading import Overwrite
from mapiwright.mapi.prf.rules import finding
from mapiwright.mapi.props.tags import PR_RESOURCE_FLAGS, PR_RESOURCE_TYPE, ResourceType, ServiceFlag, StatusFlag
from mapiwright.workstation.files import join, parent, split
from mapiwright.workstation.outlook.windows import expand, user_folders
from mapiwright.workstation.registry import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.admin.workspace import Workspace
    from mapiwright.errors import Finding
    from mapiwright.formats.props import Properties
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.prf.reading import Assignment, Item, ProfileFile
    from mapiwright.workstation.workstation import User, Workstation

_VARIABLE = re.compile(r"%[^%\s]+%")
_BOOK = 0x660E
"""OfflineAddressBookPath names the folder itself."""


def variables_of(workstation: Workstation, user: User) -> dict[str, str]:
    """The variables that a user's processes have: the machine's, those of the profile folder, and the user's own."""
    variables = dict(workstation.environment)
    variables["USERNAME"] = user.name
    folder = next(
        (each.path for each in user_folders(workstation.registry, variables) if each.user.sid == user.sid), ""
    )
    if folder:
        variables |= {
            "USERPROFILE": folder,
            "APPDATA": join(folder, "AppData", "Roaming"),
            "LOCALAPPDATA": join(folder, "AppData", "Local"),
            "HOMEDRIVE": folder[:2],
            "HOMEPATH": folder[2:],
        }
    own = workstation.registry.read(user.root / "Environment")
    for name, value in own.values.items() if own is not None else ():
        if value.type in {ValueType.SZ, ValueType.EXPAND_SZ}:
            variables[name] = expand(value.text, variables) if value.type is ValueType.EXPAND_SZ else value.text
    return variables


def for_user(file: ProfileFile, variables: Mapping[str, str]) -> ProfileFile:
    """The file with its variables expanded: in the profile's name and in values of PT_STRING8 ([prf] 1.2)."""
    name = expand(file.general.name, variables)
    services = tuple(
        replace(item, assignments=tuple(_expanded(each, variables) for each in item.assignments))
        for item in file.services
    )
    return replace(file, general=replace(file.general, name=name), services=services)


def _expanded(each: Assignment, variables: Mapping[str, str]) -> Assignment:
    if each.slot is None or each.slot.kind is not PropertyType.STRING8 or not isinstance(each.value, str):
        return each
    return replace(each, value=expand(each.value, variables))


def target_findings(file: ProfileFile, space: Workspace) -> tuple[Finding, ...]:
    """What prevents applying a file, expanded for the user, to the workstation."""
    return tuple(_findings(file, space))


def _findings(file: ProfileFile, space: Workspace) -> Iterator[Finding]:
    if space.find(file.general.name) is None or file.general.overwrite is Overwrite.YES:
        yield from name_findings(file)
    reported: set[str] = set()
    for item in file.services:
        definition = None
        if item.service:
            try:
                definition = space.catalogue.find(item.service)
            except FindingsError as error:
                yield from (replace(each, where=space.workstation.outlook.inf_path) for each in error.findings)
                continue
        if item.service and definition is None:
            what = f"{item.key} ({item.name}) is the service {quoted(item.service)}, which is not there"
            yield finding("MW8110", what, line=item.line)
        if definition is not None:
            yield from _service_findings(file, item, definition, reported)
        yield from _value_findings(item, space)
    for item in file.accounts:
        yield finding("MW8111", f"{item.key} ({item.name}) is not made here", line=item.line)


def _service_findings(
    file: ProfileFile, item: Item, definition: ServiceDefinition, reported: set[str]
) -> Iterator[Finding]:
    if upcase(file.general.default_store) == upcase(item.key) and not any(
        _can_be_default_store(each.properties) for each in definition.providers
    ):
        yield finding("MW8016", f"{item.key} ({item.service}) has no such store", line=item.line)
    if upcase(item.service) in reported and is_single(definition) and item.unique is False:
        yield finding("MW8028", f"{item.key} is {item.service} once more", line=item.line)
    reported.add(upcase(item.service))


def _can_be_default_store(provider: Properties) -> bool:
    is_store = provider.get(PR_RESOURCE_TYPE) == ResourceType.STORE_PROVIDER
    return is_store and not _flags(provider) & StatusFlag.NO_DEFAULT_STORE


def is_single(definition: ServiceDefinition) -> bool:
    """Whether a profile may have the service once only."""
    return bool(_flags(definition.properties) & ServiceFlag.SINGLE_COPY)


def _flags(properties: Properties) -> int:
    flags = properties.get(PR_RESOURCE_FLAGS)
    return flags if isinstance(flags, int) else 0


def _value_findings(item: Item, space: Workspace) -> Iterator[Finding]:
    for each in item.assignments:
        if not isinstance(each.value, str) or each.slot is None:
            continue
        if each.slot.kind is PropertyType.STRING8 and (left := _VARIABLE.search(each.value)):
            what = f"{each.key} of {item.key}: {space.user.name} has no variable {left[0]}"
            yield finding("MW8041", what, line=each.line)
        elif is_path(item, each):
            names_folder = upcase(item.service) == EXCHANGE and each.slot.id == _BOOK
            folder = each.value if names_folder else parent(each.value)
            if not _is_there(space, folder):
                what = f"{each.key} of {item.key}: there is no folder {quoted(folder)}"
                yield finding("MW8042", what, line=each.line)


def _is_there(space: Workspace, folder: str) -> bool:
    """Whether a folder is there, or is on another disk, of which nothing is known."""
    files = space.workstation.files
    try:
        drive = split(folder)[0] + "\\"
    except UsageError:
        return True  # a server, or a path that is reported as none
    return not files.is_folder(drive) or files.is_folder(folder)
