"""The lists of a key's subkeys, edited: one list, or an index root over several, sorted by the upcased names.

A list holds at most 507 keys, so that it fits a bin of one page; a longer one that Windows made is split when a key
is added to it, and two that became short are made one. A list that is written is of the hive's own kind: ``lh`` from
version 1.5 on, ``lf`` before. Where another program left a wrong order or wrong hashes in a list that is edited, all
lists of that key are written again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from mapiwright.formats.regf.records import (
    BASE_BLOCK,
    KEY_LONGEST_CLASS,
    KEY_LONGEST_SUBKEY,
    KEY_SUBKEY_COUNT,
    KEY_SUBKEY_LIST,
    LIST_HEAD,
    NIL,
    damage,
    name_hash,
    name_hint,
    stored_number,
    units,
)
from mapiwright.formats.regf.upcase import upcased_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.formats.regf.edit.cells import Cells
    from mapiwright.formats.regf.records import KeyRecord, Leaf

FULL = 507  # (4096 - 32 of the bin - 4 of the cell - 4 of the list) / 8


def insert_subkey(cells: Cells, parent: KeyRecord, child: KeyRecord) -> None:
    """List ``child`` under ``parent``, in order, and keep the parent's count and its longest name."""
    leaves = _leaves(cells, parent)
    wanted = upcased_units(child.name)
    place = max(bisect_right(leaves, wanted, key=lambda leaf: _units(cells, leaf.keys[0])) - 1, 0)
    if not leaves:
        lists = _write(cells, _element(cells, child))
    elif _is_ordered(cells, leaves[place]) and _fits(cells, leaves[place : place + 2], wanted, first=not place):
        index = bisect_left(leaves[place].keys, wanted, key=lambda offset: _units(cells, offset))
        elements = _elements(cells, leaves[place])
        lists = [leaf.offset for leaf in leaves]
        grown = elements[: 8 * index] + _element(cells, child) + elements[8 * index :]
        lists[place : place + 1] = _write(cells, grown, lists[place])
    else:
        lists = _rebuilt(cells, leaves, [*(offset for leaf in leaves for offset in leaf.keys), child.offset])
    _link(cells, parent, leaves, lists)
    cells.put(parent.offset, KEY_SUBKEY_COUNT, sum(len(leaf.keys) for leaf in leaves) + 1)
    longest = max(parent.longest_subkey & 0xFFFF, 2 * units(child.name))
    cells.put(parent.offset, KEY_LONGEST_SUBKEY, parent.longest_subkey & 0xFFFF0000 | longest)


def remove_subkey(cells: Cells, parent: KeyRecord, child: KeyRecord) -> None:
    """Take ``child`` out of the lists of ``parent``; a list that becomes empty is freed."""
    leaves = _leaves(cells, parent)
    place = next(place for place, leaf in enumerate(leaves) if child.offset in leaf.keys)
    if _is_ordered(cells, leaves[place]):
        index = leaves[place].keys.index(child.offset)
        elements = _elements(cells, leaves[place])
        lists = [leaf.offset for leaf in leaves]
        rest = elements[: 8 * index] + elements[8 * index + 8 :]
        if not rest:
            cells.free(lists.pop(place))
        elif (first := _place_to_merge(cells, leaves, place, len(rest))) is not None:
            pair = leaves[first : first + 2]
            merged = b"".join(rest if leaf is leaves[place] else _elements(cells, leaf) for leaf in pair)
            cells.free(lists[first + 1])
            lists[first : first + 2] = _write(cells, merged, lists[first])
        else:
            lists[place : place + 1] = _write(cells, rest, lists[place])
    else:
        others_left = [offset for leaf in leaves for offset in leaf.keys if offset != child.offset]
        lists = _rebuilt(cells, leaves, others_left)
    _link(cells, parent, leaves, lists)
    cells.put(parent.offset, KEY_SUBKEY_COUNT, sum(len(leaf.keys) for leaf in leaves) - 1)
    has_longest_name = 2 * units(child.name) >= parent.longest_subkey & 0xFFFF
    has_longest_class = child.class_length and child.class_length >= parent.longest_class
    if not has_longest_name and not has_longest_class:
        return
    # [checklist 12]: the fields are maxima over the subkeys; their upper half holds flags of another kind
    most, longest, longest_class = 2 * units(child.name), 0, 0
    for offset in (offset for leaf in leaves for offset in leaf.keys if offset != child.offset):
        other = cells.image.key(offset)
        longest, longest_class = max(longest, 2 * units(other.name)), max(longest_class, other.class_length)
        if longest >= most and not child.class_length:
            longest_class = parent.longest_class
            break  # siblings of one length are many, and go one after the other
    cells.put(parent.offset, KEY_LONGEST_SUBKEY, parent.longest_subkey & 0xFFFF0000 | longest)
    cells.put(parent.offset, KEY_LONGEST_CLASS, longest_class)


def write_lists(cells: Cells, parent: int, children: Sequence[KeyRecord]) -> None:
    """List all subkeys of a new key, which has no list yet."""
    if not children:
        return
    ordered = sorted(children, key=lambda child: upcased_units(child.name))
    lists = _write(cells, b"".join(_element(cells, child) for child in ordered))
    _link(cells, cells.image.key(parent), (), lists)
    cells.put(parent, KEY_SUBKEY_COUNT, len(ordered))


def free_lists(cells: Cells, parent: KeyRecord) -> None:
    """Free the lists of a key whose subkeys are gone."""
    leaves = cells.image.leaves(parent)
    for leaf in leaves:
        cells.free(leaf.offset)
    if leaves and leaves[0].offset != parent.subkey_list:
        cells.free(parent.subkey_list)


def _place_to_merge(cells: Cells, leaves: Sequence[Leaf], place: int, size: int) -> int | None:
    """The first of two lists that are to be one: that at ``place``, of ``size`` bytes now, and one beside it."""
    for first in (place, place - 1):
        if not 0 <= first < len(leaves) - 1:
            continue
        before, after = leaves[first], leaves[first + 1]
        other = after if first == place else before
        few = size + len(_elements(cells, other)) <= 8 * FULL // 2  # so that the next key does not split them again
        if few and _is_ordered(cells, other) and _units(cells, before.keys[-1]) < _units(cells, after.keys[0]):
            return first
    return None


def _kind(cells: Cells) -> bytes:
    """[checklist 9]: the kind of list that the hive's version asks for."""
    return b"lh" if cells.minor >= 5 else b"lf"


def _leaves(cells: Cells, parent: KeyRecord) -> list[Leaf]:
    leaves = cells.image.leaves(parent)
    for leaf in leaves:
        if not leaf.elements:
            raise damage(BASE_BLOCK + leaf.offset, f"a list of subkeys of {parent.name!r} is empty")
    return leaves


def _is_ordered(cells: Cells, leaf: Leaf) -> bool:
    """Whether a list is as Windows writes it. hivex hashes and sorts names that are not ASCII in its own way."""
    if leaf.offset not in cells.ordered:
        names = [_units(cells, offset) for offset in leaf.keys]
        tagged = leaf.kind != _kind(cells) or leaf.elements == b"".join(
            _element(cells, cells.image.key(offset)) for offset in leaf.keys
        )
        if not tagged or any(first >= second for first, second in pairwise(names)):
            return False
        cells.ordered.add(leaf.offset)
    return True


def _fits(cells: Cells, leaves: Sequence[Leaf], wanted: bytes, *, first: bool) -> bool:
    """Whether a name belongs into the first of the lists: behind its first key, and before the list that follows."""
    behind = first or _units(cells, leaves[0].keys[0]) < wanted
    return behind and all(wanted < _units(cells, leaf.keys[0]) for leaf in leaves[1:])


def _rebuilt(cells: Cells, leaves: Sequence[Leaf], keys: Sequence[int]) -> list[int]:
    """Write all lists of a key again, in order and with the right hashes; give their offsets."""
    first, *others = leaves
    for leaf in others:
        cells.free(leaf.offset)
    records = sorted((cells.image.key(offset) for offset in keys), key=lambda record: upcased_units(record.name))
    if not records:
        cells.free(first.offset)
        return []
    return _write(cells, b"".join(_element(cells, record) for record in records), first.offset)


def _units(cells: Cells, offset: int) -> bytes:
    return upcased_units(cells.image.key(offset).name)


def _element(cells: Cells, key: KeyRecord) -> bytes:
    tag = stored_number(name_hash(key.name)) if _kind(cells) == b"lh" else name_hint(key.name)
    return stored_number(key.offset) + tag


def _elements(cells: Cells, leaf: Leaf) -> bytes:
    if leaf.kind == _kind(cells):
        return leaf.elements
    return b"".join(_element(cells, cells.image.key(offset)) for offset in leaf.keys)


def _write(cells: Cells, elements: bytes, over: int = NIL) -> list[int]:
    """Write one list, or as many as it takes, the first one over the cell ``over``; give their offsets."""
    count = len(elements) // 8
    pieces = 1 if count <= FULL else max(2, -(-count // FULL))
    size = -(-count // pieces)
    offsets = []
    for first in range(0, count, size):
        piece = elements[8 * first : 8 * (first + size)]
        held = len(piece) // 8
        payload = LIST_HEAD.pack(_kind(cells), held) + piece
        room = 4 + 8 * min(FULL, held + held // 2)  # so that a growing list does not move at every key
        offsets.append(cells.add(payload, room) if first or over == NIL else cells.rewrite(over, payload, room))
    cells.ordered.update(offsets)
    return offsets


def _link(cells: Cells, parent: KeyRecord, leaves: Sequence[Leaf], lists: list[int]) -> None:
    """Let ``parent`` point to ``lists``: to none, to the only one, or to the index root that it has or now needs."""
    before = [leaf.offset for leaf in leaves]
    rooted = bool(before) and before[0] != parent.subkey_list
    top = parent.subkey_list
    if not lists:
        if rooted:
            cells.free(top)
        top = NIL
    elif rooted or len(lists) > 1:
        if lists != before:
            payload = LIST_HEAD.pack(b"ri", len(lists)) + b"".join(map(stored_number, lists))
            top = cells.rewrite(top, payload) if rooted else cells.add(payload)
    else:
        top = lists[0]
    cells.put(parent.offset, KEY_SUBKEY_LIST, top)
