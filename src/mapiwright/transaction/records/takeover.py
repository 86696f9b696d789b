"""Taking over: what ends a user's receipt from above moves it into the store of the run that ended it.

The copies are written before the commit, and the originals go after it, so that no store goes on reporting what is
not there any more. The user's own store then knows nothing of it, as of all that an administrator did for them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, MapiwrightError
from mapiwright.transaction.plans.change_json import unpack
from mapiwright.transaction.records.receipt import BACKUPS, holder, receipt, receipt_name, receipt_to_bytes
from mapiwright.transaction.records.stores import stores
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.outlook.windows import STATE_FOLDER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.workstation.state import State
    from mapiwright.workstation.workstation import Workstation

_RECORDS = f"\\{STATE_FOLDER_NAME}\\services\\"
"""In the path of a file of a per-user install: what is kept for the user's own runs, the records of services."""


def still_theirs(workstation: Workstation, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the receipts that lie in users' stores and not in this run's own."""
    held = {id_: holder(workstation, id_) for id_ in ids}
    return tuple(id_ for id_, store in held.items() if store is not None and store.owner)


def copy(workstation: Workstation, id_: str) -> None:
    """Copy a user's receipt, marked as the user's own, and its backups into this run's own store."""
    store = holder(workstation, id_)
    if store is None:
        return
    ours = workstation.state
    for name in store.state.names(f"{BACKUPS}{id_}/"):
        ours.write(name, store.state.read(name) or b"")
    ours.write(receipt_name(id_), receipt_to_bytes(receipt(workstation, id_)))


def drop_copy(workstation: Workstation, id_: str) -> None:
    """Take the copy back; the original is still where it was."""
    _drop(workstation.state, id_)


def drop_original(workstation: Workstation, id_: str) -> None:
    """Remove what the user kept of it; doing it again does nothing."""
    for store in stores(workstation):
        if store.owner:
            # What a user lets nobody remove stays theirs, and the copy counts.
            with suppress(MapiwrightError, OSError):
                drop_records(store.state, id_)
                _drop(store.state, id_)


def drop_records(state: State, id_: str) -> None:
    """Remove the records of services that a user's run wrote for itself; the next one writes them again."""
    for name in tuple(_records(state, id_)):
        state.delete(name)


def _drop(state: State, id_: str) -> None:
    for name in state.names(f"{BACKUPS}{id_}/"):
        state.delete(name)
    state.delete(receipt_name(id_))


def _records(state: State, id_: str) -> Iterator[str]:
    """Their names, as far as the backups say."""
    for name in state.names(f"{BACKUPS}{id_}/"):
        with suppress(FormatError):
            for change in unpack(state.read(name) or b""):
                if isinstance(change, WriteFile) and _RECORDS in change.path:
                    yield "services/" + change.path.partition(_RECORDS)[2].replace("\\", "/")
