"""What the administration interfaces wrote, read back by programs that we did not write, and beside their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.admin.flags import SectionFlag
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.mapi.props import tags
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import ModuleType

    from mapiwright.mapi.tables.tables import Table

OUTLOOK = r"Software\Microsoft\Office\16.0\Outlook"
ADMIN = "9207f3e0a3b11019908b08002b2a56c2"
OURS = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def administered(tmp_path: Path) -> tuple[ProfileAdmin, Path]:
    """A tree on which profiles were made, copied, renamed, and filled."""
    folder = tmp_path / "pc"
    create_image(folder, users=["Zoë Ångström"])
    workstation = open_workstation(f"image:{folder}")
    user = next(user for user in workstation.users if not user.template)
    space = Workspace(workstation, user, send=lambda plan: execute(plan, workstation, makers=MAKERS))
    profiles = ProfileAdmin(space)
    profiles.create_profile("Work")
    services = profiles.admin_services("Work")
    for name in ("CONTAB", "MSUPST MS", "MSUPST MS"):
        services.create_message_service(name)
    services.delete_message_service(services.profile.services[1].uid)
    with services.open_profile_section(OURS, SectionFlag.MODIFY) as section:
        assert section.set_props({0x6600001F: "Zoë ж", 0x66010003: -2, 0x66020102: b"\0\xff"}) == ()
    profiles.copy_profile("Work", "Copy")
    profiles.rename_profile("Copy", "Reise")
    profiles.set_default_profile("Reise")
    return profiles, folder / "Users" / "Zoë Ångström" / "NTUSER.DAT"


def rows(table: Table) -> list[dict[int, Any]]:
    return [dict(row) for row in table.query_rows(1000)]


def text(data: bytes) -> str:
    return data.decode("utf-16-le").removesuffix("\0")


def compare(profiles: ProfileAdmin, stored: Mapping[str, Mapping[str, Mapping[str, Any]]], default: str) -> None:
    """Every row of the tables beside what the foreign program read."""
    table = rows(profiles.get_profile_table())
    assert {row[tags.PR_DISPLAY_NAME] for row in table} == set(stored) == {"Work", "Reise"}
    assert [row[tags.PR_DISPLAY_NAME] for row in table if row[tags.PR_DEFAULT_PROFILE]] == [default]
    for name, sections in stored.items():
        services = profiles.admin_services(name)
        shown = rows(services.get_message_service_table())
        assert b"".join(row[tags.PR_SERVICE_UID] for row in shown) == sections[ADMIN]["01023d0e"]
        for row in shown:
            section = sections[row[tags.PR_SERVICE_UID].hex()]
            assert text(section["001f3d09"]) == row[tags.PR_SERVICE_NAME]
            assert text(section["001f3001"]) == row[tags.PR_DISPLAY_NAME]
            assert text(section["001f3d0a"]) == row[tags.PR_SERVICE_DLL_NAME]
        for row in rows(services.get_provider_table()):
            section = sections[row[tags.PR_PROVIDER_UID].hex()]
            assert section["01023d0c"] == row[tags.PR_SERVICE_UID]
            assert int.from_bytes(section["00033e03"], "little") == row[tags.PR_RESOURCE_TYPE]
            assert text(section["001f3006"]) == row[tags.PR_PROVIDER_DISPLAY]
            flags = int.from_bytes(section.get("00033009", b""), "little")
            assert flags == row.get(tags.PR_RESOURCE_FLAGS, 0)
        values = dict(services.open_profile_section(OURS).get_props().values)
        assert text(sections[OURS]["001f6600"]) == values[0x6600001F] == "Zoë ж"
        assert int.from_bytes(sections[OURS]["00036601"], "little", signed=True) == values[0x66010003] == -2
        assert sections[OURS]["01026602"] == values[0x66020102]


def test_python_registry_reads_what_the_tables_say(
    administered: tuple[ProfileAdmin, Path], witness_module: Callable[[str], ModuleType]
) -> None:
    profiles, hive = administered
    registry = witness_module("Registry.Registry").Registry(str(hive))
    outlook = registry.open(OUTLOOK)
    stored = {
        profile.name(): {
            section.name(): {value.name(): value.raw_data() for value in section.values()}
            for section in profile.subkeys()
        }
        for profile in outlook.subkey("Profiles").subkeys()
    }
    compare(profiles, stored, outlook.value("DefaultProfile").value())


def test_regipy_reads_what_the_tables_say(
    administered: tuple[ProfileAdmin, Path], witness_module: Callable[[str], ModuleType]
) -> None:
    profiles, hive = administered
    registry = witness_module("regipy.registry").RegistryHive(str(hive))
    outlook = registry.get_key("\\" + OUTLOOK)

    def data(value: Any) -> bytes:
        found = value.value
        return bytes.fromhex(found) if isinstance(found, str) else found

    stored = {
        profile.name: {
            section.name: {
                value.name: data(value) for value in section.iter_values() if value.value_type == "REG_BINARY"
            }
            for section in profile.iter_subkeys()
        }
        for profile in registry.get_key(f"\\{OUTLOOK}\\Profiles").iter_subkeys()
    }
    compare(profiles, stored, outlook.get_value("DefaultProfile"))
