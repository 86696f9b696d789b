"""The pages that need a situation: typed as they are printed, and what they show compared with what is printed.

A page may leave out lines, and parts of a line, by ``...``. What varies is not compared: where a workstation lies,
times, ids of receipts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.stories.test_pages_as_printed import ROOT, words_of

from mapiwright.setup.trial.matrix import QUICK
from mapiwright.ui.cli.packages import matrix as matrix_verb
from mapiwright.workstation.kinds.create import create_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.stories.conftest import Answer

    Mapiwright = Callable[..., Answer]

COMMAND = re.compile(
    r"^(?:    |- run: |    - run: )?(?:\$ )?((?:mapiwright|openssl|python3|PYTHONPATH=\S+ python3) .*)$"
)
CODES = {
    "doctor": {1},
    "service call --library": {0, 1},  # it asks to be configured
    "test": {0, 5},
}
NOT_TYPED = re.compile(
    r"mapiwright (wizard|panel)\b(?!.*--answers)"  # a person sits before them
    r"|--host"  # tests/windows and tests/native have the interpreters that these need
)


def blocks_of(page: str, language: str = "") -> list[str]:
    """The blocks of a page in a language, or its indented ones."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if language:
        return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    return ["".join(line[4:] or "\n" for line in block.splitlines(keepends=True)).strip("\n") for block in found]


def commands_of(page: str) -> Iterator[tuple[str, list[str]]]:
    """The command lines of a page's blocks, each with the lines that the page shows below it."""
    for block in blocks_of(page):
        lines = block.replace("\\\n", " ").split("\n")
        at = 0
        while at < len(lines):
            found = COMMAND.match(lines[at])
            at += 1
            shown: list[str] = []
            while (
                found and lines[at - 1].lstrip().startswith("$") and at < len(lines) and not COMMAND.match(lines[at])
            ):
                shown.append(lines[at])
                at += 1
            if found:
                yield re.sub(r" +#.*$", "", found[1]), shown


def shows(expected: list[str], printed: str) -> bool:
    """Whether that was printed; ``...`` stands for lines, or for a part of one."""
    lines = [".*?" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", "[^\n]*?") for line in expected]
    return re.search("(?:^|\n)" + "\n".join(lines) + "(?:\n|$)", printed, re.DOTALL) is not None


# What each page takes for granted.


def _diagnose(mapiwright: Mapiwright, here: Path) -> None:
    """A profile that Outlook made, with a service in it whose package somebody removed by hand."""
    for words in (
        ("profile", "create", "Outlook", "--default"),
        ("profile", "add-service", "Outlook", "MSUPST MS"),
        ("install", here / "acme-mail", "--profile", "Outlook"),
        ("uninstall", "acme-mail", "--profiles", "keep"),
    ):
        assert mapiwright(*words, "--yes").code == 0, words
    shutil.rmtree(here / "mounted" / "ProgramData" / "Mapiwright")
    outlook = next((here / "mounted" / "Program Files").glob("Microsoft Office/Office16"), None)
    outlook = outlook or here / "mounted" / "Program Files" / "Microsoft Office" / "Office16"
    outlook.mkdir(parents=True, exist_ok=True)
    shutil.copy(here / "acme-mail" / "x64" / "acme32.dll", outlook / "OUTLOOK.EXE")
    shutil.copy(next((here / "mounted").rglob("MAPISVC.INF")), here)


def _prf(_: Mapiwright, here: Path) -> None:
    """Line 12 names an Exchange account, and line 31 a key without a mapping."""
    at = {
        1: "[General]\nCustom=1\nProfileName=Work\nOverwriteProfile=Append\nBackupProfile=No\nDefaultStore=Service2",
        10: "[Service List]",
        12: "Service1=Microsoft Exchange Server\nService2=Unicode Personal Folders",
        20: "[Service1]\nUniqueService=Yes\nHomeServer=mail.acme.example\nMailboxName=anna",
        28: "[Service2]\nPathToPersonalFolders=C:\\Users\\anna\\work.pst\nUniqueService=Yes",
        31: "Colour=red",
        35: "[Microsoft Exchange Server]\nServiceName=MSEMS\nHomeServer=PT_STRING8,0x6608",
        38: "MailboxName=PT_STRING8,0x6607",
        40: "[Unicode Personal Folders]\nServiceName=MSUPST MS\nName=PT_STRING8,0x3001",
        43: "PathToPersonalFolders=PT_STRING8,0x6700",
    }
    text = ""
    for line, listed in at.items():
        text += "\n" * (line - 1 - text.count("\n")) + listed + "\n"
    (here / "mail.prf").write_text(text, encoding="ascii")
    inf = next((here / "mounted").rglob("MAPISVC.INF"))
    services = inf.read_bytes().replace(b"[Services]", b"[Services]\r\nMSEMS=Microsoft Exchange Server")
    inf.write_bytes(services + b"\r\n[MSEMS]\r\nPR_DISPLAY_NAME=Microsoft Exchange Server\r\n")


def _upgrade(mapiwright: Mapiwright, here: Path) -> None:
    assert mapiwright("install", here / "acme-mail", "--yes").code == 0
    newer = here / "acme-mail-5.0"
    shutil.copytree(here / "acme-mail", newer)
    manifest = newer / "mapiwright.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"4.2.1"', '"5.0"'), encoding="utf-8")


def _native(_: Mapiwright, here: Path) -> None:
    """Acme's own library, compiled as the page says."""
    if shutil.which("cc") is None:
        pytest.skip("no compiler is installed")
    build = [sys.executable, str(ROOT / "examples" / "acme-mail" / "build.py"), "--linux", str(here / "build")]
    subprocess.run(build, check=True, capture_output=True)
    shutil.copy(here / "acme-mail" / "acme.inf", here)


def _stand_in(_: Mapiwright, here: Path) -> None:
    """The code of the page, in the place of the example's."""
    code = [block for block in blocks_of(STAND_IN) if "def service_entry" in block or "def wizard_entry" in block]
    code = [
        block[block.index("from __future__") if "from __future__" in block else block.index("PR_W") :]
        for block in code
    ]
    shutil.copytree(here / "acme-mail", here / "my-package")
    (here / "my-package" / "acme_service.py").write_text("\n\n\n".join(code) + "\n", encoding="utf-8")


def _three_layouts(_: Mapiwright, here: Path) -> None:
    package = here / "my-package"
    shutil.copytree(here / "acme-mail", package)
    (package / "acme.inf").rename(package / "fragment.inf")
    manifest = package / "mapiwright.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("acme.inf", "fragment.inf"), encoding="utf-8")


def _wizard(mapiwright: Mapiwright, here: Path) -> None:
    """Acme asks for a password, too."""
    manifest = here / "acme-mail" / "mapiwright.toml"
    asked = '[[services.ACME.pages.fields]]\nname = "password"\ntag = "67F1001F"\nlabel = "Password"\n\n[uninstall]'
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("[uninstall]", asked), encoding="utf-8")
    (here / "acme-mail" / "acme_service.py").write_text(
        "def service_entry(call):\n    if call.context == 3:\n        assert call.properties[0x67F1001F] == 'open'\n"
        "        assert call.properties[0x6602001E] == 'anna'\n",
        encoding="utf-8",
    )
    assert mapiwright("install", here / "acme-mail", "--no-profile", "--yes").code == 0
    (here / "secret").write_text("open\n", encoding="utf-8")
    answers = blocks_of(WIZARD, "toml")[0].replace("/run/secrets/acme", (here / "secret").as_posix())
    (here / "answers.toml").write_text(answers, encoding="utf-8")


def _tutorial(_: Mapiwright, here: Path) -> None:
    """The files of the page, and a DLL."""
    package = here / "demo-mail"
    package.mkdir()
    for name, language in (("mapiwright.toml", "toml"), ("demo.inf", "ini"), ("demo_service.py", "python")):
        (package / name).write_text(blocks_of(TUTORIAL, language)[0], encoding="utf-8")
    for bitness in ("x64", "x86"):
        (package / bitness).mkdir()
        shutil.copy(here / "acme-mail" / bitness / "acme32.dll", package / bitness / "demo32.dll")


def _publish(_: Mapiwright, here: Path) -> None:
    pytest.importorskip("cryptography")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (here / "public").mkdir()


STAND_IN = "docs/how-to/write-a-python-stand-in.md"
WIZARD = "docs/how-to/use-the-profile-wizard.md"
TUTORIAL = "docs/tutorials/your-first-package.md"
PAGES: dict[str, tuple[Callable[[Mapiwright, Path], None], int]] = {
    "docs/how-to/diagnose.md": (_diagnose, 3),
    "docs/how-to/publish-a-package.md": (_publish, 9),
    "docs/how-to/use-a-prf-file.md": (_prf, 4),
    "docs/how-to/upgrade-a-service.md": (_upgrade, 3),
    "docs/how-to/try-a-native-service.md": (_native, 2),
    STAND_IN: (_stand_in, 3),
    "docs/how-to/test-a-package.md": (_three_layouts, 5),
    WIZARD: (_wizard, 1),
    TUTORIAL: (_tutorial, 5),
}
"""What is there before a page is typed, and how many of its lines are."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_typed_as_it_is_printed_and_shows_what_is_printed(
    page: str, mapiwright: Mapiwright, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    shutil.copytree(acme, here / "acme-mail")
    create_image(here / "mounted", users=["anna"])
    monkeypatch.chdir(here)
    uri = f"image:{here / 'mounted'}"
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", uri)
    three = tuple(
        case for case in QUICK if str(case.name) in {"Outlook 2010 x86", "Outlook 2016 x64", "Outlook 2016 arm64 C2R"}
    )
    for name in ("quick", "all"):
        monkeypatch.setitem(matrix_verb.MATRICES, name, three)
    prepare, least = PAGES[page]
    prepare(mapiwright, here)
    shutil.copy(here / "mounted" / "Users" / "anna" / "NTUSER.DAT", here)
    names = {**dict.fromkeys(("/mnt/windows", "/mnt/pc"), str(here / "mounted")), "/srv/public": str(here / "public")}
    typed = 0
    for line, shown in commands_of(page):
        if NOT_TYPED.search(line):
            continue
        if "RECEIPT" in line:
            names["RECEIPT"] = mapiwright("receipts", "--json").document["receipts"][-1]["id"]
        if line.startswith("mapiwright"):
            answer = mapiwright(*words_of(line, names))
            code, printed = answer.code, answer.out + answer.err
        else:
            code, printed = _run(line, names, here / "public" / "acme-mail")
        verb = next((verb for verb in CODES if line.startswith(f"mapiwright {verb}")), "")
        assert code in CODES.get(verb, {0}), f"{line}\n{printed}"
        printed = printed.replace(str(here / "mounted"), "/mnt/pc")
        assert shows(shown, printed), f"{line}\n{printed}"
        typed += 1
    assert typed >= least


def _run(line: str, names: dict[str, str], published: Path) -> tuple[int, str]:
    """A line of another program's: what openssl does is done beside the keys, the rest where the program lies."""
    words = words_of(f"mapiwright {line}", names)
    variables = dict(word.split("=", 1) for word in words if re.match("[A-Z]+=", word))
    words = [word for word in words if not re.match("[A-Z]+=", word)]
    if words[0] == "python3":
        words = [sys.executable, *words[1:], "--yes"]
    else:
        for found in published.glob("SHA256SUMS*"):
            shutil.copy(found, published.parent.parent)
    where = published if variables or "setup.pyz" in words else published.parent.parent
    ended = subprocess.run(
        words, cwd=where, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_the_table_on_the_page_is_the_one_that_is_printed(
    mapiwright: Mapiwright, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = next(block for block in blocks_of("docs/how-to/test-a-package.md") if block.startswith("layout"))
    wanted = {line.partition("  ")[0] for line in table.split("\n")}
    monkeypatch.setitem(matrix_verb.MATRICES, "quick", tuple(case for case in QUICK if case.name in wanted))
    assert mapiwright("test", acme).out.startswith(table)


def test_a_page_that_shows_something_else_is_found() -> None:
    printed = "Windows: 10\n  a\n  b\nOutlook: x64 94d7aa --user anna\n1 error.\n"
    assert shows(["Windows: 10", "  ...", "Outlook: x64 94d7... --user anna", "1 error."], printed)
    assert not shows(["Windows: 10", "Outlook: x64 94d7... --user anna"], printed)
    assert not shows(["Windows: 11"], printed)


def test_the_stand_in_of_the_page_needs_no_mapiwright() -> None:
    code = next(block for block in blocks_of(STAND_IN) if "def service_entry" in block)
    test = next(block for block in blocks_of(STAND_IN) if "SimpleNamespace" in block)
    exec(compile(f"{code[code.index('from __future__') :]}\n{test}", "page", "exec"), {})  # noqa: S102 - it is our page
