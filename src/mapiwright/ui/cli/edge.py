"""The edge of the command line: every error as a message, as a JSON document, and as an exit code.

The codes of our own errors are listed at the top of errors.py. The others are here; docs/reference/exit-codes.md has
the whole table, and a test compares them.
"""

from __future__ import annotations

import os
import sys
from contextvars import copy_context
from typing import TYPE_CHECKING

from mapiwright.errors import FailedError, MapiwrightError, UsageError
from mapiwright.ui.text.language import message_here, said
from mapiwright.ui.text.terminal import Line, Style, escape, escape_lines, write

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

DEFECT = 3
"""A fault of Mapiwright itself: what a transaction had started is rolled back, or its journal is kept."""
INTERRUPTED = 130
"""128 + SIGINT, as shells say it."""
OPTIONS_OF_VERBS = frozenset(
    (
        *("--workstation", "--target", "--inf", "--edition", "--bitness", "--json"),
        *("--user", "--all-users", "--yes", "-y", "--dry-run", "-o", "--output"),
    )
)
"""Options of many verbs, which must follow the verb."""
CALLS_WAIT = 5
"""Done, and calls of the service's own code wait to be sent."""
READER_GONE = 141
"""128 + SIGPIPE: the reader of our output has closed it, as ``head`` does."""


def report(text: str, *, style: Style = Style.PLAIN) -> None:
    """Print a message for people to stderr, so that stdout holds the answer only."""
    write([Line(line, style) for line in escape_lines(text).split("\n")], sys.stderr)


def report_error(error: MapiwrightError, *, as_json: bool) -> int:
    """Report one of our own errors; returns its exit code. Messages in it are in the reader's language."""
    report(said("setup.error", error=error.shown(lambda message: escape(message_here(message)))), style=Style.REMOVED)
    if as_json:
        from mapiwright.ui.documents.documents import error_document, write_document  # noqa: PLC0415 - most runs end well

        write_document(error_document(error))
    return error.exit_code


def report_usage(error: click.UsageError, *, as_json: bool) -> int:
    """Report an invalid command line; for an option before its verb, the right place is shown."""
    import click  # noqa: PLC0415 - it is loaded: the error is its own

    group = error.ctx is not None and isinstance(error.ctx.command, click.Group)
    if group and isinstance(error, click.NoSuchOption) and error.option_name in OPTIONS_OF_VERBS:
        place = f"{error.ctx.command_path} VERB {error.option_name}" if error.ctx is not None else ""
        error = click.UsageError(f"{error.option_name} goes after the verb: {place}", error.ctx)
    if as_json:
        command = error.ctx.command_path if error.ctx is not None else "mapiwright"
        return report_error(
            UsageError(error.format_message(), where=command, remedy=f"See `{command} --help`."), as_json=True
        )
    error.show()
    return UsageError.exit_code


def end_of(verb: Callable[[], int], *, as_json: bool) -> int:
    """Run a verb to its end; returns its exit code, or that of what went wrong, having reported it."""
    try:
        code = copy_context().run(verb)  # what one run notes is not the next one's
        sys.stdout.flush()
    except MapiwrightError as error:
        return report_error(error, as_json=as_json)
    except KeyboardInterrupt:
        return report_interrupt()
    except BrokenPipeError:
        return close_output()
    except OSError as error:
        return report_system_error(error, as_json=as_json)
    return code


def report_system_error(error: OSError, *, as_json: bool) -> int:
    """Report what the operating system refused, with the file concerned."""
    reported = FailedError(
        error.strerror or type(error).__name__,
        where=str(error.filename or ""),
        remedy="Check that the file exists, that you may use it, and that the disk has space; then run it again.",
    )
    return report_error(reported, as_json=as_json)


def report_defect(defect: Exception, *, as_json: bool) -> int:
    """Report a fault of Mapiwright itself: where it happened, not the text of the exception.

    The text of a stray exception may hold data of a profile, so it is not shown.
    """
    from traceback import extract_tb  # noqa: PLC0415 - most runs end well

    places = [f"  {place.filename}:{place.lineno} in {place.name}" for place in extract_tb(defect.__traceback__)]
    report("\n".join(["This is a defect of Mapiwright:", *places, f"  {type(defect).__name__}"]), style=Style.REMOVED)
    reported = FailedError(
        f"a defect of Mapiwright ({type(defect).__name__})",
        remedy="Please report the lines above. If a change was running, `mapiwright recover` ends it.",
    )
    report_error(reported, as_json=as_json)
    return DEFECT


def report_interrupt() -> int:
    """Report that the user interrupted; a running transaction has rolled back already."""
    report(said("setup.interrupted"))
    return INTERRUPTED


def close_output() -> int:
    """The output is closed: keep the interpreter's last flush from failing again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_GONE
