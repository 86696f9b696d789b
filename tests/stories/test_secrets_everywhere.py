"""Every verb that shows something, over a workstation with every kind of secret in every place where one may be.

A new verb is in neither table, so that whoever adds it has to say which one it belongs to.
"""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from command_verbs import verbs

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.mapi.props.protected import DPAPI_START
from mapiwright.workstation.change import SetValue
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import KeyPath, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Mapiwright = Callable[..., Any]

SECRET = b"hunter2-hunter2!"
BLOB = DPAPI_START + SECRET * 2
HEX = BLOB.hex()
BASE64 = base64.b64encode(BLOB).decode()
VALUES = {
    "S001f67f0": Value.binary(SECRET.decode().encode("utf-16-le")),
    "001f67fc": Value.binary(SECRET.decode().encode("utf-16-le")),
    "01026650": Value.binary(BLOB),
    "001f6651": Value.binary((HEX + "\0").encode("utf-16-le")),
    "001f6652": Value.binary((BASE64 + "\0").encode("utf-16-le")),
    "001e6653": Value.sz(HEX.upper()),
    "POP3 Password": Value.binary(SECRET),
    "Api Key": Value.sz(SECRET.decode()),
    "list": Value.sz(",".join(f"{byte:02x}" for byte in BLOB)),
}
"""In the section of a service: secure, sealed as bytes, hex and base64, in words of a vendor."""
LINES = f"Password={SECRET.decode()}\r\nApiToken={SECRET.decode()}\r\n6654001E={HEX}\r\n6655001E={BASE64}\r\n"
LINES += f"; the password is {SECRET.decode()}\r\nPassword {SECRET.decode()}\r\n"
PRF = f"""[General]
ProfileName=Secret
[Service List]
Service1=EMABLT
[Service1]
ServerName=ldap.example
UserPassword={SECRET.decode()}
Sealed={HEX}
[EMABLT]
ServiceName=EMABLT
ServerName=PT_STRING8,0x6600
UserPassword=PT_STRING8,0x6603
Sealed=PT_STRING8,0x6604
Password {SECRET.decode()}
"""

PROFILE = "Acme Mail"
SHOWING: dict[str, tuple[str, ...]] = {
    "profile list": (),
    "profile show": (PROFILE,),
    "profile table": (PROFILE,),
    "profile section list": (PROFILE,),
    "profile section get": (PROFILE, "ACME"),
    "profile section set": (PROFILE, "ACME", "--set", "66560003=1", "--dry-run"),
    "profile section delete": (PROFILE, "ACME", "6651001F", "--dry-run"),
    "profile addressing": (PROFILE,),
    "profile startup": (),
    "profile copy": (PROFILE, "Copy", "--dry-run"),
    "profile rename": (PROFILE, "Other", "--dry-run"),
    "profile delete": (PROFILE, "--dry-run"),
    "profile remove-service": (PROFILE, "ACME", "--dry-run"),
    "profile copy-service": (PROFILE, "ACME", "--dry-run"),
    "service list": (),
    "service show": ("ACME",),
    "service order": (PROFILE,),
    "hive info": ("HIVE",),
    "hive check": ("HIVE",),
    "hive dump": ("HIVE", "--reg", "OUT"),
    "hive salvage": ("HIVE", "--reg", "OUT"),
    "hive diff": ("EMPTY", "HIVE"),
    "inf show": ("INF",),
    "inf check": ("INF",),
    "inf merge": ("INF", "FRAGMENT", "--dry-run"),
    "inf remove": ("INF", "ACME", "--dry-run"),
    "prf check": ("PRF",),
    "prf show": ("PRF",),
    "prf apply": ("PRF", "--dry-run"),
    "prf export": (PROFILE, "-o", "OUT"),
    "plan": ("PACKAGE",),
    "install": ("PACKAGE", "--dry-run"),
    "uninstall": ("acme-mail", "--profiles", "remove", "--dry-run"),
    "repair": ("acme-mail", "--dry-run"),
    "guard": ("acme-mail", "--dry-run"),
    "status": ("acme-mail",),
    "receipts": (),
    "undo": ("RECEIPT", "--dry-run"),
    "doctor": (),
    "log": (),
    "support-bundle": ("-o", "BUNDLE"),
    "workstation show": (),
}
"""The verbs that show what is stored, with what to type: each is typed for people and for programs."""
SILENT = {
    "profile dump": "it gives what is stored, byte for byte, and warns of it",
    "profile add-service": "it shows what the INF defines, as `plan` does",
    "profile configure-service": "its own stories show that what it is given reaches nothing but the service",
    "profile create": "what it makes is empty",
    "profile default": "it shows names",
    "profile default-store": "it shows flags",
    "profile identity": "it shows flags",
    "workstation create": "it makes an empty workstation",
    "hive compact": "it names files, and writes a hive that is as closed to others as the one it was",
    "hive replay": "it names files, and writes a hive that is as closed to others as the one it was",
    "wizard": "its own stories; it shows a form, whose secret fields are empty",
    "panel": "it shows through the renderers of the verbs; test_panel_screen has its fields",
    "service call": "test_try_a_library and test_service_call: it shows what a library did",
    "apply": "it applies what `plan -o` saved, which refuses secrets",
    "recover": "it shows titles",
    "publish": "a package has no secrets of a user",
    "have-disk": "a package has no secrets of a user",
    "test": "a package has no secrets of a user",
}
"""The others, and why they are not here."""


def spellings() -> Iterator[str]:
    """All ways in which a part of the secret could be read."""
    for data in (SECRET, SECRET.decode().encode("utf-16-le")):
        yield from (data.decode("latin-1"), data.hex(), data.hex(" "), data.hex(","))
        yield from (base64.b64encode(data + b"\0" * at)[:16].decode() for at in range(3))
    yield from (HEX[40:60], BASE64[28:60])


def test_every_verb_is_in_one_of_the_tables() -> None:
    assert sorted([*SHOWING, *SILENT]) == sorted(verbs())


@pytest.fixture
def planted(mapiwright: Mapiwright, workstation_folder: Path, acme: Path, tmp_path: Path) -> dict[str, str]:
    """Secrets in a profile, MAPISVC.INF, the machine's keys and a PRF file; what the words in capitals are."""
    assert mapiwright("install", acme, "--yes").code == 0
    here = open_workstation(f"image:{workstation_folder}")
    (user,) = (each for each in here.users if not each.template)
    space = Workspace(here, user)
    service = ProfileAdmin(space).admin_services(PROFILE).profile.services[0]
    key = user.root / PROFILE_ROOTS[space.edition].profiles / PROFILE / service.uid
    machine = KeyPath.parse(r"HKLM\SOFTWARE\Microsoft\Windows Messaging Subsystem")
    here.registry.apply(
        [SetValue(where, name, None, value) for where in (key, machine) for name, value in VALUES.items()]
    )
    inf = next(path for path in workstation_folder.rglob("*") if path.name.upper() == "MAPISVC.INF")
    data = inf.read_bytes()
    assert b"[ACME]\r\n" in data
    inf.write_bytes(data.replace(b"[ACME]\r\n", b"[ACME]\r\n" + LINES.encode(), 1))
    (tmp_path / "a.prf").write_text(PRF, encoding="utf-8")
    other = LINES.replace(SECRET.decode(), "hunter3-hunter3!").encode()
    (tmp_path / "fragment.inf").write_bytes(b"[Services]\r\nACME=Acme Mail\r\n[ACME]\r\n" + other)
    return {
        "HIVE": str(workstation_folder / "Users" / user.name / "NTUSER.DAT"),
        "EMPTY": str(workstation_folder / "Users" / "Default" / "NTUSER.DAT"),
        "INF": str(inf),
        "PRF": str(tmp_path / "a.prf"),
        "OUT": str(tmp_path / "out.prf"),
        "BUNDLE": str(tmp_path / "bundle.zip"),
        "FRAGMENT": str(tmp_path / "fragment.inf"),
        "PACKAGE": str(acme),
        "RECEIPT": mapiwright("receipts", "--json").document["receipts"][0]["id"],
    }


def test_no_verb_shows_a_secret(
    mapiwright: Mapiwright, planted: dict[str, str], workstation_folder: Path, tmp_path: Path
) -> None:
    hidden = set(spellings())
    masked, wrong = 0, []
    for verb, words in SHOWING.items():
        for options in ((), ("--json",)):
            for name in ("OUT", "BUNDLE"):
                (tmp_path / planted[name]).unlink(missing_ok=True)
            typed = [planted.get(word, word) for word in words]
            answer = mapiwright(*verb.split(), *typed, *options)
            if answer.code not in {0, 1}:
                wrong.append((verb, answer.err))
            files = [(tmp_path / planted[name]) for name in ("OUT", "BUNDLE")]
            written = "".join(text_in(file.read_bytes()) for file in files if file.exists())
            shown = answer.out + answer.err + written
            found = [spelling for spelling in hidden if spelling.lower() in shown.lower()]
            if found:
                wrong.append((verb, *options, *found))
            masked += "secret" in shown
    assert not wrong
    assert masked >= 12, "the secrets were in what was shown"
    state = [path for path in (workstation_folder / "ProgramData" / "Mapiwright").rglob("*") if path.is_file()]
    texts = [path.read_bytes().decode("latin-1") for path in state if "backup" not in str(path).lower()]
    assert not [spelling for spelling in hidden if any(spelling in text for text in texts)]


def test_no_plan_with_a_secret_is_saved(mapiwright: Mapiwright, planted: dict[str, str], tmp_path: Path) -> None:
    refused = mapiwright("profile", "copy", PROFILE, "Copy", "--dry-run", "-o", tmp_path / "a.plan")
    assert (refused.code, "carries secrets" in refused.err) == (1, True), planted
    assert not (tmp_path / "a.plan").exists()


def text_in(data: bytes) -> str:
    """What can be read in a file: of a zip file, in its members."""
    if not data.startswith(b"PK"):
        return data.decode("latin-1")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
