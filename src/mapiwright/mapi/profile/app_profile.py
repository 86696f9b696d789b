"""Application profiles: made with MAPI_APP_PROFILE, hidden from lists without it ([iprofadmin-createprofile]).

How MAPI marks one is written nowhere, and none was seen in a real registry. So the mark is ours: a section that
nothing names, as real profiles hold many of, with a property in the range that is a provider's own. It is copied with
the profile as every section is, by us and by Outlook, survives a writer that keeps what it does not know, and means
nothing to Outlook: it shows such a profile as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.mapi.profile.profile import Section
from mapiwright.mapi.props.tags import PR_DISPLAY_NAME

if TYPE_CHECKING:
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile

APP_PROFILE = "f0a1c2b8d46e4b7e9c30b5d1724e8a96"
"""The section, by a GUID of our own."""
IS_APP_PROFILE = 0x6600000B
"""PT_BOOLEAN in that section."""


def is_app_profile(profile: Profile) -> bool:
    """Whether a profile bears the mark."""
    section = profile.section(APP_PROFILE)
    return section is not None and section.get(IS_APP_PROFILE) is True


def as_app_profile(profile: Profile) -> Profile:
    """The profile with the mark."""
    marks: dict[int, PropertyValue | None] = {
        PR_DISPLAY_NAME: "Mapiwright: application profile",
        IS_APP_PROFILE: True,
    }
    return profile.with_sections((profile.section(APP_PROFILE) or Section(APP_PROFILE)).with_properties(marks))
