"""A guest that makes random calls with random arguments: the host neither crashes nor hangs, and keeps its word.

Its arguments are odd and never wild, so whatever ends badly here is the host's own fault.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.entry.hosts.native_host import NativeHost, OnDisk
from mapiwright.entry.service.contract import Context, EntryFlag
from mapiwright.setup.trial.scratch import definition_from, scratch_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.entry.hosts.interpreter import Interpreter
    from mapiwright.entry.service.contract import Report

INF = b"""\
[Services]
GOOD=Good
[GOOD]
PR_DISPLAY_NAME=Good
Providers=GOOD_Store
Sections=GOOD_Extra
[GOOD_Store]
PR_DISPLAY_NAME=Good Store
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
[GOOD_Extra]
66000003=01000000
"""
SCRIPT = 0x66F00102
RUNS = 400 if os.environ.get("MAPIWRIGHT_NIGHTLY") else 12
LENGTH = 4000


def play(service: Callable[..., Path], target: str, interpreter: Interpreter, script: bytes) -> None:
    reports: list[Report] = []
    host = NativeHost(OnDisk(service("scripted", target)), "ServiceEntry", interpreter, observe=reports.append)
    definition = definition_from(INF, "", "cp1252")
    request = scratch_request(definition, Context.CONFIGURE, {SCRIPT: script}, "cp1252", EntryFlag(0))
    outcome = host.call(request)  # a crash, a hang or nonsense would be an error
    assert 0 <= outcome.hresult <= 0xFFFFFFFF
    assert not [sentence for sentence in reports[-1].misuse if "failed inside the host" in sentence]
    own = {section.uid for section in request.sections}
    assert own.isdisjoint(outcome.made)
    assert set(outcome.gone) <= {section.uid for section in request.sections if section.role == "provider"}


@pytest.mark.parametrize("seed", range(RUNS))
def test_random_calls_end_well(service: Callable[..., Path], seed: int) -> None:
    play(service, "so", ThisPython(), random.Random(seed).randbytes(LENGTH))


@pytest.mark.parametrize("seed", range(3))
def test_random_calls_of_a_dll_end_well(
    service: Callable[..., Path], request: pytest.FixtureRequest, seed: int
) -> None:
    play(service, "x64", request.getfixturevalue("wine"), random.Random(1000 + seed).randbytes(LENGTH))
