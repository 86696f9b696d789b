"""A remedy that names a command is typed as it is printed: the finding is gone then, or the remedy shows more."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.test_pending_calls import NO_STAND_IN
from tests.stories.test_set_aside import interrupted

from mapiwright.mapi.inf.rules import INF_RULES
from mapiwright.mapi.prf.rules import PRF_RULES
from mapiwright.setup.package.rules import PACKAGE_RULES
from mapiwright.setup.publish import signing
from mapiwright.transaction.records.journal import Journal
from mapiwright.workflows.doctor.findings import installed, policies, profiles, services
from mapiwright.workflows.doctor.findings.rules import DOCTOR_RULES
from mapiwright.workstation.change import difference
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import KeyPath, View
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stories.conftest import Answer

ROOT = Path(__file__).parent.parent.parent
OUTLOOK = r"Software\Microsoft\Office\16.0\Outlook"


@dataclass
class Desk:
    """A workstation with one user, and what a situation needs of the test."""

    type: Callable[..., Answer]
    folder: Path
    acme: Path
    release: Callable[..., Path]
    places: dict[str, str] = field(default_factory=dict)
    """What stands for something in a remedy: a file, a directory."""

    meanwhile: Callable[[], object] = lambda: None
    """What is done before the command is typed, as the remedy says."""

    def do(self, *words: str | Path) -> Answer:
        answer = self.type(*words, "--yes")
        assert answer.code == 0, answer.err
        return answer

    @property
    def inf(self) -> Path:
        return next(path for path in self.folder.rglob("*") if path.name.upper() == "MAPISVC.INF")

    @property
    def dll(self) -> Path:
        return next(self.folder.rglob("acme32.dll"))

    def section(self, which: Callable[[Any], str]) -> None:
        """Delete a section of the profile, as a script does that knows nothing of it."""
        pc = open_workstation(f"image:{self.folder}")
        shown = self.type("profile", "show", "--json").document
        place = pc.users[0].root / rf"{OUTLOOK}\Profiles\{shown['profile']}\{which(shown)}"
        key = pc.registry.read(place)
        assert key is not None
        pc.registry.apply(list(difference(place, key, None)))


def _spoilt_dll(spoil: Callable[[Path, Path], object]) -> Callable[[Desk], None]:
    def situation(desk: Desk) -> None:
        desk.do("install", desk.acme)
        spoil(desk.dll, desk.acme)

    return situation


def _odd_inf(desk: Desk) -> None:
    desk.inf.write_bytes(desk.inf.read_bytes() + b"[Nobody]\r\nPR_DISPLAY_NAME=Nobody links to it\r\n")
    desk.places["FILE"] = str(desk.inf)


def _lost_inf(desk: Desk) -> None:
    before = desk.inf.read_bytes()
    desk.do("install", desk.acme)
    desk.inf.write_bytes(before)


def _lost_name(desk: Desk) -> None:
    desk.do("install", desk.acme)
    text = desk.inf.read_bytes().replace(b"\r\nACME=", b"\r\nACME2=").replace(b"[ACME]", b"[ACME2]")
    desk.inf.write_bytes(text)


def _torn_out(desk: Desk) -> None:
    _lost_inf(desk)
    shutil.rmtree(next(desk.folder.rglob("Mapiwright")))


def _leftover(desk: Desk) -> None:
    _torn_out(desk)
    desk.dll.unlink()


def _interrupted(desk: Desk) -> None:
    pc = open_workstation(f"image:{desk.folder}")
    Journal(pc.state).add("begin", id="1", version="1", verb="install", title="install X")


def _set_aside(desk: Desk) -> None:
    interrupted(open_workstation(f"image:{desk.folder}"), "C:\\Acme\\a")
    desk.do("recover", "--set-aside")


def _calls_wait(desk: Desk) -> None:
    desk.do("install", desk.release("4.0", NO_STAND_IN), "--no-profile")
    desk.do("install", desk.release("5.0"), "--no-profile")


def _no_default(desk: Desk) -> None:
    desk.do("profile", "create", "Work")


def _lost_default(desk: Desk) -> None:
    desk.do("profile", "create", "Work", "--default")
    desk.do("profile", "create", "Spare")
    pc = open_workstation(f"image:{desk.folder}")
    place = pc.users[0].root / rf"{OUTLOOK}\Profiles\Work"
    key = pc.registry.read(place)
    assert key is not None
    pc.registry.apply(list(difference(place, key, None)))


def _asks(desk: Desk) -> None:
    desk.do("profile", "startup", "--prompt")


def _skipped(desk: Desk) -> None:
    hive = desk.folder / "Users" / "Zoë" / "NTUSER.DAT"
    create_image(desk.folder.parent / "two", users=["Ada", "Zoë"])
    shutil.rmtree(desk.folder)
    (desk.folder.parent / "two").rename(desk.folder)
    desk.do("install", desk.acme, "--all-users")
    kept = hive.read_bytes()
    hive.unlink()
    assert desk.type("uninstall", "acme-mail", "--yes").code == 1
    hive.write_bytes(kept)


def _without(which: Callable[[Any], str]) -> Callable[[Desk], None]:
    def situation(desk: Desk) -> None:
        desk.do("install", desk.acme)
        desk.section(which)

    return situation


def _only_acme_in_the_inf(edition: Edition, bitness: Bitness) -> Callable[[Desk], None]:
    """Something took Outlook's own services out of the file; Office is repaired before the remedy is typed."""

    def situation(desk: Desk) -> None:
        shutil.rmtree(desk.folder)
        create_image(desk.folder, edition=edition, bitness=bitness, users=["Zoë"])
        before = desk.inf.read_bytes()
        desk.do("install", desk.acme)
        desk.inf.write_bytes((desk.acme / "acme.inf").read_bytes())
        desk.meanwhile = lambda: desk.inf.write_bytes(before)
        desk.places["ID"] = "acme-mail"

    return situation


def _service(shown: Any) -> str:
    return str(shown["services"][0]["uid"])


def _provider(shown: Any) -> str:
    return str(shown["services"][0]["providers"][0]["uid"])


def _no_extra_section(shown: Any) -> str:
    """The section of the service that is neither its own nor a provider's."""
    service = shown["services"][0]
    others = {service["uid"], *(provider["uid"] for provider in service["providers"])}
    return str(next(uid for uid in service["sections"] if uid not in others))


GONE, STAYS = True, False
TABLE: dict[str, tuple[Callable[[Desk], None], str, bool]] = {
    "MW2001": (_without(_service), "profile show", STAYS),
    "MW2002": (_without(_provider), "profile remove-service", GONE),
    "MW2003": (_without(_service), "profile show", STAYS),
    "MW2004": (_without(_no_extra_section), "profile remove-service", GONE),
    "MW2005": (_without(lambda _: "8503020000000000c000000000000046"), "profile copy", STAYS),
    "MW6103": (_odd_inf, "inf check", STAYS),
    "MW6104": (_spoilt_dll(lambda dll, _: dll.unlink()), "repair", GONE),
    "MW6105": (_spoilt_dll(lambda dll, acme: shutil.copy(acme / "x86" / "acme32.dll", dll)), "repair", GONE),
    "MW6106": (_spoilt_dll(lambda dll, _: dll.write_bytes(b"no program")), "repair", GONE),
    "MW6107": (
        _spoilt_dll(lambda dll, _: dll.write_bytes(dll.read_bytes().replace(b"\0ServiceEntry", b"\0XerviceEntry"))),
        "repair",
        GONE,
    ),
    "MW6110": (_only_acme_in_the_inf(Edition.OUTLOOK_2003, Bitness.X86), "guard", GONE),
    "MW6112": (_only_acme_in_the_inf(Edition.OUTLOOK_2016, Bitness.X64), "guard", GONE),
    "MW6201": (_torn_out, "profile remove-service", GONE),
    "MW6202": (_leftover, "profile remove-service", GONE),
    "MW6203": (_lost_name, "guard", GONE),
    "MW6204": (_lost_default, "profile default", GONE),
    "MW6205": (_no_default, "profile default", GONE),
    "MW6305": (_asks, "profile startup", GONE),
    "MW6401": (_interrupted, "recover", GONE),
    "MW6402": (_calls_wait, "service call", GONE),
    "MW6403": (_spoilt_dll(lambda dll, _: dll.unlink()), "repair", GONE),
    "MW6404": (_lost_inf, "guard", GONE),
    "MW6407": (_skipped, "uninstall", GONE),
    "MW6415": (_set_aside, "recover --forget", GONE),
}
"""What makes the doctor find it, the verb of its remedy, and whether the finding goes by that."""


WORKSTATION = r"mapiwright (.*?)\.?$"
"""A remedy ends with its command."""


@pytest.mark.parametrize("id_", TABLE)
def test_a_remedy_that_is_typed_removes_the_finding_or_shows_what_it_says(
    id_: str,
    mapiwright: Callable[..., Answer],
    workstation_folder: Path,
    acme: Path,
    release: Callable[..., Path],
) -> None:
    desk = Desk(mapiwright, workstation_folder, acme, release)
    situation, verb, goes = TABLE[id_]
    situation(desk)

    def found() -> list[Any]:
        there = mapiwright("doctor", "--json").document["doctor"]["findings"]
        return [each for each in there if each["id"] == id_]

    (first, *_) = found()
    command = re.search(WORKSTATION, first["remedy"])
    assert command is not None, first
    assert command[1].startswith(verb)
    desk.meanwhile()
    words = [desk.places.get(word, word) for word in shlex.split(command[1])]
    asks = [] if verb in {"inf check", "profile show"} else ["--yes"]
    answer = mapiwright(*words, *asks)
    assert answer.code == 0, answer.err
    assert bool(found()) is not goes
    if not goes:
        assert SHOWN[id_] in answer.out


SHOWN = {
    "MW2001": "Profile Acme Mail",
    "MW2003": "Profile Acme Mail",
    "MW2005": "copy profile Acme Mail to Acme Mail 2",
    "MW6103": "1 note",
}
"""What the remedy of a finding that stays shows."""
ELSEWHERE = {
    "MW4201": "test_the_workstation_without_an_outlook_is_shown",
    "MW4307": "test_what_could_not_be_verified_is_installed_as_the_remedy_says",
    "MW8110": "test_the_services_that_a_prf_file_may_name_are_listed",
}
"""Remedies of findings that the doctor does not make; the tests below type them."""


def test_the_workstation_without_an_outlook_is_shown(
    mapiwright: Callable[..., Answer], acme: Path, workstation_folder: Path
) -> None:
    shutil.rmtree(workstation_folder)
    create_image(workstation_folder)
    pc = open_workstation(f"image:{workstation_folder}")
    for place in (r"HKLM\SOFTWARE\Microsoft\Office", r"HKLM\SOFTWARE\Clients\Mail"):
        for view in View:
            key = pc.registry.read(KeyPath.parse(place, view))
            if key is not None:
                pc.registry.apply(list(difference(KeyPath.parse(place, view), key, None)))
    refused = mapiwright("install", acme, "--yes")
    assert "MW4201" in refused.err
    typed(mapiwright, PACKAGE_RULES["MW4201"].remedy, "Outlook")


def test_what_could_not_be_verified_is_installed_as_the_remedy_says(
    mapiwright: Callable[..., Answer], acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "vendor.key").write_bytes(key)
    public = tmp_path / "public"
    assert mapiwright("publish", acme, public, "--sign", tmp_path / "vendor.key").code == 0
    with monkeypatch.context() as lacking:
        lacking.setattr(signing, "can_verify", lambda: False)
        assert "MW4307" in mapiwright("have-disk", public, "--dry-run").err
    remedy = PACKAGE_RULES["MW4307"].remedy.replace("DIRECTORY", str(public))
    assert "MW4307" not in typed(mapiwright, remedy, "Done: install", "--yes").err


def test_the_services_that_a_prf_file_may_name_are_listed(mapiwright: Callable[..., Answer]) -> None:
    typed(mapiwright, PRF_RULES["MW8110"].remedy, "CONTAB")


def typed(mapiwright: Callable[..., Answer], remedy: str, shown: str, *more: str) -> Answer:
    """The command in the backquotes of a remedy, typed."""
    command = re.search("`mapiwright (.*?)`", remedy)
    assert command is not None, remedy
    answer = mapiwright(*shlex.split(command[1]), *more)
    assert answer.code == 0, answer.err
    assert shown in answer.out
    return answer


def named_by_rules() -> Iterator[str]:
    """The ids whose rule names a command in its remedy, or whose page does."""
    for rules in (DOCTOR_RULES, PACKAGE_RULES, PRF_RULES, INF_RULES):
        yield from (id_ for id_, rule in rules.items() if "mapiwright " in rule.remedy)
    for page in (ROOT / "docs" / "reference").glob("findings*.md"):
        for row in page.read_text(encoding="utf-8").splitlines():
            if row.startswith("| MW") and "mapiwright " in row.rpartition(" | ")[2]:
                yield row.split()[1]


def named_by_the_doctor() -> Iterator[str]:
    """The ids that a function of the doctor mentions which writes a command line into remedies."""
    for module in (installed, policies, profiles, services):
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body:
            text = ast.unparse(node)
            if isinstance(node, ast.FunctionDef) and ("command(workstation" in text or node.name == "_decide"):
                yield from re.findall("'(MW\\d{4})'", text)


NO_COMMAND = {"MW6109", "MW6301", "MW6302", "MW6303", "MW6304", "MW6408", "MW6411"}
"""What those functions report besides, with a remedy that names no command."""


AS_ANOTHER = {"MW6111": "MW6105"}
"""What needs a foreign program to be found, and has the remedy of another one, made by the same line."""


def test_no_remedy_with_a_command_is_left_out_of_the_table() -> None:
    named = {*named_by_rules(), *named_by_the_doctor()} - NO_COMMAND
    assert len(named) > 18
    assert named - {*TABLE, *ELSEWHERE, *AS_ANOTHER} == set()
    assert {*ELSEWHERE.values()} <= set(globals())
