"""Makes the effects of this floor again from their descriptions: for recovery, undo, saved plans, pending calls."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mapiwright.entry.call import KIND, EntryCall, maker
from mapiwright.entry.conditional_calls import ConditionalCall, ProviderRemoval, TolerantCall
from mapiwright.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapiwright.transaction.plans.effect import EffectMaker

MAKERS: Mapping[str, EffectMaker] = MappingProxyType(
    {KIND: maker, TolerantCall.KIND: TolerantCall.described, ProviderRemoval.KIND: ProviderRemoval.described}
)
"""A maker for each kind."""


def call_of(kind: str, description: Mapping[str, Any]) -> EntryCall | None:
    """The call that an effect of a receipt is or is made around; None for any other, and for a newer version's."""
    try:
        made = MAKERS[kind](description) if kind in MAKERS else None
    except FormatError:
        return None
    call = made.call if isinstance(made, ConditionalCall) else made
    return call if isinstance(call, EntryCall) else None
