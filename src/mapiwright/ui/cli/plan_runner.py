"""How a screen that a verb has opened applies its plans."""

# ruff: noqa: PLC0415 - the transaction is loaded when something is sent

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mapiwright.errors import MapiwrightError

if TYPE_CHECKING:
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.transaction.transaction import Progress
    from mapiwright.ui.cli.target import Target
    from mapiwright.ui.cli.writing import Consent


@dataclass(frozen=True, slots=True)
class Performing:
    """The Performance of a verb, as its user allows it."""

    target: Target
    consent: Consent
    receipts: list[Receipt] = field(default_factory=list)
    """The receipts of everything applied, also where the screen was gone by then."""
    failures: list[MapiwrightError] = field(default_factory=list)
    """The failures, likewise."""

    @property
    def dry_run(self) -> bool:
        """Whether the plan is only shown."""
        return self.consent.dry_run

    @property
    def recover(self) -> str:
        """The command that ends an interrupted transaction."""
        return self.target.command("recover")

    def prepared(self, plan: Plan) -> Plan:
        """The plan as it will be sent."""
        from mapiwright.ui.cli.writing import hosted

        return hosted(plan, self.consent.host)

    def send(self, plan: Plan, progress: Progress) -> Receipt:
        """Apply it; raises as the transaction does."""
        from mapiwright.entry.makers import MAKERS
        from mapiwright.transaction.transaction import execute, refuse_unwritable

        try:
            refuse_unwritable(plan, self.target.workstation)
            receipt = execute(plan, self.target.workstation, makers=MAKERS, progress=progress)
        except MapiwrightError as error:
            self.failures.append(error)
            raise
        self.receipts.append(receipt)
        return receipt
