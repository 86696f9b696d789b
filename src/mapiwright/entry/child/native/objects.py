"""The objects that an entry point is given: IMAPISupport in its configuration kind, IProviderAdmin, and IMalloc."""

from __future__ import annotations

import ctypes
import os
import uuid
from typing import Any, ClassVar

from mapiwright.entry.child.native import abi
from mapiwright.entry.child.native.com import E_NO_SUPPORT, ITANIUM, IUNKNOWN, S_OK, ComObject, World, iid
from mapiwright.entry.child.native.functions import Functions
from mapiwright.entry.child.native.heap import Heap
from mapiwright.entry.child.native.memory import Refusal, clear, put_pointer, uid_at
from mapiwright.entry.child.native.profile_section import (
    E_INTERFACE_NOT_SUPPORTED,
    E_INVALID_PARAMETER,
    E_NO_ACCESS,
    IMAPIPROP,
    IPROFSECT,
    MAPI_UNICODE,
    ProfSect,
)
from mapiwright.entry.child.native.table import TableObject
from mapiwright.entry.child.native.trace import Record, shown
from mapiwright.entry.child.property_json import COMPUTED, fault_of
from mapiwright.entry.child.sections import PROFILE_INSTANCE
from mapiwright.mapi.tables.row import MAPI_E_NOT_FOUND, is_secure
from mapiwright.mapi.tables.tables import Table

E_UNKNOWN_FLAGS = 0x80040106

ALLOCATORS = ("MAPIAllocateBuffer", "MAPIAllocateMore", "MAPIFreeBuffer")
"""In the order of GetMemAllocRoutines."""

MAPI_MODIFY = 0x1
MAPI_BEST_ACCESS = 0x10
_OPENING = MAPI_MODIFY | 0x8 | MAPI_BEST_ACCESS | 0x80000 | MAPI_UNICODE
"""The flags of OpenProfileSection: MODIFY, DEFERRED_ERRORS, BEST_ACCESS, FORCE_ACCESS."""

PR_INSTANCE_KEY = 0x0FF60102
PR_PROVIDER_UID = 0x300C0102
PR_PROVIDER_ORDINAL = 0x300D0003
PR_RESOURCE_TYPE = 0x3E030003
PR_SERVICE_NAME = 0x3D09001F
PR_SERVICE_UID = 0x3D0C0102
PROVIDER_COLUMNS = (
    PR_INSTANCE_KEY,
    0x3001001F,  # PR_DISPLAY_NAME
    0x3006001F,  # PR_PROVIDER_DISPLAY
    0x300A001F,  # PR_PROVIDER_DLL_NAME
    PR_PROVIDER_ORDINAL,
    PR_PROVIDER_UID,
    0x30090003,  # PR_RESOURCE_FLAGS
    PR_RESOURCE_TYPE,
    PR_SERVICE_NAME,
    PR_SERVICE_UID,
)
"""The required columns of a provider table ([provider-tables])."""


def open_section(world: World, record: Record, uid: int, wanted: int, flags: int, out: int) -> int:
    """OpenProfileSection for a service: NULL is its own section; a new uid with MAPI_MODIFY makes one (mapi.md 6.7).

    Real services open a section twice, so that a second opener is let in.
    """
    clear(out)
    asked = uid_at(uid) if uid else None
    record.given(uid=asked, iid=uid_at(wanted) if wanted else None, flags=flags)
    if wanted and uid_at(wanted) not in {IPROFSECT, IMAPIPROP}:
        raise Refusal(E_INTERFACE_NOT_SUPPORTED, "a profile section is an IProfSect")
    if flags & ~_OPENING:
        raise Refusal(E_UNKNOWN_FLAGS, f"the flags 0x{flags & ~_OPENING:08X} are not known")
    sections = world.sections
    writable = bool(flags & (MAPI_MODIFY | MAPI_BEST_ACCESS))
    section = sections.service if asked is None else sections.find(asked)
    if asked == PROFILE_INSTANCE and sections.instance is not None:
        if flags & MAPI_MODIFY:
            raise Refusal(E_NO_ACCESS, "that section is MAPI's own, and only read")
        section, writable = sections.instance, False
    elif asked is not None and sections.is_of_others(asked, write=bool(flags & MAPI_MODIFY)):
        world.trace.refuse(asked.hex())
        raise Refusal(E_NO_ACCESS, "that section is not the service's own")
    if section is None:
        if asked is None or not flags & MAPI_MODIFY or sections.service is None:
            raise Refusal(MAPI_E_NOT_FOUND, "there is no such section")
        section = sections.create_extra(asked)
    opened = ProfSect(world, section, writable=writable)
    put_pointer(out, opened.pointer)
    record.got(section=opened.name)
    return S_OK


class Support(ComObject):
    """The configuration kind of support object: exactly seven methods ([support-object-overview])."""

    interface: ClassVar[str] = "IMAPISupport"
    iids: ClassVar[tuple[bytes, ...]] = (iid(0x2030F),)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.functions = Functions(world)

    def query_interface(self, record: Record, wanted: int, out: int) -> int:
        """The same; where a C library's GetMemAllocRoutines hits this in the other flavour, no id is asked for."""
        if self.world.flavour == ITANIUM and wanted and uid_at(wanted)[8:] != IUNKNOWN[8:]:
            self.world.trace.doubt("IMAPISupport::QueryInterface was called with what is no interface id")
        return super().query_interface(record, wanted, out)

    def get_mem_alloc_routines(self, record: Record, allocate: int, more: int, free: int) -> int:
        """[imapisupport-getmemallocroutines]."""
        record.quiet()
        for out, name in zip((allocate, more, free), ALLOCATORS, strict=True):
            put_pointer(out, self.functions.addresses[name])
        return S_OK

    def open_profile_section(self, record: Record, uid: int, flags: int, out: int) -> int:
        """[imapisupport-openprofilesection]; it has no interface argument."""
        return open_section(self.world, record, uid, 0, flags, out)

    def new_uid(self, record: Record, out: int) -> int:
        """[imapisupport-newuid]."""
        made = uuid.uuid4().bytes_le
        if not out:
            raise Refusal(E_INVALID_PARAMETER, "a MAPIUID at NULL")
        ctypes.memmove(out, made, 16)
        record.got(uid=made)
        return S_OK

    def make_invalid(self, record: Record, flags: int, target: int, references: int, methods: int) -> int:
        """[imapisupport-makeinvalid]; the object is the guest's own, and stays valid."""
        del target
        record.given(flags=flags, references=references, methods=methods)
        return S_OK

    def do_config_propsheet(
        self, record: Record, window: int, flags: int, title: int, table: int, data: int, top: int
    ) -> int:
        """[imapisupport-doconfigpropsheet]: nobody can see a dialog here, and the flags have allowed none."""
        del window, title, table, data
        record.given(flags=flags, top=top)
        self.world.trace.want("IMAPISupport::DoConfigPropsheet")
        raise Refusal(E_NO_SUPPORT, "no dialog can be shown here")

    def get_svc_config_support_obj(self, record: Record, flags: int, out: int) -> int:
        """[imapisupport-getsvcconfigsupportobj]: this is one already."""
        record.given(flags=flags)
        self.references += 1
        put_pointer(out, self.pointer)
        return S_OK

    def unsubscribe(self, record: Record, connection: int) -> int:
        """A configuration object has none; in a C-style library it is what GetMemAllocRoutines of the other flavour
        hits.
        """
        record.given(connection=connection)
        self.world.trace.want("IMAPISupport::Unsubscribe")
        if self.world.flavour != ITANIUM and os.name != "nt":
            self.world.trace.doubt("IMAPISupport::Unsubscribe was called, without a Subscribe before it")
        raise Refusal(E_NO_SUPPORT, "a configuration object has no notifications")


class ProviderAdmin(ComObject):
    """The providers of the one service that is called ([iprovideradminiunknown]).

    What a service does here is done, and calls nothing back: PROVIDER_CREATE and PROVIDER_DELETE are raised by
    the administrator's calls from outside, and a handler that answers them calls the same methods (mapi.md 4.5).
    """

    interface: ClassVar[str] = "IProviderAdmin"
    iids: ClassVar[tuple[bytes, ...]] = (iid(0x20325),)

    def get_provider_table(self, record: Record, flags: int, out: int) -> int:
        """[iprovideradmin-getprovidertable]: the providers, and a row for each extra section, without a type."""
        clear(out)
        record.given(flags=flags)
        sections = self.world.sections
        rows = []
        for ordinal, section in enumerate((*sections.providers.values(), *sections.extras.values())):
            row = {tag: value for tag, value in section.items() if not is_secure(tag)}
            row |= {PR_INSTANCE_KEY: section.uid, PR_PROVIDER_UID: section.uid}
            if section.uid.hex() in sections.providers:
                row[PR_PROVIDER_ORDINAL] = ordinal
            if sections.service is not None:
                row |= {
                    PR_SERVICE_UID: sections.service.uid,
                    PR_SERVICE_NAME: sections.names[sections.service.uid.hex()],
                }
            rows.append(row)
        table = TableObject(self.world, Table(PROVIDER_COLUMNS, rows, unicode=bool(flags & MAPI_UNICODE)))
        put_pointer(out, table.pointer)
        record.got(table=table.name, rows=len(rows))
        return S_OK

    def create_provider(
        self, record: Record, name: int, count: int, values: int, window: int, flags: int, out: int
    ) -> int:
        """[iprovideradmin-createprovider]: copies what MAPISVC.INF has of that name, and what is given beyond it.

        Under MSG_SERVICE_PROVIDER_CREATE the provider that the call is about is there already; asking for it by its
        name gives that one, so that both ways to write a handler leave one provider.
        """
        del window
        codec, sections = self.world.codec, self.world.sections
        # [native] 1.3: mapi4linux takes the name for 8-bit whatever the flags say
        wide = bool(flags & MAPI_UNICODE) and self.world.flavour != ITANIUM
        called = codec.text(name, wide=wide)
        given = codec.properties(count, values)
        record.given(name=called, values={f"{tag:08X}": shown(tag, value) for tag, value in given}, flags=flags)
        if sections.service is None:
            raise Refusal(MAPI_E_NOT_FOUND, "no profile is concerned")
        good = dict(filter(_is_kept, given))
        called = sections.known(called)
        section = sections.adopt(called, good) or self._made(called, good)
        if out:
            ctypes.memmove(out, section.uid, 16)
        record.got(uid=section.uid)
        return S_OK

    def _made(self, name: str, given: dict[int, Any]) -> Any:
        sections = self.world.sections
        if PR_RESOURCE_TYPE not in {*sections.definitions.get(name, {}), *given}:
            # The page promises "unpredictable results" for a name that is not there; a provider without a type has no
            # place.
            raise Refusal(E_INVALID_PARAMETER, f"MAPISVC.INF has no provider {name} of this service")
        return sections.create_provider(name, given)

    def delete_provider(self, record: Record, uid: int) -> int:
        """[iprovideradmin-deleteprovider]."""
        asked = uid_at(uid)
        record.given(uid=asked)
        try:
            self.world.sections.delete_provider(asked)
        except KeyError:
            raise Refusal(MAPI_E_NOT_FOUND, "the service has no such provider") from None
        return S_OK

    def open_profile_section(self, record: Record, uid: int, wanted: int, flags: int, out: int) -> int:
        """[iprovideradmin-openprofilesection]."""
        return open_section(self.world, record, uid, wanted, flags, out)


def _is_kept(cell: tuple[int, Any]) -> bool:
    """Whether a new provider keeps a property: those that MAPI sets are ignored, except for the type.

    Raises Refusal for what no section holds: this call has no place for single problems.
    """
    tag, value = cell
    if tag == PR_RESOURCE_TYPE and type(value) is int:
        return True
    if tag >> 16 in COMPUTED:
        return False
    fault = value.why if isinstance(value, Refusal) else fault_of(tag, value)
    if fault:
        raise Refusal(E_INVALID_PARAMETER, f"property {tag:08X}: {fault}")
    return True


class Malloc(ComObject):
    """OLE's allocator, with a heap of its own ([imalloc])."""

    interface: ClassVar[str] = "IMalloc"
    iids: ClassVar[tuple[bytes, ...]] = (iid(0x2),)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.heap = Heap(world.trace.misuse)
        world.heaps.append(self.heap)

    def alloc(self, record: Record, size: int) -> int:
        """A block, or NULL."""
        record.quiet()
        try:
            return self.heap.allocate(size, "IMalloc")
        except MemoryError:
            return 0

    def realloc(self, record: Record, block: int, size: int) -> int:
        """The block in another size: the same as Alloc for NULL, and as Free for 0 bytes."""
        if not block or not size:
            if block:
                self.free(record, block)
                return 0
            return self.alloc(record, size)
        old = self.heap.size(block)
        made = self.alloc(record, size)
        if old is None:
            self.world.trace.misuse("IMalloc::Realloc of what is no block")
        elif made:
            ctypes.memmove(made, block, min(old, size))
            self.heap.free(block)
        return made

    def free(self, record: Record, block: int) -> None:
        """Give a block back."""
        record.quiet()
        if block:
            self.heap.free(block)

    def get_size(self, record: Record, block: int) -> int:
        """The bytes of a block; all ones for NULL, as the page says."""
        record.quiet()
        size = self.heap.size(block)
        return (1 << 8 * abi.POINTER) - 1 if size is None else size

    def did_alloc(self, record: Record, block: int) -> int:
        """1 for a block of this allocator, 0 for another, -1 for NULL."""
        record.quiet()
        return -1 if not block else int(self.heap.size(block) is not None)

    def heap_minimize(self, record: Record) -> None:
        """There is nothing to give back."""
        record.quiet()
