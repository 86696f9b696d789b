"""``--serve``: the screen of a verb in a browser on this computer.

A verb that shows a screen takes it over by the decorator and a line. ``serve_options`` stands above the options of
``target.py`` and ``writing.py``; what it hands over as ``serving`` is None in the process that the server starts for
the browser, where the verb does as in a terminal, and what it would print goes to stderr::

    @serve_options
    @target_options
    ...
    def panel(..., serving: Serving | None) -> None:
        ...                                     # refuse what can be refused before anything is shown
        if serving is not None:
            return serving.show(texts, texts("panel.title"), target)
        if not has_screen():
            raise RefusedError(...)
"""

# ruff: noqa: PLC0415 - the server is loaded where it is asked for

from __future__ import annotations

import errno
import functools
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mapiwright.errors import MapiwrightError, RecoveryNeededError, RefusedError
from mapiwright.ui.cli.edge import report, report_defect
from mapiwright.ui.screens.screen_support import LIBRARIES, is_served, require_textual

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.ui.cli.target import Target
    from mapiwright.ui.text.language import Texts

FOR_PROGRAMS = frozenset(("--answers", "--prf", "--json"))
"""Options that exclude a screen."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A screen to be shown in a browser: its command line, and the port."""

    words: tuple[str, ...]
    port: int

    def show(self, texts: Texts, title: str, target: Target) -> None:
        """Serve the screen under a title, until the user ends it; raises RefusedError where the port is taken.

        Where it leaves an interrupted transaction, this exits with the code of RecoveryNeededError.
        """
        for module in LIBRARIES:
            require_textual(module)
        from mapiwright.ui.browser.serving import ScreenServer, Terminal

        terminal = Terminal(report, partial(report_defect, as_json=False), partial(_recover, target))
        try:
            server = ScreenServer(self.words, self.port, title, texts, terminal)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise RefusedError(
                "the port is in use" if taken else f"the port cannot be opened ({error.strerror})",
                where=f"--port {self.port}",
                remedy="Choose another one, or leave it out to get a free one.",
            ) from error
        report(texts("browser.open", address=server.address))
        report(texts("browser.alone"))
        server.serve()
        if server.left_interrupted:
            raise click.exceptions.Exit(RecoveryNeededError.exit_code)


def _recover(target: Target) -> str:
    """The command line that ends an interrupted transaction on the workstation, or "" where there is none.

    Where that cannot be read, there may be one, and the command line is given.
    """
    from mapiwright.transaction.recovery import unfinished

    try:
        is_whole = unfinished(target.workstation) is None
    except (MapiwrightError, OSError):
        is_whole = False
    return "" if is_whole else target.command("recover")


def serve_options(verb: Callable[..., None]) -> Callable[..., None]:
    """``--serve`` and ``--port``, handed over as ``serving``; stands above the options of target and writing."""

    @click.option(
        "--port",
        metavar="N",
        type=click.IntRange(0, 65535),
        help="With --serve: the port; a free one by default, or with 0.",
    )
    @click.option("--serve", is_flag=True, help="Show it in a browser on this computer.")
    @functools.wraps(verb)
    def with_serving(serve: bool, port: int | None, **rest: object) -> None:
        context = click.get_current_context()
        if port is not None and not serve:
            raise click.UsageError("--port needs --serve.", context)
        if not serve:
            serving = None
        elif excluded := _for_programs(context):
            raise click.UsageError(f"--serve and {excluded} exclude each other.", context)
        else:
            serving = Serving(context.obj, port or 0)
        if is_served():
            with redirect_stdout(sys.stderr):  # the server reads packets from stdout
                verb(serving=None, **rest)
        else:
            verb(serving=serving, **rest)

    return with_serving


def _for_programs(context: click.Context) -> str:
    """The given option that excludes a screen, or ""."""
    return next(
        (
            option
            for parameter in context.command.params
            for option in FOR_PROGRAMS.intersection(parameter.opts)
            if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        ),
        "",
    )
