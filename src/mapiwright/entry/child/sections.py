"""What a guest sees of a profile: the sections of its own service, and no other; changed here, in memory, alone.

The parent stores the changes, or drops them. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from mapiwright.entry.child.property_json import EXTRA_UIDS, fault_of, properties_from_json, properties_to_json

PROFILE_INSTANCE = bytes.fromhex("8503020000000000c000000000000046")
"""MUID_PROFILE_INSTANCE: the section that says which profile this is, by PR_SEARCH_KEY ([mapi-profiles])."""
PR_SEARCH_KEY = 0x300B0102
PR_SERVICE_UID = 0x3D0C0102


class Section(MutableMapping[int, Any]):
    """A profile section as a mapping from property tag to value; ``uid`` is its MAPIUID, 16 bytes.

    A string property is found under either width, and keeps the width that it has ([imapiprop-getprops]).
    """

    def __init__(
        self,
        uid: bytes,
        properties: Mapping[int, Any],
        before: Mapping[int, Any] | None = None,
        *,
        is_new: bool = False,
    ) -> None:
        self.uid = uid
        self._now = dict(properties)
        self._before = dict(properties if before is None else before)
        self._is_new = is_new
        self.pointers: dict[int, Any] = {}
        """PT_OBJECT properties, which native code may keep here while it runs; they are stored nowhere."""

    def stored(self, tag: int) -> int:
        """The tag under which a property is stored: the given one, or the same string of the other width."""
        other = tag ^ 1 if tag & 0xEFFE == 0x001E else tag
        return other if tag not in self._now and other in self._now else tag

    def __getitem__(self, tag: int) -> Any:
        return self._now[self.stored(tag)]

    def __setitem__(self, tag: int, value: Any) -> None:
        value = tuple(value) if isinstance(value, list) else value
        value = bytes(value) if isinstance(value, bytearray) else value
        fault = "None is no value; use del" if value is None else fault_of(tag, value)
        if tag == EXTRA_UIDS:
            fault = "call.new_section() adds to it"
        if fault:
            raise ValueError(
                f"property {tag!r:.20}: {fault}" if type(tag) is not int else f"property {tag:08X}: {fault}"
            )
        self.store(self.stored(tag), value)

    def store(self, tag: int, value: Any) -> None:
        """Set a property that was checked before; an id has one type at a time."""
        for other in [known for known in self._now if known >> 16 == tag >> 16]:
            del self._now[other]
        self._now[tag] = value

    def __delitem__(self, tag: int) -> None:
        fault = "call.new_section() adds to it" if tag == EXTRA_UIDS else fault_of(tag, None)
        if fault:
            raise ValueError(f"property {tag:08X}: {fault}")
        self.drop(tag)

    def drop(self, tag: int) -> None:
        """Remove a property that was checked before; raises KeyError where there is none."""
        del self._now[self.stored(tag)]

    def __iter__(self) -> Iterator[int]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def changes(self) -> dict[int, Any]:
        """The properties that differ from what the call began with; None is one that was removed."""
        tags = {**self._before, **self._now}
        pairs = {tag: (self._before.get(tag), self._now.get(tag)) for tag in tags}
        return {tag: new for tag, (old, new) in pairs.items() if new != old or type(new) is not type(old)}

    @property
    def touched(self) -> bool:
        """Whether there is anything to report of it: a new section is reported even when it is empty."""
        return bool(self.changes()) or self._is_new


class Sections:
    """The sections of one call: the service's own, its providers' and its extra ones, by their uids in hex.

    ``definitions`` are the providers that MAPISVC.INF knows, by name, as CreateProvider copies them; ``foreign`` are
    the uids of sections in the profile that belong to others, ``reserved`` those that no service may make.
    ``instance`` is the one of the profile, to be read only. ``fresh`` are the extra sections that the guest
    made, ``made`` names the providers that it created, by their uids, and ``gone`` are the uids of those that it
    deleted. ``adopt`` of the request names, by its name, the provider that a call of PROVIDER_CREATE is about, which
    is there already.
    """

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.service: Section | None = None
        self.providers: dict[str, Section] = {}
        self.extras: dict[str, Section] = {}
        self.names: dict[str, str] = {}
        self.made: dict[str, str] = {}
        self.gone: list[str] = []
        self.fresh: list[Section] = []
        self.foreign = frozenset(request.get("foreign", ()))
        self.reserved = frozenset(request.get("reserved", ()))
        key = bytes.fromhex(request.get("search_key", ""))
        self.instance = Section(PROFILE_INSTANCE, {PR_SEARCH_KEY: key}) if key else None
        self.definitions = {
            name: properties_from_json(found) for name, found in request.get("definitions", {}).items()
        }
        self._adopted: dict[str, str] = dict(request.get("adopt", {}))
        roles = {"provider": self.providers, "extra": self.extras}
        for found in request["sections"]:
            uid, properties = bytes.fromhex(found["uid"]), properties_from_json(found["properties"])
            if found["role"] == "service":
                properties.setdefault(PR_SERVICE_UID, uid)  # it is stored in no profile seen, and read by services
            section = Section(uid, properties)
            self.names[found["uid"]] = found["name"]
            if found["role"] == "service":
                self.service = section
            else:
                roles[found["role"]][found["uid"]] = section

    @property
    def all(self) -> tuple[Section, ...]:
        """Every section, the service's first."""
        own = () if self.service is None else (self.service,)
        return (*own, *self.providers.values(), *self.extras.values())

    def find(self, uid: bytes) -> Section | None:
        """The section of that uid, or None."""
        return next((section for section in self.all if section.uid == uid), None)

    def create_extra(self, uid: bytes | None = None) -> Section:
        """Make an extra section that belongs to the service: it is copied and removed along with it.

        Raises ValueError where no profile is concerned, or where ``uid`` is not that of a new section.
        """
        uid = _new_uid() if uid is None else bytes(uid)
        if self.service is None:
            raise ValueError("a new section needs a profile; INSTALL and UNINSTALL have none")
        if self.is_of_others(uid, write=True):
            raise ValueError(
                f"section {uid.hex()} is not its own; Sections= in MAPISVC.INF, and UID= there, makes it so"
            )
        if len(uid) != 16 or self.find(uid) is not None:
            raise ValueError(f"{uid.hex()} is not the 16 bytes of a new MAPIUID")
        section = self.extras[uid.hex()] = Section(uid, {}, is_new=True)
        self.names[uid.hex()] = uid.hex()
        self.fresh.append(section)
        return section

    def is_of_others(self, uid: bytes, *, write: bool) -> bool:
        """Whether a section is there and not the service's, or, to ``write``, is one that no service makes."""
        return uid.hex() in self.foreign or (write and uid.hex() in self.reserved)

    def list_extra(self, section: Section) -> None:
        """Name an extra section in PR_SERVICE_EXTRA_UIDS, if it is not there yet."""
        assert self.service is not None  # noqa: S101 - a section was made, so there is a profile
        listed = self.service.get(EXTRA_UIDS, b"")
        if section.uid not in (listed[at : at + 16] for at in range(0, len(listed), 16)):
            self.service.store(EXTRA_UIDS, listed + section.uid)

    def may_list(self, packed: Any) -> bool:
        """Whether PR_SERVICE_EXTRA_UIDS may become that: sections of the service's own, and all that were listed."""
        before = self.service.get(EXTRA_UIDS, b"") if self.service is not None else b""
        if not isinstance(packed, bytes) or len(packed) % 16:
            return False
        listed, wanted = (
            {value[at : at + 16].hex() for at in range(0, len(value), 16)} for value in (before, packed)
        )
        return listed <= wanted <= listed | set(self.extras)

    def known(self, name: str) -> str:
        """The INF section that a provider's name means: that, its display name, or its vendor's ([derived], as
        admin).
        """
        wanted = name.casefold()
        for number in (None, 0x3001, 0x3006):  # the section itself, PR_DISPLAY_NAME, PR_PROVIDER_DISPLAY
            for section, properties in self.definitions.items():
                spelled = [section] if number is None else [v for tag, v in properties.items() if tag >> 16 == number]
                if any(isinstance(each, str) and each.casefold() == wanted for each in spelled):
                    return str(section)
        return name

    def create_provider(self, name: str, properties: Mapping[int, Any]) -> Section:
        """Make a provider from its definition and what is given beyond it ([iprovideradmin-createprovider])."""
        uid = _new_uid()
        section = self.providers[uid.hex()] = Section(
            uid, {**self.definitions.get(name, {}), **properties}, {}, is_new=True
        )
        self.names[uid.hex()] = self.made[uid.hex()] = name
        return section

    def adopt(self, name: str, properties: Mapping[int, Any]) -> Section | None:
        """The provider that this very call is about, once, with what is given beyond it; None where it is another."""
        uid = self._adopted.pop(name, None)
        if uid is None:
            return None
        section = self.providers[uid]
        for tag, value in properties.items():
            section.store(section.stored(tag), value)
        return section

    def delete_provider(self, uid: bytes) -> None:
        """Remove a provider and its section; raises KeyError where the service has none of that uid."""
        del self.providers[uid.hex()]
        if self.made.pop(uid.hex(), None) is None:
            self.gone.append(uid.hex())

    def changes(self) -> dict[str, dict[str, Any]]:
        """What the guest did to its sections, by uid."""
        return {section.uid.hex(): properties_to_json(section.changes()) for section in self.all if section.touched}


def _new_uid() -> bytes:
    import uuid  # noqa: PLC0415 - most calls make no section

    return uuid.uuid4().bytes
