"""``service call``: send one message to a service's entry point, in a profile, in a scratch profile, or what was
deferred.
"""

# ruff: noqa: PLC0415 - showing services does not pay for calling them

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mapiwright.errors import EntryPointError, FailedError, RefusedError, UsageError
from mapiwright.message import Message
from mapiwright.ui.cli.assignments import assignment_options
from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.target import json_option, user_options, workstation_options
from mapiwright.ui.cli.writing import Consent, consent_options, end_interrupted_run, send
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.text.language import message_here, said
from mapiwright.ui.text.terminal import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mapiwright.entry.call import EntryCall
    from mapiwright.entry.service.contract import EntryOutcome, Report
    from mapiwright.formats.props import PropertyValue
    from mapiwright.ui.cli.assignments import Assignments
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.workstation.workstation import Workstation

CONTEXTS = ("INSTALL", "CREATE", "CONFIGURE", "DELETE", "UNINSTALL", "PROVIDER_CREATE", "PROVIDER_DELETE")


@dataclass(slots=True)
class _Seen:
    """What an observer got."""

    outcome: EntryOutcome | None = None
    reports: list[Report] = field(default_factory=list)

    def see(self, outcome: EntryOutcome | None, reports: Sequence[Report]) -> None:
        """Keep it."""
        self.outcome = outcome
        self.reports = list(reports)


@click.command()
@click.argument("name", required=False)
@click.option(
    "--context", type=click.Choice(CONTEXTS, case_sensitive=False), help="Why it is called: MSG_SERVICE_..."
)
@click.option("--profile", metavar="NAME", help="The profile that holds the service; the default one where left out.")
@assignment_options
@click.option("--pending", is_flag=True, help="Send the calls that were deferred; NAME's only, where it is given.")
@click.option("--trace", is_flag=True, help="Show every call that the service's library makes.")
@click.option(
    "--library",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Try this library, in a scratch profile, on no workstation.",
)
@click.option("--entry", "entry", metavar="FUNCTION", default="ServiceEntry", help="With --library: its entry point.")
@click.option("--flavour", type=click.Choice(["com", "itanium"]), help="With --library: how its interfaces lie.")
@click.option(
    "--deadline", type=click.FloatRange(0, 3600, min_open=True), default=30.0, help="With --library: seconds."
)
@consent_options
@workstation_options
@user_options
@json_option
def call(
    *,
    name: str | None,
    context: str | None,
    profile: str | None,
    assignments: Assignments,
    pending: bool,
    trace: bool,
    library: Path | None,
    entry: str,
    flavour: str | None,
    deadline: float,
    consent: Consent,
    open_target: Callable[..., Target],
    inf: Path | None,
    users: UserChoice,
    as_json: bool,
) -> None:
    """Call the entry point of the service NAME, as MAPI does, and report what it did.

    The call is a transaction on the workstation. With --library a vendor tries their own library: --inf FILE gives
    it the sections that MAPISVC.INF would; --edition and --bitness, or --workstation, name the Outlook by whose rules
    an install would keep or refuse what it sets.
    """
    if pending:
        if context or library or assignments:
            raise click.UsageError("--pending goes with a NAME alone.")
        _send_pending(open_target(as_json=as_json), name, consent)
        return
    if context is None:
        raise click.UsageError("Missing option '--context'; or use --pending.")
    given = _given(assignments, context)
    if library is not None:
        _refuse_what_needs_a_workstation(consent)
        _try_library(
            _Trial(library, entry, name or "", context.upper(), flavour, deadline, trace, inf, _rules_of()),
            given,
            consent,
            as_json,
        )
        return
    if name is None:
        raise click.UsageError("Give the NAME of a service, or --library FILE.")
    _call_installed(
        open_target(as_json=as_json), users, consent, (name, context.upper(), profile), given, trace=trace
    )


def _given(assignments: Assignments, context: str) -> dict[int, PropertyValue]:
    """The configuration properties; raises UsageError where the context takes none."""
    if assignments and context.upper() != "CONFIGURE":
        # [msgserviceentry]: properties are meaningful for CONFIGURE only
        raise UsageError("configuration properties go with --context CONFIGURE only")
    return assignments.read()


# On a workstation.


def _call_installed(
    target: Target,
    users: UserChoice,
    consent: Consent,
    what: tuple[str, str, str | None],
    given: Mapping[int, PropertyValue],
    *,
    trace: bool,
) -> None:
    from mapiwright.transaction.plans.plan import Plan

    end_interrupted_run(target, consent)
    seen = _Seen()
    made = replace(
        _entry_call(target, users, *what), properties=given, trace=trace, observe=seen.see, host=consent.host
    )
    plan = Plan("call", made.title, (made,))
    with _reported(
        _Reported(made.service, made.context.name, str(made.title), as_json=target.json), seen
    ) as document:
        send(target, plan, consent, more=document)
    if not consent.dry_run:
        _end_by(seen.outcome)


def _entry_call(target: Target, users: UserChoice, name: str, context: str, profile: str | None) -> EntryCall:
    """The call of a service that is installed: of the machine, or of the profile that holds it."""
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.admin.workspace import Workspace
    from mapiwright.entry.call import OF_THE_MACHINE, EntryCall
    from mapiwright.entry.service.contract import Context, EntryPolicy

    wanted = Context[context]
    service = _service_named(target, name)
    if wanted in OF_THE_MACHINE:
        call_ = EntryCall(service=service, context=wanted, policy=EntryPolicy.REQUIRE)
        call_.check_subject(target.workstation)
        return call_
    user = users.one_of(target.workstation)
    space = Workspace(target.workstation, user)
    services = ProfileAdmin(space).admin_services(profile if profile is not None else space.default_or_only)
    found = services.find(service)
    return EntryCall(
        service=found.name,
        context=wanted,
        user=user.name,
        profile=services.name,
        uid=found.uid,
        policy=EntryPolicy.REQUIRE,
    )


def _service_named(target: Target, name: str) -> str:
    """A service by its own name, or by the id of the package that brought it, if that has one service."""
    from mapiwright.formats.regf.upcase import upcase
    from mapiwright.setup.records.records import records_of

    try:
        there = {upcase(id_): found for id_, found in records_of(target.workstation).installations.items()}
    except RefusedError:  # the records are closed to this user; then it is a service's name
        return name
    found = there.get(upcase(name))
    if found is None:
        return name
    if len(found.current_services) != 1:
        raise UsageError(
            f"{name} has {len(found.current_services)} services",
            remedy=f"Name one: {', '.join(found.current_services)}.",
        )
    return found.current_services[0]


def _send_pending(target: Target, name: str | None, consent: Consent) -> None:
    """Send what was deferred, a transaction each; what follows a failed call of its service waits.

    With --json there is one document: the receipts, and what is still pending.
    """
    from mapiwright.entry.hosts.hosts import host_for
    from mapiwright.setup.records.pending import pending_calls
    from mapiwright.setup.records.records import records_of
    from mapiwright.setup.records.schema import SEND
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.ui.documents.documents import receipt_document

    end_interrupted_run(target, consent)
    records_of(target.workstation)  # where our records are closed, that is said: nothing is known to be pending
    waiting = pending_calls(target.workstation, [_service_named(target, name)] if name else [])
    if consent.dry_run:
        calls = tuple(step for each in waiting for step in each.plan(consent.host).steps)
        send(target, Plan(SEND, Message.of("steps.calls-pending", number=len(calls)), calls), consent)
        return
    left: dict[Message, str] = {}
    sent = []
    for each in waiting:
        service = each.call.service
        if service in left.values():
            _report_pending(each.call.title, said("setup.one-before", service=service))
            left[each.call.title] = service
            continue
        try:
            if host_for(target.workstation, service, host=consent.host) is None:
                _report_pending(each.call.title, said("setup.no-code", service=service))
                left[each.call.title] = service
                continue
            sent.append(send(target, each.plan(consent.host), consent, is_part=True))
        except (FailedError, RefusedError) as error:
            _report_pending(each.call.title, error.shown(message_here))
            left[each.call.title] = service
    if target.json:
        receipts = [receipt_document(receipt) for receipt in sent if receipt is not None]
        write_document({"receipts": receipts, "pending": [str(title) for title in left]})
    elif not waiting:
        report(said("setup.none-pending"))
    if left:
        raise click.exceptions.Exit(1)


def _report_pending(title: Message, why: str) -> None:
    report(said("setup.still-pending", call=message_here(title), why=why))


# With no workstation.


@dataclass(frozen=True, slots=True)
class _Trial:
    """A library that its author tries."""

    library: Path
    entry: str
    service: str
    context: str
    flavour: str | None
    deadline: float
    trace: bool
    inf: Path | None
    rules: Workstation
    """Whose rules an install would keep to."""


def _rules_of() -> Workstation:
    """The workstation that the options of the command line name, or one in memory like it."""
    from mapiwright.setup.trial.scratch import workstation_like
    from mapiwright.ui.cli.target import target_at
    from mapiwright.workstation.workstation import Bitness, Edition

    context = click.get_current_context()
    named = context.params["edition"], context.params["bitness"]
    edition, bitness = Edition(named[0]) if named[0] else None, Bitness(named[1]) if named[1] else None
    if context.get_parameter_source("uri") is not ParameterSource.COMMANDLINE:
        return workstation_like(edition, bitness)
    return target_at(context.params["uri"], (), as_json=False, edition=edition, bitness=bitness).workstation


def _refuse_what_needs_a_workstation(consent: Consent) -> None:
    """A library that is tried has no plan: it runs at once, and nothing is written anywhere."""
    if consent.dry_run or consent.output is not None:
        raise click.UsageError("--library calls at once and writes nothing: there is no plan to look at or to save.")
    context = click.get_current_context()
    for name in ("names", "all_users", "profile"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError("--library makes a scratch profile; no user or profile goes with it.")


def _try_library(trial: _Trial, given: Mapping[int, PropertyValue], consent: Consent, as_json: bool) -> None:
    from mapiwright.entry.hosts.hosts import interpreter_named
    from mapiwright.entry.hosts.native_host import NativeHost, OnDisk
    from mapiwright.entry.service.contract import Context, EntryFlag, Flavour
    from mapiwright.setup.trial.scratch import definition_at, refuse_what_outlook_cannot_load, scratch

    library, code_page = OnDisk(trial.library), trial.rules.code_page
    definition = definition_at(trial.inf, trial.service, code_page)
    seen = _Seen()
    host = NativeHost(
        library,
        trial.entry,
        interpreter_named(consent.host or "here"),
        Flavour(trial.flavour) if trial.flavour else None,
        trial.deadline,
        trace=trial.trace,
        observe=seen.reports.append,
    )
    attempt = scratch(definition, Context[trial.context], given, code_page, EntryFlag.UNICODE)
    title = f"{trial.entry} of {trial.library.name}, MSG_SERVICE_{trial.context}, in a scratch profile"
    with _reported(_Reported(definition.name, trial.context, title, as_json=as_json), seen) as document:
        if trial.library.is_file():
            refuse_what_outlook_cannot_load(library.read(), trial.library.name, trial.rules)
        answer = host.call(attempt.request)
        refusal = attempt.refusal(answer, trial.rules)
        seen.outcome = answer if refusal is None else replace(answer, hresult=refusal.hresult)
        if refusal is not None:
            raise refusal
        if as_json:
            write_document(document())
    _end_by(seen.outcome)


@dataclass(frozen=True, slots=True)
class _Reported:
    """How a call is reported: whose it is, and in which form."""

    service: str
    context: str
    title: str
    as_json: bool


@contextmanager
def _reported(how: _Reported, seen: _Seen) -> Iterator[Callable[[], Mapping[str, Any]]]:
    """Report what the call came to, also where it ends in an error; gives the maker of its JSON document."""
    from mapiwright.ui.documents.call_report import call_document, call_lines
    from mapiwright.ui.documents.documents import error_document

    def document() -> Mapping[str, Any]:
        return call_document(how.service, how.context, how.title, seen.outcome, seen.reports)

    try:
        yield document
    except EntryPointError as error:
        if not how.as_json:
            write(call_lines(how.title, seen.outcome, seen.reports), sys.stdout)
            raise
        write_document({**document(), **error_document(error)})
        raise click.exceptions.Exit(error.exit_code) from error
    if not how.as_json and (seen.outcome is not None or seen.reports):
        write(call_lines(how.title, seen.outcome, seen.reports), sys.stdout)


def _end_by(outcome: EntryOutcome | None) -> None:
    """Exit 0 is for success codes only; without an outcome the service has failed, and was passed over."""
    if outcome is None or outcome.hresult >= 0x80000000:
        raise click.exceptions.Exit(1)
