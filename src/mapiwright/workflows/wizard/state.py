"""What the Profile Wizard knows and shows: how it was launched, what it found, its pages, what was entered.

All of it is frozen; `wizard_flow` makes one state from another. Texts that a user enters may be secrets, and are in
no ``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntFlag, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mapiwright.entry.service.form import NO_WORDS, Field, Page
from mapiwright.entry.service.form_reading import PR_WIZARD_NO_PAB_PAGE, PR_WIZARD_NO_PST_PAGE
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.entry.service.contract import WizardAnswer
    from mapiwright.entry.service.form import Entered, Why
    from mapiwright.entry.wizard import WizardSupport
    from mapiwright.formats.props import Properties

PR_PST_PATH = 0x6700001F
PR_PAB_PATH = 0x6600001F
NAME = "name"
PATH = "path"
"""The fields of the wizard's own pages, as answers call them."""


class WizardFlag(IntFlag):
    """``ulFlags`` of LaunchWizard (H:MAPIWz.h)."""

    FIRST_PROFILE = 0x01
    LAUNCHED_BY_CONFIG = 0x02
    ADD_SERVICE_ONLY = 0x04
    PROVIDER_UI_ONLY = 0x08
    HIDE_SERVICES_LIST = 0x10


NO_WIZARD_FLAGS = WizardFlag(0)


@dataclass(frozen=True, slots=True)
class Launch:
    """How the wizard was called: flags, services that are wanted, and a name to propose for the profile, or ""."""

    flags: WizardFlag = NO_WIZARD_FLAGS
    services: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A service of MAPISVC.INF, as the list shows it; ``usual`` says that it is one of [Default Services]."""

    name: str
    display: str
    support: WizardSupport
    usual: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is before the wizard begins.

    ``default`` is the name of the default profile, ``held`` the services in it; ``names`` are all profiles.
    ``free_name`` is proposed for a new one. ``personal_folders`` and ``address_book`` are the services behind the
    wizard's own two pages, "" where MAPISVC.INF has none.
    """

    offers: tuple[Offer, ...]
    default: str | None = None
    held: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    free_name: str = "Outlook"
    personal_folders: str = ""
    address_book: str = ""

    def offer(self, service: str) -> Offer | None:
        """The offer of a service, by name without regard to case."""
        return next((each for each in self.offers if upcase(each.name) == upcase(service)), None)


class PageKind(StrEnum):
    """What a page is about."""

    WELCOME = "welcome"
    SERVICES = "services"
    SERVICE = "service"
    PERSONAL_FOLDERS = "personal-folders"
    ADDRESS_BOOK = "address-book"
    NAME = "name"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Stage:
    """A page of the wizard's own, or a service, which has pages of its own."""

    kind: PageKind
    service: str = ""

    @property
    def key(self) -> str:
        """What entered texts are kept under."""
        return f"{self.kind}:{self.service}"


class Phase(Enum):
    """How far the wizard is."""

    PAGES = "pages"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Problem(StrEnum):
    """Why the wizard does not go on from a page of its own."""

    NO_SERVICE = "no-service"
    NAME_ILLEGAL = "name-illegal"
    NAME_TAKEN = "name-taken"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a page stays: faults of its fields by name, a problem of the wizard's, or a service's own message."""

    faults: Mapping[str, Why] = field(default_factory=lambda: MappingProxyType({}))
    problem: Problem | None = None
    words: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a service that is not answered yet: about the stage at ``position``.

    ``page`` is the page that the user leaves, None on entering the service; ``forward`` is the direction.
    """

    position: int
    page: int | None
    forward: bool


@dataclass(frozen=True, slots=True)
class WizardState:
    """The state of the wizard. ``position`` counts the stages from 0, and is -1 before the first page."""

    launch: Launch
    ground: Ground
    chosen: tuple[str, ...]
    name: str
    position: int = -1
    page: int = 0
    phase: Phase = Phase.PAGES
    gathered: Mapping[str, WizardAnswer] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    entered: Mapping[tuple[str, str], Entered] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    objection: Objection | None = None
    asked: Asked | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of the wizard, as far as they are known now ([launchwizardentry])."""
        flags, ground = self.launch.flags, self.ground
        only = bool(flags & WizardFlag.ADD_SERVICE_ONLY)
        if only and ground.default is not None:
            return ()  # the services go into the default profile, and no page is shown
        services = tuple(Stage(PageKind.SERVICE, name) for name in self.chosen)
        if flags & WizardFlag.PROVIDER_UI_ONLY:
            return services
        found: list[Stage] = []
        if not (only and flags & WizardFlag.LAUNCHED_BY_CONFIG):
            found.append(Stage(PageKind.WELCOME))
        if not only and not flags & WizardFlag.HIDE_SERVICES_LIST:
            found.append(Stage(PageKind.SERVICES))
        found += services
        if not only:  # [derived]: adding the listed services only adds no data file
            found += self._of_the_wizard()
        return (*found, Stage(PageKind.NAME), Stage(PageKind.SUMMARY))

    def _of_the_wizard(self) -> list[Stage]:
        """Its pages for a data file and a personal address book, unless a chosen service does without them."""
        unwanted = {
            tag
            for name in self.chosen
            if (answer := self.gathered.get(name)) is not None
            for tag, value in answer.properties.items()
            if value is True
        }
        return [
            Stage(kind, service)
            for kind, service, tag in (
                (PageKind.PERSONAL_FOLDERS, self.ground.personal_folders, PR_WIZARD_NO_PST_PAGE),
                (PageKind.ADDRESS_BOOK, self.ground.address_book, PR_WIZARD_NO_PAB_PAGE),
            )
            if service and service not in self.chosen and tag not in unwanted
        ]

    @property
    def stage(self) -> Stage | None:
        """The stage that is shown; None where no page is."""
        stages = self.stages
        return stages[self.position] if 0 <= self.position < len(stages) else None

    @property
    def form(self) -> Page | None:
        """What the page that is shown asks for; None where it is no page with fields of properties."""
        stage = self.stage
        match stage.kind if stage is not None else None:
            case PageKind.SERVICE:
                assert stage is not None  # noqa: S101 - it has a kind
                answer = self.gathered.get(stage.service)
                return answer.pages[self.page] if answer is not None and self.page < len(answer.pages) else None
            case PageKind.PERSONAL_FOLDERS | PageKind.ADDRESS_BOOK as kind:
                return _path_page(kind)
        return None

    def entered_in(self, asked: Field, stage: Stage | None = None) -> Entered:
        """The content of a field of a stage, by default of the one that is shown."""
        at = stage or self.stage
        return asked.first if at is None else self.entered.get((at.key, asked.name), asked.first)

    @property
    def adds(self) -> tuple[tuple[Stage, tuple[Field, ...]], ...]:
        """What the profile gets: its services in order, with the fields of their pages; of the wizard's own two those
        for which a path was given.
        """
        found = []
        for stage in self.stages:
            if stage.kind is PageKind.SERVICE:
                answer = self.gathered.get(stage.service)
                pages = answer.pages if answer is not None else ()
                found.append((stage, tuple(asked for page in pages for asked in page.fields)))
            elif stage.kind in PATHS:
                (asked,) = _path_page(stage.kind).fields
                if self.entered_in(asked, stage):
                    found.append((stage, (asked,)))
        return tuple(found)

    @property
    def profile(self) -> str:
        """The profile that gets the services: the default one where they are only added to it, else a new one."""
        only = self.launch.flags & WizardFlag.ADD_SERVICE_ONLY
        return self.ground.default if only and self.ground.default is not None else self.name

    @property
    def nothing_to_add(self) -> bool:
        """[launchwizardentry]: a default profile, one service, and it is there already: S_OK, and nothing is done."""
        held = {upcase(name) for name in self.ground.held}
        only = self.launch.flags & WizardFlag.ADD_SERVICE_ONLY
        return (
            bool(only)
            and self.ground.default is not None
            and len(self.chosen) == 1
            and upcase(self.chosen[0]) in held
        )


PATHS: Mapping[PageKind, int] = MappingProxyType(
    {PageKind.PERSONAL_FOLDERS: PR_PST_PATH, PageKind.ADDRESS_BOOK: PR_PAB_PATH}
)
"""The wizard's own pages that add a service, and the property that its path becomes."""


def _path_page(kind: PageKind) -> Page:
    """Such a page asks for the path of a file; without one nothing is added."""
    return Page(NO_WORDS, (Field(PATH, PATHS[kind], NO_WORDS, required=False),))


# What happens.


@dataclass(frozen=True, slots=True)
class Next:
    """The user goes on, with the contents of the fields by name; on the list, the names of ticked services.

    On the last page it is Finish.
    """

    entered: Mapping[str, Entered] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class Back:
    """The user goes back; the contents of the fields are kept."""

    entered: Mapping[str, Entered] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class Cancel:
    """The user cancels it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The service has given its pages."""

    answer: WizardAnswer


@dataclass(frozen=True, slots=True)
class Refused:
    """The service that was asked does not go on, or its code failed."""

    words: str


@dataclass(frozen=True, slots=True)
class Written:
    """The plan was applied."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The plan failed and was rolled back, or could not be made."""


Event: TypeAlias = Next | Back | Cancel | Reported | Refused | Written | Failed


# What it wants done.


@dataclass(frozen=True, slots=True)
class AskPages:
    """Ask a service for its pages, as the user enters it (``page`` None) or leaves one; Reported or Refused."""

    service: str
    page: int | None
    properties: Properties = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestedService:
    """A service that a profile gets, and what it is configured with; nothing where it is not configured."""

    service: str
    properties: Properties = field(repr=False)


@dataclass(frozen=True, slots=True)
class Write:
    """Put the services into a profile, which is made where it is ``new``; Written or Failed.

    ``default`` says that it becomes the default profile.
    """

    profile: str
    new: bool
    default: bool
    services: tuple[RequestedService, ...]


Request: TypeAlias = AskPages | Write
