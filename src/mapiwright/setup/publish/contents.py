"""What of a package's directory is published: the files that its manifest and INF name, and nothing private.

A vendor's directory holds more than the package: sources, build scripts, a repository, keys.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError, Severity
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.install.preflight import is_for, preflight
from mapiwright.setup.package.rules import finding
from mapiwright.setup.publish.publication import OURS
from mapiwright.workstation.files import fault_of_name
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.office_layout import OutlookInstallation
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mapiwright.errors import Finding
    from mapiwright.setup.package.media import Media
    from mapiwright.setup.package.package import Package

_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
"""How PEM begins a private key, of OpenSSH and PGP too ([rfc7468])."""
_KEY_FILES = (".KEY", ".P12", ".PFX", ".PVK", ".SNK", ".PPK", ".JKS", ".KDBX")
"""How the names of files end that hold private keys in other forms."""


def contents(media: Media, package: Package, source: Path, key_file: Path | None) -> dict[str, bytes]:
    """The files of the package by their paths, on ``media``, which is the directory ``source``.

    ``key_file`` is the private key that signs, or None.
    Raises FindingsError that names what is private among them, or has no name on Windows.
    """
    read: dict[str, bytes] = {}
    faults: list[Finding] = []
    for path in package.parts:
        data = read[path] = media.read(path)
        names = path.split("/")
        fault = next(filter(None, map(fault_of_name, names)), None) or (None if _is_text(path) else "it is no UTF-8")
        if fault is not None:
            faults.append(finding("MW4006", path, fault))
        private = _why_private(names, data) or _why_the_key(source / path, key_file)
        if private:
            faults.append(finding("MW4108", path, private))
    if faults:
        raise FindingsError("the package is not published as it is", faults, where=media.name)
    return read


def left_out(source: Path, package: Package) -> tuple[str, ...]:
    """What else is in the directory ``source``: files by their paths, hidden folders as a whole."""
    named = {*package.parts, *OURS}
    return tuple(sorted(path for path in _others(source, "") if path not in named))


def refuse_faulty(package: Package) -> None:
    """Raise FindingsError where a package is at fault on an Outlook that it is for: a DLL or an export is missing."""
    faults: dict[Finding, None] = {}
    brings_dlls = any(upcase(file.name).endswith(".DLL") for file in package.files)
    for bitness in Bitness:
        install = Install.CLICK_TO_RUN if bitness is Bitness.ARM64 else Install.MSI
        outlook = OutlookInstallation(Edition.OUTLOOK_2016, bitness, install)
        workstation = MemoryWorkstation.of(layout(outlooks=[outlook]))
        if not is_for(package, workstation):
            continue
        for found in preflight(package, workstation):
            # A package without DLLs registers Outlook's own, which a workstation in memory does not have.
            if found.severity is Severity.ERROR and (brings_dlls or found.id != "MW4206"):
                faults[found] = None
    if faults:
        raise FindingsError("the package is not in order", faults, where=package.id, remedy="Nothing was published.")


def _others(root: Path, folder: str) -> Iterator[str]:
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif entry.name.startswith(".") or entry.name == "__pycache__":
                yield f"{path}/"
            else:
                yield from _others(root, path)


def _why_private(names: list[str], data: bytes) -> str:
    hidden = next((name for name in names if name.startswith(".")), "")
    if hidden:
        return f"{hidden} is hidden: a repository, or a setting of its author's"
    if upcase(names[-1]).endswith(_KEY_FILES):
        return "private keys are kept in files of such a name"
    return "it holds a private key" if _PRIVATE_KEY.search(data) else ""


def _why_the_key(path: Path, key_file: Path | None) -> str:
    if key_file is not None and key_file.exists() and path.samefile(key_file):
        return "it is the private key that signs the publication"
    return ""


def _is_text(name: str) -> bool:
    """Whether a name can be written down: Linux lets one be any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
