"""Which workstation and which users a verb acts on: the options, and the rules behind them."""

# ruff: noqa: PLC0415 - a verb that is read without click (see direct.py) loads no more than the rules

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ParamSpec

from mapiwright.errors import NotFoundError, RecoveryNeededError, RefusedError, UsageError
from mapiwright.frozen import frozen
from mapiwright.message import Message
from mapiwright.ui.cli.edge import report
from mapiwright.ui.text.language import message_here, said
from mapiwright.ui.text.terminal import escape, write
from mapiwright.workstation.kinds.open import demo_folder, open_workstation
from mapiwright.workstation.state import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import click

    from mapiwright.workstation.workstation import Bitness, Edition, User, Workstation

DEFAULT = "demo:"
"""The workstation where none is given: the program creates it."""
WORKSTATION, USER = ("--workstation", "--target"), "--user"
WORKSTATION_VARIABLE, USER_VARIABLE = "MAPIWRIGHT_WORKSTATION", "MAPIWRIGHT_USER"
BETWEEN_USERS = ";"
"""Separates the names in the variable: Windows names may hold spaces, but not this."""

P = ParamSpec("P")


@frozen
class Target:
    """The workstation that a verb acts on, opened and shown to the user.

    ``uri`` is as the user wrote it; ``named`` says whether there was one. ``json`` asks for a document on stdout.
    ``options`` are the options of the command line that named it; empty for the variable and the default.
    """

    uri: str
    named: bool
    workstation: Workstation
    json: bool
    options: tuple[str, ...] = ()

    def command(self, *words: str) -> str:
        """A Mapiwright command line for the same workstation, quoted for this shell."""
        from mapiwright.formats.command_line import quoted

        return " ".join(map(quoted, ("mapiwright", *words, *self.options)))


@frozen
class UserChoice:
    """The users that were asked for; ``everyone`` is all of them but Default."""

    names: tuple[str, ...] = ()
    everyone: bool = False

    def all_of(self, workstation: Workstation) -> tuple[User, ...]:
        """The users to act on, at least one.

        One user who is not Default may be left out; with several this raises UsageError that lists them.
        """
        people = tuple(user for user in workstation.users if not user.template)
        if workstation.as_user is not None:
            people = (workstation.as_user,)
        if self.names:
            from mapiwright.workstation.outlook.users import user_named

            return tuple(dict.fromkeys(user_named(name, workstation.users) for name in self.names))
        if not people:
            raise NotFoundError(
                "the workstation has no user", where=workstation.uri, remedy="Name one with --user, such as Default."
            )
        if len(people) > 1 and not self.everyone:
            raise UsageError(
                f"there are {len(people)} users",
                where=workstation.uri,
                remedy=f"Add one of: {_listed(people)}, --all-users",
            )
        return people

    def all_to_read(self, workstation: Workstation) -> tuple[User, ...]:
        """The users to read: everyone where none is named."""
        return UserChoice(self.names, everyone=True).all_of(workstation)

    def one_of(self, workstation: Workstation) -> User:
        """The one user to act on; raises UsageError that lists them where there are several."""
        users = self.all_to_read(workstation)
        if len(users) > 1:
            several = f"{len(users)} users were named" if self.names else f"there are {len(users)} users"
            raise UsageError(
                f"{several}, and this command acts on one",
                where=workstation.uri,
                remedy=f"{'Keep' if self.names else 'Add'} one of: {_listed(users)}",
            )
        return users[0]


def package_id(target: Target, named: str) -> str:
    """The id of a package that is named by it or by its path ([design] 6)."""
    from pathlib import Path

    from mapiwright.setup.package.package import open_package

    path = Path(named)
    return open_package(path, code_page=target.workstation.code_page).id if path.is_dir() else named


def _listed(users: Sequence[User]) -> str:
    from mapiwright.formats.command_line import quoted

    return ", ".join(f"--user {quoted(user.name)}" for user in users)


def json_option(verb: Callable[P, None]) -> Callable[P, None]:
    """``--json``, handed over as ``as_json``."""
    import click

    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(verb)


def workstation_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--workstation`` and what it takes, handed over as ``open_target``, which opens the Target and shows it.

    It is given whether the output is JSON. ``inf``, the file of ``--inf``, is handed over too.
    """
    import functools
    from pathlib import Path

    import click

    from mapiwright.workstation.workstation import Bitness, Edition

    @click.option(
        "--bitness",
        type=click.Choice([bitness.value for bitness in Bitness]),
        help="With hive:, and service call --library: the bitness of the Outlook that is meant.",
    )
    @click.option(
        "--edition",
        type=click.Choice([edition.value for edition in Edition]),
        help="With hive:, prf check, and service call --library: the edition of Outlook that is meant.",
    )
    @click.option(
        "--inf",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="With hive: only: the MAPISVC.INF that goes with it.",
    )
    @click.option(
        *WORKSTATION,
        "uri",
        metavar="URI",
        envvar=WORKSTATION_VARIABLE,
        help="image:DIR, wine:PREFIX, hive:FILE, memory: or demo:; demo: where it is left out.",
    )
    @functools.wraps(verb)
    def with_workstation(
        uri: str | None, inf: Path | None, edition: str | None, bitness: str | None, **rest: object
    ) -> None:
        def open_target(*, as_json: bool) -> Target:
            return target_at(
                uri,
                _given({"--workstation": uri, "--inf": inf, "--edition": edition, "--bitness": bitness}),
                as_json=as_json,
                inf=inf,
                edition=Edition(edition) if edition else None,
                bitness=Bitness(bitness) if bitness else None,
            )

        verb(open_target=open_target, inf=inf, **rest)

    return with_workstation


def target_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--workstation`` and what it takes, and ``--json``; handed over as ``target``, a Target that is open."""
    import functools

    import click

    @json_option
    @workstation_options
    @functools.wraps(verb)
    def with_target(open_target: Callable[..., Target], inf: Path | None, as_json: bool, **rest: object) -> None:
        del inf  # the workstation knows it
        target = open_target(as_json=as_json)
        if "dry_run" not in rest and click.get_current_context().info_name != "recover":
            report_interrupted_runs(target)  # the others end it, or report it themselves
        verb(target=target, **rest)

    return with_target


def _given(options: Mapping[str, object]) -> tuple[str, ...]:
    """The options and their values as words, as far as they were given; a URI of the variable is not among them."""
    import click
    from click.core import ParameterSource

    source = click.get_current_context().get_parameter_source("uri")
    written = source is ParameterSource.COMMANDLINE
    kept = {name: str(value) for name, value in options.items() if value is not None}
    if not written:
        kept.pop("--workstation", None)
    return tuple(word for option in kept.items() for word in option)


def target_at(
    uri: str | None,
    options: tuple[str, ...],
    *,
    as_json: bool,
    inf: Path | None = None,
    edition: Edition | None = None,
    bitness: Bitness | None = None,
) -> Target:
    """Open the workstation of that URI, or the default one, and name it; ``options`` are the words that named it."""
    here = open_workstation(uri or DEFAULT, inf=inf, edition=edition, bitness=bitness)
    target = Target(uri or DEFAULT, uri is not None, here, as_json, options)
    introduce(target)
    return target


def introduce(target: Target) -> None:
    """Name the target before anything is done to it, and what the user should know about it."""
    if target.uri.partition(":")[0].lower() == "demo":
        report(said("setup.target-demo", target=target.uri, folder=demo_folder()))
    else:
        report(said("setup.target", target=target.uri))
    user = target.workstation.as_user
    if user is not None:
        report(said("setup.per-user-records", user=user.name))
    findings = target.workstation.findings
    if findings:
        from mapiwright.ui.text.findings import findings_lines

        write(findings_lines(findings), sys.stderr)


def report_interrupted_runs(target: Target) -> None:
    """Warn a user who only reads that a run is going on, or was interrupted; silent where that cannot be read.

    A JSON document of this run is marked with it.
    """
    try:
        here = target.workstation
        begun = [state for state in (here.state, *here.users_states.values()) if state.read(JOURNAL) is not None]
        if not begun:
            return
        from mapiwright.ui.documents.documents import mark

        holder = next(filter(None, (state.holder() for state in begun)), "")
        if holder:
            mark("running")
            report(said("setup.going-on", holder=escape(holder)))
            return
        mark("interrupted")
        from mapiwright.transaction.recovery import unfinished

        title = unfinished(target.workstation) or Message.literal("")
    except RecoveryNeededError as error:
        title = Message.literal(error.what)
    except RefusedError:
        return  # this user has no access to the records; a verb that needs them says so
    report_interrupted_run("setup.interrupted-shown", target, title)


def report_interrupted_run(key: str, target: Target, title: Message) -> None:
    """Report an interrupted run, and the command that ends it."""
    report(said(key, title=message_here(title), command=target.command("recover")))


def user_names() -> click.ParamType[str]:
    """The type of options that name users; in a variable BETWEEN_USERS parts them."""
    from click.types import StringParamType

    class UserNames(StringParamType):
        envvar_list_splitter = BETWEEN_USERS

    return UserNames()


def user_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--user`` and ``--all-users``, handed over as ``users``, a UserChoice."""
    import functools

    import click
    from click.core import ParameterSource

    @click.option("--all-users", is_flag=True, help="Every user but Default.")
    @click.option(
        USER,
        "names",
        metavar="NAME",
        multiple=True,
        type=user_names(),
        envvar=USER_VARIABLE,
        help="A user by name or SID; repeatable. May be left out where there is one.",
    )
    @functools.wraps(verb)
    def with_users(names: tuple[str, ...], all_users: bool, **rest: object) -> None:
        context = click.get_current_context()
        if all_users and context.get_parameter_source("names") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--user and --all-users exclude each other.", context)
        verb(users=UserChoice(() if all_users else names, all_users), **rest)

    return with_users
