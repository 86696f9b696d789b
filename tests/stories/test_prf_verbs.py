"""The prf verbs as an administrator types them: check, show, apply, export."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.flags import SectionFlag
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.formats import prf as text
from mapiwright.mapi.prf.export import export
from mapiwright.mapi.profile.profile import Section
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.registry import Key, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]

FILE = """\
; Anna's mail
[General]
Custom=1
ProfileName=Work
OverwriteProfile=Yes
BackupProfile=No
DefaultStore=Service1
[Service List]
Service1=Unicode Personal Folders
Service2=Outlook Address Book
[Service1]
UniqueService=No
Name=Mail of Zoë
PathToPersonalFolders=%USERPROFILE%\\Documents\\mail.pst
EncryptionType=0x50000000
Password=
[Service2]
UniqueService=Yes
[Unicode Personal Folders]
ServiceName=MSUPST MS
Name=PT_UNICODE,0x3001
PathToPersonalFolders=PT_STRING8,0x6700
EncryptionType=PT_LONG,0x6702
Password=PT_STRING8,0x6703
[Outlook Address Book]
ServiceName=CONTAB
"""


@pytest.fixture
def prf(tmp_path: Path) -> Callable[..., Path]:
    """``prf(old, new, ...)`` is the file with those edits, as Windows stores it."""

    def write(*edits: str) -> Path:
        content = FILE
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            assert old in content, old
            content = content.replace(old, new, 1)
        path = tmp_path / "mail.prf"
        path.write_bytes(content.replace("\n", "\r\n").encode("cp1252"))
        return path

    return write


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer.document["findings"]]


# check and show.


def test_check_needs_no_workstation(
    mapiwright: Mapiwright, prf: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAPIWRIGHT_WORKSTATION")
    answer = mapiwright("prf", "check", str(prf()))
    assert answer.code == 0
    assert "Target:" not in answer.err
    assert answer.out.splitlines()[-1].endswith("mail.prf: 0 errors, 0 warnings, 1 note")
    faulty = mapiwright("prf", "check", str(prf("EncryptionType=0x5", "Encryption=0x4")), "--json")
    assert faulty.code == 0
    assert faulty.document["warnings"] == 2
    told = next(each for each in faulty.document["findings"] if each["id"] == "MW8030")
    assert (told["line"], told["severity"]) == (15, "warning")
    assert told["remedy"]


def test_check_tells_what_an_outlook_passes_over(
    mapiwright: Mapiwright, prf: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAPIWRIGHT_WORKSTATION")
    edits = ("Service2=", "Account=x\nService3=Microsoft Exchange Server\nService2=")
    for edition, expected in (("2016", True), ("2010", False)):
        answer = mapiwright("prf", "check", str(prf(*edits)), "--edition", edition, "--json")
        assert ("MW8101" in ids(answer)) is expected


def test_check_holds_a_file_against_a_workstation(mapiwright: Mapiwright, prf: Callable[..., Path]) -> None:
    good = mapiwright("prf", "check", str(prf()), "--json")
    assert (good.code, ids(good)) == (0, ["MW8004"])
    lost = mapiwright(
        "prf", "check", str(prf("ServiceName=CONTAB", "ServiceName=GONE", "Documents", "Nowhere")), "--json"
    )
    assert lost.code == 1
    assert set(ids(lost)) == {"MW8004", "MW8037", "MW8042", "MW8110"}
    assert [each["line"] for each in lost.document["findings"]] == sorted(
        each["line"] for each in lost.document["findings"]
    )


def test_a_file_in_another_code_page_is_read_in_it(mapiwright: Mapiwright, tmp_path: Path) -> None:
    path = tmp_path / "cyrillic.prf"
    path.write_bytes(FILE.replace("Zoë", "Зоя").encode("cp1251"))
    shown = mapiwright("prf", "show", str(path), "--code-page", "cp1251")
    assert "Mail of Зоя" in shown.out


def test_show_tells_where_each_value_goes_and_no_password(mapiwright: Mapiwright, prf: Callable[..., Path]) -> None:
    path = prf("Password=\n", "Password=tr0ub4dor\nColour=red\n", "; Anna's", "password tr0ub4dor\nAnna's")
    shown = mapiwright("prf", "show", str(path))
    assert shown.code == 0
    assert '"Mail of Zoë"  (PT_UNICODE,0x3001 PR_DISPLAY_NAME)' in shown.out
    assert "Password = (secret, not shown)" in shown.out
    assert "Colour = (not read)  (written nowhere)" in shown.out
    assert "Unicode Personal Folders  -> service MSUPST MS" in shown.out
    assert "2: Anna's mail" in shown.out
    assert "tr0ub4dor" not in shown.out + shown.err
    document = mapiwright("prf", "show", str(path), "--json")
    assert "tr0ub4dor" not in document.out
    values = document.document["prf"]["services"][0]["values"]
    assert {"key": "Password", "line": 17, "tag": "6703001E", "secret": True} in values
    assert {"key": "Name", "line": 14, "tag": "3001001F", "value": "Mail of Zoë"} in values
    checked = mapiwright("prf", "check", str(path))
    assert "MW8043" in checked.out
    assert "tr0ub4dor" not in checked.out + checked.err


def test_what_is_no_text_is_refused_with_its_place(mapiwright: Mapiwright, tmp_path: Path) -> None:
    path = tmp_path / "no.prf"
    path.write_bytes(b"[General]\r\n\0\r\n")
    answer = mapiwright("prf", "check", str(path))
    assert answer.code == 1
    assert f"{path}: line 2: a NUL character" in answer.err


# apply.


def test_a_dry_run_writes_nothing_and_apply_does_what_it_said(
    mapiwright: Mapiwright, prf: Callable[..., Path], picture: Callable[[], dict[str, bytes]]
) -> None:
    path, before = prf(), picture()
    dry = mapiwright("prf", "apply", str(path), "--dry-run")
    assert (dry.code, picture()) == (0, before)
    assert "call MSUPST MS with MSG_SERVICE_CONFIGURE" in dry.out
    assert mapiwright("prf", "apply", str(path)).code == 1, "stdin is not a terminal"
    assert picture() == before
    done = mapiwright("prf", "apply", str(path), "--yes", "--json")
    assert done.code == 0, done.err
    assert done.document["receipt"]["verb"] == "prf"
    [row] = mapiwright("profile", "list", "--json").document["profiles"]
    assert (row["name"], row["default"], row["services"]) == ("Work", True, ["MSUPST MS", "CONTAB"])
    after = picture()
    again = mapiwright("prf", "apply", str(path), "--yes")
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert picture() == after
    undone = mapiwright("undo", done.document["receipt"]["id"], "--yes")
    assert undone.code == 0
    assert mapiwright("profile", "list", "--json").document["profiles"] == []


def test_a_plan_is_saved_and_applied_later(mapiwright: Mapiwright, prf: Callable[..., Path], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert mapiwright("prf", "apply", str(prf()), "--dry-run", "-o", str(plan)).code == 0
    assert b"mail.pst" in plan.read_bytes()
    assert mapiwright("apply", str(plan), "--yes").code == 0
    assert "Nothing to do" in mapiwright("prf", "apply", str(prf()), "--yes").out


def test_errors_are_refused_all_at_once_and_warnings_are_told(
    mapiwright: Mapiwright, prf: Callable[..., Path], picture: Callable[[], dict[str, bytes]]
) -> None:
    before = picture()
    answer = mapiwright(
        "prf", "apply", str(prf("ServiceName=CONTAB", "ServiceName=GONE", "0x50000000", "lots")), "--yes"
    )
    assert answer.code == 1
    assert {"MW8110", "MW8033"} <= {word.strip(":") for word in answer.err.split()}
    assert picture() == before
    warned = mapiwright("prf", "apply", str(prf("Custom=1\n", "", "Password=\n", "Password=tr0ub4dor\n")), "--yes")
    assert warned.code == 0
    assert "MW8010" in warned.err
    assert "Passwords are not applied: Password of Service1" in warned.out
    assert "tr0ub4dor" not in warned.out + warned.err
    everything = b"".join(picture().values())
    assert b"tr0ub4dor" not in everything
    assert "tr0ub4dor".encode("utf-16-le") not in everything


def test_every_user_gets_his_own(tmp_path: Path, mapiwright: Mapiwright, prf: Callable[..., Path]) -> None:
    folder = tmp_path / "office"
    create_image(folder, users=["Anna", "Zoë"])
    target = ("--workstation", f"image:{folder}")
    path = str(prf())
    assert mapiwright("prf", "apply", path, "--yes", *target).code == 2, "two users, and none named"
    answer = mapiwright("prf", "apply", path, "--yes", "--all-users", "--dry-run", "--json", *target)
    told = json.dumps(answer.document)
    assert "HKU" in told
    assert mapiwright("prf", "apply", path, "--yes", "--user", "Anna", *target).code == 0
    rows = mapiwright("profile", "list", "--json", *target).document["profiles"]
    assert [row["user"] for row in rows] == ["Anna"]
    assert mapiwright("prf", "apply", path, "--yes", "--all-users", *target).code == 0
    rows = mapiwright("profile", "list", "--json", *target).document["profiles"]
    assert [row["user"] for row in rows] == ["Anna", "Zoë"]


def test_the_wizard_runs_by_a_file_as_prf_apply_does(
    mapiwright: Mapiwright, prf: Callable[..., Path], picture: Callable[[], dict[str, bytes]]
) -> None:
    path, before = prf(), picture()
    dry = mapiwright("wizard", "--prf", str(path), "--dry-run")
    assert (dry.code, picture()) == (0, before)
    applied = mapiwright("prf", "apply", str(path), "--dry-run")  # each draws random ids of its own
    assert [line for line in dry.out.splitlines() if "=" not in line and "{" not in line][-1] in applied.out
    assert dry.out.splitlines()[0] == applied.out.splitlines()[0]
    assert mapiwright("wizard", "--prf", str(path)).code == 1, "stdin is not a terminal"
    done = mapiwright("wizard", "--prf", str(path), "--yes", "--json")
    assert done.code == 0, done.err
    assert done.document["receipt"]["verb"] == "prf"
    assert "Nothing to do" in mapiwright("prf", "apply", str(path), "--yes").out
    refused = mapiwright("wizard", "--prf", str(prf("ServiceName=CONTAB", "ServiceName=GONE")), "--yes")
    assert refused.code == 1
    assert "MW8110" in refused.err


@pytest.mark.parametrize(
    "also",
    [("--answers", __file__), ("--service", "CONTAB"), ("--profile", "X"), ("--flag", "first-profile")],
)
def test_a_file_that_runs_the_wizard_says_all_itself(
    mapiwright: Mapiwright, prf: Callable[..., Path], also: tuple[str, ...]
) -> None:
    told = mapiwright("wizard", "--prf", str(prf()), *also, "--yes")
    assert told.code == 2
    assert "--prf says all itself" in told.err


# export.


def test_a_profile_is_exported_and_applied_on_another_workstation(
    mapiwright: Mapiwright, prf: Callable[..., Path], tmp_path: Path
) -> None:
    mapiwright("prf", "apply", str(prf()), "--yes")
    out = tmp_path / "out.prf"
    answer = mapiwright("prf", "export", "-o", str(out))
    assert answer.code == 0, answer.err
    content = out.read_bytes().decode("cp1252")
    assert "ProfileName=Work\r\nDefaultProfile=Yes\r\n" in content
    assert "DefaultStore=Service1\r\n" in content
    assert "[Service2]\r\nUniqueService=Yes\r\nOverwriteExistingService=No\r\n" in content
    mapiwright("profile", "create", "Bare", "--yes")
    assert "ProfileName=Bare\n" in mapiwright("prf", "export", "bare").out.replace("\r\n", "\n")
    assert mapiwright("prf", "export", "--json").document["text"] == content
    folder = tmp_path / "other"
    create_image(folder, users=["Anna"])
    target = ("--workstation", f"image:{folder}")
    assert mapiwright("prf", "apply", str(out), "--yes", *target).code == 0
    [row] = mapiwright("profile", "list", "--json", *target).document["profiles"]
    assert (row["name"], row["default"], row["services"]) == ("Work", True, ["MSUPST MS", "CONTAB"])


@pytest.mark.parametrize("name", ["o2010-x64", "o2016-x64"])
def test_a_real_profile_is_exported_as_far_as_a_file_can_carry_it(
    mapiwright: Mapiwright,
    real_hive: Callable[[str], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    hive = tmp_path / "NTUSER.DAT"
    hive.write_bytes(real_hive(name))
    answer = mapiwright("prf", "export", "--json", "--workstation", f"hive:{hive}")
    assert answer.code == 0, answer.err
    content = answer.document["text"]
    assert "=Unicode Personal Folders\r\n" in content or "=Personal Folders\r\n" in content
    assert ".pst\r\n" in content, "the path of the data file"
    assert {"MW8202", "MW8203"} >= set(ids(answer)) - {"MW8204", "MW8201", "MW8205", "MW8206"}
    path = tmp_path / "real.prf"
    path.write_bytes(content.encode("cp1252"))
    monkeypatch.delenv("MAPIWRIGHT_WORKSTATION")
    assert ids(mapiwright("prf", "check", str(path), "--json")) == []


def test_what_an_export_leaves_out_is_told(office: Any) -> None:
    services = office.services()
    json_form = services.create_message_service("WIRE")
    with services.open_profile_section(json_form, SectionFlag.MODIFY) as section:
        section.set_props(
            {0x66000102: b"\\1\\2", 0x6601001F: "two\nlines", 0x6602001E: "100%sure%", 0x6603001F: "kept"}
        )
    with services.open_profile_section(
        services.find(json_form).providers[0].uid, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS
    ) as section:
        section.set_props({0x6604001F: "of the provider"})
    stored = office.stored()
    held = stored.section(json_form)
    assert held is not None
    secret = Section(held.uid, held.properties, {**held.stored, "S001e67f0": Value.binary(b"tr0ub4dor")})
    accounts = Section("9375CFF0413111d3B88A00104B2A6676", keys={"00000001": Key({}, {})})
    profile = stored.with_sections(secret, accounts)
    result = export(profile, office.workspace.catalogue.find, default=False, code_page="cp1252")
    told = {each.id: each.what for each in result.findings}
    assert set(told) == {"MW8201", "MW8202", "MW8203", "MW8204"}
    assert "67F0001E" in told["MW8201"]
    assert "6604001F" in told["MW8203"]
    written = text.render(result.document)
    assert b"kept" in written
    assert b"tr0ub4dor" not in written
    assert b"lines" not in written


def test_the_password_of_a_data_file_is_not_exported(desk: Any) -> None:
    space = Workspace(desk.workstation, desk.user("Zoë"), send=desk.do)
    ProfileAdmin(space).create_profile("Work")
    services = ProfileAdmin(space).admin_services("Work")
    uid = services.create_message_service("MSUPST MS")
    store = services.find(uid).providers[0].uid
    with services.open_profile_section(store, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS) as section:
        section.set_props({0x6703001F: "tr0ub4dor", 0x6700001F: "C:\\a.pst"})
    result = export(space.profile("Work"), space.catalogue.find, default=True, code_page="cp1252")
    assert [each.id for each in result.findings] == ["MW8201"]
    written = text.render(result.document)
    assert b"PathToPersonalFolders=C:\\a.pst\r\n" in written
    assert b"tr0ub4dor" not in written


def test_an_export_has_what_waits_and_outlook_s_own_section_and_names_what_is_in_others(
    mapiwright: Mapiwright, tmp_path: Path
) -> None:
    file, again = tmp_path / "work.prf", tmp_path / "again.prf"
    file.write_bytes(
        b"[General]\r\nCustom=1\r\nProfileName=Work\r\n[Service List]\r\nService1=Unicode Personal Folders\r\n"
        b"Service2=Client\r\nService3=Own\r\n[Service1]\r\nUniqueService=No\r\nName=Archive 2020\r\n"
        b"PathToPersonalFolders=C:\\Users\\Zo\xeb\\Documents\\archive.pst\r\n[Service2]\r\nMonths=12\r\n"
        b"[Service3]\r\nMonths=1\r\n[Client]\r\nSectionGUID=0a0d020000000000c000000000000046\r\n"
        b"Months=PT_LONG,0x0330\r\n[Own]\r\nSectionGUID=00112233445566778899aabbccddeeff\r\nMonths=PT_LONG,0x6600\r\n"
    )
    assert mapiwright("prf", "apply", file, "--yes").code == 0
    exported = mapiwright("prf", "export", "Work", "-o", again, "--json")
    assert ids(exported) == ["MW8205"]
    assert "00112233445566778899aabbccddeeff" in exported.document["findings"][0]["message"]
    lines = again.read_text("cp1252").splitlines()
    assert {"Name=Archive 2020", "PathToPersonalFolders=C:\\Users\\Zoë\\Documents\\archive.pst"} <= set(lines)
    assert {"P03300003=12", "P03300003=PT_LONG,0x0330"} <= set(lines)
    assert mapiwright("prf", "apply", again, "--dry-run", "--json").document["plan"]["steps"] == []
