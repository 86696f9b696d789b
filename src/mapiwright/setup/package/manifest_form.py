"""The pages that a manifest describes for a service: ``[[services.NAME.pages]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.entry.service.form import Form
from mapiwright.entry.service.form_reading import SUPPRESSIONS, pages_from, suppressions

if TYPE_CHECKING:
    from mapiwright.setup.package.table import TomlTable


def read_form(table: TomlTable) -> Form | None:
    """The form of a service's table, None where it has no pages; its faults are reported in ``table``."""
    found = table.take("pages")
    kept = {key: table.flag(key) for key in SUPPRESSIONS}
    if found is None:
        for key, said in kept.items():
            table.check(key, "there are no pages that would say it" if said is not None else None, "MW4015")
        return None
    pages, faults = pages_from(found)
    for fault in faults:
        place, _, what = fault.partition(": ")
        table.check(place, what, "MW4015")
    return Form(pages, suppressions(kept))
