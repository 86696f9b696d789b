"""The property tags of the Exchange address book, as pywin32's ``emsabtags`` has them (H:EmsAbTag.h).

Ours beside them, which pywin32 lacks: the ids that the documents have and that header has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.pywin32 import mapitags

AB_SHOW_PHANTOMS = 2
AB_SHOW_OTHERS = 4
EMS_AB_ADDRESS_LOOKUP = 1
MIN_EMS_AB_CONSTRUCTED_PROP_ID = 0xFFF8

PROP_TAG = mapitags.PROP_TAG

_LINKS = {"MANAGER": 0x8005001F}
_LISTS = {
    "IS_MEMBER_OF_DL": 0x8008101F,
    "MEMBER": 0x8009101F,
    "PUBLIC_DELEGATES": 0x8015101F,
    "REPORTS": 0x800E101F,
}
"""Objects that may be asked for as texts as well: their _W."""


def _texts() -> dict[str, int]:
    widths = {
        f"PR_EMS_AB_{name}{width}": tag - narrow
        for name, tag in (_LINKS | _LISTS).items()
        for width, narrow in (("_A", 1), ("_W", 0))
    }
    owner = {f"PR_EMS_AB_OWNER_BL{width}": 0x8024001F for width in ("", "_W", "_T")}
    return widths | owner | {"PR_EMS_AB_OWNER_BL_A": 0x8024001E}


if TYPE_CHECKING:

    def __getattr__(name: str) -> int: ...


# Scripts walk vars(emsabtags) for the name of a number, as they do with mapitags.
globals().update({name: kind for name, kind in vars(mapitags).items() if name.startswith("PT_")})
globals().update({name: tag for name, tag in vars(mapitags).items() if name.startswith("PR_EMS_AB_")})
globals().update(_texts())
