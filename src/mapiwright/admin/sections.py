"""ProfileSection: the properties of one section of a profile, as IProfSect has them ([iprofsectimapiprop]).

The rules for opening one are here, too: many readers or one writer, providers' sections by force only
([imsgserviceadmin-openprofilesection], [iprovideradmin-openprofilesection], [imapisession-openprofilesection]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mapiwright.admin.flags import SectionFlag, check_flags
from mapiwright.admin.properties import MAPI_E_COMPUTED, MAPI_E_NO_ACCESS, PropertyObject, PropertyProblem
from mapiwright.errors import CallError, MapiwrightError, NotFoundError, RefusedError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import MapiUid
from mapiwright.mapi.profile import edit, store
from mapiwright.mapi.profile.profile import secure_refused
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.tags import PropertyType, is_secure, prop_id, prop_type
from mapiwright.mapi.tables.row import cell
from mapiwright.message import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import TracebackType

    from mapiwright.admin.workspace import Workspace
    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile, Section

MAPI_PROFSECT = 9
"""PR_OBJECT_TYPE of a profile section (H:MAPIDefS.h)."""
EXCHANGE_GLOBAL = "13dbb0c8aa05101a9bb000aa002fc45a"
"""pbGlobalProfileSectionGuid (H:EdkMdb.h)."""
OUTLOOK_GLOBAL = "0a0d020000000000c000000000000046"
_NO_UID = bytes(16)
"""The uid of a section that was opened without one."""


class ProfileSection(PropertyObject):
    """An open profile section; ``with`` it, or ``close`` it, for others wait for a writer.

    ``uid`` is the name of the section, ``profile_name`` that of its profile.
    """

    def __init__(
        self,
        workspace: Workspace,
        profile: str,
        uid: MapiUid,
        *,
        writable: bool,
        deferred: MapiwrightError | None = None,
    ) -> None:
        self.workspace = workspace
        self.profile_name = profile
        self.uid = uid
        self.writable = writable
        self._deferred = deferred
        self._draft: Profile | None = None

    def __repr__(self) -> str:
        state = "not open" if self._deferred is not None else "open for writing" if self.writable else "open"
        return f"<ProfileSection {self.uid} of profile {self.profile_name!r}, {state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others open it; what was set stays."""
        self.workspace.usage.closed(self)
        self._deferred = self._deferred or CallError("the section was closed", hresult=MAPI_E_NO_ACCESS)

    def _profile(self) -> Profile:
        if self._deferred is not None:
            raise self._deferred  # [..-openprofilesection], MAPI_DEFERRED_ERRORS: a later call raises it
        return self._draft or self.workspace.profile(self.profile_name)

    def _section(self) -> Section:
        profile = self._profile()
        section = profile.section(self.uid)
        if section is None:
            raise NotFoundError(f"the section {self.uid} was removed", where=f"profile {profile.name}")
        return section

    def _row(self) -> dict[int, PropertyValue]:
        """The stored properties except empty lists ([imapiprop-getprops]), and those that MAPI computes."""
        section, profile = self._section(), self._profile()
        row = {tag: value for tag, value in section.properties.items() if value != ()}
        row |= {tags.PR_OBJECT_TYPE: MAPI_PROFSECT, tags.PR_PROFILE_NAME: profile.name}
        if profile.service(self.uid) is not None:
            row[tags.PR_SERVICE_UID] = self.uid.bytes  # its own, which is stored nowhere
        return row

    def _secure(self, tag: int) -> tuple[int, PropertyValue]:
        """A secure property: one that MAPI encrypted cannot be read here, which is MAPI_E_NO_ACCESS ([derived])."""
        section = self._section()
        plain = store.plain_secure_properties(section, self.workspace.workstation.code_page)
        found = cell(plain, tag, unicode=True)
        kinds = {prop_type(each) for each in section.protected if prop_id(each) == prop_id(tag)}
        asked = kinds if prop_type(tag) == PropertyType.UNSPECIFIED else {prop_type(tag)}
        widths = asked | {prop_type(other) for kind in asked if (other := tags.other_width(kind)) is not None}
        if prop_type(found[0]) == PropertyType.ERROR and kinds & widths:
            return found[0], MAPI_E_NO_ACCESS
        return found

    def _in_code_page(self, text: str) -> str:
        code_page = self.workspace.workstation.code_page
        return text.encode(code_page, "replace").decode(code_page, "replace")

    def _begin(self, setting: Collection[int] = ()) -> None:
        self._draft = None
        self._section()
        secure = next((tag for tag in setting if is_secure(tag)), None)
        if secure is not None:
            raise secure_refused(secure, f"section {self.uid}")
        if not self.writable:
            raise CallError(
                "the section is open for reading",
                hresult=MAPI_E_NO_ACCESS,
                where=f"section {self.uid}",
                remedy="Open it with MAPI_MODIFY.",
            )

    def _set(self, index: int, tag: int, value: PropertyValue | None) -> PropertyProblem | None:
        section = self._section()
        held = [each for each in (*section.properties, *section.protected) if prop_id(each) == prop_id(tag)]
        if value is None and not held:
            computed = prop_id(tag) in {prop_id(each) for each in self._row()}
            return PropertyProblem(index, tag, MAPI_E_COMPUTED) if computed else None
        like = set() if value is None else {tag, tags.other_width(tag)}
        changes: dict[int, PropertyValue | None] = {each: None for each in held if each not in like}
        if value is not None:
            changes[tag] = value
        try:
            self._draft = edit.set_properties(self._profile(), self.uid, changes)
        except RefusedError as error:
            return PropertyProblem(index, tag, error.hresult)
        except UsageError:
            self._draft = None  # nothing of the call is set
            raise
        return None

    def _end(self) -> None:
        after, self._draft = self._draft, None
        if after is not None:
            with self.workspace.batch(Message.of("actions.set-properties", section=self.uid, profile=after.name)):
                self.workspace.put(self.workspace.profile(self.profile_name), after)

    def _is(self, other: PropertyObject) -> bool:
        if not isinstance(other, ProfileSection) or other.workspace is not self.workspace:
            return False
        return (upcase(other.profile_name), other.uid) == (upcase(self.profile_name), self.uid)


def open_section(space: Workspace, profile: str, uid: str | bytes | None, flags: int) -> ProfileSection:
    """Open a section of a profile, for reading, or with MAPI_MODIFY for writing.

    MAPI_MODIFY makes a section that is not there. Many may read, or one may write: opening it while another writes,
    or for writing while others read, gives MAPI_E_NO_ACCESS. A provider's section is opened with MAPI_FORCE_ACCESS
    only, and then for writing too: IProviderAdmin's page lists that flag and also says that clients never write
    there ([derived]). MAPI_DEFERRED_ERRORS has the first use of the section raise what failed here. A uid of None is
    for entry points alone. Raises NotFoundError, UsageError, or CallError.
    """
    check_flags(
        flags, SectionFlag.MODIFY | SectionFlag.DEFERRED_ERRORS | SectionFlag.FORCE_ACCESS, "OpenProfileSection"
    )
    try:
        return _opened(space, profile, uid, flags)
    except MapiwrightError as error:
        if not flags & SectionFlag.DEFERRED_ERRORS:
            raise
        name = MapiUid(uid if uid is not None else _NO_UID)
        return ProfileSection(space, profile, name, writable=False, deferred=error)


def refuse_problems(section: ProfileSection, problems: Sequence[PropertyProblem], done: str) -> None:
    """Raise RefusedError where MAPI left out a property of a list that is meant as a whole; ``done`` is "set"."""
    if not problems:
        return
    reported = ", ".join(f"{tags.name_of(each.tag)} ({hresult_name(each.hresult)})" for each in problems)
    error = RefusedError(
        f"properties that cannot be {done}: {reported}",
        where=f"section {section.uid} of profile {section.profile_name}",
        remedy="Nothing was changed; leave them out.",
    )
    error.hresult = problems[0].hresult
    raise error


def _opened(space: Workspace, profile: str, uid: str | bytes | None, flags: int) -> ProfileSection:
    if uid is None:
        raise UsageError("the section to open has no uid", expected="the MAPIUID of a section")
    found = space.profile(profile)
    name = _redirected(found, MapiUid(uid))
    where = f"section {name} of profile {found.name}"
    writable = bool(flags & SectionFlag.MODIFY)
    if found.section(name) is None and not writable:
        raise NotFoundError(f"there is no section {name}", where=f"profile {found.name}")
    owned = any(name == provider.uid.lower() for service in found.services for provider in service.providers)
    if owned and not flags & SectionFlag.FORCE_ACCESS:
        raise CallError(
            "the section is a provider's own",
            hresult=MAPI_E_NO_ACCESS,
            where=where,
            remedy="Open it with MAPI_FORCE_ACCESS.",
        )
    openers = space.usage.openers(found.name, name)
    if openers and (writable or any(each.writable for each in openers)):
        raise CallError(
            "the section is open already",
            hresult=MAPI_E_NO_ACCESS,
            where=where,
            expected="readers only, or one writer",
            remedy="Close it first.",
        )
    if found.section(name) is None:
        with space.batch(Message.of("actions.make-section", section=name, profile=found.name)):
            space.put(found, edit.create_section(found, name))
    section = ProfileSection(space, found.name, name, writable=writable)
    space.usage.opened(section)
    return section


def _redirected(profile: Profile, uid: MapiUid) -> MapiUid:
    """The section that opens for a uid.

    Since Outlook 2010 that of the one legacy Exchange account stands in for the old global one
    ([using-multiple-exchange-accounts]).
    """
    if uid != EXCHANGE_GLOBAL:
        return uid
    legacy = [each.section for each in profile.services if each.section.get(tags.PR_EMSMDB_LEGACY) is True]
    holders = (*legacy, *profile.existing([OUTLOOK_GLOBAL]))
    named = (found for holder in holders for found in holder.uids(tags.PR_EMSMDB_SECTION_UID))
    return next((found for found in named if profile.section(found) is not None), uid)
