"""The doctor: what a workstation is and what is wrong with it, read and never written, by names and headers alone.

It needs no elevation, runs no vendor's code, and where a workstation cannot say something (a bare hive has neither
files nor a machine's registry), the diagnosis says so instead of guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.entry.service.loading import PROGRAM, Loader
from mapiwright.errors import ConflictError, FormatError, NotFoundError, RefusedError, Severity
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.setup.install.preflight import MESSAGING_SUBSYSTEM
from mapiwright.workflows.doctor.findings.installed import (
    WAITS,
    installed_findings,
    made_by_us,
    owners_of_services,
    pending_findings,
    read_installations,
    service_record_findings,
    set_aside_findings,
    transaction_findings,
    users_records_findings,
)
from mapiwright.workflows.doctor.findings.policies import policy_findings
from mapiwright.workflows.doctor.findings.profiles import (
    UserProfiles,
    default_findings,
    default_store,
    graph_findings,
    loading_findings,
    read_profiles,
)
from mapiwright.workflows.doctor.findings.rules import finding
from mapiwright.workflows.doctor.findings.services import (
    NOTHING_REGISTERED,
    inf_findings,
    misplaced,
    own_findings,
    registered,
    service_findings,
)
from mapiwright.workstation.mounts.hive_logs import UNFINISHED
from mapiwright.workstation.mounts.hives import DAMAGED, damaged_hive
from mapiwright.workstation.outlook.outlook import INF_NAME, edition_of_profiles, keys_of_profiles
from mapiwright.workstation.outlook.windows import version
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mapiwright.errors import Finding
    from mapiwright.mapi.inf.mapisvc import Mapisvc
    from mapiwright.workflows.doctor.findings.services import Registered
    from mapiwright.workstation.workstation import Edition, Outlook, User, Workstation

MAIL_CLIENTS = r"HKLM\SOFTWARE\Clients\Mail"
OUTLOOK_CLIENT = "Microsoft Outlook"
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known of a workstation with the rules that found it, or why it is unknown."""

    name: str
    text: str
    rules: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a workstation is, and the findings, the worst first."""

    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is worse than a note."""
        return all(found.severity is Severity.NOTE for found in self.findings)

    @property
    def waits(self) -> bool:
        """Whether a call of a service's code is still to be sent."""
        return any(found.id == WAITS for found in self.findings)


def diagnose(workstation: Workstation, users: Sequence[User] | None = None) -> Diagnosis:
    """Examine a workstation and those users' profiles; all users but Default where none are given."""
    people = users if users is not None else [user for user in workstation.users if not user.template]
    examination = _Examination(workstation, people)
    examination.machine()
    examination.mapisvc()
    examination.people()
    examination.ours()
    found = dict.fromkeys([*workstation.findings, *examination.findings])
    return Diagnosis(tuple(examination.facts), tuple(sorted(found, key=lambda each: _ORDER[each.severity])))


class _Examination:
    """One workstation under examination: each step adds its facts and findings, for the later ones too."""

    def __init__(self, workstation: Workstation, users: Sequence[User]) -> None:
        self.workstation = workstation
        self.users = users
        self.facts: list[Fact] = []
        self.findings: list[Finding] = []
        self.outlook: Outlook | None = None
        self.loader: Loader | None = None
        self.known: Registered | None = None
        self.has_machine = workstation.registry.subkeys(KeyPath.parse(r"HKLM\SOFTWARE")) is not None
        """A bare hive has none."""
        there, faults = read_installations(workstation)
        self.there = there or {}
        self.installed_is_known = there is not None
        """Our records may be closed to this user."""
        self.findings += faults

    def machine(self) -> None:
        """Windows, Outlook, and whether MAPI is what programs find."""
        here = self.workstation
        if not self.has_machine:
            self._untold("Windows", "this workstation has no registry of the machine")
        else:
            self._fact("Windows", version(here.registry) or "its registry does not say")
        try:
            outlooks = here.outlooks
        except NotFoundError as error:
            self._untold("Outlook", "none was found")
            self.findings.append(finding("MW6001", here.uri, error.what))
            return
        self.outlook = outlooks[0]
        for outlook in outlooks:
            self.facts.append(_outlook_fact(outlook))
        self.loader = Loader(here, self.outlook, [user for user in self.users if here.why_unwritable(user) is None])
        if self.has_machine:
            self.findings += self._subsystem(self.outlook)
        if self.loader.known and not self.loader.has_program:
            what = f"{PROGRAM} is not there; its own DLLs were not looked for"
            self.findings.append(finding("MW6004", self.outlook.root or here.uri, what))

    def _subsystem(self, outlook: Outlook) -> Iterator[Finding]:
        key = KeyPath.parse(MESSAGING_SUBSYSTEM, outlook.view)
        mapix = self.workstation.registry.value(key, "MAPIX")
        # [installing-the-mapi-subsystem]: check it before relying on MAPI.
        if mapix is None or mapix.text != "1":
            what = "MAPIX is not there" if mapix is None else f"MAPIX is {mapix.text!r}"
            yield finding("MW6002", f"{key}: MAPIX", what)
        clients = KeyPath.parse(MAIL_CLIENTS, outlook.view)
        client = self.workstation.registry.value(clients, "")
        if client is not None and client.text and client.text != OUTLOOK_CLIENT:
            yield finding("MW6003", f"{clients}: (default)", f"the default mail client is {client.text}")

    def mapisvc(self) -> None:
        """MAPISVC.INF and its services."""
        outlook, loader = self.outlook, self.loader
        if outlook is None or loader is None:
            return
        here, path = self.workstation, outlook.inf_path
        rules = tuple(rule for fact, rule in outlook.rules if fact == INF_NAME)
        try:
            there = read_mapisvc(here, path)
        except RefusedError as error:
            self._fact("MAPISVC.INF", f"{here.place(path)}: it cannot be read", rules)
            self.findings.append(finding("MW6102", here.place(path), str(error)))
            return
        if there.data is None:
            self._no_inf(path, rules)
            return
        known = self.known = registered(there)
        services = ", ".join(there.catalogue.services) or "no service"
        self._fact("MAPISVC.INF", f"{there.where}: {services}", rules)
        self._decide_inf(there, known, outlook, loader)

    def _no_inf(self, path: str, rules: tuple[str, ...]) -> None:
        if not self.has_machine:
            self._untold("MAPISVC.INF", "a hive has none; name one with --inf")
            return
        self._fact("MAPISVC.INF", f"{path}: not there", rules)
        self.findings.append(finding("MW6101", path, "there is no such file"))
        self.known = NOTHING_REGISTERED

    def _decide_inf(self, there: Mapisvc, known: Registered, outlook: Outlook, loader: Loader) -> None:
        here, path = self.workstation, there.path
        self.findings += inf_findings(here, there)
        if self.has_machine:
            made_here = made_by_us(self.there, path)
            self.findings += own_findings(path, known, outlook.edition, made_here=made_here)
        if loader.known:
            owners = owners_of_services(self.there)
            self.findings += service_findings(here, there, loader, owners)
        else:
            self._untold("DLLs", "this workstation has no files, so no DLL could be looked for")
        self.findings += misplaced(here, outlook, known)

    def people(self) -> None:
        """Each user's profiles and policies."""
        for user in self.users:
            away = self.workstation.why_unwritable(user)
            if away is not None and away.id != UNFINISHED:
                if away.id == DAMAGED:
                    self.findings.append(away)
                self._untold("Profiles", f"{user.name}: {away.what}")
                continue
            try:
                self._examine(user, is_writable=away is None)
            except ConflictError:
                raise
            except RefusedError as error:
                self.findings.append(damaged_hive(error.where, f"user {user.name}", error))
                self._untold("Profiles", f"{user.name}: {error.what}")

    def _examine(self, user: User, *, is_writable: bool) -> None:
        """A user's profiles and policies; raises RefusedError where they cannot be read, or not be written."""
        edition = self._edition(user)
        if edition is None:
            self._untold("Profiles", f"{user.name}: no Outlook, and no key of one")
            return
        pointer = self.outlook.bitness.pointer if self.outlook is not None else 8
        profiles = read_profiles(self.workstation, user, edition, pointer=pointer)
        decided = tuple(self._decide_user(profiles))
        self._fact("Profiles", f"{user.name}: {_profiles_text(profiles)}")
        self.findings += decided
        if is_writable:
            self.workstation.registry.refuse_unwritable(keys_of_profiles(user.root, edition))

    def _damage_of_the_machine(self) -> Iterator[Finding]:
        """Why an install could not write the machine's registry, where its hive is damaged."""
        try:
            self.workstation.registry.refuse_unwritable([KeyPath("HKLM", ("SOFTWARE",))])
        except FormatError as error:
            yield damaged_hive(error.where, "this workstation", error)
        except RefusedError:
            return  # not closed cleanly, absent, or closed to this user: that is known already

    def _edition(self, user: User) -> Edition | None:
        if self.outlook is not None:
            return self.outlook.edition
        return edition_of_profiles(self.workstation.registry, user.root)

    def _decide_user(self, of: UserProfiles) -> Iterator[Finding]:
        yield from default_findings(self.workstation, of)
        yield from graph_findings(self.workstation, of)
        if self.loader is not None:
            yield from loading_findings(self.workstation, of, self.known, self.loader, owners_of_services(self.there))
        yield from policy_findings(self.workstation, of.user, of.edition)

    def ours(self) -> None:
        """What Mapiwright installed, and what it left half-done."""
        self.findings += self._damage_of_the_machine()
        self.findings += transaction_findings(self.workstation)
        self.findings += set_aside_findings(self.workstation)
        self.findings += users_records_findings(self.workstation)
        if self.installed_is_known and self.known is not None:
            self.findings += service_record_findings(self.workstation, sorted(self.known.services))
        if self.outlook is not None:
            for found in self.there.values():
                self.findings += installed_findings(self.workstation, found, self.users)
        if not self.installed_is_known:
            self._untold("Installed", "Mapiwright's records are closed to this user, or not to be believed")
            return
        self.findings += pending_findings(self.workstation, self.users)
        listed = ", ".join(f"{found.id} {found.version}" for found in self.there.values())
        self._fact("Installed", listed or "nothing by Mapiwright")

    def _fact(self, name: str, text: str, rules: tuple[str, ...] = ()) -> None:
        self.facts.append(Fact(name, text, rules))

    def _untold(self, name: str, why: str) -> None:
        self.facts.append(Fact(name, why, known=False))


def _outlook_fact(outlook: Outlook) -> Fact:
    parts = [f"{outlook.edition} ({outlook.bitness})"]
    if outlook.install is not None:
        parts.append(outlook.install.installer)
    if outlook.lcids:
        parts.append(f"language {', '.join(map(str, outlook.lcids))}")
    rules = tuple(f"{fact}: {rule}" for fact, rule in outlook.rules if fact != INF_NAME)
    return Fact("Outlook", ", ".join(parts), rules)


def _profiles_text(of: UserProfiles) -> str:
    texts = []
    for profile in of.profiles:
        marks = ["default"] if of.default is not None and profile.name.casefold() == of.default.casefold() else []
        main = default_store(profile)
        marks += [f"default store {main}"] if main else []
        texts.append(f"{profile.name} ({', '.join(marks)})" if marks else profile.name)
    return ", ".join(texts) or "no profile"
