"""A hive file, as text, as JSON and as registry text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mapiwright.errors import Severity
from mapiwright.formats import reg_text
from mapiwright.mapi.props.protected import MASK, is_secret
from mapiwright.ui.text.section_values import holds_8_bit_strings, name_text, section_value_text
from mapiwright.ui.text.terminal import Line, Style, escape
from mapiwright.ui.text.values import type_name
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from mapiwright.formats.regf.check.validate import Fault
    from mapiwright.formats.regf.read import Hive, HiveKey
    from mapiwright.workstation.mounts.hive_bytes import LogToWrite
    from mapiwright.workstation.mounts.hive_logs import LogBeside, WithLogs

_UNTYPED = re.compile("[\0\r\n]")
MOST = 50
"""Faults that people are shown."""


def info_document(
    hive: Hive, logs: Sequence[LogBeside], unfinished: WithLogs | None, writing: LogToWrite | str
) -> dict[str, Any]:
    """``{"version", "name", "sequences", "written", "bins", "clean", "replayed", "logs", "in_place"}``.

    ``in_place`` is the name of the log through which a write goes into the hive, None where it is replaced.
    """
    replayed = unfinished.replayed if unfinished is not None else None
    return {
        "version": f"1.{hive.minor}",
        "name": hive.name,
        "root": hive.root.name,
        "sequences": list(hive.sequences),
        "written": time_text(hive.timestamp),
        "bins": hive.bins_size,
        "clean": unfinished is None,
        "in_place": None if isinstance(writing, str) else writing.path.name,
        "transactions": hive.locked,
        "replayed": None if replayed is None else {"logs": list(replayed.used), "writes": replayed.entries},
        "refusal": unfinished.refusal.what if unfinished is not None and unfinished.refusal is not None else None,
        "logs": [
            {
                "name": log.name,
                "bytes": log.size,
                "format": log.format or None,
                "writes": list(log.writes),
                "fault": log.fault or None,
            }
            for log in logs
        ],
    }


def info_lines(
    hive: Hive, logs: Sequence[LogBeside], unfinished: WithLogs | None, writing: LogToWrite | str
) -> Iterator[Line]:
    """The same, a line each."""
    yield Line(f"a hive of version 1.{hive.minor}: {escape(hive.name) or '(no name)'}", Style.HEADING)
    yield Line(f"  written      {time_text(hive.timestamp) or 'no time is kept'}")
    yield Line(f"  bins         {hive.bins_size:,} bytes")
    yield Line(f"  root key     {escape(hive.root.name)}")
    first, second = hive.sequences
    if unfinished is None:
        yield Line(f"  closed       cleanly, sequence number {first}")
    elif unfinished.replayed is not None:
        found = unfinished.replayed
        yield Line(
            f"  closed       not cleanly; read with {found.entries} write(s) of {', '.join(found.used)}, "
            f"up to sequence number {first - 1}",
            Style.CHANGED,
        )
    else:
        yield Line(f"  closed       not cleanly: sequence numbers {first} and {second}", Style.REMOVED)
        if unfinished.refusal is not None:
            yield Line(f"               {escape(unfinished.refusal.what)}", Style.REMOVED)
    if hive.locked:
        yield Line("  transaction  one is pending (TxR): the hive is not written", Style.REMOVED)
    if isinstance(writing, str):
        yield Line(f"  writing      replaces the file as a whole: {escape(writing)}")
    else:
        yield Line(f"  writing      goes into the file in place, through {escape(writing.path.name)}")
    for log in logs:
        yield Line(f"  log          {escape(log.name)}: {escape(log.said)}", Style.QUIET)


def faults_document(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """``[{"severity", "offset", "rule", "what"}]``."""
    return [
        {"severity": fault.severity.value, "offset": fault.offset, "rule": fault.rule, "what": fault.what}
        for fault in faults
    ]


def faults_lines(faults: Sequence[Fault]) -> Iterator[Line]:
    """A line for each of the first ones, errors before warnings, and how many there are."""
    ordered = sorted(faults, key=lambda fault: (fault.severity is not Severity.ERROR, fault.offset))
    for fault in ordered[:MOST]:
        yield Line(escape(str(fault)), Style.REMOVED if fault.severity is Severity.ERROR else Style.CHANGED)
    if len(ordered) > MOST:
        yield Line(f"... and {len(ordered) - MOST} more; --json has all of them.", Style.QUIET)


def tree_lines(top: HiveKey, code_page: str) -> Iterator[Line]:
    """Every key by its path from ``top``, with its values; secrets are masked.

    ``code_page`` is that of 8-bit strings, which profile sections hold.
    """
    for path, key in walk(top):
        yield Line(escape("\\".join(path)) or "(the key itself)", Style.HEADING)
        for value in key.values():
            shown = section_value_text(key.name, value.name, Value(value.type, value.data), code_page)
            yield Line(f"    {name_text(key.name, value.name)} = {shown}")


def tree_document(top: HiveKey) -> list[dict[str, Any]]:
    """``[{"key": [names], "written", "values": {name: [type, hex]}}]``, in the hive's order; secrets are masked."""
    return [
        {
            "key": list(path),
            "written": time_text(key.timestamp),
            "values": {
                value.name: [type_name(value.type), shown_data(value.name, Value(value.type, value.data))]
                for value in key.values()
            },
        }
        for path, key in walk(top)
    ]


def reg_lines(top: HiveKey, root: str, code_page: str) -> Iterator[str]:
    r"""The lines of a ``.reg`` file for the keys from ``top`` on, which stands for ``root``.

    A value that holds a secret is left out, and a comment says so.
    """
    for path, key in walk(top):
        if not can_be_typed(*path):
            yield reg_text.comment_line(f"{escape('/'.join(path))}: its name cannot be written here")
            continue
        yield reg_text.key_line("\\".join((root, *path)))
        for value in key.values():
            yield from reg_value(key.name, value.name, Value(value.type, value.data), code_page)
        yield ""


def can_be_typed(*names: str) -> bool:
    """Whether registry text has a form for the names: it knows no escape for a line end, which would begin a line."""
    return not any(_UNTYPED.search(name) for name in names)


def reg_value(key: str, name: str, value: Value, code_page: str) -> Iterator[str]:
    """The lines of a value: bytes as stored, and before 8-bit strings what they say; of a secret, that it is one."""
    if is_secret(name, value) or not can_be_typed(name):
        why = MASK if is_secret(name, value) else "its name cannot be written here"
        yield reg_text.comment_line(f"{escape(name)}: {why}")
        return
    if holds_8_bit_strings(key, name):
        yield reg_text.comment_line(f"{escape(name)}: {section_value_text(key, name, value, code_page)}")
    yield from reg_text.value_lines(name, value.type, value.data)


def walk(top: HiveKey) -> Iterator[tuple[tuple[str, ...], HiveKey]]:
    """Every key with its path from ``top``, parents first; without recursion, as a hive may be 512 levels deep."""
    waiting: list[tuple[tuple[str, ...], HiveKey]] = [((), top)]
    while waiting:
        path, key = waiting.pop()
        yield path, key
        waiting += [((*path, below.name), below) for below in reversed(list(key.subkeys()))]


def shown_data(name: str, value: Value) -> str:
    """The bytes of a value in a document, as hex digits; a secret is masked."""
    return MASK if is_secret(name, value) else value.data.hex()


def time_text(filetime: int) -> str:
    """A FILETIME as ISO 8601, "" where it is none that a calendar has."""
    try:
        found = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return ""
    return found.isoformat(timespec="seconds") if filetime else ""
