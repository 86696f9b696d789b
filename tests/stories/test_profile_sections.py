"""``profile section``: the sections of a profile, read and edited as a support person types it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.workstation.change import SetValue
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Value, ValueType
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import Answer

    Mapiwright = Callable[..., Answer]
    Picture = Callable[[], dict[str, bytes]]

PROFILE = "Acme Mail"
SETTINGS = "5e2d9a40b1c84f6d8e7730a1d4f2c6b9"
NEW = "00112233445566778899aabbccddeeff"
SECRET = "correct horse battery"  # noqa: S105 - what must never be seen again
PASSWORD = "67FC001F"  # noqa: S105 - a tag


@pytest.fixture
def installed(mapiwright: Mapiwright, acme: Path) -> Mapiwright:
    assert mapiwright("install", acme, "--yes").code == 0
    return mapiwright


@pytest.fixture
def plant(workstation_folder: Path) -> Callable[[str, str, Value], None]:
    """``plant(uid, name, value)`` puts a registry value into a section of the profile, as another program would."""

    def do(uid: str, name: str, value: Value) -> None:
        here = open_workstation(f"image:{workstation_folder}")
        (user,) = (each for each in here.users if not each.template)
        root = user.root / PROFILE_ROOTS[Edition.OUTLOOK_2016].profiles
        here.registry.apply([SetValue(root / PROFILE / uid, name, None, value)])

    return do


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``stdin("text")`` is what comes in from a pipe."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def several_users(tmp_path: Path) -> tuple[str, ...]:
    """The options for a workstation of two users."""
    folder = tmp_path / "several"
    create_image(folder, edition=Edition.OUTLOOK_2013, bitness=Bitness.X86, users=["Ada", "Zoë"])
    return ("--workstation", f"image:{folder}")


def dump(mapiwright: Mapiwright) -> Any:
    return mapiwright("profile", "dump", PROFILE).document["keys"]


def service(mapiwright: Mapiwright) -> Any:
    (found,) = mapiwright("profile", "show", PROFILE, "--json").document["services"]
    return found


def get(mapiwright: Mapiwright, section: str, *tags: str) -> dict[str, Any]:
    answer = mapiwright("profile", "section", "get", PROFILE, section, *tags, "--json")
    assert answer.code == 0, answer.err
    properties: dict[str, Any] = answer.document["section"]["properties"]
    return properties


def receipts(mapiwright: Mapiwright) -> list[str]:
    return [each["id"] for each in mapiwright("receipts", "--json").document["receipts"]]


# Looking


def test_the_list_tells_whose_each_section_is(installed: Mapiwright) -> None:
    document = installed("profile", "section", "list", PROFILE, "--json").document
    assert (document["profile"], document["user"]) == (PROFILE, "Zoë")
    rows = {row["uid"]: row for row in document["sections"]}
    own = service(installed)
    assert rows[own["uid"]]["owner"] == {"service": "ACME", "uid": own["uid"], "role": "service", "name": None}
    for provider in own["providers"]:
        owner = rows[provider["uid"]]["owner"]
        assert (owner["service"], owner["role"], owner["name"]) == ("ACME", "provider", provider["display"])
    assert rows[SETTINGS]["owner"]["role"] == "extra"
    assert rows[SETTINGS]["properties"] == 3
    assert rows["8503020000000000c000000000000046"]["name"] == "MUID_PROFILE_INSTANCE"
    assert rows["8503020000000000c000000000000046"]["owner"] is None

    told = installed("profile", "section", "list", PROFILE).out
    assert f"{SETTINGS}   3  ACME/ACME_Settings\n" in told
    assert f"{own['uid']}  14  ACME\n" in told
    assert "ACME/Acme Mailbox - guest\n" in told
    assert "   1  MUID_PROFILE_INSTANCE\n" in told


@pytest.mark.parametrize(
    ("section", "tag", "value"),
    [
        (SETTINGS.upper(), "66110003", 168),
        ("ACME", "PR_SERVICE_NAME", "ACME"),
        ("acme", "66010003", 993),
        ("acme/acme_settings", "66110003", 168),
        (f"ACME/{SETTINGS}", "66110003", 168),
        ("ACME/Acme Mailbox - guest", "PR_RESOURCE_TYPE", 33),
        ("ACME/acme transport", "PR_RESOURCE_TYPE", 36),
        ("ACME/ACME_AB", "PR_RESOURCE_TYPE", 35),
        ("mapi services and providers", "3D0F101E", None),
    ],
)
def test_a_section_goes_by_all_its_names(installed: Mapiwright, section: str, tag: str, value: object) -> None:
    answer = installed("profile", "section", "get", PROFILE, section, tag, "--json")
    assert list(answer.document["section"]["properties"].values()) == [value]
    assert answer.code == (0 if value is not None else 1)


def test_get_shows_what_is_stored_under_its_names(installed: Mapiwright) -> None:
    own = service(installed)
    assert get(installed, "ACME") == own["sections"][own["uid"]]
    shown = installed("profile", "section", "get", PROFILE, "ACME/ACME_Store").out
    assert "ACME/Acme Mailbox - guest" in shown
    assert "PR_RESOURCE_TYPE PT_LONG = MAPI_STORE_PROVIDER" in shown
    assert "PR_RESOURCE_FLAGS PT_LONG = DEFAULT_STORE\n" in shown


def test_get_tells_what_is_computed_and_what_is_not_there_where_it_is_asked_for(installed: Mapiwright) -> None:
    answer = installed("profile", "section", "get", PROFILE, "ACME", "PR_PROFILE_NAME", "6601001F", "66010000")
    assert answer.code == 1
    assert f'PR_PROFILE_NAME PT_UNICODE = "{PROFILE}"' in answer.out
    assert "66010003 PT_LONG = 0x3e1 (993)" in answer.out, "PT_UNSPECIFIED takes whatever type there is"
    assert "Not there: 6601001F" in answer.err


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("NOPE", "Services of this profile: ACME"),
        ("NOPE/x", "Services of this profile: ACME"),
        ("ACME/nobody", "There are: "),
        (NEW, f"no section {NEW}"),
        ("Outlook accounts", "no section 9375cff0413111d3b88a00104b2a6676"),
    ],
)
def test_a_section_that_is_not_there_is_told(installed: Mapiwright, section: str, told: str) -> None:
    for words in (("get",), ("set", "--set", "66010003=1", "--yes"), ("delete", "66010003", "--yes")):
        tags = [word for word in words[1:] if word == "66010003"]
        options = [word for word in words[1:] if word not in tags]
        answer = installed("profile", "section", words[0], PROFILE, section, *tags, *options)
        assert answer.code == 1, words
        assert told in answer.err


def test_a_damaged_mapisvc_inf_takes_names_away_and_no_section(
    installed: Mapiwright, workstation_folder: Path
) -> None:
    (inf,) = workstation_folder.rglob("MAPISVC.INF")
    inf.write_bytes(inf.read_bytes().replace(b"66010003=E1030000", b"66010003=E103"))
    rows = installed("profile", "section", "list", PROFILE, "--json").document["sections"]
    assert [row["owner"]["name"] for row in rows if row["uid"] == SETTINGS] == [SETTINGS]


# Editing


def test_values_are_typed_by_their_tags_and_take_every_script(installed: Mapiwright, tmp_path: Path) -> None:
    (tmp_path / "icon.bin").write_bytes(b"\x89\0icon\xff")
    (tmp_path / "note.txt").write_bytes("\ufeffGröße, 世界\r\n".encode())
    (tmp_path / "list.txt").write_text("Zoë;s\nŁódź\n", encoding="utf-8")
    given = {
        "--set": ["6640001F=Bücher = Büro", "66410003=0x10", "6642000B=true", "6643101F=ä; ö", "66440102=00ff"],
        "--set-file": [
            f"66450102={tmp_path / 'icon.bin'}",
            f"6646001F={tmp_path / 'note.txt'}",
            f"6647101F={tmp_path / 'list.txt'}",
        ],
    }
    words = [word for option, texts in given.items() for text in texts for word in (option, text)]
    symbols = ("--set", "66480003=STATUS_DEFAULT_STORE | status_own_store | 0x10000")
    answer = installed("profile", "section", "set", PROFILE, "ACME/ACME_Settings", *words, *symbols, "--yes")
    assert answer.code == 0, answer.err
    stored = get(installed, SETTINGS)
    assert (
        stored
        | {
            "6640001F": "Bücher = Büro",
            "66410003": 16,
            "6642000B": True,
            "6643101F": ["ä", "ö"],
            "66440102": "00ff",
            "66450102": b"\x89\0icon\xff".hex(),
            "6646001F": "Größe, 世界",
            "6647101F": ["Zoë;s", "Łódź"],
            "66480003": 0x10102,
        }
        == stored
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--set TAG=VALUE"),
        (("--set", "66010003"), "TAG=VALUE"),
        (("--set", "66010003=nine"), "does not fit"),
        (("--set", "66010003=STATUS_NO_SUCH"), "does not fit"),
        (("--set", "nonsense=1"), "names no property"),
        (("--set", "80010003=1"), "named property"),
        (("--set", "66010003=1", "--set", "6601001F=one"), "given twice"),
        (("--set-file", "66010102=/no/such/file"), "/no/such/file"),
        (("--set-file", "66010003={}"), "does not fit"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_changed(
    installed: Mapiwright, picture: Picture, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "file").write_bytes(b"\xff")
    before = picture()
    written = [word.format(tmp_path / "file") for word in words]
    answer = installed("profile", "section", "set", PROFILE, "ACME", *written, "--yes")
    assert answer.code == 2
    assert told in answer.err
    assert picture() == before


def test_all_else_in_the_section_survives_byte_for_byte_and_undo_gives_it_all_back(
    installed: Mapiwright, plant: Callable[[str, str, Value], None]
) -> None:
    uid = service(installed)["uid"]
    plant(uid, "Søren's own", Value(0x4D57, b"\x00\xd8odd"))
    plant(uid, "000b6650", Value(ValueType.BINARY, b"\x01"))  # a boolean of a width that MAPI never wrote
    before = dump(installed)
    assert installed("profile", "section", "set", PROFILE, "ACME", "--set", "66010003=143", "--yes").code == 0
    after = dump(installed)
    assert after[uid]["values"].pop("00036601") == ["REG_BINARY", "8f000000"]
    port = before[uid]["values"].pop("00036601")
    assert after == before
    assert after[uid]["values"]["Søren's own"] == ["0x00004d57", b"\x00\xd8odd".hex()]
    assert installed("undo", receipts(installed)[-1], "--yes").code == 0
    before[uid]["values"]["00036601"] = port
    assert dump(installed) == before


def test_a_second_run_has_nothing_to_do(installed: Mapiwright, picture: Picture) -> None:
    words = (
        "profile",
        "section",
        "set",
        PROFILE,
        "ACME/ACME_Store",
        "--set",
        "PR_DISPLAY_NAME=Postfach Zoë",
        "--yes",
    )
    assert "Done:" in installed(*words).out
    once, done = picture(), receipts(installed)
    again = installed(*words)
    assert (again.code, "Nothing to do" in again.out) == (0, True)
    assert (picture(), receipts(installed)) == (once, done)


def test_a_dry_run_changes_nothing_and_its_plan_can_be_applied(
    installed: Mapiwright, picture: Picture, tmp_path: Path
) -> None:
    before = picture()
    words = ("profile", "section", "set", PROFILE, SETTINGS, "--set", "6640001F=später")
    plan = tmp_path / "plan.json"
    answer = installed(*words, "--dry-run", "-o", plan)
    assert '6640001F = "später"' in answer.out
    assert picture() == before
    assert installed(*words).code == 1, "stdin is not a terminal"
    assert installed("apply", plan, "--yes").code == 0
    assert get(installed, SETTINGS, "6640001F") == {"6640001F": "später"}


def test_properties_are_deleted_whatever_their_type(installed: Mapiwright) -> None:
    before = get(installed, SETTINGS)
    gone = installed("profile", "section", "delete", PROFILE, SETTINGS, "6611001F", "66120000", "66990003", "--yes")
    assert gone.code == 0, gone.err
    assert get(installed, SETTINGS) == {"66100003": before["66100003"]}
    again = installed("profile", "section", "delete", PROFILE, SETTINGS, "66110003", "--yes")
    assert (again.code, "Nothing to do" in again.out) == (0, True)
    assert installed("profile", "section", "delete", PROFILE, SETTINGS, "--yes").code == 2


def test_a_section_is_made_where_that_is_asked_for(installed: Mapiwright) -> None:
    words = ("profile", "section", "set", PROFILE, NEW)
    refused = installed(*words, "--set", "6640001F=neu", "--yes")
    assert refused.code == 1
    assert "`section set --create` makes one" in refused.err
    assert installed(*words, "--set", "6640001F=neu", "--create", "--yes").code == 0
    assert get(installed, NEW) == {"6640001F": "neu"}
    empty = NEW[::-1]
    assert installed("profile", "section", "set", PROFILE, empty, "--create", "--yes").code == 0
    assert get(installed, empty) == {}
    assert installed("undo", receipts(installed)[-1], "--yes").code == 0
    assert empty not in dump(installed)


def test_what_is_mapis_own_is_refused_with_all_that_came_with_it(installed: Mapiwright, picture: Picture) -> None:
    before = picture()
    both = ("--set", "66010003=1", "--set", "PR_SERVICE_NAME=OTHER")
    answer = installed("profile", "section", "set", PROFILE, "ACME", *both, "--yes", "--json")
    assert answer.code == 1
    assert "PR_SERVICE_NAME (MAPI_E_COMPUTED)" in answer.document["error"]["message"]
    assert answer.document["error"]["hresult"] == "0x8004011A"
    deleted = installed("profile", "section", "delete", PROFILE, "ACME", "PR_SERVICE_NAME", "66010003", "--yes")
    assert deleted.code == 1
    assert "PR_SERVICE_NAME" in deleted.err
    assert picture() == before


def test_the_bits_of_roles_are_left_to_the_verbs_that_choose_them(installed: Mapiwright) -> None:
    words = ("profile", "section", "set", PROFILE, "ACME/ACME_Store", "--yes", "--set")
    kept = installed(*words, "PR_RESOURCE_FLAGS=STATUS_OWN_STORE")
    assert kept.code == 0
    assert "`profile default-store` and `profile identity` choose them" in kept.err
    assert get(installed, "ACME/ACME_Store", "PR_RESOURCE_FLAGS") == {"30090003": 0x102}
    told = installed(*words, "PR_RESOURCE_FLAGS=STATUS_OWN_STORE | STATUS_DEFAULT_STORE")
    assert "choose them" not in told.err
    assert "Nothing to do" in told.out


def test_every_section_of_a_real_profile_is_listed_and_read_without_its_secrets(
    mapiwright: Mapiwright, tmp_path: Path, real_hive: Callable[[str], bytes]
) -> None:
    (tmp_path / "NTUSER.DAT").write_bytes(real_hive("o2010-x64"))
    target = ("--workstation", f"hive:{tmp_path / 'NTUSER.DAT'}")
    rows = mapiwright("profile", "section", "list", "Outlook", "--json", *target).document["sections"]
    paths = mapiwright("profile", "section", "list", "Outlook", *target).out
    assert "CONTAB/Outlook Address Book\n" in paths
    assert "Outlook accounts\n" in paths, "its key is in capitals"
    for row in rows:
        if row["uid"].startswith("{"):
            continue  # no MAPIUID: a key of some other program
        shown = mapiwright("profile", "section", "get", "Outlook", row["uid"], *target)
        assert shown.code == 0, shown.err
        assert shown.out.count(" = ") >= row["properties"]
        assert "01 00 00 00 d0 8c 9d df" not in shown.out


# Secrets


def test_a_secure_property_cannot_be_made_here_and_is_not_taken_from_the_command_line(
    installed: Mapiwright, picture: Picture, tmp_path: Path, stdin: Callable[[str], None]
) -> None:
    before = picture()
    words = ("profile", "section", "set", PROFILE, "ACME", "--yes")
    open_ = installed(*words, "--set", f"{PASSWORD}={SECRET}")
    assert (open_.code, "others can read a command line" in open_.err) == (2, True)
    stdin(f"{SECRET}\n")
    typed = installed(*words, "--set", "66010003=1", "--set", f"{PASSWORD}=-")
    assert typed.code == 1
    assert "Enter it on Windows" in typed.err
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    filed = installed(*words, "--set-file", f"{PASSWORD}={tmp_path / 'secret'}")
    assert (filed.code, "Enter it on Windows" in filed.err) == (1, True)
    stdin("")
    absent = installed(*words, "--set", f"{PASSWORD}=-")
    assert (absent.code, "standard input has no value for 67FC001F" in absent.err) == (2, True)
    for answer in (open_, typed, filed, absent):
        assert SECRET not in answer.out + answer.err
    assert picture() == before


@pytest.mark.parametrize("name", [f"S001f{PASSWORD[:4].lower()}", f"001f{PASSWORD[:4].lower()}"])
def test_a_stored_secret_is_hidden_in_lists_and_masked_where_it_is_asked_for(
    installed: Mapiwright, plant: Callable[[str, str, Value], None], name: str
) -> None:
    uid = service(installed)["uid"]
    plant(uid, name, Value(ValueType.BINARY, SECRET.encode("utf-16-le")))
    whole = installed("profile", "section", "get", PROFILE, "ACME")
    asked = installed("profile", "section", "get", PROFILE, "ACME", PASSWORD, "66010003")
    document = installed("profile", "section", "get", PROFILE, "ACME", PASSWORD, "--json")
    assert "PASSWORD" not in whole.out
    assert asked.code == 0
    assert "PR_AUTOCFG_USER_PASSWORD PT_UNICODE = (secret, not shown)" in asked.out
    assert document.document["section"]["properties"] == {PASSWORD: {"secret": True}}
    gone = installed("profile", "section", "delete", PROFILE, "ACME", PASSWORD, "--yes", "--json")
    assert gone.code == 0, gone.err
    assert installed("profile", "section", "get", PROFILE, "ACME", PASSWORD).code == 1
    for answer in (whole, asked, document, gone):
        for form in (SECRET, SECRET.encode("utf-16-le").hex(), SECRET.encode("utf-16-le").hex(" ")):
            assert form not in answer.out + answer.err


# A service that is there twice


def test_a_service_that_occurs_twice_is_asked_for_by_uid(mapiwright: Mapiwright) -> None:
    mapiwright("profile", "create", PROFILE, "--default", "--yes")
    for _ in range(2):
        mapiwright("profile", "add-service", PROFILE, "MSUPST MS", "--yes")
    services = mapiwright("profile", "show", PROFILE, "--json").document["services"]
    first, second = (each["uid"] for each in services)
    words = ("--set", "6700001F=D:\\Zoë.pst", "--yes")
    for section in ("MSUPST MS", "msupst ms/MSUPST MS"):
        unclear = mapiwright("profile", "section", "set", PROFILE, section, *words)
        assert unclear.code == 2
        assert first in unclear.err
        assert second in unclear.err
    store = services[1]["providers"][0]
    assert mapiwright("profile", "section", "set", PROFILE, second, *words).code == 0
    assert mapiwright("profile", "section", "set", PROFILE, f"{second}/{store['display']}", *words).code == 0
    changed = [uid for uid, each in dump(mapiwright).items() if "D:\\Zoë.pst".encode("utf-16-le").hex() in str(each)]
    assert sorted(changed) == sorted([second, store["uid"]])


def test_every_user_s_profile_gets_it_in_one_transaction(
    mapiwright: Mapiwright, several_users: tuple[str, ...]
) -> None:
    mapiwright("profile", "create", PROFILE, "--all-users", "--yes", *several_users)
    words = ("profile", "section", "set", PROFILE, NEW, "--create", "--set", "6640001F=für alle")
    before = len(mapiwright("receipts", "--json", *several_users).document["receipts"])
    assert mapiwright(*words, "--yes", *several_users).code == 2, "it is asked whose"
    assert mapiwright(*words, "--yes", "--all-users", *several_users).code == 0
    assert len(mapiwright("receipts", "--json", *several_users).document["receipts"]) == before + 1
    for user in ("Ada", "Zoë"):
        answer = mapiwright("profile", "section", "get", PROFILE, NEW, "--user", user, *several_users)
        assert '6640001F PT_UNICODE = "für alle"' in answer.out
