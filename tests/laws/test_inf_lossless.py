"""Laws of the INF document: parsing loses nothing, editing touches nothing else, garbage is refused."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import FormatError, NotFoundError, UsageError
from mapiwright.formats import inf
from mapiwright.formats.inf import LineKind

CODE_PAGES = ("cp1252", "cp932", "cp936", "cp949", "cp950", "cp1251", "cp874", "utf-8")
MARKS = {b"": "", codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

ASCII_PIECES = (
    b"[Services]",
    b"[",
    b"]",
    b"A",
    b"=",
    b"==",
    b";",
    b"#",
    b" ",
    b"\t",
    b'"',
    b"\r\n",
    b"\n",
    b"\r",
    b"\x1a",
)
OTHER_PIECES = (b"\x81", b"\x81@", b"\x83[", b"\xff", b"\xe9", b"\xc3\xa9", b"\xed@", b"\xfa\\", b"\x80")
PIECES = st.sampled_from([*ASCII_PIECES, *OTHER_PIECES])
SCRAPS = st.lists(PIECES | st.binary(max_size=3), max_size=40).map(b"".join)
PAGES = st.sampled_from(CODE_PAGES)
TEXTS = st.text(st.sampled_from('[]=;#" aB\té日\r\n'), max_size=60)
NAMES = st.text(st.sampled_from("aAbB_ é"), min_size=1, max_size=5).filter(lambda name: name == name.strip())


@st.composite
def documents(draw: st.DrawFn) -> inf.Inf:
    """A document in any encoding, with or without a byte order mark, and with any line ends."""
    mark = draw(st.sampled_from(sorted(MARKS)))
    if MARKS[mark]:
        return inf.parse(mark + draw(TEXTS).encode(MARKS[mark]))
    return inf.parse(draw(SCRAPS.filter(lambda data: b"\0" not in data)).lstrip(b"\xff\xfe\xef"), draw(PAGES))


def where_it_is_refused(data: bytes, code_page: str) -> str:
    """The line that a FormatError names, or "" where the document parses; any other exception is a defect."""
    try:
        inf.parse(data, code_page)
    except FormatError as error:
        return error.where
    return ""


@given(SCRAPS | st.binary(max_size=200), PAGES, st.sampled_from(sorted(MARKS)))
def test_what_parses_renders_to_the_same_bytes(data: bytes, code_page: str, mark: bytes) -> None:
    where = where_it_is_refused(mark + data, code_page)
    assert where.startswith("line ") if where else inf.render(inf.parse(mark + data, code_page)) == mark + data


@given(documents())
def test_every_line_is_of_one_kind_and_in_at_most_one_section(parsed: inf.Inf) -> None:
    entries = [entry.index for section in parsed.sections for entry in section.entries]
    assert len(entries) == len(set(entries))
    assert all(parsed.lines[index].kind is LineKind.ENTRY for index in entries)
    assert [section.header for section in parsed.sections] == [
        index for index, line in enumerate(parsed.lines) if line.kind is LineKind.SECTION
    ]
    ends = [section.end for section in parsed.sections]
    assert ends == [*(section.header for section in parsed.sections[1:]), len(parsed.lines)][: len(ends)]


@given(documents(), NAMES, NAMES, NAMES)
def test_a_value_that_is_set_is_read_back_and_no_other_line_changes(
    parsed: inf.Inf, section: str, key: str, value: str
) -> None:
    try:
        edited = inf.set_value(parsed, section, key, value)
    except FormatError:
        return  # the code page has no such character
    found = edited.section(section)
    assert found is not None
    assert found.value(key) == value
    code_page = "cp1252" if parsed.encoding.mark else parsed.encoding.codec
    assert inf.parse(inf.render(edited), code_page) == edited
    assert inf.set_value(edited, section, key, value) == edited
    before = [line.data for line in parsed.lines]
    after = [line.data for line in edited.lines]
    known = parsed.section(section)
    entry = known.entry(key) if known is not None else None
    if entry is not None:
        assert [*after[: entry.index], *after[entry.index + 1 :]] == [
            *before[: entry.index],
            *before[entry.index + 1 :],
        ]
    else:
        rest = iter(after)
        assert all(line in rest for line in before), "the old lines are all there, in their order"


@given(documents(), NAMES, st.lists(st.tuples(NAMES, NAMES), max_size=3))
def test_a_section_that_is_appended_and_deleted_leaves_the_bytes_as_they_were(
    parsed: inf.Inf, name: str, entries: list[tuple[str, str]]
) -> None:
    if parsed.section(name) is not None:
        return
    try:
        longer = inf.append_section(parsed, name, [inf.entry_text(*entry) for entry in entries])
    except FormatError:
        return
    assert longer.section(name) is not None
    assert inf.render(inf.delete_section(longer, name)) == inf.render(parsed)


@given(documents(), NAMES, NAMES)
def test_a_key_that_is_inserted_and_deleted_leaves_the_bytes_as_they_were(
    parsed: inf.Inf, key: str, value: str
) -> None:
    for section in parsed.sections:
        found = parsed.section(section.name)
        if found is None or found.entry(key) is not None:
            continue
        try:
            longer = inf.set_value(parsed, section.name, key, value)
        except FormatError:
            continue
        assert inf.render(inf.delete_key(longer, section.name, key)) == inf.render(parsed)


@given(st.text(max_size=8), st.text(max_size=8))
def test_an_entry_is_written_only_if_it_would_be_read_back(key: str, value: str) -> None:
    try:
        line = inf.entry_text(key, value)
    except UsageError:
        return
    parsed = inf.parse(codecs.BOM_UTF16_LE + f"[s]\r\n{line}\r\n".encode("utf-16-le", "surrogatepass"))
    assert [(entry.key, entry.written) for entry in parsed.sections[0].entries] == [(key, value)]


def test_a_nul_is_told_with_its_line() -> None:
    with pytest.raises(FormatError, match="NUL") as told:
        inf.parse(b"[a]\r\nb=c\r\n\0\r\n")
    assert told.value.where == "line 3"


def test_half_a_utf_16_character_is_told_with_its_line() -> None:
    with pytest.raises(FormatError, match="within a character") as told:
        inf.parse(codecs.BOM_UTF16_LE + "[a]\n".encode("utf-16-le") + b"x")
    assert told.value.where == "line 2"


def test_a_document_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(FormatError, match="bytes"):
        inf.parse(b"\n" * (inf.LARGEST + 1))


@pytest.mark.parametrize("code_page", ["utf-16", "utf-7", "cp037", "rot13", "no such page", "utf-8-sig"])
def test_what_is_no_ansi_code_page_is_refused(code_page: str) -> None:
    with pytest.raises(UsageError, match="ANSI code page"):
        inf.parse(b"", code_page)


def test_the_first_section_and_the_first_key_count_without_regard_to_case() -> None:
    parsed = inf.parse(b'[A]\nKey= one \nKEY=two\n[a]\nother=3\n[B]\nq="quoted"\nr=\'\n')
    section = parsed.section("a")
    assert section is not None
    assert section.value("KEY") == "one"
    assert section.value("other") is None
    other = parsed.section("b")
    assert other is not None
    assert other.value("q") == "quoted"
    assert other.value("r") == "'"


def test_a_new_line_takes_the_line_end_that_most_lines_have() -> None:
    assert inf.parse(b"a=1\nb=2\r\nc=3\n").newline == "\n"
    assert inf.parse(b"a=1\nb=2\r\n").newline == "\r\n"
    assert inf.parse(b"a=1\rb=2\r").newline == "\r\n"
    assert inf.render(inf.append_section(inf.parse(b"[a]\rb=2\r"), "c", [])) == b"[a]\rb=2\r\r\n[c]\r\n"


def test_deleting_what_is_not_there_says_so() -> None:
    parsed = inf.parse(b"[a]\nb=c\n")
    with pytest.raises(NotFoundError, match="no key"):
        inf.delete_key(parsed, "a", "x")
    with pytest.raises(NotFoundError, match="no key"):
        inf.delete_key(parsed, "x", "b")
    with pytest.raises(NotFoundError, match="no section"):
        inf.delete_section(parsed, "x")


@pytest.mark.parametrize("name", ["a]b", "a\nb", "a\0b"])
def test_a_name_that_is_no_section_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a section"):
        inf.header_text(name)


def test_a_value_that_changes_keeps_its_place() -> None:
    parsed = inf.parse(b"[a]\n;x\n b = c \nd=e")
    assert inf.render(inf.set_value(parsed, "A", "B", "new")) == b"[a]\n;x\nB=new\nd=e"
