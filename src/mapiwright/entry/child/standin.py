"""Runs a vendor's Python stand-in for a service's entry point, in a process of its own.

The vendor's modules come with the request and are imported from memory. Standard library only.
"""

from __future__ import annotations

import faulthandler
import importlib
import sys
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any, NoReturn

from mapiwright.entry.child.channel import Say, line, serve, words_of
from mapiwright.entry.child.property_json import properties_from_json
from mapiwright.entry.child.sections import Section, Sections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType


class Failure(Exception):  # noqa: N818 - it ends a call with an HRESULT, as the service wants it
    """The service's own verdict: an HRESULT and the words of a MAPIERROR."""

    def __init__(self, hresult: int, text: str, component: str, low_level: int, context: int) -> None:
        super().__init__(text)
        self.hresult = hresult
        self.error = {"error": text, "component": component, "low_level": low_level, "context": context}


class Call:
    """One call of the entry point: what ``service_entry(call)`` is given."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.context: int = request["context"]
        self.flags: int = request["flags"]
        self.profile: str = request["profile"]
        self.search_key: bytes = bytes.fromhex(request.get("search_key", ""))
        self.properties: dict[int, Any] = properties_from_json(request["properties"])
        self._sections = sections = Sections(request)
        self.service: Section | None = sections.service
        self.providers = {sections.names[uid]: section for uid, section in sections.providers.items()}
        self.extras = {sections.names[uid]: section for uid, section in sections.extras.items()}

    def new_section(self, uid: bytes | None = None) -> Section:
        """Make an extra section that belongs to the service: it is copied and removed along with it."""
        section = self._sections.create_extra(uid)
        self._sections.list_extra(section)
        self.extras[section.uid.hex()] = section
        return section

    def fail(self, hresult: int, text: str, *, component: str = "", low_level: int = 0, context: int = 0) -> NoReturn:
        """End the call with a failing HRESULT and the words of a MAPIERROR; nothing that was set is kept."""
        if not hresult & 0x80000000:
            raise ValueError(f"0x{hresult:08X} is no failure")
        raise Failure(hresult, text, component, low_level, context)

    def changes(self) -> dict[str, dict[str, Any]]:
        """What the guest did to its sections, by uid; a section that it made is there even when it is empty."""
        return self._sections.changes()


class Sources:
    """Imports the stand-in's modules from memory: nothing of it is written to this computer.

    It finds and it loads. The base classes for that are dear: importlib.abc would double what a child costs to start.
    """

    ROOT = "stand-in/"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module or package of the stand-in; it comes before one of the standard library."""
        del path, target
        base = fullname.replace(".", "/")
        for place, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if place in self.files:
                spec = ModuleSpec(fullname, self, origin=self.ROOT + place, is_package=is_package)  # type: ignore[arg-type]
                spec.has_location = True
                return spec
        return None

    def get_filename(self, fullname: str) -> str:
        """Where a module of the stand-in is, for tracebacks."""
        base = fullname.replace(".", "/")
        package = f"{base}/__init__.py"
        return self.ROOT + (package if package in self.files else f"{base}.py")

    def create_module(self, spec: ModuleSpec) -> None:
        """Python's own kind of module."""
        del spec

    def exec_module(self, module: ModuleType) -> None:
        """Run its source, in the encoding that it names."""
        place = self.get_filename(module.__name__)
        exec(compile(self.get_data(place), place, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - an import

    def get_source(self, fullname: str) -> str:
        """Its text, for tracebacks."""
        return self.get_data(self.get_filename(fullname)).decode("utf-8", "replace")

    def get_data(self, path: str) -> bytes:
        """Read a source, or another file that the package gave along (``pkgutil.get_data``)."""
        try:
            return self.files[path.replace("\\", "/").removeprefix(self.ROOT)]
        except KeyError:
            raise FileNotFoundError(path) from None


def line_of(error: BaseException) -> str:
    """The place in the stand-in's own source where an exception came from: ``acme.py, line 12``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename.removeprefix(Sources.ROOT)}, line {error.lineno}"
    place, step = "", error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if name.startswith(Sources.ROOT):
            place = f"{name.removeprefix(Sources.ROOT)}, line {step.tb_lineno}"
        step = step.tb_next
    return place


def load(files: Mapping[str, bytes], entry: str) -> Callable[..., Any]:
    """Import the stand-in's module and find its function."""
    module, _, function = entry.partition(":")
    sys.meta_path.insert(0, Sources(files))
    found = getattr(importlib.import_module(module), function)
    if not callable(found):
        raise TypeError(f"{function} of {module} is no function")
    return found  # type: ignore[no-any-return]


def verdict(hresult: Any) -> int:
    """The HRESULT that a stand-in returned, as an unsigned number; None is S_OK."""
    if hresult is None:
        return 0
    if type(hresult) is not int or not -(1 << 31) <= hresult < 1 << 32:
        raise TypeError(f"it returned a {type(hresult).__name__}, which is no HRESULT")
    return hresult & 0xFFFFFFFF


def answer(request: Mapping[str, Any], say: Say) -> bytes:
    """Call the stand-in that the request names; the last line of the answers."""

    def made(function: Callable[..., Any]) -> bytes:
        call = Call(request)
        hresult = verdict(function(call))
        return line("done", hresult=hresult, error=None, changed=call.changes())

    def refused(failure: Failure) -> bytes:
        return line("done", hresult=failure.hresult, error=failure.error, changed={})

    return guarded(request, say, made, refused)


def guarded(
    request: Mapping[str, Any],
    say: Say,
    made: Callable[[Callable[..., Any]], bytes],
    refused: Callable[[Failure], bytes],
) -> bytes:
    """Load the function that the request names and call it by ``made``: its line, or that of what was raised."""
    files = {name: bytes.fromhex(data) for name, data in request["files"].items()}
    during = "loading"
    try:
        function = load(files, request["entry"])
        say("loaded")
        during = "call"
        return made(function)
    except Failure as failure:
        return refused(failure)
    except BaseException as error:  # noqa: BLE001 - SystemExit and MemoryError too
        return failed(error, during)


def failed(error: BaseException, during: str) -> bytes:
    """An exception as the last line."""
    kind = type(error).__name__
    return line("failed", during=during, kind=kind, what=words_of(error), line=line_of(error))


def main() -> NoReturn:
    """Serve one request."""
    if sys.platform != "win32":  # there it faults without end where the heap is damaged
        faulthandler.enable()
    serve(answer)
