"""The JSON document of a plan, apart from the others because only what writes pays for the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.transaction.plans.plan import Leg
from mapiwright.ui.text.diff import text_difference
from mapiwright.ui.text.values import bytes_document, value_document
from mapiwright.workstation.change import (
    CreateKey,
    DeleteKey,
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    SetValue,
    WriteFile,
)

if TYPE_CHECKING:
    from mapiwright.transaction.plans.effect import Effect
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.workstation.change import Change
    from mapiwright.workstation.registry import KeyPath


def plan_document(plan: Plan, code_page: str) -> dict[str, Any]:
    """``{"plan": {...}}``: the legs with their changes, the effects with an outcome that is not known yet."""
    return {
        "plan": {
            "verb": plan.verb,
            "title": str(plan.title),
            "empty": plan.empty,
            "notes": [str(note) for note in plan.notes],
            "skipped": list(plan.skipped_users),
            "steps": [
                {"title": str(step.title), "changes": [change_document(change, code_page) for change in step.changes]}
                if isinstance(step, Leg)
                else _effect_document(step)
                for step in plan.steps
            ],
        }
    }


def _effect_document(effect: Effect) -> dict[str, Any]:
    return {"title": str(effect.title), "effect": effect.kind, "outcome": None}


def change_document(change: Change, code_page: str) -> dict[str, Any]:
    """One change, old and new; no secret's bytes, and no large file's."""
    match change:
        case SetValue(key, name, old, new):
            values = {"name": name, "old": value_document(name, old), "new": value_document(name, new)}
            return {"change": "set-value", **_key_document(key), **values}
        case CreateKey(key):
            return {"change": "create-key", **_key_document(key)}
        case DeleteKey(key):
            return {"change": "delete-key", **_key_document(key)}
        case WriteFile(path, old, new) | ReplaceAtRestart(path, old, new):
            lines = text_difference(change, code_page)
            kind = "write-file" if isinstance(change, WriteFile) else "replace-at-restart"
            document = {"change": kind, "path": path, "old": bytes_document(old), "new": bytes_document(new)}
            return document | ({"diff": [line.text for line in lines]} if lines else {})
        case MakeFolder(path):
            return {"change": "make-folder", "path": path}
        case RemoveFolder(path):
            return {"change": "remove-folder", "path": path}


def _key_document(key: KeyPath) -> dict[str, Any]:
    return {"key": "\\".join((key.root, *key.parts)), "view": key.view.value}
