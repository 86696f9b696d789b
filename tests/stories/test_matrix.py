"""A vendor's package on every kind of Outlook, as his build server sees it."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from mapiwright.entry.hosts.interpreter import ThisPython
from mapiwright.message import Message
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.uninstall import Removal, plan_uninstall
from mapiwright.setup.package.package import open_package
from mapiwright.setup.trial import matrix
from mapiwright.setup.trial.matrix import ALL, QUICK, Case, MatrixPlace, MatrixRow, MatrixStep, StepVerdict, try_all
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.workstation.outlook.office_layout import EVERY_INSTALLATION, OutlookInstallation
from mapiwright.workstation.workstation import Bitness, Edition, Install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from mapiwright.entry.hosts.wine import WinePython

    Mapiwright = Callable[..., Any]

X64 = Case((OutlookInstallation.usual(Edition.OUTLOOK_2016, Bitness.X64),))
X86 = Case((OutlookInstallation.usual(Edition.OUTLOOK_2016, Bitness.X86),))
ARM64 = Case((OutlookInstallation.usual(Edition.OUTLOOK_2016, Bitness.ARM64),))


@pytest.fixture
def package(acme: Path, tmp_path: Path) -> Path:
    """A copy of Acme Mail, to be spoiled."""
    return shutil.copytree(acme, tmp_path / "package")


@pytest.fixture
def spoil(package: Path) -> Callable[[str, str, str], Path]:
    """``spoil("acme.inf", "old", "new")`` replaces a text in a file of the package."""

    def replace(name: str, old: str, new: str) -> Path:
        text = (package / name).read_text(encoding="utf-8")
        assert old in text
        (package / name).write_text(text.replace(old, new), encoding="utf-8")
        return package

    return replace


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``only(X64)`` makes a matrix that is done before one looks away."""
    from mapiwright.ui.cli.packages import matrix as verb

    def choose(*cases: Case) -> None:
        monkeypatch.setitem(verb.MATRICES, "quick", cases)

    return choose


def verdicts(row: MatrixRow) -> dict[MatrixStep, str]:
    return {cell.step: cell.verdict.value for cell in row.cells}


def fault(row: MatrixRow, step: MatrixStep) -> str:
    cell = next(cell for cell in row.cells if cell.step is step)
    assert cell.verdict is StepVerdict.FAILED
    return cell.message


def passes(rows: list[dict[str, Any]]) -> None:
    """All cells of all layouts, but for those that Acme Mail has no files for."""
    for row in rows:
        skipped = {("skipped", "the package has no DLL for arm64")}
        expected = skipped if "arm64 C2R" in row["layout"] else {("passed", "")}
        assert {(cell["verdict"], cell["message"]) for cell in row["cells"]} == expected, row
        assert [cell["step"] for cell in row["cells"]] == list(MatrixStep)


def test_acme_mail_passes_on_every_outlook(mapiwright: Mapiwright, acme: Path) -> None:
    answer = mapiwright("test", acme, "--json")
    assert answer.code == 0, answer.out
    rows = answer.document["matrix"]["rows"]
    assert [row["layout"] for row in rows] == [case.name for case in QUICK]
    passes(rows)


def test_it_passes_on_every_way_in_which_one_of_them_may_lie(
    mapiwright: Mapiwright, acme: Path, only: Callable[..., None]
) -> None:
    outlook = ("2016", "x86", "click-to-run")
    clients = [(case, case.outlooks[0]) for case in ALL]
    ways = [case for case, one in clients if (one.edition, one.bitness, one.install) == outlook]
    assert len(ways) == 7
    only(*ways)
    passes(mapiwright("test", acme, "--json").document["matrix"]["rows"])


@pytest.mark.nightly
def test_it_passes_on_all_of_them_in_all_these_ways(mapiwright: Mapiwright, acme: Path) -> None:
    rows = mapiwright("test", acme, "--matrix", "all", "--json").document["matrix"]["rows"]
    assert [row["layout"] for row in rows] == [case.name for case in ALL]
    passes(rows)


def test_the_matrix_holds_every_outlook_machine_language_and_no_layout_twice() -> None:
    assert {case.outlooks[0] for case in QUICK} == set(EVERY_INSTALLATION)
    assert len({case.name for case in ALL}) == len(ALL)
    clients = [case.outlooks[0] for case in ALL]
    assert {(client.edition, client.bitness, client.install) for client in clients if not client.inf} == {
        (each.edition, each.bitness, each.install) for each in EVERY_INSTALLATION
    }
    assert {client.languages for client in clients} == {(1033,), (1041,), (1031, 1033)}
    assert {case.windows for case in ALL} == {None, Bitness.X86, Bitness.ARM64}
    assert any(len(case.outlooks) == 2 for case in ALL)
    assert {client.install for client in clients} == set(Install)


def test_it_is_one_table(mapiwright: Mapiwright, acme: Path, only: Callable[..., None]) -> None:
    only(X86, X64, ARM64)
    answer = mapiwright("test", acme)
    assert answer.code == 0, answer.out
    head, first, second, third, blank, total = answer.out.splitlines()
    assert head.split() == ["layout", *MatrixStep]
    assert first.split() == ["Outlook", "2016", "x86", *["ok"] * 6]
    assert second.index(" ok") + 1 == head.index("install")
    assert third.endswith("  skipped: the package has no DLL for arm64")
    assert not blank
    assert total == "2 layouts: 12 steps passed, 0 failed; 1 layout skipped"


def test_it_also_runs_on_trees_with_real_hives_and_leaves_none_behind(
    acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (row,) = try_all(open_package(acme), [X64], place=MatrixPlace.IMAGE)
    assert set(verdicts(row).values()) == {"passed"}, row
    assert not list(tmp_path.glob("mapiwright-*"))


def test_no_workstation_of_the_user_is_touched(
    mapiwright: Mapiwright, acme: Path, only: Callable[..., None], picture: Callable[[], dict[str, bytes]]
) -> None:
    only(X64)
    before = picture()
    assert mapiwright("test", acme).code == 0
    assert picture() == before


class TestFaults:
    """Each step finds what it is there for."""

    def test_a_dll_in_the_wrong_place_fails_where_it_is_listed(self, package: Path) -> None:
        """It is listed for x64, so it is not skipped there: that would hide the mistake."""
        shutil.copyfile(package / "x86/acme32.dll", package / "x64/acme32.dll")
        good, bad = try_all(open_package(package), [X86, X64])
        assert set(verdicts(good).values()) == {"passed"}
        assert "MW4202" in fault(bad, MatrixStep.INSTALL)
        assert list(verdicts(bad).values()) == ["failed", *["skipped"] * 3, "failed", "skipped"]

    def test_a_service_that_fails_fails_the_step_in_which_it_was_called(
        self, spoil: Callable[[str, str, str], Path]
    ) -> None:
        package = spoil("acme_service.py", "def service_entry(", "def unused(")
        (row,) = try_all(open_package(package), [X64])
        assert "service_entry" in fault(row, MatrixStep.INSTALL)
        assert next(cell.message for cell in row.cells if cell.step is MatrixStep.AGAIN) == "not reached"

    def test_what_an_uninstall_leaves_is_named(self, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def forgetful(*arguments: Any) -> Removal:
            removal = plan_uninstall(*arguments)
            steps = tuple(
                step for step in removal.plan.steps if not isinstance(step, Leg) or str(step.title) == "MAPISVC.INF"
            )
            return Removal(Plan("uninstall", Message.literal("uninstall"), steps, removal.plan.terms), removal.kept)

        monkeypatch.setattr(matrix, "plan_uninstall", forgetful)
        (row,) = try_all(open_package(acme), [X64])
        assert verdicts(row)[MatrixStep.UNINSTALL] == "passed"
        told = fault(row, MatrixStep.BYTES)
        assert "acme32.dll" in told
        assert re.search(r"and \d+ more$", told)
        assert "not as before" in fault(row, MatrixStep.REMOVED)

    def test_what_would_be_done_again_is_named(self, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matrix, "execute", lambda *_, **__: None)
        (row,) = try_all(open_package(acme), [X64])
        assert "ACME" in fault(row, MatrixStep.INSTALL), (
            "its service is not in MAPISVC.INF, although nobody complained"
        )

    def test_a_plan_that_is_not_empty_the_second_time(self, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        kept: list[Plan] = []

        def forgetful(*arguments: Any) -> Plan:
            kept.append(plan_install(*arguments))
            return kept[0]

        monkeypatch.setattr(matrix, "plan_install", forgetful)
        (row,) = try_all(open_package(acme), [X64])
        assert "it would change" in fault(row, MatrixStep.AGAIN)


class TestUpgrade:
    def test_is_from_the_older_package(self, acme: Path, spoil: Callable[[str, str, str], Path]) -> None:
        older = spoil("mapiwright.toml", '"4.2.1"', '"4.1"')
        (row,) = try_all(open_package(acme), [X64], older=open_package(older))
        assert set(verdicts(row).values()) == {"passed"}

    def test_finds_an_older_one_that_does_not_install(
        self, mapiwright: Mapiwright, acme: Path, package: Path, only: Callable[..., None]
    ) -> None:
        only(X64)
        (package / "x64/acme32.dll").write_bytes(b"MZ")
        answer = mapiwright("test", acme, "--from", package)
        assert answer.code == 1
        assert "Outlook 2016 x64, upgrade:" in answer.out
        assert "1 failed" in answer.out

    def test_from_another_package_makes_no_sense(
        self, mapiwright: Mapiwright, acme: Path, spoil: Callable[[str, str, str], Path]
    ) -> None:
        answer = mapiwright("test", acme, "--from", spoil("mapiwright.toml", '"acme-mail"', '"acme-fax"'))
        assert answer.code == 2
        assert "acme-fax is another package" in answer.err

    def test_is_skipped_where_there_was_no_older_one(
        self, acme: Path, spoil: Callable[[str, str, str], Path]
    ) -> None:
        older = spoil("mapiwright.toml", 'x86 = ["x86/acme32.dll"]\n', "")
        (row,) = try_all(open_package(acme), [X86], older=open_package(older))
        assert verdicts(row)[MatrixStep.BYTES] == "passed"
        assert verdicts(row)[MatrixStep.UPGRADE] == "skipped"
        assert "4.2.1 has no DLL for x86" in {cell.message for cell in row.cells}


class TestBareMedia:
    def test_of_one_machine_is_for_its_outlooks_only(self, acme: Path, tmp_path: Path) -> None:
        media = tmp_path / "media"
        media.mkdir()
        shutil.copyfile(acme / "acme.inf", media / "mapisvc.inf")
        shutil.copyfile(acme / "x86/acme32.dll", media / "acme32.dll")
        rows = try_all(open_package(media), [X86, X64])
        assert [set(verdicts(row).values()) for row in rows] == [{"passed", "pending"}, {"skipped"}]


class TestFormats:
    @pytest.fixture
    def bad(self, package: Path, only: Callable[..., None]) -> Path:
        """A package that fails on x64 and is not for ARM64."""
        only(X86, X64, ARM64)
        (package / "x64/acme32.dll").write_bytes((package / "x86/acme32.dll").read_bytes())
        return package

    def test_a_failure_is_told_in_full_below_the_table(self, mapiwright: Mapiwright, bad: Path) -> None:
        answer = mapiwright("test", bad)
        assert answer.code == 1
        assert re.search(r"^Outlook 2016 x64 +FAILED +-  ", answer.out, re.MULTILINE)
        assert "Outlook 2016 x64, install:" in answer.out
        assert "MW4202" in answer.out

    def test_junit(self, mapiwright: Mapiwright, bad: Path) -> None:
        answer = mapiwright("test", bad, "--format", "junit")
        assert answer.code == 1
        suite = ET.fromstring(answer.out)  # noqa: S314 - our own
        assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped")} == {
            "name": "mapiwright test acme-mail",
            "tests": "18",
            "failures": "2",
            "skipped": "10",
        }
        failed = suite.find("testcase[@classname='Outlook 2016 x64'][@name='install']/failure")
        assert failed is not None
        assert "MW4202" in (failed.text or "")
        skipped = suite.find("testcase[@classname='Outlook 2016 arm64 C2R']/skipped")
        assert skipped is not None
        assert skipped.get("message") == "the package has no DLL for arm64"

    def test_github(self, mapiwright: Mapiwright, bad: Path) -> None:
        answer = mapiwright("test", bad, "--format", "github")
        assert answer.code == 1
        assert "steps passed" in answer.out, "the table is in the log"
        annotations = [line for line in answer.out.splitlines() if line.startswith("::")]
        assert len(annotations) == 2
        assert annotations[0].startswith("::error title=acme-mail on Outlook 2016 x64%3A install::")
        assert "%0A" in annotations[0], "one line, whatever it tells"

    def test_json_counts_and_a_second_format_beside_it_is_refused(self, mapiwright: Mapiwright, bad: Path) -> None:
        assert mapiwright("test", bad, "--json").document["matrix"]["failed"] == 2
        assert mapiwright("test", bad, "--json", "--format", "junit").code == 2

    def test_a_package_for_none_of_them_is_no_success(
        self, mapiwright: Mapiwright, acme: Path, only: Callable[..., None]
    ) -> None:
        only(ARM64)
        answer = mapiwright("test", acme)
        assert answer.code == 1
        assert "0 failed; 1 layout skipped" in answer.out

    def test_a_package_with_faults_is_refused_before_anything_is_tried(
        self, mapiwright: Mapiwright, package: Path
    ) -> None:
        (package / "acme.inf").unlink()
        answer = mapiwright("test", package)
        assert answer.code == 1
        assert "MW4102" in answer.err
        assert not answer.out


def test_the_package_s_own_dll_is_called_where_a_python_loads_it(
    spoil: Callable[[str, str, str], Path], mapiwright: Mapiwright, only: Callable[..., None], wine: WinePython
) -> None:
    """The stand-in is as good as ever, and what the INF names is another function of the DLL."""
    only(X64, X86)
    package = spoil("acme.inf", "PR_SERVICE_ENTRY_NAME=ServiceEntry", "PR_SERVICE_ENTRY_NAME=MSProviderInit")
    shown = mapiwright("test", package, "--host", wine.name, "--json")
    called, not_called = shown.document["matrix"]["rows"]
    assert (shown.code, called["host"], not_called["host"]) == (1, wine.name, None), "the Python is x64"
    assert "MSProviderInit in acme32.dll, MSG_SERVICE_INSTALL" in called["cells"][0]["message"]
    passes([not_called])


@pytest.mark.skipif(ThisPython.kind == "pe", reason="this Python loads DLLs")
def test_a_host_that_loads_no_dll_is_refused(acme: Path, mapiwright: Mapiwright) -> None:
    refused = mapiwright("test", acme, "--host", "here")
    assert refused.code == 2
    assert "expected wine:PREFIX, or a Python on Windows" in refused.err
