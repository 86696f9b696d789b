"""How a screen applies its plans: its opener knows the workstation, and what may be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.transaction.transaction import Progress


class Performance(Protocol):
    """How a plan is applied."""

    @property
    def dry_run(self) -> bool:
        """Whether a plan is only shown."""
        ...

    @property
    def recover(self) -> str:
        """The command line that ends an interrupted transaction."""
        ...

    def prepared(self, plan: Plan) -> Plan:
        """The plan as it will be sent."""
        ...

    def send(self, plan: Plan, progress: Progress) -> Receipt:
        """Make it true; raises as the transaction does."""
        ...
