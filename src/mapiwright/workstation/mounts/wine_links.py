r"""Where a path leads in a Wine prefix: its own links, and the two sides of WOW64 as Wine keeps them.

A program of 32 bits goes into ``Wow6432Node`` wherever a key on its way has one, unless it names that itself. What is
shared is shared by links, which are keys of the prefix and followed for all programs. So the prefix itself says where
a path leads, and the table of Windows does not hold: Wine 8 shares ``Policies``, and not ``Clients``.

Source: Wine's server/registry.c, key_lookup_name; tried with Wine 8.0.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mapiwright.formats.regf.upcase import upcase
from mapiwright.workstation.mounts.redirection import X86_KEY
from mapiwright.workstation.registry import KeyPath, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.formats.wine_text import WineText
    from mapiwright.workstation.mounts.wine_hive import WineHive

_MOST = 16
"""Links that one path may lead through."""
_ROOTS = {("REGISTRY", "MACHINE"): "HKLM", ("REGISTRY", "USER"): "HKU"}
_X86 = upcase(X86_KEY)


class WineLinks:
    """What ``redirection.physical`` is for the hives of a Windows."""

    def __init__(self, hives: Mapping[KeyPath, WineHive]) -> None:
        """``hives`` says which path is in which file."""
        self._hives = hives

    def __call__(self, path: KeyPath, registry: object = None) -> KeyPath:  # noqa: ARG002 - it asks the files
        """The path as it is stored, without view and links; as it was given where a link leads nowhere."""
        files = _Files(self._hives)
        here, waiting = KeyPath(path.root), deque(path.parts)
        followed, of_link = 0, 0
        while waiting:
            here = KeyPath(here.root, (*here.parts, waiting.popleft()))
            of_link = max(of_link - 1, 0)
            target = files.link(here)
            if target is not None:
                followed += 1
                root = _ROOTS.get((upcase(target[0]), upcase(target[1]))) if len(target) > 1 else None
                if root is None or followed > _MOST:
                    return KeyPath(path.root, path.parts)
                waiting.extendleft(reversed(target[2:]))
                here, of_link = KeyPath(root), len(target) - 1  # no program's side counts on the way there
            elif path.view is View.X86 and not of_link and files.has_side(here, waiting):
                waiting.appendleft(X86_KEY)
        return here


class _Files:
    """The files of a prefix, each looked at once."""

    def __init__(self, hives: Mapping[KeyPath, WineHive]) -> None:
        self._hives = hives
        self._texts: dict[KeyPath, WineText | None] = {}

    def link(self, path: KeyPath) -> tuple[str, ...] | None:
        """The names that a link leads to; None where the key is none."""
        text, below = self._located(path)
        return text.link(below) if text is not None and below else None

    def has_side(self, path: KeyPath, waiting: deque[str]) -> bool:
        """Whether a key has a side for programs of 32 bits, which the path does not name."""
        if _X86 in {upcase(path.name), *map(upcase, [*waiting][:1])}:
            return False
        text, below = self._located(path)
        return text is not None and text.has((*below, X86_KEY))

    def _located(self, path: KeyPath) -> tuple[WineText | None, tuple[str, ...]]:
        for mount, hive in self._hives.items():
            depth = len(mount.parts)
            if mount.root == path.root and tuple(map(upcase, path.parts[:depth])) == tuple(map(upcase, mount.parts)):
                if mount not in self._texts:
                    self._texts[mount] = hive.text
                return self._texts[mount], path.parts[depth:]
        return None, ()
