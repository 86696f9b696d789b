"""The documents' own how-to flows as scripts, in our words; each one on a workstation in memory or on a real tree."""

from __future__ import annotations

import os
import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.flags import SectionFlag
from mapiwright.admin.profiles import ProfileAdmin, admin_profiles
from mapiwright.admin.session import logon
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.errors import NotFoundError, UsageError
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType
from mapiwright.mapi.tables.restriction import Content, Property, Relation
from mapiwright.mapi.tables.tables import query_all_rows
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stories.conftest import Office

    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.mapi.tables.tables import Table

    Rows = Callable[[Table], list[dict[int, Any]]]

SERVER = 0x6600001F
MARK = 0x6655000B


def test_create_a_profile_add_a_service_and_configure_it(office: Office) -> None:
    """[creating-a-profile-by-using-custom-code], [how-to-programmatically-create-a-profile-in-outlook]"""
    profiles = office.profiles
    profiles.create_profile("Work")
    services = profiles.admin_services("Work")
    uid = services.create_message_service("MAIL", "Mail")
    services.configure_message_service(uid, {SERVER: "mail.example"})
    profiles.set_default_profile("Work")
    section = services.open_profile_section(uid)
    assert section.get_props([SERVER]).values == ((SERVER, "mail.example"),)


def found_by_name(services: MessageServiceAdmin) -> object:
    """Restrict the service table to the name, and take PR_SERVICE_UID."""
    name = Property(Relation.EQ, tags.PR_SERVICE_NAME, (tags.PR_SERVICE_NAME, "MAIL"))
    table = services.get_message_service_table()
    found = query_all_rows(table, (tags.PR_SERVICE_UID,), Content(0, name.tag, name.prop))
    return found[-1][0][1]


def found_as_last_row(services: MessageServiceAdmin) -> object:
    """The newest service is in the last row."""
    table = services.get_message_service_table()
    table.set_columns((tags.PR_SERVICE_UID,))
    return table.query_rows(table.row_count())[-1][0][1]


def found_by_marks(services: MessageServiceAdmin, marked: set[bytes]) -> object:
    """The one whose section does not bear the mark that all older ones got."""
    table = services.get_message_service_table()
    for row in query_all_rows(table, (tags.PR_SERVICE_UID, MARK)):
        uid = row[0][1]
        if uid not in marked and row[1][0] != MARK:
            return uid
    return None


def test_the_uid_of_a_new_service_is_found_three_documented_ways(office: Office) -> None:
    """[imsgserviceadmin-createmsgservice] gives none: by name, as the last row, by a mark; Ex tells it"""
    services = office.services()
    old = services.create_message_service("MAIL")
    with services.open_profile_section(old, SectionFlag.MODIFY) as section:
        section.set_props({MARK: True})
    uid = bytes.fromhex(services.create_message_service("MAIL"))
    assert found_by_name(services) == uid
    assert found_as_last_row(services) == uid
    assert found_by_marks(services, set()) == uid


def test_a_temporary_profile_lasts_as_long_as_its_session(office: Office, rows: Rows) -> None:
    """[creating-a-profile-by-using-custom-code]: create, log on, delete at once"""
    office.profiles.create_profile("Passing")
    session = logon(office.workspace, "Passing")
    office.profiles.delete_profile("Passing")
    session.admin_services().create_message_service("WIRE")
    assert rows(office.profiles.get_profile_table()) == []
    session.logoff()
    assert office.workspace.names == ()


def test_copy_rename_delete_and_set_the_default(office: Office, rows: Rows) -> None:
    """[copying-a-profile], [renaming-a-profile], [deleting-a-profile], [setting-a-default-profile]"""
    profiles = office.profiles
    profiles.create_profile("Work")
    profiles.admin_services("Work").create_message_service("MAIL")
    profiles.copy_profile("Work", "Copy")
    profiles.rename_profile("Copy", "Travel")
    profiles.set_default_profile("Travel")
    profiles.delete_profile("Work")
    assert rows(profiles.get_profile_table()) == [{tags.PR_DISPLAY_NAME: "Travel", tags.PR_DEFAULT_PROFILE: True}]
    assert [each.name for each in profiles.admin_services("Travel").profile.services] == ["MAIL"]


def walk(services: MessageServiceAdmin) -> Iterator[tuple[str, str]]:
    """Every provider of every service with its DLL; rows of extra sections are left out."""
    for row in query_all_rows(services.get_message_service_table(), (tags.PR_SERVICE_UID,)):
        uid = row[0][1]
        assert isinstance(uid, bytes)
        table = services.admin_providers(uid).get_provider_table()
        columns = (tags.PR_RESOURCE_TYPE, tags.PR_PROVIDER_DISPLAY, tags.PR_PROVIDER_DLL_NAME)
        for (kind, _), (_, display), (_, dll) in query_all_rows(table, columns):
            if kind == tags.PR_RESOURCE_TYPE:
                yield str(display), str(dll)


def test_walk_the_providers_of_a_profile(office: Office) -> None:
    """[walking-through-providers]: AdminProviders for each row of the service table"""
    services = office.services()
    services.create_message_service("MAIL")
    services.create_message_service("WIRE")
    assert list(walk(services)) == [
        ("Mail Store", "mail.dll"),
        ("Mail Addresses", "mail.dll"),
        ("Mail Wire", "mail.dll"),
        ("Wire", "wire.dll"),
    ]


def test_the_sections_of_all_stores_are_reached_by_force(office: Office) -> None:
    """[how-to-programmatically-create-a-profile-in-outlook]"""
    services = office.services()
    services.create_message_service("MAIL")
    store = Property(Relation.EQ, tags.PR_RESOURCE_TYPE, (tags.PR_RESOURCE_TYPE, int(ResourceType.STORE_PROVIDER)))
    for ((_, uid),) in query_all_rows(services.get_provider_table(), (tags.PR_PROVIDER_UID,), store):
        assert isinstance(uid, bytes)
        with services.open_profile_section(uid, SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS) as section:
            assert section.set_props({SERVER: "mail.example"}) == ()


# On a real tree


@pytest.fixture
def tree(workstation_folder: Path) -> tuple[Workspace, Path]:
    workstation = open_workstation(f"image:{workstation_folder}")
    user = next(user for user in workstation.users if not user.template)
    space = Workspace(workstation, user, send=lambda plan: execute(plan, workstation, makers=MAKERS))
    return space, next(workstation_folder.glob("Users/Zo*/NTUSER.DAT"))


def test_two_hundred_set_props_in_a_batch_write_the_hive_once(
    tree: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    space, hive = tree
    profiles = ProfileAdmin(space)
    profiles.create_profile("Work")
    services = profiles.admin_services("Work")
    uid = services.create_message_service("MSUPST MS")
    files = [hive.stat().st_ino]
    replace = os.replace

    def watched(source: Any, target: Any, **more: Any) -> None:
        replace(source, target, **more)
        if hive.stat().st_ino != files[-1]:
            files.append(hive.stat().st_ino)

    monkeypatch.setattr(os, "replace", watched)
    with space.batch("set many"), services.open_profile_section(uid, SectionFlag.MODIFY) as section:
        for number in range(200):
            assert section.set_props({0x66000003 + (number << 16): number}) == ()
    assert len(files) == 2, "the hive is a new file once"
    section = services.open_profile_section(uid, SectionFlag.MODIFY)
    assert section.get_props([0x66000003, 0x66C70003]).values == ((0x66000003, 0), (0x66C70003, 199))
    section.set_props({0x66000003: 1})
    section.set_props({0x66000003: 2})
    assert len(files) == 4, "without a batch each call is a transaction"


def test_the_scripts_of_the_how_to_run_as_they_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_image(tmp_path / "pc", users=["anna"])
    page = Path(__file__).parents[2] / "docs" / "how-to" / "administer-profiles-from-python.md"
    text = page.read_text(encoding="utf-8").replace("image:/tmp/pc", f"image:{tmp_path / 'pc'}")
    blocks = [dedent(block) for block in re.findall(r"(?:^    .*\n|^\n)+", text, re.MULTILINE) if block.strip()]
    exec(compile("\n".join(blocks), "the page", "exec"), {})  # noqa: S102 - the page's own scripts
    printed = capsys.readouterr().out
    assert "MSUPST MS" in printed
    assert "mspst.dll" in printed
    assert "80070005" in printed
    user = open_workstation(f"image:{tmp_path / 'pc'}")
    profiles = admin_profiles(user)
    assert profiles.workspace.names == ("Work",)
    assert len(profiles.admin_services("Work").profile.services) == 3


def test_the_administration_of_a_user_is_got_by_his_name_or_as_the_only_one(office: Office, tmp_path: Path) -> None:
    """[mapiadminprofiles]"""
    admin_profiles(office.workstation).create_profile("Work")
    assert admin_profiles(office.workstation, "zoë").workspace.names == ("Work",)
    with pytest.raises(NotFoundError):
        admin_profiles(office.workstation, "Nobody")
    create_image(tmp_path / "two", users=["anna", "bert"])
    with pytest.raises(UsageError):
        admin_profiles(open_workstation(f"image:{tmp_path / 'two'}"))
