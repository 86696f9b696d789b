"""The Control Panel and the services of the workstation: Have Disk, what is installed, what waits, what was done."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from screen_walks import LARGE, fill, focus, keys, panel_on, pick, push, sees, settle, typed, walk
from textual.widgets import Button, Input, Tree

from mapiwright.entry.service.record import ServiceRecord
from mapiwright.setup.install.profile_policy import ProfilePolicy, ProfileRequest
from mapiwright.setup.publish import sums
from mapiwright.setup.publish.publication import PROGRAM, SUMS
from mapiwright.setup.publish.publish import make_edition, publish
from mapiwright.setup.publish.signing import trusted_keys
from mapiwright.transaction.records.receipt import receipts
from mapiwright.workstation.change import WriteFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from mapiwright.ui.screens.panel.panel import PanelApp

OK = push("#ok")
CLOSE = push("#cancel")
TO_DISK = (push("#services"), keys("insert"))


def looks(path: Path | str) -> tuple[Any, ...]:
    """Type a path, and look."""
    return (fill("#path", str(path)), keys("enter"))


async def cannot_install(app: PanelApp, _pilot: Pilot[None]) -> None:
    assert app.screen.query_one("#install", Button).disabled


class TestHaveDisk:
    def test_a_publication_is_installed_and_its_service_is_added_to_a_profile(self, desk: Any, public: Path) -> None:
        desk.do(desk.edit(lambda profiles: profiles.create_profile("Work")))
        app = walk(
            panel_on(desk),
            keys("enter"),
            push("#add"),
            sees("Outlook Address Book (CONTAB)"),
            push("#disk"),
            *looks(public),
            sees("a published package", "Acme Mail for Outlook 4.2.1", "MW4305", "unsigned"),
            push("#install"),
            sees(
                "Install Acme Mail for Outlook 4.2.1?", "MSG_SERVICE_INSTALL", "mapiwright have-disk", "--no-profile"
            ),
            OK,
            sees("Add Service to Profile", "Acme Mail (ACME)"),
            push("#ok"),
            sees("Work Properties", "Acme Mail (ACME)"),
            push("#ok"),
            sees("mapiwright profile add-service Work ACME", "MSG_SERVICE_CREATE"),
            OK,
            sees("Work   ACME"),
        )
        install, _create, edit = receipts(desk.workstation)[-2:][0], None, app.panel.panel.receipts[-1]
        assert "MSG_SERVICE_INSTALL" in str(install.effects[0].title)
        assert [effect.description["context"] for effect in edit.effects] == ["CREATE"]

    def test_a_directory_is_found_by_who_does_not_know_its_path(self, desk: Any, public: Path) -> None:
        from mapiwright.ui.screens.panel.add import HaveDisk

        async def browse(app: PanelApp, pilot: Pilot[None]) -> None:
            screen = app.screen
            assert isinstance(screen, HaveDisk)
            await focus("#tree")(app, pilot)
            await settle(app, pilot)
            for _ in range(200):  # directories are read beside the screen
                await pilot.press("down", "enter")
                await settle(app, pilot)
                if screen.query_one("#path", Input).value == str(public):
                    break
            assert screen.query_one("#path", Input).value == str(public)

        walk(
            panel_on(desk, start=public.parent),
            *TO_DISK,
            browse,
            push("#look"),
            sees("a published package"),
            size=LARGE,
        )

    def test_a_bare_inf_with_its_dlls(self, desk: Any, acme: Path, tmp_path: Path) -> None:
        media = tmp_path / "media"
        media.mkdir()
        shutil.copy(acme / "acme.inf", media / "MAPISVC.INF")
        shutil.copy(acme / "x64" / "acme32.dll", media / "ACME32.DLL")
        app = walk(
            panel_on(desk),
            *TO_DISK,
            *looks(media),
            sees("an INF and its DLLs"),
            push("#install"),
            OK,
            sees("Acme Mail (ACME)", "1 call to be sent"),
            keys("escape"),
        )
        assert len(app.panel.panel.receipts) == 1

    def test_a_setup_program_that_stands_alone(self, desk: Any, public: Path, tmp_path: Path) -> None:
        alone = tmp_path / "acme-setup.pyz"
        shutil.copy(public / PROGRAM, alone)
        walk(
            panel_on(desk),
            *TO_DISK,
            *looks(alone),
            sees("a setup program that carries its package"),
            push("#install"),
            OK,
            sees("Acme Mail (ACME)"),
        )

    def test_a_foreign_program_is_named_and_not_run(self, desk: Any, tmp_path: Path) -> None:
        (tmp_path / "setup.exe").write_bytes(b"MZ")
        before = desk.picture()
        walk(
            panel_on(desk),
            *TO_DISK,
            *looks(tmp_path),
            sees("the vendor's own setup program: setup.exe"),
            push("#install"),
            sees("This cannot be done", "setup.exe is its vendor's own setup program", "on that Windows itself"),
            CLOSE,
            sees("Have Disk"),
        )
        assert desk.picture() == before

    @pytest.mark.parametrize(
        ("spoil", "told"),
        [
            (lambda public: (public / "acme.inf").write_bytes(b"[Services]\r\n"), "MW4301"),
            (shutil.rmtree, "there is no such directory"),
            (lambda public: [each.unlink() for each in public.rglob("*") if each.is_file()], "nothing to install"),
            (lambda public: (public / SUMS).write_bytes(b"\xff\xfe"), SUMS),
        ],
        ids=["wrong sum", "gone", "empty", "sums of nothing"],
    )
    def test_what_is_wrong_with_it_is_told_and_nothing_can_be_installed(
        self, desk: Any, public: Path, spoil: Callable[[Path], object], told: str
    ) -> None:
        spoil(public)
        before = desk.picture()
        walk(panel_on(desk), *TO_DISK, *looks(public), sees("This cannot be done", told), CLOSE, cannot_install)
        assert desk.picture() == before

    def test_a_broken_package_tells_all_its_faults(self, desk: Any, release: Callable[..., Path]) -> None:
        package = release("5.0", {"acme.inf": {"PR_SERVICE_DLL_NAME=acme.dll": "PR_SERVICE_DLL_NAME=lost.dll"}})
        (package / "mapiwright.toml").write_text("id = 5\n", encoding="utf-8")
        walk(panel_on(desk), *TO_DISK, *looks(package), sees("This cannot be done"), CLOSE, cannot_install)

    def test_a_wrong_signature_and_one_that_nobody_trusts(
        self, desk: Any, acme: Path, tmp_path: Path, keys: Callable[[str], tuple[Path, Path]]
    ) -> None:
        from mapiwright.setup.publish.publication import SIGNATURE

        private, public_key = keys("vendor")
        _, stranger = keys("stranger")
        folder = tmp_path / "signed"
        publish(make_edition(acme, key_file=private), folder)
        trusting = trusted_keys([public_key], tmp_path)
        walk(panel_on(desk, trust=trusting), *TO_DISK, *looks(folder), sees("a published package", "vendor"))
        walk(
            panel_on(desk, trust=trusted_keys([stranger], tmp_path)),
            *TO_DISK,
            *looks(folder),
            sees("This cannot be done"),
            CLOSE,
            cannot_install,
        )
        data = bytearray((folder / SIGNATURE).read_bytes())
        data[0] ^= 1
        (folder / SIGNATURE).write_bytes(data)
        walk(panel_on(desk), *TO_DISK, *looks(folder), sees("This cannot be done", "MW4304"), CLOSE, cannot_install)

    def test_what_was_seen_is_what_is_installed(self, desk: Any, public: Path) -> None:
        dlls = list(public.rglob("*.dll"))

        async def replaced(_app: PanelApp, _pilot: Pilot[None]) -> None:
            for each in dlls:
                each.write_bytes(b"MZ something else")
            (public / SUMS).write_bytes(sums.render({}))

        walk(panel_on(desk), *TO_DISK, *looks(public), replaced, push("#install"), OK, sees("Acme Mail (ACME)"))
        installed = [data for path, data in desk.picture()[1].items() if path.endswith("acme32.dll")]
        assert installed
        assert b"something else" not in installed[0]

    def test_names_of_strangers_steer_no_terminal(self, desk: Any, tmp_path: Path) -> None:
        (tmp_path / "e\x1b]2;OWNED\x07\u202e").mkdir()

        async def no_controls(app: PanelApp, _pilot: Pilot[None]) -> None:
            drawn = "".join(strip.text for strip in app.screen._compositor.render_strips())
            assert "OWNED" in drawn
            assert not {"\x1b", "\x07", "\u202e"} & set(drawn)

        walk(panel_on(desk, start=tmp_path), *TO_DISK, _until_it_is_read, no_controls, size=LARGE)

    def test_the_home_of_nobody_is_told(self, desk: Any) -> None:
        walk(panel_on(desk), *TO_DISK, *looks("~nobody-of-that-name/x"), sees("This cannot be done", "no such user"))

    def test_another_path_is_another_disk(self, desk: Any, public: Path) -> None:
        walk(panel_on(desk), *TO_DISK, *looks(public), fill("#path", "/elsewhere"), cannot_install)


async def _until_it_is_read(app: PanelApp, pilot: Pilot[None]) -> None:
    """Directories are read beside the screen."""
    for _ in range(200):
        await settle(app, pilot)
        if app.screen.query_one("#tree", Tree).root.children:
            return


@dataclass(frozen=True)
class AcmeStandIn:
    """Code that comes when calls wait already."""

    sources: dict[str, bytes]
    entry: str = "acme_service:service_entry"
    wizard: str = ""
    deadline: float = 20.0


@pytest.fixture
def ready(desk: Any, acme: Path) -> Any:
    """A workstation where Zoë has Acme Mail in a profile, and Łukasz has none."""
    desk.install(acme, "Zoë")
    return desk


class TestInstalledServices:
    def test_what_is_known_of_a_service(self, ready: Any) -> None:
        walk(
            panel_on(ready),
            push("#services"),
            sees("Outlook Address Book (CONTAB)", "Acme Mail (ACME)   acme-mail 4.2.1"),
            keys("end", "enter"),
            sees("About Acme Mail", "ServiceEntry in acme.dll", "MAPI_STORE_PROVIDER"),
        )

    def test_a_package_is_removed_and_the_bytes_are_as_before(self, desk: Any, acme: Path) -> None:
        before = desk.inf
        desk.install(acme, "Zoë")
        app = walk(
            panel_on(desk),
            push("#services"),
            keys("end", "delete"),
            sees("Remove the package acme-mail", "as the package says"),
            pick("#ask-profiles", "down"),
            OK,
            sees("Remove the package acme-mail?", "mapiwright uninstall acme-mail --profiles remove"),
            OK,
            keys("escape"),
            sees("Done. Receipt"),
        )
        assert desk.inf == before
        assert len(app.panel.panel.receipts) == 1

    def test_what_somebody_deleted_is_put_back(self, ready: Any) -> None:
        files, before = ready.workstation.files, ready.picture()
        (dll,) = [path for path in before[1] if path.endswith("acme32.dll")]
        files.apply([WriteFile(dll, files.read(dll), None)])
        walk(
            panel_on(ready),
            push("#services"),
            keys("end"),
            push("#repair"),
            sees("mapiwright repair acme-mail"),
            OK,
            push("#guard"),
            sees("There is nothing to do"),
        )
        assert ready.picture() == before

    def test_a_service_that_nobody_here_brought_can_only_be_looked_at(self, desk: Any) -> None:
        async def able(app: PanelApp, _pilot: Pilot[None]) -> None:
            shut = {each.id for each in app.screen.query(Button) if each.disabled}
            assert shut == {"send", "repair", "guard", "uninstall"}

        walk(panel_on(desk), push("#services"), able, keys("delete"), sees("Message services of this workstation"))

    def test_calls_that_wait_are_sent_one_after_the_other(
        self, desk: Any, acme: Path, release: Callable[..., Path], kept: Callable[..., None]
    ) -> None:
        stand_in = {
            'entry = "acme_service:service_entry"\n': "",
            'sources = ["acme_service.py"]\n': "",
            "deadline = 20\n": "",
        }
        desk.install(release("4.0", {"mapiwright.toml": stand_in}), "Zoë")
        code = AcmeStandIn({"acme_service.py": (acme / "acme_service.py").read_bytes()})
        record = ServiceRecord.of("ACME", package="acme-mail", version="4.0", stand_in=code)
        kept(desk.workstation, record, code.sources)
        app = walk(
            panel_on(desk),
            push("#services"),
            sees("3 calls to be sent"),
            push("#send"),
            sees("Send the pending call to ACME?", "mapiwright service call ACME --pending"),
            OK,
            OK,
            sees("MSG_SERVICE_CONFIGURE"),
            CLOSE,
            sees("1 call to be sent"),
            keys("escape"),
        )
        sent = [(each.effects[0].description["context"], each.effects[0].status) for each in app.panel.panel.receipts]
        assert sent == [("INSTALL", "done"), ("CREATE", "done")]

    def test_calls_that_cannot_be_sent_here_say_how(self, desk: Any, acme: Path, tmp_path: Path) -> None:
        media = tmp_path / "media"
        media.mkdir()
        shutil.copy(acme / "acme.inf", media / "MAPISVC.INF")
        shutil.copy(acme / "x64" / "acme32.dll", media / "ACME32.DLL")
        desk.install(media, "Zoë", request=ProfileRequest(ProfilePolicy.NONE))
        walk(
            panel_on(desk), push("#services"), push("#send"), sees("No code of these services can run here", "--host")
        )


class TestHistory:
    def test_what_was_done_is_shown_and_taken_back(self, ready: Any) -> None:
        before = ready.picture()
        walk(
            panel_on(ready),
            push("#copy"),
            keys(*typed("Spare"), "enter"),
            OK,
            push("#history"),
            sees("copy profile Acme Mail to Spare", "install Acme Mail for Outlook 4.2.1"),
            keys("home", "enter"),
            sees("mapiwright undo"),
            CLOSE,
            keys("delete"),
            sees("Undo this: copy profile", "mapiwright undo"),
            OK,
            sees("undone by"),
            keys("escape"),
            sees("Acme Mail (default)"),
        )
        assert ready.picture() == before

    def test_what_was_taken_back_is_not_taken_back_again(self, ready: Any) -> None:
        async def shut(app: PanelApp, _pilot: Pilot[None]) -> None:
            assert app.screen.query_one("#undo", Button).disabled

        walk(
            panel_on(ready),
            push("#history"),
            push("#undo"),
            OK,
            focus("#receipts"),
            keys("end"),
            shut,
        )
