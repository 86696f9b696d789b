"""A small Wine prefix, laid out as Wine 8.0 lays out one of 64 bits, with Windows' usual Outlook in it.

It is made in a moment, and no program of Wine is needed; ``tests/windows`` has a real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.formats.wine_edit import KeyEdit, edited
from mapiwright.formats.wine_text import WineText
from mapiwright.workstation.files import split
from mapiwright.workstation.mounts.redirection import X86_KEY
from mapiwright.workstation.outlook.layout import SOFTWARE, SYSTEM, layout
from mapiwright.workstation.registry import Key, Value, walk
from mapiwright.workstation.workstation import Edition

if TYPE_CHECKING:
    from pathlib import Path

BORN = 133_000_000_000_000_000
SID = "S-1-5-21-0-0-0-1000"
LINKS = {
    rf"Software\{X86_KEY}\Classes": rf"Software\Classes\{X86_KEY}",
    rf"Software\{X86_KEY}\Policies": r"Software\Policies",
    rf"Software\{X86_KEY}\Microsoft\Clients": r"Software\Microsoft\Clients",
    rf"Software\{X86_KEY}\Microsoft\Windows NT\CurrentVersion\ProfileList": (
        r"Software\Microsoft\Windows NT\CurrentVersion\ProfileList"
    ),
}
"""Some of the keys that both sides share; ``Software\\Clients`` is none of them."""


def make_prefix(folder: Path, user: str = "anna", edition: Edition = Edition.OUTLOOK_2016) -> Path:
    """The prefix of one user, with a home folder beside it that ``Documents`` leads to."""
    plan = layout(users=[user], edition=edition)
    sid = next(path for path, home in plan.folders_of_users.items() if home.endswith(user))
    software, system = plan.hives[SOFTWARE], plan.hives[SYSTEM]
    folder.mkdir(parents=True)
    machine = Key(
        keys={
            "Software": software,
            "System": Key(
                keys={"CurrentControlSet": system.keys["ControlSet001"], "Select": Key({"Current": Value.dword(1)})}
            ),
        }
    )
    data = registry_text("Machine", machine)
    nt = ("Software", "Microsoft", "Windows NT", "CurrentVersion", "ProfileList")
    people: dict[tuple[str, ...], KeyEdit] = {
        (*nt, name): KeyEdit(goes=True) for name in WineText(data).subkeys(nt) or ()
    }
    home = Value.sz(rf"C:\users\{user}")
    people[*nt, SID] = KeyEdit({"Flags": (4, bytes(4)), "ProfileImagePath": (home.type, home.data)})
    data = edited(WineText(data), {**people, nt: KeyEdit({"Default": None})}, timestamp=BORN)
    for link, target in LINKS.items():
        data = with_link(data, tuple(link.split("\\")), "\\Registry\\Machine\\" + target)
    (folder / "system.reg").write_bytes(data)
    (folder / "user.reg").write_bytes(registry_text(rf"User\\{SID}", plan.hives[sid]))
    (folder / "userdef.reg").write_bytes(registry_text(r"User\\.Default", Key(keys={"Software": Key()})))
    drive = folder / "drive_c"
    for path in plan.folders:
        drive.joinpath(*split(path)[1:]).mkdir(parents=True, exist_ok=True)
    for path, content in plan.files.items():
        target_file = drive.joinpath(*split(path)[1:])
        target_file.parent.mkdir(parents=True, exist_ok=True)
        target_file.write_bytes(content)
    (drive / "Users").rename(drive / "users")
    outside = folder.parent / "home"
    outside.mkdir(exist_ok=True)
    (drive / "users" / user / "Documents").rmdir()
    (drive / "users" / user / "Documents").symlink_to(outside)
    devices = folder / "dosdevices"
    devices.mkdir()
    (devices / "c:").symlink_to("../drive_c")
    (devices / "z:").symlink_to("/")
    (devices / "com1").symlink_to("/dev/ttyS0")
    return folder


def registry_text(branch: str, root: Key) -> bytes:
    """A registry file with the keys of a hive."""
    head = b"WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\" + branch.encode() + b"\n\n#arch=win64\n"
    edits = {
        path: KeyEdit({name: (value.type, value.data) for name, value in key.values.items()})
        for path, key in walk(root)
    }
    return edited(WineText(head), edits, timestamp=BORN)


def with_link(data: bytes, path: tuple[str, ...], target: str) -> bytes:
    """A key that leads to another one; what was in it is gone."""
    text = WineText(data)
    gone = {below: KeyEdit(goes=True) for below in text.below(path)}
    text = WineText(edited(text, gone, timestamp=BORN))
    value = (6, target.encode("utf-16-le"))
    made = edited(text, {path: KeyEdit({"SymbolicLinkValue": value})}, timestamp=BORN)
    (block,) = WineText(made).blocks(path)
    values = made.index(b"\n", block.body) + 1
    return made[:values] + b"#link\n" + made[values:]


def with_outlook(prefix: Path) -> None:
    """Give a prefix that Wine made an Outlook 2016 of 64 bits, as its setup program would leave it."""
    plan = layout()
    text = WineText((prefix / "system.reg").read_bytes())
    edits = {
        ("Software", *path): KeyEdit({name: (value.type, value.data) for name, value in key.values.items()})
        for path, key in walk(plan.hives[SOFTWARE])
        if path[:2] == ("Microsoft", "Office") or path[:2] == ("Clients", "Mail")
    }
    (prefix / "system.reg").write_bytes(edited(text, edits, timestamp=BORN))
    for path, content in plan.files.items():
        place = prefix.joinpath("drive_c", *split(path)[1:])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
