"""Which of two files stays: languages decide between equal versions, and a companion follows its parent."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapiwright.entry.makers import MAKERS
from mapiwright.errors import FindingsError
from mapiwright.formats.pe import ExportedFunction, Machine, PeFile
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.preflight import preflight
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.media import Memory
from mapiwright.setup.package.package import read_package
from mapiwright.setup.package.versions import FileVerdict, decide
from mapiwright.setup.records.installed import Scope
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.office_layout import OutlookInstallation
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from mapiwright.setup.package.package import Package

Version = tuple[int, int, int, int]

WRITE = runpy.run_path(str(Path(__file__).parent.parent / "laws" / "test_pe.py"))["write"]
SYSTEM = "C:\\Windows\\System32\\"
ENGLISH, GERMAN, FRENCH = 1033, 1031, 1036
OLDER, SAME, NEWER = (0, 9, 0, 0), (1, 0, 0, 0), (1, 0, 0, 1)
INF = b"""\
[Services]\r
ACME=Acme Mail\r
[ACME]\r
PR_DISPLAY_NAME=Acme Mail\r
PR_SERVICE_DLL_NAME=acme.dll\r
PR_SERVICE_ENTRY_NAME=ServiceEntry\r
Providers=ACME_Store\r
[ACME_Store]\r
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER\r
PR_PROVIDER_DLL_NAME=acme.dll\r
PR_PROVIDER_DISPLAY=Acme Mailbox\r
PR_DISPLAY_NAME=Acme Mailbox\r
"""
MANIFEST = """\
id = "acme"
name = "Acme"
version = "1.0"
vendor = "Acme Software"
[files]
x64 = ["acme32.dll"]
any = [{ source = "acme.chm", companion = "{system}/ACME32.dll" }]
"""


def dll(version: Version | None = SAME, *languages: int, note: str = "new") -> bytes:
    """A DLL of a service; ``note`` tells two of one version apart."""
    exports = (ExportedFunction("ServiceEntry"), ExportedFunction("MSProviderInit"), ExportedFunction(note))
    file = PeFile(Machine.X64, 64, exports, (), version, signed=False, hybrid=False, languages=languages)
    return bytes(WRITE(file))


def workstation(*lcids: int) -> MemoryWorkstation:
    return MemoryWorkstation.of(layout(outlooks=[OutlookInstallation(languages=lcids or (ENGLISH,))]))


def put(where: MemoryWorkstation, name: str, data: bytes) -> None:
    where.files.apply([WriteFile(SYSTEM + name, where.files.read(SYSTEM + name), data)])


def package(parent: bytes, companion: bytes = b"help 1.0", manifest: str = MANIFEST) -> Package:
    files = {"mapiwright.toml": manifest.encode(), "mapisvc.inf": INF, "acme32.dll": parent, "acme.chm": companion}
    return read_package(Memory(files))


def install(of: Package, where: MemoryWorkstation, *, force: bool = False) -> dict[str, bytes | None]:
    """What the two files are after an install."""
    execute(plan_install(of, where, (), scope=Scope.MACHINE, force=force), where, makers=MAKERS)
    return {name: where.files.read(SYSTEM + name) for name in ("acme32.dll", "acme.chm")}


def told(of: Package, where: MemoryWorkstation) -> dict[str, str]:
    """What preflight says of the files that are there: the ids by the files' names."""
    about = {f"MW42{number}" for number in range(16, 20)}
    return {each.where.rpartition("\\")[2].lower(): each.id for each in preflight(of, where) if each.id in about}


# Languages.


@pytest.mark.parametrize(
    ("have", "bring", "outlook", "verdict"),
    [
        ((GERMAN,), (ENGLISH,), (ENGLISH,), FileVerdict.REPLACE),  # the product's language
        ((ENGLISH,), (GERMAN,), (ENGLISH,), FileVerdict.KEEP),
        ((GERMAN,), (FRENCH,), (ENGLISH,), FileVerdict.KEEP),  # neither: what is there stays
        ((ENGLISH,), (ENGLISH,), (ENGLISH,), FileVerdict.KEEP),
        ((), (GERMAN,), (ENGLISH,), FileVerdict.REPLACE),  # any language is better than none
        ((GERMAN,), (), (ENGLISH,), FileVerdict.KEEP),
        ((), (), (ENGLISH,), FileVerdict.KEEP),
        ((GERMAN, FRENCH), (GERMAN,), (GERMAN,), FileVerdict.KEEP),  # a superset stays, and comes
        ((GERMAN,), (GERMAN, FRENCH), (ENGLISH,), FileVerdict.REPLACE),
        (
            (GERMAN, FRENCH),
            (GERMAN, ENGLISH),
            (GERMAN, ENGLISH),
            FileVerdict.REPLACE,
        ),  # the common one does not count
        ((GERMAN, ENGLISH), (GERMAN, FRENCH), (GERMAN, ENGLISH), FileVerdict.KEEP),
        ((GERMAN,), (ENGLISH,), (GERMAN, ENGLISH), FileVerdict.KEEP),  # both are wanted
        ((0,), (ENGLISH,), (ENGLISH,), FileVerdict.REPLACE),  # neutral is a language like the others
        ((0,), (GERMAN,), (ENGLISH,), FileVerdict.KEEP),
    ],
)
def test_of_two_files_of_one_version_the_languages_decide(
    have: tuple[int, ...], bring: tuple[int, ...], outlook: tuple[int, ...], verdict: FileVerdict
) -> None:
    old, new = dll(SAME, *have, note="old"), dll(SAME, *bring)
    decision = decide(old, new, ours=False, force=False, languages=outlook)
    assert decision.verdict is verdict
    assert decision.rule == ("MW4219" if verdict is FileVerdict.REPLACE else "MW4217")
    where = workstation(*outlook)
    put(where, "acme32.dll", old)
    assert install(package(new), where)["acme32.dll"] == (new if verdict is FileVerdict.REPLACE else old)


languages = st.lists(st.sampled_from([0, ENGLISH, GERMAN, FRENCH]), unique=True)


@given(languages, languages, languages)
def test_no_two_files_each_replace_the_other(one: list[int], other: list[int], outlook: list[int]) -> None:
    first, second = dll(SAME, *one, note="one"), dll(SAME, *other, note="two")
    there = decide(first, second, ours=False, force=False, languages=outlook)
    back = decide(second, first, ours=False, force=False, languages=outlook)
    assert FileVerdict.KEEP in {there.verdict, back.verdict}


@given(languages, languages, languages)
def test_a_higher_version_wins_in_whatever_language(one: list[int], other: list[int], outlook: list[int]) -> None:
    older, newer = dll(OLDER, *one), dll(NEWER, *other)
    assert decide(older, newer, ours=False, force=False, languages=outlook).verdict is FileVerdict.REPLACE
    assert decide(newer, older, ours=False, force=False, languages=outlook).verdict is FileVerdict.KEEP


def test_the_languages_are_told_where_they_decide() -> None:
    where = workstation(ENGLISH)
    put(where, "acme32.dll", dll(SAME, GERMAN, note="old"))
    (finding,) = [each for each in preflight(package(dll(SAME, ENGLISH, 4095)), where) if each.id == "MW4219"]
    assert "its languages are de-de, and the package's en-us, 4095" in finding.what
    (kept,) = [each for each in preflight(package(dll(OLDER)), where) if each.id == "MW4217"]
    assert "language" not in kept.what


# Companions.


def test_a_companion_is_replaced_with_its_parent_and_comes_back_with_it() -> None:
    where = workstation()
    old = dll(OLDER)
    put(where, "acme32.dll", old)
    put(where, "acme.chm", b"help 0.9")
    of = package(dll())
    assert told(of, where) == {"acme32.dll": "MW4219", "acme.chm": "MW4219"}
    assert install(of, where) == {"acme32.dll": dll(), "acme.chm": b"help 1.0"}
    execute(plan_uninstall(where, "acme").plan, where, makers=MAKERS)
    assert where.files.read(SYSTEM + "acme.chm") == b"help 0.9"
    assert where.files.read(SYSTEM + "acme32.dll") == old


def test_a_companion_stays_with_a_parent_that_stays() -> None:
    where = workstation()
    newer = dll(NEWER)
    put(where, "acme32.dll", newer)
    put(where, "acme.chm", b"help 1.1")
    of = package(dll())
    assert told(of, where) == {"acme32.dll": "MW4217", "acme.chm": "MW4217"}
    assert install(of, where) == {"acme32.dll": newer, "acme.chm": b"help 1.1"}


def test_a_companion_that_is_missing_is_installed_whatever_becomes_of_its_parent() -> None:
    where = workstation()
    newer = dll(NEWER)
    put(where, "acme32.dll", newer)
    assert install(package(dll()), where) == {"acme32.dll": newer, "acme.chm": b"help 1.0"}


def test_a_file_in_a_companions_place_is_somebodys_where_its_parent_was_missing() -> None:
    where = workstation()
    put(where, "acme.chm", b"another product's")
    assert told(package(dll()), where) == {"acme.chm": "MW4216"}
    with pytest.raises(FindingsError):
        install(package(dll()), where)
    assert install(package(dll()), where, force=True)["acme.chm"] == b"help 1.0"


def test_a_companion_of_the_very_same_parent_stays_if_it_is_somebodys_and_is_updated_if_it_is_ours() -> None:
    where = workstation()
    put(where, "acme32.dll", dll())
    put(where, "acme.chm", b"another help")
    assert told(package(dll()), where) == {"acme.chm": "MW4217"}
    ours = workstation()
    install(package(dll()), ours)
    upgrade = package(dll(), b"help 1.0.1", MANIFEST.replace('"1.0"', '"1.0.1"'))
    assert told(upgrade, ours) == {}
    assert install(upgrade, ours)["acme.chm"] == b"help 1.0.1"


def test_a_companion_follows_whatever_its_own_version_says() -> None:
    where = workstation()
    put(where, "acme32.dll", dll(OLDER))
    put(where, "acme.chm", dll(NEWER))
    assert install(package(dll(), dll(SAME, note="help")), where)["acme.chm"] == dll(SAME, note="help")


def test_a_companion_has_a_parent_for_each_outlook_by_the_place_that_it_goes_to() -> None:
    manifest = MANIFEST.replace("any =", 'x86 = ["acme32.dll"]\nany =')
    of = package(dll(), manifest=manifest)
    for bitness in (Bitness.X64, Bitness.X86):
        assert sorted(file.companion for file in of.files_for(bitness)) == ["", "{system}/ACME32.dll"]


@pytest.mark.parametrize(
    ("companion", "told"),
    [
        ("{system}/other.dll", "no file of the package goes there"),
        ("acme32.dll", "no file of the package goes there"),
        ("{system}/acme.chm", "is itself or another companion"),
    ],
)
def test_a_companion_of_nothing_or_of_a_companion_is_refused(companion: str, told: str) -> None:
    with pytest.raises(FindingsError) as refusal:
        package(dll(), manifest=MANIFEST.replace("{system}/ACME32.dll", companion))
    (fault,) = refusal.value.findings
    assert fault.id == "MW4014"
    assert told in fault.what


def test_a_parent_that_its_outlook_does_not_get_is_none() -> None:
    manifest = MANIFEST.replace("any =", "x86 =")
    with pytest.raises(FindingsError, match="no file of the package goes there"):
        package(dll(), manifest=manifest)
