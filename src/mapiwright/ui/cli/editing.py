"""How a verb reads a profile, and how it edits profiles: the same draft for each user, one plan for all."""

# ruff: noqa: PLC0415 - a verb that only looks does not pay for what edits

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mapiwright.ui.cli.target import report_interrupted_runs
from mapiwright.ui.cli.writing import end_interrupted_run, send
from mapiwright.ui.text.terminal import Line, escape, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from mapiwright.admin.operations.operations import Operation
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.ui.cli.target import Target, UserChoice
    from mapiwright.ui.cli.writing import Consent

    Wanted: TypeAlias = Operation | Callable[[ProfileAdmin], Iterable[Operation]]


def services_in(target: Target, users: UserChoice, name: str | None) -> MessageServiceAdmin:
    """The services of the profile of that name, or of the default one, to look at."""
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.admin.workspace import Workspace

    space = Workspace(target.workstation, users.one_of(target.workstation))
    return ProfileAdmin(space).admin_services(name if name is not None else space.default_or_only)


def place_document(services: MessageServiceAdmin) -> dict[str, Any]:
    """The profile and its user, for a document."""
    return {"profile": services.name, "user": services.workspace.user.name}


# A verb that shows a choice, and makes it where one is given.


def looked_at(target: Target, users: UserChoice, name: str | None) -> MessageServiceAdmin:
    """As ``services_in``, for a verb that could also write, and so reports an interrupted run itself."""
    report_interrupted_runs(target)
    return services_in(target, users, name)


def report_profile(
    target: Target, services: MessageServiceAdmin, document: Mapping[str, Any], lines: Sequence[str]
) -> None:
    """Say what a profile has: the document where JSON is asked for, else the lines."""
    if target.json:
        from mapiwright.ui.documents.documents import write_document

        write_document({**place_document(services), **document})
        return
    write((Line(escape(line)) for line in lines), sys.stdout)


def in_profile(name: str | None, wanted: Callable[[MessageServiceAdmin], Iterable[Operation]]) -> Wanted:
    """What is wanted of the services of a profile, of the default one where it is not named."""
    return lambda profiles: wanted(
        profiles.admin_services(name if name is not None else profiles.workspace.default_or_only)
    )


def choose(target: Target, users: UserChoice, consent: Consent, *wanted: Wanted) -> None:
    """As ``edit``, for a verb that could also just read, and so ends an interrupted run itself."""
    end_interrupted_run(target, consent)
    edit(target, users, consent, *wanted)


def edit(target: Target, users: UserChoice, consent: Consent, *wanted: Wanted, must_call: bool = False) -> None:
    """Draft the operations for each user, make them all one plan, and send it.

    Names are looked up for each user, by a function that gives the operations. With ``must_call``, an entry point
    that cannot be called here is an error; its call is not deferred.
    """
    from mapiwright.admin.operations.drafting import draft
    from mapiwright.admin.profiles import ProfileAdmin
    from mapiwright.admin.workspace import Workspace, joined_plan
    from mapiwright.entry.service.contract import EntryPolicy
    from mapiwright.setup.records.pending import with_what_copies_lack

    policy = EntryPolicy.REQUIRE if must_call else EntryPolicy.DEFER
    spaces = [
        Workspace(target.workstation, user, policy=policy, host=consent.host)
        for user in users.all_of(target.workstation)
    ]
    for space in spaces:
        profiles = ProfileAdmin(space)
        with space.batch():
            for each in wanted:
                for operation in each(profiles) if callable(each) else (each,):
                    draft(operation, profiles)
    send(target, with_what_copies_lack(joined_plan(spaces), spaces), consent)
