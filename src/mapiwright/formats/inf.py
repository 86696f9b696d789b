r"""Windows profile text (``.INF``, ``.INI``) as a lossless document of lines.

What is read, and what is not written down anywhere ([file-format-of-mapisvc-inf] is silent on it):

* A line ends with CRLF, LF or a lone CR; the last one may end with the document.
* The text is in an ANSI code page. A UTF-8 or UTF-16 byte order mark overrules it.
* ``[name]`` opens a section; what follows the first ``]`` is not read. ``key=value`` is an entry: blanks around both
  are not part of them, nor is a pair of quotation marks round the value (GetPrivateProfileString).
  A line whose first character is ``;`` or ``#`` is a comment. Any other line that is not blank is a stray.
* Names compare as Windows compares them. The first section of a name counts, and in it the first key of a name.

Every byte of a line is kept: bytes that are not text in the code page appear in ``text`` as lone surrogates.
Not parsed are a NUL character, an incomplete UTF-16 unit, and more than 1 MiB. A tolerant reader accepts a NUL in a
line below a header: that line is damaged and ignored. UTF-16 without its mark is still refused: it has no header.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

LARGEST = 1 << 20
"""The most bytes of a document; the profile API of its time stopped at 64 KiB."""

BLANKS = " \t\v\f\x1a"
"""What is stripped from the ends of names and values; Ctrl-Z is how DOS editors ended a file."""

COMMENTS = ";#"
"""The characters that make a line a comment where they begin it."""

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How characters are encoded: a Python codec, and the byte order mark that named it, or nothing."""

    codec: str
    mark: bytes = b""

    @property
    def wide(self) -> bool:
        """Whether a character takes at least two bytes."""
        return self.codec.startswith("utf-16")

    @property
    def _errors(self) -> str:
        return "surrogatepass" if self.wide else "surrogateescape"

    def decode(self, data: bytes) -> str:
        """The text of ``data``; never fails on the bytes of a parsed document."""
        return data.decode(self.codec, self._errors)

    def encode(self, text: str) -> bytes:
        """The bytes of ``text``; raises FormatError where this encoding cannot hold it."""
        try:
            data = text.encode(self.codec, self._errors)
            faithful = self.decode(data) == text
        except UnicodeError:
            faithful = False
        if not faithful:
            shown = text.encode("utf-8", "backslashreplace").decode()
            raise FormatError(
                f"{shown!r} has characters that {self.codec} cannot hold",
                expected=f"text in {self.codec}",
                remedy="Name the code page of the workstation, or write the text in its characters.",
            )
        return data


class LineKind(Enum):
    """What a line is."""

    BLANK = "blank"
    COMMENT = "comment"
    SECTION = "section"
    ENTRY = "entry"
    STRAY = "stray"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class InfLine:
    """A line: its bytes and its line break as they are, its text, and what it is.

    ``name`` is that of the section or the key; ``value`` is the right side of an entry as written, without the
    blanks around it.
    """

    data: bytes
    newline: str
    text: str
    kind: LineKind
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value as Windows would hand it out; ``written`` still has its quotation marks.

    ``index`` is that of the line in the document, from 0.
    """

    index: int
    key: str
    value: str
    written: str


@dataclass(frozen=True, slots=True)
class InfSection:
    """A section: the index of its header, the index after its last line, its entries in order.

    ``damaged`` are the indices of its lines that hold a NUL character.
    """

    name: str
    header: int
    end: int
    entries: tuple[Entry, ...]
    _first: Mapping[str, Entry] = field(compare=False, repr=False)
    damaged: tuple[int, ...] = ()

    def entry(self, key: str) -> Entry | None:
        """The entry that Windows finds under ``key``: the first one, without regard to case."""
        return self._first.get(upcase(key))

    def value(self, key: str) -> str | None:
        """The value that Windows finds under ``key``, or None."""
        found = self.entry(key)
        return found.value if found is not None else None

    @property
    def last(self) -> int:
        """The index of the last line that says something: an entry, or the header where there is none."""
        return self.entries[-1].index if self.entries else self.header


@dataclass(frozen=True, slots=True)
class Inf:
    """A parsed document. It never changes; the verbs below give new ones."""

    encoding: Encoding
    lines: tuple[InfLine, ...]
    sections: tuple[InfSection, ...] = field(compare=False, repr=False)
    _first: Mapping[str, InfSection] = field(compare=False, repr=False)
    comments: str = COMMENTS

    def section(self, name: str) -> InfSection | None:
        """The section that Windows finds under ``name``: the first one, without regard to case."""
        return self._first.get(upcase(name))

    @property
    def newline(self) -> str:
        """The line break for a new line: the one that most lines have, CRLF where that is open.

        Never a lone CR: together with the LF of a line below it would become one line break.
        """
        count = Counter(line.newline for line in self.lines)
        return "\n" if count["\n"] > count["\r\n"] else "\r\n"

    @property
    def spaced(self) -> bool:
        """Whether this document has a blank line above its sections; it has where that is open."""
        above = [self.lines[s.header - 1].kind is LineKind.BLANK for s in self.sections if s.header]
        return 2 * sum(above) >= len(above)


def empty(code_page: str = "cp1252") -> Inf:
    """A document of no lines."""
    return _document(Encoding(ansi_codec(code_page)), b"")


def parse(data: bytes, code_page: str = "cp1252", *, comments: str = COMMENTS, tolerant: bool = False) -> Inf:
    """Read a document; raises FormatError with a line, and UsageError for what is no ANSI code page.

    A line that begins with one of ``comments`` is a comment. With ``tolerant``, a NUL character in a line below a
    header makes that line damaged, and not the document.
    """
    if len(data) > LARGEST:
        raise FormatError(f"the text has {len(data)} bytes", expected=f"at most {LARGEST}")
    encoding = Encoding(ansi_codec(code_page))
    for mark, codec in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            encoding = Encoding(codec, mark)
    return _document(encoding, data[len(encoding.mark) :], comments, tolerant=tolerant)


def render(inf: Inf) -> bytes:
    """The bytes of a document: those that were parsed, for every line that was not edited."""
    breaks = {newline: newline.encode(inf.encoding.codec) for newline in ("", "\n", "\r", "\r\n")}
    return inf.encoding.mark + b"".join(line.data + breaks[line.newline] for line in inf.lines)


def splice(inf: Inf, inserted: Mapping[int, Sequence[str]], deleted: Collection[int] = ()) -> Inf:
    """Put new lines above the lines of the given indices (``len(lines)`` is the end) and take others out.

    Every other line keeps its bytes. A document that ended without a line break still does: the line that was
    last gets one, the line that is last now loses it. Raises FormatError for text that the encoding cannot hold.
    """
    gone = frozenset(deleted)
    newline = inf.newline
    out: list[tuple[bytes, str]] = []
    for index in range(len(inf.lines) + 1):
        out += [(inf.encoding.encode(text), newline) for text in inserted.get(index, ())]
        if index < len(inf.lines) and index not in gone:
            line = inf.lines[index]
            out.append((line.data, line.newline or newline))
    for place in range(1, len(out)):
        if out[place] == (b"", "\n") and out[place - 1][1] == "\r":
            out[place] = (b"", "\r\n")  # or both would be read as one line break
    if out and inf.lines and not inf.lines[-1].newline:
        out[-1] = (out[-1][0], "")
    breaks = {newline: newline.encode(inf.encoding.codec) for newline in ("", "\n", "\r", "\r\n")}
    body = b"".join(data + breaks[newline] for data, newline in out)
    return _document(inf.encoding, body, inf.comments, tolerant=any(section.damaged for section in inf.sections))


def utf8_lines(inf: Inf) -> tuple[int, ...]:
    """The numbers of the lines that were written in UTF-8, though the document is read in another code page.

    Empty where a line is no UTF-8, so that the others are by accident. Comments do not count.
    """
    beyond = [(n, each) for n, each in enumerate(inf.lines, 1) if not each.data.isascii()]
    if inf.encoding.mark or inf.encoding.codec == "utf-8":
        return ()
    try:
        for _, each in beyond:
            each.data.decode("utf-8")
    except UnicodeDecodeError:
        return ()
    return tuple(number for number, each in beyond if each.kind is not LineKind.COMMENT)


def entry_text(key: str, value: str) -> str:
    """The line of an entry; raises UsageError for a key or value that would not be read back."""
    text = f"{key}={value}"
    kind, name, written = _classify(text)
    if (kind, name, written) != (LineKind.ENTRY, key, value) or re.search(r"[\r\n\0]", text):
        raise UsageError(
            f"{text!r} would not be read back as it is meant",
            expected="a key without '=', ';', '#', '[' at its start or blanks at its ends, and a value of one line",
        )
    return text


def quote(value: str) -> str:
    """The right side of an entry that Windows hands out as ``value``: in quotation marks where it would be cut."""
    return value if _unquoted(value.strip(BLANKS)) == value else f'"{value}"'


def set_value(inf: Inf, section: str, key: str, value: str) -> Inf:
    """Give ``key`` that value: on its line where it has one, else below the section's last entry.

    A section that is missing is appended.
    """
    text = entry_text(key, value)
    found = inf.section(section)
    if found is None:
        return append_section(inf, section, [text])
    entry = found.entry(key)
    if entry is None:
        return splice(inf, {found.last + 1: [text]})
    return inf if entry.written == value else splice(inf, {entry.index: [text]}, {entry.index})


def delete_key(inf: Inf, section: str, key: str) -> Inf:
    """Take out the line that Windows finds under ``key``; raises NotFoundError."""
    found = inf.section(section)
    entry = found.entry(key) if found is not None else None
    if entry is None:
        raise NotFoundError(f"there is no key {key!r}", where=f"[{section}]")
    return splice(inf, {}, {entry.index})


def delete_section(inf: Inf, section: str) -> Inf:
    """Take out the section that Windows finds under ``name``, with its blank line; raises NotFoundError.

    Comments below its last entry stay: they may speak of what follows.
    """
    found = inf.section(section)
    if found is None:
        raise NotFoundError(f"there is no section [{section}]")
    return splice(inf, {}, lines_of(inf, found))


def append_section(inf: Inf, section: str, entries: Sequence[str]) -> Inf:
    """Put a new section at the end, spaced as the document spaces its sections."""
    above, below = spacing(inf)
    return splice(inf, {len(inf.lines): [*above, header_text(section), *entries, *below]})


def header_text(section: str) -> str:
    """The line that opens a section; raises UsageError for a name that would not be read back."""
    text = f"[{section}]"
    if _classify(text) != (LineKind.SECTION, section, "") or re.search(r"[\r\n\0]", text):
        raise UsageError(f"{section!r} cannot name a section", expected="one line without ']'")
    return text


def spacing(inf: Inf) -> tuple[list[str], list[str]]:
    """The blank lines above and below a section that is appended.

    A document that ends with a blank line still does, so that taking the section out gives the same bytes.
    """
    if not inf.lines:
        return [], []
    blank = inf.lines[-1].kind is LineKind.BLANK
    if blank and inf.lines[-1].newline:
        return [], [""]
    return ([""], []) if blank or inf.spaced else ([], [])


def lines_of(inf: Inf, section: InfSection) -> set[int]:
    """The lines that go with a section: header to last entry, and the blank line that set it apart."""
    end = section.last + 1
    gone = set(range(section.header, end))
    blank_above = section.header > 0 and inf.lines[section.header - 1].kind is LineKind.BLANK
    if end == len(inf.lines):
        return gone | ({section.header - 1} if blank_above else set())
    blank_below = inf.lines[end].kind is LineKind.BLANK
    return gone | ({end} if blank_below and (blank_above or section.header == 0) else set())


def ansi_codec(code_page: str) -> str:
    """Python's name of an ANSI code page: any character set in which ASCII is itself; else raises UsageError."""
    ascii_characters = bytes(range(1, 128))
    try:
        text = ascii_characters.decode("ascii")
        fits = ascii_characters.decode(code_page) == text and text.encode(code_page) == ascii_characters
        name = codecs.lookup(code_page).name
    except (LookupError, UnicodeError):
        fits, name = False, ""
    if not fits:
        raise UsageError(f"{code_page!r} is not an ANSI code page", expected="a name such as cp1252 or cp932")
    return name


def _split(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a text, each with its line break."""
    for match in re.finditer(r"([^\r\n]*)(\r\n|\r|\n)|([^\r\n]+)\Z", text):
        yield (match[1], match[2]) if match[2] else (match[3], "")


def _classify(text: str, comments: str = COMMENTS) -> tuple[LineKind, str, str]:
    """What a line is, the name that it bears, and its value."""
    bare = text.strip(BLANKS)
    if not bare:
        return LineKind.BLANK, "", ""
    if bare[0] in comments:
        return LineKind.COMMENT, "", ""
    if bare[0] == "[":
        name, closed, _ = bare[1:].partition("]")
        return (LineKind.SECTION, name, "") if closed else (LineKind.STRAY, "", "")
    key, equals, value = bare.partition("=")
    key = key.rstrip(BLANKS)
    return (LineKind.ENTRY, key, value.lstrip(BLANKS)) if equals and key else (LineKind.STRAY, "", "")


def _unquoted(value: str) -> str:
    """A value as GetPrivateProfileString hands it out: a pair of quotation marks round it is discarded."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _document(encoding: Encoding, body: bytes, comments: str = COMMENTS, *, tolerant: bool = False) -> Inf:
    # No trail byte of a double-byte ANSI code page is CR or LF, so bytes can be split before they are text.
    carrier = encoding.codec if encoding.wide else "latin-1"
    if encoding.wide and len(body) % 2:
        raise FormatError(
            "the text ends within a character",
            where=f"line {encoding.decode(body[:-1]).count(chr(10)) + 1}",
            expected="an even number of bytes after the byte order mark of UTF-16",
        )
    lines: list[InfLine] = []
    below_header = False
    for carried, newline in _split(body.decode(carrier, "surrogatepass" if encoding.wide else "strict")):
        data = carried.encode(carrier, "surrogatepass" if encoding.wide else "strict")
        text = encoding.decode(data)
        kind, name, value = _classify(text, comments)
        if "\0" in text and tolerant and below_header and kind is not LineKind.SECTION:
            kind, name, value = LineKind.DAMAGED, "", ""
        elif "\0" in text:
            raise FormatError(
                "a NUL character",
                where=f"line {len(lines) + 1}",
                expected="text",
                remedy="UTF-16 text needs its byte order mark; anything else with NULs is no INF.",
            )
        below_header |= kind is LineKind.SECTION
        lines.append(InfLine(data, newline, text, kind, name, value))
    sections = tuple(_sections(lines))
    first = {upcase(section.name): section for section in reversed(sections)}
    return Inf(encoding, tuple(lines), sections, MappingProxyType(first), comments)


def _sections(lines: Sequence[InfLine]) -> Iterator[InfSection]:
    headers = [index for index, line in enumerate(lines) if line.kind is LineKind.SECTION]
    for header, end in zip(headers, [*headers, len(lines)][1:], strict=True):
        entries = tuple(
            Entry(index, line.name, _unquoted(line.value), line.value)
            for index, line in enumerate(lines[header:end], header)
            if line.kind is LineKind.ENTRY
        )
        first = {upcase(entry.key): entry for entry in reversed(entries)}
        damaged = tuple(index for index in range(header, end) if lines[index].kind is LineKind.DAMAGED)
        yield InfSection(lines[header].name, header, end, entries, MappingProxyType(first), damaged)
