"""Runs a vendor's Python stand-in for a service's entry point, in a process of its own.

Started as ``python -I -S -B -X utf8 standin.py``; it knows nothing but the standard library. The request is one JSON
document on standard input, up to its end. The answers are JSON lines on what was standard output, which the guest
never sees: ``{"phase": "loaded"}``, then ``{"phase": "done", ...}`` or ``{"phase": "failed", ...}``, then one zero
byte. The process ends at that byte, whatever threads or exit handlers the guest has left.

The parent uses the upper half of this file, which says how values cross; the lower half runs in the child only.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.abc
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from types import ModuleType

END = b"\0"
"""Ends the answers; JSON holds no zero byte."""

EXTRA_UIDS = 0x3D0D0102
"""PR_SERVICE_EXTRA_UIDS: the packed MAPIUIDs of a service's extra sections."""

MEMORY = 1 << 30
"""Bytes of address space that a guest may take, where the system can hold it to that."""


# How values cross.


def to_wire(value: Any) -> Any:
    """A property value as JSON has it: bytes as ``{"hex": ...}``, a multi-valued property as a list."""
    if isinstance(value, bytes | bytearray):
        return {"hex": value.hex()}
    if isinstance(value, tuple | list):
        return [to_wire(item) for item in value]
    return value


def from_wire(value: Any) -> Any:
    """The property value that JSON spells; raises ValueError for anything that ``to_wire`` cannot have written."""
    if isinstance(value, dict):
        if value.keys() != {"hex"} or not isinstance(value["hex"], str):
            raise ValueError("an object that is no byte string")
        return bytes.fromhex(value["hex"])
    if isinstance(value, list):
        return tuple(from_wire(item) for item in value)
    return value


def properties_to_wire(properties: Mapping[int, Any]) -> dict[str, Any]:
    """Properties by tag as a JSON object; None, which removes one, is null."""
    return {f"{tag:08X}": to_wire(value) for tag, value in properties.items()}


def properties_from_wire(found: Mapping[str, Any]) -> dict[int, Any]:
    """The properties of a JSON object; raises ValueError where a name is no tag or a value is none."""
    return {int(tag, 16): from_wire(value) for tag, value in found.items()}


def _number(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


_LONG = _number(-(1 << 31), (1 << 32) - 1)  # flags are written without a sign, and are the same four bytes


def _text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _binary(value: Any) -> bool:
    return isinstance(value, bytes)


def _many(one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and value != () and all(map(one, value))


TYPES: Mapping[int, tuple[str, Callable[[Any], bool]]] = {
    0x0002: ("a signed 16-bit integer", _number(-(1 << 15), (1 << 15) - 1)),
    0x0003: ("a 32-bit integer", _LONG),
    0x000B: ("True or False", lambda value: isinstance(value, bool)),
    0x0014: ("a signed 64-bit integer", _number(-(1 << 63), (1 << 63) - 1)),
    0x001E: ("a str without NUL", _text),
    0x001F: ("a str without NUL", _text),
    0x0040: ("a FILETIME, an unsigned 64-bit integer", _number(0, (1 << 64) - 1)),
    0x0048: ("16 bytes", lambda value: _binary(value) and len(value) == 16),
    0x0102: ("bytes", _binary),
    0x1003: ("a non-empty tuple of 32-bit integers", _many(_LONG)),
    0x101E: ("a non-empty tuple of str without NUL", _many(_text)),
    0x101F: ("a non-empty tuple of str without NUL", _many(_text)),
    0x1102: ("a non-empty tuple of bytes", _many(_binary)),
}
"""The property types that a profile section can hold, and the Python values that are theirs."""

COMPUTED = frozenset(
    {
        0x0FF6,  # PR_INSTANCE_KEY
        0x0FFE,  # PR_OBJECT_TYPE
        0x300C,  # PR_PROVIDER_UID
        0x300D,  # PR_PROVIDER_ORDINAL
        0x3D00,  # PR_STORE_PROVIDERS
        0x3D01,  # PR_AB_PROVIDERS
        0x3D02,  # PR_TRANSPORT_PROVIDERS
        0x3D04,  # PR_DEFAULT_PROFILE
        0x3D09,  # PR_SERVICE_NAME: "never changed" ([pidtagservicename-canonical-property])
        0x3D0C,  # PR_SERVICE_UID
        0x3D0E,  # PR_SERVICES
        0x3D12,  # PR_PROFILE_NAME
        0x3E03,  # PR_RESOURCE_TYPE
    }
)
"""Ids that MAPI sets and a service only reads: setting one is MAPI_E_COMPUTED ([imapiprop-setprops])."""


def fault_of(tag: int, value: Any) -> str | None:
    """Why a section cannot take ``value`` as the property ``tag``, or None; a value of None removes it."""
    if type(tag) is not int or not 0x0001_0000 <= tag <= 0xFFFF_FFFF:
        return "it is no property tag"
    if tag >> 16 >= 0x8000:
        return "a profile section holds no named properties"  # [iprofsectimapiprop]
    if tag >> 16 in COMPUTED:
        return "MAPI sets it, and a service only reads it"
    if tag & 0xFFFF not in TYPES:
        return "a profile section holds no property of its type"
    expected, fits = TYPES[tag & 0xFFFF]
    if value is not None and not fits(value):
        return f"its value must be {expected}"
    return None


# What the guest sees.


class Failure(Exception):  # noqa: N818 - it ends a call with an HRESULT, as the service wants it
    """The service's own verdict: an HRESULT and the words of a MAPIERROR."""

    def __init__(self, hresult: int, text: str, component: str, low_level: int, context: int) -> None:
        super().__init__(text)
        self.hresult = hresult
        self.error = {"error": text, "component": component, "low_level": low_level, "context": context}


class Section(MutableMapping[int, Any]):
    """A profile section as a mapping from property tag to value; ``uid`` is its MAPIUID, 16 bytes.

    A string property is found under either width, and keeps the width that it has ([imapiprop-getprops]).
    """

    def __init__(self, uid: bytes, properties: Mapping[int, Any]) -> None:
        self.uid = uid
        self._now = dict(properties)
        self._before = dict(properties)

    def _stored(self, tag: int) -> int:
        other = tag ^ 1 if tag & 0xEFFE == 0x001E else tag
        return other if tag not in self._now and other in self._now else tag

    def __getitem__(self, tag: int) -> Any:
        return self._now[self._stored(tag)]

    def __setitem__(self, tag: int, value: Any) -> None:
        value = tuple(value) if isinstance(value, list) else value
        value = bytes(value) if isinstance(value, bytearray) else value
        fault = "None is no value; use del" if value is None else fault_of(tag, value)
        if tag == EXTRA_UIDS:
            fault = "call.new_section() adds to it"
        if fault:
            raise ValueError(
                f"property {tag!r:.20}: {fault}" if type(tag) is not int else f"property {tag:08X}: {fault}"
            )
        self._set(self._stored(tag), value)

    def _set(self, tag: int, value: Any) -> None:
        for other in [known for known in self._now if known >> 16 == tag >> 16]:
            del self._now[other]
        self._now[tag] = value

    def __delitem__(self, tag: int) -> None:
        fault = "call.new_section() adds to it" if tag == EXTRA_UIDS else fault_of(tag, None)
        if fault:
            raise ValueError(f"property {tag:08X}: {fault}")
        del self._now[self._stored(tag)]

    def __iter__(self) -> Iterator[int]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def changes(self) -> dict[int, Any]:
        """The properties that differ from what the call began with; None is one that went."""
        tags = {**self._before, **self._now}
        pairs = {tag: (self._before.get(tag), self._now.get(tag)) for tag in tags}
        return {tag: new for tag, (old, new) in pairs.items() if new != old or type(new) is not type(old)}


class Call:
    """One call of the entry point: what ``service_entry(call)`` is given."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.context: int = request["context"]
        self.flags: int = request["flags"]
        self.profile: str = request["profile"]
        self.properties: dict[int, Any] = properties_from_wire(request["properties"])
        self.service: Section | None = None
        self.providers: dict[str, Section] = {}
        self.extras: dict[str, Section] = {}
        self._sections: dict[str, Section] = {}
        for found in request["sections"]:
            section = Section(bytes.fromhex(found["uid"]), properties_from_wire(found["properties"]))
            self._sections[found["uid"]] = section
            if found["role"] == "service":
                self.service = section
            else:
                (self.providers if found["role"] == "provider" else self.extras)[found["name"]] = section

    def new_section(self, uid: bytes | None = None) -> Section:
        """Make an extra section that belongs to the service: it is copied and removed along with it."""
        uid = uuid.uuid4().bytes if uid is None else bytes(uid)
        if self.service is None:
            raise ValueError("a new section needs a profile; INSTALL and UNINSTALL have none")
        if len(uid) != 16 or uid.hex() in self._sections:
            raise ValueError(f"{uid.hex()} is not the 16 bytes of a new MAPIUID")
        section = self._sections[uid.hex()] = self.extras[uid.hex()] = Section(uid, {})
        self.service._set(EXTRA_UIDS, self.service.get(EXTRA_UIDS, b"") + uid)
        return section

    def fail(self, hresult: int, text: str, *, component: str = "", low_level: int = 0, context: int = 0) -> NoReturn:
        """End the call with a failing HRESULT and the words of a MAPIERROR; nothing that was set is kept."""
        if not hresult & 0x80000000:
            raise ValueError(f"0x{hresult:08X} is no failure")
        raise Failure(hresult, text, component, low_level, context)

    def changes(self) -> dict[str, dict[str, Any]]:
        """What the guest did to its sections, by uid; a section that it made is there even when it is empty."""
        return {
            uid: properties_to_wire(section.changes())
            for uid, section in self._sections.items()
            if section.changes() or not section._before
        }


# What runs in the child.


class Sources(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc] # its bases disagree
    """Imports the stand-in's modules from memory: nothing of it is written to this computer."""

    ROOT = "stand-in/"

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module or package of the stand-in; it comes before one of the standard library."""
        del path, target
        base = fullname.replace(".", "/")
        for place, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if place in self.files:
                spec = ModuleSpec(fullname, self, origin=self.ROOT + place, is_package=is_package)
                spec.has_location = True
                return spec
        return None

    def get_filename(self, fullname: str) -> str:
        """Where a module of the stand-in is, for tracebacks."""
        base = fullname.replace(".", "/")
        package = f"{base}/__init__.py"
        return self.ROOT + (package if package in self.files else f"{base}.py")

    def get_data(self, path: str) -> bytes:
        """Read a source, or another file that the package gave along (``pkgutil.get_data``)."""
        try:
            return self.files[path.replace("\\", "/").removeprefix(self.ROOT)]
        except KeyError:
            raise FileNotFoundError(path) from None


def set_limits(deadline: float) -> None:
    """Hold the guest to bounded memory and time, no core file, and no written byte; where the system can."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, int(deadline) + 5),  # for what it leaves behind out of our reach
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(kind, (allowed, allowed))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS and refuses it
            continue


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


def words_of(error: BaseException) -> str:
    """What an exception says, bounded; also where its ``__str__`` raises."""
    try:
        return (str(error.msg) if isinstance(error, SyntaxError) else str(error))[:1000]
    except BaseException:  # noqa: BLE001 - a guest may raise anything
        return "its own words cannot be had"


def line(phase: str, **facts: Any) -> bytes:
    """One line of the answers."""
    return json.dumps({"phase": phase, **facts}).encode() + b"\n"


def send(channel: int, data: bytes) -> None:
    """Write all of ``data``."""
    while data:
        data = data[os.write(channel, data) :]


def failed(error: BaseException, during: str) -> bytes:
    """An exception as the last line."""
    kind = type(error).__name__
    return line("failed", during=during, kind=kind, what=words_of(error), line=line_of(error))


def load(files: Mapping[str, bytes], entry: str) -> Callable[[Call], Any]:
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


def main() -> NoReturn:
    """Read the request, run the guest, answer."""
    channel = os.dup(1)  # what was standard output is ours alone; not inherited by what the guest starts
    request = json.loads(sys.stdin.buffer.read())
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    faulthandler.enable()
    set_limits(request["deadline"])
    files = {name: bytes.fromhex(data) for name, data in request["files"].items()}
    during = "loading"
    try:
        function = load(files, request["entry"])
        send(channel, line("loaded"))
        during = "call"
        call = Call(request)
        hresult = verdict(function(call))
        last = line("done", hresult=hresult, error=None, changed=call.changes())
    except Failure as failure:
        last = line("done", hresult=failure.hresult, error=failure.error, changed={})
    except BaseException as error:  # noqa: BLE001 - SystemExit and MemoryError too
        last = failed(error, during)
    try:
        send(channel, last + END)
    finally:
        os._exit(0)  # no exit handler, thread or destructor of the guest runs


if __name__ == "__main__":
    main()
