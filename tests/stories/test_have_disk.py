"""Have Disk: somebody names a directory, sees what is there and whether it may be believed, and has it installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.entry.service.contract import EntryPolicy
from mapiwright.errors import ConflictError, FindingsError, FormatError, NotFoundError, RefusedError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.inf.merge import merge
from mapiwright.setup.install.machine_calls import catalogue_at
from mapiwright.setup.package.media import Directory
from mapiwright.setup.package.signatures import SignatureStanding
from mapiwright.setup.publish import signing, sums
from mapiwright.setup.publish.foreign_program import added_services, plan_calls
from mapiwright.setup.publish.have_disk import MediaKind, look, typed_path
from mapiwright.setup.publish.publication import KEY, PROGRAM, SIGNATURE, SUMS
from mapiwright.setup.publish.publish import make_edition, publish
from mapiwright.setup.publish.signing import Trust, trusted_keys
from mapiwright.transaction.records.receipt import receipts
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Mapiwright = Callable[..., Any]
    Keys = Callable[[str], tuple[Path, Path]]
    Closed = Callable[[Path], AbstractContextManager[None]]


def ids(error: FindingsError) -> dict[str, str]:
    return {finding.where: finding.id for finding in error.findings}


class TestWhatIsThere:
    def test_a_publication(self, public: Path, mapiwright: Mapiwright) -> None:
        answer = mapiwright("have-disk", public, "--yes", "--json")
        assert answer.code == 0, answer.err
        disk = answer.document["disk"]
        assert disk["kind"] == "published"
        assert disk["package"]["services"] == ["ACME"]
        assert disk["signature"]["standing"] == "none"
        assert [finding["id"] for finding in disk["findings"]] == ["MW4305"], "unsigned is said so"
        assert "MW4305" in answer.err
        assert answer.document["receipt"]["verb"] == "install"
        assert mapiwright("status", "acme-mail").code == 0

    def test_a_dry_run_shows_it_and_changes_nothing(
        self, public: Path, mapiwright: Mapiwright, picture: Callable[[], dict[str, bytes]]
    ) -> None:
        before = picture()
        answer = mapiwright("have-disk", public, "--dry-run", "--json")
        assert answer.document["disk"]["kind"] == "published"
        assert not answer.document["plan"]["empty"]
        assert picture() == before
        assert mapiwright("have-disk", public).code == 1, "stdin is not a terminal"
        assert picture() == before

    def test_the_options_of_install_hold(self, public: Path, mapiwright: Mapiwright) -> None:
        assert mapiwright("have-disk", public, "--yes", "--profile", "Mine", "--entry", "skip").code == 0
        listed = mapiwright("profile", "list", "--json").document["profiles"]
        assert [row["name"] for row in listed] == ["Mine"]

    def test_a_plain_package(self, acme: Path, mapiwright: Mapiwright) -> None:
        answer = mapiwright("have-disk", acme, "--yes", "--json")
        assert answer.code == 0, answer.err
        assert answer.document["disk"]["kind"] == "package"
        assert "nobody vouches" in answer.err

    def test_a_bare_inf_with_its_dlls(self, acme: Path, mapiwright: Mapiwright, tmp_path: Path) -> None:
        media = tmp_path / "media"
        media.mkdir()
        shutil.copy(acme / "acme.inf", media / "MAPISVC.INF")
        shutil.copy(acme / "x64" / "acme32.dll", media / "ACME32.DLL")
        answer = mapiwright("have-disk", media, "--yes", "--json")
        assert answer.code == 0, answer.err
        assert answer.document["disk"]["kind"] == "bare"
        assert answer.document["disk"]["package"]["id"] == "ACME"

    def test_a_setup_program_that_stands_alone(self, public: Path, mapiwright: Mapiwright, tmp_path: Path) -> None:
        alone = tmp_path / "alone"
        alone.mkdir()
        shutil.copy(public / PROGRAM, alone)
        answer = mapiwright("have-disk", alone, "--yes", "--json")
        assert answer.code == 0, answer.err
        assert answer.document["disk"]["kind"] == "program"
        assert mapiwright("status", "acme-mail").code == 0

    def test_a_setup_program_among_somebody_elses_sums(self, public: Path, tmp_path: Path) -> None:
        (tmp_path / "downloads").mkdir()
        program = tmp_path / "downloads" / "acme-setup.pyz"
        shutil.copy(public / PROGRAM, program)
        (program.parent / SUMS).write_bytes(sums.render({"linux.iso": b"which is not here"}))
        assert look(program).kind is MediaKind.PROGRAM

    def test_a_setup_program_beside_its_publication_vouches_for_all_of_it(self, public: Path) -> None:
        assert look(public / PROGRAM).kind is MediaKind.PUBLISHED
        (public / "README.md").unlink()
        with pytest.raises(FindingsError):
            look(public / PROGRAM)

    @pytest.mark.parametrize("name", ["setup.exe", "Setup_x64.EXE", "acme.msi", "INSTALL.CMD"])
    def test_a_foreign_setup_program(self, name: str, mapiwright: Mapiwright, tmp_path: Path) -> None:
        media = tmp_path / "media"
        media.mkdir()
        (media / name).write_bytes(b"MZ")
        (media / "uninstall.exe").write_bytes(b"MZ")
        (media / "driver.inf").write_bytes(b"[Version]\r\nClass=Net\r\n")
        assert look(media).programs == (name,)
        answer = mapiwright("have-disk", media, "--yes")
        assert answer.code == 1
        assert name in answer.err
        assert "runs no programs" in answer.err
        assert "on that Windows itself" in answer.err

    def test_a_foreign_program_that_was_named(self, acme: Path, tmp_path: Path) -> None:
        media = tmp_path / "media"
        shutil.copytree(acme, media)
        (media / "acme.exe").write_bytes(b"MZ")
        found = look(media / "acme.exe")
        assert (found.kind, found.programs) == (MediaKind.FOREIGN, ("acme.exe",))
        assert look(media / "acme.inf").kind is MediaKind.PACKAGE, "beside the file that was named"

    def test_a_package_beside_a_foreign_program_is_installed_and_that_is_told(
        self, acme: Path, mapiwright: Mapiwright, tmp_path: Path
    ) -> None:
        media = tmp_path / "media"
        shutil.copytree(acme, media)
        (media / "setup.exe").write_bytes(b"MZ")
        answer = mapiwright("have-disk", media, "--yes")
        assert answer.code == 0, answer.err
        assert "setup.exe" in answer.err

    @pytest.mark.parametrize("names", [(), ("readme.txt", "acme.dll"), ("driver.inf",)])
    def test_nothing(self, names: tuple[str, ...], tmp_path: Path) -> None:
        media = tmp_path / "media"
        media.mkdir()
        for name in names:
            (media / name).write_bytes(b"[Version]\r\n")
        with pytest.raises(NotFoundError, match="nothing to install"):
            look(media)

    def test_no_directory(self, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError, match="no such directory"):
            look(tmp_path / "absent")

    @pytest.mark.parametrize("typed", ["{0}", '"{0}"', "  {0}/ ", '"{0}" '])
    def test_a_path_as_people_type_and_paste_it(self, typed: str, tmp_path: Path) -> None:
        assert typed_path(typed.format(tmp_path)) == tmp_path
        assert typed_path("~/Öffentlich") == Path.home() / "Öffentlich"


class TestWhatIsNotAsItWasPublished:
    def test_a_file_with_another_byte(self, public: Path, mapiwright: Mapiwright) -> None:
        dll = public / "x64" / "acme32.dll"
        data = bytearray(dll.read_bytes())
        data[-1] ^= 1
        dll.write_bytes(data)
        answer = mapiwright("have-disk", public, "--yes")
        assert answer.code == 1
        assert "x64/acme32.dll" in answer.err
        assert "MW4301" in answer.err
        assert mapiwright("status", "acme-mail").code == 1, "nothing was installed"

    @pytest.mark.parametrize("name", ["mapiwright.toml", PROGRAM, "docs/welcome.txt"])
    def test_every_file_counts(self, public: Path, name: str) -> None:
        (public / name).write_bytes((public / name).read_bytes() + b" ")
        with pytest.raises(FindingsError) as caught:
            look(public)
        assert ids(caught.value) == {name: "MW4301"}

    def test_files_that_are_missing_and_wrong_are_told_together(self, public: Path) -> None:
        (public / "acme.inf").unlink()
        (public / PROGRAM).unlink()
        (public / "README.md").write_bytes(b"")
        with pytest.raises(FindingsError) as caught:
            look(public)
        assert ids(caught.value) == {"acme.inf": "MW4302", PROGRAM: "MW4302", "README.md": "MW4301"}

    @pytest.mark.parametrize("text", ["", "nonsense\n", "00  ../../etc/passwd\n"])
    def test_sums_that_are_none(self, public: Path, text: str) -> None:
        (public / SUMS).write_text(text, encoding="utf-8")
        with pytest.raises(FindingsError) as caught:
            look(public)
        assert ids(caught.value) == {SUMS: "MW4303"}

    def test_a_file_that_nobody_published_is_no_part_of_it(self, public: Path) -> None:
        (public / "Thumbs.db").write_bytes(b"")
        (public / "acme_service.pyc").write_bytes(b"")
        assert look(public).kind is MediaKind.PUBLISHED

    def test_a_setup_program_that_is_damaged(self, public: Path, tmp_path: Path) -> None:
        data = bytearray((public / PROGRAM).read_bytes())
        whole = tmp_path / "whole.pyz"
        for name, bad in {"cut.pyz": bytes(data[: len(data) // 2]), "text.pyz": b"#!python"}.items():
            (tmp_path / name).write_bytes(bad)
            with pytest.raises(FormatError, match="damaged"):
                look(tmp_path / name)
        whole.write_bytes(data)
        assert look(whole).kind is MediaKind.PROGRAM
        at = data.index(b"package/mapiwright.toml") + 40
        data[at] ^= 0xFF
        whole.write_bytes(data)
        with pytest.raises(FormatError, match=r"whole\.pyz: .*damaged"):
            look(whole)

    def test_a_zip_of_somebody_else(self, tmp_path: Path) -> None:
        import zipfile

        with zipfile.ZipFile(tmp_path / "setup.pyz", "w") as bundle:
            bundle.writestr("__main__.py", "raise SystemExit('it was run')")
        with pytest.raises(RefusedError, match="carries no package"):
            look(tmp_path)

    def test_a_broken_package_is_told_with_all_its_faults(self, acme: Path, tmp_path: Path) -> None:
        media = tmp_path / "media"
        shutil.copytree(acme, media)
        (media / "x64" / "acme32.dll").unlink()
        (media / "docs" / "welcome.txt").unlink()
        with pytest.raises(FindingsError) as caught:
            look(media)
        assert set(ids(caught.value).values()) == {"MW4102"}
        assert len(caught.value.findings) == 2


class TestWhatCannotBeRead:
    def test_a_closed_directory(self, public: Path, closed: Closed) -> None:
        with closed(public), pytest.raises(RefusedError, match=r"(?i)permission denied"):
            look(public)

    def test_a_directory_in_a_closed_one(self, public: Path, closed: Closed) -> None:
        with closed(public), pytest.raises(RefusedError):
            look(public / "docs")

    def test_a_closed_file(self, public: Path, closed: Closed, open_folder: Path) -> None:
        place = open_folder / "public"
        shutil.copytree(public, place)
        with closed(place / "README.md"), pytest.raises(FindingsError) as caught:
            look(place)
        assert ids(caught.value) == {"README.md": "MW4302"}


class TestWhatChangesMeanwhile:
    """Somebody writes to the directory between two of our reads."""

    @pytest.fixture
    def meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], None]:
        """``meanwhile("acme.inf", deed)``: the deed is done once, when that file has been read."""
        read = Directory.read

        def arrange(name: str, action: Callable[[], object]) -> None:
            waiting = [action]

            def reading(self: Directory, path: str, most: int) -> bytes:
                data = read(self, path, most)
                if path == name and waiting:
                    waiting.pop()()
                return data

            monkeypatch.setattr(Directory, "read", reading)

        return arrange

    @pytest.mark.parametrize("name", ["README.md", "x86/acme32.dll"])
    def test_a_file_that_is_written_again(self, public: Path, meanwhile: Callable[..., None], name: str) -> None:
        """Before it was read, its sum is wrong; afterwards, it was right. Neither is what is told."""
        meanwhile("acme.inf", lambda: (public / "README.md").write_bytes(b"newer"))
        meanwhile(name, lambda: (public / name).write_bytes(b"newer"))
        with pytest.raises(ConflictError, match=f"{name} changed while it was read") as caught:
            look(public)
        assert "try again" in caught.value.remedy

    def test_a_file_of_a_plain_package(self, acme: Path, tmp_path: Path, meanwhile: Callable[..., None]) -> None:
        media = tmp_path / "media"
        shutil.copytree(acme, media)
        meanwhile("mapiwright.toml", lambda: (media / "mapiwright.toml").write_bytes(b""))
        with pytest.raises(ConflictError, match="changed while"):
            look(media)

    def test_a_file_that_goes(self, public: Path, meanwhile: Callable[..., None]) -> None:
        meanwhile(SUMS, (public / "README.md").unlink)
        with pytest.raises(ConflictError, match="changed while"):
            look(public)

    def test_a_directory_that_another_one_replaces(
        self, public: Path, acme: Path, meanwhile: Callable[..., None]
    ) -> None:
        edition = make_edition(acme)
        meanwhile("acme.inf", lambda: publish(edition, public))
        with pytest.raises(ConflictError, match="changed while"):
            look(public)


class TestTrust:
    @pytest.fixture
    def signed(self, acme: Path, tmp_path: Path, keys: Keys) -> Path:
        """Acme Mail as its vendor signed it."""
        publish(make_edition(acme, key_file=keys("vendor")[0]), tmp_path / "signed")
        return tmp_path / "signed"

    def test_a_trusted_key(self, signed: Path, mapiwright: Mapiwright, tmp_path: Path) -> None:
        answer = mapiwright("have-disk", signed, "--yes", "--json", "--trust", tmp_path / "vendor.pem")
        assert answer.code == 0, answer.err
        assert answer.document["disk"]["signature"]["standing"] == "good"
        assert answer.document["disk"]["signature"]["signer"].startswith("vendor.pem, SHA256:")

    def test_a_key_may_be_named_by_the_variable(
        self, signed: Path, mapiwright: Mapiwright, keys: Keys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MAPIWRIGHT_TRUST", str(keys("other")[1]))
        assert mapiwright("have-disk", signed, "--dry-run").code == 1
        monkeypatch.setenv("MAPIWRIGHT_TRUST", os.pathsep.join(map(str, signed.parent.glob("*.pem"))))
        assert mapiwright("have-disk", signed, "--dry-run").code == 0

    def test_a_key_that_nobody_trusts_is_said_so_and_refused_where_another_is_demanded(
        self, signed: Path, mapiwright: Mapiwright, keys: Keys
    ) -> None:
        other = keys("other")[1]
        answer = mapiwright("have-disk", signed, "--yes", "--trust", other)
        assert answer.code == 1
        assert "another key, SHA256:" in answer.err
        assert "other.pem" in answer.err
        assert mapiwright("status", "acme-mail").code == 1
        answer = mapiwright("have-disk", signed, "--dry-run", "--json")
        assert answer.document["disk"]["signature"]["standing"] == "untrusted"
        assert "MW4306" in answer.err

    @pytest.mark.parametrize("kind", ["published", "package", "program"])
    def test_what_is_not_signed_is_refused_where_a_key_is_demanded(
        self, public: Path, acme: Path, mapiwright: Mapiwright, keys: Keys, tmp_path: Path, kind: str
    ) -> None:
        shutil.copy(public / PROGRAM, tmp_path / "alone.pyz")
        place = {"published": public, "package": acme, "program": tmp_path / "alone.pyz"}[kind]
        answer = mapiwright("have-disk", place, "--yes", "--trust", keys("vendor")[1])
        assert answer.code == 1
        assert "not signed" in answer.err
        assert mapiwright("status", "acme-mail").code == 1

    def test_sums_that_were_made_to_fit_have_a_wrong_signature(self, signed: Path) -> None:
        (signed / "README.md").write_bytes(b"forged")
        listed = {name: (signed / name).read_bytes() for name in sums.parse((signed / SUMS).read_bytes())}
        (signed / SUMS).write_bytes(sums.render(listed))
        with pytest.raises(FindingsError) as caught:
            look(signed)
        assert ids(caught.value) == {SIGNATURE: "MW4304"}

    @pytest.mark.parametrize("name", [SIGNATURE, KEY])
    @pytest.mark.parametrize("data", [None, b"", b"nonsense", b"\0" * 64])
    def test_a_signature_or_key_that_is_none(self, signed: Path, name: str, data: bytes | None) -> None:
        (signed / name).unlink()
        if data is not None:
            (signed / name).write_bytes(data)
        with pytest.raises(FindingsError) as caught:
            look(signed)
        assert ids(caught.value) == {SIGNATURE: "MW4304"}

    def test_a_forger_who_signs_himself_is_another_signer(self, signed: Path, acme: Path, keys: Keys) -> None:
        trust = trusted_keys([signed.parent / "vendor.pem"], signed)
        assert look(signed, trust=trust).signature.standing is SignatureStanding.GOOD
        publish(make_edition(acme, key_file=keys("forger")[0]), signed)
        assert look(signed, trust=Trust(trust.keys)).signature.standing is SignatureStanding.UNTRUSTED

    def test_without_the_library_a_signature_is_said_to_be_unverified(
        self, signed: Path, mapiwright: Mapiwright, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "cryptography", None)
        answer = mapiwright("have-disk", signed, "--dry-run", "--json")
        assert answer.document["disk"]["signature"]["standing"] == "unverified"
        assert "MW4307" in answer.err
        assert mapiwright("have-disk", signed, "--yes", "--trust", signed.parent / "vendor.pem").code == 1
        (signed / "README.md").write_bytes(b"forged")
        assert mapiwright("have-disk", signed, "--dry-run").code == 1, "the sums are looked at all the same"

    @pytest.mark.skipif(sys.platform == "win32", reason="modes do not tell there")
    def test_the_administrators_folder_is_believed_where_only_he_can_write(
        self, signed: Path, mapiwright: Mapiwright, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "etc"))
        folder = signing.keys_folder()
        folder.mkdir(parents=True, mode=0o755)
        shutil.copy(tmp_path / "vendor.pem", folder)
        # macOS has a place that no variable names. Of the verb, so that it is imported before, and keeps no patch.
        monkeypatch.setattr("mapiwright.ui.cli.packages.disk.keys_folder", lambda: folder)
        answer = mapiwright("have-disk", signed, "--dry-run", "--json")
        assert answer.document["disk"]["signature"]["standing"] == "good"
        (folder / "vendor.pem").chmod(0o666)
        answer = mapiwright("have-disk", signed, "--dry-run", "--json")
        assert answer.code == 1
        assert "users other than the administrator" in answer.err
        (folder / "vendor.pem").unlink()
        folder.chmod(0o777)
        assert mapiwright("have-disk", signed, "--dry-run").code == 1

    def test_a_key_that_is_not_there_or_none(self, signed: Path, mapiwright: Mapiwright, tmp_path: Path) -> None:
        for name in ("absent.pem", "vendor.key"):
            answer = mapiwright("have-disk", signed, "--yes", "--trust", tmp_path / name)
            assert answer.code == 1
            assert name in answer.err


class TestWhatAForeignProgramAdded:
    """The program is simulated: its one trace is what MAPISVC.INF is afterwards."""

    ADDED = (
        "[Services]\r\nNEWS=News\r\nQUIET=Quiet\r\n"
        "[NEWS]\r\nPR_DISPLAY_NAME=News\r\nPR_SERVICE_DLL_NAME=news.dll\r\nPR_SERVICE_ENTRY_NAME=ServiceEntry\r\n"
        "[QUIET]\r\nPR_DISPLAY_NAME=Quiet\r\n"
    )

    def run_the_program(self, folder: Path) -> None:
        path = next(path for path in folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
        before = inf.parse(path.read_bytes(), "cp1252")
        text = inf.render(merge(before, inf.parse(self.ADDED.encode(), "cp1252")).inf)
        path.write_bytes(text.replace(b"Outlook Address Book", b"Addresses"))

    def test_the_services_that_it_added_are_told_of_their_installation(self, workstation_folder: Path) -> None:
        uri = f"image:{workstation_folder}"
        here = open_workstation(uri)
        before = catalogue_at(here, here.outlook.inf_path)
        self.run_the_program(workstation_folder)
        there = open_workstation(uri)
        assert added_services(before, catalogue_at(there, there.outlook.inf_path)) == ("NEWS", "QUIET")
        plan = plan_calls(there, before)
        assert [str(effect.title) for effect in plan.effects] == ["call NEWS with MSG_SERVICE_INSTALL"]
        execute(plan, there)
        (receipt,) = receipts(there)
        assert [effect.status for effect in receipt.effects] == ["pending"]

    def test_it_is_called_only_as_asked(self, workstation_folder: Path) -> None:
        here = open_workstation(f"image:{workstation_folder}")
        before = catalogue_at(here, here.outlook.inf_path)
        assert plan_calls(here, before).empty
        self.run_the_program(workstation_folder)
        (call,) = plan_calls(open_workstation(here.uri), before, policy=EntryPolicy.REQUIRE).effects
        assert call.describe()["policy"] == "require"

    def test_a_service_that_was_there_or_went_is_not_added(self) -> None:
        def catalogue(*names: str) -> Catalogue:
            return Catalogue.of(
                inf.parse("".join(("[Services]\r\n", *(f"{n}=x\r\n" for n in names))).encode(), "cp1252")
            )

        assert added_services(catalogue("ONE", "TWO"), catalogue("two", "Three")) == ("Three",)
        assert added_services(catalogue(), catalogue()) == ()
