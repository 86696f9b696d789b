"""What people call their profiles is taken by every verb that takes a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.conftest import ORDINARY_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

PRF = "[General]\r\nCustom=1\r\nProfileName={}\r\n[Service List]\r\n"
ANSWERS = """[service.ACME]
server = "mail.acme.example"
port = 995
user = "zoe"
"""
IN_THE_CODE_PAGE = [name for name in ORDINARY_NAMES if name.encode("cp1252", "ignore").decode("cp1252") == name]


@pytest.fixture
def done(mapiwright: Callable[..., Answer]) -> Callable[..., Answer]:
    """``done("profile", "list")`` as a user types it, and it is done."""

    def type_(*words: str) -> Answer:
        answer = mapiwright(*words)
        assert answer.code == 0, answer.err
        return answer

    return type_


def listed(done: Callable[..., Answer]) -> list[str]:
    return [row["name"] for row in done("profile", "list", "--json").document["profiles"]]


@pytest.mark.parametrize("name", ORDINARY_NAMES)
def test_each_verb_takes_an_ordinary_name(name: str, done: Callable[..., Answer]) -> None:
    done("profile", "create", name, "--yes")
    done("profile", "copy", name, "Spare", "--yes")
    done("profile", "delete", name, "--yes")
    done("profile", "rename", "Spare", name, "--yes")
    done("profile", "default", name, "--yes")
    done("profile", "add-service", name, "CONTAB", "--yes")
    done("profile", "section", "set", name, "CONTAB", "--set", "66000003=7", "--yes")
    assert "CONTAB" in done("profile", "show", name).out
    done("profile", "dump", name)
    assert listed(done) == [name]


@pytest.mark.parametrize("name", ORDINARY_NAMES[:5])
def test_manifests_and_answers_may_name_such_a_profile(
    name: str, done: Callable[..., Answer], release: Callable[..., Path], tmp_path: Path
) -> None:
    package = release("5.0", {"mapiwright.toml": {'[profile]\nname = "Acme Mail"': f'[profile]\nname = "{name}"'}})
    done("install", package, "--yes")
    assert listed(done) == [name]
    done("profile", "delete", name, "--yes")
    answers = tmp_path / "answers.toml"
    answers.write_text(f'profile = "{name}"\n{ANSWERS}', encoding="utf-8")
    done("wizard", "--answers", answers, "--yes")
    assert listed(done) == [name]


@pytest.mark.parametrize("name", IN_THE_CODE_PAGE)
def test_a_prf_file_takes_it_and_an_export_writes_it(name: str, done: Callable[..., Answer], tmp_path: Path) -> None:
    file = tmp_path / "a.prf"
    file.write_bytes(PRF.format(name).encode("cp1252"))
    done("prf", "check", file)
    done("prf", "apply", file, "--yes")
    assert listed(done) == [name]
    done("prf", "export", name, "-o", file)
    assert f"ProfileName={name}\r\n".encode("cp1252") in file.read_bytes()


def test_an_export_in_a_code_page_without_its_letters_is_refused_with_a_remedy(
    done: Callable[..., Answer], mapiwright: Callable[..., Answer], tmp_path: Path
) -> None:
    done("profile", "create", "อีเมล", "--yes")
    refused = mapiwright("prf", "export", "อีเมล")
    assert refused.code == 1
    assert "mapiwright profile copy" in refused.err
    done("profile", "copy", "อีเมล", "Mail", "--yes")
    done("prf", "export", "Mail", "-o", tmp_path / "a.prf")


@pytest.mark.parametrize("name", ["a\\b", "a/b", "a:b", " a", "a ", "a\tb", "a\u202eb", "", "a" * 65])
def test_what_no_profile_can_be_called_is_refused_everywhere(
    name: str, mapiwright: Callable[..., Answer], tmp_path: Path
) -> None:
    refused = mapiwright("profile", "create", name, "--yes")
    assert refused.code == 2
    assert "1 to 64 characters" in refused.err or not name
    file = tmp_path / "a.prf"
    file.write_bytes(PRF.format(f'"{name}"').encode("cp1252", "replace"))
    assert mapiwright("prf", "check", file).code == 1
    assert mapiwright("prf", "apply", file, "--yes").code == 1
