"""Property tags, types and ids as pywin32's ``mapitags`` has them: every name of the headers and pages, as a number.

A string property has three names: PR_X and PR_X_W are PT_UNICODE and PR_X_A is PT_STRING8, except where the headers
define PR_X as PT_STRING8 alone. That is pywin32's rule; elsewhere here PR_X means the width that profiles store.

Ours, which pywin32 lacks: CHANGE_PROP_TYPE, MV_INSTANCE, MVI_FLAG and MVI_PROP (H:MAPIDefS.h), PT_SRESTRICTION and
PT_ACTIONS (H:EdkMdb.h), and the PR names that its table has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.props import PropertyType
from mapiwright.mapi.props.documented import properties
from mapiwright.mapi.props.tags import other_width
from mapiwright.mapi.props.tags_table import NAMES
from mapiwright.pywin32.constants import signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MV_FLAG = 0x1000
MV_INSTANCE = 0x2000
MVI_FLAG = MV_FLAG | MV_INSTANCE
PROP_TYPE_MASK = 0xFFFF
PROP_ID_NULL = 0
PROP_ID_INVALID = 0xFFFF
PR_NULL = 1

# What H:EdkMdb.h and H:MSPST.h count from, and what else pywin32 took from H:EdkMdb.h.
pidExchangeXmitReservedMin = 0x3FE0
pidExchangeNonXmitReservedMin = 0x65E0
pidProfileMin = 0x6600
pidStoreMin = 0x6618
pidFolderMin = 0x6638
pidMessageReadOnlyMin = 0x6640
pidMessageWriteableMin = 0x6658
pidAttachReadOnlyMin = 0x666C
pidSpecialMin = 0x6670
pidAdminMin = 0x6690
PST_EXTERN_PROPID_BASE = 0x6700
PROP_ID_SECURE_MIN = pidSecureProfileMin = 0x67F0
PROP_ID_SECURE_MAX = 0x67FF
OSTF_NO_ENCRYPTION = signed(0x80000000)
OSTF_COMPRESSABLE_ENCRYPTION = 0x40000000
OSTF_BEST_ENCRYPTION = 0x20000000
STYLE_NEVER = 0
STYLE_NORMAL = 1
STYLE_ALWAYS = 2
STYLE_DEFAULT = -1
STYLE_ALWAYS_INTERVAL_DEFAULT = 15
REPLICATION_MESSAGE_SIZE_LIMIT_DEFAULT = 100
RESOLVE_METHOD_DEFAULT = 0
RESOLVE_METHOD_LAST_WRITER_WINS = 1
RESOLVE_METHOD_NO_CONFLICT_NOTIFICATION = 2
MSGSTATUS_IN_CONFLICT = 0x800

_SYNONYMS = {"I4": "LONG", "SHORT": "I2", "FLOAT": "R4", "R8": "DOUBLE", "LONGLONG": "I8", "TSTRING": "UNICODE"}


def PROP_TYPE(ulPropTag: int) -> int:
    """The low half of a tag."""
    return ulPropTag & PROP_TYPE_MASK


def PROP_ID(ulPropTag: int) -> int:
    """The high half of a tag."""
    return ulPropTag >> 16


def PROP_TAG(ulPropType: int, ulPropID: int) -> int:
    """The tag of a type and an id."""
    return ulPropID << 16 | ulPropType


def CHANGE_PROP_TYPE(ulPropTag: int, ulPropType: int) -> int:
    """The tag of the same id with another type."""
    return ulPropTag & ~PROP_TYPE_MASK | ulPropType


def MVI_PROP(tag: int) -> int:
    """The column that shows one value of a multi-valued property in each row."""
    return tag | MVI_FLAG


def _types() -> Mapping[str, int]:
    names = {kind.name: int(kind) for kind in PropertyType}
    for prefix in ("", "MV_"):
        names |= {f"{prefix}{name}": names[f"{prefix}{same}"] for name, same in _SYNONYMS.items()}
    return {f"PT_{name}": kind for name, kind in names.items()} | {"PT_SRESTRICTION": 0x00FD, "PT_ACTIONS": 0x00FE}


def _tags() -> Iterator[tuple[str, int]]:
    # In no header or page; as pywin32 has them, for IExchangeManageStoreEx::CreateStoreEntryID2.
    yield from {"PR_FORCE_USE_ENTRYID_SERVER": 0x7CFE000B, "PR_PROFILE_MDB_DN": 0x7CFF001E}.items()
    yield from NAMES.items()
    for each in properties():
        if each.name:
            yield each.name, each.tag
            if (other := other_width(each.tag)) is not None:
                # The types of the two widths differ in their last bit.
                yield from zip((f"{each.name}_A", f"{each.name}_W"), sorted((each.tag, other)), strict=True)


if TYPE_CHECKING:

    def __getattr__(name: str) -> int: ...


# Scripts walk vars(mapitags) for the name of a number, so all are here and none waits to be asked for.
globals().update(_types())
globals().update(_tags())
