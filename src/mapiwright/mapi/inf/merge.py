"""Merging a fragment into MAPISVC.INF key by key, and taking exactly that out again.

A line that is there already is never touched: one with another value is a conflict, and all conflicts are found
before anything is merged. Comments and blank lines of the fragment are not merged. Merging again merges nothing.

The record says what was added. It is JSON, in ASCII: what stands for undecodable bytes has no other form::

    {"schema": 1, "absent": false, "sections": [
        {"name": "Services", "header": false, "above": false, "below": false, "lines": [["ACME", "Acme Mail"]]}]}

A section of the fragment that nothing links to is not merged: MAPI reads none, and nothing would say later whose it
was. ``inf merge`` writes MARK into a file that it makes, so that ``inf remove`` can take the file away again.

``absent`` is whether there was no file, ``header`` whether the section is ours, ``above`` and ``below`` whether a
blank line was added there. Several packages may share a line or a section that one of them brought: whoever merges
names the records of the others, and so does the one that removes them; the last one to go removes it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mapiwright.errors import FormatError, NotFoundError
from mapiwright.formats import inf as text
from mapiwright.formats.inf import LineKind
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import GLOBAL, PROVIDERS, SECTIONS, WHERE, Catalogue, links
from mapiwright.mapi.inf.rules import finding, shown_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Entry, Inf, InfSection

MARK = "; This file was made by mapiwright inf merge, and goes with its last service."
"""The first line of a file that was not there before a merge without a record."""
_GLOBAL = frozenset(upcase(name) for name in GLOBAL)


@dataclass(frozen=True, slots=True)
class Share:
    """What was added to one section; ``header`` says that the section is ours."""

    name: str
    lines: tuple[tuple[str, str], ...]
    header: bool = False
    above: bool = False
    below: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The keys that were added, as they compare."""
        return frozenset(upcase(key) for key, _ in self.lines)


@dataclass(frozen=True, slots=True)
class Added:
    """What a merge added, section by section; ``absent`` is whether there was no file."""

    shares: tuple[Share, ...] = ()
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge came to. Where there are conflicts nothing was merged, and the record is empty."""

    inf: Inf
    record: Added
    conflicts: tuple[Finding, ...] = ()
    left_out: tuple[Finding, ...] = ()
    """The sections of the fragment that were not merged."""


@dataclass(frozen=True, slots=True)
class Unmerged:
    """What taking out came to; ``inf`` is None where there was no file before the merge. ``kept`` is what stays."""

    inf: Inf | None
    kept: tuple[Finding, ...] = ()


def merge(target: Inf, fragment: Inf, others: Iterable[Added] = (), *, absent: bool = False) -> Merged:
    """Add the keys of ``fragment`` that ``target`` lacks.

    A missing section is appended; a key goes below the last one of its section. ``others`` are the records of what
    was merged and not taken out since. ``absent`` says that there is no file, and the target an empty document.
    The fragment is taken as correct: ``check`` it before.
    """
    known = tuple(others)
    conflicts = tuple(_conflicts(target, fragment))
    if conflicts:
        return Merged(target, Added(), conflicts)
    fresh: list[InfSection] = []
    shares: list[Share] = []
    inserted: dict[int, list[str]] = {}
    for section in _linked(target, fragment):
        there = target.section(section.name)
        if there is None:
            fresh.append(section)
            continue
        missing = [entry for entry in _entries(section) if there.entry(entry.key) is None]
        if missing:
            lines = [text.entry_text(entry.key, entry.written) for entry in missing]
            inserted.setdefault(there.last + 1, []).extend(lines)
        share = _share(section, there, tuple(_shares(known, section.name)))
        if share.lines:
            shares.append(share)
    if not absent:
        # Sections of the first level come last: one that stands below others and is empty is then known to be ours.
        fresh.sort(key=lambda section: upcase(section.name) in _GLOBAL)
    above, below = text.spacing(target)
    end = inserted.setdefault(len(target.lines), [])
    for section in fresh:
        lines = [text.entry_text(entry.key, entry.written) for entry in _entries(section)]
        end += [*above, text.header_text(section.name), *lines, *below]
        pairs = tuple((entry.key, entry.written) for entry in _entries(section))
        shares.append(Share(section.name, pairs, header=True, above=bool(above), below=bool(below)))
        if not target.lines:
            above = [""]
    absent = absent or any(record.absent for record in known)
    return Merged(
        text.splice(target, inserted), Added(tuple(shares), absent), left_out=tuple(_left_out(target, fragment))
    )


def marked(inf: Inf) -> Inf:
    """The document with MARK above its first line."""
    return text.splice(inf, {0: [MARK]})


def is_used_up(inf: Inf) -> bool:
    """Whether nothing is left of a document with MARK but that and empty sections of the first level."""
    first, *others = inf.lines or (None,)
    return (
        first is not None
        and first.text == MARK
        and all(
            line.kind is LineKind.BLANK or (line.kind is LineKind.SECTION and upcase(line.name) in _GLOBAL)
            for line in others
        )
    )


def _share(section: InfSection, there: InfSection, others: Sequence[Share]) -> Share:
    """What a merge has of a section that is there: the keys that it adds, and those that others of ours added."""
    owned = {key for share in others for key in share.keys}
    ours = [entry for entry in _entries(section) if there.entry(entry.key) is None or upcase(entry.key) in owned]
    lines = tuple((entry.key, entry.written) for entry in ours)
    made = next((share for share in others if share.header), Share(there.name, ()))
    return Share(there.name, lines, made.header, made.above, made.below)


def unmerge(current: Inf, record: Added, others: Iterable[Added] = ()) -> Unmerged:
    """Take out what a merge added. ``others`` are the records of what was merged and stays.

    A key whose value was changed since stays, and so does the header of a section that holds lines of others.
    If nothing else was changed since the merge, the bytes are those from before it.
    """
    known = tuple(others)
    kept: list[Finding] = []
    gone: set[int] = set()
    for share in _shares([record]):
        sharing = tuple(_shares(known, share.name))
        needed = {key for other in sharing for key in other.keys}
        sections = [section for section in current.sections if upcase(section.name) == upcase(share.name)]
        entries = [entry for section in sections for entry in section.entries]
        for key, written in share.lines:
            same = [entry for entry in entries if upcase(entry.key) == upcase(key)]
            found = next((entry for entry in same if entry.written == written), None)
            if upcase(key) in needed:
                continue
            if found is not None:
                gone.add(found.index)
            elif same:
                what = f"{key} in [{share.name}] is now {shown_value(key, same[0].written)}"
                kept.append(finding("MW1210", what, line=same[0].index + 1, where=WHERE))
            else:
                kept.append(finding("MW1212", f"{key} in [{share.name}] is not there any more", where=WHERE))
        if not share.header or not sections:
            continue
        empty = next((section for section in sections if _is_empty(current, section, gone)), None)
        if empty is not None:
            gone |= _frame(current, empty, share)
        elif not any(other.header for other in sharing):
            what = f"[{share.name}] holds other lines"
            kept.append(finding("MW1211", what, line=sections[0].header + 1, where=WHERE))
    left = text.splice(current, {}, gone)
    return Unmerged(None if record.absent and not left.lines else left, tuple(kept))


def remove(target: Inf, services: Sequence[str], where: str = WHERE) -> Inf:
    """Take out services, whoever merged them: their lines and sections, and the sections that no other service names.

    Comments stay. The header of a section of the first level that becomes empty stays too, unless it stands below
    other sections, where a merge puts one that was missing. Raises NotFoundError that names all that are not there;
    ``where`` is the file, for that error.
    """
    listed = {upcase(name): name for name in Catalogue.of(target).services}
    unknown = [name for name in services if upcase(name) not in listed]
    if unknown:
        raise NotFoundError(
            f"there is no message service {', '.join(map(repr, unknown))}",
            where=where,
            expected=", ".join(listed.values()) or "a service in [Services]",
        )
    wanted = {upcase(name) for name in services}
    owners = _owners(target)
    ours = {name for name, named_by in owners.items() if named_by and named_by <= wanted} - _GLOBAL
    gone = {entry.index for entry in _global_entries(target) if upcase(entry.key) in ours}
    left = target
    for section in reversed(target.sections):
        if _is_appended(target, section, gone):
            left = text.splice(left, {}, text.lines_of(left, section))
    left = text.splice(left, {}, {entry.index for entry in _global_entries(left) if upcase(entry.key) in ours})
    for section in target.sections:
        if upcase(section.name) in ours:
            left = text.delete_section(left, section.name)
    return left


def _global_entries(inf: Inf) -> Iterator[Entry]:
    """The lines of the first level, also those that Windows does not see: they would come to light."""
    return (entry for section in inf.sections if upcase(section.name) in _GLOBAL for entry in section.entries)


def _is_appended(inf: Inf, section: InfSection, gone: set[int]) -> bool:
    """Whether a section of the first level loses its last line and stands where a merge puts one."""
    return (
        upcase(section.name) in _GLOBAL
        and section.last in gone
        and _is_empty(inf, section, gone)
        and any(upcase(above.name) not in _GLOBAL for above in inf.sections if above.header < section.header)
    )


def _conflicts(target: Inf, fragment: Inf) -> Iterator[Finding]:
    """What forbids the merge, all of it."""
    owners, wanting = _owners(target), _owners(fragment)
    for section in _linked(target, fragment):
        name = upcase(section.name)
        there = target.section(section.name)
        strangers = owners.get(name, set()) - wanting.get(name, set())
        if there is not None and name in wanting and strangers:
            what = f"[{there.name}] belongs to {', '.join(sorted(strangers))}"
            yield finding("MW1202", what, line=there.header + 1, where=WHERE)
        if there is None and not _fits(target, fragment, section.name):
            yield finding("MW1203", f"[{section.name}] is not {target.encoding.codec}", where=WHERE)
        for entry in _entries(section):
            found = there.entry(entry.key) if there is not None else None
            if found is None and not _fits(target, fragment, text.entry_text(entry.key, entry.written)):
                what = f"{entry.key} in [{section.name}] is not {target.encoding.codec}"
                yield finding("MW1203", what, where=WHERE)
            if found is not None and found.value != entry.value:
                old, new = (shown_value(each.key, each.value) for each in (found, entry))
                what = f"{found.key} in [{section.name}] is {old}, not {new}"
                yield finding("MW1201", what, line=found.index + 1, where=WHERE)


def _owners(inf: Inf) -> dict[str, set[str]]:
    """Which services name a section, by its name: a service its own, its providers' and its extra sections."""
    owners: dict[str, set[str]] = {}
    for service in Catalogue.of(inf).services:
        section = inf.section(service)
        below = [*links(section, PROVIDERS), *links(section, SECTIONS)] if section is not None else []
        for name in (service, *below):
            owners.setdefault(upcase(name), set()).add(upcase(service))
    return owners


def _fits(target: Inf, fragment: Inf, line: str) -> bool:
    """Whether a text of the fragment can stand in the target."""
    if target.encoding != fragment.encoding and any("\ud800" <= character <= "\udfff" for character in line):
        return False  # bytes that were no text there cannot be text here
    try:
        target.encoding.encode(line)
    except FormatError:
        return False
    return True


def _linked(target: Inf, fragment: Inf) -> Iterator[InfSection]:
    """The sections of a fragment that MAPI reads: those of the first level, and what services of either file name."""
    named = _GLOBAL | _owners(target).keys() | _owners(fragment).keys()
    return (section for section in _effective(fragment) if upcase(section.name) in named)


def _left_out(target: Inf, fragment: Inf) -> Iterator[Finding]:
    merged = {section.header for section in _linked(target, fragment)}
    for section in fragment.sections:
        if section.header not in merged and section.entries:
            yield finding("MW1204", f"[{section.name}] was not merged", line=section.header + 1)


def _effective(inf: Inf) -> Iterator[InfSection]:
    """The sections that Windows sees and that hold anything."""
    return (section for section in inf.sections if section.entries and inf.section(section.name) is section)


def _entries(section: InfSection) -> list[Entry]:
    """The entries that Windows sees."""
    return [entry for entry in section.entries if section.entry(entry.key) is entry]


def _is_empty(inf: Inf, section: InfSection, gone: set[int]) -> bool:
    """Whether nothing but blank lines is left of a section below its header."""
    below = range(section.header + 1, section.end)
    return all(index in gone or inf.lines[index].kind is LineKind.BLANK for index in below)


def _frame(inf: Inf, section: InfSection, share: Share) -> set[int]:
    """The header of a section that we appended, and the blank line that we put above or below it."""
    blank = [
        index
        for index, added in ((section.header - 1, share.above), (section.last + 1, share.below))
        if added and 0 <= index < len(inf.lines) and inf.lines[index].kind is LineKind.BLANK
    ]
    return {section.header, *blank}


def _shares(records: Iterable[Added], name: str | None = None) -> Iterator[Share]:
    """What records say, of one section or of all."""
    for record in records:
        for share in record.shares:
            if name is None or upcase(share.name) == upcase(name):
                yield share


def added_to_json(added: Added) -> dict[str, Any]:
    """The record as it is kept in a receipt."""
    return {
        "schema": 1,
        "absent": added.absent,
        "sections": [
            {
                "name": share.name,
                "header": share.header,
                "above": share.above,
                "below": share.below,
                "lines": [list(line) for line in share.lines],
            }
            for share in added.shares
        ],
    }


def added_from_json(json_: Mapping[str, Any]) -> Added:
    """The record that was kept; raises KeyError, TypeError or ValueError on anything else."""
    shares = tuple(
        Share(
            str(share["name"]),
            tuple((str(key), str(value)) for key, value in share["lines"]),
            bool(share["header"]),
            bool(share["above"]),
            bool(share["below"]),
        )
        for share in json_["sections"]
    )
    return Added(shares, bool(json_["absent"]))
