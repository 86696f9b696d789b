"""What packages share: counted files, files that other services name, and the list of installed programs."""

from __future__ import annotations

import struct
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapiwright.entry.makers import MAKERS
from mapiwright.errors import ConflictError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.merge import merge
from mapiwright.message import Message
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.machine_plan import file_changes, written_by
from mapiwright.setup.install.programs_list import entry_first, uninstall_entry, uninstall_key
from mapiwright.setup.install.shared_files import counted, release
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import read_package
from mapiwright.setup.records.history import SHARED_DLLS
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.revert import revert
from mapiwright.setup.records.schema import InstallRecord, PackageFacts, RepairRecord, UninstallRecord, to_json
from mapiwright.transaction.plans.plan import Leg, Plan, without_repeats
from mapiwright.transaction.plans.terms import PlanSubject, Role, Terms
from mapiwright.transaction.records.receipt import changes_of, receipts, subject_of
from mapiwright.transaction.transaction import execute
from mapiwright.transaction.undo import undo_plan
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.kinds.memory import MemoryFiles, MemoryRegistry, MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.registry import Key, KeyPath, Value, View
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mapiwright.setup.package.package import Package

said = Message.literal

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "acme-mail"
DLLS = {bitness: (EXAMPLE / bitness.value / "acme32.dll").read_bytes() for bitness in (Bitness.X86, Bitness.X64)}
SYSTEM = {Bitness.X86: r"C:\Windows\SysWOW64", Bitness.X64: r"C:\Windows\System32"}
SIDE = {Bitness.X86: View.X86, Bitness.X64: View.NATIVE}
TODAY = date(2026, 11, 22)
HKLM = KeyPath.parse("HKLM")


def dll(version: tuple[int, int, int, int] = (4, 2, 1, 0), bitness: Bitness = Bitness.X64) -> bytes:
    """Acme's DLL with another version in its header."""
    data = bytearray(DLLS[bitness])
    at = data.index(struct.pack("<I", 0xFEEF04BD)) + 8
    data[at : at + 8] = struct.pack("<II", version[0] << 16 | version[1], version[2] << 16 | version[3])
    return bytes(data)


def package(
    name: str,
    core: bytes | None = None,
    *,
    bitness: Bitness = Bitness.X64,
    destination: str = "{system}/core32.dll",
    shared: str = "",
    deletes: str = "",
) -> Package:
    """A package with a DLL of its own and, with ``core``, one that it shares."""
    text = f'id = "{name}"\nname = "The {name}"\nversion = "1.0"\nvendor = "Acme"\n[files]\n{bitness.value} = ['
    text += f'"{name}32.dll"'
    if core is not None:
        text += f', {{ source = "core.bin", destination = "{destination}"{shared} }}'
    fragment = f"""\
[Services]
{name}=The {name}
[{name}]
PR_DISPLAY_NAME=The {name}
PR_SERVICE_DLL_NAME={name}.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_SERVICE_SUPPORT_FILES={name}.dll
PR_SERVICE_DELETE_FILES={name}.dll{deletes}
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers={name}_Store
[{name}_Store]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DLL_NAME={name}.dll
PR_PROVIDER_DISPLAY={name}
PR_DISPLAY_NAME={name}
"""
    files = {
        "mapiwright.toml": (text + "]\n").encode(),
        "mapisvc.inf": fragment.replace("\n", "\r\n").encode(),
        f"{name}32.dll": DLLS[bitness],
        "core.bin": core or b"",
    }
    return read_package(Memory(files))


def workstation(bitness: Bitness = Bitness.X64) -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(bitness=bitness))


def facts_of(brought: Package) -> PackageFacts:
    return PackageFacts(brought.id, brought.name, brought.version, brought.vendor)


def install(where: MemoryWorkstation, brought: Package, today: date = TODAY) -> Plan:
    """The files of a package, their counts, and last the Uninstall entry."""
    before = records_of(where).installations.get(brought.id)
    ours = written_by(where, before)
    legs = (
        Leg(said("files"), tuple(file_changes(brought, where, ours))),
        Leg(said("counts"), counted(brought, where, ours)),
        Leg(said("entry"), uninstall_entry(brought, where, ours, today=today)),
    )
    record = InstallRecord(facts_of(brought), (brought.id,))
    terms = Terms(to_json(record), PlanSubject(brought.id, Role.BEGINS))
    plan = Plan("install", said(f"install {brought.id}"), without_repeats(legs), terms)
    if not plan.empty:
        execute(plan, where, makers=MAKERS)
    return plan


def uninstall(where: MemoryWorkstation, id_: str, *, deletes: str = "") -> dict[str, str]:
    """Take them back; what is kept, by path. MAPISVC.INF is as the workstation has it, with the package's lines."""
    brought = package(id_, deletes=deletes)
    found = records_of(where).installations[id_]
    after = inf.parse(where.files.read(where.outlook.inf_path) or b"")
    before = merge(after, inf.parse(brought.fragment), ()).inf
    past = [change for receipt in reversed(found.receipts) for change in reversed(changes_of(where, receipt))]
    let_go = release(where, past, leaving=brought.id, before=Catalogue.of(before), after=Catalogue.of(after))
    back = revert(where, let_go.past, planned=[*let_go.registry, *let_go.files])
    entry, registry = entry_first((*let_go.registry, *back.registry), brought.id)
    legs = (
        Leg(said("entry"), entry),
        Leg(said("registry"), registry),
        Leg(said("files"), (*let_go.files, *back.files)),
    )
    record = UninstallRecord(facts_of(brought), (brought.id,))
    terms = Terms(to_json(record), PlanSubject(brought.id, Role.ENDS))
    execute(Plan("uninstall", said(f"uninstall {brought.id}"), without_repeats(legs), terms), where, makers=MAKERS)
    return {finding.where: finding.id for finding in (*let_go.kept, *back.kept)}


def count(where: MemoryWorkstation, path: str, view: View = View.NATIVE) -> int | None:
    value = where.registry.value(KeyPath.parse(SHARED_DLLS, view), path)
    return value.number if value is not None else None


def set_count(where: MemoryWorkstation, path: str, value: Value | None, view: View = View.NATIVE) -> None:
    key = KeyPath.parse(SHARED_DLLS, view)
    where.registry.apply([SetValue(key, path, where.registry.value(key, path), value)])


def write(where: MemoryWorkstation, path: str, data: bytes | None) -> None:
    where.files.apply([WriteFile(path, where.files.read(path), data)])


def everything(where: MemoryWorkstation) -> tuple[Key | None, dict[str, bytes | None]]:
    """All that the machine's registry says, and every file and folder but ours."""

    def below(folder: str) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for name in where.files.names(folder):
            path = f"{folder}\\{name}"
            if path == where.state_folder:
                continue
            is_folder = where.files.is_folder(path)
            found[path] = None if is_folder else where.files.read(path)
            found |= below(path) if is_folder else {}
        return found

    return where.registry.read(HKLM), below("C:")


CORE = r"C:\Windows\System32\core32.dll"


# Counts.


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
def test_a_shared_file_is_counted_on_the_side_of_its_bitness(bitness: Bitness) -> None:
    where = workstation(bitness)
    install(where, package("ada", dll(bitness=bitness), bitness=bitness))
    path = rf"{SYSTEM[bitness]}\core32.dll"
    assert count(where, path, SIDE[bitness]) == 1
    other = View.NATIVE if SIDE[bitness] is View.X86 else View.X86
    assert count(where, path, other) is None


def test_a_32_bit_program_that_a_64_bit_outlook_gets_is_counted_on_its_own_side() -> None:
    where = workstation()
    install(where, package("ada", dll(bitness=Bitness.X86), destination="{common_files}/Acme/core.dll"))
    path = r"C:\Program Files\Common Files\Acme\core.dll"
    assert (count(where, path), count(where, path, View.X86)) == (None, 1)


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
def test_a_file_that_is_no_program_is_counted_on_the_side_of_its_folder(bitness: Bitness) -> None:
    where = workstation(bitness)
    install(where, package("ada", b"words", bitness=bitness, destination="{system}/words.txt"))
    assert count(where, rf"{SYSTEM[bitness]}\words.txt", SIDE[bitness]) == 1


def test_a_windows_of_32_bits_has_one_side() -> None:
    where = workstation(Bitness.X86)
    wow = KeyPath.parse(r"HKLM\SOFTWARE\Wow6432Node")
    assert where.registry.read(wow) is not None
    layout_of_32 = layout(bitness=Bitness.X86)
    hives = {path: _one_side(key) if path.name == "SOFTWARE" else key for path, key in layout_of_32.hives.items()}
    narrow = MemoryWorkstation(MemoryRegistry(hives), MemoryFiles(layout_of_32.files, layout_of_32.folders))
    install(narrow, package("ada", dll(bitness=Bitness.X86), bitness=Bitness.X86))
    assert count(narrow, CORE) == 1


def _one_side(software: Key) -> Key:
    """What a 32-bit Windows has: the x86 side, where a 64-bit one has its own."""
    x86 = software.keys["Wow6432Node"]
    windows = dict(x86.keys["Microsoft"].keys["Windows"].keys)
    current = windows["CurrentVersion"]
    plain = {name: value for name, value in current.values.items() if "(x86)" not in name and "W6432" not in name}
    plain = {name: Value.sz(value.text.replace(" (x86)", "")) for name, value in plain.items()}
    microsoft = {
        **software.keys["Microsoft"].keys,
        **x86.keys["Microsoft"].keys,
        "Windows": Key(keys={"CurrentVersion": Key(plain, current.keys)}),
    }
    keys = {name: key for name, key in software.keys.items() if name != "Wow6432Node"}
    return Key(software.values, {**keys, "Microsoft": Key(keys=microsoft)})


@pytest.mark.parametrize(
    ("destination", "shared", "expected"),
    [
        ("{system}/core32.dll", "", 1),
        ("{common_files}/Acme/core32.dll", "", 1),
        ("{mapi}/core32.dll", "", 1),
        ("{program_files}/Acme/core32.dll", "", None),
        ("{program_data}/Acme/core32.dll", "", None),
        ("{program_files}/Acme/core32.dll", ", shared = true", 1),
        ("{system}/core32.dll", ", shared = false", None),
    ],
)
def test_folders_that_products_share_are_counted_unless_the_manifest_says_otherwise(
    destination: str, shared: str, expected: int | None
) -> None:
    where = workstation()
    install(where, package("ada", dll(), destination=destination, shared=shared))
    counts = where.registry.read(KeyPath.parse(SHARED_DLLS))
    assert counts is not None
    found = {name.rpartition("\\")[2]: value.number for name, value in counts.values.items()}
    assert found.get("core32.dll") == expected


def test_a_product_counts_once_and_not_each_time() -> None:
    where = workstation()
    ada = package("ada", dll())
    assert not install(where, ada).empty
    assert install(where, ada, date(2027, 1, 1)).empty
    assert count(where, CORE) == 1
    install(where, package("ada", dll((4, 3, 0, 0))))
    assert count(where, CORE) == 1
    assert where.files.read(CORE) == dll((4, 3, 0, 0))


def test_the_first_count_of_a_file_that_was_there_leaves_one_for_its_unknown_owner() -> None:
    where = workstation()
    write(where, CORE, dll())
    before = everything(where)
    install(where, package("ada", dll()))
    assert count(where, CORE) == 2
    assert uninstall(where, "ada") == {}
    assert everything(where) == before


def test_a_count_of_another_installer_goes_up_and_down() -> None:
    where = workstation()
    write(where, CORE, dll())
    set_count(where, CORE, Value.dword(3))
    before = everything(where)
    install(where, package("ada", dll()))
    assert count(where, CORE) == 4
    uninstall(where, "ada")
    assert everything(where) == before


def test_what_another_product_counted_meanwhile_stays_with_it() -> None:
    where = workstation()
    install(where, package("ada", dll()))
    set_count(where, CORE, Value.dword(2))
    assert uninstall(where, "ada") == {CORE: "MW5104"}
    assert (where.files.read(CORE), count(where, CORE)) == (dll(), 1)


def test_the_last_product_takes_the_file_although_others_came_and_went() -> None:
    where = workstation()
    install(where, package("ada", dll()))
    set_count(where, CORE, Value.dword(2))
    install(where, package("bob", dll()))
    set_count(where, CORE, Value.dword(2))
    uninstall(where, "ada")
    assert uninstall(where, "bob") == {}
    assert (where.files.read(CORE), count(where, CORE)) == (None, None)


@pytest.mark.parametrize(
    "unreadable",
    [None, Value.sz("1"), Value(4, b"\1\0"), Value.dword(0xFFFFFFFF)],
    ids=["none", "sz", "short", "full"],
)
def test_a_missing_or_unreadable_count_keeps_the_file_and_says_so(unreadable: Value | None) -> None:
    where = workstation()
    install(where, package("ada", dll()))
    set_count(where, CORE, unreadable)
    assert uninstall(where, "ada") == {CORE: "MW5103"}
    key = KeyPath.parse(SHARED_DLLS)
    assert (where.files.read(CORE), where.registry.value(key, CORE)) == (dll(), unreadable)


def test_a_count_that_cannot_be_read_is_not_counted_on() -> None:
    where = workstation()
    set_count(where, CORE, Value.sz("many"))
    install(where, package("ada", dll()))
    assert where.registry.value(KeyPath.parse(SHARED_DLLS), CORE) == Value.sz("many")
    assert uninstall(where, "ada") == {CORE: "MW5103"}


def test_a_file_that_was_changed_since_stays_though_nobody_counts_it_any_more() -> None:
    where = workstation()
    install(where, package("ada", dll()))
    write(where, CORE, b"patched by hand")
    assert uninstall(where, "ada") == {CORE: "MW5101"}
    assert (where.files.read(CORE), count(where, CORE)) == (b"patched by hand", None)


def test_a_file_that_somebody_has_put_back_himself_is_as_it_shall_be() -> None:
    where = workstation()
    write(where, CORE, dll((1, 0, 0, 0)))
    before = everything(where)
    install(where, package("ada", dll()))
    write(where, CORE, dll((1, 0, 0, 0)))
    assert uninstall(where, "ada") == {}
    assert everything(where) == before


def test_a_file_that_was_mended_goes_all_the_same() -> None:
    where = workstation()
    ada = package("ada", dll())
    before = everything(where)
    install(where, ada)
    terms = Terms(to_json(RepairRecord(facts_of(ada), ("ada",))), PlanSubject("ada"))
    write(where, CORE, b"damaged")
    execute(
        Plan(
            "repair",
            said("repair"),
            (Leg(said("files"), (WriteFile(CORE, b"damaged", dll()),)),),
            terms,
        ),
        where,
        makers=MAKERS,
    )
    assert uninstall(where, "ada") == {}
    assert everything(where) == before


# Two and three packages, in every order.


def states(where: MemoryWorkstation, start: str) -> None:
    """What was there before the first package came."""
    if start != "absent":
        write(where, CORE, {"older": dll((1, 0, 0, 0)), "same": dll(), "counted": dll()}[start])
    if start == "counted":
        set_count(where, CORE, Value.dword(1))


@pytest.mark.parametrize("start", ["absent", "same", "older", "counted"])
@pytest.mark.parametrize("come", list(permutations(["ada", "bob", "cy"])), ids=".".join)
@pytest.mark.parametrize("go", list(permutations(["ada", "bob", "cy"])), ids=".".join)
def test_packages_that_share_a_file_come_and_go_in_any_order(
    come: Sequence[str], go: Sequence[str], start: str
) -> None:
    brought = {"ada": dll(), "bob": dll(), "cy": dll((5, 0, 0, 0))}
    where = workstation()
    states(where, start)
    before = everything(where)
    for name in come:
        install(where, package(name, brought[name]))
    for number, name in enumerate(go, 1):
        uninstall(where, name)
        assert (where.files.read(CORE) is not None) == (number < 3 or start != "absent")
    assert everything(where) == before


class Elsewhere:
    """Another installer with a product that shares the file, and counts as Windows' rules have it."""

    def __init__(self, where: MemoryWorkstation) -> None:
        self.where = where
        self.is_there = False

    def turn(self) -> None:
        """Install the product, or uninstall it."""
        held = count(self.where, CORE)
        there = self.where.files.read(CORE) is not None
        self.is_there = not self.is_there
        if self.is_there:
            if not there:
                write(self.where, CORE, dll())
            set_count(self.where, CORE, Value.dword((held if held is not None else int(there)) + 1))
        elif held is not None:
            set_count(self.where, CORE, Value.dword(held - 1) if held > 1 else None)
            if held == 1:
                write(self.where, CORE, None)


@settings(max_examples=40)
@given(
    turns=st.lists(st.sampled_from(["ada", "bob", "cy", "elsewhere"]), max_size=9),
    start=st.sampled_from(["absent", "same", "older", "counted"]),
)
def test_nobody_loses_a_file_that_he_uses_and_nobody_leaves_one_behind(turns: list[str], start: str) -> None:
    brought = {"ada": dll(), "bob": dll((4, 2, 0, 0)), "cy": dll((5, 0, 0, 0))}
    where = workstation()
    states(where, start)
    before = everything(where)
    elsewhere = Elsewhere(where)
    installed: set[str] = set()
    for name in turns:
        if name == "elsewhere":
            elsewhere.turn()
        elif name in installed:
            installed.remove(name)
            uninstall(where, name)
        else:
            installed.add(name)
            install(where, package(name, brought[name]))
        used = bool(installed) or elsewhere.is_there or start != "absent"
        assert (where.files.read(CORE) is not None) == used
    for name in sorted(installed):
        uninstall(where, name)
    if "elsewhere" not in turns:
        assert everything(where) == before
    if elsewhere.is_there:
        elsewhere.turn()
    assert (where.files.read(CORE) is not None) == (start != "absent")


@pytest.mark.parametrize("come", list(permutations(["ada", "bob"])), ids=".".join)
@pytest.mark.parametrize("go", list(permutations(["ada", "bob"])), ids=".".join)
def test_a_file_that_only_the_second_comer_shares_knowingly_is_not_taken_from_it(
    come: Sequence[str], go: Sequence[str]
) -> None:
    where = workstation()
    before = everything(where)
    own = "{program_files}/Acme/core32.dll"
    path = r"C:\Program Files\Acme\core32.dll"
    for name in come:
        install(where, package(name, dll(), destination=own))
    assert count(where, path) == 2, "one for the unknown owner, who is the first comer"
    uninstall(where, go[0])
    assert where.files.read(path) == dll()
    uninstall(where, go[1])
    assert everything(where) == before


def test_a_count_key_that_a_package_made_goes_with_the_last_one() -> None:
    where = workstation()
    key = KeyPath.parse(SHARED_DLLS)
    where.registry.apply([DeleteKey(key)])
    before = everything(where)
    install(where, package("ada", dll()))
    install(where, package("bob", dll()))
    uninstall(where, "ada")
    assert where.registry.read(key) is not None
    uninstall(where, "bob")
    assert everything(where) == before


@pytest.mark.parametrize("ending", ["uninstall", "undo"])
def test_what_we_did_before_all_of_ours_were_gone_is_past(ending: str) -> None:
    where = workstation()
    install(where, package("bob", dll()))
    if ending == "undo":
        execute(undo_plan(where, receipts(where)[-1].id, MAKERS), where, makers=MAKERS)
    else:
        uninstall(where, "bob")
    states(where, "older")
    set_count(where, CORE, Value.dword(1))
    before = everything(where)
    install(where, package("ada", dll()))
    uninstall(where, "ada")
    assert everything(where) == before


def test_an_undone_install_is_no_claim() -> None:
    where = workstation()
    states(where, "older")
    before = everything(where)
    install(where, package("ada", dll()))
    install(where, package("bob", dll()))
    backups = {name: where.state.read(name) or b"" for name in where.state.names("backups/")}
    execute(undo_plan(where, receipts(where)[-1].id, MAKERS), where, makers=MAKERS)
    for name, data in backups.items():  # as if the run had been cut short before it threw them away
        where.state.write(name, data)
    where.refresh()
    assert uninstall(where, "ada") == {}
    assert everything(where) == before


def test_where_the_history_has_expired_the_count_alone_decides() -> None:
    where = workstation()
    write(where, CORE, dll((1, 0, 0, 0)))
    install(where, package("ada", dll()))
    install(where, package("bob", dll()))
    uninstall(where, "ada")
    for receipt in receipts(where):
        if subject_of(receipt) == "ada":
            for name in where.state.names(f"backups/{receipt.id}/"):
                where.state.delete(name)
    where.refresh()
    assert uninstall(where, "bob") == {CORE: "MW5104"}
    assert (where.files.read(CORE), count(where, CORE)) == (dll(), 1)


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
@pytest.mark.parametrize("go", list(permutations(["ada", "bob"])), ids=".".join)
def test_whole_installs_of_two_packages_leave_everything_as_it_was(go: Sequence[str], bitness: Bitness) -> None:
    where = MemoryWorkstation.of(layout(bitness=bitness, users=["Łukasz", "Zoë"]))
    before = everything(where), [where.registry.read(user.root) for user in where.users]
    for name in ("ada", "bob"):
        brought = package(name, dll(bitness=bitness), bitness=bitness)
        execute(plan_install(brought, where, where.users), where, makers=MAKERS)
        assert plan_install(brought, where, where.users).empty
    core = rf"{SYSTEM[bitness]}\core32.dll"
    assert count(where, core, SIDE[bitness]) == 2
    for left, name in ((1, go[0]), (None, go[1])):
        removal = plan_uninstall(where, name)
        execute(removal.plan, where, makers=MAKERS)
        assert count(where, core, SIDE[bitness]) == left
        assert [finding.id for finding in removal.kept] == (["MW5104"] if left else [])
    assert (everything(where), [where.registry.read(user.root) for user in where.users]) == before


def test_the_entry_in_the_list_comes_last_and_goes_first() -> None:
    where = workstation()
    plan = plan_install(package("ada"), where, [])
    key = uninstall_key("ada", View.NATIVE)
    assert {change.key for change in plan.changes[-9:] if isinstance(change, SetValue)} == {key}
    execute(plan, where, makers=MAKERS)
    first = plan_uninstall(where, "ada").plan.changes[0]
    assert isinstance(first, SetValue)
    assert first.key == key


# Other services.


def add_to_inf(where: MemoryWorkstation, dll_line: str) -> None:
    """A service of another setup program, which counts nothing."""
    path = where.outlook.inf_path
    data = where.files.read(path) or b""
    lines = f"\r\n[Other]\r\nProviders=Other_P\r\n[Other_P]\r\nPR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r\n{dll_line}\r\n"
    write(where, path, data.replace(b"[Services]\r\n", b"[Services]\r\nOther=Other\r\n") + lines.encode())


@pytest.mark.parametrize(
    "line",
    [
        "PR_PROVIDER_DLL_NAME=core.dll",
        r"PR_PROVIDER_DLL_NAME=c:\windows\system32\core.dll",
        "PR_SERVICE_SUPPORT_FILES=CORE32.DLL",
        "PR_SERVICE_DELETE_FILES=a.dll,core.dll",
    ],
)
@pytest.mark.parametrize("shared", ["", ", shared = false"])
def test_a_file_that_another_service_names_stays(line: str, shared: str) -> None:
    where = workstation()
    install(where, package("ada", dll(), shared=shared))
    add_to_inf(where, line)
    assert uninstall(where, "ada") == {CORE: "MW5105"}
    assert (where.files.read(CORE), count(where, CORE)) == (dll(), None)
    assert where.files.read(r"C:\Windows\System32\ada32.dll") is None


def test_a_service_that_names_a_section_that_is_not_there_names_no_file() -> None:
    where = workstation()
    install(where, package("ada", dll()))
    path = where.outlook.inf_path
    data = where.files.read(path) or b""
    torn = b"[Services]\r\nGone=Gone\r\nTorn=Torn\r\n[Torn]\r\nProviders=Nowhere\r\n"
    write(where, path, data.replace(b"[Services]\r\n", torn, 1))
    assert uninstall(where, "ada") == {}


def test_a_file_that_the_service_wants_deleted_but_did_not_bring_is_told_and_stays() -> None:
    where = workstation()
    where.files.apply([MakeFolder(r"C:\Windows\System32\folder.dll")])
    write(where, r"C:\Windows\System32\made.log", b"")
    write(where, r"C:\Windows\System32\mapi32.dll", b"Windows' own")
    add_to_inf(where, "PR_SERVICE_DELETE_FILES=elsewhere.log")
    deletes = r",made.log,mapi.dll,folder.dll,C:\x.log,none.log,core32.dll"
    install(where, package("ada", dll(), deletes=deletes))
    kept = {r"C:\Windows\System32\made.log": "MW5106", r"C:\Windows\System32\mapi32.dll": "MW5106"}
    assert uninstall(where, "ada", deletes=deletes) == kept
    assert all(where.files.read(path) is not None for path in kept)


# The list of installed programs.


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
def test_the_list_of_installed_programs_tells_what_windows_asks_for(bitness: Bitness) -> None:
    where = workstation(bitness)
    core = dll(bitness=bitness)
    install(where, package("ada", core, bitness=bitness, destination="{program_files}/Acme/core32.dll"))
    entry = where.registry.read(uninstall_key("ada", SIDE[bitness]))
    assert entry is not None
    programs = "C:\\Program Files (x86)" if bitness is Bitness.X86 else "C:\\Program Files"
    size = -(-(len(DLLS[bitness]) + len(core)) // 1024)
    assert dict(entry.values) == {
        "DisplayName": Value.sz("The ada"),
        "DisplayVersion": Value.sz("1.0"),
        "Publisher": Value.sz("Acme"),
        "InstallLocation": Value.sz(rf"{programs}\Acme"),
        "InstallDate": Value.sz("20261122"),
        "UninstallString": Value.sz('mapiwright uninstall "ada"'),
        "QuietUninstallString": Value.sz('mapiwright uninstall "ada" --yes'),
        "EstimatedSize": Value.dword(size),
        "NoModify": Value.dword(1),
        "NoRepair": Value.dword(1),
    }


def test_a_package_of_bare_media_names_no_publisher_and_one_without_files_no_place() -> None:
    where = workstation()
    fragment = b"[Services]\r\nA=A\r\n[A]\r\nProviders=P\r\n[P]\r\nPR_PROVIDER_DLL_NAME=mspst.dll\r\n"
    fragment += b"PR_RESOURCE_TYPE=MAPI_AB_PROVIDER\r\nPR_PROVIDER_DISPLAY=A\r\n"
    changes = uninstall_entry(read_package(Memory({"mapisvc.inf": fragment})), where, {}, today=TODAY)
    names = {change.name for change in changes if isinstance(change, SetValue)}
    assert "DisplayName" in names
    assert not {"Publisher", "InstallLocation"} & names


def test_the_entry_is_dated_again_only_when_it_changes() -> None:
    where = workstation()
    install(where, package("ada"))
    later = date(2027, 1, 1)
    assert install(where, package("ada"), later).empty
    key = uninstall_key("ada", View.NATIVE)
    where.registry.apply([SetValue(key, "NoRepair", Value.dword(1), None)])
    install(where, package("ada"), later)
    dated = where.registry.value(key, "InstallDate")
    assert dated is not None
    assert dated.text == "20270101"


def test_an_entry_of_another_product_is_not_taken_over() -> None:
    where = workstation()
    key = uninstall_key("ada", View.NATIVE)
    install(where, package("ada"))
    uninstall(where, "ada")
    assert where.registry.read(key) is None
    where.registry.apply([CreateKey(key), SetValue(key, "DisplayName", None, Value.sz("Other"))])
    with pytest.raises(ConflictError, match="another product"):
        install(where, package("ada"))


def test_the_entry_is_removed_first() -> None:
    key, other = uninstall_key("ADA", View.X86), KeyPath.parse(SHARED_DLLS)
    mine = (SetValue(key, "x", Value.sz(""), None), DeleteKey(key))
    theirs = (SetValue(other, "x", Value.sz(""), None), SetValue(key / "below", "x", Value.sz(""), None))
    assert entry_first((theirs[0], *mine, theirs[1]), "ada") == (mine, theirs)
