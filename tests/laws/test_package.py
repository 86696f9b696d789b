"""Whatever a package says, it is read or refused with all its faults, and reaches no folder that it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mapiwright.errors import FindingsError
from mapiwright.setup.package import manifest as manifests
from mapiwright.setup.package.destination import TOKENS, fault_of_destination, folders, place
from mapiwright.setup.package.media import Memory, find
from mapiwright.setup.package.package import read_package
from mapiwright.workstation.files import fault_of_name, split
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.workstation import Bitness

text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
scalars = st.booleans() | st.integers(-(1 << 40), 1 << 40) | st.floats(allow_nan=False) | text
values = st.recursive(
    scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(text, below, max_size=3), max_leaves=6
)
KEYS = {
    "": ["id", "name", "version", "vendor", "inf", "files", "registry", "services", "profile", "uninstall"],
    "inf": ["file", "code_page"],
    "files": ["any", "x64", "x86", "arm64"],
    "profile": ["name"],
    "uninstall": ["profiles"],
}


def toml(value: Any) -> str:
    """A value as TOML has it; its strings are JSON's, for the characters that we use."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {toml(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    return "inf" if value in {float("inf"), float("-inf")} else json.dumps(value)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def document(content: dict[str, Any]) -> bytes:
    return "".join(f"{quoted(key)} = {toml(value)}\n" for key, value in content.items()).encode()


@st.composite
def nearly_manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Known keys at their places, with anything under them."""
    content = draw(st.dictionaries(st.sampled_from(KEYS[""]), values, max_size=8))
    for key, below in KEYS.items():
        if key and draw(st.booleans()):
            content[key] = draw(st.dictionaries(st.sampled_from(below), values, max_size=3))
    if draw(st.booleans()):
        keys = st.sampled_from(["entry", "sources", "deadline", "properties", "6600001E"])
        content["services"] = {"ACME": draw(st.dictionaries(keys, values, max_size=4))}
    if draw(st.booleans()):
        keys = st.sampled_from(["key", "name", "type", "value"])
        content["registry"] = [draw(st.dictionaries(keys, values, max_size=4))]
    return content


@given(nearly_manifests())
def test_a_manifest_of_any_shape_is_read_with_its_faults(content: dict[str, Any]) -> None:
    manifest, faults = manifests.read(document(content))
    for key in ("id", "name", "version", "vendor"):
        assert getattr(manifest, key) or any(fault.what.startswith(key) for fault in faults)


@given(st.text(alphabet="[]{}=.\"'#\n ax1\\\0é", max_size=60).map(str.encode) | st.binary(max_size=40))
def test_a_manifest_of_any_bytes_is_refused_in_order(data: bytes) -> None:
    try:
        _, faults = manifests.read(data)
    except FindingsError as error:
        faults = error.findings
    assert faults, "an id, a name, a version and a vendor must be given"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10))
def test_an_unknown_key_is_told_wherever_it_stands(name: str) -> None:
    known = {key for keys in KEYS.values() for key in keys} | {"entry", "sources", "deadline", "properties"}
    assume(name not in known)
    key = quoted(name)
    for table in ("", "[inf]\n", "[files]\n", "[profile]\n", "[uninstall]\n", "[services.ACME]\n", "[[registry]]\n"):
        _, faults = manifests.read(f"{table}{key} = 1\n".encode())
        assert any(fault.id == "MW4002" and name in fault.what for fault in faults), table


WORKSTATIONS = [MemoryWorkstation.of(layout(bitness=bitness)) for bitness in Bitness]
names = st.text(st.sampled_from("ab.:/\\ *\0é") | st.characters(exclude_categories=["Cs"]), max_size=8)
parts = st.sampled_from(["..", ".", "", "CON", "nul.txt", "C:", "Acme", *TOKENS]) | names


@given(st.sampled_from([*TOKENS, "", "{windows}", "C:"]), st.lists(parts, max_size=4), st.sampled_from("/\\"))
def test_a_destination_stays_below_its_folder(token: str, below: list[str], separator: str) -> None:
    destination = separator.join([token, *below])
    if fault_of_destination(destination) is not None:
        assert (
            token not in TOKENS
            or not below
            or any(fault_of_name(part) for part in destination.replace("\\", "/").split("/")[1:])
        )
        return
    for workstation in WORKSTATIONS:
        known = folders(workstation)
        target = split(place(destination, known))
        above = split(known[token])
        assert target[: len(above)] == above
        assert len(target) > len(above)


@given(st.lists(parts, min_size=1, max_size=4).map("/".join))
def test_a_path_in_a_package_leads_into_it(path: str) -> None:
    if manifests.fault_of_path(path) is not None:
        assert any(fault_of_name(part) for part in path.split("/"))
        return
    assert not path.startswith("/")
    assert not {"..", ".", ""} & set(path.split("/"))
    assert find(Memory({path: b"x"}), path) == path


@given(st.lists(st.text("abcXYZéñ1", min_size=1, max_size=5), min_size=1, max_size=3), st.randoms())
def test_a_file_is_found_in_any_case(parts: list[str], random: Any) -> None:
    path = "/".join(parts)
    asked = "".join(random.choice([letter.upper(), letter.lower()]) for letter in path)
    assert find(Memory({path: b"x"}), asked) == path


@given(st.binary(max_size=200))
def test_an_inf_of_any_bytes_is_read_or_refused_in_order(data: bytes) -> None:
    with pytest.raises(FindingsError) as refusal:
        read_package(Memory({"mapisvc.inf": b"[Services]\r\nACME=Acme\r\n" + data}))
    assert refusal.value.findings
