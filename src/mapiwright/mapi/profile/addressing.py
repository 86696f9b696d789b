"""The address book of a profile: the list shown first, the one of personal addresses, and where names are checked.

MAPI keeps the three in its own section, as entry ids of containers: PR_AB_DEFAULT_DIR ([iaddrbook-setdefaultdir]),
PR_AB_DEFAULT_PAB ([iaddrbook-setpab]) and PR_AB_SEARCH_PATH ([iaddrbook-setsearchpath]). Which containers a provider
has, only its running code knows. The lists that can be named without it are those that the profile has in one of
the three, and those whose entry ids follow from the section of their provider ([profile-in-the-registry] 7.5): the
contact folders of the Outlook Address Book, and the global address list of Exchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import NotFoundError, UsageError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.formats.uid import UID_SIZE
from mapiwright.mapi.profile.profile import Provider
from mapiwright.mapi.props import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mapiwright.formats.props import PropertyValue
    from mapiwright.mapi.profile.profile import Profile, Section

UNKNOWN = "(unknown)"
"""The name of a list that nothing in the profile names."""
GLOBAL_ADDRESS_LIST = "Global Address List"

_NO_FLAGS = bytes(4)
_OUTLOOK, _EXCHANGE = "CONTAB.DLL", "EMSABP.DLL"
_CONTAB = bytes.fromhex("fe42aa0a18c71a10e8850b651c240000")
"""muidContabDLL: what the containers of the Outlook Address Book name where others name their provider's section."""
_CONTAB_UID = 0x66010102
_CONTAB_FOLDERS = 0x66201102
_CONTAB_NAMES = (0x6629101F, 0x6624101E, 0x6628101F, 0x6623101E)
"""The names of the folders, the best first: those for the address book, then the folders' own; later Outlooks keep
each in both widths."""
_CONTAB_CONTAINER = _CONTAB + bytes.fromhex("03000000 03000000")
_EXCHANGE_ROOT = bytes.fromhex("01000000 00010000") + b"/\0"
"""The rest of the entry id of the global address list: version 1, DT_CONTAINER, and the distinguished name "/"."""


@dataclass(frozen=True, slots=True)
class AddressList:
    """A container of an address book, as a profile can name it without its provider running.

    ``name`` is for people: the folder's, "Global Address List", the provider's display name, or "(unknown)".
    ``provider`` is the uid of the provider section that it belongs to, or "" where that is unknown.
    """

    entry_id: bytes
    name: str
    provider: str


def address_lists(profile: Profile) -> tuple[AddressList, ...]:
    """All lists that can be named, each once: those of the search order first, then the others."""
    chosen = (_entry(profile, tags.PR_AB_DEFAULT_DIR), _entry(profile, tags.PR_AB_DEFAULT_PAB))
    there = [*_path(profile), *(each for each in chosen if each is not None)]
    computed = [each.entry_id for each in _computed(profile)]
    return _named(profile, dict.fromkeys([*there, *computed]))


def default_directory(profile: Profile) -> AddressList | None:
    """The list that the address book shows first, or None where MAPI is to choose it."""
    return _one(profile, tags.PR_AB_DEFAULT_DIR)


def personal_address_book(profile: Profile) -> AddressList | None:
    """The list where personal addresses are kept, or None."""
    return _one(profile, tags.PR_AB_DEFAULT_PAB)


def search_order(profile: Profile) -> tuple[AddressList, ...]:
    """The lists in which names are checked, in that order, as they are stored; empty where MAPI is to choose them."""
    return _named(profile, _path(profile))


def set_default_directory(profile: Profile, entry_id: bytes | None, *, before: Profile | None = None) -> Profile:
    """Have the address book show this list first; None leaves it to MAPI.

    ``before`` is the profile before it was edited: a list that it held, and that an edit has let go, can be named,
    so that the order of edits does not matter. Raises NotFoundError.
    """
    _must_be_known(profile, before, () if entry_id is None else (entry_id,))
    return _with(profile, tags.PR_AB_DEFAULT_DIR, entry_id)


def set_personal_address_book(profile: Profile, entry_id: bytes | None, *, before: Profile | None = None) -> Profile:
    """Keep personal addresses in this list; None names none.

    ``before`` is as ``set_default_directory`` has it. Raises NotFoundError.
    """
    _must_be_known(profile, before, () if entry_id is None else (entry_id,))
    return _with(profile, tags.PR_AB_DEFAULT_PAB, entry_id)


def set_search_order(profile: Profile, entry_ids: Sequence[bytes], *, before: Profile | None = None) -> Profile:
    """Check names in these lists, in this order; with none of them MAPI makes an order of its own.

    ``before`` is as ``set_default_directory`` has it. Raises NotFoundError, and UsageError where a list is named
    twice.
    """
    _must_be_known(profile, before, entry_ids)
    if len(set(entry_ids)) < len(entry_ids):
        raise UsageError(
            "a list is named twice", where=f"profile {profile.name}", expected="each list of the search order once"
        )
    return _with(profile, tags.PR_AB_SEARCH_PATH, tuple(entry_ids) or None)  # no empty list is ever stored


class Owners:
    """Provider sections by what the entry ids of their containers name."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._by_uid: dict[str, Section] = {}
        self._by_contab: dict[bytes, Section] = {}
        for section in sections:
            self._by_uid.setdefault(section.uid.lower(), section)
            uid = section.get(_CONTAB_UID)
            if isinstance(uid, bytes) and len(uid) == UID_SIZE:
                self._by_contab.setdefault(uid, section)

    def of(self, entry_id: bytes) -> Section | None:
        """The section to which a container belongs.

        Its entry id names the section behind four bytes of flags; the Outlook Address Book's names itself there, and
        further on the uid that its section keeps.
        """
        named = entry_id[4:20]
        if named == _CONTAB:
            found = self._by_contab.get(entry_id[28:44])
            if found is not None:
                return found
        return self._by_uid.get(named.hex())


def without_lists_of(admin: Section, gone: Sequence[Section]) -> dict[int, PropertyValue | None]:
    """The changes to MAPI's own section that take the lists of providers out of it, as these go."""
    changes: dict[int, PropertyValue | None] = {}
    owners = Owners(gone)
    path = admin.get(tags.PR_AB_SEARCH_PATH)
    if isinstance(path, tuple):
        kept = tuple(each for each in path if isinstance(each, bytes) and owners.of(each) is None)
        changes[tags.PR_AB_SEARCH_PATH] = kept or None
    for tag in (tags.PR_AB_DEFAULT_DIR, tags.PR_AB_DEFAULT_PAB):
        entry = admin.get(tag)
        if isinstance(entry, bytes) and owners.of(entry) is not None:
            changes[tag] = None
    return changes


# What the profile has.


def _entry(profile: Profile, tag: int) -> bytes | None:
    value = profile.admin.get(tag)
    return value if isinstance(value, bytes) else None


def _path(profile: Profile) -> tuple[bytes, ...]:
    value = profile.admin.get(tags.PR_AB_SEARCH_PATH)
    return tuple(each for each in value if isinstance(each, bytes)) if isinstance(value, tuple) else ()


def _one(profile: Profile, tag: int) -> AddressList | None:
    entry = _entry(profile, tag)
    return None if entry is None else _named(profile, [entry])[0]


def _named(profile: Profile, entry_ids: Iterable[bytes]) -> tuple[AddressList, ...]:
    """These lists, with the names that the profile has for them."""
    owners = Owners(provider.section for provider in profile.providers(tags.PR_AB_PROVIDERS))
    computed: dict[bytes, AddressList] = {}
    for each in _computed(profile):
        computed.setdefault(each.entry_id, each)

    def found(entry_id: bytes) -> AddressList:
        section = owners.of(entry_id)
        if section is None:
            return AddressList(entry_id, UNKNOWN, "")
        return AddressList(entry_id, Provider(section).display or UNKNOWN, section.uid)

    return tuple(computed.get(each) or found(each) for each in entry_ids)


def _computed(profile: Profile) -> Iterator[AddressList]:
    """The lists whose entry ids follow from the sections of their providers, in the order of these."""
    for provider in profile.providers(tags.PR_AB_PROVIDERS):
        if upcase(provider.dll) == _OUTLOOK:
            yield from _contact_folders(provider)
        elif upcase(provider.dll) == _EXCHANGE:
            entry_id = _NO_FLAGS + bytes.fromhex(provider.uid) + _EXCHANGE_ROOT
            yield AddressList(entry_id, GLOBAL_ADDRESS_LIST, provider.uid)


def _contact_folders(provider: Provider) -> Iterator[AddressList]:
    uid, folders = provider.section.get(_CONTAB_UID), provider.section.get(_CONTAB_FOLDERS)
    if not isinstance(uid, bytes) or len(uid) != UID_SIZE or not isinstance(folders, tuple):
        return
    columns = [value for tag in _CONTAB_NAMES if isinstance(value := provider.section.get(tag), tuple)]
    for number, folder in enumerate(folders):
        if isinstance(folder, bytes):
            names = (str(column[number]) for column in columns if number < len(column))
            name = next(filter(None, names), provider.display) or UNKNOWN
            yield AddressList(_NO_FLAGS + _CONTAB_CONTAINER + uid + folder, name, provider.uid)


# The lists to set.


def _must_be_known(profile: Profile, before: Profile | None, entry_ids: Iterable[bytes]) -> None:
    known = {each.entry_id: each for each in address_lists(profile)}
    for each in () if before is None else address_lists(before):
        if not each.provider or profile.section(each.provider) is not None:
            known.setdefault(each.entry_id, each)
    stranger = next((each for each in entry_ids if each not in known), None)
    if stranger is not None:
        there = ", ".join(f"{each.name} ({each.entry_id.hex()})" for each in known.values()) or "none"
        raise NotFoundError(
            f"there is no address list {stranger.hex()}",
            where=f"profile {profile.name}",
            remedy=f"Lists that can be named: {there}.",
        )


def _with(profile: Profile, tag: int, value: PropertyValue | None) -> Profile:
    section = profile.admin.with_properties({tag: value})
    return profile if section == profile.admin else profile.with_sections(section)
