"""The file of a message service: what it is made for, and why it cannot be called, known before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.entry.hosts.interpreter import described
from mapiwright.entry.service.contract import Flavour
from mapiwright.errors import EntryPointError, FormatError
from mapiwright.formats import elf, pe
from mapiwright.transaction.single_file import LARGEST_PROGRAM, read_named

if TYPE_CHECKING:
    from pathlib import Path

    from mapiwright.entry.hosts.interpreter import Interpreter


MOST_NAMED = 20
"""The most exports that an error names."""

_MAPI4LINUX = ("libmapi.so", "libkc")
_WINE = ("ntdll", "kernel32", "libwine", "libwinecrt")


@dataclass(frozen=True, slots=True)
class Library:
    """A library as its own headers describe it.

    ``kind`` is ``pe``, ``elf`` or ``macho``, ``machine`` in the words of ``formats.pe``. ``exports`` is None where it
    is not known; ``needs`` are the libraries that it asks for by name. ``fault`` is why nothing can call it from
    Python, or "".
    """

    kind: str
    machine: str
    exports: frozenset[str] | None
    needs: tuple[str, ...]
    flavour: Flavour
    fault: str = ""


_MACHO = {b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"}


def program_at(path: Path) -> bytes:
    """The bytes of a library or an interpreter; raises FormatError where it is too large to be one, and OSError."""
    return read_named(path, LARGEST_PROGRAM, "a program")


def describe(data: bytes, *, where: str) -> Library:
    """What a file is; raises EntryPointError for what is no library."""
    try:
        if data[:2] == b"MZ":
            image = pe.read(data)
            exports = frozenset(export.name for export in image.exports)
            return Library("pe", image.kind, exports, image.imports, Flavour.COM)
        if data[:4] == b"\x7fELF":
            return _elf(elf.read(data))
        if data[:4] in _MACHO:
            return Library("macho", "", None, (), Flavour.COM)
    except FormatError as error:
        raise EntryPointError(f"the library is damaged: {error}", where=where) from error
    raise EntryPointError(
        "this is no library",
        where=where,
        remedy="Name a DLL of Windows, or a shared library of this computer.",
    )


def _elf(found: elf.ElfFile) -> Library:
    wine = [name for name in found.needed if name.startswith(_WINE) or name.endswith(".dll.so")]
    wine += [name for name in (*found.undefined, *found.exported) if name.startswith("__wine_")][:1]
    virtual = (
        any(name.startswith(_MAPI4LINUX) for name in found.needed)
        or any(name.startswith(("_ZTI8IUnknown", "_ZTV8IUnknown")) for name in (*found.undefined, *found.exported))
        or "MSGServiceEntry" in found.exported
    )
    # [native] 1.3: winegcc's functions take their arguments as Windows has them, and ctypes cannot call these on
    # Linux.
    fault = f"it was built by winegcc ({wine[0]}), whose functions no Python on Linux can call" if wine else ""
    flavour = Flavour.ITANIUM if virtual else Flavour.COM
    return Library("elf", found.machine, found.exported or None, found.needed, flavour, fault)


def refuse_another_kind(library: Library, interpreter: Interpreter, *, where: str) -> None:
    """Raise EntryPointError where no process of the interpreter's system loads such a library."""
    if library.fault:
        raise EntryPointError(f"the library cannot be called: {library.fault}", where=where, remedy=_REBUILD)
    if library.kind != interpreter.kind:
        raise EntryPointError(
            f"the library is a {_KINDS[library.kind]}; {described(interpreter)} loads a {_KINDS[interpreter.kind]}",
            where=where,
            remedy="Use `--host wine:PREFIX` for a DLL of Windows on Linux." if library.kind == "pe" else "",
        )


def refuse_uncallable(library: Library, entry: str, interpreter: Interpreter, *, where: str) -> None:
    """Raise EntryPointError unless a process of ``interpreter`` can load the library and find ``entry`` in it."""
    if library.machine and not _loads(interpreter.machine, library.machine):
        raise EntryPointError(
            f"the library is made for {library.machine}, and {described(interpreter)} is {interpreter.machine}",
            where=where,
            remedy="Name a Python of the library's kind by `--host python:PATH`.",
        )
    if library.exports is not None and entry not in library.exports:
        near = next((name for name in library.exports if _bare(name) == _bare(entry)), None)
        raise EntryPointError(
            f"the library exports no {entry}" + (f", only {near}" if near else ""),
            where=where,
            remedy="MAPI asks for the name exactly: export it undecorated, by a .def file."
            if near
            else f"It exports: {', '.join(sorted(library.exports)[:MOST_NAMED]) or 'nothing'}.",
        )


def _bare(name: str) -> str:
    """A name without what compilers put around it."""
    return name.strip("_").partition("@")[0]


def _loads(process: str, library: str) -> bool:
    return library == process or (process == "ARM64" and library == "ARM64X")


_KINDS = {"pe": "DLL of Windows", "elf": "shared library of Linux", "macho": "library of macOS"}
_REBUILD = "Build it with the compiler of this system, or call the DLL by `--host wine:PREFIX`."
