"""The errors of Mapiwright: one tree, an exit code and an HRESULT per class.

    MapiwrightError                    exit  HRESULT
    |-- UsageError                      2    MAPI_E_INVALID_PARAMETER
    |-- RefusedError                    1    MAPI_E_NO_ACCESS          nothing was written
    |   |-- FormatError                 1    MAPI_E_CORRUPT_DATA       bytes that do not parse
    |   |-- FindingsError               1    MAPI_E_CORRUPT_DATA       many faults, reported together
    |   |-- NotFoundError               1    MAPI_E_NOT_FOUND
    |   |-- ExistsError                 1    MAPI_E_NO_ACCESS
    |   |-- ConflictError               1    MAPI_E_COLLISION          the workstation is not as the plan expects
    |   |-- BusyError                   1    MAPI_E_BUSY
    |   |-- UntrustedError              1    MAPI_E_NO_ACCESS          records that somebody else may have written
    |   `-- CallError                   1    MAPI_E_NO_SUPPORT         (or the code that the call's page names)
    |-- FailedError                     3    MAPI_E_CALL_FAILED        it failed and was rolled back
    |   |-- CancelledError              3    MAPI_E_USER_CANCEL
    |   `-- EntryPointError             3    MAPI_E_EXTENDED_ERROR     (carries the service's own HRESULT)
    `-- RecoveryNeededError             4    MAPI_E_CALL_FAILED        interrupted: run `mapiwright recover`

Every error says what was found, where, what was expected and what to do next.
Codes: MAPICode.h; the pages that name them are cited where they are raised.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from mapiwright.frozen import frozen
from mapiwright.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


SHOWN = 20
"""The faults that an error shows to people; it holds all of them."""


class MapiwrightError(Exception):
    """The root of the tree: a fact, its place, what was expected, and the remedy."""

    exit_code: ClassVar[int] = 1
    hresult: int = 0x80004005
    was_called: bool = True
    """Whether an effect that raised it may have reached a service's code; what did not has nothing to be called back.
    """

    def __init__(
        self, what: str | Message, *, where: str = "", expected: str = "", remedy: str | Message = ""
    ) -> None:
        self._what = what
        self.where = where
        self.expected = expected
        self._remedies: tuple[str | Message, ...] = (remedy,) if remedy else ()
        super().__init__(what)

    @property
    def what(self) -> str:
        """The fact, in English."""
        return str(self._what)

    @what.setter
    def what(self, what: str | Message) -> None:
        self._what = what

    @property
    def remedy(self) -> str:
        """What to do next, and what has become of what was begun, in English."""
        return "\n  ".join(map(str, self._remedies))

    @remedy.setter
    def remedy(self, remedy: str | Message) -> None:
        self._remedies = (remedy,) if remedy else ()

    def say_also(self, *messages: Message) -> None:
        """Say below the remedy what has become of what was begun."""
        self._remedies += messages

    def __str__(self) -> str:
        return self.shown(str)

    def shown(self, render: Callable[[Message], str]) -> str:
        """The whole text, with each message in it as ``render`` says it; what is no message stays English."""
        text = self._fact(render)
        if self.where:
            text = f"{self.where.removesuffix(':')}: {text}"  # a URI may end so
        return "\n  ".join((text, *(each if isinstance(each, str) else render(each) for each in self._remedies)))

    def _fact(self, render: Callable[[Message], str]) -> str:
        if isinstance(self._what, str):
            return f"{self._what} (expected {self.expected})" if self.expected else self._what
        if self.expected:
            return render(Message.of("sentences.expected", what=self._what, expected=self.expected))
        return render(self._what)


class UsageError(MapiwrightError):
    """The command or call makes no sense as it was written."""

    exit_code = 2
    hresult = 0x80070057


class RefusedError(MapiwrightError):
    """Mapiwright will not do it; nothing was written."""

    hresult = 0x80070005


class FormatError(RefusedError):
    """Bytes that are not what they should be; ``where`` holds the offset or the line."""

    hresult = 0x8004011B


class NotFoundError(RefusedError):
    """A profile, service, section, file or key that is not there."""

    hresult = 0x8004010F


class ExistsError(RefusedError):
    """The name is taken."""


class ConflictError(RefusedError):
    """The workstation is not as the plan expects: it was changed since."""

    hresult = 0x80040604


class BusyError(RefusedError):
    """Another run holds the workstation's lock."""

    hresult = 0x8004010B


class UntrustedError(RefusedError):
    """Records of ours that somebody else made, or can write."""


class CallError(RefusedError):
    """A MAPI call that is declined with the code that its page names."""

    hresult = 0x80040102

    def __init__(
        self, what: str, *, hresult: int = 0x80040102, where: str = "", expected: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, where=where, expected=expected, remedy=remedy)
        self.hresult = hresult


class FailedError(MapiwrightError):
    """It was begun, it failed, and everything was rolled back."""

    exit_code = 3
    made: tuple[str, ...] = ()
    """The names of things that a writer had changed when it failed; they are in their new state."""
    unmade: tuple[str, ...] = ()
    """The names of those that it had not; they are in their old state."""


class CancelledError(FailedError):
    """The user or the service cancelled; everything was rolled back."""

    hresult = 0x80040113


@frozen
class MapiError:
    """A MAPIERROR as data ([mapierror])."""

    error: str
    component: str = ""
    low_level: int = 0
    context: int = 0
    notes: tuple[str, ...] = ()
    """What the service did against the rules when it made it."""


class EntryPointError(FailedError):
    """A service's entry point failed, crashed, hung or could not be loaded; ``said`` is its own MAPIERROR."""

    hresult = 0x80040119

    def __init__(
        self,
        what: str,
        *,
        hresult: int = 0x80040119,
        where: str = "",
        remedy: str = "",
        said: MapiError | None = None,
        was_called: bool = True,
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.hresult = hresult
        self.said = said
        self.was_called = was_called


class RecoveryNeededError(MapiwrightError):
    """A transaction was interrupted and could not be completed or rolled back; the journal is kept."""

    exit_code = 4


class Severity(StrEnum):
    """How bad a finding is: an error stops the run, a warning asks for attention, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen
class Finding:
    """One observation with a stable id (``MW1204``) that a page explains.

    ``line`` counts from 1 and is 0 where there is no line; ``rule`` is the sentence that was broken,
    ``remedy`` what to do about it.
    """

    id: str
    severity: Severity
    where: str
    what: str
    rule: str = ""
    remedy: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        return f"{place}: {self.severity} {self.id}: {self.what}"


class FindingsError(RefusedError):
    """A document with faults, all of them reported together."""

    hresult = 0x8004011B

    def __init__(self, what: str, findings: Iterable[Finding], *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.findings = tuple(findings)

    def shown(self, render: Callable[[Message], str]) -> str:
        """The faults, each with its remedy, which several in a row may share; no more than a screen holds."""
        lines = [super().shown(render)]
        for remedy, faults in groupby(self.findings[:SHOWN], key=lambda finding: finding.remedy):
            lines += [*(f"  {finding}" for finding in faults), *([f"    {remedy}"] if remedy else [])]
        if len(self.findings) > SHOWN:
            lines.append(f"  ... and {len(self.findings) - SHOWN} more")
        return "\n".join(lines)
