"""A bare hive is a workstation of one user; what it cannot tell is said by options or asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import FormatError, NotFoundError, RefusedError
from mapiwright.formats.props import PropertyType, encode
from mapiwright.ui.cli.app import run
from mapiwright.workstation.change import CreateKey, SetValue, WriteFile, difference, key_with_parents
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.hive_file import HiveFileWorkstation
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS, width_of_profile
from mapiwright.workstation.registry import Key, KeyPath, Value
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.workstation.change import RegistryChange


@pytest.fixture
def hive(tmp_path: Path) -> Path:
    create_image(tmp_path / "pc", users=["Zoë"])
    path = tmp_path / "bare" / "zoë.NTUSER.DAT"
    path.parent.mkdir()
    (tmp_path / "pc" / "Users" / "Zoë" / "NTUSER.DAT").rename(path)
    return path


def test_it_says_what_it_was_told(hive: Path, tmp_path: Path) -> None:
    inf = tmp_path / "their.inf"
    workstation = open_workstation(f"hive:{hive}", inf=inf, edition=Edition.OUTLOOK_2013, bitness=Bitness.X86)
    outlook = workstation.outlook
    assert (outlook.edition, outlook.bitness) == (Edition.OUTLOOK_2013, Bitness.X86)
    assert [rule for _, rule in outlook.rules] == ["as given", "as given", f"as given: {inf}"]
    assert [finding.id for finding in workstation.findings] == ["MW3004"]


@pytest.mark.parametrize("edition", [Edition.OUTLOOK_2010, Edition.OUTLOOK_2013, Edition.OUTLOOK_2016])
def test_its_profiles_tell_the_edition(hive: Path, edition: Edition) -> None:
    workstation = HiveFileWorkstation(hive)
    with pytest.raises(NotFoundError, match="--edition"):
        _ = workstation.outlook
    path = workstation.users[0].root / PROFILE_ROOTS[edition].profiles / "Outlook"
    workstation.registry.apply(list(key_with_parents(workstation.registry, path)))
    workstation.refresh()
    assert (workstation.outlook.edition, workstation.outlook.bitness) == (edition, Bitness.X64)


def test_its_files_are_the_inf_and_our_own_folder(hive: Path, tmp_path: Path) -> None:
    inf = tmp_path / "their.inf"
    workstation = HiveFileWorkstation(hive, inf, Edition.OUTLOOK_2016)
    path = workstation.outlook.inf_path
    assert workstation.files.read(path) is None
    workstation.files.apply([WriteFile(path, None, b"[Services]")])
    assert inf.read_bytes() == b"[Services]"
    before = sorted(hive.parent.rglob("*"))
    for elsewhere in (r"C:\Windows\x.dll", r"C:\ProgramData\x", r"C:\x", "C:\\MAPISVC.INF.bak"):
        with pytest.raises(RefusedError, match="no place"):
            workstation.files.apply([WriteFile(elsewhere, None, b"")])
    assert sorted(hive.parent.rglob("*")) == before
    assert workstation.files.names("C:") == ("MAPISVC.INF", "ProgramData")
    with pytest.raises(RefusedError, match="no hive"):
        workstation.registry.apply([CreateKey(KeyPath.parse(r"HKLM\SOFTWARE\Acme"))])


def test_without_an_inf_none_is_written(hive: Path) -> None:
    workstation = HiveFileWorkstation(hive, edition=Edition.OUTLOOK_2016)
    with pytest.raises(RefusedError, match="no place"):
        workstation.files.apply([WriteFile(workstation.outlook.inf_path, None, b"")])


def test_our_records_lie_beside_it(hive: Path) -> None:
    HiveFileWorkstation(hive).state.write("journal", b"x")
    assert (hive.parent / "zoë.NTUSER.DAT.mapiwright" / "journal").read_bytes() == b"x"


def test_one_without_profiles_names_each_key_once_that_would_tell_its_outlook(
    hive: Path,
) -> None:
    path = hive.parent / "empty"
    path.write_bytes(hive.read_bytes())
    workstation = open_workstation(f"hive:{path}")
    root = workstation.users[0].root
    software = workstation.registry.read(root / "Software")
    if software is not None:
        workstation.registry.apply(tuple(difference(root / "Software", software, None)))
    with pytest.raises(NotFoundError, match="does not say which Outlook") as told:
        _ = open_workstation(f"hive:{path}").outlook
    keys = told.value.expected.partition(": ")[2].split(", ")
    assert len(keys) == len(set(keys)) > 1


def test_its_user_is_told_by_the_hive_or_by_the_name_of_the_file(hive: Path) -> None:
    workstation = HiveFileWorkstation(hive)
    assert workstation.users[0].name == "Zoë"
    root = workstation.users[0].root
    explorer = root / r"Software\Microsoft\Windows\CurrentVersion\Explorer"
    storage = root / r"Software\Microsoft\Protected Storage System Provider\S-1-5-21-7-8-9-1001"
    workstation.registry.apply(
        [
            SetValue(explorer, "Logon User Name", Value.sz("Zoë"), None),
            *key_with_parents(workstation.registry, storage),
        ]
    )
    user = HiveFileWorkstation(hive).users[0]
    assert (user.name, user.sid, user.root) == ("zoë.NTUSER", storage.name, KeyPath("HKU", (storage.name,)))


@pytest.mark.parametrize("bitness", [Bitness.X86, Bitness.X64])
def test_profiles_in_a_hive_show_its_bitness(bitness: Bitness, tmp_path: Path) -> None:
    """Where none is written the edition shows it, and an option wins over both."""
    folder = tmp_path / "other"
    create_image(folder, users=["Bo"], edition=Edition.OUTLOOK_2010, bitness=bitness)
    hive = folder / "Users" / "Bo" / "NTUSER.DAT"
    for edition, usual in ((Edition.OUTLOOK_2016, Bitness.X64), (Edition.OUTLOOK_2007, Bitness.X86)):
        assert open_workstation(f"hive:{hive}", edition=edition).outlook.bitness is usual
    written = open_workstation(f"hive:{hive}", edition=Edition.OUTLOOK_2010)
    profiles = written.users[0].root / PROFILE_ROOTS[Edition.OUTLOOK_2010].profiles
    section = profiles / "P" / "00112233445566778899aabbccddeeff"
    names = Value.binary(encode(PropertyType.MV_UNICODE, ("a", "b"), pointer=bitness.pointer))
    written.registry.apply([*key_with_parents(written.registry, section), SetValue(section, "101f6601", None, names)])
    for edition in (Edition.OUTLOOK_2016, Edition.OUTLOOK_2010):
        outlook = open_workstation(f"hive:{hive}", edition=edition).outlook
        assert outlook.bitness is bitness
        assert (
            "x86 process" if bitness is Bitness.X86 else "x64 process",
            "profile 'P' is laid out so",
        ) in outlook.rules
    given = open_workstation(f"hive:{hive}", edition=Edition.OUTLOOK_2010, bitness=Bitness.X86).outlook
    assert given.bitness is Bitness.X86


def test_what_is_not_a_hive_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        open_workstation(f"hive:{tmp_path / 'absent'}")
    (tmp_path / "text").write_bytes(b"not a hive")
    with pytest.raises(FormatError, match="text"):
        _ = open_workstation(f"hive:{tmp_path / 'text'}").users


def test_a_real_dirty_hive_reads_with_a_warning_and_refuses_writes(
    real_hive: Callable[[str], bytes], tmp_path: Path, mapiwright: Callable[..., object]
) -> None:
    data = real_hive("o2016-x64")
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(data)
    answer = mapiwright("workstation", "show", "--workstation", f"hive:{path}")
    assert getattr(answer, "code", None) == 0
    workstation = open_workstation(f"hive:{path}")
    assert [finding.id for finding in workstation.findings] == ["MW3001"]
    assert workstation.outlook.edition is Edition.OUTLOOK_2016
    root = workstation.users[0].root
    assert workstation.registry.subkeys(root / PROFILE_ROOTS[Edition.OUTLOOK_2016].profiles)
    with pytest.raises(RefusedError, match="not closed cleanly"):
        workstation.registry.apply([CreateKey(root / "Acme")])
    assert path.read_bytes() == data


def test_a_real_clean_hive_takes_a_key_and_gives_it_back(real_hive: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(real_hive("o2010-x64"))
    workstation = open_workstation(f"hive:{path}")
    assert (workstation.findings, workstation.outlook.edition) == ((), Edition.OUTLOOK_2010)
    root = workstation.users[0].root
    before = workstation.registry.read(root)
    changes: list[RegistryChange] = [
        CreateKey(root / "Acmé"),
        SetValue(root / "Acmé", "v", None, Value.binary(bytes(20000))),
    ]
    workstation.registry.apply(changes)
    assert workstation.registry.value(root / "Acmé", "v") == Value.binary(bytes(20000))
    workstation.registry.apply([change.inverse for change in reversed(changes)])
    assert open_workstation(f"hive:{path}").registry.read(root) == before


def test_what_is_told_of_it_names_the_places_that_are_there(
    hive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def mapiwright(*words: object) -> Any:
        capsys.readouterr()
        run([*map(str, words)])
        return capsys.readouterr()

    target = ("--workstation", f"hive:{hive}", "--edition", "2016")
    inf = tmp_path / "their.inf"
    inf.write_bytes(b"[Services]\r\nACME=Acme\r\n[ACME]\r\nPR_NONE_SUCH=1\r\n")
    alone, with_inf = (
        mapiwright("workstation", "show", *target),
        mapiwright("workstation", "show", *target, "--inf", inf),
    )
    assert f"{hive}.mapiwright" in alone.out
    assert "name one with --inf" in alone.out
    assert f"{inf} (1 service)" in with_inf.out
    assert json.loads(mapiwright("workstation", "show", *target, "--json").out)["workstation"]["outlook"][
        "mapisvc"
    ] == {
        "path": None,
        "present": False,
        "services": None,
        "not_read": [],
    }
    assert "name one with --inf" in mapiwright("service", "list", *target).out
    listed = mapiwright("service", "list", *target, "--inf", inf)
    assert f"{inf}:4: MW1043" in listed.out, "and the service is listed all the same"
    told = mapiwright("doctor", *target, "--inf", inf).out
    assert f"{inf}: ACME" in told
    for answer in (alone, with_inf, listed):
        assert "C:\\" not in answer.out + answer.err


def test_the_width_of_a_profile_is_that_of_most_of_its_tables() -> None:
    def profile(*widths: int) -> Key:
        values = [Value.binary(encode(PropertyType.MV_UNICODE, ("a", "b"), pointer=width)) for width in widths]
        section = Key(values={f"101f66{number:02x}": value for number, value in enumerate(values)}, keys={})
        return Key(values={}, keys={"section": section})

    assert [width_of_profile(profile(*widths)) for widths in ((4, 8, 8), (8, 4, 4), (4,), (8,), ())] == [
        8,
        4,
        4,
        8,
        None,
    ]
