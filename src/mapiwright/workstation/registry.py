"""The registry of a workstation: where a key is, a frozen snapshot of it, and the Protocol that reads one.

Names compare as Windows compares them: by its own upcase table, never by ``str.upper()``.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

from mapiwright.errors import UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")


class ValueType(IntEnum):
    """The types of registry values that have names (winnt.h); any other 32-bit number may occur."""

    NONE = 0
    SZ = 1
    EXPAND_SZ = 2
    BINARY = 3
    DWORD = 4
    DWORD_BIG_ENDIAN = 5
    LINK = 6
    MULTI_SZ = 7
    QWORD = 11


@frozen
class Value:
    """A registry value: its type, a 32-bit number, and its bytes as they are stored."""

    type: int
    data: bytes

    @classmethod
    def sz(cls, text: str) -> Value:
        """REG_SZ: UTF-16LE with its terminator."""
        return cls(ValueType.SZ, text.encode("utf-16-le", "surrogatepass") + b"\0\0")

    @classmethod
    def expand_sz(cls, text: str) -> Value:
        """REG_EXPAND_SZ: like REG_SZ, with %variables%."""
        return cls(ValueType.EXPAND_SZ, text.encode("utf-16-le", "surrogatepass") + b"\0\0")

    @classmethod
    def multi_sz(cls, texts: Sequence[str]) -> Value:
        """REG_MULTI_SZ: each string with its terminator, then an empty one."""
        joined = "".join(f"{text}\0" for text in texts) + "\0"
        return cls(ValueType.MULTI_SZ, joined.encode("utf-16-le", "surrogatepass"))

    @classmethod
    def dword(cls, number: int) -> Value:
        """REG_DWORD: 4 bytes, little-endian."""
        return cls(ValueType.DWORD, number.to_bytes(4, "little"))

    @classmethod
    def binary(cls, data: bytes) -> Value:
        """REG_BINARY."""
        return cls(ValueType.BINARY, bytes(data))

    @property
    def text(self) -> str:
        """The string up to its terminator; whatever the type, as Windows' own readers are lenient."""
        even = self.data[: len(self.data) & ~1]
        return even.decode("utf-16-le", "surrogatepass").split("\0", 1)[0]

    @property
    def texts(self) -> tuple[str, ...]:
        """The strings of a REG_MULTI_SZ."""
        even = self.data[: len(self.data) & ~1]
        return tuple(part for part in even.decode("utf-16-le", "surrogatepass").split("\0") if part)

    @property
    def number(self) -> int:
        """The little-endian integer of a REG_DWORD or REG_QWORD."""
        return int.from_bytes(self.data, "little")

    @property
    def says_yes(self) -> bool:
        """What a switch says: yes is a number or text other than 0, as its writer chose."""
        text = str(self.number) if self.type == ValueType.DWORD else self.text
        return text not in {"", "0"}


def lookup(names: Mapping[str, T], name: str) -> T | None:
    """The entry of ``names`` that Windows would find under ``name``, or None."""
    if name in names:
        return names[name]
    wanted = upcase(name)
    return next((entry for key, entry in names.items() if upcase(key) == wanted), None)


@frozen
class Key:
    """A frozen snapshot of a key: its values and its subkeys, by their names as stored, in stored order."""

    values: Mapping[str, Value] = MappingProxyType({})
    keys: Mapping[str, Key] = MappingProxyType({})

    def value(self, name: str) -> Value | None:
        """The value of that name without regard to case; ``""`` is the default value."""
        return lookup(self.values, name)

    def key(self, *path: str) -> Key | None:
        """The subkey at that path without regard to case."""
        here: Key | None = self
        for name in path:
            here = lookup(here.keys, name) if here is not None else None
        return here

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same, name by name as stored."""
        if not isinstance(other, Key):
            return NotImplemented
        waiting = [(self, other)]
        while waiting:
            one, two = waiting.pop()
            if one is two:
                continue
            if one.values != two.values or one.keys.keys() != two.keys.keys():
                return False
            waiting += [(below, two.keys[name]) for name, below in one.keys.items()]
        return True

    __hash__ = None  # type: ignore[assignment] # it holds mappings


def walk(key: Key) -> Iterator[tuple[tuple[str, ...], Key]]:
    """A key and all below it, each with the names that lead there, the upper before the lower.

    Whoever goes through keys does it by this or by ``fold``: users may nest theirs 512 levels deep, and a function
    that calls itself would end there.
    """
    waiting: list[tuple[tuple[str, ...], Key]] = [((), key)]
    while waiting:
        path, here = waiting.pop()
        yield path, here
        waiting += [((*path, name), below) for name, below in reversed([*here.keys.items()])]


def fold(key: Key, make: Callable[[Key, Mapping[str, T]], T]) -> T:
    """What ``make`` makes of a key and of what it made of each key in it, from the lowest up."""
    made: dict[tuple[str, ...], T] = {}
    for path, here in reversed([*walk(key)]):
        made[path] = make(here, {name: made.pop((*path, name)) for name in here.keys})
    return made[()]


class View(Enum):
    """Which side of WOW64 a path means: the one of the machine, or the one of 32-bit programs."""

    NATIVE = "native"
    X86 = "x86"


@frozen
class KeyPath:
    r"""Where a key is: ``HKLM`` or ``HKU``, and the names below it.

    A user's key is under ``HKU\<SID>``. ``Wow6432Node`` is never written into a path: the view says it,
    and each kind of workstation translates it ([shared-registry-keys]).
    """

    root: str
    parts: tuple[str, ...] = ()
    view: View = View.NATIVE

    @classmethod
    def parse(cls, text: str, view: View = View.NATIVE) -> KeyPath:
        r"""``HKLM\SOFTWARE\Vendor`` as a path; raises UsageError for another root."""
        root, *parts = text.split("\\")
        full = {"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_USERS": "HKU"}.get(root.upper(), root.upper())
        if full not in {"HKLM", "HKU"}:
            raise UsageError(f"registry root {root!r} is not known", where=text, expected="HKLM or HKU")
        return cls(full, tuple(part for part in parts if part), view)

    def __truediv__(self, below: str) -> KeyPath:
        r"""The key ``below`` this one; backslashes separate levels."""
        return KeyPath(self.root, (*self.parts, *(part for part in below.split("\\") if part)), self.view)

    @property
    def parent(self) -> KeyPath:
        """The key above."""
        return KeyPath(self.root, self.parts[:-1], self.view)

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.parts[-1] if self.parts else self.root

    def holds(self, other: KeyPath) -> bool:
        """Whether ``other`` is a key somewhere below this one."""
        depth = len(self.parts)
        same_side = (other.root, other.view) == (self.root, self.view) and len(other.parts) > depth
        return same_side and upcase("\\".join(other.parts[:depth])) == upcase("\\".join(self.parts))

    def __str__(self) -> str:
        text = "\\".join((self.root, *self.parts))
        return f"{text} (32-bit view)" if self.view is View.X86 else text


@frozen
class RegistryWants:
    """What is to be read in one go: values by key and name, names of subkeys, whole keys."""

    values: tuple[tuple[KeyPath, str], ...] = ()
    keys: tuple[KeyPath, ...] = ()
    trees: tuple[KeyPath, ...] = ()


class RegistrySnapshot:
    """What a registry answered at one time; it reads like one, and KeyError says what was not asked for."""

    def __init__(
        self,
        values: Mapping[tuple[KeyPath, str], Value | None],
        keys: Mapping[KeyPath, tuple[str, ...] | None],
        trees: Mapping[KeyPath, Key | None],
    ) -> None:
        """The answers by what was asked, spelled as it was asked."""
        self._values, self._keys, self._trees = values, keys, trees

    def read(self, path: KeyPath) -> Key | None:
        """The whole subtree at ``path``."""
        return self._trees[path]

    def value(self, path: KeyPath, name: str) -> Value | None:
        """One value."""
        return self._values[path, name]

    def subkeys(self, path: KeyPath) -> tuple[str, ...] | None:
        """The names of the subkeys."""
        return self._keys[path]

    def look(self, wants: RegistryWants) -> RegistrySnapshot:  # noqa: ARG002 - it answers no other ones
        """Itself."""
        return self


class RegistryReader(Protocol):
    """Reads snapshots of keys."""

    def read(self, path: KeyPath) -> Key | None:
        """The whole subtree at ``path``, or None where there is no such key."""
        ...

    def value(self, path: KeyPath, name: str) -> Value | None:
        """One value without reading the subtree; None where key or value is absent."""
        ...

    def subkeys(self, path: KeyPath) -> tuple[str, ...] | None:
        """The names of the subkeys as stored, without reading them; None where there is no such key."""
        ...

    def look(self, wants: RegistryWants) -> RegistrySnapshot:
        """The answers to all of the wants, read in one go."""
        ...
