"""A package's part of MAPISVC.INF: what is merged where, what goes that an older version or an older place had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mapiwright.errors import FindingsError
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.mapi.inf.merge import merge
from mapiwright.setup.records.installed import unmerged
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import MergedInf
from mapiwright.workstation.change import WriteFile, file_with_parents
from mapiwright.workstation.files import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.errors import Finding
    from mapiwright.formats.inf import Inf
    from mapiwright.mapi.inf.merge import Added, Merged
    from mapiwright.setup.records.installed import Installation
    from mapiwright.workstation.change import FileChange
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class InfPart:
    """The changes to MAPISVC.INF, what it will mean then, what a receipt records, and what stays at an old place."""

    changes: tuple[FileChange, ...]
    catalogue: Catalogue
    record: MergedInf
    kept: tuple[Finding, ...] = ()


def inf_part(
    fragment: Inf, id_: str, workstation: Workstation, before: Installation | None, *, restore: bool = False
) -> InfPart:
    """Merge ``fragment`` of the package ``id_`` where this Outlook looks for MAPISVC.INF.

    Lines of an older version that the fragment lacks, or has otherwise, go first; and so do all lines in another
    file, where that Outlook looked before an update or another language moved it. With ``restore``, lines of the
    package that somebody changed get their values back. Raises FindingsError where the file has other entries of
    those names.
    """
    path = workstation.outlook.inf_path
    there = read_mapisvc(workstation, path)
    data, target = there.data, there.document
    others = records_of(workstation).others_than(id_, path)
    old_path = before.inf_path if before is not None else ""
    moved = bool(old_path) and not same(old_path, path)
    own = before.merges if before is not None and not moved else ()
    if restore:
        target = _given_back(target, own)
    merged = merge(target, fragment, (*own, *others), absent=data is None)
    replaces = moved or restore
    if before is not None and not moved and (merged.conflicts or _is_stale(own, fragment)):
        merged, replaces = _merged_again(target, fragment, before, others, workstation.code_page), True
    if merged.conflicts:
        raise FindingsError(
            "MAPISVC.INF has other entries where this package's belong",
            [replace(each, where=there.where) for each in merged.conflicts],
            where=there.where,
            remedy="Nothing was written. Remove the product that owns those entries first.",
        )
    new = inf.render(merged.inf)
    changes = tuple(file_with_parents(workstation.files, path, new)) if new != data else ()
    kept: tuple[Finding, ...] = ()
    if before is not None and moved:
        left, kept = taken_out(workstation, before)
        changes = (*left, *changes)
    record = MergedInf(path, merged.record, replaces)
    return InfPart(changes, Catalogue.of(merged.inf, there.where), record, kept)


def taken_out(workstation: Workstation, found: Installation) -> tuple[tuple[WriteFile, ...], tuple[Finding, ...]]:
    """The change that takes a package's lines out of MAPISVC.INF; changed lines stay, and are reported."""
    there = read_mapisvc(workstation, found.inf_path)
    if there.data is None:
        return (), ()
    result = unmerged(there.document, found, records_of(workstation).others_than(found.id, there.path))
    new = inf.render(result.inf) if result.inf is not None else None
    return (() if new == there.data else (WriteFile(there.path, there.data, new),)), result.kept


def _given_back(target: Inf, own: Iterable[Added]) -> Inf:
    """The file with the values that we once wrote, on the lines that somebody changed since."""
    for record in own:
        for share in record.shares:
            there = target.section(share.name)
            for key, written in share.lines:
                if there is not None and there.entry(key) is not None:
                    target = inf.set_value(target, share.name, key, written)
    return target


def _merged_again(
    target: Inf, fragment: Inf, before: Installation, others: tuple[Added, ...], code_page: str
) -> Merged:
    """The merge into the file without what the package has there now."""
    without = unmerged(target, before, others).inf
    return merge(without or inf.empty(code_page), fragment, others, absent=without is None)


def _is_stale(own: Iterable[Added], fragment: Inf) -> bool:
    """Whether the package once brought lines that it does not bring now."""
    return any(line not in _lines_of(fragment) for line in _lines(own))


def _lines(records: Iterable[Added]) -> Iterator[tuple[str, str]]:
    for record in records:
        for share in record.shares:
            yield from ((upcase(share.name), upcase(key)) for key, _ in share.lines)


def _lines_of(fragment: Inf) -> frozenset[tuple[str, str]]:
    return frozenset(
        (upcase(section.name), upcase(entry.key)) for section in fragment.sections for entry in section.entries
    )
