r"""One bare hive: the NTUSER.DAT of a user, taken from its workstation, with the MAPISVC.INF that goes with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mapiwright.errors import Finding, NotFoundError, Severity
from mapiwright.workstation.disk.tree import TreeFiles
from mapiwright.workstation.kept import Kept
from mapiwright.workstation.mounts.hives import HiveFile, HiveRegistry
from mapiwright.workstation.outlook.outlook import (
    INF_NAME,
    OFFICE_VERSIONS,
    ONLY_X86,
    PROFILE_ROOTS,
    edition_of_profiles,
    width_of_profile,
)
from mapiwright.workstation.outlook.windows import USUAL_CODE_PAGE
from mapiwright.workstation.registry import KeyPath, View
from mapiwright.workstation.workstation import Bitness, Outlook, User

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mapiwright.workstation.disk.folder_state import FolderState
    from mapiwright.workstation.workstation import Edition

STATE_SUFFIX = ".mapiwright"
_STATE_FOLDER = r"C:\ProgramData\Mapiwright"
_INF_PATH = rf"C:\{INF_NAME}"
_UNKNOWN_SID = "S-1-5-21-0-0-0-1000"
# Where a Windows has its folders unless somebody moved them; the hive of a user does not say.
_USUAL_FOLDERS = {
    "SystemDrive": "C:",
    "SystemRoot": r"C:\Windows",
    "windir": r"C:\Windows",
    "ProgramFiles": r"C:\Program Files",
    "CommonProgramFiles": r"C:\Program Files\Common Files",
    "ProgramData": r"C:\ProgramData",
}


class HiveFileWorkstation:
    r"""One user's hive and, with ``inf``, the file that stands for ``C:\MAPISVC.INF``; it has no other files.

    ``edition`` and ``bitness`` say of the Outlook what the hive does not. Left out, they are those of the profiles in
    the hive; where those do not show it, Outlook 2007 and older are x86, and others x64. Our state is in a folder
    beside it, ``NTUSER.DAT.mapiwright``.
    """

    def __init__(
        self, path: Path, inf: Path | None = None, edition: Edition | None = None, bitness: Bitness | None = None
    ) -> None:
        self.uri = f"hive:{path}"
        self.description = f"the hive {path}"
        if not path.is_file():
            raise NotFoundError(
                "there is no such file", where=str(path), expected="a user's hive, such as NTUSER.DAT"
            )
        self.path = path.resolve()
        self._inf = inf
        self._edition = edition
        self._bitness = bitness
        self._hive = HiveFile(self.path)
        self.kept = Kept()

    def __repr__(self) -> str:
        return f"<HiveFileWorkstation {self.uri}>"

    @cached_property
    def registry(self) -> HiveRegistry:
        """The user's hive; a bare hive has no HKLM."""
        return HiveRegistry({self._user.root: self._hive})

    @cached_property
    def files(self) -> TreeFiles:
        """The INF, and our own folder."""
        inf = {_INF_PATH: self._inf.resolve()} if self._inf is not None else {}
        return TreeFiles({_STATE_FOLDER: self._beside, **inf}, private=_STATE_FOLDER)

    @cached_property
    def state(self) -> FolderState:
        """Our journal, receipts and backups, beside the hive."""
        from mapiwright.workstation.disk.folder_state import FolderState  # noqa: PLC0415 - not every verb asks for it

        return FolderState(self._beside)

    @property
    def state_folder(self) -> str:
        """Our folder."""
        return _STATE_FOLDER

    @property
    def as_user(self) -> User | None:
        """Nobody: what lies beside the hive is for whoever has the hive."""
        return None

    @property
    def users_states(self) -> Mapping[User, FolderState]:
        """None but the one beside the hive."""
        return {}

    def refresh(self) -> None:
        """Read again which edition and bitness the profiles are of."""
        self.kept.forget()
        for name in ("_edition_found", "_width_found"):
            self.__dict__.pop(name, None)

    def place(self, path: str) -> str:
        """Where it really lies: the INF as it was given, our folder beside the hive."""
        real = self.files.path_of(path)
        return str(real) if real is not None else ""

    @property
    def code_page(self) -> str:
        """The usual ANSI code page; a finding says that the hive does not have it."""
        return USUAL_CODE_PAGE

    @property
    def users(self) -> tuple[User, ...]:
        """The one user."""
        return (self._user,)

    @property
    def outlook(self) -> Outlook:
        """As the options say, else as the profiles in the hive do; raises NotFoundError where neither says."""
        edition, rule = self._edition, "as given"
        if edition is None:
            edition, rule = self._edition_found, "its key is in the hive"
        if edition is None:
            keys = dict.fromkeys(roots.profiles for roots in PROFILE_ROOTS.values())  # some editions share one
            raise NotFoundError(
                "the hive does not say which Outlook it is for",
                where=str(self.path),
                expected="one of these keys: " + ", ".join(keys),
                remedy="Say it: --edition 2016 (or 2013, 2010, 2007, 2003).",
            )
        bitness, bitness_rule = self._bitness_of(edition)
        rules = (
            (f"Outlook {edition}", rule),
            (f"{bitness} process", bitness_rule),
            (INF_NAME, f"as given: {self._inf}" if self._inf is not None else "none was given"),
        )
        return Outlook(edition, bitness, _INF_PATH, View.NATIVE, rules)

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """The one Outlook."""
        return (self.outlook,)

    @property
    def environment(self) -> dict[str, str]:
        """The usual variables for paths."""
        return dict(_USUAL_FOLDERS)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A hive that was not closed cleanly; a code page that had to be guessed, where it matters."""
        guessed = Finding(
            "MW3004",
            Severity.NOTE,
            str(self._inf),
            f"a hive does not have the code page; {USUAL_CODE_PAGE} is taken",
            rule="MAPISVC.INF is text in the ANSI code page of the machine",
            remedy="See that names beyond ASCII read well before you write.",
        )
        return (*self._hive.findings("the user"), *((guessed,) if self._inf is not None else ()))

    def why_unwritable(self, user: User) -> Finding | None:  # noqa: ARG002 - there is one
        """Why the hive cannot be written."""
        return self._hive.why_unwritable("the user")

    def _bitness_of(self, edition: Edition) -> tuple[Bitness, str]:
        """As given, as a profile in the hive is laid out, or as all Outlooks of an edition are; and by which rule."""
        profile, width = self._width_found
        found = next((each for each in (Bitness.X64, Bitness.X86) if each.pointer == width), None)
        if self._bitness is not None:
            differs = found is not None and found.pointer != self._bitness.pointer
            return self._bitness, f"as given, though profile {profile!r} is of {found}" if differs else "as given"
        if found is not None:
            return found, f"profile {profile!r} is laid out so"
        if edition in ONLY_X86:
            return Bitness.X86, f"Outlook {edition} is x86 only"
        return Bitness.X64, "the usual one; the hive does not say, so see --bitness"

    @cached_property
    def _width_found(self) -> tuple[str, int | None]:
        """The first profile of the hive that shows the width of a pointer, and the width."""
        for key in dict.fromkeys(PROFILE_ROOTS[edition].profiles for edition in OFFICE_VERSIONS):
            path = self._user.root / key
            for name in self.registry.subkeys(path) or ():
                profile = self.registry.read(path / name)
                width = width_of_profile(profile) if profile is not None else None
                if width is not None:
                    return name, width
        return "", None

    @cached_property
    def _edition_found(self) -> Edition | None:
        return edition_of_profiles(self.registry, self._user.root)

    @property
    def _beside(self) -> Path:
        return self.path.with_name(self.path.name + STATE_SUFFIX)

    @cached_property
    def _user(self) -> User:
        """Windows writes the name at each logon; some versions leave the SID, too."""
        here = KeyPath("HKU", ("hive",))
        hive = HiveRegistry({here: self._hive})
        current = here / r"Software\Microsoft\Windows\CurrentVersion\Explorer"
        places = ((current, "Logon User Name"), (here / "Volatile Environment", "USERNAME"))
        values = [hive.value(key, name) for key, name in places]
        name = next((value.text for value in values if value is not None and value.text), self.path.stem)
        sids = hive.subkeys(here / r"Software\Microsoft\Protected Storage System Provider") or ()
        sid = next((sid for sid in sids if sid.upper().startswith("S-1-5-21-")), _UNKNOWN_SID)
        return User(name, sid, KeyPath("HKU", (sid,)))
