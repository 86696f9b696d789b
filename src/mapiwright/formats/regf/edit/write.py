"""Write a hive: make an empty one, and splice edits into one that is there.

An edit touches the cells that it must and no others; what the writer does not understand stays byte for byte. What is
written is what a checklist of 18 points for Windows' acceptance asks for (list kinds and order by Windows' own upcase
table, big data in segments, counts, maxima, reference counts, checksum), as far as it speaks of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.errors import ExistsError, NotFoundError, RefusedError, UsageError
from mapiwright.formats.regf.edit.cells import Cells
from mapiwright.formats.regf.edit.security import (
    add_security,
    release_security,
    security_descriptor,
    share_security,
    users_of,
)
from mapiwright.formats.regf.edit.subkeys import free_lists, insert_subkey, remove_subkey
from mapiwright.formats.regf.edit.tiling import Tiling, tiling_of
from mapiwright.formats.regf.edit.values import delete_value, free_value, set_value
from mapiwright.formats.regf.limits import refuse_key, refuse_value
from mapiwright.formats.regf.pages import InMemory, Pages
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import (
    BASE,
    BASE_BLOCK,
    BASE_CHECKSUM,
    KEY,
    KEY_SECURITY,
    KEY_TIMESTAMP,
    LATIN1_KEY,
    LAYERS,
    NIL,
    NO_DELETE,
    PREDEFINED_HANDLE,
    ROOT_KEY,
    SYMLINK,
    KeyRecord,
    checksum,
    damage,
    encode_name,
    is_latin1,
    stored_number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.formats.regf.pages import Buffer, Bytes
    from mapiwright.formats.regf.read import HiveKey


@dataclass(frozen=True, slots=True)
class SetValue:
    """The key at ``path`` gets this value, new or in place of the one of that name; "" is the unnamed value."""

    path: tuple[str, ...]
    name: str
    type: int
    data: bytes


@dataclass(frozen=True, slots=True)
class DeleteValue:
    """The key at ``path`` loses the value of that name, which it has."""

    path: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Create an empty key at ``path``; its parent exists, and it does not."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """The key at ``path`` goes, with all that is below it."""

    path: tuple[str, ...]


Edit: TypeAlias = SetValue | DeleteValue | CreateKey | DeleteKey


def new_hive(*, name: str = "", minor: int = 5, security: bytes | None = None, timestamp: int) -> bytes:
    """An empty hive of version 1.``minor``: a root key and its security descriptor.

    ``name`` goes into the base block, which has room for its last 31 units. ``security`` is a self-relative
    descriptor; left out, SYSTEM and Administrators may do everything and Users read. ``timestamp`` is a FILETIME.
    """
    if minor not in {3, 4, 5, 6}:
        raise UsageError(f"hive version 1.{minor}", expected="1.3 to 1.6")
    label = name.encode("utf-16-le", "surrogatepass")[-62:]
    base = BASE.pack(b"regf", 0, 0, timestamp, 1, minor, 0, 1, 0x20, 0, 1, label).ljust(BASE_BLOCK, b"\0")
    cells = Cells(Pages(InMemory(base), BASE_BLOCK), Tiling(0, (), ()), minor)
    root = _add_key(cells, "ROOT", flags=ROOT_KEY | NO_DELETE, parent=NIL, security=NIL, timestamp=timestamp)
    owner = add_security(cells, security if security is not None else security_descriptor())
    cells.put(root, KEY_SECURITY, owner)
    share_security(cells, owner)
    seal(cells, timestamp)
    return Edited(cells.pages, cells.padding).whole()


@dataclass(frozen=True, slots=True)
class Edited:
    """A hive after edits: ``pages``, whose source is the hive before them.

    Behind them comes what the source has from ``padding`` on.
    """

    pages: Pages
    padding: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.pages.size + max(0, self.pages.source.size - self.padding)

    @property
    def keeps_its_end(self) -> bool:
        """Whether what is behind the bins stays where it is."""
        return self.pages.size == self.padding or self.padding >= self.pages.source.size

    def read(self, at: int, length: int) -> bytes:
        """The bytes from ``at`` on; fewer at the end."""
        found = self.pages.read(at, length)
        if len(found) < length:
            behind = self.padding + max(0, at - self.pages.size)
            found += self.pages.source.read(behind, length - len(found))
        return found

    def whole(self) -> bytes:
        """All of its bytes."""
        return self.read(0, self.size)


def edit(data: Buffer, edits: Sequence[Edit], *, timestamp: int) -> bytes:
    """The bytes of a hive after ``edited``; without any edit, the same bytes."""
    hive = Hive(data)
    refuse_unwritable(hive)
    if not edits:
        return bytes(data)
    source = InMemory(data)
    return edited(source, hive, tiling_of(source, hive.bins_size), edits, timestamp=timestamp).whole()


def edited(source: Bytes, hive: Hive, tiling: Tiling, edits: Sequence[Edit], *, timestamp: int) -> Edited:
    """The hive in ``source`` after the edits, one after the other; ``source`` stays as it is.

    ``hive`` and ``tiling`` were read from it. ``timestamp`` is the FILETIME that the touched keys get. Raises
    RefusedError where the hive is dirty or locked by a transaction, or a key must not be edited; NotFoundError and
    ExistsError where an edit does not fit; FormatError where the hive is damaged. Either all edits are in the result
    or there is no result.
    """
    refuse_unwritable(hive)
    pages = Pages(source, BASE_BLOCK + tiling.size)
    writer = _Writer(Cells(pages, tiling, minor=hive.minor), hive, timestamp)
    for change in edits:
        writer.apply(change)
    seal(writer.cells, timestamp)
    return Edited(pages, writer.cells.padding)


def refuse_unwritable(hive: Hive) -> None:
    """Raise RefusedError where the hive is dirty or locked by a transaction; only its base block is looked at."""
    if hive.dirty:
        raise RefusedError(
            "the hive is dirty: changes wait in its transaction logs",
            where=hive.name,
            expected="equal sequence numbers and a right checksum",
            remedy="let Windows load it once (start that Windows, or log that user on), then log off and try again",
        )
    if hive.locked:
        raise RefusedError(
            "the hive is locked by a pending transaction (TxR)",
            where=hive.name,
            remedy="let Windows load it once, so that the transaction ends, then try again",
        )


def refuse_uneditable(root: HiveKey, path: Sequence[str]) -> None:
    """Raise what ``edited`` would for edits at ``path``, by the keys on the way as far as they are there.

    RefusedError for one of a kind that is not edited, FormatError where one is damaged.
    """
    here = root
    _check_plain(here.record, ())
    for depth, name in enumerate(path, 1):
        below = here.subkey(name)
        if below is None:
            break
        _check_plain(below.record, path[:depth])
        here = below
    users_of(here.image, here.record.security)


class _Writer:
    """One run of edits over the cells of a clean hive."""

    def __init__(self, cells: Cells, hive: Hive, timestamp: int) -> None:
        self.cells = cells
        self.root = hive.root_offset
        self.timestamp = timestamp

    def apply(self, change: Edit) -> None:
        match change:
            case SetValue(path, name, kind, data):
                refuse_value(name, kind, "\\".join(path))
                key = self._key(path)
                set_value(self.cells, key, name, kind, data)
            case DeleteValue(path, name):
                key = self._key(path)
                delete_value(self.cells, key, name)
            case CreateKey(path):
                key = self._create(path)
            case DeleteKey(path):
                key = self._delete(path)
        self.cells.pages.write(BASE_BLOCK + key.offset + 4 + KEY_TIMESTAMP, self.timestamp.to_bytes(8, "little"))

    def _key(self, path: Sequence[str]) -> KeyRecord:
        """The key at ``path``, which and whose parents may be edited."""
        here = self.cells.image.key(self.root)
        _check_plain(here, path)
        for depth, name in enumerate(path, 1):
            found = self.cells.image.find_subkey(here, name)
            if found is None:
                raise NotFoundError("there is no such key", where="\\".join(path[:depth]))
            _check_plain(found, path[:depth])
            here = found
        return here

    def _create(self, path: tuple[str, ...]) -> KeyRecord:
        if not path:
            raise ExistsError("the root key is there already")
        refuse_key(path, "\\".join(path))
        parent = self._key(path[:-1])
        if self.cells.image.find_subkey(parent, path[-1]) is not None:
            raise ExistsError("the key is there already", where="\\".join(path))
        offset = _add_key(
            self.cells, path[-1], parent=parent.offset, security=parent.security, timestamp=self.timestamp
        )
        # [checklist 13]: a new key shares the descriptor of its parent
        share_security(self.cells, parent.security)
        insert_subkey(self.cells, parent, self.cells.image.key(offset))
        return parent

    def _delete(self, path: tuple[str, ...]) -> KeyRecord:
        if not path:
            raise RefusedError("the root key of a hive cannot be deleted")
        parent, key = self._key(path[:-1]), self._key(path)
        doomed, seen = [key], {key.offset}
        for above in doomed:  # grows while it is walked; a key is found once, under its own parent
            _check_plain(above, path)
            if above.flags & NO_DELETE:
                raise RefusedError(f"key {above.name!r} is marked as not to be deleted", where="\\".join(path))
            for offset in (offset for leaf in self.cells.image.leaves(above) for offset in leaf.keys):
                if offset in seen:
                    raise damage(BASE_BLOCK + offset, f"key is listed twice in key {above.name!r}")
                seen.add(offset)
                doomed.append(self.cells.image.subkey(above, offset))
        remove_subkey(self.cells, parent, key)
        for gone in doomed:
            self._free(gone)
        return parent

    def _free(self, key: KeyRecord) -> None:
        image = self.cells.image
        values = image.value_offsets(key)
        for offset in values:
            free_value(self.cells, image.value(offset))
        if values:
            self.cells.free(key.value_list)
        if key.class_length:
            self.cells.free(key.class_offset)
        free_lists(self.cells, key)
        release_security(self.cells, key.security)
        self.cells.free(key.offset)


def _check_plain(key: KeyRecord, path: Sequence[str]) -> None:
    kinds = {
        "a symbolic link": key.flags & SYMLINK,
        "a predefined handle": key.flags & PREDEFINED_HANDLE,
        "part of a layered key": key.access & LAYERS,
    }
    for kind, found in kinds.items():
        if found:
            raise RefusedError(
                f"key {key.name!r} is {kind}, which is not edited",
                where="\\".join(path),
                remedy="name the key that it points to",
            )


def _add_key(cells: Cells, name: str, *, flags: int = 0, parent: int, security: int, timestamp: int) -> int:
    stored = encode_name(name)
    flags |= LATIN1_KEY if is_latin1(name) else 0
    lists = (0, 0, NIL, NIL, 0, NIL, security, NIL)  # subkeys, volatile subkeys, their lists, values, their list
    record = KEY.pack(b"nk", flags, timestamp, 0, parent, *lists, 0, 0, 0, 0, 0, len(stored), 0)
    return cells.add(record + stored)


def seal(cells: Cells, timestamp: int) -> None:
    """Bring the base block in line: sequence numbers one further and equal, time, size of the bins, checksum."""
    pages = cells.pages
    pages.bring(0, BASE_BLOCK + 32)
    base = list(BASE.unpack_from(pages.buffer))
    base[1] = base[2] = (base[1] + 1) & 0xFFFFFFFF
    base[3] = timestamp
    base[9] = cells.image.end - BASE_BLOCK
    pages.write(0, BASE.pack(*base))
    # the first bin holds a copy of the time, by which an old log knows its hive
    pages.write(BASE_BLOCK + 20, timestamp.to_bytes(8, "little"))
    pages.write(BASE_CHECKSUM, stored_number(checksum(pages.read(0, BASE_BLOCK))))
