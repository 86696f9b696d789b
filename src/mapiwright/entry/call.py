"""A call of a service's entry point as an effect: what a transaction does between its legs.

The service sees its own sections and returns what it changed of them; the transaction makes those changes a leg of
their own. Where no code of the service can run, the call is recorded as pending and never reported as sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from mapiwright.entry.child.property_json import properties_from_json, properties_to_json
from mapiwright.entry.hosts.hosts import host_for
from mapiwright.entry.outcome_changes import Subject, changes_of
from mapiwright.entry.service.contract import (
    Context,
    EntryFlag,
    EntryPolicy,
    EntryRequest,
    Result,
    before_the_call,
    how_to_own,
    is_uid,
    succeeded,
)
from mapiwright.entry.service.record import read_record
from mapiwright.entry.service.visible_sections import search_key_of, visible_sections
from mapiwright.errors import (
    CancelledError,
    EntryPointError,
    FindingsError,
    FormatError,
    NotFoundError,
    RefusedError,
)
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import declared_entry
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.mapi.profile import store
from mapiwright.mapi.profile.resemblance import matched
from mapiwright.mapi.props.codes import hresult_name
from mapiwright.mapi.props.protected import secrets_among
from mapiwright.message import Message
from mapiwright.transaction.plans.effect import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mapiwright.entry.service.contract import EntryHost, EntryOutcome, Report
    from mapiwright.formats.props import Properties
    from mapiwright.mapi.inf.definition import ServiceDefinition
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.transaction.plans.effect import Effect, Json
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.workstation import User, Workstation

KIND = "entry-point"
COUNTERPART = {Context.INSTALL: Context.UNINSTALL, Context.CREATE: Context.DELETE}
"""What calls a call back; the others have nothing that does."""


@runtime_checkable
class Hosted(Protocol):
    """An effect that makes a call, so that one can say where the code runs."""

    def at(self, host: str) -> Effect:
        """The same, made where ``host`` says."""
        ...


Observer: TypeAlias = "Callable[[EntryOutcome | None, Sequence[Report]], None]"
"""Hears of a call when it is over: what it came to, None where it ended in an error, and how a library behaved."""


def _ignored(outcome: EntryOutcome | None, reports: Sequence[Report]) -> None:
    """Nobody wants to know."""


OF_THE_MACHINE = frozenset({Context.INSTALL, Context.UNINSTALL})
"""Contexts that concern no profile."""


@dataclass(frozen=True, slots=True)
class EntryCall:
    """One call of the entry point of ``service``; for its caller to leave out where none is declared.

    ``user`` (the name), ``profile`` and ``uid`` (the service's section) are empty for INSTALL and UNINSTALL.
    ``provider`` is the uid of the provider's section that PROVIDER_CREATE and PROVIDER_DELETE are about.
    ``properties`` are configuration properties, for CONFIGURE only ([msgserviceentry]); secure ones are in no
    description, so a call made again from one names their tags in ``withheld`` and cannot be sent without them.
    ``host`` is where the service's own library runs (see ``hosts``), or "". How it behaved there goes to
    ``observe``, with ``trace`` call by call; neither is in a description.
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
    host: str = ""
    trace: bool = field(default=False, compare=False)
    observe: Observer = field(default=_ignored, compare=False, repr=False)

    @property
    def kind(self) -> str:
        """The name under which recovery finds ``maker``."""
        return KIND

    @property
    def title(self) -> Message:
        """One line for people."""
        if not self.profile:
            return Message.of("steps.call", service=self.service, message=self._message)
        return Message.of(
            "steps.call-in-profile",
            service=self.service,
            message=self._message,
            profile=self.profile,
            user=self.user,
        )

    @property
    def _message(self) -> str:
        return f"MSG_SERVICE_{self.context.name}"

    def at(self, host: str) -> EntryCall:
        """The same call, made where ``host`` says."""
        return replace(self, host=host)

    def describe(self) -> Mapping[str, Json]:
        """All but the secrets; ``maker`` reads it back."""
        secrets = secrets_among(self.properties, self.service)
        shown = {tag: value for tag, value in self.properties.items() if tag not in secrets}
        return {
            "service": self.service,
            "context": self.context.name,
            "user": self.user,
            "profile": self.profile,
            "uid": self.uid,
            "properties": properties_to_json(shown),
            "policy": self.policy.value,
            "flags": int(self.flags),
            "withheld": sorted({*self.withheld, *secrets}),
            "provider": self.provider,
            **({"host": self.host} if self.host else {}),
        }

    def run(self, workstation: Workstation) -> Outcome:
        """Call it.

        Raises CancelledError where the service cancelled, EntryPointError where it failed, RefusedError where
        secure properties are missing, NotFoundError where the profile has no such service. Each says by ``reached``
        whether there is anything to call back.
        """
        if self.policy is EntryPolicy.SKIP:
            return Outcome(Status.SKIPPED, Message.of("sentences.skipped"))
        reports: list[Report] = []
        with before_the_call():
            host = self._host(workstation, reports.append)
            if host is None:
                return self._deferred()
            if self.withheld:
                raise RefusedError(
                    f"{self._message} for {self.service} needs secure properties that are kept nowhere",
                    expected=", ".join(f"{tag:08X}" for tag in self.withheld),
                    remedy="Configure the service again, and give them.",
                )
            subject = None if self.context in OF_THE_MACHINE else self._subject(workstation)
            request = self._request(workstation, subject)
        answer: EntryOutcome | None = None
        try:
            answer = host.call(request)
        except EntryPointError as error:
            if self.context is Context.DELETE:
                return self._passed_over(error.what, error.hresult)
            raise
        finally:
            self.observe(answer, reports)
        try:
            return self._concluded(answer, workstation, subject)
        except EntryPointError as error:
            for uid in reports[-1].refused if reports else ():
                error.remedy += f" It had asked for section {uid}, which is not its own. {how_to_own(uid)}"
            raise

    def compensate(self, workstation: Workstation) -> Message | None:
        """Call the counterpart, of INSTALL and CREATE; what it sets is dropped, as the legs are undone too."""
        counterpart = COUNTERPART.get(self.context)
        if counterpart is None or self.policy is EntryPolicy.SKIP:
            return Message.of("sentences.nothing-calls-back")
        host = self._host(workstation)
        if host is None:
            return Message.of("sentences.deferred", service=self.service)
        back = replace(self, context=counterpart)
        subject = None if counterpart in OF_THE_MACHINE else back._subject(workstation)
        host.call(back._request(workstation, subject))
        return None

    def check_subject(self, workstation: Workstation) -> None:
        """Raise NotFoundError unless what the call is about is there: the declared service, or the one in the
        profile.
        """
        if self.context not in OF_THE_MACHINE:
            self._subject(workstation)
        elif (
            declared_entry(read_mapisvc(workstation).catalogue, self.service) is None
            and read_record(workstation, self.service) is None
        ):
            raise NotFoundError(f"service {self.service} is no longer installed", where=workstation.uri)

    def _host(self, workstation: Workstation, observe: Callable[[Report], None] = lambda _: None) -> EntryHost | None:
        return host_for(workstation, self.service, host=self.host, trace=self.trace, observe=observe)

    def _deferred(self) -> Outcome:
        """No code of the service can run here."""
        why = Message.of("sentences.deferred", service=self.service)
        if self.policy is EntryPolicy.REQUIRE:
            raise EntryPointError(
                f"{self._message} was required, and {why}",
                where=self.service,
                remedy="Name a Python that loads it: --host here, python:PATH or wine:PREFIX. An install "
                "may defer the call (--entry defer), and `mapiwright service call --pending` sends it.",
            )
        if secrets_among(self.properties, self.service):
            why = Message.of("sentences.deferred-secrets", service=self.service)
        return Outcome(Status.PENDING, why)

    def find_profile(self, workstation: Workstation) -> tuple[User | None, Profile | None]:
        """The user and the profile that the call is about, as they are now; None for what is gone."""
        user = next((user for user in workstation.users if upcase(user.name) == upcase(self.user)), None)
        return user, self._profile(workstation, user) if user is not None else None

    def _subject(self, workstation: Workstation) -> Subject:
        user, profile = self.find_profile(workstation)
        service = profile.service(self.uid) if profile is not None else None
        if user is None or profile is None or service is None:
            raise NotFoundError(
                f"service {self.service} ({self.uid}) is not in profile {self.profile!r}",
                where=f"user {self.user}",
                remedy="It was removed since the call was planned; `mapiwright profile show` shows what is there.",
            )
        return Subject(user, profile, service)

    def _profile(self, workstation: Workstation, user: User) -> Profile | None:
        return store.read_profile_of(
            workstation.registry,
            user.root,
            workstation.outlook.edition,
            self.profile,
            default_pointer=workstation.outlook.bitness.pointer,
            code_page=workstation.code_page,
        )

    def _request(self, workstation: Workstation, subject: Subject | None) -> EntryRequest:
        if subject is None:
            return EntryRequest(self.service, self.context, self.flags, code_page=workstation.code_page)
        definition = _definition(workstation, self.service)
        sections = visible_sections(subject.service, definition)
        own = {section.uid for section in sections}
        return EntryRequest(
            self.service,
            self.context,
            self.flags,
            subject.profile.name,
            sections,
            # [msgserviceentry]: meaningful only for CONFIGURE, otherwise none
            self.properties if self.context is Context.CONFIGURE else MappingProxyType({}),
            code_page=workstation.code_page,
            definitions={each.section: each.properties for each in definition.providers} if definition else {},
            foreign=frozenset(uid.lower() for uid in subject.profile.sections if is_uid(uid)) - own,
            search_key=search_key_of(subject.profile),
            provider=self._new_provider(subject, definition),
        )

    def _new_provider(self, subject: Subject, definition: ServiceDefinition | None) -> tuple[str, str] | None:
        """The name in MAPISVC.INF and the uid of the provider that was made before PROVIDER_CREATE is sent."""
        if self.context is not Context.PROVIDER_CREATE or definition is None:
            return None
        made = [each.section for each in subject.service.providers if each.uid == self.provider]
        return next(((found.section, uid) for uid, found in matched(made, definition.providers).items()), None)

    def _concluded(self, answer: EntryOutcome, workstation: Workstation, subject: Subject | None) -> Outcome:
        """What a result means in its context ([msgserviceentry], mapi.md 4.4 to 4.6)."""
        name = hresult_name(answer.hresult)
        words = f": {answer.error.error}" if answer.error and answer.error.error else ""
        details = {"hresult": answer.hresult}
        if self.context is Context.DELETE:
            # The sections go next, so what it set is dropped; and its verdict holds nothing up (mapi.md 4.6).
            if succeeded(answer.hresult):
                return Outcome(Status.DONE, _answered(answer, name), details=details)
            return self._passed_over(f"the service answered {name}{words}", answer.hresult)
        if succeeded(answer.hresult):
            changes = self._stored(answer, workstation, subject)
            return Outcome(Status.DONE, _answered(answer, name), changes, details)
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
                _unconfigured(answer),
                self._stored(answer, workstation, subject),
                {**details, "unconfigured": True},
            )
        if answer.hresult == Result.MAPI_E_NO_SUPPORT and self.context in OF_THE_MACHINE:
            # The wrapped-PST sample answers so, and MAPI must tolerate it.
            return Outcome(Status.DONE, Message.of("sentences.nothing-to-do"), details=details)
        raise EntryPointError(
            f"{self.service} answered {self._message} with {name}{words}",
            hresult=answer.hresult,
            where=self.service,
            remedy="Everything is as it was. Correct what the service complains of, or ask its vendor."
            + "".join(f" Note: {note}." for note in (answer.error.notes if answer.error else ())),
            said=answer.error,
        )

    def _stored(self, answer: EntryOutcome, workstation: Workstation, subject: Subject | None) -> tuple[Change, ...]:
        if subject is None:
            return ()
        if self.context is Context.PROVIDER_DELETE and self.provider:
            # [msgserviceentry] has the handler delete it; where it did not, it goes all the same, and goes once.
            answer = replace(
                answer,
                gone=tuple(dict.fromkeys((*answer.gone, self.provider))),
                changed={uid: properties for uid, properties in answer.changed.items() if uid != self.provider},
            )
        return changes_of(answer, workstation, subject, where=f"{self.service}, {self._message}")

    def _passed_over(self, why: str, hresult: int) -> Outcome:
        message = Message.of("sentences.passed-over", why=why)
        return Outcome(Status.DONE, message, details={"hresult": hresult, "failed": True})


def _answered(answer: EntryOutcome, name: str) -> Message:
    """What the service answered, with its own words where it said more than a code."""
    words = answer.error.error if answer.error else ""
    if words:
        return Message.of("sentences.answered-with-words", result=name, words=words)
    return Message.of("sentences.answered", result=name)


def _unconfigured(answer: EntryOutcome) -> Message:
    """That the service asks to be configured, with its own words."""
    words = answer.error.error if answer.error else ""
    if words:
        return Message.of("sentences.unconfigured-with-words", words=words)
    return Message.of("sentences.unconfigured")


def _definition(workstation: Workstation, service: str) -> ServiceDefinition | None:
    try:
        return read_mapisvc(workstation).catalogue.find(service)
    except FindingsError:  # its lines are damaged; a service is called as it goes all the same
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
            properties=MappingProxyType(properties_from_json(description["properties"])),
            policy=EntryPolicy(description["policy"]),
            flags=EntryFlag(description["flags"]),
            withheld=tuple(description["withheld"]),
            provider=description.get("provider", ""),
            host=description.get("host", ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(
            "this does not describe a call of an entry point",
            where="journal or receipt",
            remedy="It was damaged, or another version of Mapiwright wrote it: run that version.",
        ) from error


def through(plan: Plan, host: str) -> Plan:
    """The plan with its calls made where ``host`` says, by the services' own libraries (see ``hosts``)."""
    steps = (step.at(host) if isinstance(step, Hosted) else step for step in plan.steps)
    return replace(plan, steps=tuple(steps))
