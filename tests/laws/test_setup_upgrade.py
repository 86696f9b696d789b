"""An upgrade leaves what the newer version alone would have left, and an uninstall after it what was there before."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.entry.makers import MAKERS
from mapiwright.formats import inf
from mapiwright.mapi.inf.definition import ProviderDefinition, SectionDefinition, ServiceDefinition
from mapiwright.mapi.profile import edit
from mapiwright.mapi.profile.profile import PROVIDER_LISTS, Profile
from mapiwright.mapi.profile.redefine import redefine_service
from mapiwright.mapi.props import tags
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.repair import plan_guard
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import Package, read_package
from mapiwright.setup.records.schema import Scope
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from mapiwright.transaction.plans.plan import Plan

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
KINDS = ("MAPI_STORE_PROVIDER", "MAPI_AB_PROVIDER", "MAPI_TRANSPORT_PROVIDER")


@cache
def dll() -> bytes:
    return (EXAMPLE / "x64" / "acme32.dll").read_bytes()


class Parcel:
    """A package's files, shown without its DLLs."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @property
    def package(self) -> Package:
        return read_package(Memory(self.files))

    def __repr__(self) -> str:
        return "\n".join(self.files[name].decode() for name in ("mapiwright.toml", "mapisvc.inf"))


@st.composite
def versions(draw: st.DrawFn, version: str) -> Parcel:
    """A version of a vendor's package: some of its files, values, services and providers, with some data."""
    dlls = draw(st.sets(st.sampled_from(["one", "two"]), min_size=1))
    pages = draw(
        st.dictionaries(st.sampled_from(["a.txt", "b/c.txt", "b/d.txt", "e/f/g.txt"]), st.binary(max_size=4))
    )
    values = draw(st.dictionaries(st.sampled_from(["A", "B", "C"]), st.sampled_from(["1", "2"])))
    keys = draw(st.sampled_from(["Acme", r"Acme\Mail", r"Acme\Mail\More"]))
    root = draw(st.sampled_from(["HKLM", "HKCU"]))
    names = draw(st.lists(st.sampled_from(["ACME", "ACME2"]), min_size=1, unique=True))
    lines = ["[Services]", *(f"{name}={name}" for name in names)]
    for name in names:
        providers = draw(st.lists(st.sampled_from(["P", "Q", "R"]), min_size=1, unique=True))
        kinds = dict(zip("PQR", KINDS, strict=True))
        display = draw(st.sampled_from(["Acme", "Acme Plus"]))
        lines += [
            f"[{name}]",
            f"PR_DISPLAY_NAME={display}",
            f"Providers={', '.join(f'{name}_{each}' for each in providers)}",
            "PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY",
        ]
        for each in providers:
            lines += [
                f"[{name}_{each}]",
                f"PR_RESOURCE_TYPE={kinds[each]}",
                f"PR_PROVIDER_DLL_NAME={draw(st.sampled_from(sorted(dlls)))}.dll",
                f"PR_PROVIDER_DISPLAY={display}",
                f"PR_DISPLAY_NAME={display}",
            ]
    files = {f"{name}32.dll": dll() for name in dlls} | {f"pages/{path}": data for path, data in pages.items()}
    manifest = [
        'id = "acme"\nname = "Acme"\nvendor = "Acme"',
        f'version = "{version}"\n[files]\nany = [',
        *(f'{{ source = "pages/{path}", destination = "{{program_files}}/Acme/{path}" }},' for path in pages),
        *(f'"{name}32.dll",' for name in dlls),
        "]",
    ]
    for name, value in values.items():
        manifest.append(f'[[registry]]\nkey = \'{root}\\Software\\{keys}\'\nname = "{name}"\nvalue = "{value}"')
    files["mapisvc.inf"] = "\r\n".join(lines).encode()
    files["mapiwright.toml"] = "\n".join(manifest).encode()
    return Parcel(files)


def fresh() -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(users=["Zoë", "Łukasz"]))


def do(workstation: MemoryWorkstation, plan: Plan) -> None:
    if not plan.empty:
        execute(plan, workstation, makers=MAKERS)


def install(workstation: MemoryWorkstation, package: Package, scope: Scope = Scope.BOTH) -> None:
    users = [user for user in workstation.users if not user.template]
    do(workstation, plan_install(package, workstation, users, scope=scope))


def picture(workstation: MemoryWorkstation) -> tuple[Any, ...]:
    registry = [workstation.registry.read(KeyPath(root)) for root in ("HKLM", "HKU")]
    return (*registry, files_below(workstation, "C:"))


def files_below(workstation: MemoryWorkstation, folder: str) -> dict[str, bytes | None]:
    """Files with their bytes, and folders."""
    found: dict[str, bytes | None] = {}
    for name in workstation.files.names(folder):
        path = f"{folder}\\{name}"
        if path == workstation.state_folder:
            continue
        if workstation.files.is_folder(path):
            found[path] = None
            found |= files_below(workstation, path)
        else:
            found[path] = workstation.files.read(path)
    return found


def machine(workstation: MemoryWorkstation) -> tuple[Any, ...]:
    """The machine's registry and files; of MAPISVC.INF what it means, as lines may stand in another order."""
    files = files_below(workstation, "C:")
    data = files.pop(workstation.outlook.inf_path)
    sections = inf.parse(data or b"").sections
    meant = {section.name: {entry.key: entry.value for entry in section.entries} for section in sections}
    return workstation.registry.read(KeyPath("HKLM")), files, meant


@settings(max_examples=15)
@given(older=versions("1.0"), newer=versions("2.0"))
def test_an_upgrade_leaves_what_the_newer_version_alone_would(older: Parcel, newer: Parcel) -> None:
    upgraded, plain = fresh(), fresh()
    install(upgraded, older.package)
    install(upgraded, newer.package)
    install(plain, newer.package)
    assert machine(upgraded) == machine(plain)
    for user in upgraded.users:
        if not user.template:
            key = user.root / r"Software\Acme"
            assert upgraded.registry.read(key) == plain.registry.read(key)
    assert plan_guard(upgraded, "acme").empty


@settings(max_examples=15)
@given(parcels=st.tuples(versions("1.0"), versions("2.0"), versions("3.0")), apart=st.booleans())
def test_an_uninstall_after_any_upgrades_gives_everything_back(parcels: tuple[Parcel, ...], apart: bool) -> None:
    workstation = fresh()
    before = picture(workstation)
    for package in (parcel.package for parcel in parcels):
        for scope in (Scope.MACHINE, Scope.USER) if apart else (Scope.BOTH,):
            install(workstation, package, scope)
        for scope in Scope:
            users = [user for user in workstation.users if not user.template]
            assert plan_install(package, workstation, users, scope=scope).empty
    removal = plan_uninstall(workstation, "acme")
    assert removal.kept == ()
    do(workstation, removal.plan)
    assert picture(workstation) == before


# The verb behind it.

providers = st.builds(
    ProviderDefinition,
    section=st.sampled_from(["P", "Q", "R", "S"]),
    properties=st.fixed_dictionaries(
        {
            tags.PR_RESOURCE_TYPE: st.sampled_from([int(kind) for kind in PROVIDER_LISTS.values()]),
            tags.PR_PROVIDER_DLL_NAME: st.sampled_from(["one.dll", "two.dll"]),
            tags.PR_PROVIDER_DISPLAY: st.sampled_from(["Acme", "Acme Plus"]),
            tags.PR_DISPLAY_NAME: st.just("Acme"),
        }
    ),
)
extras = st.builds(
    SectionDefinition,
    section=st.sampled_from(["X", "Y"]),
    properties=st.just({0x66100003: 1}),
    uid=st.sampled_from([None, b"\x11" * 16]),
)
services = st.builds(
    ServiceDefinition,
    name=st.just("ACME"),
    display=st.just("Acme"),
    properties=st.just({tags.PR_RESOURCE_FLAGS: 0}),
    providers=st.lists(providers, min_size=1, max_size=4, unique_by=lambda each: each.section).map(tuple),
    extras=st.lists(extras, max_size=2, unique_by=lambda each: each.section).map(tuple),
    dll=st.sampled_from(["one.dll", "two.dll"]),
    entry=st.sampled_from(["Entry", "Other"]),
    support_files=st.sampled_from([("one.dll",), ()]),
)


class Uids:
    """MAPIUIDs, each a new one."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> bytes:
        self.count += 1
        return self.count.to_bytes(16, "big")


def profile_with(definition: ServiceDefinition, uids: Uids) -> tuple[Profile, str]:
    contab = replace(definition, name="OTHER", extras=())
    profile, _ = edit.add_service(edit.new_profile("Mine", 8, uids), contab, uids)
    return edit.add_service(profile, definition, uids)


@given(definition=services)
def test_redefining_a_service_as_it_is_changes_nothing(definition: ServiceDefinition) -> None:
    profile, uid = profile_with(definition, Uids())
    assert redefine_service(profile, uid, definition, definition, Uids()) == profile


@given(old=services, new=services)
def test_a_redefined_service_has_what_the_new_definition_names(
    old: ServiceDefinition, new: ServiceDefinition
) -> None:
    uids = Uids()
    profile, uid = profile_with(old, uids)
    after = redefine_service(profile, uid, old, new, uids)
    service = after.service(uid)
    assert service is not None
    assert (service.dll, service.entry) == (new.dll, new.entry)
    assert service.section.get(tags.PR_SERVICE_SUPPORT_FILES) == (new.support_files or None)
    wanted = sorted(
        (each.properties[tags.PR_RESOURCE_TYPE], each.properties[tags.PR_PROVIDER_DLL_NAME]) for each in new.providers
    )
    assert sorted((each.kind, each.dll) for each in service.providers) == wanted
    # Every list names sections that are there, and no section is left that nothing names.
    listed = {each for tag in PROVIDER_LISTS for one in after.services for each in one.section.uids(tag)}
    assert listed == {each for tag in PROVIDER_LISTS for each in after.admin.uids(tag)}
    assert all(after.section(each) is not None for each in listed)
    assert redefine_service(after, uid, new, new, uids) == after
    other = next(each for each in profile.services if each.name == "OTHER")
    assert after.service(other.uid) is not None
    assert {each.uid for each in after.services[0].providers} == {each.uid for each in other.providers}


@given(old=services, new=services)
def test_removing_a_redefined_service_leaves_nothing_of_it(old: ServiceDefinition, new: ServiceDefinition) -> None:
    uids = Uids()
    profile, uid = profile_with(old, uids)
    bare = edit.remove_service(profile, uid)
    after = edit.remove_service(redefine_service(profile, uid, old, new, uids), uid)
    assert set(after.sections) == set(bare.sections)
    assert {tag: after.admin.get(tag) for tag in PROVIDER_LISTS} == {
        tag: bare.admin.get(tag) for tag in PROVIDER_LISTS
    }


@given(old=services, new=services, tag=st.sampled_from([0x6601001E, 0x6602001F]))
def test_a_migration_moves_a_value_once_and_never_over_a_newer_one(
    old: ServiceDefinition, new: ServiceDefinition, tag: int
) -> None:
    uids = Uids()
    profile, uid = profile_with(old, uids)
    service = profile.service(uid)
    assert service is not None
    profile = profile.with_sections(service.section.with_properties({tag: "mine"}))
    moved = redefine_service(profile, uid, old, new, uids, {tag: 0x6650001E})
    section = moved.existing([uid])[0]
    assert (section.get(tag), section.get(0x6650001E)) == (None, "mine")
    both = profile.with_sections(profile.existing([uid])[0].with_properties({0x6650001E: "newer"}))
    kept = redefine_service(both, uid, old, new, uids, {tag: 0x6650001E}).existing([uid])[0]
    assert (kept.get(tag), kept.get(0x6650001E)) == ("mine", "newer")
