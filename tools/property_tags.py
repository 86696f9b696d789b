"""Makes src/mapiwright/mapi/props/tags_data.py from Microsoft's public headers and pages: only facts are taken.

    git clone https://github.com/microsoft/MAPIStubLibrary HEADERS
    git clone https://github.com/MicrosoftDocs/office-developer-client-docs PAGES
    python tools/property_tags.py HEADERS PAGES

Both may be bare. What is read is what HEAD holds, and the commits are written into the table's first lines, so the
same commits give the same bytes. Where a page and a header disagree, the header is right: it is what compilers read.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

TABLE = Path(__file__).parent.parent / "src" / "mapiwright" / "mapi" / "props" / "tags_data.py"
HEADERS = ("MAPITags.h", "MAPIAux.h", "EdkMdb.h", "MSPST.h", "MAPIWz.h", "actMgmt.h", "EMSABTAG.H")
"""In the order of their authority: the first that defines a name, defines it."""
PAGES = "docs/outlook/mapi"
SYNONYMS = {"SHORT": "I2", "I4": "LONG", "FLOAT": "R4", "R8": "DOUBLE", "LONGLONG": "I8", "GUID": "CLSID"}
SINGLES = {
    *("I2", "LONG", "R4", "DOUBLE", "CURRENCY", "APPTIME", "I8", "STRING8", "UNICODE", "TSTRING", "SYSTIME", "CLSID"),
    "BINARY",
}
TYPES = SINGLES | {f"MV_{single}" for single in SINGLES} | {"BOOLEAN", "OBJECT", "SRESTRICTION", "ACTIONS"}
WIDTHS = {"A": "STRING8", "W": "UNICODE"}
HEAD = '''"""Every property that the documents give a tag. Made by tools/property_tags.py; do not edit.

Facts from the headers in include of https://github.com/microsoft/MAPIStubLibrary
at {headers}
and the pages in {folder} of https://github.com/MicrosoftDocs/office-developer-client-docs
at {pages}

A line is: id, type, PR name, PidTag name, source; ``-`` where there is no such name. TSTRING is both widths. The
source is a header, ``page`` for [<PidTag name>-canonical-property], or the PidTag name whose page tells the PR name.
Where several names mean one tag, the first is the usual one.
"""

TABLE = """\\
'''


@dataclass(frozen=True, slots=True)
class Row:
    """A property: its id, its type without ``PT_``, its names, and its header, or the title of its page."""

    id: int
    type: str
    name: str
    pid: str
    source: str

    def __str__(self) -> str:
        source = "page" if self.source == self.pid else self.source
        return f"{self.id:04X} {self.type} {self.name or '-'} {self.pid or '-'} {source}"


class Tree:
    """The files of a commit."""

    def __init__(self, repository: str) -> None:
        self._git = ["git", "-C", repository]
        self.commit = self._run("rev-parse", "HEAD").strip()

    def _run(self, *words: str) -> str:
        return subprocess.run([*self._git, *words], check=True, capture_output=True).stdout.decode("utf-8", "replace")

    def text(self, path: str) -> str:
        """What a file says."""
        return self._run("show", f"{self.commit}:{path}")

    def names(self, folder: str) -> list[str]:
        """The files of a folder."""
        return sorted(self._run("ls-tree", "-r", "--name-only", self.commit, f"{folder}/").split())


def type_of(words: str) -> str:
    """The one type of ``PT_STRING8, PT_UNICODE``, without its prefix; empty where it is none that MAPI has."""
    names = {word.removeprefix("PT_") for word in re.findall(r"\w+", words.upper())}
    many = "MV_" if any(name.startswith("MV_") for name in names) else ""
    # One page writes PT_MV_UNICODE8, and two give the second width without its MV_.
    singles = {name.removeprefix("MV_").replace("UNICODE8", "UNICODE") for name in names}
    kinds = {SYNONYMS.get(single, single) for single in singles}
    kind = "TSTRING" if kinds == {"STRING8", "UNICODE"} else kinds.pop() if len(kinds) == 1 else ""
    return many + kind if many + kind in TYPES else ""


def number(expression: str, known: dict[str, int]) -> int:
    """``pidStoreMin+0x01``: a sum of numbers and of what ``known`` names; KeyError for a name that is not known."""
    terms = re.findall(r"([+-]?)\s*(\w+)", expression)
    return sum(
        (-1 if sign == "-" else 1) * (int(term.rstrip("lL"), 0) if term[0].isdigit() else known[term])
        for sign, term in terms
    )


def defined(tree: Tree) -> tuple[dict[str, Row], dict[str, str]]:
    """The rows of the headers by name, and the names that are but other names."""
    rows: dict[str, Row] = {}
    aliases: dict[str, str] = {}
    macros: dict[str, int] = {}
    for header in HEADERS:
        text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", tree.text(f"include/{header}"), flags=re.DOTALL)
        for line in text.expandtabs().splitlines():
            if tag := re.match(r"\s*#\s*define\s+(PR_\w+)\s+PROP_TAG\s*\(\s*(PT_\w+)\s*,(.*)\)\s*$", line):
                name, kind, place = tag.groups()
                if type_of(kind) not in TYPES:
                    say(f"{header}: {name} is of a type that no public header tells")
                    continue
                known = macros | {other: row.id for other, row in rows.items()}
                try:
                    ident = number(re.sub(r"\bPROP_ID\s*\(", "(", place), known)
                except KeyError as missing:
                    say(f"{header}: {name} has the id of {missing}, which no public header tells")
                    continue
                rows.setdefault(name, Row(ident, type_of(kind), name, "", header))
            elif other := re.match(r"\s*#\s*define\s+(PR_\w+)\s+(PR_\w+)\s*$", line):
                aliases.setdefault(other[1], other[2])
            elif macro := re.match(r"\s*#\s*define\s+((?:pid|PROP_ID_|PST_)\w+)\s+([\w+ ()-]+)$", line):
                macros[macro[1]] = number(macro[2], macros)
    return rows, aliases


def folded(rows: dict[str, Row]) -> dict[str, Row]:
    """A string's rows ``PR_X``, ``PR_X_A`` and ``PR_X_W`` as one, under the name without its width."""
    found: dict[str, Row] = {}
    for name, row in rows.items():
        short, many = bare(name), "MV_" if row.type.startswith("MV_") else ""
        if short == name or row.type != many + WIDTHS[name[-1]]:
            found[name] = row
        elif short not in rows:
            both = short in found and found[short].type != row.type
            found[short] = replace(row, name=short, type=f"{many}TSTRING" if both else row.type)
        elif rows[short].id != row.id:
            raise SystemExit(f"{name} has the id {row.id:04X}, and {short} {rows[short].id:04X}")
    return found


def described(tree: Tree) -> list[tuple[list[str], Row]]:
    """Of each page: the names that it associates, without widths, and what it says of the first."""
    found = []
    for path in tree.names(PAGES):
        page = path.rpartition("/")[2].removesuffix(".md")
        if not re.fullmatch(r"pidtag\w+-canonical-property", page):
            continue
        text = tree.text(path).replace("<br/>", "")
        cells = {
            key.strip(" :").lower(): value.strip()
            for key, value in re.findall(r"^\|([^|]*)\|([^|]*)\|\s*$", text, re.MULTILINE)
        }
        title = re.search(r"^# (PidTag\w+)", text, re.MULTILINE)
        if title is None:
            raise SystemExit(f"{path} has no title")
        digits = re.match(r"0x([0-9A-Fa-f]{4})(?:[0-9A-Fa-f]{4})?$", cells.get("identifier", ""))
        names = list(dict.fromkeys(map(bare, re.findall(r"PR_\w+", cells.get("associated properties", "")))))
        kind = type_of(cells.get("data type") or cells.get("property type", ""))
        found.append((names, Row(int(digits[1], 16) if digits else 0, kind, "".join(names[:1]), title[1], title[1])))
    return found


def table(headers: Tree, pages: Tree) -> list[Row]:
    """Every property; a row of the headers carries the PidTag name of the page that names its PR name."""
    raw, aliases = defined(headers)
    rows = folded(raw)
    for name, target in aliases.items():
        if bare(name) == name and target in rows:
            rows[name] = replace(rows[target], name=name)
    for names, page in described(pages):
        known = next((name for name in names if name in rows), None)
        if known is None and not (page.id and page.type):
            say(f"{page.source} tells no tag")
            continue
        home = rows[known] if known else page
        if page.id not in {0, home.id}:
            say(f"{page.source} says {page.id:04X}, and {home.source} {home.id:04X}")
        # Two pages that describe one property: the second name gets a line of its own.
        called = replace(home, name="", source=page.source) if home.pid and home is not page else home
        rows[called.name or page.pid] = replace(called, pid=page.pid)
        for other in names:
            rows.setdefault(other, replace(home, name=other, pid="", source=page.source))
    return sorted(rows.values(), key=_usual_first)


def _usual_first(row: Row) -> tuple[object, ...]:
    rank = HEADERS.index(row.source) if row.source in HEADERS else len(HEADERS)
    return row.id, not row.name, not row.pid, rank, row.type, row.name or row.pid


def bare(name: str) -> str:
    """The name without the width of its string."""
    return name[:-2] if name[-2:] in {"_A", "_W"} else name


def say(text: str) -> None:
    """What the sources leave open, for whoever reads along."""
    sys.stderr.write(f"{text}\n")


def main(headers: str, pages: str) -> None:
    """Write the table; a line on stderr for each place where the sources say nothing, or two things."""
    trees = Tree(headers), Tree(pages)
    head = HEAD.format(headers=trees[0].commit, pages=trees[1].commit, folder=PAGES)
    body = "".join(f"{row}\n" for row in table(*trees))
    TABLE.write_text(f'{head}{body}"""\n', encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
