"""Reads in one go, for the kinds of workstation that are near enough to read one thing after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import ConflictError
from mapiwright.workstation.files import FileSnapshot
from mapiwright.workstation.registry import RegistrySnapshot

if TYPE_CHECKING:
    from mapiwright.workstation.files import FileReader, FileWants
    from mapiwright.workstation.registry import RegistryReader, RegistryWants


def digest_of(data: bytes | None) -> str | None:
    """The SHA-256 of a file's bytes in hex; None of an absent one."""
    from hashlib import sha256  # noqa: PLC0415 - who lists profiles compares no files

    return sha256(data).hexdigest() if data is not None else None


def look_into_registry(registry: RegistryReader, wants: RegistryWants) -> RegistrySnapshot:
    """The snapshot of a registry that is read one want after the other."""
    return RegistrySnapshot(
        {(key, name): registry.value(key, name) for key, name in dict.fromkeys(wants.values)},
        {key: registry.subkeys(key) for key in dict.fromkeys(wants.keys)},
        {key: registry.read(key) for key in dict.fromkeys(wants.trees)},
    )


def look_into_files(files: FileReader, wants: FileWants) -> FileSnapshot:
    """The snapshot of files that are read one want after the other."""
    return FileSnapshot(
        {path: _bytes(files, path) for path in dict.fromkeys(wants.files)},
        {path: _digest(files, path) for path in dict.fromkeys(wants.digests)},
        {path: files.is_folder(path) for path in dict.fromkeys(wants.folders)},
        {path: files.names(path) for path in dict.fromkeys(wants.names)},
    )


def _bytes(files: FileReader, path: str) -> bytes | ConflictError | None:
    try:
        return files.read(path)
    except ConflictError as error:
        return error


def _digest(files: FileReader, path: str) -> str | ConflictError | None:
    try:
        return files.digest(path)
    except ConflictError as error:
        return error
