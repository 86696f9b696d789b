"""What strangers hand over is bounded before it is read: files of a package, sums, manifests, members of a zip."""

from __future__ import annotations

import io
import re
import shutil
import struct
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.errors import FindingsError, FormatError, RefusedError
from mapiwright.setup.package.media import LARGEST_FILE, Memory
from mapiwright.setup.package.package import open_package, read_package
from mapiwright.setup.publish import setup_program, sums
from mapiwright.setup.publish.have_disk import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.stories.conftest import Answer

MIB = 1 << 20


@pytest.fixture
def package(acme: Path, tmp_path: Path) -> Path:
    """A copy of the example that may be spoilt."""
    folder = tmp_path / "acme"
    shutil.copytree(acme, folder)
    return folder


def swollen(path: Path, size: int = 20 << 30) -> None:
    """The file with a hole at its end: so large, and next to nothing on the disk."""
    with path.open("ab") as stream:
        stream.truncate(size)


@pytest.fixture
def peak() -> Iterator[Callable[[], float]]:
    """``peak()``: the most memory that was in use at once, in MiB."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MIB
    tracemalloc.stop()


SMALL = {
    "mapiwright.toml": ("MW4001", 20),
    "acme.inf": ("MW4107", 20),
    "acme_service.py": ("MW4109", 800),
    "x64/acme32.dll": ("MW4109", 800),
}
"""A file of the package; what it is refused for when it is a hundred times too large, and the MiB that takes."""


@pytest.mark.parametrize("name", SMALL)
def test_a_file_of_20_gib_is_refused_by_name(package: Path, peak: Callable[[], float], name: str) -> None:
    id_, most = SMALL[name]
    swollen(package / name)
    for attempt in (open_package, look):
        with pytest.raises(FindingsError) as refusal:
            attempt(package)
        assert id_ in {found.id for found in refusal.value.findings}
        assert name in str(refusal.value)
    assert peak() < most


def test_so_are_sums_of_20_gib(package: Path, peak: Callable[[], float]) -> None:
    (package / "SHA256SUMS").write_bytes(b"")
    swollen(package / "SHA256SUMS")
    with pytest.raises(FindingsError, match="MW4303"):
        look(package)
    (package / "SHA256SUMS").write_bytes(sums.render({"acme.inf": b""}))
    assert peak() < 20
    swollen(package / "acme.inf")
    with pytest.raises(FindingsError, match="MW4109"):
        look(package)


NAMED = {
    "a saved plan": ("apply", "LARGE", "--yes"),
    "answers": ("wizard", "--answers", "LARGE", "--yes"),
    "a secret": ("wizard", "--answers", "ANSWERS", "--yes"),
    "a value": ("profile", "section", "set", "Work", "ACME", "--set-file", "66560102=LARGE", "--yes"),
    "a PRF file": ("prf", "apply", "LARGE", "--yes"),
    "an INF file": ("inf", "merge", "LARGE", "INF", "--yes"),
    "a file that is replaced": ("prf", "export", "Work", "-o", "LARGE"),
    "a hive": ("hive", "info", "LARGE"),
    "a program": ("service", "call", "ACME", "--context", "INSTALL", "--library", "LARGE", "--entry", "X"),
    "a key": ("have-disk", "PACKAGE", "--trust", "LARGE", "--yes"),
}
"""What a file that the user names is to be, and how it is named."""


@pytest.mark.parametrize("what", NAMED)
def test_a_file_of_20_gib_that_the_user_names_is_refused_with_size_limit_and_remedy(
    mapiwright: Callable[..., Answer], acme: Path, tmp_path: Path, what: str
) -> None:
    if {"Work", "ANSWERS"} & set(NAMED[what]):
        assert mapiwright("install", acme, "--profile", "Work", "--yes").code == 0
    large, answers = tmp_path / "large", tmp_path / "answers.toml"
    swollen(large)
    answers.write_text(f'[service.ACME]\nserver = "a"\nuser = {{ file = "{large.as_posix()}" }}\n', encoding="ascii")
    names = {"LARGE": large, "ANSWERS": answers, "PACKAGE": acme, "INF": acme / "acme.inf"}
    answer = mapiwright(
        *(re.sub("[A-Z]{3,}$", lambda found: str(names.get(found[0], found[0])), word) for word in NAMED[what])
    )
    assert answer.code == 1
    for text in (f"it has 21,474,836,480 bytes, too many for {what}", "at most ", f"that of {what};"):
        assert text in answer.err


def test_what_is_too_much_only_together_is_refused(monkeypatch: pytest.MonkeyPatch, acme: Path) -> None:
    files = {path.relative_to(acme).as_posix(): path.read_bytes() for path in acme.rglob("*") if path.is_file()}
    monkeypatch.setattr("mapiwright.setup.package.package.LARGEST_PACKAGE", 10_000)
    with pytest.raises(FindingsError) as refusal:
        read_package(Memory(files))
    assert {found.id for found in refusal.value.findings} >= {"MW4109"}


def program(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as bundle:
        for name, data in members:
            bundle.writestr(name, data)
    return made.getvalue()


def claiming(data: bytes, size: int) -> bytes:
    """The zip whose directory says that its only member has so many bytes."""
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


def test_a_small_zip_with_a_member_of_3_gib_is_refused_by_its_directory(peak: Callable[[], float]) -> None:
    bomb = claiming(program(("package/acme.inf", bytes(3 * MIB))), 3 << 30)
    tracemalloc.reset_peak()
    assert len(bomb) < 10_000
    with pytest.raises(FormatError, match=r"package/acme\.inf has 3221225472 bytes \(expected at most"):
        setup_program.bundled_package(bomb)
    assert peak() < 20


def test_a_member_that_holds_more_than_it_says_is_damaged(peak: Callable[[], float]) -> None:
    liar = claiming(program(("package/acme.inf", bytes(64 * MIB))), 10)
    tracemalloc.reset_peak()
    with pytest.raises(FormatError, match="damaged"):
        setup_program.bundled_package(liar)
    assert peak() < 20


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_in_another_compression_is_refused_by_name(compression: int) -> None:
    with pytest.raises(FormatError, match=r"package/acme\.inf has a compression"):
        setup_program.bundled_package(program(("package/acme.inf", b"x"), compression=compression))


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_program, "_MOST_MEMBERS", 3)
    several = program(*((f"package/{number}", b"x") for number in range(4)))
    with pytest.raises(FormatError, match=r"carries 4 files of 4 bytes \(expected at most 3"):
        setup_program.bundled_package(several)
    monkeypatch.setattr(setup_program, "LARGEST_PACKAGE", 3)
    with pytest.raises(FormatError, match="4 files of 4 bytes"):
        setup_program.bundled_package(several)


WHOLE = program(("package/acme.inf", b"[Services]\r\nACME=Acme\r\n" * 9), ("__main__.py", b"pass"))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_zip_is_read_or_refused_and_nothing_else(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for at, byte in changes:
        data[at] = byte
    try:
        found = setup_program.bundled_package(bytes(data))
    except RefusedError:
        return
    assert sum(map(len, (found or {}).values())) <= LARGEST_FILE
