"""A call of a service's entry point as an effect: what a transaction does between its legs.

The service sees its own sections and returns what it changed of them; the transaction makes those changes a leg of
their own. Where no code of the service can run, the call is recorded as pending and never reported as sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.entry.child.standin import properties_from_wire, properties_to_wire
from mapiwright.entry.contract import Context, EntryFlag, EntryPolicy, EntryRequest, Result, succeeded
from mapiwright.entry.guest import guest_sections
from mapiwright.entry.python_host import PythonHost
from mapiwright.entry.record import read_record, sources_of
from mapiwright.entry.secrecy import public
from mapiwright.errors import (
    CancelledError,
    EntryPointError,
    FindingsError,
    FormatError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi import store, tags
from mapiwright.mapi.catalogue import Catalogue
from mapiwright.mapi.codes import hresult_name
from mapiwright.mapi.profile import Section
from mapiwright.transaction.effect import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.entry.contract import EntryHost, EntryOutcome
    from mapiwright.mapi.definition import Properties, ServiceDefinition
    from mapiwright.mapi.profile import Profile, Service
    from mapiwright.transaction.effect import EffectMaker, Json
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import User, Workstation

KIND = "entry-point"
COUNTERPART = {Context.INSTALL: Context.UNINSTALL, Context.CREATE: Context.DELETE}
"""What calls a call back; the others have nothing that does."""

OF_THE_MACHINE = frozenset({Context.INSTALL, Context.UNINSTALL})
"""Contexts that concern no profile."""


def host_for(workstation: Workstation, service: str) -> EntryHost | None:
    """What can run the service's code here, or None: today its Python stand-in, where its package has one."""
    record = read_record(workstation, service)
    if record is None or record.stand_in is None:
        return None
    return PythonHost(sources_of(workstation, record), record.stand_in.entry, record.stand_in.deadline)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The profile that a call concerns, as it stands now."""

    user: User
    profile: Profile
    service: Service


@dataclass(frozen=True, slots=True)
class EntryCall:
    """One call of the entry point of ``service``; for its caller to leave out where none is declared.

    ``user`` (the name), ``profile`` and ``uid`` (the service's section) are empty for INSTALL and UNINSTALL.
    ``provider`` is the uid of the provider's section that PROVIDER_CREATE and PROVIDER_DELETE are about.
    ``properties`` are configuration properties, for CONFIGURE only ([msgserviceentry]); secure ones are in no
    description, so a call made again from one names their tags in ``withheld`` and cannot be sent without them.
    """

    service: str
    context: Context
    user: str = ""
    profile: str = ""
    uid: str = ""
    properties: Properties = field(default_factory=lambda: MappingProxyType({}), repr=False)
    policy: EntryPolicy = EntryPolicy.DEFER
    flags: EntryFlag = EntryFlag.UNICODE
    withheld: tuple[int, ...] = ()
    provider: str = ""

    @property
    def kind(self) -> str:
        """The name under which recovery finds ``maker``."""
        return KIND

    @property
    def title(self) -> str:
        """One line for people."""
        place = f" in profile {self.profile!r} of {self.user}" if self.profile else ""
        return f"call {self.service} with {self._message}{place}"

    @property
    def _message(self) -> str:
        return f"MSG_SERVICE_{self.context.name}"

    def describe(self) -> Mapping[str, Json]:
        """All but the secrets; ``maker`` reads it back."""
        secure = [tag for tag in self.properties if tags.is_secure(tag)]
        return {
            "service": self.service,
            "context": self.context.name,
            "user": self.user,
            "profile": self.profile,
            "uid": self.uid,
            "properties": properties_to_wire(public(self.properties)),
            "policy": self.policy.value,
            "flags": int(self.flags),
            "withheld": sorted({*self.withheld, *secure}),
            "provider": self.provider,
        }

    def run(self, workstation: Workstation) -> Outcome:
        """Call it.

        Raises CancelledError where the service cancelled, EntryPointError where it failed, RefusedError where
        secure properties are missing, NotFoundError where the profile has no such service.
        """
        if self.policy is EntryPolicy.SKIP:
            return Outcome(Status.SKIPPED, "it was not made, as was asked")
        host = host_for(workstation, self.service)
        if host is None:
            return self._deferred()
        if self.withheld:
            raise RefusedError(
                f"{self._message} for {self.service} needs secure properties that are kept nowhere",
                expected=", ".join(f"{tag:08X}" for tag in self.withheld),
                remedy="Configure the service again, and give them.",
            )
        subject = None if self.context in OF_THE_MACHINE else self._subject(workstation)
        try:
            answer = host.call(self._request(workstation, subject))
        except EntryPointError as error:
            if self.context is Context.DELETE:
                return self._passed_over(error.what, error.hresult)
            raise
        return self._concluded(answer, workstation, subject)

    def compensate(self, workstation: Workstation) -> None:
        """Call the counterpart, of INSTALL and CREATE; what it sets is dropped, as the legs are undone too."""
        counterpart = COUNTERPART.get(self.context)
        if counterpart is None or self.policy is EntryPolicy.SKIP:
            return
        host = host_for(workstation, self.service)
        if host is not None:
            back = replace(self, context=counterpart)
            subject = None if counterpart in OF_THE_MACHINE else back._subject(workstation)
            host.call(back._request(workstation, subject))

    def _deferred(self) -> Outcome:
        """No code of the service can run here."""
        why = f"the code of {self.service} cannot run here: it is a Windows DLL, and its package has no stand-in"
        if self.policy is EntryPolicy.REQUIRE:
            raise EntryPointError(
                f"{self._message} was required, and {why}",
                where=self.service,
                remedy="Use `--entry defer` to record the call as pending, or `--entry skip` to make none.",
            )
        if any(tags.is_secure(tag) for tag in self.properties):
            why += "; its secure properties must be given again when it is sent"
        return Outcome(Status.PENDING, why)

    def _subject(self, workstation: Workstation) -> _Subject:
        user = next((user for user in workstation.users if upcase(user.name) == upcase(self.user)), None)
        profile = self._profile(workstation, user) if user is not None else None
        service = profile.service(self.uid) if profile is not None else None
        if user is None or profile is None or service is None:
            raise NotFoundError(
                f"service {self.service} ({self.uid}) is not in profile {self.profile!r}",
                where=f"user {self.user}",
                remedy="It was removed since the call was planned; `mapiwright profile show` shows what is there.",
            )
        return _Subject(user, profile, service)

    def _profile(self, workstation: Workstation, user: User) -> Profile | None:
        return store.read_profile_of(
            workstation.registry,
            user.root,
            workstation.outlook.edition,
            self.profile,
            default_pointer=workstation.outlook.bitness.pointer,
            code_page=workstation.code_page,
        )

    def _request(self, workstation: Workstation, subject: _Subject | None) -> EntryRequest:
        if subject is None:
            return EntryRequest(self.service, self.context, self.flags)
        return EntryRequest(
            self.service,
            self.context,
            self.flags,
            subject.profile.name,
            guest_sections(subject.service, _definition(workstation, self.service)),
            # [msgserviceentry]: meaningful only for CONFIGURE, otherwise none
            self.properties if self.context is Context.CONFIGURE else MappingProxyType({}),
        )

    def _concluded(self, answer: EntryOutcome, workstation: Workstation, subject: _Subject | None) -> Outcome:
        """What a result means in its context ([msgserviceentry], mapi.md 4.4 to 4.6)."""
        name = hresult_name(answer.hresult)
        words = f": {answer.error.error}" if answer.error and answer.error.error else ""
        details = {"hresult": answer.hresult}
        if self.context is Context.DELETE:
            # The sections go next, so what it set is dropped; and its verdict holds nothing up (mapi.md 4.6).
            if succeeded(answer.hresult):
                return Outcome(Status.DONE, f"it answered {name}", details=details)
            return self._passed_over(f"the service answered {name}{words}", answer.hresult)
        if succeeded(answer.hresult):
            changes = self._changes(answer, workstation, subject)
            return Outcome(Status.DONE, f"it answered {name}", changes, details)
        if answer.hresult == Result.MAPI_E_USER_CANCEL:
            raise CancelledError(
                f"{self.service} cancelled {self._message}{words}",
                where=self.service,
                remedy="Everything is as it was.",
            )
        if answer.hresult == Result.MAPI_E_UNCONFIGURED and self.context is Context.CREATE:
            # [msgserviceentry]: with no UI allowed CREATE cannot ask; the scripted flow goes on to CONFIGURE.
            return Outcome(
                Status.DONE,
                "it asks to be configured",
                self._changes(answer, workstation, subject),
                {**details, "unconfigured": True},
            )
        if answer.hresult == Result.MAPI_E_NO_SUPPORT and self.context in OF_THE_MACHINE:
            # The wrapped-PST sample answers so, and MAPI must tolerate it.
            return Outcome(Status.DONE, "it has nothing to do", details=details)
        raise EntryPointError(
            f"{self.service} answered {self._message} with {name}{words}",
            hresult=answer.hresult,
            where=self.service,
            remedy="Everything is as it was. Correct what the service complains of, or ask its vendor.",
        )

    def _passed_over(self, why: str, hresult: int) -> Outcome:
        message = f"it failed and was passed over, since the service is removed anyway: {why}"
        return Outcome(Status.DONE, message, details={"hresult": hresult, "failed": True})

    def _changes(
        self, answer: EntryOutcome, workstation: Workstation, subject: _Subject | None
    ) -> tuple[Change, ...]:
        """The registry changes that store what the service set."""
        if subject is None or not answer.changed:
            return ()
        profile = subject.profile
        self._check(answer, subject)
        try:
            changed = [
                (profile.section(uid) or Section(uid)).with_properties(properties)
                for uid, properties in answer.changed.items()
            ]
            return store.profiles_changes(
                workstation.registry,
                subject.user.root,
                workstation.outlook.edition,
                [(profile, profile.with_sections(*changed))],
                workstation.code_page,
            )
        except UsageError as error:
            raise self._unstorable(f"it set a property that cannot be stored: {error.what}") from error

    def _check(self, answer: EntryOutcome, subject: _Subject) -> None:
        """Refuse what the service may not set, and what cannot be kept secret here."""
        service = subject.service
        own = {service.uid, *(each.uid for each in service.providers), *(each.uid for each in service.extras)}
        for uid, properties in answer.changed.items():
            if uid not in own and (subject.profile.section(uid) is not None or uid in tags.WELL_KNOWN):
                raise self._unstorable("it set a section that is not its own", "A service has its own sections only.")
            secure = [f"{tag:08X}" for tag in properties if tags.is_secure(tag)]
            if secure:
                raise self._unstorable(
                    f"it set the secure property {', '.join(secure)}, which cannot be encrypted here",
                    "Configure the service on Windows as that user, or let the user enter the secret there.",
                )

    def _unstorable(self, what: str, remedy: str = "Show this to the vendor of the service.") -> EntryPointError:
        where = f"{self.service}, {self._message}"
        return EntryPointError(what, hresult=Result.MAPI_E_CORRUPT_DATA, where=where, remedy=remedy)


def _definition(workstation: Workstation, service: str) -> ServiceDefinition | None:
    data = workstation.files.read(workstation.outlook.inf_path)
    try:
        return None if data is None else Catalogue.of(inf.parse(data, workstation.code_page)).find(service)
    except FindingsError:  # its lines are damaged; a service is told to go all the same
        return None


def maker(description: Mapping[str, Json]) -> EntryCall:
    """The call that a journal, a receipt or a pending list describes; raises FormatError where it describes none."""
    try:
        return EntryCall(
            service=description["service"],
            context=Context[description["context"]],
            user=description["user"],
            profile=description["profile"],
            uid=description["uid"],
            properties=MappingProxyType(properties_from_wire(description["properties"])),
            policy=EntryPolicy(description["policy"]),
            flags=EntryFlag(description["flags"]),
            withheld=tuple(description["withheld"]),
            provider=description.get("provider", ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(
            "this does not describe a call of an entry point",
            where="journal or receipt",
            remedy="It was damaged, or another version of Mapiwright wrote it: run that version.",
        ) from error


MAKERS: Mapping[str, EffectMaker] = MappingProxyType({KIND: maker})
"""What recovery needs to make this floor's effects again."""
