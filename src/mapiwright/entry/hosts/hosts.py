"""Which code of a service can run here, and where: its own library if a Python at hand loads it, else its stand-in.

A library is loaded only where ``--host`` asks for it, as it comes from the workstation and runs with our rights: by
``here``, this Python; ``python:PATH``, another one; ``wine:PREFIX``, a Windows Python inside a Wine prefix.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.entry.hosts.library import describe
from mapiwright.entry.hosts.native_host import DEADLINE, FromWorkstation, NativeHost
from mapiwright.entry.hosts.python_host import PythonHost
from mapiwright.entry.service.loading import Loader
from mapiwright.entry.service.record import read_record, sources_of
from mapiwright.errors import ConflictError, EntryPointError, NotFoundError, RefusedError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import declared_entry
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.workstation.files import join, parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mapiwright.entry.hosts.interpreter import Interpreter
    from mapiwright.entry.service.contract import EntryHost, Report
    from mapiwright.workstation.workstation import Workstation

MOST_FILES = 50
"""The most libraries that a service's own is taken along with."""


def interpreter_named(host: str) -> Interpreter:
    """The Python that ``--host`` names, of which nothing is started yet.

    Raises UsageError for what it cannot mean and for a Python that is not there, RefusedError where there is no Wine
    prefix.
    """
    kind, _, place = host.partition(":")
    if host == "here":
        return ThisPython()
    if kind == "python" and place:
        from mapiwright.entry.hosts.other_python import OtherPython  # noqa: PLC0415 - few ask for it

        other = OtherPython(Path(place))
        other.look()
        return other
    if kind == "wine" and place:
        from mapiwright.entry.hosts.wine import WinePython  # noqa: PLC0415 - few ask for it

        wine = WinePython(Path(place))
        wine.look()
        return wine
    raise UsageError(f"there is no host {host!r}", expected="here, python:PATH or wine:PREFIX")


def interpreter_beside(workstation: Workstation, host: str) -> Interpreter:
    """As ``interpreter_named``; RefusedError where it would run in the Wine prefix that is the workstation itself."""
    found = interpreter_named(host)
    scheme, _, place = workstation.uri.partition(":")
    if scheme == "wine" and host.startswith("wine:"):
        here, there = (Path(each).expanduser().resolve() for each in (place, host.partition(":")[2]))
        if here == there:
            raise RefusedError(
                "Wine cannot run in the prefix that is changed meanwhile",
                where=f"--host {host}",
                expected="a prefix of its own for the calls",
                remedy="Make another prefix with a Windows Python, and name it: --host wine:OTHER",
            )
    return found


def host_for(
    workstation: Workstation,
    service: str,
    *,
    host: str = "",
    trace: bool = False,
    observe: Callable[[Report], None] = lambda _: None,
) -> EntryHost | None:
    """What runs the service's code: its library where ``host`` is named, else its stand-in; None where nothing can.

    ``trace`` and ``observe`` are for a library. Raises NotFoundError where ``host`` is named and the library that
    MAPISVC.INF declares is not there.
    """
    record = read_record(workstation, service)
    declared = declared_entry(read_mapisvc(workstation).catalogue, service) if host else None
    if declared is not None:
        dll, entry = declared
        return NativeHost(
            _library(workstation, dll),
            entry,
            interpreter_beside(workstation, host),
            record.flavour if record is not None else None,
            record.stand_in.deadline if record is not None and record.stand_in is not None else DEADLINE,
            trace=trace,
            observe=observe,
        )
    if record is None or record.stand_in is None:
        return None
    return PythonHost(sources_of(workstation, record), record.stand_in.entry, record.stand_in.deadline)


def _library(workstation: Workstation, dll: str) -> FromWorkstation:
    """A library where Outlook would find it, with what it needs of the same folder."""
    path = Loader(workstation, workstation.outlook).library(dll).path
    if not path:
        raise NotFoundError(
            f"the library {dll} was not found",
            where=workstation.uri,
            remedy="It is in no folder that Outlook looks into. `mapiwright doctor` says more.",
        )
    files: dict[str, bytes] = {}
    for name, data in _with_needed(workstation, path):
        if len(files) == MOST_FILES:
            raise EntryPointError(f"the library needs more than {MOST_FILES} others", where=path)
        files[name] = data
    return FromWorkstation(next(iter(files)), files)


def _with_needed(workstation: Workstation, path: str) -> Iterator[tuple[str, bytes]]:
    """A library and those that it needs, as far as they lie beside it; under the names that they are asked for by."""
    folder = parent(path)
    there = {upcase(name): name for name in workstation.files.names(folder)}
    waiting, seen = [path.rpartition("\\")[2]], set()
    while waiting:
        name = waiting.pop(0)
        stored = there.get(upcase(name))
        if stored is None or upcase(name) in seen:
            continue
        seen.add(upcase(name))
        try:
            data = workstation.files.read(join(folder, stored))
        except ConflictError:  # a folder of that name
            continue
        if data is not None:
            yield name, data
            try:
                waiting += describe(data, where=stored).needs
            except EntryPointError:
                continue
