"""Who plays which role in a profile: ``profile identity``, ``profile default-store``, ``service order``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

    Mapiwright = Callable[..., Answer]
    Picture = Callable[[], dict[str, bytes]]

PROFILE = "Büro"


INF = """\
[Services]
PIPE=Pipe
WIRE=Wire
ARCHIVE=Archive
PST=Dateien
[PIPE]
PR_RESOURCE_FLAGS=SERVICE_PRIMARY_IDENTITY
Providers=PipeWire
[PipeWire]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_RESOURCE_FLAGS=STATUS_PRIMARY_IDENTITY
PR_PROVIDER_DLL_NAME=pipe.dll
PR_DISPLAY_NAME=Pipe
[WIRE]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=WireWire
[WireWire]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY
PR_PROVIDER_DLL_NAME=wire.dll
PR_DISPLAY_NAME=Wire
[ARCHIVE]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=ArchiveStore
[ArchiveStore]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY | STATUS_NO_DEFAULT_STORE
PR_PROVIDER_DLL_NAME=archive.dll
PR_DISPLAY_NAME=Archive
[PST]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=PstStore
[PstStore]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY
PR_PROVIDER_DLL_NAME=pst.dll
PR_DISPLAY_NAME=Persönlich
PR_PROVIDER_DISPLAY=Datei
"""


@pytest.fixture
def office(mapiwright: Mapiwright, workstation_folder: Path) -> Mapiwright:
    """A profile with PIPE and WIRE, which send; ARCHIVE, a store that is never the default one; and two PSTs."""
    (inf,) = workstation_folder.rglob("MAPISVC.INF")
    inf.write_bytes(INF.encode("cp1252"))
    mapiwright("profile", "create", PROFILE, "--default", "--yes")
    for name in ("PIPE", "WIRE", "ARCHIVE", "PST", "PST"):
        added = mapiwright("profile", "add-service", PROFILE, name, "--yes")
        assert added.code == 0, added.err
    return mapiwright


def uids(mapiwright: Mapiwright) -> dict[str, list[str]]:
    """The uids of the services, and those of their providers, by display name or name."""
    found: dict[str, list[str]] = {}
    for service in mapiwright("profile", "show", PROFILE, "--json").document["services"]:
        found.setdefault(service["name"], []).append(service["uid"])
        for provider in service["providers"]:
            found.setdefault(provider["display"], []).append(provider["uid"])
    return found


def undo(mapiwright: Mapiwright) -> None:
    """Take back the last edit that stands."""
    receipts = mapiwright("receipts", "--json").document["receipts"]
    last = [each["id"] for each in receipts if each["verb"] == "profile" and not each["undone_by"]][-1]
    assert mapiwright("undo", last, "--yes").code == 0


def told(mapiwright: Mapiwright, *words: str) -> Any:
    answer = mapiwright(*words, "--json")
    assert answer.code == 0, answer.err
    document = answer.document
    assert (document["profile"], document["user"]) == (PROFILE, "Zoë")
    return document


def dump(mapiwright: Mapiwright) -> Any:
    return mapiwright("profile", "dump", PROFILE).document


# The primary identity


def identity(mapiwright: Mapiwright) -> str | None:
    found = told(mapiwright, "profile", "identity", PROFILE)["identity"]
    return found["service"] if found else None


def test_the_identity_is_shown_cleared_chosen_and_given_back(office: Mapiwright) -> None:
    (pipe,) = uids(office)["PIPE"]
    before = dump(office)
    assert office("profile", "identity", PROFILE).out == f"PIPE: Pipe  {pipe}\n"
    assert office("profile", "identity", PROFILE, "--clear", "--yes").code == 0
    assert office("profile", "identity", PROFILE).out == "No service provides an identity.\n"
    assert identity(office) is None
    for name in ("pipe", pipe):
        assert office("profile", "identity", PROFILE, "--set", name, "--yes").code == 0
        assert identity(office) == "PIPE"
    assert "Nothing to do" in office("profile", "identity", PROFILE, "--set", pipe, "--yes").out
    undo(office)
    assert identity(office) is None
    undo(office)
    assert dump(office) == before


def test_an_identity_that_cannot_be_is_refused(office: Mapiwright, picture: Picture) -> None:
    before = picture()
    refused = office("profile", "identity", PROFILE, "--set", "WIRE", "--yes")
    assert (refused.code, "provides no identity" in refused.err) == (1, True)
    unknown = office("profile", "identity", PROFILE, "--set", "NOPE", "--yes")
    assert (unknown.code, "PIPE, WIRE" in unknown.err) == (1, True)
    unclear = office("profile", "identity", PROFILE, "--set", "PST", "--yes")
    assert unclear.code == 2
    assert all(uid in unclear.err for uid in uids(office)["PST"])
    assert office("profile", "identity", PROFILE, "--set", "PIPE", "--clear", "--yes").code == 2
    assert office("profile", "identity", PROFILE, "--clear").code == 1, "stdin is not a terminal"
    assert picture() == before


# The default store


def store(mapiwright: Mapiwright) -> str | None:
    found = told(mapiwright, "profile", "default-store", PROFILE)["default_store"]
    return found["uid"] if found else None


def test_the_default_store_is_shown_chosen_cleared_and_given_back(office: Mapiwright) -> None:
    first, second = uids(office)["Persönlich"]
    assert store(office) == first, "the first that can be it"
    assert office("profile", "default-store", PROFILE).out == f"PST/Persönlich  {first}\n"
    before = dump(office)
    assert office("profile", "default-store", PROFILE, "--set", second, "--yes").code == 0
    assert store(office) == second
    assert "Nothing to do" in office("profile", "default-store", PROFILE, "--set", second, "--yes").out
    assert office("profile", "default-store", PROFILE, "--clear", "--yes").code == 0
    assert office("profile", "default-store", PROFILE).out == "There is no default store.\n"
    assert store(office) is None
    undo(office)
    undo(office)
    assert dump(office) == before


def test_a_store_that_cannot_be_the_default_one_is_refused(office: Mapiwright, picture: Picture) -> None:
    before = picture()
    for name in ("Persönlich", "datei"):
        unclear = office("profile", "default-store", PROFILE, "--set", name, "--yes")
        assert unclear.code == 2
        assert all(uid in unclear.err for uid in uids(office)["Persönlich"])
    never = office("profile", "default-store", PROFILE, "--set", "ArchiveStore", "--yes")
    assert (never.code, "never be the default store" in never.err) == (1, True)
    no_store = office("profile", "default-store", PROFILE, "--set", "Pipe", "--yes")
    assert (no_store.code, "There are: Archive, Persönlich" in no_store.err) == (1, True)
    assert office("profile", "default-store", PROFILE, "--set", "Archive", "--clear").code == 2
    assert picture() == before


# The transport order


def order(mapiwright: Mapiwright, *words: str) -> list[str]:
    return [each["display"] for each in told(mapiwright, "service", "order", *words)["transports"]]


def test_the_transport_order_is_shown_and_chosen_by_name_or_uid(office: Mapiwright) -> None:
    assert order(office) == order(office, PROFILE) == ["Pipe", "Wire"]
    before = dump(office)
    json_form = uids(office)["Wire"][0]
    assert office("service", "order", "--set", json_form.upper(), "--set", "PipeWire", "--yes").code == 0
    shown = office("service", "order").out
    assert shown == f"1. WIRE/Wire  {json_form}\n2. PIPE/Pipe  {uids(office)['Pipe'][0]}\n"
    again = office("service", "order", PROFILE, "--set", "wire", "--set", "pipe", "--yes")
    assert "Nothing to do" in again.out
    undo(office)
    assert dump(office) == before


def test_an_order_that_is_not_of_all_transports_is_refused(office: Mapiwright, picture: Picture) -> None:
    before = picture()
    for words in (("Wire",), ("Wire", "Wire"), ("Wire", "Pipe", "Wire"), ("Wire", "Archive")):
        named = [word for name in words for word in ("--set", name)]
        answer = office("service", "order", *named, "--yes")
        assert answer.code == 1, words
        assert "transport" in answer.err
    assert picture() == before
    office("profile", "create", "Leer", "--yes")
    assert office("service", "order", "Leer").out == "No transports.\n"


def test_the_choices_show_their_plan_and_looking_needs_no_state(
    office: Mapiwright, picture: Picture, workstation_folder: Path
) -> None:
    before = picture()
    choices = (
        ("profile", "identity", PROFILE, "--clear"),
        ("profile", "default-store", PROFILE, "--clear"),
        ("service", "order", "--set", "Wire", "--set", "Pipe"),
    )
    for choice in choices:
        document = office(*choice, "--dry-run", "--json").document
        assert (document["plan"]["empty"], len(document["plan"]["steps"])) == (False, 1)
    assert picture() == before
    (state,) = workstation_folder.rglob("Mapiwright")
    kept = sorted(path for path in state.rglob("*"))
    for words in (("profile", "identity", PROFILE), ("profile", "default-store", PROFILE), ("service", "order")):
        assert office(*words).code == 0
    assert sorted(path for path in state.rglob("*")) == kept
