"""Calls a compiled message service: its own library, loaded by a child process that cannot hurt us."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.child_reply import decide
from mapiwright.entry.hosts.child_zipapp import archive
from mapiwright.entry.hosts.interpreter import Interpreter, ThisPython
from mapiwright.entry.hosts.isolation import converse
from mapiwright.entry.hosts.library import describe, program_at, refuse_another_kind, refuse_uncallable
from mapiwright.entry.hosts.mapi_in_front import mapi_in_front
from mapiwright.entry.hosts.message import encode
from mapiwright.entry.service.contract import (
    NO_REPORT,
    EntryFlag,
    Flavour,
    Result,
    before_the_call,
    in_the_second_call,
)
from mapiwright.errors import EntryPointError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mapiwright.entry.hosts.library import Library
    from mapiwright.entry.service.contract import EntryOutcome, EntryRequest, Report

DEADLINE = 30.0
"""Seconds that a call may take ([native] 2.4)."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A library on this computer, loaded from there together with the files next to it."""

    path: Path

    def read(self) -> bytes:
        """Its bytes; raises FormatError where it is too large for a library, and OSError."""
        return program_at(self.path)

    @contextmanager
    def placed(self) -> Iterator[Path]:
        """Where it is while it is called."""
        yield self.path


@dataclass(frozen=True, slots=True)
class FromWorkstation:
    """A library of the workstation, and the others of its folder that it needs, by their names.

    They are laid into a folder of our own for the call: the workstation may be anywhere, and its code writes nothing
    to it.
    """

    name: str
    files: Mapping[str, bytes] = field(repr=False)

    @contextmanager
    def placed(self) -> Iterator[Path]:
        """Where it is while it is called."""
        folder = Path(tempfile.mkdtemp(prefix="mapiwright-guest-"))
        try:
            for name, data in self.files.items():
                (folder / name).write_bytes(data)
            yield folder / self.name
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _ignored(report: Report) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class NativeHost:
    """Runs the function ``entry`` of a library, under the Python that ``interpreter`` is.

    ``flavour`` overrules what the library looks like. ``observe`` gets how the service behaved, also where the
    call ends in an error; with ``trace`` it gets every call that the service made. ``deadline`` is in seconds,
    from when the interpreter has started.
    """

    source: OnDisk | FromWorkstation
    entry: str
    interpreter: Interpreter = field(default_factory=ThisPython)
    flavour: Flavour | None = None
    deadline: float = DEADLINE
    trace: bool = False
    observe: Callable[[Report], None] = _ignored

    @property
    def form(self) -> str:
        """What it runs."""
        return "native"

    def call(self, request: EntryRequest) -> EntryOutcome:
        """Call; raises EntryPointError where the service crashed, hung, or could not be loaded.

        A service that answers MAPI_E_BAD_CHARWIDTH is called again with the other width ([msgserviceentry]).
        """
        with self.source.placed() as path:
            with before_the_call():
                library = self._prepared(path)
            outcome = self._once(request, path, library)
            if outcome.hresult == Result.MAPI_E_BAD_CHARWIDTH:
                other = replace(request, flags=request.flags ^ EntryFlag.UNICODE)
                with in_the_second_call():
                    outcome = self._once(other, path, library)
            return outcome

    def _prepared(self, path: Path) -> Library:
        """See that the library can be called; what it is."""
        try:
            library = describe(program_at(path), where=path.name)
        except OSError as error:
            raise EntryPointError(f"the library cannot be read: {error.strerror}", where=str(path)) from error
        refuse_another_kind(library, self.interpreter, where=path.name)
        self.interpreter.prepare()
        refuse_uncallable(library, self.entry, self.interpreter, where=path.name)
        return library if self.flavour is None else replace(library, flavour=self.flavour)

    def _once(self, request: EntryRequest, path: Path, library: Library) -> EntryOutcome:
        with before_the_call():
            there, environment = self.interpreter.path(path.resolve()), self.interpreter.environment()
            command = self.interpreter.command(archive, "native.library")
            in_front = {name: self.interpreter.path(each) for name, each in mapi_in_front(library).items()}
        message = encode(
            request,
            self.deadline,
            library=there,
            entry=self.entry,
            flavour=library.flavour.value,
            in_front=in_front,
            trace=self.trace,
        )
        ended = converse(
            command,
            message,
            self.deadline,
            start=self.interpreter.start_seconds,
            environment=environment,
        )
        reports = [NO_REPORT]
        where = f"{self.entry} in {path.name}, MSG_SERVICE_{request.context.name}"
        try:
            outcome = decide(
                ended,
                request,
                where=where,
                deadline=self.deadline,
                interpreter=self.interpreter,
                observe=reports.append,
            )
        finally:
            self.observe(reports[-1])
            if reports[-1].doubt:
                raise _of_another_flavour(library.flavour, reports[-1].doubt[0], where)
        return outcome


def _of_another_flavour(flavour: Flavour, sign: str, where: str) -> EntryPointError:
    """The flavour named for the library, or by it, is wrong; other errors of the call follow from that."""
    other = Flavour.ITANIUM if flavour is Flavour.COM else Flavour.COM
    return EntryPointError(
        f"the service's interfaces are not of the flavour {flavour}: {sign}",
        hresult=Result.MAPI_E_CALL_FAILED,
        where=where,
        remedy=f"Nothing that it set was kept. Call it with the flavour {other}.",
    )
