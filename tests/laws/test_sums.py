"""Sums are read as they were written, whatever the files are called."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import FormatError
from mapiwright.setup.publish import sums
from mapiwright.workstation.files import fault_of_name

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: fault_of_name(name) is None
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(PATHS, st.binary(max_size=20), min_size=1))
def test_what_was_rendered_is_parsed(files: dict[str, bytes]) -> None:
    assert sums.parse(sums.render(files)) == {path: sha256(data).hexdigest() for path, data in files.items()}


@given(st.binary(max_size=200))
def test_garbage_is_told_as_such(data: bytes) -> None:
    with suppress(FormatError):
        assert all(len(each) == 64 for each in sums.parse(data).values())
