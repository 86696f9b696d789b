"""A PRF file and the users of a workstation: held against them, planned for them, and written from a profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mapiwright.errors import RefusedError, Severity, UsageError
from mapiwright.formats import prf as text
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.prf.check import check
from mapiwright.mapi.prf.export import export
from mapiwright.mapi.prf.rules import finding
from mapiwright.setup.prf.apply import ConfiguredProperties, findings_for, plan_prf, refusal
from mapiwright.setup.prf.reading import placed, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mapiwright.admin.workspace import Workspace
    from mapiwright.errors import Finding
    from mapiwright.mapi.prf.reading import ProfileFile
    from mapiwright.transaction.plans.plan import Plan


@dataclass(frozen=True, slots=True)
class PrfDecision:
    """What is to be said of a file for some users of a workstation, and the plan; None where there are errors."""

    findings: tuple[Finding, ...]
    plan: Plan | None


def decide(file: ProfileFile, spaces: Sequence[Workspace], path: Path) -> PrfDecision:
    """Check a file for these users' workstation, and plan it: what a check passes, an apply takes.

    What the planning refuses is a finding, too.
    """
    found: tuple[Finding, ...] = (*check(file, spaces[0].edition), *findings_for(file, spaces))
    plan = None
    if not any(each.severity is Severity.ERROR for each in found):
        try:
            plan = plan_prf(file, spaces, name=path.name)
        except (RefusedError, UsageError) as error:
            refused = finding("MW8112", f"{error.where}: {error.what}" if error.where else error.what)
            found = (*found, replace(refused, remedy=error.remedy or refused.remedy))
    return PrfDecision(
        placed(tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.id))), str(path)), plan
    )


def plan_file(file: Path, spaces: Sequence[Workspace], code_page: str = "") -> tuple[Plan, tuple[Finding, ...]]:
    """The plan that applies a file for these users, and its warnings; in the workstation's ``code_page`` if "".

    Raises FormatError, and FindingsError with all errors at once, as ``decide`` finds them.
    """
    found = read_file(file, code_page or spaces[0].workstation.code_page)
    decision = decide(found, spaces, file)
    if decision.plan is None:
        raise refusal(decision.findings, str(file))
    return decision.plan, tuple(each for each in decision.findings if each.severity is Severity.WARNING)


def exported(space: Workspace, name: str) -> tuple[bytes, tuple[Finding, ...]]:
    """A profile as the bytes of a PRF file, and what one cannot carry."""
    found = space.profile(name)
    default = space.default is not None and upcase(space.default) == upcase(found.name)
    waiting = ConfiguredProperties.on(space.workstation).waiting_in(space, found)
    code_page = space.workstation.code_page
    result = export(found, space.catalogue.find, default=default, code_page=code_page, waiting=waiting)
    findings = tuple(replace(finding, where=f"profile {found.name}") for finding in result.findings)
    return text.render(result.document), findings
