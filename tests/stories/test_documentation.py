"""The documentation: every link leads somewhere, the index knows every page, and the demo does what its page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def links(page: Path) -> list[str]:
    """The links of a page that stay within the repository, without their anchors."""
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = [target for target in links(page) if not (page.parent / target).exists()]
    assert not lost


def test_the_index_knows_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    known = {(index.parent / target).resolve() for target in links(index)}
    assert {page for page in PAGES if page.is_relative_to(index.parent)} - known == {index}


@pytest.mark.skipif(sys.platform == "win32", reason="make is not at home there")
def test_the_demo_installs_and_gives_the_original_bytes_back() -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MAPIWRIGHT_")}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")], capture_output=True, text=True, env=kept, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    before, after = re.findall(r"^  (?:before|after) +([0-9a-f]{64})$", ended.stdout, re.MULTILINE)
    assert before == after
    assert "The original bytes are back." in ended.stdout
    assert "+ACME=" in ended.stdout, "the plan shows the lines of MAPISVC.INF"
    assert "Service ACME" in ended.stdout, "the profile is shown as a tree"


def test_every_finding_has_its_explanation() -> None:
    """MW1204 in an error or a finding leads to a page that says what it means."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    raised = set(re.findall(r"\"(MW\d{4})\"", source))
    assert len(raised) > 100
    assert raised - set(re.findall(r"MW\d{4}", pages)) == set()
