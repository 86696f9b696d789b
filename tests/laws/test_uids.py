"""A MAPIUID is one thing in all its spellings, and an honest key of a dict."""

from __future__ import annotations

import copy
import json
import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.errors import UsageError
from mapiwright.formats.uid import MapiUid

SIXTEEN = st.binary(min_size=16, max_size=16)


@given(SIXTEEN)
def test_all_spellings_are_one_uid(data: bytes) -> None:
    uid = MapiUid(data)
    guid = UUID(bytes_le=data)
    for spelled in (data, data.hex(), data.hex().upper(), uid, str(guid), f"{{{guid}}}".upper(), uid.guid):
        assert MapiUid(spelled) == uid == MapiUid.read(spelled)
    assert uid.guid == f"{{{guid}}}".upper()
    assert uid.bytes == data
    assert (str(uid), f"{uid}", json.dumps(uid)) == (data.hex(), data.hex(), f'"{data.hex()}"')
    assert [type(each) for each in (pickle.loads(pickle.dumps(uid)), copy.deepcopy(uid))] == [MapiUid, MapiUid]  # noqa: S301 - it is ours


@given(SIXTEEN, SIXTEEN)
def test_it_equals_its_digits_and_its_bytes_and_no_others(data: bytes, other: bytes) -> None:
    uid = MapiUid(data)
    for same in (data, data.hex(), MapiUid(data)):
        assert uid == same
        assert same == uid
        assert not uid != same  # noqa: SIM202 - it is != that is tried
    for else_ in (other, other.hex(), MapiUid(other)):
        assert (uid == else_) is (else_ == uid) is (data == other)
        assert (uid != else_) is (else_ != uid) is (data != other)
    assert uid not in (None, 5, "", b"", data.hex() + "0", data[:15])


@given(SIXTEEN)
def test_as_a_key_it_is_found_by_what_is_a_str_and_equal(data: bytes) -> None:
    """Bytes hash otherwise: they are made a MapiUid first, as the class says."""
    kept = {MapiUid(data): "found", data: "bytes of their own"}
    assert kept[MapiUid(data)] == kept[data.hex()] == "found"
    assert {data.hex()} == {MapiUid(data)}
    for text in (data.hex(), data.hex().upper()):
        assert MapiUid(data) != text or hash(MapiUid(data)) == hash(text)


@pytest.mark.parametrize(
    "wrong", ["", "0" * 31, "g" * 32, "0" * 33, b"", bytes(17), "{" + "0" * 32 + "}", "\uff10" * 32]
)
def test_anything_else_is_none(wrong: str | bytes) -> None:
    assert MapiUid.read(wrong) is None
    with pytest.raises(UsageError, match="no MAPIUID"):
        MapiUid(wrong)
