"""A vendor tests his package with pytest: the fixture ``workstation`` and the marker ``mapiwright``."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

from mapiwright.errors import NotFoundError
from mapiwright.pytest_plugin import TrialWorkstation

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

VENDORS_TESTS = """
import pytest

def test_the_service_comes_and_goes(workstation):
    before = workstation.services
    receipt = workstation.install({package!r})
    assert str(receipt.title).startswith("install")
    assert workstation.services == (*before, "ACME")
    assert [service.name for service in workstation.profile().services] == ["ACME"]
    assert workstation.install({package!r}) is None
    workstation.uninstall("acme-mail")
    assert workstation.services == before

@pytest.mark.mapiwright(edition="2010", bitness="x86", users=["Zoë", "Łukasz"])
def test_an_older_outlook(workstation):
    outlook = workstation.workstation.outlook
    assert (outlook.edition, outlook.bitness) == ("2010", "x86")
    workstation.install({package!r})
    assert {{user.name for user in workstation.users}} == {{"Zoë", "Łukasz"}}
    for user in ("Zoë", "Łukasz"):
        assert workstation.profile("Acme Mail", user=user).services

@pytest.mark.parametrize("windows", [
    pytest.param("x64", marks=pytest.mark.mapiwright(inf=False, languages=[1041])),
    pytest.param("arm64", marks=pytest.mark.mapiwright(install="click-to-run", windows="arm64")),
])
def test_many_of_them(workstation, windows):
    assert not workstation.plan({package!r}).empty
"""


@pytest.fixture
def plugin_is_registered() -> None:
    """A checkout that was installed before there was a plugin does not know it."""
    assert "mapiwright" in entry_points(group="pytest11").names, "install the package again: pip install -e ."


@pytest.mark.usefixtures("plugin_is_registered")
class TestAVendorsSuite:
    def test_installs_looks_and_uninstalls(self, pytester: pytest.Pytester, acme: Path) -> None:
        pytester.makepyfile(VENDORS_TESTS.format(package=str(acme)))
        pytester.runpytest("--strict-markers", "-W", "error").assert_outcomes(passed=4)

    def test_sees_a_failure_as_one(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile("def test_it(workstation): assert 'ACME' in workstation.services")
        pytester.runpytest().assert_outcomes(failed=1)

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            ("edition='2099'", "'2099' is not a valid Edition"),
            ("edition='2003', bitness='arm64'", "there is no such Outlook"),
            ("colour='red'", "colour"),
            ("'2016'", "mapiwright"),
        ],
    )
    def test_is_told_what_there_is_none_of(self, pytester: pytest.Pytester, asked: str, told: str) -> None:
        pytester.makepyfile(f"import pytest\n@pytest.mark.mapiwright({asked})\ndef test_it(workstation): pass")
        result = pytester.runpytest()
        result.assert_outcomes(errors=1)
        assert told in result.stdout.str()

    def test_reads_of_fixture_and_marker_in_pytests_own_help(self, pytester: pytest.Pytester) -> None:
        assert "the Outlook and the users" in pytester.runpytest("--markers").stdout.str()
        pytester.makepyfile("def test_it(): pass")
        assert "workstation -- " in pytester.runpytest("--fixtures").stdout.str()


@pytest.mark.usefixtures("plugin_is_registered")
def test_a_run_that_does_not_ask_for_it_loads_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_it(): pass", encoding="utf-8")
    probe = (
        "import sys, pytest; code = pytest.main(['-q', '-p', 'no:cacheprovider']);"
        "print(code == 0, sorted(name for name in sys.modules if name.startswith('mapiwright.')))"
    )
    ended = subprocess.run([sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "True ['mapiwright.pytest_plugin']"


def test_every_workstation_is_new_and_nobody_elses(acme: Path) -> None:
    first, second = TrialWorkstation.made(), TrialWorkstation.made()
    first.install(acme)
    assert "ACME" in first.services
    assert "ACME" not in second.services


def test_a_user_or_profile_that_is_not_there_is_an_error_with_those_that_are(acme: Path) -> None:
    trial = TrialWorkstation.made(users=["Zoë"])
    with pytest.raises(NotFoundError) as told:
        trial.profile(user="Eve")
    assert told.value.expected == "Zoë"
    with pytest.raises(NotFoundError):
        trial.profile()
    trial.install(acme)
    assert trial.profile().name == "Acme Mail"
    with pytest.raises(NotFoundError, match="acme-mial"):
        trial.uninstall("acme-mial")
