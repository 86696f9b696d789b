"""A PRF file and the users of a workstation: held against them, planned for them, and written from a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mapiwright.errors import Severity
from mapiwright.formats import prf as text
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.prf.check import check
from mapiwright.mapi.prf.export import export
from mapiwright.setup.prf.apply import findings_for, plan_prf, refuse_errors
from mapiwright.setup.prf.reading import placed, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mapiwright.admin.workspace import Workspace
    from mapiwright.errors import Finding
    from mapiwright.mapi.prf.reading import ProfileFile
    from mapiwright.transaction.plans.plan import Plan


def held_against(file: ProfileFile, spaces: Sequence[Workspace], where: str) -> tuple[Finding, ...]:
    """All findings about a file, called ``where`` to people, and about it on these users' workstation."""
    found = (*check(file, spaces[0].edition), *findings_for(file, spaces))
    return placed(tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.id))), where)


def plan_file(file: Path, spaces: Sequence[Workspace], code_page: str = "") -> tuple[Plan, tuple[Finding, ...]]:
    """The plan that applies a file for these users, and its warnings; in the workstation's ``code_page`` if "".

    Raises FormatError, and FindingsError with all errors at once.
    """
    found = read_file(file, code_page or spaces[0].workstation.code_page)
    findings = held_against(found, spaces, str(file))
    refuse_errors(findings, str(file))
    warnings = tuple(each for each in findings if each.severity is Severity.WARNING)
    return plan_prf(found, spaces, name=file.name), warnings


def exported(space: Workspace, name: str) -> tuple[bytes, tuple[Finding, ...]]:
    """A profile as the bytes of a PRF file, and what one cannot carry."""
    found = space.profile(name)
    default = space.default is not None and upcase(space.default) == upcase(found.name)
    result = export(found, space.catalogue.find, default=default, code_page=space.workstation.code_page)
    findings = tuple(replace(finding, where=f"profile {found.name}") for finding in result.findings)
    return text.render(result.document), findings
