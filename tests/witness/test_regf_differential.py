"""Hives that chance made, read alike by six programs that we did not write, but for the faults that KNOWN names.

Each witness shows keys and values in a form of its own. What we read is put into that form and compared as a whole;
an item to which a known fault applies is left out on both sides. So a difference that nobody knew fails.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote_to_bytes

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mapiwright.errors import MapiwrightError
from mapiwright.formats.regf.check.validate import validate
from mapiwright.formats.regf.edit.write import CreateKey, DeleteKey, DeleteValue, SetValue, edit, new_hive
from mapiwright.formats.regf.read import Hive
from mapiwright.formats.regf.records import SEGMENT, encode_name, is_latin1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType
    from typing import Any

    from mapiwright.formats.regf.read import HiveKey


NOW = 133_800_000_000_000_000
BINARY = 3
NIGHTLY = bool(os.environ.get("MAPIWRIGHT_NIGHTLY"))
LINES = "\0\n\r"
CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Item:
    """A key (``name`` is None) or a value, as we read it; ``path`` is that of the key, from the root."""

    path: tuple[str, ...]
    name: str | None
    type: int = 0
    data: bytes = b""

    @property
    def names(self) -> tuple[str, ...]:
        return self.path if self.name is None else (*self.path, self.name)


def items_of(data: bytes) -> Iterator[Item]:
    waiting: list[tuple[tuple[str, ...], HiveKey]] = [((), Hive(data).root)]
    while waiting:
        path, key = waiting.pop(0)
        yield Item(path, None)
        for value in key.values():
            yield Item(path, value.name, value.type, value.data)
        waiting[:0] = [((*path, below.name), below) for below in key.subkeys()]


# -- the hives ------------------------------------------------------------------------------------------------------

tame = st.text("abcXYZ 0._-", min_size=1, max_size=6).filter(str.strip)
letters = st.text(
    "aAzZ ._{}@=;%,\u00e4\u00df\u00ff\u0131\u0416\u03a9\u20ac\u6c34\uff41\U0001f600", min_size=1, max_size=5
)
latin1 = st.text(st.characters(codec="latin-1", exclude_characters="\\"), min_size=1, max_size=6)
anything = st.text(st.characters(codec=None, max_codepoint=0xFFFF, exclude_characters="\\"), min_size=1, max_size=4)
alphabets = st.sampled_from([tame, tame | latin1, tame | letters, letters | anything])
sizes = st.sampled_from([100, 4000, 16344, 16345, 33000])
contents = st.one_of(st.binary(max_size=20), sizes.map(lambda size: bytes(i * 7 % 251 for i in range(size))))
kinds = st.sampled_from([BINARY, BINARY, BINARY, 0, 8, 12, 0x12345, 0xFFFF0007])


@st.composite
def hives(draw: st.DrawFn) -> bytes:
    """A hive after a history of edits, in two runs; names often meet."""
    names = draw(alphabets)
    few = draw(st.lists(names, min_size=3, max_size=6))
    some = st.lists(st.sampled_from(few), min_size=1, max_size=3).map(tuple)
    value_names = st.sampled_from(["", *few]) | names
    steps = st.one_of(
        st.builds(CreateKey, some),
        st.builds(CreateKey, some),
        st.builds(SetValue, some | st.just(()), value_names, kinds, contents),
        st.builds(SetValue, some | st.just(()), value_names, kinds, contents),
        st.builds(DeleteValue, some | st.just(()), value_names),
        st.builds(DeleteKey, some),
    )
    data = new_hive(minor=draw(st.sampled_from([3, 5, 5, 6])), timestamp=NOW)
    for change in [*(CreateKey((name,)) for name in few), *draw(st.lists(steps, min_size=5, max_size=30))]:
        with suppress(MapiwrightError):
            data = edit(data, [change], timestamp=NOW)
    return data


def run(*command: str | Path) -> bytes:
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/bin"}
    return subprocess.run(command, check=False, capture_output=True, env=environment).stdout


# -- what each witness shows, in its own order, and what we read in the same form -----------------------------------

Row: TypeAlias = "tuple[tuple[Any, ...], bytes | None]"
"""The names of a key or value as the witness shows them, and its data; None for a key, or what it does not show."""


def reglookup_shows(program: str, path: Path) -> list[Row]:
    rows: list[Row] = []
    for line in run(program, path).decode("latin-1").splitlines()[1:]:
        place, kind, value, *_ = line.split(",")
        names = tuple(unquote_to_bytes(name) for name in place.split("/")[1:])
        data = None if kind == "KEY" else unquote_to_bytes(value) if value != "(null)" else b""
        rows.append((names, data))
    return rows


def reglookup_form(item: Item) -> Row:
    names = tuple(encode_name(name) for name in item.names)
    # the root itself is "/", and a value of it "//name"
    return names if item.path else (b"", *names), None if item.name is None else item.data


HEX_LINE = re.compile(rb"[0-9a-f]{8}: ((?:[0-9a-f]{2} {1,2}){1,16})")


def libregf_shows(program: str, path: Path) -> list[Row]:
    rows: list[tuple[tuple[bytes, ...], bytearray | None]] = []
    place: tuple[bytes, ...] = ()
    dumped = bytearray()
    for line in run(program, path).split(b"\n"):
        if line.startswith(b"Key path: "):
            place = tuple(line.removeprefix(b"Key path: ").split(b"\\")[1:])
            rows.append((place, None))
        elif value := re.match(rb"Value: \d+ (.*)", line):
            dumped = bytearray()
            rows.append(((*place, value[1].replace(b"(default)", b"")), dumped))
        elif found := HEX_LINE.match(line):
            dumped += bytes.fromhex(found[1].decode())
    return [(names, None if data is None else bytes(data)) for names, data in rows]


def utf8_form(item: Item) -> Row:
    names = tuple(name.encode("utf-8", "surrogatepass") for name in item.names)
    return names, None if item.name is None else item.data


def python_registry_shows(module: ModuleType, path: Path) -> list[Row]:
    def named(thing: Any) -> str | None:
        try:
            return str(thing.name())
        except UnicodeDecodeError:
            return None

    rows: list[Row] = []
    with path.open("rb") as file:
        waiting: list[tuple[tuple[str | None, ...], Any]] = [((), module.Registry(file).root())]
        while waiting:
            place, key = waiting.pop(0)
            rows.append((place, None))
            for value in key.values():
                name = named(value)
                rows.append(((*place, "" if name == "(default)" else name), value.raw_data()))
            waiting[:0] = [((*place, named(below)), below) for below in key.subkeys()]
    return rows


def regipy_shows(module: ModuleType, path: Path) -> list[Row]:
    rows: list[Row] = []
    waiting: list[tuple[tuple[str, ...], Any]] = [((), module.RegistryHive(str(path)).root)]
    while waiting:
        place, key = waiting.pop(0)
        rows.append((place, None))
        for value in key.iter_values(as_json=False, trim_values=False) if key.values_count else ():
            name = "" if value.name == "(default)" else value.name
            data = value.value if value.value_type == "REG_BINARY" else None
            rows.append(((*place, name), data))
        waiting[:0] = [((*place, below.name), below) for below in (key.iter_subkeys() if key.subkey_count else ())]
    return rows


def text_form(item: Item) -> Row:
    return item.names, None if item.name is None else item.data


def regipy_form(item: Item) -> Row:
    return item.names, item.data if item.name is not None and item.type == BINARY else None


REGED = re.compile(
    rb"""\[HKEY_X((?:\\[^\r\n]*)?)\]\r\n|(?:"((?:[^"\\]|\\.)*)"|(@))=hex(?:\([0-9a-f]+\))?:([0-9a-f,]*)"""
)


def reged_shows(program: str, path: Path) -> list[Row]:
    text = path.with_suffix(".reg")
    text.unlink(missing_ok=True)
    run(program, "-x", path, "HKEY_X", "\\", text)
    rows: list[Row] = []
    place: tuple[bytes, ...] = ()
    for found in REGED.finditer(text.read_bytes().replace(b"\\\r\n  ", b"") if text.exists() else b""):
        if found[4] is None:
            place = tuple(found[1].split(b"\\")[1:])
            rows.append((place, None))
        else:
            name = b"" if found[3] else re.sub(rb"\\(.)", rb"\1", found[2])
            rows.append(((*place, name), bytes.fromhex(found[4].replace(b",", b"").decode())))
    return rows


def reged_form(item: Item) -> Row:
    return tuple(map(encode_name, item.names)), None if item.name is None else item.data


def hivex_differences(program: str, path: Path, items: list[Item]) -> list[str]:
    """It is asked for the values of each key whose path can be typed, and whose values it can print."""
    values: dict[tuple[str, ...], list[Item]] = {}
    for item in items:
        values.setdefault(item.path, []).extend([item] if item.name is not None else [])
    known = [each.applies for each in KNOWN if each.witness == "hivex"]
    asked = {
        place: found
        for place, found in values.items()
        if not any(applies(item) for item in (Item(place, None), *found) for applies in known)
    }
    script = path.with_suffix(".script")
    text = "".join(f"cd \\{chr(92).join(place)}\nlsval\n" for place in asked)
    script.write_text(text, encoding="utf-8")
    wanted = [
        f'"{(item.name or "@").replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
        f"=hex({item.type}):{item.data.hex(',')}"
        for found in asked.values()
        for item in found
    ]
    shown = run(program, "-f", script, path).decode().split("\n")[:-1]
    if len(shown) != len(wanted):
        return [f"hivex shows {len(shown)} values, we read {len(wanted)}: {text!a:.300}"]
    return [f"hivex shows {a!a:.200}, we read {b!a:.200}" for a, b in zip(shown, wanted, strict=True) if a != b]


# -- the faults that are known --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A fault of a witness: what it does wrong, and at which keys and values; some end all that it shows."""

    witness: str
    what: str
    applies: Callable[[Item], bool]
    fatal: bool = False


def some_name(test: Callable[[str], object]) -> Callable[[Item], bool]:
    return lambda item: any(test(name) for name in item.names)


C1 = re.compile("[\x80-\x9f]")


def untyped(path: tuple[str, ...]) -> bool:
    return any(name != name.strip() or name in {".", ".."} or CONTROLS.search(name) for name in path)


KNOWN = [
    Known(
        "libregf", "it takes Latin-1 for Windows-1252", some_name(lambda name: is_latin1(name) and C1.search(name))
    ),
    Known("libregf", "it ends at a lone surrogate", some_name(SURROGATES.search), fatal=True),
    Known("libregf", "it prints line ends in a name as they are", some_name(CONTROLS.search), fatal=True),
    Known("libregf", "it reads data of 1 to 3 bytes from one byte further", lambda item: 0 < len(item.data) < 4),
    Known(
        "python-registry",
        "it takes Latin-1 for Windows-1252",
        some_name(lambda name: is_latin1(name) and C1.search(name)),
    ),
    Known("python-registry", "it cannot decode a lone surrogate", some_name(SURROGATES.search)),
    Known("python-registry", "it masks the type to 12 bits", lambda item: item.type > 0xFFF),
    Known(
        "python-registry",
        "it gives four bytes of fewer that stand in the value, of a type that it does not know",
        lambda item: len(item.data) < 4 and item.type not in {0, BINARY},
    ),
    Known("reglookup", "it takes a Latin-1 name to end at a NUL", some_name(lambda n: is_latin1(n) and "\0" in n)),
    Known("reglookup", "it reads no more than 1 MiB of data", lambda item: len(item.data) > 1 << 20),
    Known(
        "hivex", "a path with dots, line ends or blanks round a name cannot be typed", lambda item: untyped(item.path)
    ),
    Known("hivex", "it prints line ends in a name as they are", some_name(CONTROLS.search)),
    Known("hivex", "it cannot print a lone surrogate", some_name(SURROGATES.search)),
    Known(
        "reged", "it does not know `db`, and reads on behind it", lambda item: len(item.data) > SEGMENT, fatal=True
    ),
    Known(
        "reged",
        "it leaves out keys whose name is not Latin-1, and aborts at a value with such a name",
        some_name(lambda name: not is_latin1(name)),
        fatal=True,
    ),
    Known("reged", "it prints line ends in a name as they are", some_name(CONTROLS.search), fatal=True),
    Known("regipy", "it takes Latin-1 for UTF-8", some_name(lambda name: is_latin1(name) and not name.isascii())),
    Known("regipy", "it replaces a lone surrogate", some_name(SURROGATES.search)),
]


def differences(witness: str, rows: list[Row], form: Callable[[Item], Row], items: list[Item]) -> list[str]:
    """Where a witness shows something else than we read, and nobody knows why. It walks in our order."""
    mine = [each for each in KNOWN if each.witness == witness]
    if any(each.applies(item) for each in mine if each.fatal for item in items):
        return []
    known = [each.applies for each in mine]
    if len(rows) != len(items):
        return [f"{witness} shows {len(rows)} keys and values, we read {len(items)}"]
    return [
        f"{witness} shows {row!a:.300}, we read {form(item)!a:.300}"
        for item, row in zip(items, rows, strict=True)
        if form(item) != row and not any(applies(item) for applies in known)
    ]


def quietly(show: Callable[[], list[Row]]) -> list[Row]:
    """regipy reports on stderr and stdout what it makes of data."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        return show()


@given(hives())
@settings(
    max_examples=400 if NIGHTLY else 50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],  # to make a hive that fails smaller would take minutes
)
def test_six_programs_read_what_chance_made_of_a_hive(
    tmp_path: Path, witness: Callable[[str], str], witness_module: Callable[[str], ModuleType], data: bytes
) -> None:
    assert validate(data) == ()
    assert not all_differences(tmp_path / "hive", data, witness, witness_module)


def test_programs_read_large_values(
    tmp_path: Path, witness: Callable[[str], str], witness_module: Callable[[str], ModuleType]
) -> None:
    edits = [SetValue((), f"{size}", BINARY, bytes(range(256)) * (size // 256)) for size in (1_000_000, 5_000_000)]
    data = edit(new_hive(timestamp=NOW), edits, timestamp=NOW)
    # regfexport takes 8 seconds a megabyte to print them
    assert not all_differences(tmp_path / "hive", data, witness, witness_module, but="libregf")


def all_differences(
    path: Path, data: bytes, witness: Callable[[str], str], witness_module: Callable[[str], ModuleType], but: str = ""
) -> list[str]:
    """What any of the witnesses sees differently."""
    items = list(items_of(data))
    path.write_bytes(data)
    registry, regipy = witness_module("Registry.Registry"), witness_module("regipy.registry")
    shown: dict[str, tuple[Callable[[], list[Row]], Callable[[Item], Row]]] = {
        "reglookup": (lambda: reglookup_shows(witness("reglookup"), path), reglookup_form),
        "libregf": (lambda: libregf_shows(witness("regfexport"), path), utf8_form),
        "reged": (lambda: reged_shows(witness("reged"), path), reged_form),
        "python-registry": (lambda: python_registry_shows(registry, path), text_form),
        "regipy": (lambda: regipy_shows(regipy, path), regipy_form),
    }
    found = hivex_differences(witness("hivexsh"), path, items)
    for name, (show, form) in shown.items():
        found += differences(name, quietly(show), form, items) if name != but else []
    return found
