"""Of a file that the user names, no more is read than a file of its kind can have; nothing else reads one."""

from __future__ import annotations

import ast
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mapiwright
from mapiwright.errors import FormatError
from mapiwright.transaction import single_file
from mapiwright.transaction.single_file import read_named

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(mapiwright.__file__).parent
WHOLE = {"read_bytes", "read_text", "readline", "readlines", "open"}
NO_FILES = ("folder.open", "os.open", "self.open", "read_bytes")
"""Handles, which are bounded where they are read, and the reader of an INF value."""
OTHERS = {
    ("transaction/single_file.py", "path.open"): "it is the helper",
    ("setup/package/media.py", "place.open"): "it reads as much of a package's file as its caller says",
    ("setup/publish/publish.py", "(directory / SUMS).open"): "as much of the sums as they may have",
    ("setup/publish/setup_program.py", "bundle.open"): "a member, whose size is bounded",
    ("setup/publish/setup_program.py", "found.read_bytes"): "our own modules",
    ("setup/publish/setup_program.py", "Path(str(found.locate_file(path))).read_bytes"): "modules of ours",
    ("entry/hosts/child_zipapp.py", "root.joinpath(f'{module}.py').read_bytes"): "our own modules",
    ("entry/hosts/child_zipapp.py", "found.read_bytes"): "our own modules",
    ("setup/package/signatures.py", "reported.open"): "it is written, in our own temporary folder",
    ("setup/package/signatures.py", "faults.open"): "it is written, in our own temporary folder",
    ("setup/package/signatures.py", "each.read_bytes"): "what a verifier printed there",
    ("ui/text/language.py", "_folder().joinpath(f'{language}.toml').read_text"): "our own texts",
    ("ui/text/terminal.py", "sys.stdin.readline"): "a line, and no more of it than an answer has",
}
"""Who reads something else by one of these calls, and what."""


def reads(source: str) -> Iterator[str]:
    """The calls of a module that read all of a file, or open one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            name = called.rpartition(".")[2]
            whole = name == "read" and not node.args and called.startswith(("stream.", "file.", "sys.stdin"))
            if (name in WHOLE and called not in NO_FILES) or whole:
                yield called


def test_nothing_else_reads_a_file_that_the_user_names() -> None:
    found = {
        (path.relative_to(SOURCE).as_posix(), called)
        for path in SOURCE.rglob("*.py")
        if "child" not in path.relative_to(SOURCE).parts  # it runs the vendor's code, in a process of its own
        for called in reads(path.read_text(encoding="utf-8"))
    }
    assert found == set(OTHERS), "what the user names is read by read_named, which is bounded"


@pytest.mark.parametrize(
    "text", ["path.read_bytes()", "open(name)", "p.open('rb')", "stream.read()", "sys.stdin.readline()"]
)
def test_the_law_sees_every_way_to_read(text: str) -> None:
    assert list(reads(text))


def test_a_file_of_the_most_bytes_is_read_and_one_of_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(bytes(1000))
    assert read_named(path, 1000, "a saved plan") == bytes(1000)
    with pytest.raises(FormatError, match="it has 1,000 bytes, too many for a saved plan") as caught:
        read_named(path, 999, "a saved plan")
    assert (caught.value.where, caught.value.expected) == (str(path), "at most 999 bytes")
    assert "a saved plan" in caught.value.remedy


def test_a_file_of_a_terabyte_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    monkeypatch.setattr(single_file, "_CHUNK", 0)
    with pytest.raises(FormatError, match="it has 1,099,511,627,776 bytes"):
        read_named(path, 1 << 20, "an INF file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
@pytest.mark.parametrize(("sent", "most"), [(200_000, 200_000), (200_000, 1000)])
def test_a_pipe_stands_for_a_file_and_is_bounded_likewise(tmp_path: Path, sent: int, most: int) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with suppress(BrokenPipeError):
            path.write_bytes(bytes(sent))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        if sent <= most:
            assert read_named(path, most, "answers") == bytes(sent)
        else:
            with pytest.raises(FormatError, match="it has more than 1,000 bytes"):
                read_named(path, most, "answers")
    finally:
        writer.join()
