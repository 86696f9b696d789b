"""The command lines of the pages, typed as they are printed and in their order, on a new workstation for each page.

What stands for something (a vendor's package, a mounted disk) is put in its place. A line that asks a question is
answered with ``--yes``, since nobody sits here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wine_prefix import make_prefix

from mapiwright.workstation.disk import wine_server
from mapiwright.workstation.kinds.create import create_image

if TYPE_CHECKING:
    from collections.abc import Callable

    Mapiwright = Callable[..., Any]

ROOT = Path(__file__).parent.parent.parent
LINE = re.compile(r"^(?:    |       )?(?:\$ )?(mapiwright .*?)(?: +#.*)?$", re.MULTILINE)
ASKS = {"install", "have-disk", "uninstall", "apply", "undo", "repair", "guard", "replay"}
ASKS_BELOW_PROFILE = {"copy", "create", "add-service", "set", "delete", "configure-service"}
NOT_TYPED = re.compile(
    r"mapiwright (wizard|panel)\b(?!.*--answers)"  # a person sits before them
    r"|--host|--library|test examples"  # other tests have these, which need more than a workstation
)
PAGES = {
    "README.md": 24,
    "docs/tutorials/first-install.md": 8,
    "docs/how-to/approve-a-plan.md": 3,
    "docs/how-to/deploy-to-a-fleet.md": 9,
    "docs/how-to/edit-a-section.md": 7,
    "docs/how-to/offline-windows.md": 7,
    "docs/how-to/repair.md": 3,
    "docs/how-to/use-a-wine-prefix.md": 7,
}
"""The pages, and how many lines of each are typed at least."""
MOUNTED, TRIAL = ("/mnt/pc17", "/mnt/pc"), "/tmp/pc"  # noqa: S108 - as the pages have it
PREFIX = "/home/anna/outlook-prefix"
GO_ON = {"docs/how-to/deploy-to-a-fleet.md"}
"""Pages that show how a thing is undone, and then go on with it."""
CODES = {
    "profile section get": {0, 1},  # 1 where a property that the line names is missing
    "hive check": {0},
    "status": {0, 5},  # 5 where calls wait
    "guard": {0, 5},
    "doctor": {0, 1, 5},
}


def words_of(line: str, names: dict[str, str]) -> list[str]:
    """The words of a line, with what stands for something in its place; and the answer to its question."""
    words = [
        re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], word) for word in shlex.split(line)
    ]
    asks = words[1] in ASKS or (words[1] == "profile" and (set(words[2:4]) & ASKS_BELOW_PROFILE))
    asks = asks or words[1:3] in (
        ["service", "call"],
        ["inf", "merge"],
        ["inf", "remove"],
        ["hive", "replay"],
        ["prf", "apply"],
    )
    if asks and not {"--yes", "--dry-run", "-o"} & {*words}:
        words.append("--yes")
    return words[1:]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_prints_can_be_typed(
    page: str, mapiwright: Mapiwright, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    shutil.copytree(ROOT / "examples", here / "examples")
    for name in ("acme-mail", "vendor-package"):
        shutil.copytree(acme, here / name)
    mounted = here / "mounted"
    create_image(mounted, users=["anna", "Zoë"] if page == "README.md" else ["anna"])
    monkeypatch.chdir(here)
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{mounted}")
    if "offline" in page:
        assert mapiwright("profile", "create", "Outlook", "--yes").code == 0
    shutil.copy(mounted / "Users" / "anna" / "NTUSER.DAT", here)
    if page not in {"README.md", "docs/tutorials/first-install.md", "docs/how-to/offline-windows.md"}:
        assert "approve" in page or "deploy" in page or mapiwright("install", "acme-mail", "--yes").code == 0
    names = {**dict.fromkeys(MOUNTED, str(mounted)), TRIAL: str(here / "pc"), "RECEIPT": "RECEIPT"}
    if page.endswith("use-a-wine-prefix.md"):
        if os.name == "nt":
            pytest.skip("a Wine prefix: its drives are links, which need a privilege on Windows")
        monkeypatch.setattr(wine_server, "TEMPORARY", tmp_path)
        names[PREFIX] = str(make_prefix(tmp_path / "pfx"))
    typed = 0
    for line in LINE.findall((ROOT / page).read_text(encoding="utf-8")):
        if NOT_TYPED.search(line):
            continue
        if line.startswith("mapiwright workstation create"):
            monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{here / 'pc'}")
        if "MAPISVC.INF" in line and not Path("MAPISVC.INF").exists():
            shutil.copy(next((here / "pc").rglob("MAPISVC.INF")), "MAPISVC.INF")  # as the page does by `cp`
        if "RECEIPT" in line:
            names["RECEIPT"] = mapiwright("receipts", "--json").document["receipts"][-1]["id"]
        words = words_of(line, names)
        if page in GO_ON and words[0] == "undo":
            words.append("--dry-run")
        answer = mapiwright(*words)
        verb = next((verb for verb in CODES if " ".join(words).startswith(verb)), "")
        assert answer.code in CODES.get(verb, {0}), f"{line}\n{answer.out}\n{answer.err}"
        typed += 1
    assert typed >= PAGES[page]
