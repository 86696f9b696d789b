"""A registry value in words: in a profile section as the property that it stores, elsewhere as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats.props import PropertyType, decode
from mapiwright.mapi.profile.profile import tag_of_value
from mapiwright.mapi.props.protected import is_secret
from mapiwright.mapi.props.tags import name_in_section, prop_type
from mapiwright.ui.text.terminal import escape
from mapiwright.ui.text.values import property_text, value_text
from mapiwright.workstation.registry import ValueType

if TYPE_CHECKING:
    from mapiwright.workstation.registry import Value

_SECTION = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def is_section(key: str) -> bool:
    """Whether a key of that name is a profile section."""
    return _SECTION.fullmatch(key) is not None


def tag_in(key: str, name: str) -> int | None:
    """The property that a value of that name stores, where its key is a profile section."""
    return tag_of_value(name) if is_section(key) else None


def name_text(key: str, name: str) -> str:
    """The name of a value, with that of the property that it stores."""
    tag = tag_in(key, name)
    shown = escape(name) or "(default)"
    return shown if tag is None else f"{shown} {name_in_section(tag)}"


def section_value_text(key: str, name: str, value: Value, code_page: str) -> str:
    """A value of a key on one line; ``code_page``, a Python codec name, is that of 8-bit strings (PT_MV_STRING8)."""
    tag = tag_in(key, name)
    if tag is None or value.type != ValueType.BINARY or is_secret(name, value):
        return value_text(name, value)
    try:
        return property_text(tag, decode(prop_type(tag), value.data, code_page))
    except FormatError:
        return value_text(name, value)


def holds_8_bit_strings(key: str, name: str) -> bool:
    """Whether what a value of that name says depends on a code page."""
    tag = tag_in(key, name)
    return tag is not None and prop_type(tag) == PropertyType.MV_STRING8
