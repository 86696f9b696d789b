"""The MSGSERVICEENTRY contract: contexts, flags, results, requests and outcomes ([msgserviceentry])."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from mapiwright.errors import MapiwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mapiwright.entry.service.form import Page
    from mapiwright.errors import MapiError
    from mapiwright.formats.props import Properties, PropertyValue


NOT_CALLED = "The entry point was not called."
NOT_LOADED = "The entry point was not called, and nothing of the service was loaded."


@contextmanager
def before_the_call() -> Iterator[None]:
    """What is raised in here says that the entry point was not called, so that nothing calls it back."""
    try:
        yield
    except MapiwrightError as error:
        error.was_called = False
        error.remedy = f"{NOT_CALLED} {error.remedy}".rstrip()
        raise


@contextmanager
def in_the_second_call() -> Iterator[None]:
    """What is raised in here says so, and that a first call was made, whatever became of this one."""
    try:
        yield
    except MapiwrightError as error:
        if not error.was_called:
            rest = error.remedy.removeprefix(NOT_LOADED).removeprefix(NOT_CALLED).lstrip()
            error.remedy = f"The entry point was called once, and nothing that it set was kept. {rest}".rstrip()
        error.was_called = True
        error.what = f"in the second call, with the other character width, {error.what}"
        raise


class Context(IntEnum):
    """``ulContext``: why the entry point is called (H:MAPISPI.h)."""

    INSTALL = 1
    CREATE = 2
    CONFIGURE = 3
    DELETE = 4
    UNINSTALL = 5
    PROVIDER_CREATE = 6
    PROVIDER_DELETE = 7


class EntryFlag(IntFlag):
    """``ulFlags`` of an entry point (H:MAPISPI.h, mapidefs.h)."""

    UI_ALWAYS = 0x2
    UI_CURRENT_PROVIDER_FIRST = 0x4
    UI_READ_ONLY = 0x8
    UI_ALLOWED = 0x10
    LOGON_FAILED = 0x20
    NO_RESTART_WARNING = 0x80
    UNICODE = 0x80000000


NO_FLAGS = EntryFlag(0)


class Flavour(StrEnum):
    """How the interfaces of a library lie in memory ([native] 1.3)."""

    COM = "com"
    """As Windows has it: every DLL, and every library in C."""
    ITANIUM = "itanium"
    """As g++ lays out C++ interfaces that inherit virtually: the providers of mapi4linux, such as Kopano's."""


class EntryPolicy(StrEnum):
    """What becomes of a call that cannot be made here; SKIP makes none at all."""

    REQUIRE = "require"
    DEFER = "defer"
    SKIP = "skip"


class Result(IntEnum):
    """The HRESULTs that decide what becomes of a call (H:MAPICode.h); ``mapi.props.codes`` names all of them."""

    S_OK = 0x00000000
    MAPI_E_CALL_FAILED = 0x80004005
    MAPI_E_NO_SUPPORT = 0x80040102
    MAPI_E_BAD_CHARWIDTH = 0x80040103
    MAPI_E_USER_CANCEL = 0x80040113
    MAPI_E_EXTENDED_ERROR = 0x80040119
    MAPI_E_CORRUPT_DATA = 0x8004011B
    MAPI_E_UNCONFIGURED = 0x8004011C
    MAPI_E_TIMEOUT = 0x80040401


def succeeded(hresult: int) -> bool:
    """Whether an HRESULT, as an unsigned number, says success: its highest bit is clear."""
    return hresult < 0x80000000


def how_to_own(uid: str) -> str:
    """The remedy for a service that needs a section which is not its own: MAPISVC.INF makes it so."""
    return (
        f"If the service is to have it, its section of MAPISVC.INF needs Sections=NAME, and [NAME] needs "
        f"UID={uid.upper()}."
    )


def is_uid(name: str) -> bool:
    """Whether the name of a section spells a MAPIUID: 16 bytes as 32 hex digits."""
    return re.fullmatch(r"[0-9A-Fa-f]{32}", name, re.ASCII) is not None


@dataclass(frozen=True, slots=True)
class VisibleSection:
    """A section as the service sees it: its uid, its INF section name where it has one, and its properties.

    ``role`` is ``service``, ``provider`` or ``extra``.
    """

    uid: str
    role: str
    name: str
    properties: Properties = field(repr=False)


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """One call of an entry point, the same for a Python stand-in and for a native library.

    ``profile`` is "" for INSTALL and UNINSTALL, which concern the machine; ``sections`` are the service's own only.
    ``properties`` are configuration properties, given with CONFIGURE only ([msgserviceentry]);
    they may hold secrets, so no ``repr`` shows them.
    """

    service: str
    context: Context
    flags: EntryFlag = NO_FLAGS
    profile: str = ""
    sections: tuple[VisibleSection, ...] = ()
    properties: Properties = field(default_factory=lambda: MappingProxyType({}), repr=False)
    code_page: str = "cp1252"
    """The ANSI code page of 8-bit texts."""
    definitions: Mapping[str, Properties] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """The providers that MAPISVC.INF has of the service, by name: what CreateProvider copies."""
    foreign: frozenset[str] = frozenset()
    """The uids of the profile's other sections, which are not the service's own."""
    search_key: bytes = b""
    """PR_SEARCH_KEY of the profile, which a service reads in MUID_PROFILE_INSTANCE ([pidtagsearchkey])."""
    provider: tuple[str, str] | None = None
    """Under PROVIDER_CREATE the name and uid of the provider that was made, for the service to continue with."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One call of an interface that a native service made, for people: ``on`` is ``IProfSect#4``.

    ``given`` and ``got`` are JSON values by the documented names of the arguments; what is secret is not in them.
    """

    on: str
    method: str
    hresult: int | None
    given: Mapping[str, Any]
    got: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How a native service behaved: its calls as they came, what it asked for in vain, and what it did wrong.

    ``wanted`` are methods that the object does not support, and how often; ``misuse`` are sentences about leaks,
    double frees and calls on released objects; ``doubt`` are signs that its interfaces have another flavour than was
    thought. ``refused`` are the uids of sections that it asked for, and that are not its own.
    """

    trace: tuple[Traced, ...] = ()
    wanted: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    misuse: tuple[str, ...] = ()
    doubt: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


NO_REPORT = Report()


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What a call came to: the HRESULT, the service's own words, and the properties it set or removed, by section.

    A uid that was not in the request is a section that the service created: a provider where ``made`` has its name,
    an extra section otherwise. ``gone`` are the uids of the providers that it deleted.
    """

    hresult: int
    error: MapiError | None = None
    changed: Mapping[str, Mapping[int, PropertyValue | None]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    made: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    gone: tuple[str, ...] = ()
    log: str = ""
    """The tail of what the guest printed; empty where the request held a secret."""


@dataclass(frozen=True, slots=True)
class WizardAnswer:
    """A service's pages of the Profile Wizard, and the properties that are gathered for it by now."""

    pages: tuple[Page, ...]
    properties: Properties = field(repr=False)


class EntryHost(Protocol):
    """Runs an entry point somewhere that cannot hurt us: in a child process with a deadline."""

    @property
    def form(self) -> str:
        """What it runs: ``python`` or ``native``."""
        ...

    def call(self, request: EntryRequest) -> EntryOutcome:
        """Call; raises EntryPointError where the service crashed, hung, or could not be loaded."""
        ...
