"""The ``hive`` verbs: info, check, dump, salvage, diff, replay, compact, each on a bare file by itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mapiwright.errors import ExistsError, NotFoundError, RefusedError, Severity
from mapiwright.formats import reg_text
from mapiwright.formats.inf import ansi_codec
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.compact import compacted
from mapiwright.formats.regf.logs.replay import without_logs
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import is_dirty
from mapiwright.formats.regf.salvage.salvage import salvage
from mapiwright.transaction import single_file
from mapiwright.ui.cli.edge import report
from mapiwright.ui.cli.packages.inf import code_page_option
from mapiwright.ui.cli.target import json_option
from mapiwright.ui.cli.writing import Consent, confirm
from mapiwright.ui.documents import hive_report, salvage_report
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.documents.plan_document import change_document
from mapiwright.ui.text.diff import changes_as_lines
from mapiwright.ui.text.language import said
from mapiwright.ui.text.terminal import Line, Style, escape, write
from mapiwright.workstation.mounts.compare import differences
from mapiwright.workstation.mounts.hive_logs import WithLogs, described, logs_beside, with_logs
from mapiwright.workstation.mounts.hives import LARGEST_HIVE, HiveFile, naming
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapiwright.formats.regf.read import HiveKey

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
ANY = click.Path(dir_okay=False, path_type=Path)
LISTS = "`mapiwright hive dump {}` shows all keys."
KEY = click.argument("key", default="", metavar="[KEY]")
REG = click.option(
    "--reg", metavar="OUT", type=ANY, help="Write registry text there, for regedit; secrets are left out."
)
ROOT = click.option(
    "--root",
    default="HKEY_CURRENT_USER",
    show_default=True,
    metavar="NAME",
    help="With --reg: what the hive's root key stands for.",
)
BEFORE, BEFORE_COMPACT = ".before-replay", ".before-compact"
"""What the name of a hive ends in that is kept as it was."""


@dataclass(frozen=True, slots=True)
class OpenHive:
    """A hive file that was read, with its logs where it was not closed cleanly.

    ``found`` are the bytes of the file, ``data`` those with its logs.
    """

    path: Path
    found: bytes
    data: bytes
    unfinished: WithLogs | None

    @property
    def hive(self) -> Hive:
        """The hive; raises FormatError with its file where it cannot be read."""
        with naming(self.path):
            return Hive(self.data)

    def find(self, path: str) -> HiveKey | None:
        """The key at a path from the root, or None."""
        found = self.hive
        with naming(self.path):
            return found.find(names_of(path))

    def key(self, path: str) -> HiveKey:
        """The key at a path from the root; raises NotFoundError where there is none."""
        found = self.find(path)
        if found is None:
            raise NotFoundError(f"there is no key {path!r}", where=str(self.path), remedy=LISTS.format(self.path))
        return found


def names_of(path: str) -> tuple[str, ...]:
    """The names of a path, as it is written with backslashes."""
    return tuple(filter(None, path.split("\\")))


def opened(path: Path) -> OpenHive:
    """Read a hive file, and report on stderr where it was not closed cleanly."""
    found = single_file.read_named(path, LARGEST_HIVE, "a hive")
    if not is_dirty(found):
        return OpenHive(path, found, found, None)
    unfinished = with_logs(path.resolve(), found)
    finding = unfinished.finding(path, "this file")
    report(str(finding), style=Style.CHANGED)
    replayed = unfinished.replayed
    return OpenHive(path, found, replayed.data if replayed is not None else found, unfinished)


@click.group()
def hive() -> None:
    """Look into a registry hive, check it, find what was deleted or damaged, and replay its logs.

    FILE is a bare hive such as NTUSER.DAT. The logs that lie beside it (.LOG, .LOG1, .LOG2) are read with it where it
    was not closed cleanly.
    """


@hive.command()
@click.argument("file", type=EXISTING)
@json_option
def info(file: Path, as_json: bool) -> None:
    """Show what FILE is, whether it was closed cleanly, and what its logs hold."""
    found = opened(file)
    logs = [described(f"{file.name}{ending}", data) for ending, data in logs_beside(file.resolve()).items()]
    writing = HiveFile(file.resolve()).written_in_place()
    if as_json:
        document = hive_report.info_document(found.hive, logs, found.unfinished, writing)
        write_document({"hive": {"file": str(file), **document}})
    else:
        write(hive_report.info_lines(found.hive, logs, found.unfinished, writing), sys.stdout)


@hive.command()
@click.argument("file", type=EXISTING)
@json_option
def check(file: Path, as_json: bool) -> None:
    """Report all that is wrong with FILE at once. Exit code 1 means that there are errors.

    A warning is what hives that Windows wrote do have, such as cells that nothing uses.
    """
    found = opened(file)
    faults = validate(found.data)
    errors = sum(fault.severity is Severity.ERROR for fault in faults)
    if as_json:
        write_document({"file": str(file), "errors": errors, "faults": hive_report.faults_document(faults)})
    else:
        write(hive_report.faults_lines(faults), sys.stdout)
        write([Line(escape(said("hive.checked", file=file, errors=errors, others=len(faults) - errors)))], sys.stdout)
    if errors:
        click.get_current_context().exit(1)


@hive.command()
@click.argument("file", type=EXISTING)
@KEY
@REG
@ROOT
@code_page_option
@json_option
def dump(file: Path, key: str, reg: Path | None, root: str, code_page: str, as_json: bool) -> None:
    """Show all keys and values of FILE, or those below KEY; secrets are masked."""
    codec = ansi_codec(code_page)
    top = opened(file).key(key)
    with naming(file):
        if reg is not None:
            base = "\\".join((root, *names_of(key)))
            written(reg, hive_report.reg_lines(top, base, codec))
        if as_json:
            write_document({"file": str(file), "keys": hive_report.tree_document(top)})
        elif reg is None:
            write(hive_report.tree_lines(top, codec), sys.stdout)


@hive.command(name="salvage")
@click.argument("file", type=EXISTING)
@click.option("--below", default="", metavar="KEY", help="Only KEY and what is below it.")
@click.option("--deleted", is_flag=True, help="Only what is not in use.")
@REG
@ROOT
@code_page_option
@json_option
def salvage_verb(
    *, file: Path, below: str, deleted: bool, reg: Path | None, root: str, code_page: str, as_json: bool
) -> None:
    """Show what is left of a damaged FILE, and what was deleted from it; secrets are masked.

    Of each key and value it says where it stands and how sure it is: "good", "likely" where something was assumed,
    "taken again" or "lost" where the data are not there. FILE is not changed.
    """
    codec = ansi_codec(code_page)
    found = salvage_report.chosen(salvage(opened(file).data), names_of(below), deleted=deleted)
    if reg is not None:
        written(reg, salvage_report.salvage_reg_lines(found, root, codec))
    if as_json:
        write_document({"file": str(file), **salvage_report.salvage_document(found)})
    elif not any((found.keys, found.groups, found.loose)):
        write([Line(said("hive.nothing-found"), Style.QUIET)], sys.stdout)
    elif reg is None:
        write(salvage_report.salvage_lines(found, codec), sys.stdout)


def written(reg: Path, lines: Iterable[str]) -> None:
    """Write registry text into a new file, and report it."""
    single_file.make_private(reg, reg_text.encoded(lines))
    report(said("setup.written", file=reg), style=Style.ADDED)


@hive.command()
@click.argument("old", type=EXISTING)
@click.argument("new", type=EXISTING)
@KEY
@code_page_option
@json_option
def diff(old: Path, new: Path, key: str, code_page: str, as_json: bool) -> None:
    """Show what differs from OLD to NEW, or below KEY. Exit code 1 means that something does."""
    codec = ansi_codec(code_page)
    before, after = opened(old), opened(new)
    mine, theirs = before.find(key), after.find(key)
    if mine is None and theirs is None:
        after.key(key)
    with naming(new):
        changes = list(differences(mine, theirs, KeyPath("HKU", ("hive", *names_of(key)))))
    if as_json:
        documents = [change_document(change, codec) for change in changes]
        write_document({"old": str(old), "new": str(new), "changes": documents})
    elif changes:
        write(changes_as_lines(changes, codec), sys.stdout)
    else:
        write([Line(said("hive.same"), Style.QUIET)], sys.stdout)
    if changes:
        click.get_current_context().exit(1)


@hive.command()
@click.argument("file", type=EXISTING)
@click.option("-o", "--output", metavar="OUT", type=ANY, help="Write there, and leave FILE alone.")
@click.option("--without-logs", "alone", is_flag=True, help="Close FILE as it is, and give up what its logs hold.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option
def replay(file: Path, output: Path | None, alone: bool, yes: bool, as_json: bool) -> None:
    """Write FILE with what its logs hold, closed cleanly, as Windows does when it loads it.

    FILE as it was is kept beside it as FILE.before-replay; the logs stay, and are ignored from then on.
    """
    found = opened(file)
    data, question = found.data, said("setup.ask-file", file=file)
    refusal = found.unfinished.refusal if found.unfinished is not None else None
    if found.unfinished is None:
        write([Line(escape(said("hive.clean", file=file)), Style.QUIET)], sys.stderr if as_json else sys.stdout)
    elif alone:
        data, question = _closed(file, found.found), said("hive.ask-without-logs", file=file)
    elif refusal is not None:
        raise RefusedError(refusal.what, where=str(file), remedy=refusal.remedy)
    written = output or (file if found.unfinished is not None else None)
    if output is not None:
        single_file.make_private(output, data)
    elif written is not None:
        _write_over(found, data, BEFORE, question, yes=yes)
    if as_json:
        replayed = found.unfinished.replayed if found.unfinished is not None and not alone else None
        writes = replayed.entries if replayed is not None else 0
        write_document({"file": str(file), "written": str(written) if written else None, "writes": writes})
    elif written is not None:
        write([Line(escape(said("setup.written", file=written)), Style.ADDED)], sys.stdout)


@hive.command()
@click.argument("file", type=EXISTING)
@click.option("-o", "--output", metavar="OUT", type=ANY, help="Write there, and leave FILE alone.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option
def compact(file: Path, output: Path | None, yes: bool, as_json: bool) -> None:
    """Write FILE without free cells; nothing that was deleted from it can be found in it any more.

    FILE as it was is kept beside it as FILE.before-compact.
    """
    found = opened(file)
    refusal = found.unfinished.refusal if found.unfinished is not None else None
    if refusal is not None:
        raise RefusedError(refusal.what, where=str(file), remedy=refusal.remedy)
    with naming(file):
        data = compacted(found.data, timestamp=found.hive.timestamp)
        _refuse_another(found, data)
    if output is not None:
        single_file.make_private(output, data)
    else:
        _write_over(found, data, BEFORE_COMPACT, said("hive.ask-compact", file=file), yes=yes)
    if as_json:
        sizes = {"before": len(found.found), "after": len(data)}
        write_document({"file": str(file), "written": str(output or file), "bytes": sizes})
    else:
        write([Line(escape(said("setup.written", file=output or file)), Style.ADDED)], sys.stdout)


def _write_over(found: OpenHive, data: bytes, ending: str, question: str, *, yes: bool) -> None:
    """Write into a hive file once the user agrees, and keep it as it was beside it."""
    kept = found.path.with_name(found.path.name + ending)
    if kept.exists():
        raise ExistsError("it is there already", where=str(kept), remedy="Move it away; nothing was written.")
    confirm(question, Consent(yes))
    single_file.make_private(kept, found.found)
    single_file.replace(found.path, found.found, data)


def _refuse_another(found: OpenHive, data: bytes) -> None:
    """Raise RefusedError unless the bytes are a sound hive with the same keys and values."""
    fault = next((fault for fault in validate(data) if fault.severity is Severity.ERROR), None)
    change = next(differences(found.hive.root, Hive(data).root, KeyPath("HKU", ("hive",))), None)
    if fault is not None or change is not None:
        raise RefusedError(
            f"the compacted hive does not pass the self-check: {fault or change}",
            where=str(found.path),
            remedy="It was not written. Please report this as a defect of Mapiwright.",
        )


def _closed(file: Path, data: bytes) -> bytes:
    """The hive without its logs; raises RefusedError where a write into it was begun, so that it is damaged."""
    closed = without_logs(data)
    fault = next((fault for fault in validate(closed) if fault.severity is Severity.ERROR), None)
    if fault is not None:
        raise RefusedError(
            f"without its logs it is damaged: {fault}",
            where=str(file),
            remedy="Find its logs, or restore it from a backup. Nothing was written.",
        )
    return closed
