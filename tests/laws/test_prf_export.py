"""Laws of PRF files: what is exported and applied elsewhere is the same; what a check passes, an apply takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mapiwright.admin.flags import SectionFlag
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import Severity
from mapiwright.formats import inf
from mapiwright.formats import prf as text
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.prf.check import check
from mapiwright.mapi.prf.export import export
from mapiwright.mapi.prf.reading import read
from mapiwright.mapi.profile import roles
from mapiwright.mapi.profile.profile import INSTANCE
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props.tags import (
    PR_AB_DEFAULT_DIR,
    PR_AB_DEFAULT_PAB,
    PR_AB_SEARCH_PATH,
    PR_STORE_PROVIDERS,
    PR_TRANSPORT_PROVIDERS,
    name_of,
)
from mapiwright.setup.prf.apply import findings_for, plan_prf
from mapiwright.setup.prf.file import decide, exported
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile

# Services without an entry point, so that what is set is all there is. Names that are words of the format, or close.
SERVICES = {
    "ACME": ("", ["MAPI_STORE_PROVIDER", "MAPI_TRANSPORT_PROVIDER"]),
    "BOOK": ("SERVICE_SINGLE_COPY", ["MAPI_AB_PROVIDER"]),
    "SERVICE1": ("", ["MAPI_STORE_PROVIDER"]),
    "General": ("", ["MAPI_AB_PROVIDER"]),
    "Médiathèque": ("", ["MAPI_STORE_PROVIDER", "MAPI_STORE_PROVIDER"]),
    "Personal Folders": ("SERVICE_SINGLE_COPY", ["MAPI_STORE_PROVIDER"]),
    "EMABLT": ("", ["MAPI_AB_PROVIDER"]),
}
CLIENT = "0a0d020000000000c000000000000046"


def services_text() -> str:
    """The fragment that defines them; each has a property of its own, each provider another."""
    lines = ["[Services]", *(f"{name}={name}" for name in SERVICES)]
    for name, (flags, providers) in SERVICES.items():
        lines += [f"[{name}]", f"Providers={', '.join(f'{name} {n}' for n in range(len(providers)))}"]
        lines += [f"PR_RESOURCE_FLAGS={flags or 'SERVICE_NO_PRIMARY_IDENTITY'}", "6610001E=as shipped"]
        for n, kind in enumerate(providers):
            lines += [f"[{name} {n}]", f"PR_RESOURCE_TYPE={kind}", f"PR_DISPLAY_NAME={name} {n}"]
            lines += ["PR_PROVIDER_DLL_NAME=x.dll", f"PR_PROVIDER_DISPLAY={name} {n}"]
            lines += [f"662{n}0003=0{n}000000"]
    return "\r\n".join(lines)


CATALOGUE = Catalogue.of(inf.parse(services_text().encode("cp1252")))

TEXTS = st.text(st.sampled_from("aB ;'#\"=[]é%,\\"), min_size=1, max_size=8)
KINDS: dict[int, st.SearchStrategy[PropertyValue]] = {
    0x1F: TEXTS,
    0x1E: TEXTS,
    0x03: st.integers(-(1 << 31), (1 << 31) - 1),
    0x0B: st.booleans(),
}
"""Values by their type."""
OWN = st.dictionaries(
    st.sampled_from([0x6600001F, 0x6601001E, 0x66020003, 0x6603000B, 0x6610001E, 0x66200003, 0x3001001F]),
    st.none(),
    max_size=4,
)


@st.composite
def settings_of(draw: st.DrawFn) -> dict[int, PropertyValue]:
    """Values for properties of a service."""
    return {tag: draw(KINDS[tag & 0xFFFF]) for tag in draw(OWN)}


@st.composite
def requests(draw: st.DrawFn) -> list[tuple[str, dict[int, PropertyValue]]]:
    """Services in order, each with its settings; one that may be there once is there once."""
    names = draw(st.lists(st.sampled_from(sorted(SERVICES)), max_size=5))
    singles = {name for name, (flags, _) in SERVICES.items() if "SINGLE" in flags}
    kept = [name for place, name in enumerate(names) if name not in singles or name not in names[:place]]
    return [(name, draw(settings_of())) for name in kept]


def fresh() -> MemoryWorkstation:
    """A workstation without a profile."""
    return MemoryWorkstation.of(layout(users=["Zoë"]))


def space_of(workstation: MemoryWorkstation) -> Workspace:
    """Its user's profiles, with those services and no others."""
    return Workspace(workstation, workstation.users[0], catalogue=CATALOGUE)


def made(
    space: Workspace, request: list[tuple[str, dict[int, PropertyValue]]], store: int, months: int | None
) -> Profile:
    """The profile of a wish, made through the administration objects."""
    profiles = ProfileAdmin(space)
    with space.batch():
        profiles.create_profile("Work")
        services = profiles.admin_services("Work")
        for name, settings in request:
            uid = services.create_message_service(name)
            homes = {0x6620: services.find(uid).providers[0].uid}
            for tag, value in settings.items():
                place = homes.get(tag >> 16, uid)
                with services.open_profile_section(place, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS) as section:
                    assert section.set_props({tag: value}) == ()
        if months is not None:
            with services.open_profile_section(CLIENT, SectionFlag.MODIFY) as section:
                section.set_props({0x0270001E: f"web {months}", 0x0272000B: bool(months % 2)})
        profile = space.profile("Work")
        stores = profile.providers(PR_STORE_PROVIDERS)
        if stores:
            # A file names a service; of its stores it means the first.
            chosen = stores[store % len(stores)]
            first = next(each for each in stores if each.service_uid == chosen.service_uid)
            space.put(profile, roles.set_default_store(profile, first.uid))
    return space.profile("Work")


def comparable(profile: Profile) -> dict[str, dict[int, PropertyValue]]:
    """The sections of a profile with its uids, which are made up, replaced by their places."""
    names: dict[bytes, bytes] = {}
    for place, service in enumerate(profile.services):
        names[bytes.fromhex(service.uid)] = b"service %d" % place
        for number, provider in enumerate(service.providers):
            names[bytes.fromhex(provider.uid)] = b"provider %d of %d" % (number, place)

    def named(value: PropertyValue) -> PropertyValue:
        if not isinstance(value, bytes) or len(value) % 16:
            return value
        parts = [value[at : at + 16] for at in range(0, len(value), 16)]
        return b"|".join(names.get(part, part) for part in parts)

    return {
        repr(names.get(bytes.fromhex(uid), uid)): {tag: named(value) for tag, value in section.properties.items()}
        for uid, section in profile.sections.items()
        if uid != INSTANCE
    }


def is_bundled(tag: int, value: PropertyValue) -> bool:
    """Whether a value can stand on a line and is read as it is: others are told as left out."""
    if not isinstance(value, str):
        return True
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    expands = tag & 0xFFFF == 0x1E and re.search("%[^%]+%", value) is not None
    return value == value.strip() and not quoted and not expands


@given(requests(), st.integers(0, 9), st.none() | st.integers(0, 9), st.booleans())
def test_a_profile_that_is_exported_and_applied_is_the_same(
    request: list[tuple[str, dict[int, PropertyValue]]], store: int, months: int | None, default: bool
) -> None:
    before = made(space_of(fresh()), request, store, months)
    result = export(before, CATALOGUE.find, default=default, code_page="cp1252")
    data = text.render(result.document)
    file = read(text.parse(data))
    workstation = fresh()
    told = (*check(file), *findings_for(file, [space_of(workstation)]))
    bad = [each for each in told if each.severity is not Severity.NOTE and each.id != "MW8041"]  # a % is a % there
    assert not bad, data.decode("cp1252")
    execute(plan_prf(file, [space_of(workstation)], name="x.prf"), workstation, makers={})
    after = space_of(workstation).profile("Work")
    assert faults(after) == ()
    assert (space_of(workstation).default == "Work") is default
    again = export(after, CATALOGUE.find, default=default, code_page="cp1252")
    assert text.render(again.document) == data, "nothing of the file is lost on the way"
    if all(is_bundled(*each) for _, settings in request for each in settings.items()):
        assert result.findings == ()
        assert comparable(after) == comparable(before)
    else:
        assert {each.id for each in result.findings} == {"MW8202"}
    assert plan_prf(file, [space_of(workstation)], name="x.prf").empty, "it is there already"


# A role that the file does not give back is reported, each by itself, and is not there where the file is applied.

ROLES: dict[str, Callable[[Profile], Profile]] = {
    "the default store is Médiathèque 1, and not the first of its service": lambda profile: roles.set_default_store(
        profile, profile.services[2].providers[1].uid
    ),
    "there is no default store, though one could be it": lambda profile: roles.set_default_store(profile, None),
    "the primary identity is PERSON": lambda profile: roles.set_primary_identity(profile, profile.services[3].uid),
    "the order of the transports is ACME 1, ACME 1": lambda profile: roles.set_transport_order(
        profile, [each.uid for each in reversed(profile.providers(PR_TRANSPORT_PROVIDERS))]
    ),
    "the address list that is shown first is": lambda profile: _with_list(profile, PR_AB_DEFAULT_DIR),
    "the list of personal addresses is": lambda profile: _with_list(profile, PR_AB_DEFAULT_PAB),
    "names are checked in": lambda profile: _with_list(profile, PR_AB_SEARCH_PATH),
}
"""How a role is reported, and how a profile gets it."""
PERSON = Catalogue.of(
    inf.parse(
        services_text().replace("[Services]", "[Services]\r\nPERSON=PERSON").encode("cp1252")
        + b"""\r
[PERSON]\r\nProviders=PERSON 0\r\nPR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY\r\n[PERSON 0]\r
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r\nPR_DISPLAY_NAME=PERSON 0\r\nPR_PROVIDER_DLL_NAME=x.dll\r
PR_PROVIDER_DISPLAY=PERSON 0\r\n"""
    )
)


def _with_list(profile: Profile, tag: int) -> Profile:
    entry = bytes(4) + b"a list of a provider that runs elsewhere"
    value: PropertyValue = (entry,) if tag & 0x1000 else entry
    return profile.with_sections(profile.admin.with_properties({tag: value}))


@given(st.sets(st.sampled_from(sorted(ROLES))))
def test_a_role_that_a_file_does_not_give_back_is_reported(chosen: set[str]) -> None:
    if {"there is no default store, though one could be it"} < {each for each in chosen if "default store" in each}:
        return  # it is one or the other
    first = fresh()
    space = Workspace(first, first.users[0], catalogue=PERSON)
    profiles = ProfileAdmin(space)
    with space.batch():
        profiles.create_profile("Work")
        admin = profiles.admin_services("Work")
        for name in ("ACME", "ACME", "Médiathèque", "PERSON"):
            admin.create_message_service(name)
        plain = space.profile("Work")
    assert export(plain, PERSON.find, default=False, code_page="cp1252").findings == ()
    profile = plain
    for each in sorted(chosen):
        profile = ROLES[each](profile)
    result = export(profile, PERSON.find, default=False, code_page="cp1252")
    reported = [each.what for each in result.findings]
    assert {each.id for each in result.findings} <= {"MW8206"}
    assert len(reported) == len(chosen)
    assert all(any(each.startswith(role) for each in reported) for role in chosen)
    workstation = fresh()
    there = Workspace(workstation, workstation.users[0], catalogue=PERSON)
    execute(plan_prf(read(text.parse(text.render(result.document))), [there], name="x.prf"), workstation, makers={})
    again = export(there.profile("Work"), PERSON.find, default=False, code_page="cp1252")
    assert again.findings == ()
    if "there is no default store, though one could be it" not in chosen:
        assert text.render(again.document) == text.render(result.document)


# Whatever a profile holds or waits for is exported or reported.

CALLED = {"CALLED": "", "MSEMS": "SERVICE_SINGLE_COPY"}
CALLED_TEXT = "\r\n".join(
    f"[{name}]\r\nProviders={name} 0\r\nPR_RESOURCE_FLAGS={flags or 'SERVICE_NO_PRIMARY_IDENTITY'}\r\n"
    f"PR_SERVICE_DLL_NAME=called.dll\r\nPR_SERVICE_ENTRY_NAME=ServiceEntry\r\n[{name} 0]\r\n"
    f"PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r\nPR_DISPLAY_NAME={name} 0\r\nPR_PROVIDER_DLL_NAME=x.dll\r\n"
    f"PR_PROVIDER_DISPLAY={name} 0"
    for name, flags in CALLED.items()
)
WITH_CALLED = Catalogue.of(inf.parse(f"[Services]\r\nCALLED=c\r\nMSEMS=m\r\n{CALLED_TEXT}".encode()))
GLOBAL = "13dbb0c8aa05101a9bb000aa002fc45a"
HELD = st.dictionaries(
    st.sampled_from([0x03300003, 0x041F0003, 0x0270001E, 0x0272000B, 0x6607001E, 0x6608001F, 0x6620001F, 0x6603000B]),
    st.none(),
    max_size=5,
).flatmap(lambda tags_: st.fixed_dictionaries({tag: KINDS[tag & 0xFFFF] for tag in tags_}))
BEYOND = st.dictionaries(st.sampled_from([0x66300102, 0x66310014]), st.none()).map(
    lambda tags_: {tag: b"x" if tag & 0xFFFF == 0x102 else 1 for tag in tags_}
)
"""Bytes and a number of 64 bits, which no PRF file carries."""


@given(
    st.lists(st.tuples(st.sampled_from(sorted(CALLED)), HELD, BEYOND), max_size=3, unique_by=lambda each: each[0]),
    st.tuples(HELD, BEYOND),
    st.tuples(HELD, BEYOND),
)
def test_whatever_a_profile_holds_or_waits_for_is_exported_or_reported(
    services: list[tuple[str, dict[int, PropertyValue], dict[int, PropertyValue]]],
    client: tuple[dict[int, PropertyValue], dict[int, PropertyValue]],
    globally: tuple[dict[int, PropertyValue], dict[int, PropertyValue]],
) -> None:
    first = fresh()
    space = Workspace(first, first.users[0], catalogue=WITH_CALLED)
    profiles = ProfileAdmin(space)
    with space.batch():
        profiles.create_profile("Work")
        admin = profiles.admin_services("Work")
        for name, settings, beyond in services:
            admin.configure_message_service(admin.create_message_service(name), {**settings, **beyond})
        for uid, held in ((CLIENT, client), (GLOBAL, globally)):
            if not held[0] and not held[1]:
                continue
            with admin.open_profile_section(uid, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS) as section:
                section.set_props({**held[0], **held[1]})
    execute(space.plan(), first, makers=MAKERS)

    def exported_from(workstation: MemoryWorkstation) -> tuple[bytes, str]:
        data, findings = exported(Workspace(workstation, workstation.users[0], catalogue=WITH_CALLED), "Work")
        return data, "; ".join(each.what for each in findings)

    data, said = exported_from(first)
    items = {item.service or item.label.section: item for item in read(text.parse(data)).services if item.label}
    for name, settings, beyond in (*services, (CLIENT, *client), (GLOBAL, *globally)):
        written = items[name].properties if name in items else {}
        for tag, value in {**settings, **beyond}.items():
            kept = any(each >> 16 == tag >> 16 and one == value for each, one in written.items())
            assert kept or name_of(tag, name) in said, (name, hex(tag), data)
    second = fresh()
    there = Workspace(second, second.users[0], catalogue=WITH_CALLED)
    decision = decide(read(text.parse(data)), [there], Path("x.prf"))
    assert decision.plan is not None, decision.findings
    if not decision.plan.empty:
        execute(decision.plan, second, makers=MAKERS)
    assert exported_from(second)[0] == data


# What a check passes, an apply takes.

SWITCHES = st.sampled_from(["", "Yes", "No", "TRUE", "0", "perhaps"])
NAMES = st.sampled_from(
    ["", "Work", "anna@x.example", "O'Neil", "Mail.2", "a/b", " x", "%USERNAME%", "%NOBODY%", "Zoë", "b" * 65, '"q"']
)
LABELS = st.sampled_from(["", "Nobody", "Client", "Microsoft Outlook Client", "Bad", *SERVICES])
KEYS = st.sampled_from(["Server", "Port", "Tls", "Mapi", "Password", "Pwd", "Nowhere", "UniqueService", "Name"])
VALUES = st.sampled_from(["", "mail", "5", "TRUE", "%USERNAME%", "C:\\a.pst", "Yes", "é"])
GENERAL = st.dictionaries(
    st.sampled_from(["DefaultProfile", "OverwriteProfile", "ModifyDefaultProfileIfPresent", "BackupProfile"]),
    SWITCHES | st.just("Append"),
)
SLOTS = st.lists(st.tuples(st.integers(1, 4), LABELS), max_size=4)
SECTIONS = st.dictionaries(st.integers(1, 4), st.lists(st.tuples(KEYS, VALUES), max_size=4), max_size=4)
MAPPING = """Server=PT_STRING8,0x6600
Port=PT_LONG,0x6601
Tls=PT_BOOLEAN,0x6602
Mapi=PT_UNICODE,0x3d09
Password=PT_STRING8,0x67f0
Name=PT_UNICODE,0x3001"""


@st.composite
def files(draw: st.DrawFn) -> str:
    """Files as people and generators write them, with what goes wrong in them."""
    lines = ["[General]", "Custom=1", f"ProfileName={draw(NAMES)}"]
    lines += [f"{key}={value}" for key, value in draw(GENERAL).items()]
    lines += [f"DefaultStore={draw(st.sampled_from(['', 'Service0', 'Service1', 'Service2']))}", "[Service List]"]
    lines += [f"Service{number}={label}" for number, label in draw(SLOTS)]
    for number, values in draw(SECTIONS).items():
        lines += [f"[Service{number}]", *(f"{key}={value}" for key, value in values)]
    for name in SERVICES:
        lines += [f"[{name}]", f"ServiceName={name}", MAPPING] if name not in {"General", "SERVICE1"} else []
    return "\n".join([*lines, "[Client]", "SectionGUID=0a0d020000000000c000000000000046", MAPPING, "[Bad]", MAPPING])


@given(files(), st.sampled_from(["", "Work", "anna@x.example"]))
def test_what_a_check_passes_an_apply_takes_and_does(content: str, there: str) -> None:
    workstation = fresh()
    if there:
        first = read(text.parse(f"[General]\nCustom=1\nProfileName={there}\n[Service List]\n".encode()))
        plan = decide(first, [space_of(workstation)], Path("first.prf")).plan
        assert plan is not None
        execute(plan, workstation, makers={})
    file = read(text.parse(content.encode("cp1252")))
    decision = decide(file, [space_of(workstation)], Path("x.prf"))
    said = {*check(file, space_of(workstation).edition), *findings_for(file, [space_of(workstation)])}
    assert {each.id for each in said} <= {each.id for each in decision.findings}, "one code decides"
    if decision.plan is None:
        assert any(each.severity == "error" for each in decision.findings)
        return
    if not decision.plan.empty:
        execute(decision.plan, workstation, makers={})
    again = decide(file, [space_of(workstation)], Path("x.prf"))
    assert again.plan is not None
    assert again.plan.empty, again.plan.steps
