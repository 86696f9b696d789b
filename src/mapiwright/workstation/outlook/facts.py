"""The facts of a Windows: its variables, users, code page and Outlooks, each read once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError
from mapiwright.workstation.outlook import windows
from mapiwright.workstation.outlook.detection import find_outlooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mapiwright.errors import Finding
    from mapiwright.workstation.files import FileReader
    from mapiwright.workstation.outlook.windows import UserFolder
    from mapiwright.workstation.registry import RegistryReader
    from mapiwright.workstation.workstation import Outlook, User


class Facts:
    """What a Windows says of itself, as it was when it was first asked; a later state is another ``Facts``.

    Each fact is read at the first ask, so that one that cannot be read (a damaged hive) leaves the others.
    """

    def __init__(
        self,
        registry: RegistryReader,
        files: Callable[[], FileReader],
        people: Callable[[RegistryReader, Mapping[str, str]], Iterable[UserFolder]] = windows.user_folders,
    ) -> None:
        """``registry`` holds HKLM; ``files`` gives the files, which may themselves be found by these facts.

        ``people`` says who the users are, by the registry and the machine's variables.
        """
        self._registry = registry
        self._files = files
        self._find_people = people

    @cached_property
    def environment(self) -> dict[str, str]:
        """The machine's variables for paths."""
        return windows.environment(self._registry)

    @cached_property
    def user_folders(self) -> tuple[UserFolder, ...]:
        """The users with their profile folders, by name; Default last."""
        return tuple(self._find_people(self._registry, self.environment))

    @cached_property
    def users(self) -> tuple[User, ...]:
        """The users by name; Default last."""
        return tuple(found.user for found in self.user_folders)

    @property
    def code_page(self) -> str:
        """The ANSI code page as a Python codec name."""
        return self._code_page[0]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """That the code page had to be guessed."""
        return self._code_page[1]

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """The Outlooks, the one that counts first; raises NotFoundError, each time one of its own."""
        found = self._outlooks
        if isinstance(found, NotFoundError):
            raise NotFoundError(found.what, where=found.where, expected=found.expected, remedy=found.remedy)
        return found

    @cached_property
    def _code_page(self) -> tuple[str, tuple[Finding, ...]]:
        return windows.code_page(self._registry)

    @cached_property
    def _outlooks(self) -> tuple[Outlook, ...] | NotFoundError:
        try:
            return find_outlooks(self._registry, self._files(), self.environment)
        except NotFoundError as error:
            return error


class WholeWindows(ABC):
    """What a workstation answers by its facts, where it is a whole Windows."""

    @property
    @abstractmethod
    def _facts(self) -> Facts:
        """What its registry states, read once."""

    def place(self, path: str) -> str:
        """As Windows names it."""
        return path

    @property
    def code_page(self) -> str:
        """Its ANSI code page."""
        return self._facts.code_page

    @property
    def users(self) -> tuple[User, ...]:
        """Its users."""
        return self._facts.users

    @property
    def outlook(self) -> Outlook:
        """The Outlook that counts."""
        return self.outlooks[0]

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """Its Outlooks, the one that counts first."""
        return self._facts.outlooks

    @property
    def environment(self) -> dict[str, str]:
        """Its variables for paths."""
        return self._facts.environment
