"""The Profile Wizard by a file of answers, on an offline Windows: nobody sits before it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.workspace import Workspace
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.mapi.profile.profile import Profile

    Mapiwright = Callable[..., Any]

ANSWERS = """\
profile = "Büro"

[service.ACME]
server = "mail.acme.example"
port = 995
user = "zoe"
"""

ASKS = """\
PR_NO_PST = 0x6700000B


def service_entry(call):
    if call.context == 3:
        assert PR_NO_PST not in call.properties
        for tag, value in call.properties.items():
            if tag >> 16 < 0x67F0:
                call.service[tag] = value
        call.service[0x66300003] = len(call.properties.get(0x67F1001F, ""))
    return 0


def wizard_entry(call):
    if call.page == 0 and call.properties[0x6602001E] == "nobody":
        call.fail("nobody has no mailbox here")
    if call.page == 0:
        call.properties[0x6605001F] = call.properties[0x6602001E].title()
    call.properties[PR_NO_PST] = True
    first = {"title": "Who are you?", "fields": [{"name": "user", "tag": "6602001E", "label": "User"}]}
    second = {
        "title": "Prove it",
        "fields": [{"name": "password", "tag": "67F1001F", "label": "Password", "required": False}],
    }
    return [first] if call.properties.get(0x6602001E) == "guest" else [first, second]
"""


@pytest.fixture
def answers(tmp_path: Path) -> Callable[..., Path]:
    """``answers(text)`` is a file that holds it."""

    def write(text: str = ANSWERS, name: str = "answers.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def installed(mapiwright: Mapiwright, acme: Path) -> Mapiwright:
    """The command line of a workstation on which Acme Mail is installed, and no profile is."""
    assert mapiwright("install", acme, "--no-profile", "--yes").code == 0
    return mapiwright


@pytest.fixture
def asking_by(mapiwright: Mapiwright, release: Callable[..., Path]) -> Callable[[str], Mapiwright]:
    """``asking_by(source)``: the same with a Python wizard entry of that source."""

    def install(source: str) -> Mapiwright:
        package = release("5.0")
        manifest = package / "mapiwright.toml"
        head, _, _ = manifest.read_text(encoding="utf-8").partition("# What the Profile Wizard asks")
        for gone in ("no_pst_page = true\n", "no_pab_page = true\n"):
            head = head.replace(gone, "")
        added = 'deadline = 20\nwizard = "acme_service:wizard_entry"\n'
        manifest.write_text(head.replace("deadline = 20\n", added), encoding="utf-8")
        (package / "acme_service.py").write_text(source, encoding="utf-8")
        told = mapiwright("install", package, "--no-profile", "--yes")
        assert told.code == 0, told.err
        return mapiwright

    return install


@pytest.fixture
def asking(asking_by: Callable[[str], Mapiwright]) -> Mapiwright:
    """The same with a Python wizard entry that tells the pages."""
    return asking_by(ASKS)


def stored(folder: Path, name: str = "Büro") -> Profile:
    workstation = open_workstation(f"image:{folder}")
    return Workspace(workstation, next(user for user in workstation.users if user.name == "Zoë")).profile(name)


def test_answers_make_the_profile_configure_the_service_and_name_it_the_default(
    installed: Mapiwright, answers: Callable[..., Path], workstation_folder: Path
) -> None:
    ended = installed("wizard", "--answers", answers(), "--yes")
    assert ended.code == 0, ended.err
    assert "MSG_SERVICE_CONFIGURE" in ended.out
    (row,) = installed("profile", "list", "--json").document["profiles"]
    assert row == {"user": "Zoë", "name": "Büro", "default": True, "services": ["ACME"]}
    (service,) = stored(workstation_folder).services
    assert service.section.properties[0x66010003] == 995
    assert {each.section.properties[0x3001001F] for each in service.providers} >= {"Acme Mailbox - zoe"}


def test_a_dry_run_shows_the_same_plan_and_changes_nothing(
    installed: Mapiwright, answers: Callable[..., Path], picture: Callable[[], dict[str, bytes]], tmp_path: Path
) -> None:
    before = picture()
    dry = installed("wizard", "--answers", answers(), "--dry-run", "-o", str(tmp_path / "plan"), "--json")
    assert dry.code == 0, dry.err
    steps = dry.document["plan"]["steps"]
    assert [step["title"] for step in steps] == [
        "profiles of Zoë",
        "call ACME with MSG_SERVICE_CREATE in profile 'Büro' of Zoë",
        "call ACME with MSG_SERVICE_CONFIGURE in profile 'Büro' of Zoë",
    ]
    assert picture() == before
    applied = installed("apply", str(tmp_path / "plan"), "--yes", "--json")
    assert applied.code == 0, applied.err
    assert installed("profile", "list", "--json").document["profiles"][0]["name"] == "Büro"
    receipt = applied.document["receipt"]["id"]
    assert installed("undo", receipt, "--yes").code == 0
    assert installed("profile", "list", "--json").document["profiles"] == []


def test_a_pipe_is_refused_without_yes_and_shows_no_pages(
    installed: Mapiwright, answers: Callable[..., Path], picture: Callable[[], dict[str, bytes]]
) -> None:
    before = picture()
    assert "--yes" in installed("wizard", "--answers", answers()).err
    told = installed("wizard")
    assert told.code == 1
    assert "--answers FILE" in told.err
    assert picture() == before


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        (ANSWERS.replace("995", "70000"), "service.ACME.port", "a number from 1 to 65535"),
        (ANSWERS.replace("995", '"many"'), "service.ACME.port", "a number from 1 to 65535"),
        (ANSWERS.replace("mail.acme", "mail..acme"), "service.ACME.server", "the name of a host"),
        (ANSWERS.replace('user = "zoe"\n', ""), "service.ACME.user", "letters, digits"),
        (ANSWERS.replace("user", "usr"), "service.ACME.user", "letters, digits"),
        (ANSWERS + 'usr = "zoe"\n', "service.ACME.usr", "Did you mean user?"),
        (ANSWERS.replace("Büro", "a/b"), "profile", "1 to 64 characters"),
        (ANSWERS.replace("profile =", "profil ="), "profil is not known", "Did you mean profile?"),
        (ANSWERS.replace("ACME", "NONE"), "NONE", "CONTAB"),
        (ANSWERS.replace("ACME", "CONTAB"), "CONTAB has no pages", "profile add-service"),
        ('services = ["CONTAB"]\n' + ANSWERS, "service.ACME", "not among services"),
        ('flags = ["sideways"]\n' + ANSWERS, "sideways", "add-service-only"),
        ('flags = ["provider-ui-only"]\n' + ANSWERS, "LaunchWizard", "both flags"),
        ('personal_folders = "C:\\\\a.pst"\n' + ANSWERS, "personal_folders", "no answer"),
        (ANSWERS + "\nport = 1\n", "do not parse", "TOML"),
        (ANSWERS.replace("995", "[1, 2]"), "service.ACME.port", "a text, a number"),
        (ANSWERS.replace('"zoe"', "{ fil = 1 }"), "service.ACME.user", "{ file = PATH }"),
    ],
)
def test_what_is_wrong_with_an_answer_names_the_field_and_what_was_expected(
    installed: Mapiwright,
    answers: Callable[..., Path],
    picture: Callable[[], dict[str, bytes]],
    text: str,
    place: str,
    expected: str,
) -> None:
    before = picture()
    told = installed("wizard", "--answers", answers(text), "--yes")
    assert told.code in {1, 2}
    assert place in told.err
    assert expected in told.err
    assert picture() == before


def test_the_service_itself_tells_the_pages_and_may_refuse(
    asking: Mapiwright,
    answers: Callable[..., Path],
    workstation_folder: Path,
    picture: Callable[[], dict[str, bytes]],
) -> None:
    before = picture()
    refused = asking("wizard", "--answers", answers('[service.ACME]\nuser = "nobody"\n'), "--yes")
    assert refused.code == 1
    assert "nobody has no mailbox here" in refused.err
    assert picture() == before
    text = 'profile = "Büro"\n[service.ACME]\nuser = "zoe"\n'
    ended = asking("wizard", "--answers", answers(text), "--yes")
    assert ended.code == 0, ended.err
    (service,) = stored(workstation_folder).services
    assert service.section.properties[0x6605001F] == "Zoe", "it may gather what it was not asked for"
    assert 0x6700000B not in service.section.properties
    one_page = 'profile = "Gast"\n[service.ACME]\nuser = "guest"\npassword = { stdin = true }\n'
    told = asking("wizard", "--answers", answers(one_page), "--yes")
    assert "no page asks for this" in told.err, "its second page is for others"


@pytest.mark.parametrize("crash", ["raise RuntimeError('x')", "import os; os.abort()", "return [{}]", "return 7"])
def test_a_wizard_entry_that_breaks_keeps_everything_as_it_was(
    asking_by: Callable[[str], Mapiwright],
    answers: Callable[..., Path],
    picture: Callable[[], dict[str, bytes]],
    crash: str,
) -> None:
    asking = asking_by(f"def service_entry(call): return 0\ndef wizard_entry(call):\n    {crash}\n")
    before = picture()
    told = asking("wizard", "--answers", answers('[service.ACME]\nuser = "zoe"\n'), "--yes")
    assert told.code == 1
    assert "Error: " in told.err
    assert "defect" not in told.err
    assert "believed" not in told.err
    assert picture() == before


def test_a_secret_comes_from_a_file_or_standard_input_and_is_never_seen(
    asking: Mapiwright,
    answers: Callable[..., Path],
    workstation_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "correct horse battery"  # noqa: S105 - it is one on purpose
    (tmp_path / "secret").write_text(secret + "\n", encoding="utf-8")
    base = 'profile = "Büro"\n[service.ACME]\nuser = "zoe"\n'
    told = asking("wizard", "--answers", answers(f'{base}password = "{secret}"\n'), "--yes")
    assert told.code == 2
    assert "{ file = PATH }" in told.err
    assert secret not in told.err
    from_file = answers(base + f"password = {{ file = '{tmp_path / 'secret'}' }}\n")
    dry = asking("wizard", "--answers", from_file, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    refused = asking("wizard", "--answers", from_file, "--dry-run", "-o", str(tmp_path / "plan"))
    assert refused.code == 1, "a plan that carries a secret is not saved"
    monkeypatch.setattr("sys.stdin", io.StringIO(secret + "\n"))
    ended = asking("wizard", "--answers", answers(base + "password = { stdin = true }\n"), "--yes", "--json")
    assert ended.code == 0, ended.err
    (service,) = stored(workstation_folder).services
    assert service.section.properties[0x66300003] == len(secret), "it reached the service"
    for text in (dry.out, dry.err, refused.err, ended.out, ended.err):
        assert secret not in text
    for path in workstation_folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert secret.encode() not in data
            assert secret.encode("utf-16-le") not in data
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    none = asking(
        "wizard", "--answers", answers(base.replace("Büro", "Two") + "password = { stdin = true }\n"), "--yes"
    )
    assert none.code == 2
    assert "there is no secret" in none.err


def test_a_service_is_added_to_the_default_profile_and_only_once(
    installed: Mapiwright, answers: Callable[..., Path]
) -> None:
    assert installed("profile", "create", "Home", "--default", "--yes").code == 0
    told = installed("wizard", "--answers", answers(), "--flag", "add-service-only", "--yes")
    assert "no page is shown" in told.err, "answers that nobody asks for are told, not dropped"
    only = answers('flags = ["add-service-only"]\nservices = ["ACME"]\n')
    assert installed("wizard", "--answers", only, "--yes").code == 0
    rows = installed("profile", "list", "--json").document["profiles"]
    assert rows == [{"user": "Zoë", "name": "Home", "default": True, "services": ["ACME"]}]
    again = installed("wizard", "--answers", only, "--yes")
    assert again.code == 0
    assert "Nothing to do" in again.out
    told = installed("wizard", "--answers", answers(), "--flag", "add-service-only", "--yes")
    assert told.code == 0, "it is there already, and its answers are of no use"
    assert installed("profile", "list", "--json").document["profiles"] == rows


def test_a_second_profile_leaves_the_default_one_alone(installed: Mapiwright, answers: Callable[..., Path]) -> None:
    assert installed("profile", "create", "Home", "--default", "--yes").code == 0
    assert installed("wizard", "--answers", answers(), "--yes").code == 0
    rows = installed("profile", "list", "--json").document["profiles"]
    assert {row["name"]: row["default"] for row in rows} == {"Home": True, "Büro": False}
