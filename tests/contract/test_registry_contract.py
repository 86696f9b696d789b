"""What every Registry promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from mapiwright.errors import ConflictError, FailedError, RefusedError
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import CreateKey, DeleteKey, SetValue, Standing, key_with_parents, standing
from mapiwright.workstation.registry import Key, KeyPath, Value, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.workstation.change import RegistryChange
    from mapiwright.workstation.workstation import Workstation

    class Subject(Protocol):
        workstation: Workstation
        whole: bool
        by_wine: bool

        def again(self) -> Workstation: ...

        @property
        def user(self) -> KeyPath: ...


VALUES = {
    "": Value.sz("the default value"),
    "text": Value.sz("Grüße, 世界 \N{GRINNING FACE}"),
    "expand": Value.expand_sz(r"%SystemRoot%\x"),
    "many": Value.multi_sz(["one", "two"]),
    "number": Value.dword(0x80000001),
    "none": Value(0, b""),
    "empty": Value.binary(b""),
    "big": Value.binary(bytes(range(256)) * 200),  # more than 16344 bytes: a hive stores it in segments
    "odd": Value(1, b"\x41\x00\x42"),
    "strange type": Value(0xFFFF0012, b"\1\2\3\4\5"),
    "ÄÖÜ ß µ 名前": Value.dword(1),
}


IMPOSSIBLE: dict[str, Callable[[KeyPath], RegistryChange]] = {
    "levels deep": lambda key: CreateKey(KeyPath(key.root, (*key.parts, *("k",) * 512))),
    "cannot name a key": lambda key: CreateKey(key / ("k" * 256)),
    "value name has": lambda key: SetValue(key, "v" * 16384, None, Value.dword(1)),
    "value type": lambda key: SetValue(key, "v", None, Value(1 << 32, b"")),
}


@pytest.mark.parametrize("words", IMPOSSIBLE)
def test_what_no_registry_can_hold_is_refused_before_the_journal_begins(subject: Subject, words: str) -> None:
    before = subject.workstation.state.names()
    key = subject.user / "New"
    title = Message.literal("law")
    legs = (Leg(title, (CreateKey(key),)), Leg(title, (IMPOSSIBLE[words](key),)))
    with pytest.raises(RefusedError, match=words):
        execute(Plan("law", title, legs), subject.workstation)
    assert subject.again().registry.subkeys(key) is None
    assert subject.workstation.state.names() == before


def test_what_is_not_there_is_none(subject: Subject) -> None:
    registry = subject.workstation.registry
    for path in (subject.user / "No Such Key", KeyPath.parse(r"HKU\S-1-5-21-9-9-9-9\Software")):
        assert registry.read(path) is None
        assert registry.value(path, "x") is None
        assert registry.subkeys(path) is None
    assert registry.value(subject.user, "no such value") is None


def test_a_key_with_values_of_every_type_comes_and_is_there_for_the_next_run(subject: Subject) -> None:
    path = subject.user / r"Software\Vendor\Ünicode 名前"
    changes: list[RegistryChange] = [
        *key_with_parents(subject.workstation.registry, path),
        *(SetValue(path, name, None, value) for name, value in VALUES.items()),
    ]
    subject.workstation.registry.apply(changes)
    for workstation in (subject.workstation, subject.again()):
        assert workstation.registry.read(path) == Key(values=VALUES)
        assert workstation.registry.subkeys(path) == ()
        assert workstation.registry.subkeys(path.parent) == ("Ünicode 名前",)
        assert {name: workstation.registry.value(path, name) for name in VALUES} == VALUES


def test_names_compare_as_windows_compares_them_and_keep_their_stored_form(subject: Subject) -> None:
    registry, path = subject.workstation.registry, subject.user / "Éclair"
    registry.apply([CreateKey(path), SetValue(path, "Straße", None, Value.dword(1))])
    other = subject.user / "ÉCLAIR"
    assert registry.value(other, "STRAßE") == Value.dword(1)
    assert registry.value(other, "STRASSE") is None
    registry.apply([SetValue(other, "sTRAßE", Value.dword(1), Value.dword(2))])
    assert registry.read(subject.user / "éCLAIR") == Key(values={"Straße": Value.dword(2)})


def test_applying_twice_is_applying_once(subject: Subject) -> None:
    registry, path = subject.workstation.registry, subject.user / "Twice"
    changes: list[RegistryChange] = [
        CreateKey(path),
        SetValue(path, "a", None, Value.dword(1)),
        SetValue(path, "b", None, Value.sz("b")),
    ]
    registry.apply(changes)
    before = registry.read(subject.user)
    subject.again().registry.apply(changes)
    assert subject.again().registry.read(subject.user) == before


def test_changes_of_one_value_are_one_way_from_the_first_state_to_the_last(subject: Subject) -> None:
    registry, path = subject.workstation.registry, subject.user / "Way"
    one, two, three = Value.dword(1), Value.dword(2), Value.dword(3)
    changes: list[RegistryChange] = [CreateKey(path), SetValue(path, "v", None, one), SetValue(path, "V", one, two)]
    for _ in range(2):
        registry.apply(changes)
        assert registry.value(path, "v") == two
    with pytest.raises(ConflictError):
        registry.apply([SetValue(path, "v", two, three), SetValue(path, "v", one, two)])
    registry.apply([CreateKey(path / "x"), DeleteKey(path / "x"), CreateKey(path / "y"), DeleteKey(path / "y")])
    assert registry.subkeys(path) == ()


def test_a_change_that_somebody_overtook_stops_them_all(subject: Subject) -> None:
    registry, path = subject.workstation.registry, subject.user / "Contested"
    registry.apply([CreateKey(path), SetValue(path, "theirs", None, Value.dword(3))])
    before = registry.read(subject.user)
    with pytest.raises(ConflictError, match="theirs"):
        registry.apply(
            [
                SetValue(path, "ours", None, Value.dword(1)),
                CreateKey(path / "ours"),
                SetValue(path, "theirs", Value.dword(1), Value.dword(2)),
            ]
        )
    assert subject.again().registry.read(subject.user) == before


def test_a_hive_that_cannot_be_written_leaves_each_thing_old_or_new_and_says_which(
    whole: Subject, failing: Callable[[int], None]
) -> None:
    machine, user = KeyPath.parse(r"HKLM\SOFTWARE\Acme"), whole.user / "Acme"
    changes: list[RegistryChange] = [CreateKey(machine), CreateKey(user)]
    failing(2)
    made, unmade = [machine], [user]
    failed: FailedError | None = None
    try:
        whole.workstation.registry.apply(changes)
    except FailedError as error:
        failed = error
    if failed is not None:
        assert (failed.made, failed.unmade) == ((str(machine),), (str(user),))
    else:
        made, unmade = [machine, user], []
    registry = whole.again().registry
    assert [registry.read(key) for key in (*made, *unmade)] == [Key()] * len(made) + [None] * len(unmade)
    registry.apply(changes)
    assert whole.again().registry.read(user) == Key(), "and it can be finished"


def test_a_change_twice_is_one_and_another_way_to_the_same_end_contradicts_it(subject: Subject) -> None:
    """a -> b, and then c -> b: the second was planned for another workstation."""
    registry, path = subject.workstation.registry, subject.user / "Ways"
    a, b, c = Value.dword(1), Value.dword(2), Value.dword(3)
    registry.apply([CreateKey(path), SetValue(path, "v", None, a)])
    with pytest.raises(ConflictError, match="contradict"):
        registry.apply([SetValue(path, "v", a, b), SetValue(path, "v", c, b)])
    assert registry.value(path, "v") == a
    registry.apply([SetValue(path, "v", a, b), SetValue(path, "V", a, b)])
    assert registry.value(path, "v") == b


@pytest.mark.parametrize("below", ["missing", r"missing\deeper"])
def test_a_key_needs_its_parent(subject: Subject, below: str) -> None:
    with pytest.raises(ConflictError, match="key above"):
        subject.workstation.registry.apply([CreateKey(subject.user / "absent" / below)])
    with pytest.raises(ConflictError, match="key above"):
        subject.workstation.registry.apply([SetValue(subject.user / "absent", "v", None, Value.dword(1))])


def test_a_key_goes_when_it_is_empty_and_not_before(subject: Subject) -> None:
    registry, path = subject.workstation.registry, subject.user / "Full"
    made: list[RegistryChange] = [
        CreateKey(path),
        CreateKey(path / "below"),
        SetValue(path, "v", None, Value.dword(1)),
    ]
    registry.apply(made)
    with pytest.raises(ConflictError, match="below"):
        registry.apply([SetValue(path, "v", Value.dword(1), None), DeleteKey(path)])
    with pytest.raises(ConflictError, match="'v'"):
        registry.apply([DeleteKey(path / "below"), DeleteKey(path)])
    registry.apply([change.inverse for change in reversed(made)])
    assert subject.again().registry.read(path) is None


def test_standing_tells_old_from_new_from_other(subject: Subject) -> None:
    workstation, path = subject.workstation, subject.user / "Standing"
    changes: list[RegistryChange] = [CreateKey(path), SetValue(path, "v", None, Value.dword(1))]

    def stand() -> list[Standing]:
        return [standing(change, workstation.registry, workstation.files) for change in changes]

    assert stand() == [Standing.OLD, Standing.OLD]
    workstation.registry.apply(changes)
    assert stand() == [Standing.NEW, Standing.NEW]
    workstation.registry.apply([SetValue(path, "v", Value.dword(1), Value.dword(2))])
    assert stand() == [Standing.NEW, Standing.OTHER]


def test_the_32_bit_view_is_another_side_but_for_the_shared_keys(whole: Subject) -> None:
    registry = whole.workstation.registry
    both = "Policies" if whole.by_wine else "Clients"
    ours, shared = (KeyPath.parse(rf"HKLM\SOFTWARE\{name}", View.X86) for name in ("Acme", rf"{both}\Acme"))
    if registry.subkeys(shared.parent) is None:
        registry.apply([CreateKey(shared.parent)])
    registry.apply([CreateKey(ours), SetValue(ours, "v", None, Value.dword(1)), CreateKey(shared)])
    registry = whole.again().registry
    assert registry.read(KeyPath.parse(r"HKLM\SOFTWARE\Acme")) is None
    assert registry.value(KeyPath.parse(r"HKLM\SOFTWARE\Wow6432Node\Acme"), "v") == Value.dword(1)
    assert registry.read(KeyPath.parse(rf"HKLM\SOFTWARE\{both}\Acme")) == Key()


def test_the_current_control_set_is_the_one_that_select_names(whole: Subject) -> None:
    registry = whole.workstation.registry
    stored = "CurrentControlSet" if whole.by_wine else "ControlSet001"  # Wine has the one, whatever Select says
    current, real = (KeyPath.parse(rf"HKLM\SYSTEM\{name}\Services\Acme") for name in ("CurrentControlSet", stored))
    registry.apply([CreateKey(current)])
    assert whole.again().registry.read(real) == Key()
    assert stored in (whole.again().registry.subkeys(KeyPath.parse(r"HKLM\SYSTEM")) or ())


def test_one_sequence_may_change_the_machine_and_the_user(whole: Subject) -> None:
    machine, user = KeyPath.parse(r"HKLM\SOFTWARE\Acme"), whole.user / "Acme"
    whole.workstation.registry.apply([CreateKey(machine), CreateKey(user)])
    registry = whole.again().registry
    assert (registry.read(machine), registry.read(user)) == (Key(), Key())
    with pytest.raises(ConflictError):
        registry.apply([DeleteKey(machine), SetValue(user, "v", Value.dword(9), Value.dword(8))])
    assert whole.again().registry.read(machine) == Key()


def test_the_roots_list_what_they_hold(subject: Subject) -> None:
    registry = subject.workstation.registry
    assert subject.user.name in (registry.subkeys(KeyPath("HKU")) or ())
    users = registry.read(KeyPath("HKU"))
    assert users is not None
    assert users.key(subject.user.name) == registry.read(subject.user)
    machine = ("Software", "System") if subject.by_wine else ("SOFTWARE", "SYSTEM")
    assert (registry.subkeys(KeyPath("HKLM")) == machine) is subject.whole
