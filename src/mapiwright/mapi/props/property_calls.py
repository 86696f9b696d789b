"""What SetProps, CopyTo and CopyProps do with the single property, for any caller.

Two kinds of objects ask here: the sections and copies of our administration, and the sections that a native service
gets in its child process. So this runs there too, and needs ``mapi.tables.row`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mapiwright.mapi.tables.row import PT_ERROR, cell, is_secure, type_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.tables.row import Row

MAPI_E_NO_SUPPORT: Final = 0x80040102
MAPI_E_INVALID_TYPE: Final = 0x80040302

NAMED: Final = 0x8000
"""The first id of named properties, which profile sections lack ([iprofsectimapiprop])."""
PR_SERVICE_UID: Final = 0x3D0C0102
PR_SERVICE_EXTRA_UIDS: Final = 0x3D0D0102
PASSED_OVER: Final = frozenset({0x0001, PT_ERROR})
"""PT_NULL and PT_ERROR: SetProps takes no notice of them ([imapiprop-setprops])."""
STORABLE: Final = frozenset(
    {0x0002, 0x0003, 0x000B, 0x0014, 0x001E, 0x001F, 0x0040, 0x0048, 0x0102, 0x1003, 0x101E, 0x101F, 0x1102}
)
"""The types whose layout in a profile is known ([profile-in-the-registry] 4)."""


def not_held(tag: int) -> int:
    """Why no section holds a property of that tag, as an SCODE; 0 where one may."""
    if tag >> 16 >= NAMED:
        return MAPI_E_NO_SUPPORT
    return 0 if type_of(tag) in STORABLE else MAPI_E_INVALID_TYPE


def all_but(row: Row, excluded: Iterable[int]) -> list[int]:
    """The tags that CopyTo copies: all but the excluded ids, secure ones, PR_SERVICE_UID and PR_SERVICE_EXTRA_UIDS.

    The pages leave secure properties open, and so none gets where it was not put; the other two say which sections
    are whose, and the target would be or have one of that service's, too ([derived], [imapiprop-copyto]).
    """
    ids = {tag >> 16 for tag in (*excluded, PR_SERVICE_UID, PR_SERVICE_EXTRA_UIDS)}
    return [tag for tag in row if tag >> 16 not in ids and not is_secure(tag)]


def to_copy(
    row: Row, wanted: Iterable[int], there: Collection[int], *, noreplace: bool
) -> list[tuple[int, int, PropertyValue]]:
    """What is copied of the wanted tags: the place of each, its tag and value.

    One that is not there is left out ([imapiprop-copyprops]), and with ``noreplace`` (MAPI_NOREPLACE) one whose id is
    among those that the target has ``there``.
    """
    found = (cell(row, tag, unicode=True) for tag in wanted)
    return [
        (index, tag, value)
        for index, (tag, value) in enumerate(found)
        if type_of(tag) != PT_ERROR and not (noreplace and tag >> 16 in there)
    ]
