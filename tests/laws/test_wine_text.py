"""Wine's registry as text: what is written is read, an edit leaves the rest, and any bytes are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import FormatError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.wine_edit import KeyEdit, edited
from mapiwright.formats.wine_text import WineText, order
from mapiwright.formats.wine_values import data_in, escaped, name_at, unescaped, value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = 133_000_000_000_000_000
EMPTY = b"WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\User\\\\S-1-5-21-0-0-0-1000\n\n#arch=win64\n"
LINES = (
    EMPTY
    + rb"""
[Software\\Acme\\[x\]] 1796041913
#time=1dd80c6c78a0ca8
#class="shell"
; for nobody
@=""
"a"="x"
"A"="y"

; before the next
[Software\\Link] 1
#time=1
#link
"SymbolicLinkValue"=hex(6):5c,00,52,00,65,00,67,00,69,00,73,00,74,00,72,00,79,\
  00,5c,00,55,00,73,00,65,00,72,00

[Software\\Wine\\Debug] 1
#unknown
"Raw"="zRAW \q"
"Number"=dword:1F
"One digit"=hex:1,2,\
  0a
"Empty"=hex(0):

[software\\acme\\\x005bX\]] 2
"b"=str(2):"%a%"
""".replace(b"RAW", b"\xc3\xa9\xff")
)


def joined(text: str) -> str:
    """With the two halves of a surrogate pair as the one character that they are."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


units = st.text(st.characters(codec="utf-16-be", categories=("L", "N", "P", "Z", "S", "C")), max_size=6)
odd = st.sampled_from(["\ud83d", "\ude00a", '"\\', "[]", "\x00", "\x7f", "\x01" + "7", "é1", "\n;", "_", "\x1b"])
texts = st.lists(units | odd, max_size=3).map("".join)
names = texts.map(lambda text: joined(text.replace("\\", "")))
key_names = names.filter(bool)
kinds = st.sampled_from([0, 1, 2, 3, 4, 6, 7, 11, 0xFFFF0007, 0xFFFFFFFF])
contents = st.binary(max_size=60) | texts.map(lambda text: text.encode("utf-16-le", "surrogatepass") + b"\0\0")
values = st.tuples(kinds, contents)
paths = st.lists(key_names, min_size=1, max_size=3).map(tuple)
trees = st.dictionaries(paths, st.dictionaries(names, values, max_size=3), max_size=6)

Tree = dict[tuple[str, ...], dict[str, tuple[int, bytes]]]


@given(names, kinds, contents)
def test_a_value_that_was_written_reads_back_in_ascii(name: str, kind: int, data: bytes) -> None:
    text = value_text(name, kind, data)
    assert text.isascii()
    assert name_at(text, 0)[0] == name
    assert data_in(text, name_at(text, 0)[1], len(text)) == (kind, data)
    assert max(map(len, text.split(b"\n"))) <= 80 or b"hex" not in text or len(name) > 8


@given(texts)
def test_what_was_escaped_reads_back(text: str) -> None:
    for marks in ('"', "[]"):
        assert unescaped(escaped(joined(text), marks).encode("ascii")) == joined(text)


def tree_of(data: bytes) -> Tree:
    """The keys with a block, by upcased names, as a reader of single values sees them."""
    text = WineText(data)
    found: Tree = {}
    for path in text.below(()):
        held = text.values(path)
        found[tuple(map(upcase, path))] = {upcase(value.name): (value.type, value.data) for value in held}
        for value in held:
            assert text.value(path, upcase(value.name)) == value
    return found


def merged(tree: Mapping[tuple[str, ...], Mapping[str, tuple[int, bytes]]]) -> Tree:
    made: Tree = {}
    for path, held in tree.items():
        for depth in range(1, len(path) + 1):
            made.setdefault(tuple(map(upcase, path[:depth])), {})
        made[tuple(map(upcase, path))].update({upcase(name): value for name, value in held.items()})
    return made


def explicit(tree: Tree) -> Tree:
    """Without the keys that something below them implies."""
    above = {path[:depth] for path in tree for depth in range(1, len(path))}
    return {path: held for path, held in tree.items() if held or path not in above}


def written(tree: Mapping[tuple[str, ...], Mapping[str, tuple[int, bytes]]]) -> bytes:
    """The file that an editor makes of an empty one."""
    data = EMPTY
    for path, held in tree.items():
        data = edited(WineText(data), {path: KeyEdit(held)}, timestamp=NOW)
    return data


@given(trees)
def test_a_tree_that_was_written_reads_back(tree: Tree) -> None:
    data = written(tree)
    assert {path: held for path, held in tree_of(data).items() if held} == {
        path: held for path, held in merged(tree).items() if held
    }
    text = WineText(data)
    for path in merged(tree):
        assert text.has(path)
        assert {upcase(name) for name in text.subkeys(path) or ()} == {
            other[len(path)] for other in merged(tree) if other[: len(path)] == path and len(other) > len(path)
        }
    at_once = edited(WineText(EMPTY), {path: KeyEdit(tree[path]) for path in first_of_each(tree)}, timestamp=NOW)
    if len(first_of_each(tree)) == len(tree):
        assert tree_of(at_once) == explicit(merged(tree))


def first_of_each(tree: Tree) -> list[tuple[str, ...]]:
    return list({tuple(map(upcase, path)): path for path in reversed(tree)}.values())


@given(trees, st.data())
def test_an_edit_does_what_it_says_and_keeps_every_other_line(tree: Tree, choice: st.DataObject) -> None:
    """Values come, change and go; keys go with all below them, and their parents stay."""
    data = written(tree)
    model = tree_of(data)
    edits: dict[tuple[str, ...], KeyEdit] = {}
    for path in model:
        match choice.draw(st.sampled_from(["keep", "set", "clear", "goes"])):
            case "set":
                edits[path] = KeyEdit(choice.draw(st.dictionaries(names.map(upcase), values, max_size=2)))
            case "clear":
                edits[path] = KeyEdit(dict.fromkeys(model[path]))
            case "goes" if not [other for other in model if other[: len(path)] == path and other != path]:
                edits[path] = KeyEdit(goes=True)
    made = edited(WineText(data), edits, timestamp=NOW + 10_000_000)
    for path, edit in edits.items():
        if edit.goes:
            del model[path]
        else:
            model[path] = {name: value for name, value in (model[path] | dict(edit.values)).items() if value}
    after = tree_of(made)
    for path, edit in edits.items():
        for depth in range(1, len(path)):
            assert WineText(made).has(path[:depth]), "a key does not go because the last one below it went"
        assert WineText(made).has(path) is not edit.goes or any(other[: len(path)] == path for other in model)
    assert {path: held for path, held in after.items() if held} == {
        path: held for path, held in model.items() if held
    }
    assert model.keys() <= after.keys()
    if not edits:
        assert made == data
    touched = {line for path in edits for line in lines_of(data, path)}
    assert [line for line in data.split(b"\n") if line and line not in touched and not is_title(line)] == [
        line for line in made.split(b"\n") if line and line in set(data.split(b"\n")) - touched and not is_title(line)
    ]
    stand = [in_order(path) for _, path in WineText(made).paths() if "\0" not in path]
    assert stand == sorted(stand)


def lines_of(data: bytes, path: tuple[str, ...]) -> set[bytes]:
    blocks = WineText(data).blocks(path)
    return {line for block in blocks for line in data[block.start : block.end].split(b"\n")}


def is_title(line: bytes) -> bool:
    return line.startswith((b"[", b"#time"))


def in_order(path: str) -> list[bytes]:
    return [order(name) for name in path.split("\\")]


def test_what_others_wrote_is_read_as_wine_reads_it() -> None:
    text = WineText(LINES)
    assert text.branch == ("User", "S-1-5-21-0-0-0-1000")
    acme = ("SOFTWARE", "acme", "[X]")
    found = {value.name: (value.type, value.data.decode("utf-16-le")) for value in text.values(acme)}
    assert found == {"": (1, "\0"), "A": (1, "y\0"), "b": (2, "%a%\0")}, "two blocks and two of a name are one"
    assert text.subkeys(("software",)) == ("Acme", "Link", "Wine")
    assert text.subkeys(("Software", "Acme")) == ("[x]",)
    assert text.subkeys(acme) == ()
    assert text.subkeys(("none",)) is None
    assert text.link(("software", "LINK")) == ("Registry", "User")
    assert text.link(acme) is None
    debug = {value.name: (value.type, value.data) for value in text.values(("Software", "Wine", "Debug"))}
    assert debug["Raw"] == (1, "zé q\0".encode("utf-16-le"))
    assert debug["Number"] == (4, b"\x1f\0\0\0")
    assert debug["One digit"] == (3, b"\1\2\n")
    assert debug["Empty"] == (0, b"")
    assert not text.value(("Software", "Wine"), "Raw")


def test_a_value_that_goes_goes_from_every_block_and_comments_stay() -> None:
    acme = ("Software", "Acme", "[x]")
    made = edited(WineText(LINES), {acme: KeyEdit({"a": None, "b": None, "New": (4, b"\1\0\0\0")})}, timestamp=NOW)
    assert [value.name for value in WineText(made).values(acme)] == ["", "New"]
    assert b"; for nobody\n" in made
    gone = edited(WineText(LINES), {acme: KeyEdit(goes=True)}, timestamp=NOW)
    assert WineText(gone).subkeys(("Software", "Acme")) == ()
    assert b"; before the next\n[Software\\\\Link] 1\n" in gone


def test_a_key_comes_and_goes_and_leaves_no_trace() -> None:
    path = ("Software", "Acme", "New")
    there = edited(WineText(LINES), {path: KeyEdit({"v": (1, b"v\0\0\0")})}, timestamp=NOW)
    assert there != LINES
    assert edited(WineText(there), {path: KeyEdit(goes=True)}, timestamp=NOW) == LINES


DAMAGED = {
    "line 1": b"REGEDIT4\n",
    "line 4": EMPTY.replace(b"win64", b"win128") + b"\n[Software] 1\n",
    "line 6": EMPTY + b"\n[Software",
    "line 7": EMPTY + b"\n[Software] 1\nwhat is this\n",
    "line 8": EMPTY + b'\n[Software] 1\n"a"="x"\n"b"="no end\n',
    "line 9": EMPTY + b'\n[Software] 1\n#time=1\n\n"b"=hex(7):0a,zz\n',
}


ENDLESS = {
    "key": b"\n[" + b"a" * 100_000,
    "name": b'\n[k] 1\n"' + b"a" * 100_000,
    "string": b'\n[k] 1\n"a"="' + b"a" * 100_000,
    "bytes": b'\n[k] 1\n"a"=hex:' + b"0a,,  " * 30_000 + b"x",
}


@pytest.mark.parametrize("rest", ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_found_out_at_once(rest: bytes) -> None:
    """Some patterns try every way to split such a line; that is a way for each subset of its letters."""
    with pytest.raises(FormatError, match=r"no end|not hex"):
        WineText(EMPTY + rest).values(("k",))


@pytest.mark.parametrize("place", DAMAGED)
def test_what_is_damaged_is_named_by_its_line(place: str) -> None:
    with pytest.raises(FormatError) as raised:
        WineText(DAMAGED[place]).values(("Software",))
    assert raised.value.where == place


DEEP = EMPTY + b"\n[" + b"a\\\\" * 600 + b"a] 1\n"


EDGES = {"empty": b"", "no keys": EMPTY, "too deep": DEEP, "line ends of Windows": EMPTY.replace(b"\n", b"\r\n")}


@pytest.mark.parametrize("case", EDGES)
def test_the_edges(case: str) -> None:
    found: object
    try:
        found = tree_of(EDGES[case])
    except FormatError as error:
        found = error.where
    assert found == {"empty": "line 1", "too deep": "line 6"}.get(case, {})


pieces = st.sampled_from(
    [*LINES.split(b"\n"), b"[", b"]", b'"', b"\\", b"=", b"hex:", b"@=", b"#link", b"\xff", b"\r"]
)
files = st.lists(pieces | st.binary(max_size=9), max_size=12).map(lambda parts: EMPTY + b"\n".join(parts))


@given(st.binary(max_size=80) | files)
def test_any_bytes_are_a_file_or_a_format_error(data: bytes) -> None:
    place = "line "
    try:
        read_and_write(data)
    except FormatError as error:
        place = error.where
    assert place.startswith("line ")


def read_and_write(data: bytes) -> None:
    text = WineText(data)
    for path in text.below(()):
        assert text.has(path)
        text.link(path)
        text.values(path)
        assert text.subkeys(path) is not None
    made = edited(text, {("New", "k"): KeyEdit({"v": (1, b"v\0\0\0")})}, timestamp=NOW)
    value = WineText(made).value(("New", "k"), "v")
    assert value is not None
    assert value.data == b"v\0\0\0"
