"""A recovery that cannot end has an exit: what is left is named and agreed to, and later runs may write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import FailedError, RecoveryNeededError
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import MakeFolder, SetValue, WriteFile
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import KeyPath, Value
from mapiwright.workstation.state import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mapiwright.transaction.plans.effect import Outcome
    from mapiwright.workstation.state import State
    from mapiwright.workstation.workstation import Workstation

said = Message.literal
FOLDER = "C:\\Acme"
CALL = said("call of a vandal")
KEY = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft")
VALUE = r"HKLM\SOFTWARE\Microsoft, value 'Acme'"


@dataclass(frozen=True)
class Vandal:
    """Between two legs somebody changes what the first one did, and the run fails: it cannot be rolled back."""

    places: tuple[str, ...]
    kind: str = "vandal"
    title: Message = CALL

    def describe(self) -> Mapping[str, Any]:
        return {}

    def run(self, workstation: Workstation) -> Outcome:
        for place in self.places:
            if place == VALUE:
                workstation.registry.apply([SetValue(KEY, "Acme", Value.dword(1), Value.dword(2))])
            else:
                workstation.files.apply([WriteFile(place, b"ours", b"theirs")])
        raise FailedError("it fails")

    def compensate(self, workstation: Workstation) -> None:
        raise AssertionError(f"nobody knows how to make it again, on {workstation.uri}")


def interrupted(pc: Workstation, *places: str) -> str:
    """A run on that workstation that cannot be rolled back, as those places were changed meanwhile; its id."""
    inside = (WriteFile(rf"{FOLDER}\{name}", None, b"ours") for name in "ab")
    value = SetValue(KEY, "Acme", None, Value.dword(1))
    legs = (Leg(said("files"), (MakeFolder(FOLDER), *inside)), Leg(said("registry"), (value,)))
    with pytest.raises(RecoveryNeededError, match="--set-aside"):
        execute(Plan("law", said("the run"), (*legs, Vandal(places))), pc)
    return next(name.split("/")[1] for name in pc.state.names("backups/"))


def lose(state: State, name: str) -> None:
    state.delete(next(each for each in state.names("backups/") if each.endswith(name)))


def damage(state: State, name: str) -> None:
    state.write(next(each for each in state.names("backups/") if each.endswith(name)), b"{}")


def lose_a_line(state: State) -> None:
    lines = (state.read(JOURNAL) or b"").splitlines(keepends=True)
    state.write(JOURNAL, b"".join((lines[0], *lines[2:])))


A, B = rf"{FOLDER}\a", rf"{FOLDER}\b"
CASES: Mapping[str, tuple[tuple[str, ...], Callable[[State], object], set[str], set[str]]] = {
    # what somebody changed; what happened to the records; what is named; what is still there afterwards
    "a file was changed": ((A,), lambda _: None, {A, FOLDER}, {A}),
    "a value was changed": ((VALUE,), lambda _: None, {VALUE}, {VALUE}),
    "both": ((A, VALUE), lambda _: None, {A, FOLDER, VALUE}, {A, VALUE}),
    "a backup is lost": ((A,), lambda state: lose(state, "/0.json"), set(), {A, B, FOLDER}),
    "a backup is damaged": ((A,), lambda state: damage(state, "/0.json"), set(), {A, B}),
    "the journal has lost a line": ((A,), lose_a_line, {A, B, FOLDER}, {A, B}),
}


@pytest.fixture
def pc(workstation_folder: Path) -> Workstation:
    return open_workstation(f"image:{workstation_folder}")


def there(pc: Workstation) -> Iterator[str]:
    yield from (path for path in (A, B) if pc.files.read(path) is not None)
    if pc.registry.value(KEY, "Acme") is not None:
        yield VALUE


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_rolled_back_is_named_and_set_aside(
    mapiwright: Callable[..., Any], pc: Workstation, case: str
) -> None:
    places, happen, named, left = CASES[case]
    id_ = interrupted(pc, *places)
    happen(pc.state)
    for words in (["recover"], ["profile", "create", "Mine", "--yes"]):
        assert mapiwright(*words).code == 4, "it is stuck, and so is every write"
    refused = mapiwright("recover", "--set-aside")
    assert (refused.code, pc.state.read(JOURNAL) is not None) == (1, True), "nobody agreed"
    told = {line.strip() for line in refused.out.splitlines()}
    assert named <= told
    assert not ({A, B, FOLDER, VALUE} - named) & told
    if not named:
        assert "'files' was not undone, as its backup cannot be read" in refused.out

    done = mapiwright("recover", "--set-aside", "--yes", "--json")
    assert done.code == 0
    (aside,) = done.document["recovery"]["set_aside"]
    assert (aside["id"], set(aside["left"])) == (id_, named)
    assert set(there(pc)) == left - {FOLDER}
    assert pc.state.names(f"set-aside/{id_}/") == (f"set-aside/{id_}/journal", f"set-aside/{id_}/left.json")
    assert pc.state.names(f"backups/{id_}/"), "its backups are kept"

    assert mapiwright("recover").out == "No transaction was interrupted.\n"
    assert mapiwright("profile", "create", "Mine", "--yes").code == 0, "later runs write"
    diagnosis = mapiwright("doctor", "--json").document["doctor"]
    found = [each for each in diagnosis["findings"] if each["id"] == "MW6415"]
    assert len(found) == 1
    assert all(name in found[0]["message"] for name in named)
    assert f"mapiwright recover --forget {id_}" in found[0]["remedy"]

    assert mapiwright("recover", "--forget", id_).code == 1, "it asks"
    assert mapiwright("recover", "--forget", "other", "--yes").code == 1
    assert mapiwright("recover", "--forget", id_, "--yes").code == 0
    assert not pc.state.names("set-aside/")
    assert "MW6415" not in mapiwright("doctor").out


def test_what_can_be_recovered_after_all_is(mapiwright: Callable[..., Any], pc: Workstation) -> None:
    interrupted(pc, A)
    pc.files.apply([WriteFile(A, b"theirs", b"ours")])  # somebody put it back
    done = mapiwright("recover", "--set-aside")
    assert (done.code, done.out) == (0, "'the run' was interrupted; all of it was rolled back.\n")
    assert not set(there(pc))
    assert mapiwright("recover", "--set-aside").out == "No transaction was interrupted.\n"
    assert mapiwright("recover", "--set-aside", "--forget", "x").code == 2


IMPOSSIBLE = {
    "a dot at its end": (r"C:\Program Files.", "ends with a dot"),
    "a stream": (r"C:\a:b", "it holds one of"),
    "a device": (r"C:\NUL", "keeps it for a device"),
    "another drive": (r"Q:\Programs", "no such place"),
    "no path": (r"Program Files", "not an absolute Windows path"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_an_install_into_an_impossible_folder_is_refused_and_leaves_nothing(
    mapiwright: Callable[..., Any], pc: Workstation, acme: Path, case: str
) -> None:
    """Its registry may call any text Program Files; before, such an install ended with 4 for ever."""
    folder, words = IMPOSSIBLE[case]
    key, name = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"), "ProgramFilesDir"
    pc.registry.apply([SetValue(key, name, pc.registry.value(key, name), Value.sz(folder))])
    before = pc.state.names()
    for verb in (["plan", acme], ["install", acme, "--yes"]):
        refused = mapiwright(*verb)
        assert refused.code in {1, 2}, refused.err
        assert words in refused.err
        assert "Traceback" not in refused.err
    assert pc.state.names() == before
    assert mapiwright("profile", "create", "Mine", "--yes").code == 0, "nothing is left to recover"
