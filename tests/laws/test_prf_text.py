"""Laws of the PRF text: parsing loses nothing, what is spelled is read back, any bytes are read and told."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import FormatError
from mapiwright.formats import inf, prf
from mapiwright.formats.inf import LineKind
from mapiwright.formats.prf import PTYPES, Slot, read_slot, read_value, slot_text, value_text
from mapiwright.formats.props import PropertyType, checked
from mapiwright.mapi.prf.check import check
from mapiwright.mapi.prf.reading import read
from mapiwright.mapi.prf.rules import PRF_RULES
from mapiwright.workstation.workstation import Edition

SECRET = "tr0ub4dor"  # noqa: S105 - nobody's
PAGES = st.sampled_from(["cp1252", "cp1251", "cp932", "cp936", "utf-8"])
MARKS = st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
ENDS = st.sampled_from(["\r\n", "\n", "\r"])
WORDS = (
    "[General]",
    "[Service List]",
    "[Internet Account List]",
    "[Service1]",
    "[Service2]",
    "[Account1]",
    "[Acme]",
    "[I_Mail]",
    "[Personal Folders]",
    "Custom=1",
    "ProfileName=Work",
    "OverwriteProfile=Append",
    "BackupProfile=",
    "DefaultStore=Service1",
    "Service1=Acme",
    " service2 = Personal Folders ",
    "ServiceEGS=Exchange Global Section",
    "Account1=I_Mail",
    "ServiceName=MSEMS",
    "ServiceName=IMAIL",
    "SectionGUID=0a0d020000000000c000000000000046",
    "AccountType=IMAP",
    "UniqueService=Yes",
    "Server=mail",
    'Server="mail"',
    "Server=PT_STRING8,0x6600",
    "Server = PT_UNICODE , 0x6601 ",
    "Server=PT_LONG,0x00036601",
    "Server=PT_BINARY,0x1",
    f"Password={SECRET}",
    f"password {SECRET}",
    "Password=PT_STRING8,0x67f0",
    "Password=PT_LONG,0x6702",
    "Password=PT_BOOLEAN,0x6701",
    "EncryptionType=0x40000000",
    "EncryptionType=PT_LONG,0x6702",
    "; a comment",
    "' a comment = of Microsoft's",
    "# = no comment",
    "--- POP3 Account Settings ---",
    "",
    "=",
    "[",
)
LINES = st.lists(st.sampled_from(WORDS) | st.text("[]=;'\"%, PT_x0é日", max_size=8), max_size=30)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """The bytes of a file that is nearly a PRF file, in some encoding and with some line ends."""
    text = "".join(line + draw(ENDS) for line in draw(LINES))
    mark = draw(MARKS)
    codec = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(mark, "utf-8")
    return mark + text.encode(codec)


@given(contents(), PAGES)
def test_what_parses_renders_to_the_same_bytes(data: bytes, code_page: str) -> None:
    document = prf.parse(data, code_page)
    assert prf.render(document) == data
    assert prf.render(read(document).document) == data, "also when it was understood"


@given(st.binary(max_size=200), PAGES)
def test_any_bytes_are_parsed_or_refused_with_a_line(data: bytes, code_page: str) -> None:
    try:
        document = prf.parse(data, code_page)
    except FormatError as error:
        where = error.where
    else:
        assert prf.render(document) == data
        check(read(document))
        return
    assert where.startswith("line ")


@given(contents(), PAGES, st.sampled_from([None, *Edition]))
def test_any_file_is_told_with_lines_that_it_has_and_without_its_passwords(
    data: bytes, code_page: str, edition: Edition | None
) -> None:
    document = prf.parse(data, code_page)
    file = read(document)
    findings = check(file, edition)
    assert [each.line for each in findings] == sorted(each.line for each in findings)
    assert all(0 <= each.line <= max(1, len(document.lines)) and each.id in PRF_RULES for each in findings)
    assert SECRET not in repr(findings)
    assert SECRET not in repr(file)


@given(contents())
def test_only_the_two_comment_signs_make_comments(data: bytes) -> None:
    for line in prf.parse(data).lines:
        assert (line.kind is LineKind.COMMENT) == line.text.strip(" \t\v\f\x1a").startswith((";", "'"))


def test_an_edited_document_is_a_prf_file_still() -> None:
    edited = inf.set_value(prf.parse(b"' one\n# two\n[a]\nb=1\n"), "a", "b", "2")
    assert [line.kind for line in edited.lines] == [
        LineKind.COMMENT,
        LineKind.STRAY,
        LineKind.SECTION,
        LineKind.ENTRY,
    ]


KINDS = st.sampled_from(sorted(set(PTYPES.values())))


@given(KINDS, st.integers(0, 0xFFFF))
def test_a_mapping_that_is_written_is_read_back(kind: PropertyType, id_: int) -> None:
    slot = Slot(kind, id_)
    assert read_slot(slot_text(slot)) == slot
    assert read_slot(f" {slot_text(slot).lower().replace(',', ' , ')} ") == slot


def test_an_id_of_eight_digits_may_have_its_type_on_either_side() -> None:
    registry, tag = read_slot("PT_STRING8,0x001e3001"), read_slot("PT_STRING8,0x3001001E")
    assert registry == tag == Slot(PropertyType.STRING8, 0x3001, PropertyType.STRING8)
    assert registry.tag == 0x3001001E
    assert read_slot("PT_LONG,0x00036601") == Slot(PropertyType.LONG, 0x6601, PropertyType.LONG)


@pytest.mark.parametrize("text", ["", "PT_LONG", "PT_LONG,", "PT_LONG,6600", "PT_LONG,0x660", "PT_MV_LONG,0x6600"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_slot(text)


@given(KINDS, st.integers(-(1 << 31), (1 << 32) - 1) | st.booleans() | st.text(max_size=8))
def test_a_value_that_is_written_is_read_back(kind: PropertyType, value: int | bool | str) -> None:
    try:
        text = value_text(kind, value)
    except FormatError:
        return
    document = prf.parse(codecs.BOM_UTF16_LE + f"[a]\r\nb={text}\r\n".encode("utf-16-le", "surrogatepass"))
    entry = document.sections[0].entries[0]
    assert checked(kind, read_value(kind, entry.value)) == checked(kind, value)


@given(KINDS, st.text(max_size=12))
def test_a_value_that_does_not_fit_is_refused_and_not_repeated(kind: PropertyType, text: str) -> None:
    if kind in {PropertyType.LONG, PropertyType.BOOLEAN}:
        with pytest.raises(FormatError) as told:
            read_value(kind, text + SECRET)
        assert SECRET not in str(told.value)


def test_numbers_are_written_as_people_write_them() -> None:
    assert [read_value(PropertyType.LONG, each) for each in ("12", "0x0C", "0XC", "-1")] == [12, 12, 12, -1]
    for text in ("1_2", " 1", "0x", "1.5", "4294967296", "-2147483649", "0x123456789", ""):
        with pytest.raises(FormatError):
            read_value(PropertyType.LONG, text)
    assert value_text(PropertyType.LONG, -0x80000000) == "0x80000000"
    assert [read_value(PropertyType.BOOLEAN, each) for each in ("true", "FALSE", "1", "0")] == [
        True,
        False,
        True,
        False,
    ]
