"""The address lists of a profile: the first one, that of personal addresses, and where names are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import NotFoundError, UsageError
from mapiwright.mapi.inf.definition import ProviderDefinition, ServiceDefinition
from mapiwright.mapi.profile import addressing, edit, store
from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.mapi.props import tags
from mapiwright.mapi.props.tags import ResourceType
from mapiwright.ui.text.language import texts_in
from mapiwright.ui.text.names import shown_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import Answer, Office

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.workstation.registry import Key

    Mapiwright = Callable[..., Answer]
    Picture = Callable[[], dict[str, bytes]]
    CodeOf = Callable[[Callable[[], object]], int]

REAL = {"o2010-x64": ("Contacts", "Suggested Contacts"), "o2016-x64": ("Contacts",)}
THREE = (tags.PR_AB_DEFAULT_DIR, tags.PR_AB_DEFAULT_PAB, tags.PR_AB_SEARCH_PATH)
NOT_FOUND = 0x8004010F
INVALID_PARAMETER = 0x80070057

CONTAB_UID, FOLDERS, NAMES, NAMES_A, FOLDER_NAMES = 0x66010102, 0x66201102, 0x6629101F, 0x6624101E, 0x6628101F
OUTLOOK = b"the outlook book"
HOME, WORK = b"a folder of 24 bytes ...", b"a folder of Exchange has 46 bytes ............"
"""Entry ids of folders, in a data file and in a mailbox."""


def contacts(folder: bytes) -> bytes:
    """The entry id of a contact folder in the address book ([profile-in-the-registry] 7.5)."""
    return bytes.fromhex("00000000 fe42aa0a18c71a10e8850b651c240000 03000000 03000000") + OUTLOOK + folder


def global_list(provider: str) -> bytes:
    """That of the global address list of an Exchange account."""
    return bytes.fromhex(f"00000000 {provider} 01000000 00010000 2f00")


def book(name: str, dll: str, more: dict[int, PropertyValue] | None = None) -> ServiceDefinition:
    """A service with one address book."""
    properties: dict[int, PropertyValue] = {
        tags.PR_RESOURCE_TYPE: int(ResourceType.AB_PROVIDER),
        tags.PR_DISPLAY_NAME: f"{name} book",
        tags.PR_PROVIDER_DLL_NAME: dll,
    }
    return ServiceDefinition(name, name, {}, (ProviderDefinition(name, properties | (more or {})),))


FOLDERS_OF_OUTLOOK: dict[int, PropertyValue] = {
    CONTAB_UID: OUTLOOK,
    FOLDERS: (HOME, WORK),
    NAMES: ("Home", "Büro"),
}


@pytest.fixture
def new_uid() -> Callable[[], bytes]:
    numbers = iter(range(1, 100))
    return lambda: b"uid:" + next(numbers).to_bytes(12, "big")


@pytest.fixture
def profile(new_uid: Callable[[], bytes]) -> Profile:
    """Outlook's contacts in two folders, two Exchange accounts, and a book of another vendor."""
    made = edit.new_profile("Work", 8, new_uid)
    for each in (
        book("CONTAB", "contab.dll", FOLDERS_OF_OUTLOOK),
        book("MSEMS", "EMSABP.DLL"),
        book("MSEMS", "emsabp.dll"),
        book("ACME", "acme.dll"),
    ):
        made, _ = edit.add_service(made, each, new_uid)
    return made


def provider(profile: Profile, number: int) -> str:
    return profile.providers(tags.PR_AB_PROVIDERS)[number].uid


def with_admin(profile: Profile, changes: dict[int, PropertyValue | None]) -> Profile:
    return edit.set_properties(profile, ADMIN, changes)


# Real profiles.


@pytest.mark.parametrize("name", REAL)
def test_what_outlook_wrote_into_its_search_path_is_computed_byte_by_byte(
    real_profiles: Callable[[str], Key], name: str
) -> None:
    key = real_profiles(name).keys["Outlook"]
    real = store.read_profile("Outlook", key, default_pointer=8, code_page="cp1252")
    [owner] = [each.uid for each in real.providers(tags.PR_AB_PROVIDERS) if each.dll == "contab.dll"]
    written = addressing.search_order(real)
    assert [(each.name, each.provider) for each in written] == [(folder, owner) for folder in REAL[name]]
    assert addressing.address_lists(real) == written, "each once, and what has no rule has no list"
    without = with_admin(real, {tags.PR_AB_SEARCH_PATH: None})
    assert addressing.search_order(without) == ()
    assert addressing.address_lists(without) == written, "the sections alone tell as much"
    again = addressing.set_search_order(without, [each.entry_id for each in written])
    assert store.write_profile(again, "cp1252") == key, "as Outlook stores it"


# Which lists there are, and what they are called.


def test_the_lists_are_the_contact_folders_and_the_global_lists(profile: Profile) -> None:
    contab, first, second, _ = (provider(profile, number) for number in range(4))
    assert addressing.address_lists(profile) == (
        addressing.AddressList(contacts(HOME), "Home", contab),
        addressing.AddressList(contacts(WORK), "Büro", contab),
        addressing.AddressList(global_list(first), "Global Address List", first),
        addressing.AddressList(global_list(second), "Global Address List", second),
    )
    assert [len(each.entry_id) for each in addressing.address_lists(profile)] == [68, 90, 30, 30]
    assert addressing.default_directory(profile) is None
    assert addressing.personal_address_book(profile) is None
    assert addressing.search_order(profile) == ()


def test_what_the_profile_holds_can_be_named_whoever_made_it(profile: Profile) -> None:
    acme = bytes(4) + bytes.fromhex(provider(profile, 3)) + b"a list of theirs"
    gone = contacts(b"a folder that is gone ..")
    strange = b"\1\2\3\4an id of nobody here"
    profile = with_admin(
        profile,
        {
            tags.PR_AB_SEARCH_PATH: (strange, contacts(WORK), gone),
            tags.PR_AB_DEFAULT_DIR: acme,
            tags.PR_AB_DEFAULT_PAB: contacts(WORK),
        },
    )
    lists = addressing.address_lists(profile)
    assert [each.name for each in lists] == [
        "(unknown)",
        "Büro",
        "CONTAB book",
        "ACME book",
        "Home",
        "Global Address List",
        "Global Address List",
    ]
    assert [each.provider for each in lists[:4]] == ["", *(provider(profile, number) for number in (0, 0, 3))]
    assert addressing.default_directory(profile) == lists[3]
    assert addressing.personal_address_book(profile) == lists[1]
    assert addressing.search_order(profile) == lists[:3]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({NAMES: ("Heim", "Amt"), NAMES_A: ("Home", "Office"), FOLDER_NAMES: ("H", "O")}, ["Heim", "Amt"]),
        ({NAMES_A: ("Home", "Office"), FOLDER_NAMES: ("H", "O")}, ["Home", "Office"]),
        ({FOLDER_NAMES: ("H", "O")}, ["H", "O"]),
        ({NAMES: ("Home",), FOLDER_NAMES: ("H", "O")}, ["Home", "O"]),
        ({NAMES: ("", "Office")}, ["CONTAB book", "Office"]),
        ({}, ["CONTAB book", "CONTAB book"]),
        ({tags.PR_DISPLAY_NAME: ""}, ["(unknown)", "(unknown)"]),
    ],
)
def test_a_folder_has_the_best_name_that_there_is(
    new_uid: Callable[[], bytes], names: dict[int, PropertyValue], told: list[str]
) -> None:
    made = book("CONTAB", "CONTAB.DLL", {**FOLDERS_OF_OUTLOOK, NAMES: (), **names})
    profile, _ = edit.add_service(edit.new_profile("Work", 8, new_uid), made, new_uid)
    assert [each.name for each in addressing.address_lists(profile)] == told


@pytest.mark.parametrize(
    ("dll", "more"),
    [
        ("contab.dll", {}),
        ("contab.dll", {FOLDERS: (HOME,)}),
        ("contab.dll", {FOLDERS: (HOME,), CONTAB_UID: b"short"}),
        ("acme.dll", {FOLDERS: (HOME,), CONTAB_UID: OUTLOOK}),
    ],
)
def test_where_the_section_does_not_tell_no_list_is_made_up(
    new_uid: Callable[[], bytes], dll: str, more: dict[int, PropertyValue]
) -> None:
    profile, _ = edit.add_service(edit.new_profile("Work", 8, new_uid), book("X", dll, more), new_uid)
    assert addressing.address_lists(profile) == ()


# Choosing.


def test_a_list_that_nobody_can_name_is_refused_with_those_that_there_are(profile: Profile) -> None:
    choices: list[Callable[[bytes], Profile]] = [
        lambda each: addressing.set_default_directory(profile, each),
        lambda each: addressing.set_personal_address_book(profile, each),
        lambda each: addressing.set_search_order(profile, [contacts(HOME), each]),
    ]
    for choose in choices:
        with pytest.raises(NotFoundError) as caught:
            choose(contacts(b"nowhere"))
        assert f"Home ({contacts(HOME).hex()})" in caught.value.remedy
        assert contacts(b"nowhere").hex() in str(caught.value)
    with pytest.raises(NotFoundError, match="none"):
        addressing.set_default_directory(edit.new_profile("Empty", 8, lambda: bytes(16)), b"x")


def test_a_list_that_an_edit_let_go_can_be_named_again_unless_its_provider_went(profile: Profile) -> None:
    strange = b"\1\2\3\4an id of nobody here"
    before = with_admin(profile, {tags.PR_AB_DEFAULT_DIR: strange})
    after = addressing.set_default_directory(before, None)
    with pytest.raises(NotFoundError):
        addressing.set_search_order(after, [strange])
    again = addressing.set_search_order(after, [strange, contacts(HOME)], before=before)
    assert [each.entry_id for each in addressing.search_order(again)] == [strange, contacts(HOME)]
    without = edit.remove_service(before, before.services[0].uid)
    with pytest.raises(NotFoundError):
        addressing.set_search_order(without, [contacts(HOME)], before=before)


def test_a_list_is_searched_once(profile: Profile) -> None:
    with pytest.raises(UsageError, match="named twice"):
        addressing.set_search_order(profile, [contacts(HOME), contacts(WORK), contacts(HOME)])


def test_a_value_that_is_no_entry_id_can_be_cleared(profile: Profile) -> None:
    """Somebody's bytes that do not decode are shown as no list, and None removes them."""
    key = store.write_profile(with_admin(profile, {tags.PR_AB_SEARCH_PATH: (contacts(HOME),)}), "cp1252")
    stored = key.keys[ADMIN].values
    damaged = {**stored, "11023d05": type(stored["11023d05"]).binary(b"\7\0\0\0nothing of that kind")}
    keys = {**key.keys, ADMIN: type(key)(damaged)}
    read = store.read_profile("Work", type(key)({}, keys), default_pointer=8, code_page="cp1252")
    assert addressing.search_order(read) == ()
    cleared = store.write_profile(addressing.set_search_order(read, ()), "cp1252")
    assert "11023d05" not in cleared.keys[ADMIN].values


def test_the_lists_of_a_service_go_with_it(profile: Profile) -> None:
    exchange = provider(profile, 1)
    profile = addressing.set_search_order(profile, [contacts(WORK), global_list(exchange), contacts(HOME)])
    profile = addressing.set_default_directory(profile, global_list(exchange))
    profile = addressing.set_personal_address_book(profile, contacts(HOME))
    contab, ems, *_ = profile.services
    left = edit.remove_service(profile, ems.uid)
    assert [each.name for each in addressing.search_order(left)] == ["Büro", "Home"]
    assert addressing.default_directory(left) is None
    assert addressing.personal_address_book(left) == addressing.personal_address_book(profile)
    left = edit.remove_service(left, contab.uid)
    assert not set(THREE) & left.admin.properties.keys(), "an empty list is stored nowhere"


# The administration.


def test_the_administration_chooses_lists_and_the_default_store_in_one_transaction_each(
    office: Office, code_of: CodeOf
) -> None:
    services = office.services()
    services.create_message_service("MAIL")
    services.create_message_service("MAIL")
    addresses = [each.uid for each in services.profile.providers(tags.PR_AB_PROVIDERS)]
    entries = [bytes(4) + bytes.fromhex(uid) + b"theirs" for uid in addresses]
    with services.open_profile_section(ADMIN, 1) as section:
        section.set_props({tags.PR_AB_SEARCH_PATH: tuple(entries)})
    done = len(office.receipts)
    services.set_default_directory(entries[1])
    services.set_personal_address_book(entries[0])
    services.set_search_order([entries[1], entries[0]])
    stored = office.stored()
    assert stored.admin.get(tags.PR_AB_DEFAULT_DIR) == entries[1]
    assert stored.admin.get(tags.PR_AB_DEFAULT_PAB) == entries[0]
    assert stored.admin.get(tags.PR_AB_SEARCH_PATH) == (entries[1], entries[0])
    stores = [each.uid for each in stored.providers(tags.PR_STORE_PROVIDERS)]
    for uid in (stores[1], bytes.fromhex(stores[0]), None):
        services.set_default_store(uid)
        flagged = [each.uid for each in office.stored().providers(tags.PR_STORE_PROVIDERS) if each.flags & 2]
        assert flagged == ([] if uid is None else [uid if isinstance(uid, str) else uid.hex()])
    titles = [str(receipt.title) for receipt in office.receipts[done:]]
    assert titles == [
        "choose the address list of profile Work that is shown first",
        "choose where profile Work keeps personal addresses",
        "choose where profile Work checks names",
        *["choose the default store of profile Work"] * 3,
    ]
    services.set_search_order([entries[1], entries[0]])
    assert len(office.receipts) == done + 6, "what is so already is no transaction"
    assert code_of(lambda: services.set_default_directory(b"nobody's")) == NOT_FOUND
    assert code_of(lambda: services.set_personal_address_book(b"nobody's")) == NOT_FOUND
    assert code_of(lambda: services.set_search_order([entries[0], entries[0]])) == INVALID_PARAMETER
    with office.workspace.batch():
        services.set_search_order(())
        services.set_personal_address_book(None)
        services.set_default_directory(entries[0])
        services.set_personal_address_book(entries[1])
    with office.workspace.batch():
        services.set_personal_address_book(None)
        services.set_default_directory(None)
        services.set_default_directory(entries[1])
    stored = office.stored()
    chosen = [stored.admin.get(tag) for tag in THREE]
    assert chosen == [entries[1], None, None], "what an edit of the batch let go can be named in it"
    assert code_of(lambda: services.set_default_store("ee" * 16)) == NOT_FOUND
    error = services.get_last_error()
    assert error is not None
    assert "no store" in error.error, "the object remembers it"


# The command line.


PROFILE = "Büro"


@pytest.fixture
def desk(mapiwright: Mapiwright) -> Mapiwright:
    """A profile with Outlook's contacts in two folders that have one name, and in a third one."""
    mapiwright("profile", "create", PROFILE, "--default", "--yes")
    mapiwright("profile", "add-service", PROFILE, "CONTAB", "--yes")
    folders = [HOME, WORK, b"another one"]
    answer = mapiwright(
        *("profile", "section", "set", PROFILE, "CONTAB/CONTAB Provider", "--yes"),
        *("--set", f"66010102={OUTLOOK.hex()}"),
        *("--set", f"66201102={';'.join(each.hex() for each in folders)}"),
        *("--set", "6629101F=Kontakte;Kontakte;Freunde"),
    )
    assert answer.code == 0, answer.err
    return mapiwright


def told(mapiwright: Mapiwright) -> Any:
    answer = mapiwright("profile", "addressing", PROFILE, "--json")
    assert answer.code == 0, answer.err
    return answer.document


def chosen(mapiwright: Mapiwright) -> tuple[str | None, str | None, list[str]]:
    """The three choices, as entry ids."""
    document = told(mapiwright)
    first, personal = (document[each] and document[each]["entry_id"] for each in ("default_directory", "personal"))
    return first, personal, [each["entry_id"] for each in document["search"]]


def undo(mapiwright: Mapiwright) -> None:
    receipts = mapiwright("receipts", "--json").document["receipts"]
    last = [each["id"] for each in receipts if each["verb"] == "profile" and not each["undone_by"]][-1]
    assert mapiwright("undo", last, "--yes").code == 0


def test_the_lists_are_shown_and_chosen_by_name_or_entry_id_in_one_plan(desk: Mapiwright) -> None:
    home, work, friends = (contacts(each).hex() for each in (HOME, WORK, b"another one"))
    before = desk("profile", "dump", PROFILE).document
    assert desk("profile", "addressing", PROFILE).out == (
        "Shown first: MAPI chooses\nPersonal addresses: no list chosen\nNames are checked in: MAPI chooses\n"
        f"Available lists:\n  Kontakte  {home}\n  Kontakte  {work}\n  Freunde  {friends}\n"
    )
    choices = ("--default-directory", "freunde", "--personal", home.upper(), "--search", work, "--search", "Freunde")
    assert desk("profile", "addressing", PROFILE, *choices, "--yes").code == 0
    assert chosen(desk) == (friends, home, [work, friends])
    document = told(desk)
    assert (document["profile"], document["user"]) == (PROFILE, "Zoë")
    [uid] = {each["provider"] for each in document["lists"]}
    assert document["default_directory"] == {"name": "Freunde", "entry_id": friends, "provider": uid}
    assert desk("profile", "addressing", PROFILE).out == (
        f"Shown first: Freunde  {friends}\nPersonal addresses: Kontakte  {home}\nNames are checked in:\n"
        f"  1. Kontakte  {work}\n  2. Freunde  {friends}\n"
        f"Available lists:\n  Kontakte  {work}\n  Freunde  {friends}\n  Kontakte  {home}\n"
    )
    assert "Nothing to do" in desk("profile", "addressing", PROFILE, *choices, "--yes").out
    assert desk("profile", "addressing", PROFILE, "--clear-personal", "--yes").code == 0
    assert chosen(desk) == (friends, None, [work, friends]), "what is not named stays"
    cleared = desk("profile", "addressing", PROFILE, "--clear-default-directory", "--clear-search", "--yes")
    assert cleared.code == 0
    assert chosen(desk) == (None, None, [])
    assert desk("profile", "dump", PROFILE).document == before
    undo(desk)
    assert chosen(desk) == (friends, None, [work, friends])
    undo(desk)
    undo(desk)
    assert desk("profile", "dump", PROFILE).document == before


def test_lists_that_only_the_profile_holds_change_places(desk: Mapiwright) -> None:
    held = ("--set", "3D060102=0000000001", "--set", "3D070102=0000000002", "--set", "3D051102=0000000003")
    assert desk("profile", "section", "set", PROFILE, ADMIN, *held, "--yes").code == 0
    assert chosen(desk) == ("0000000001", "0000000002", ["0000000003"])
    places = ("--default-directory", "0000000002", "--personal", "0000000003", "--search", "0000000001")
    answer = desk("profile", "addressing", PROFILE, *places, "--yes")
    assert answer.code == 0, answer.err
    assert chosen(desk) == ("0000000002", "0000000003", ["0000000001"])


def test_a_list_without_a_name_of_its_own_is_shown_and_named_in_the_reader_s_language(
    desk: Mapiwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk("profile", "section", "set", PROFILE, ADMIN, "--set", "3D060102=0000000001", "--yes").code == 0
    assert "Shown first: (unknown)  0000000001" in desk("profile", "addressing", PROFILE).out
    monkeypatch.setenv("MAPIWRIGHT_LANGUAGE", "fr")
    assert "Affichée d'abord\u00a0: (inconnue)  0000000001" in desk("profile", "addressing", PROFILE).out
    assert told(desk)["default_directory"]["name"] == "(unknown)"
    for name, option in (("(inconnue)", "--personal"), ("(unknown)", "--search")):
        assert desk("profile", "addressing", PROFILE, option, name, "--yes").code == 0
    assert chosen(desk) == ("0000000001", "0000000001", ["0000000001"])
    everybody = addressing.AddressList(b"", addressing.GLOBAL_ADDRESS_LIST, "")
    assert [shown_name(everybody, texts_in(language)) for language in ("en", "fr")] == [
        "Global Address List",
        "Liste d'adresses globale",
    ]


def test_a_choice_that_cannot_be_is_refused(desk: Mapiwright, picture: Picture) -> None:
    before = picture()
    unclear = desk("profile", "addressing", PROFILE, "--personal", "KONTAKTE", "--yes")
    assert unclear.code == 2
    assert all(contacts(each).hex() in unclear.err for each in (HOME, WORK))
    unknown = desk("profile", "addressing", PROFILE, "--search", "Feinde", "--yes")
    assert (unknown.code, "Kontakte, Kontakte, Freunde" in unknown.err) == (1, True)
    twice = desk("profile", "addressing", PROFILE, "--search", "Freunde", "--search", "freunde", "--yes")
    assert (twice.code, "named twice" in twice.err) == (2, True)
    for option in ("default-directory", "personal", "search"):
        both = desk("profile", "addressing", PROFILE, f"--{option}", "Freunde", f"--clear-{option}", "--yes")
        assert (both.code, "exclude each other" in both.err) == (2, True)
    assert desk("profile", "addressing", PROFILE, "--search", "Freunde").code == 1, "stdin is not a terminal"
    planned = desk("profile", "addressing", PROFILE, "--search", "Freunde", "--dry-run", "--json").document["plan"]
    assert [change["name"] for change in planned["steps"][0]["changes"]] == ["11023d05"]
    assert desk("profile", "addressing", "Nobody's").code == 1
    assert picture() == before


# profile copy-service


def test_a_service_is_copied_beside_itself_or_into_another_profile(desk: Mapiwright, picture: Picture) -> None:
    desk("profile", "create", "Other", "--yes")
    assert desk("profile", "add-service", PROFILE, "MSUPST MS", "--yes").code == 0
    desk("profile", "section", "set", PROFILE, "MSUPST MS", "--set", "6600001F=mine", "--yes")
    assert desk("profile", "copy-service", PROFILE, "msupst ms", "--yes").code == 0
    once = desk("profile", "copy-service", PROFILE, "CONTAB", "--yes")
    assert (once.code, "once only" in once.err) == (1, True)
    copied = desk("profile", "copy-service", PROFILE, "CONTAB", "--to", "other", "--yes", "--json")
    assert copied.code == 0
    assert copied.document["receipt"]["effects"] == [], "no entry point is called"
    first, second = (
        each for each in desk("profile", "show", PROFILE, "--json").document["services"] if each["name"] != "CONTAB"
    )
    sections = desk("profile", "show", PROFILE, "--json").document["sections"]
    assert sections[first["uid"]]["6600001F"] == sections[second["uid"]]["6600001F"] == "mine"
    there = desk("profile", "addressing", "Other", "--json").document["lists"]
    assert [each["name"] for each in there] == ["Kontakte", "Kontakte", "Freunde"]
    before = picture()
    unclear = desk("profile", "copy-service", PROFILE, "MSUPST MS", "--to", "Other", "--yes")
    assert (unclear.code, first["uid"] in unclear.err, second["uid"] in unclear.err) == (2, True, True)
    assert desk("profile", "copy-service", PROFILE, "CONTAB", "--to", "Nobody's", "--yes").code == 1
    assert desk("profile", "copy-service", PROFILE, first["uid"], "--to", "Other", "--dry-run").code == 0
    assert picture() == before
    assert desk("profile", "copy-service", PROFILE, second["uid"], "--to", "Other", "--yes").code == 0
    names = [each["name"] for each in desk("profile", "show", "Other", "--json").document["services"]]
    assert names == ["CONTAB", "MSUPST MS"]
    undo(desk)
    names = [each["name"] for each in desk("profile", "show", "Other", "--json").document["services"]]
    assert names == ["CONTAB"]
