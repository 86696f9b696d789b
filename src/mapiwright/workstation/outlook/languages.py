"""Windows' language identifiers (LCIDs) and the tags that Click-to-Run names languages by, such as ``en-us``."""

from __future__ import annotations


def lcid_of_tag(tag: str) -> int | None:
    """The LCID of a tag; None where it is not known."""
    from locale import windows_locale  # noqa: PLC0415 - it is a large module, and most Outlooks name an LCID

    wanted = tag.replace("-", "_").lower()
    return next((lcid for lcid, name in windows_locale.items() if name.lower() == wanted), None)


def tag_of_lcid(lcid: int) -> str:
    """The tag of an LCID; "" where it is not known."""
    from locale import windows_locale  # noqa: PLC0415

    return windows_locale.get(lcid, "").replace("_", "-").lower()
