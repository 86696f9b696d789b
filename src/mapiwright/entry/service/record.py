r"""What MAPISVC.INF cannot say about an installed service: whose package it is, the stand-in for its DLL, its form.

A record lies on the workstation, in ``services\<NAME>`` of our folder there: ``record.json``, and the sources of the
stand-in below ``standin``. It is written and removed as every other file: by changes in a plan; and it is believed
only where a receipt of ours says so, since what it names is code that is run.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mapiwright.entry.service.contract import Flavour
from mapiwright.entry.service.form_reading import form_document, form_from
from mapiwright.errors import FormatError, NotFoundError, RefusedError, UntrustedError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.transaction.records.provenance import was_written
from mapiwright.workstation.change import RemoveFolder, WriteFile, file_with_parents
from mapiwright.workstation.files import fault_of_name, join, same
from mapiwright.workstation.kept import read_once
from mapiwright.workstation.state import closed_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.entry.service.form import Form
    from mapiwright.workstation.change import FileChange
    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.workstation import Workstation

SCHEMA = 1
RECORD = "record.json"
SOURCES = "standin"
LONGEST = 100
"""The most characters of a service's name that are written out in the name of its folder."""

LONGEST_DEADLINE = 3600.0
"""The most seconds that a call may take."""

REINSTALL = "Install the package of the service again."


class GivenStandIn(Protocol):
    """A stand-in as a package gives it: the entry ``module:function``, its sources by path, seconds per call."""

    @property
    def entry(self) -> str:
        """``module:function``."""
        ...

    @property
    def sources(self) -> Mapping[str, bytes]:
        """Python files by their paths, with ``/``."""
        ...

    @property
    def deadline(self) -> float:
        """Seconds that a call may take."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedStandIn:
    """A stand-in as a record names it: ``files`` are the paths of its sources, with ``/``.

    ``wizard`` is its entry for the Profile Wizard, ``module:function``, or "".
    """

    entry: str
    deadline: float
    files: tuple[str, ...]
    wizard: str = ""


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """The record of one installed service; ``package`` is the id of the package that brought it."""

    service: str
    package: str
    version: str
    stand_in: RecordedStandIn | None = None
    flavour: Flavour | None = None
    """The flavour of its library's interfaces, where the file does not say it."""
    form: Form | None = None
    """Its pages of the Profile Wizard, where its package describes them."""

    @classmethod
    def of(
        cls,
        service: str,
        *,
        package: str,
        version: str,
        stand_in: GivenStandIn | None,
        flavour: Flavour | None = None,
        form: Form | None = None,
        wizard: str = "",
    ) -> ServiceRecord:
        """The record of a service as its package describes it."""
        if stand_in is None:
            return cls(service, package, version, flavour=flavour, form=form)
        kept = RecordedStandIn(stand_in.entry, float(stand_in.deadline), tuple(sorted(stand_in.sources)), wizard)
        return cls(service, package, version, kept, flavour, form)


def folder_name(service: str) -> str:
    """The name of a service's folder: names that Windows takes for one name are one folder, and it takes them all.

    ``MSPST MS`` is ``MSPST%20MS``: what is no plain letter, digit, ``-`` or ``_`` is written as UTF-8 bytes in hex.
    """
    plain = re.sub(r"[^A-Z0-9_-]", lambda found: _escaped(found[0]), upcase(service))
    if len(plain) > LONGEST:
        digest = hashlib.sha256(plain.encode()).hexdigest()[:32].upper()
        plain = f"{plain[:LONGEST]}-{digest}"
    if fault_of_name(plain) is not None:  # empty, or a device such as CON
        plain = f"%{plain}"
    return plain


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def folder_of(workstation: Workstation, service: str) -> str:
    """The folder of a service's record."""
    return join(workstation.state_folder, "services", folder_name(service))


def _source_path(folder: str, name: str) -> str:
    """Where a source lies; raises RefusedError for a name that leads elsewhere, whoever wrote it."""
    parts = name.split("/")
    for part in parts:
        fault = fault_of_name(part)
        if fault is not None:
            raise RefusedError(f"the stand-in's source {name!r} cannot be kept: {fault}", where=folder)
    return join(folder, SOURCES, *parts)


def record_changes(
    workstation: Workstation, record: ServiceRecord, sources: Mapping[str, bytes]
) -> tuple[FileChange, ...]:
    """The changes that keep a record and its sources, and remove those of an older one; none where it is kept."""
    folder = folder_of(workstation, record.service)
    wanted = {_source_path(folder, name): data for name, data in sources.items()}
    wanted[join(folder, RECORD)] = _encode(record)
    changes = list(_removal(workstation.files, folder, keep=tuple(wanted)))
    for path, data in wanted.items():
        changes.extend(file_with_parents(workstation.files, path, data))
    return tuple(dict.fromkeys(changes))  # folders that several files lack are made once


def _removal(files: FileReader, folder: str, keep: tuple[str, ...] = ()) -> Iterator[FileChange]:
    """Files go before the folder that holds them; a folder above something that is kept stays."""
    for name in files.names(folder):
        path = join(folder, name)
        if files.is_folder(path):
            yield from _removal(files, path, keep)
        elif not any(same(path, kept) for kept in keep):
            yield WriteFile(path, files.read(path), None)
    above = upcase(folder) + "\\"
    if files.is_folder(folder) and not any(upcase(kept).startswith(above) for kept in keep):
        yield RemoveFolder(folder)


def read_record(workstation: Workstation, service: str) -> ServiceRecord | None:
    """The record of a service, or None where there is none.

    Raises FormatError where it is damaged, RefusedError where this user may not read it, UntrustedError where no
    receipt is about it.
    """
    path = join(folder_of(workstation, service), RECORD)
    try:
        data = read_once(workstation, path)
    except PermissionError as error:
        raise closed_records(workstation.state_folder) from error
    if data is None:
        return None
    record = _decode(data, path)
    _refuse_foreign(workstation, record, path, data)
    return record


def _refuse_foreign(workstation: Workstation, record: ServiceRecord, path: str, data: bytes) -> None:
    """Raise UntrustedError where no transaction of ours wrote the file as it is."""
    digest = hashlib.sha256(data).hexdigest()
    known = ("written", upcase(path), digest)
    if not workstation.kept.once(known, lambda: was_written(workstation, path, data, about=record.package)):
        raise UntrustedError(
            f"the record of service {record.service} is not believed: no receipt says that Mapiwright wrote it",
            where=workstation.place(path),
            remedy=f"Find out who made it and move it away. {REINSTALL}",
        )


def sources_of(workstation: Workstation, record: ServiceRecord) -> dict[str, bytes]:
    """The sources of a record's stand-in by their paths; raises NotFoundError where one is missing."""
    folder = folder_of(workstation, record.service)
    found: dict[str, bytes] = {}
    for name in record.stand_in.files if record.stand_in else ():
        path = _source_path(folder, name)
        data = read_once(workstation, path)
        if data is None:
            raise NotFoundError(f"the stand-in of {record.service} is not whole", where=path, remedy=REINSTALL)
        _refuse_foreign(workstation, record, path, data)
        found[name] = data
    return found


def _encode(record: ServiceRecord) -> bytes:
    kept = record.stand_in
    document = {
        "schema": SCHEMA,
        "service": record.service,
        "package": record.package,
        "version": record.version,
        "stand_in": kept
        and {
            "entry": kept.entry,
            "deadline": kept.deadline,
            "files": list(kept.files),
            **({"wizard": kept.wizard} if kept.wizard else {}),
        },
        # Keys that an older reader does not ask for, and does without.
        **({"flavour": record.flavour.value} if record.flavour else {}),
        **({"form": form_document(record.form)} if record.form else {}),
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def _decode(data: bytes, path: str) -> ServiceRecord:
    try:
        document = json.loads(data)
        schema = document["schema"]
        record = ServiceRecord(
            _text(document["service"]),
            _text(document["package"]),
            _text(document["version"]),
            None if document["stand_in"] is None else _stand_in(document["stand_in"]),
            Flavour(document["flavour"]) if "flavour" in document else None,
            _form(document.get("form")),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError("the record of a service is damaged", where=path, remedy=REINSTALL) from error
    if schema != SCHEMA:
        remedy = "Use the version of Mapiwright that wrote it, or a newer one."
        raise FormatError("a record of another schema", where=path, expected=f"schema {SCHEMA}", remedy=remedy)
    return record


def _stand_in(found: Mapping[str, object]) -> RecordedStandIn:
    deadline, files = found["deadline"], found["files"]
    if not isinstance(deadline, int | float) or not 0 < deadline <= LONGEST_DEADLINE:
        raise ValueError("deadline")
    if not isinstance(files, list):
        raise TypeError("files")
    return RecordedStandIn(
        _text(found["entry"]), float(deadline), tuple(map(_text, files)), _text(found.get("wizard", ""))
    )


def _form(found: object) -> Form | None:
    form, faults = form_from(found)
    if faults:
        raise ValueError("form")
    return form


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("no text")
    return found
