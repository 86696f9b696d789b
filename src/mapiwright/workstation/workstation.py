"""The workstation: the computer being serviced, whether it is a folder, a hive, memory or this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mapiwright.frozen import frozen
from mapiwright.workstation.files import FileReader
from mapiwright.workstation.registry import KeyPath, RegistryReader, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mapiwright.errors import Finding
    from mapiwright.workstation.change import FileChange, RegistryChange
    from mapiwright.workstation.kept import Kept
    from mapiwright.workstation.state import State


class Edition(StrEnum):
    """The Outlook editions whose profiles we know, by the year in their name; 2016 is 2019, 2021 and 365, too."""

    OUTLOOK_2003 = "2003"
    OUTLOOK_2007 = "2007"
    OUTLOOK_2010 = "2010"
    OUTLOOK_2013 = "2013"
    OUTLOOK_2016 = "2016"


class Bitness(StrEnum):
    """The kind of process that loads a provider's DLL; what Windows itself runs on does not decide.

    An x64 process may be an emulated or ARM64EC one on an ARM64 Windows: it loads x64 and ARM64EC DLLs alike.
    ARM64 is a process that loads ARM64 DLLs only.
    """

    X86 = "x86"
    X64 = "x64"
    ARM64 = "arm64"

    @property
    def pointer(self) -> int:
        """The size of a pointer in bytes; it shapes multi-valued properties ([MFC], [REAL])."""
        return 4 if self is Bitness.X86 else 8


class Install(StrEnum):
    """What put an Outlook on its workstation; it decides where its files are."""

    MSI = "msi"
    CLICK_TO_RUN = "click-to-run"

    @property
    def installer(self) -> str:
        """Its name as people know it."""
        return "Windows Installer" if self is Install.MSI else "Click-to-Run"


@frozen
class User:
    """A user of the workstation: the name of the profile folder, the SID, and where the user's keys are."""

    name: str
    sid: str
    root: KeyPath
    template: bool = False
    """True for Default, from which Windows makes new users."""


@frozen
class Outlook:
    """An Outlook that a workstation has, and the rule that found each fact.

    ``inf_path`` is where MAPISVC.INF is or, if it is absent, where that Outlook would look for it.
    ``view`` is the registry view of that Outlook's process.
    """

    edition: Edition
    bitness: Bitness
    inf_path: str
    view: View
    rules: tuple[tuple[str, str], ...] = ()
    """What was found, and by which rule: ``("MAPISVC.INF", "folder of DLLPathEx")``."""
    install: Install | None = None
    """What installed it; None where nothing says, as with a bare hive."""
    root: str = ""
    """The folder of OUTLOOK.EXE; "" where nothing says."""
    lcids: tuple[int, ...] = ()
    """Its languages, the one of ``inf_path`` first; empty where nothing says."""
    other_inf_paths: tuple[str, ...] = ()
    """Files of that name that are there too, and that this Outlook does not read: those of other languages."""


class Registry(RegistryReader, Protocol):
    """Reads snapshots; applies sequences of changes, made durable once."""

    def apply(self, changes: Sequence[RegistryChange]) -> None:
        """Make every change true and durable; called by the transaction only.

        A change that is true already is skipped, so that applying twice is applying once. A change whose old
        state does not hold raises ConflictError, and then none was made. Each single value or key is in its old
        or its new state afterwards, whatever is raised; a FailedError says in ``made`` and ``unmade`` which are
        which, and after any other error none was made. All or nothing is what the transaction promises, not this.
        Keys above a created key must exist; the planner creates them one by one, so that each has its inverse.
        What a killed run left beside a hive goes, also where every change is true already.
        """
        ...

    def refuse_unwritable(self, keys: Iterable[KeyPath]) -> None:
        """Write nothing; raise what ``apply`` would, where a hive of one of the keys is not one to be written.

        RefusedError where it was not closed cleanly or there is none for the key, NotFoundError where it is absent,
        FormatError where it is damaged.
        """
        ...

    def unclosed(self, keys: Iterable[KeyPath]) -> Mapping[str, bytes]:
        """The files of hives that were not closed cleanly and that a write to the keys will close, by their names."""
        ...


class Files(FileReader, Protocol):
    """Reads files; applies sequences of changes, each made durable."""

    def refuse_impossible(self, changes: Iterable[FileChange]) -> None:
        """Write nothing; raise RefusedError that names a change which this workstation cannot make at all.

        That is ``ReplaceAtRestart`` where no Windows runs, a name that Windows does not have, a place below a file or
        on a drive that is not here, and a folder that neither is there nor is made before. The transaction asks
        before its journal begins. To take a change back is never refused for that: what was not made is true already.
        """
        ...

    def apply(self, changes: Sequence[FileChange]) -> None:
        """Make every change true and durable; called by the transaction only.

        A change that is true already is skipped. A change whose old state does not hold raises ConflictError
        before the first is applied. Each single file or folder is in its old or its new state afterwards, whatever
        is raised; a FailedError says in ``made`` and ``unmade`` which are which, and after any other error none was
        made. Folders above a written file must exist: the planner makes them one by one.
        Owner, mode, ACL and extended attributes of a replaced file survive. What a killed run left beside a file
        goes, also where every change is true already.
        """
        ...


class Workstation(Protocol):
    """What is serviced: files, registry, users, facts about its Outlook, and our state on it.

    Its facts (users, Outlooks, variables, code page) are read once and stay as they were until ``refresh``.
    """

    @property
    def uri(self) -> str:
        """How a user names it: ``image:/mnt/pc``."""
        ...

    @property
    def description(self) -> str:
        """One line for people: what it is and where."""
        ...

    @property
    def registry(self) -> Registry:
        """Its registry."""
        ...

    @property
    def files(self) -> Files:
        """Its files."""
        ...

    @property
    def state(self) -> State:
        """Our journal, receipts and backups on it."""
        ...

    @property
    def state_folder(self) -> str:
        r"""The Windows path of our folder on it, ``C:\ProgramData\Mapiwright``, for files that a plan writes."""
        ...

    @property
    def as_user(self) -> User | None:
        r"""The user whose own records ``state`` and ``state_folder`` are, in ``AppData\Local`` of the profile folder.

        So it is where the machine's records are another's and closed to who runs this, and exactly one user's hive is
        theirs; None where ``state`` is the machine's.
        """
        ...

    @property
    def users_states(self) -> Mapping[User, State]:
        """The records of users who did their half themselves, for a run whose ``state`` is the machine's.

        They are in the users' hands, so each may be believed of its own user alone.
        """
        ...

    @property
    def kept(self) -> Kept:
        """What was read of it and holds until somebody writes."""
        ...

    def refresh(self) -> None:
        """Have the facts, and whatever else is kept, read again when they are next asked for.

        The transaction calls it when it has the lock and at its end; so does who changes the workstation otherwise.
        """
        ...

    def place(self, path: str) -> str:
        """How people find a file or folder that Windows has at ``path``; "" where there can be none.

        It is that path, but where the workstation is no Windows and the thing lies in a place of its own.
        """
        ...

    @property
    def code_page(self) -> str:
        """Its ANSI code page as a Python codec name, ``cp1252``."""
        ...

    @property
    def users(self) -> tuple[User, ...]:
        """Its users by name, from ProfileList and not from folders; Default last."""
        ...

    @property
    def outlook(self) -> Outlook:
        """The Outlook that counts; raises NotFoundError with the places that were looked at."""
        ...

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """Every Outlook, the one that counts first; raises NotFoundError as ``outlook`` does."""
        ...

    @property
    def environment(self) -> dict[str, str]:
        """The machine's variables for paths: SystemRoot, ProgramFiles, CommonProgramFiles, ProgramData..."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the user should know before anything else, such as a hive that was not closed cleanly."""
        ...

    def why_unwritable(self, user: User) -> Finding | None:
        """Why a user's keys cannot be written (and, unless it is MW3001, cannot be read), or None where they can."""
        ...
