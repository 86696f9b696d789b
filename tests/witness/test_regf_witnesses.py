"""Hives that we wrote, read value for value by programs that we did not write; and real hives, read by ours.

Each witness has limits of its own, which are no fault of the hive; where a test leaves something out, it says why.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote_to_bytes

import pytest

from mapiwright.errors import RefusedError, Severity
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.upcase import upcased_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType
    from typing import Any

    from mapiwright.formats.regf.edit.write import Edit
    from mapiwright.formats.regf.read import HiveKey

    Witness: TypeAlias = Callable[[str], str]
    Module: TypeAlias = Callable[[str], ModuleType]
    Keys: TypeAlias = dict[tuple[str, ...], dict[str, tuple[int, bytes]]]

NOW = 133_800_000_000_000_000
BINARY = 3
TYPES = {
    "REG_NONE": 0,
    "REG_SZ": 1,
    "REG_EXPAND_SZ": 2,
    "REG_BINARY": BINARY,
    "REG_DWORD": 4,
    "REG_MULTI_SZ": 7,
    "REG_QWORD": 11,
}
PROFILES = ("Software", "Microsoft", "Windows NT", "CurrentVersion", "Windows Messaging Subsystem", "Profiles")
SERVICE = "00112233445566778899aabbccddeeff"


def sz(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def keys_of(
    top: HiveKey, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, tuple[int, bytes]]]]:
    yield path, {value.name: (value.type, value.data) for value in top.values()}
    for below in top.subkeys():
        yield from keys_of(below, (*path, below.name))


def ours(data: bytes) -> Keys:
    return dict(keys_of(Hive(data).root))


def made(minor: int) -> bytes:
    """A hive with all that an edit can do, in three rounds."""
    places = [("Software",), ("Software", "Zürich"), ("Software", "Ελλάδα"), ("Software", "many")]
    values = {
        "": (1, sz('the "default" \\ value')),
        "binary": (BINARY, bytes(range(256))),
        "empty": (BINARY, b""),
        "one": (BINARY, b"a"),
        "three": (BINARY, b"abc"),
        "number": (4, b"\x01\x02\x03\x84"),
        "Größe": (1, sz("Grüße, Жук")),
        "Ключ": (2, sz("%SystemRoot%")),
        "list": (7, sz("a") + sz("b") + b"\0\0"),
        "long": (11, b"12345678"),
        "full": (BINARY, bytes(range(251)) * 65),
        "big": (BINARY, bytes(range(241)) * 170),
    }
    data = new_hive(name="NTUSER.DAT", minor=minor, timestamp=NOW)
    first: list[Edit] = [CreateKey(path) for path in places]
    first += [SetValue(path, name, *value) for path in places[:3] for name, value in values.items()]
    data = edit(data, first, timestamp=NOW)
    second: list[Edit] = [CreateKey(("Software", "many", f"key {i * 7 % 600:03} Ж")) for i in range(600)]
    second += [DeleteValue(("Software",), "full"), SetValue(("Software",), "binary", BINARY, bytes(9000))]
    data = edit(data, second, timestamp=NOW)
    third: list[Edit] = [DeleteKey(("Software", "many", f"key {i:03} Ж")) for i in range(0, 600, 20)]
    third += [
        SetValue(("Software", "many", "key 001 Ж"), "x", BINARY, bytes(30000)),
        DeleteValue(("Software",), "one"),
    ]
    return edit(data, third, timestamp=NOW)


@pytest.fixture(scope="module", params=[3, 5, 6])
def hive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("hive") / "NTUSER.DAT"
    path.write_bytes(made(request.param))
    return path


def run(*command: str | Path) -> str:
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout.decode()


# -- hivex ----------------------------------------------------------------------------------------------------------


def as_hivex_prints(name: str, kind: int, data: bytes) -> str:
    label = '"@"' if not name else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind == 4 and len(data) == 4:
        return f"{label}=dword:{int.from_bytes(data, 'little'):08x}"
    if kind in {1, 2}:
        text = data.decode("utf-16-le").rstrip("\0").replace("\\", "\\\\").replace('"', '\\"')
        return f'{label}="{text}"' if kind == 1 else f'{label}=str({kind}):"{text}"'
    return f"{label}=hex({kind}):{data.hex(',')}"


def assert_hivexget_agrees(program: str, path: Path, keys: Keys) -> None:
    for place, values in keys.items():
        printed = run(program, path, "\\" + "\\".join(place))
        assert printed == "".join(as_hivex_prints(name, *value) + "\n" for name, value in values.items())


def test_hivexget_reads_what_we_wrote(hive: Path, witness: Witness) -> None:
    keys = {path: values for path, values in ours(hive.read_bytes()).items() if values}
    assert len(keys) == 4
    assert_hivexget_agrees(witness("hivexget"), hive, keys)


def test_hivexsh_lists_our_subkeys(hive: Path, witness: Witness) -> None:
    program = witness("hivexsh")
    script = hive.parent / "script"
    script.write_text("cd \\Software\\many\nls\n", encoding="utf-8")
    found = run(program, "-f", script, hive).splitlines()
    assert found == [f"key {i:03} Ж" for i in range(600) if i % 20]


# -- reglookup ------------------------------------------------------------------------------------------------------


def reglookup_sees(program: str, path: Path, *options: str) -> dict[str, bytes]:
    """The binary values: of names beyond ASCII it prints the bytes of the file, and of text its own conversion."""
    found = {}
    for line in run(program, *options, path).splitlines():
        place, kind, value, *_ = line.split(",")
        if kind == "BINARY":
            found[unquote_to_bytes(place).decode("latin-1")] = unquote_to_bytes(value) if value != "(null)" else b""
    return found


def binary_values(keys: Keys) -> dict[str, bytes]:
    return {
        "/" + "/".join((*path, name)): data
        for path, values in keys.items()
        for name, (kind, data) in values.items()
        if kind == BINARY
    }


def test_reglookup_reads_what_we_wrote(hive: Path, witness: Witness) -> None:
    def is_latin1(name: str) -> bool:
        return max(name) <= "\xff"

    found = reglookup_sees(witness("reglookup"), hive)
    wanted = binary_values(ours(hive.read_bytes()))
    wanted = {place: data for place, data in wanted.items() if is_latin1(place)}
    assert len(wanted) == 10
    assert {place: found[place] for place in wanted} == wanted
    assert len(found) == 17  # and those whose names it prints otherwise


# -- libregf --------------------------------------------------------------------------------------------------------

REGF_VALUE = re.compile(
    r"Value: \d+ (.*)\nType: binary data \(REG_BINARY\)\nData size: (\d+)\n(?:Data:\n((?:[0-9a-f]{8}: .*\n)*))?"
)


def libregf_sees(program: str, path: Path) -> dict[str, bytes]:
    """The binary values that regfexport dumps; text it prints converted."""
    found = {}
    for section in run(program, path).split("Key path: ")[1:]:
        place, _, values = section.partition("\n")
        for name, size, dump in REGF_VALUE.findall(values):
            data = b"".join(bytes.fromhex(line[10:59]) for line in dump.splitlines())
            assert len(data) == int(size)
            found["/" + "/".join((*place.split("\\")[1:], name))] = data
    return found


def as_libregf_may_say(data: bytes) -> set[bytes]:
    """Version 20201007 reads data of 1 to 3 bytes, which stand in the value itself, from one byte further."""
    return {data, data[1:] + b"\0"} if len(data) in {1, 2, 3} else {data}


def test_libregf_reads_what_we_wrote(hive: Path, witness: Witness) -> None:
    found = libregf_sees(witness("regfexport"), hive)
    wanted = binary_values(ours(hive.read_bytes()))
    assert found.keys() == wanted.keys()
    for place, data in wanted.items():
        assert found[place] in as_libregf_may_say(data)


def test_libregf_finds_no_corruption(hive: Path, witness: Witness) -> None:
    printed = run(witness("regfinfo"), hive)
    assert "Is dirty" not in printed
    assert "corrupt" not in printed.lower()
    assert "corrupt" not in run(witness("regfexport"), hive).lower()


# -- python-registry and regipy -------------------------------------------------------------------------------------


def python_registry_sees(module: ModuleType, path: Path, *place: str) -> Keys:
    def typed(value: Any) -> tuple[int, bytes]:
        # 1.3.1 gives four bytes of a text of two that stand in the value itself
        data: bytes = value.raw_data()
        return value.value_type(), data[:2] if value._vkrecord.raw_data_length() == 0x80000002 else data

    def walk(key: Any, here: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, tuple[int, bytes]]]]:
        yield here, {value.name().replace("(default)", ""): typed(value) for value in key.values()}
        for below in key.subkeys():
            yield from walk(below, (*here, below.name()))

    with path.open("rb") as file:
        top = module.Registry(file).root()
        for name in place:
            top = top.subkey(name)
        return dict(walk(top, place))


def test_python_registry_reads_what_we_wrote(hive: Path, witness_module: Module) -> None:
    found = python_registry_sees(witness_module("Registry.Registry"), hive)
    wanted = ours(hive.read_bytes())
    assert list(found) == list(wanted)
    assert found == wanted


def regipy_sees(module: ModuleType, path: Path, place: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, object]]:
    def walk(key: Any, here: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, object]]]:
        yield (
            here,
            {
                "" if value.name == "(default)" else value.name: value.value
                for value in key.iter_values(as_json=False, trim_values=False)
            },
        )
        for below in key.iter_subkeys() if key.subkey_count else ():
            yield from walk(below, (*here, below.name))

    top = module.RegistryHive(str(path)).get_key("\\" + "\\".join(place))
    return dict(walk(top, place))


def as_regipy_says(kind: int, data: bytes) -> object:
    if kind in {1, 2}:
        return data.decode("utf-16-le").rstrip("\0")
    if kind == 7:
        return [text for text in data.decode("utf-16-le").split("\0") if text]
    return int.from_bytes(data, "little") if kind in {4, 11} else data


def test_regipy_reads_what_we_wrote(hive: Path, witness_module: Module) -> None:
    """It takes Latin-1 names for UTF-8, so only the others are compared."""
    found = regipy_sees(witness_module("regipy.registry"), hive, ("Software",))
    wanted = {
        path: {name: as_regipy_says(*value) for name, value in values.items() if name != "Größe"}
        for path, values in ours(hive.read_bytes()).items()
        if path and "Zürich" not in path
    }
    assert len(wanted) == 573
    for path, values in wanted.items():
        assert {name: found[path][name] for name in values} == values


# -- real hives -----------------------------------------------------------------------------------------------------


def tree(key: HiveKey) -> dict[str, Any]:
    return {
        "keys": {below.name: tree(below) for below in key.subkeys()},
        "values": {value.name: [value.type, value.data.hex()] for value in key.values()},
    }


@pytest.mark.parametrize(("name", "dirty"), [("o2010-x64", False), ("o2016-x64", True)])
def test_a_real_profile_is_read_as_an_independent_reader_did(
    name: str, dirty: bool, real_hive: Callable[[str], bytes], shared_data: Callable[[str], Path]
) -> None:
    expected = json.loads(shared_data(f"hives/{name}.profile.json").read_text())

    def typed(node: dict[str, Any]) -> dict[str, Any]:
        return {
            "keys": {name: typed(below) for name, below in node["keys"].items()},
            "values": {name: [TYPES[kind], data] for name, (kind, data) in node["values"].items()},
        }

    data = real_hive(name)
    assert Hive(data).dirty == dirty
    key = Hive(data).find(expected["root"].split("\\")[1:])
    assert key is not None
    assert tree(key) == typed(expected["tree"])


def test_a_clean_real_hive_has_no_errors(real_hive: Callable[[str], bytes]) -> None:
    assert [fault for fault in validate(real_hive("o2010-x64")) if fault.severity is Severity.ERROR] == []


def test_a_dirty_real_hive_has_no_other_error_and_is_not_written(real_hive: Callable[[str], bytes]) -> None:
    data = real_hive("o2016-x64")
    (fault,) = (fault for fault in validate(data) if fault.severity is Severity.ERROR)
    assert fault.rule == "a clean hive has equal sequence numbers"
    with pytest.raises(RefusedError, match="dirty"):
        edit(data, [CreateKey(("Software", "Acme"))], timestamp=NOW)


def serviced(data: bytes) -> bytes:
    """The real hive after a service has come to its profile, and a key with a name of its user's choice."""
    profile = (*PROFILES, "Outlook")
    added = (*profile, SERVICE)
    other = (*PROFILES, "Ιωάννης")
    changes: list[Edit] = [CreateKey(added), CreateKey(other), SetValue(profile, "new", BINARY, bytes(20000))]
    changes += [SetValue(added, f"{i:03}e6600", BINARY, bytes([i]) * (i * 3)) for i in range(200)]
    changes += [SetValue(other, "", 1, sz("Grüße"))]
    return edit(data, changes, timestamp=NOW)


def test_a_real_hive_takes_a_service_and_gives_everything_back(real_hive: Callable[[str], bytes]) -> None:
    before = real_hive("o2010-x64")
    after = serviced(before)
    # its warnings are those that it had; no cell that was ours to keep has gone astray
    assert set(validate(after)) <= set(validate(before))
    old, new = ours(before), ours(after)
    added = new.keys() - old.keys()
    assert added == {(*PROFILES, "Outlook", SERVICE), (*PROFILES, "Ιωάννης")}
    profile = (*PROFILES, "Outlook")
    assert new[profile].pop("new") == (BINARY, bytes(20000))
    assert {path: values for path, values in new.items() if path not in added} == old
    changes: list[Edit] = [DeleteKey(path) for path in added]
    back = edit(after, [*changes, DeleteValue(profile, "new")], timestamp=NOW)
    assert ours(back) == old
    assert set(validate(back)) <= set(validate(before))


def test_the_witnesses_read_a_real_hive_after_an_edit(
    real_hive: Callable[[str], bytes], tmp_path: Path, witness: Witness, witness_module: Module
) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(serviced(real_hive("o2010-x64")))
    keys = {place: values for place, values in ours(path.read_bytes()).items() if place[:6] == PROFILES}
    assert len(keys) > 20
    assert python_registry_sees(witness_module("Registry.Registry"), path, *PROFILES) == keys
    assert_hivexget_agrees(witness("hivexget"), path, keys)
    found = regipy_sees(witness_module("regipy.registry"), path, PROFILES)
    for place, values in keys.items():
        assert found[place] == {name: as_regipy_says(*value) for name, value in values.items()}
    wanted = binary_values(keys)
    assert len(wanted) > 300
    looked = reglookup_sees(witness("reglookup"), path, "-p", "/" + "/".join(PROFILES))
    assert {name: looked[name] for name in wanted} == wanted
    dumped = libregf_sees(witness("regfexport"), path)
    for name, data in wanted.items():
        assert dumped[name] in as_libregf_may_say(data)


def test_siblings_of_a_real_hive_stand_in_our_order(real_hive: Callable[[str], bytes]) -> None:
    for name in ("o2010-x64", "o2016-x64"):
        waiting = [Hive(real_hive(name)).root]
        while waiting:
            below = list(waiting.pop().subkeys())
            assert [key.name for key in below] == sorted((key.name for key in below), key=upcased_units)
            waiting += below
