"""The Outlooks of a workstation, and which of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.workstation.files import parent, same
from mapiwright.workstation.outlook.long_names import long_path
from mapiwright.workstation.outlook.mapisvc import CLIENT, client_dll, find_inf
from mapiwright.workstation.outlook.office import survey
from mapiwright.workstation.outlook.outlook import INF_NAME, OFFICE_VERSIONS
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.workstation import Outlook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.outlook.office import Office, Survey
    from mapiwright.workstation.registry import RegistryReader

_APP_PATH = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\OUTLOOK.EXE"


def find_outlooks(registry: RegistryReader, files: FileReader, environment: Mapping[str, str]) -> tuple[Outlook, ...]:
    """The Outlooks of the machine, the one that counts first, with the rule behind each fact.

    Raises NotFoundError with the places that were looked at, or with the reason why what is there does not do.
    Source: [how-to-choose-a-specific-version-of-mapi-to-load]; spec/native.md 4.4.
    """
    found = survey(registry, files, environment)
    if not found.offices:
        raise _none(found)
    counts, why = _first(found.offices, registry, files)
    others = [office for office in found.offices if office is not counts]
    reported = (
        [(f"counts before {' and '.join(f'Outlook {other.edition}' for other in others)}", why)] if others else []
    )
    reported += [("passed over", f"{place} is of the Microsoft Store, and read-only") for place in found.of_store]
    return (
        _outlook(counts, registry, files, is_client=True, reported=reported),
        *(_outlook(other, registry, files, is_client=False) for other in others),
    )


def _outlook(
    office: Office,
    registry: RegistryReader,
    files: FileReader,
    *,
    is_client: bool,
    reported: Sequence[tuple[str, str]] = (),
) -> Outlook:
    inf = find_inf(office, registry, files, is_client=is_client)
    return Outlook(
        office.edition,
        office.bitness,
        inf.path,
        office.view,
        (*office.rules, (INF_NAME, inf.rule), *reported),
        office.install,
        office.root,
        inf.lcids,
        inf.others,
    )


def _none(found: Survey) -> NotFoundError:
    if found.of_store:
        return NotFoundError(
            "the only Outlook is one of the Microsoft Store, and no message service can be added to it",
            where=found.of_store[0],
            expected="an Outlook whose MAPISVC.INF can be written: the Store keeps that of its own read-only",
            remedy="Remove it, and install Office from Microsoft's own site (Click-to-Run) or by Windows Installer.",
        )
    return NotFoundError(
        "no Outlook was found",
        expected=f"one of {', '.join(OFFICE_VERSIONS)}, installed by Windows Installer or Click-to-Run",
        remedy="\n  ".join(["Looked for these registry values:", *found.looked]),
    )


def _first(offices: Sequence[Office], registry: RegistryReader, files: FileReader) -> tuple[Office, str]:
    """The Outlook that counts, and why: each rule leaves those for which it holds, until one is left."""
    left, why = list(offices), ""
    for rule, holds in _PRECEDENCE if len(left) > 1 else ():
        fit = [office for office in left if holds(office, registry, files)]
        if fit and len(fit) < len(left):
            left, why = fit, rule
    return left[0], why if len(left) == 1 else "it is the newest"


def _has_client_dll(office: Office, registry: RegistryReader, files: FileReader) -> bool:
    return office.holds(client_dll(office, registry, files))


def _sees_client_dll(office: Office, registry: RegistryReader, files: FileReader) -> bool:
    return office.holds(office.physical(client_dll(office, registry, files)))


def _is_started(office: Office, registry: RegistryReader, files: FileReader) -> bool:
    value = registry.value(KeyPath.parse(_APP_PATH, office.view), "")
    return value is not None and same(parent(long_path(value.text, files)), office.root)


_PRECEDENCE: tuple[tuple[str, Callable[[Office, RegistryReader, FileReader], bool]], ...] = (
    (f"the DLL that {CLIENT}: DLLPathEx names is one of its own", _has_client_dll),
    (f"the DLL that {CLIENT}: DLLPathEx names is one of those that only it sees", _sees_client_dll),
    (f"{_APP_PATH} starts it", _is_started),
)
"""Which of several Outlooks counts; where the rules leave more than one, the newest."""
