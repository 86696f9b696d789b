"""IProfSect: a profile section as a service reads and writes it; all at once, without a transaction
([iprofsectimapiprop]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mapiwright.entry.child.native.com import S_OK, ComObject, World, iid
from mapiwright.entry.child.native.memory import Pointer, Refusal, clear, put_number, put_pointer, uid_at
from mapiwright.entry.child.native.trace import Record, shown
from mapiwright.entry.child.property_json import COMPUTED, EXTRA_UIDS, fault_of
from mapiwright.mapi.props.property_calls import MAPI_E_INVALID_TYPE, NAMED, PASSED_OVER, all_but, not_held, to_copy
from mapiwright.mapi.tables.row import PT_ERROR, cell, in_width, is_secure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.entry.child.sections import Section

IPROFSECT, IMAPIPROP = iid(0x20304), iid(0x20303)

E_NO_ACCESS = 0x80070005
E_INTERFACE_NOT_SUPPORTED = 0x80004002
E_INVALID_PARAMETER = 0x80070057
E_COMPUTED = 0x8004011A
W_ERRORS_RETURNED = 0x00040380

MAPI_UNICODE = 0x80000000
MAPI_MOVE, MAPI_NOREPLACE = 0x1, 0x2

PR_OBJECT_TYPE = 0x0FFE0003
PR_PROFILE_NAME = 0x3D12001F
MAPI_PROFSECT = 9

Problem = tuple[int, int, int]
"""Which property of a call, its tag, and why."""


class ProfSect(ComObject):
    """One opening of a section; ``writable`` where it was opened with MAPI_MODIFY."""

    interface: ClassVar[str] = "IProfSect"
    iids: ClassVar[tuple[bytes, ...]] = (IPROFSECT, IMAPIPROP)

    def __init__(self, world: World, section: Section, *, writable: bool) -> None:
        super().__init__(world)
        self.section = section
        self.writable = writable

    # Reading.

    def get_props(self, record: Record, tags: int, flags: int, count: int, out: int) -> int:
        """[imapiprop-getprops]: the properties asked for, or all but the secure ones for NULL."""
        clear(out)
        put_number(count, 0)
        asked = self.world.codec.tags(tags)
        unicode = bool(flags & MAPI_UNICODE)
        record.given(tags=asked and [f"{tag:08X}" for tag in asked], flags=flags)
        if asked is not None and not asked:
            raise Refusal(E_INVALID_PARAMETER, "an SPropTagArray without tags")
        cells = [
            self.cell(tag, unicode=unicode) for tag in (self.listed(unicode=unicode) if asked is None else asked)
        ]
        put_pointer(out, self.world.codec.write_properties(cells))
        put_number(count, len(cells))
        record.got(values={f"{tag:08X}": shown(tag, value) for tag, value in cells})
        return W_ERRORS_RETURNED if any(tag & 0xFFFF == PT_ERROR for tag, _ in cells) else S_OK

    def get_prop_list(self, record: Record, flags: int, out: int) -> int:
        """[imapiprop-getproplist]: the tags of all properties but the secure ones."""
        clear(out)
        tags = self.listed(unicode=bool(flags & MAPI_UNICODE))
        put_pointer(out, self.world.codec.write_tags(tags))
        record.given(flags=flags)
        record.got(tags=[f"{tag:08X}" for tag in tags])
        return S_OK

    def listed(self, *, unicode: bool) -> list[int]:
        """The tags that a list of all properties has; MAPI's two are among them."""
        tags = [tag for tag in self.section if not is_secure(tag)]
        own = [tag for tag in (PR_OBJECT_TYPE, PR_PROFILE_NAME) if tag not in tags]
        return [in_width(tag, unicode=unicode) for tag in (*tags, *own)]

    def cell(self, tag: int, *, unicode: bool) -> tuple[int, Any]:
        """A property, or PT_ERROR with MAPI_E_NOT_FOUND; a string comes in the width that it is asked for."""
        return cell(self._row(), tag, unicode=unicode)

    def _row(self) -> dict[int, Any]:
        """All that can be read: what is stored, the pointers, and MAPI's own two."""
        made = {PR_OBJECT_TYPE: MAPI_PROFSECT, PR_PROFILE_NAME: self.world.profile}
        return {**made, **self.section.pointers, **self.section}

    # Writing.

    def set_props(self, record: Record, count: int, values: int, problems: int) -> int:
        """[imapiprop-setprops]: what cannot be set is reported one by one, and the rest is set."""
        put_pointer(problems, 0)
        given = self.world.codec.properties(count, values)
        record.given(values={f"{tag:08X}": shown(tag, value) for tag, value in given})
        self._must_be_writable()
        return self._reported(record, problems, self.put(given))

    def put(self, given: Iterable[tuple[int, Any]]) -> list[Problem]:
        """Set properties; gives the problems."""
        problems = []
        for index, (tag, value) in enumerate(given):
            if tag & 0xFFFF in PASSED_OVER:
                continue
            scode = self._refused(tag, value) or self._unlisted(tag, value)
            if scode:
                problems.append((index, tag, scode))
            elif isinstance(value, Pointer):
                self.section.pointers[tag] = value
            else:
                self.section.store(self.section.stored(tag), value)
        return problems

    @staticmethod
    def _refused(tag: int, value: Any) -> int:
        """Why a property is not set, as an SCODE, or 0."""
        if isinstance(value, Refusal):
            return value.hresult
        if tag >> 16 >= NAMED:
            return not_held(tag)
        if tag >> 16 in COMPUTED:
            return E_COMPUTED
        if isinstance(value, Pointer):
            return 0
        return MAPI_E_INVALID_TYPE if fault_of(tag, value) else 0

    def _unlisted(self, tag: int, value: Any) -> int:
        """MAPI_E_NO_ACCESS where PR_SERVICE_EXTRA_UIDS would name a section that is another's, or drop one."""
        if tag >> 16 != EXTRA_UIDS >> 16 or self.section is not self.world.sections.service:
            return 0
        return 0 if tag == EXTRA_UIDS and self.world.sections.may_list(value) else E_NO_ACCESS

    def delete_props(self, record: Record, tags: int, problems: int) -> int:
        """[imapiprop-deleteprops]: what cannot be deleted is reported one by one."""
        put_pointer(problems, 0)
        asked = self.world.codec.tags(tags)
        record.given(tags=asked and [f"{tag:08X}" for tag in asked])
        if not asked:
            raise Refusal(E_INVALID_PARAMETER, "no tags to delete")
        self._must_be_writable()
        return self._reported(record, problems, self.take(asked))

    def take(self, tags: Iterable[int]) -> list[Problem]:
        """Delete properties by their ids; gives the problems. One that is not there is none ([derived], as admin)."""
        found = []
        for index, tag in enumerate(tags):
            scode = self._kept(tag)
            if scode:
                found.append((index, tag, scode))
                continue
            for known in [known for known in (*self.section, *self.section.pointers) if known >> 16 == tag >> 16]:
                self.section.pointers.pop(known, None)
                if known in self.section:
                    self.section.drop(known)
        return found

    def _kept(self, tag: int) -> int:
        """Why a property is not deleted, as an SCODE, or 0."""
        if tag >> 16 >= NAMED:
            return not_held(tag)
        if tag >> 16 in COMPUTED:
            return E_COMPUTED
        return E_NO_ACCESS if tag >> 16 == EXTRA_UIDS >> 16 and self.section is self.world.sections.service else 0

    def copy_to(
        self,
        record: Record,
        excluded_count: int,
        excluded_iids: int,
        excluded: int,
        window: int,
        progress: int,
        wanted: int,
        target: int,
        flags: int,
        problems: int,
    ) -> int:
        """[imapiprop-copyto]: all but what is excluded."""
        del excluded_count, excluded_iids, window, progress
        left_out = self.world.codec.tags(excluded)
        if left_out is not None and not left_out:
            raise Refusal(E_INVALID_PARAMETER, "an SPropTagArray without tags")
        return self._copied(record, all_but(self._row(), left_out or ()), wanted, target, flags, problems)

    def copy_props(
        self,
        record: Record,
        tags: int,
        window: int,
        progress: int,
        wanted: int,
        target: int,
        flags: int,
        problems: int,
    ) -> int:
        """[imapiprop-copyprops]: the properties that are named."""
        del window, progress
        asked = self.world.codec.tags(tags)
        if not asked:
            raise Refusal(E_INVALID_PARAMETER, "no tags to copy")
        return self._copied(record, asked, wanted, target, flags, problems)

    def _copied(
        self, record: Record, tags: Iterable[int], wanted: int, target: int, flags: int, problems: int
    ) -> int:
        put_pointer(problems, 0)
        tags = list(tags)
        record.given(tags=[f"{tag:08X}" for tag in tags], flags=flags)
        if wanted and uid_at(wanted) not in self.iids:
            raise Refusal(E_INTERFACE_NOT_SUPPORTED, "the target is to be another interface")
        other = self.world.object_at(target)
        if not isinstance(other, ProfSect):
            raise Refusal(E_INVALID_PARAMETER, "the target is no profile section of ours")
        if other.section is self.section:
            raise Refusal(E_NO_ACCESS, "the section would be copied to itself")
        other._must_be_writable()
        if flags & MAPI_MOVE:
            self._must_be_writable()
        there = {tag >> 16 for tag in other._row()}
        copied = to_copy(self._row(), tags, there, noreplace=bool(flags & MAPI_NOREPLACE))
        refused = other.put((tag, value) for _, tag, value in copied)
        found = [(copied[at][0], tag, scode) for at, tag, scode in refused]
        if flags & MAPI_MOVE:
            kept = {tag for _, tag, _ in found}
            self.take(tag for _, tag, _ in copied if tag not in kept)
        return self._reported(record, problems, found)

    def save_changes(self, record: Record, flags: int) -> int:
        """[iprofsectimapiprop]: there is nothing left to save."""
        record.given(flags=flags)
        return S_OK

    def _must_be_writable(self) -> None:
        if not self.writable:
            raise Refusal(E_NO_ACCESS, "the section was opened without MAPI_MODIFY")

    def _reported(self, record: Record, out: int, problems: list[Problem]) -> int:
        """Report the problems; without a place for them the call has succeeded all the same, as the page says."""
        if problems:
            record.got(problems={f"{tag:08X}": f"0x{scode:08X}" for _, tag, scode in problems})
            if out:
                put_pointer(out, self.world.codec.write_problems(problems))
        return S_OK
