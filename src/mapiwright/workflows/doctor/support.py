"""The support bundle: what a helpdesk needs to know of a workstation, in one zip file, with user data masked.

Of registry values and properties only those are shown whose meaning is known to be the machine's or the service's
own; of all others the bundle has the type and the size, and of secrets not even that.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapiwright import __version__
from mapiwright.errors import FormatError, RefusedError
from mapiwright.mapi.inf.mapisvc import read_mapisvc
from mapiwright.setup.install.policies import settings
from mapiwright.setup.records.records import records_of
from mapiwright.setup.records.schema import SendRecord, record_of
from mapiwright.transaction.records.log import entries
from mapiwright.workflows.doctor.masking import Masker
from mapiwright.workflows.doctor.redaction import (
    MACHINE_KEYS,
    inf_lines,
    inf_texts,
    private_texts,
    profile_document,
    public_texts,
    value_document,
)
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Key, KeyPath, View, fold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mapiwright.formats.inf import Inf
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workflows.doctor.doctor import Diagnosis
    from mapiwright.workstation.registry import Value
    from mapiwright.workstation.workstation import User, Workstation

SCHEMA = 1
MANIFEST = "manifest.json"
INF_MEMBER = "MAPISVC.INF.txt"
OUTLOOKS_OWN_NAME = "Outlook"
"""The name that Outlook gives to a profile by itself, which says nothing of the user."""
_COMPUTER = KeyPath.parse(r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName")
_EARLIEST = 1980
"""The first year that a zip file can hold."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A support bundle: the bytes of the zip file, the names of its members, and how much was masked, by kind."""

    data: bytes
    members: tuple[str, ...]
    masked: Mapping[str, int]


def make_bundle(workstation: Workstation, diagnosis: Diagnosis, now: datetime) -> Bundle:
    """Pack what is to be known of a workstation, and write nothing to it; ``now`` is the time that it states."""
    packer = _Packer(workstation)
    packer.add_json("findings.json", _findings(diagnosis))
    packer.add_json("log.json", [dict(entry) for entry in entries(workstation.state)])
    packer.add_json("receipts.json", _receipts(workstation))
    packer.add_inf()
    packer.add_json("registry/machine.json", packer.machine())
    for number, user in enumerate(workstation.users, 1):
        packer.add_json(f"registry/user-{number}.json", packer.user(user))
    return packer.pack(now)


class _Packer:
    """The members of one bundle, as they come together."""

    def __init__(self, workstation: Workstation) -> None:
        self._workstation = workstation
        self._members: dict[str, bytes] = {}
        self._profiles = {user.sid: self._profiles_of(user) for user in workstation.users}
        self._inf = self._read_inf()
        self._masker = Masker(self._private())

    def _profiles_of(self, user: User) -> dict[str, Key] | str:
        """The keys of a user's profiles by their place; why, where they cannot be read."""
        roots = dict.fromkeys(places.profiles for places in PROFILE_ROOTS.values())
        try:
            found = {root: self._workstation.registry.read(user.root / root) for root in roots}
        except RefusedError as error:
            return error.what
        return {root: key for root, key in found.items() if key is not None}

    def _read_inf(self) -> Inf | None:
        try:
            there = read_mapisvc(self._workstation)
        except RefusedError:
            return None  # the findings say why
        return there.document if there.data is not None else None

    def _value(self, key: KeyPath, name: str) -> Value | None:
        try:
            return self._workstation.registry.value(key, name)
        except FormatError:
            return None  # the findings say so

    def _private(self) -> dict[str, str]:
        """What is to be masked wherever it stands, with its kind."""
        here = self._workstation
        keys = [key for there in self._profiles.values() if isinstance(there, dict) for key in there.values()]
        public = {OUTLOOKS_OWN_NAME.casefold()} | (inf_texts(self._inf) if self._inf is not None else set())
        for key in keys:
            public |= public_texts(key, here.code_page)
        found: dict[str, str] = {}
        for key in keys:
            found |= {text: "text" for text in private_texts(key) if text.casefold() not in public}
            found |= {name: "profile" for name in key.keys if name.casefold() not in public}
        for user in here.users:
            if not user.template:
                found |= {user.sid: "sid", user.name: "user"}
        computer = self._value(_COMPUTER, "ComputerName")
        if computer is not None:
            found[computer.text] = "computer"
        place = here.uri.partition(":")[2]
        return found | ({place: "place", str(Path(place).resolve()): "place"} if place else {})

    # The members.

    def add_json(self, name: str, document: Any) -> None:
        """Add a document; every text in it is masked."""
        text = json.dumps(self._masker.mask_all(document), indent=2, ensure_ascii=False)
        self._members[name] = text.encode("utf-8", "backslashreplace") + b"\n"

    def add_inf(self) -> None:
        """Add MAPISVC.INF as far as it is readable; its path is in the findings."""
        if self._inf is not None:
            lines = (self._masker.mask(line) for line in inf_lines(self._inf))
            self._members[INF_MEMBER] = "\n".join(lines).encode("utf-8", "backslashreplace") + b"\n"

    def machine(self) -> Any:
        """The keys of the machine that say which Outlook and which MAPI there are, of both views."""
        found: dict[str, Any] = {}
        for path, names in MACHINE_KEYS:
            for view in View:
                place = KeyPath.parse(path, view)
                try:
                    key = self._workstation.registry.read(place) if names is None else self._some(place, names)
                except FormatError as error:
                    return {"unreadable": error.what}
                if key is not None:
                    found[str(place)] = _machine_document(key)
        return found

    def _some(self, place: KeyPath, names: tuple[str, ...]) -> Key | None:
        values = {name: value for name in names if (value := self._value(place, name)) is not None}
        return Key(values) if values else None

    def user(self, user: User) -> Any:
        """A user's settings that matter, and the profiles as far as they are no user data."""
        registry, there = self._workstation.registry, self._profiles[user.sid]
        if isinstance(there, str):
            return {"user": user.name, "unreadable": there}
        reported = [
            {"policy": found.policy, "value": found.text, "enforced": found.enforced}
            for edition in PROFILE_ROOTS
            for found in settings(self._workstation, user, edition)
        ]
        defaults = {
            places.default: value.text
            for places in PROFILE_ROOTS.values()
            if (value := registry.value(user.root / places.default, "DefaultProfile")) is not None
        }
        profiles = [
            {"below": root, "name": name, **profile_document(key, self._workstation.code_page)}
            for root, held in there.items()
            for name, key in held.keys.items()
        ]
        return {
            "user": user.name,
            "sid": user.sid,
            "template": user.template,
            "settings": reported,
            "default": [{"below": place, "name": name} for place, name in defaults.items()],
            "profiles": profiles,
        }

    def pack(self, now: datetime) -> Bundle:
        """The zip file, with a manifest of what is in it and what was masked."""
        members = [
            {"name": name, "size": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in self._members.items()
        ]
        masked = dict(sorted(self._masker.counts.items()))
        manifest = {
            "schema": SCHEMA,
            "made": now.isoformat(timespec="seconds"),
            "program": f"mapiwright {__version__}",
            "workstation": self._workstation.uri.partition(":")[0],
            "members": members,
            "masked": masked,
            "left out": "secrets; binary data; properties and values that are not known to hold no user data",
        }
        self._members = {MANIFEST: json.dumps(manifest, indent=2).encode() + b"\n", **self._members}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self._members.items():
                reported = (max(now.year, _EARLIEST), now.month, now.day, now.hour, now.minute, now.second)
                archive.writestr(zipfile.ZipInfo(name, reported), data, zipfile.ZIP_DEFLATED)
        return Bundle(stream.getvalue(), tuple(self._members), masked)


def _findings(diagnosis: Diagnosis) -> Any:
    return {
        "facts": [{"name": fact.name, "text": fact.text, "rules": fact.rules} for fact in diagnosis.facts],
        "findings": [
            {
                "id": found.id,
                "severity": found.severity,
                "where": found.where,
                "line": found.line,
                "what": found.what,
                "rule": found.rule,
                "remedy": found.remedy,
            }
            for found in diagnosis.findings
        ],
    }


def _receipts(workstation: Workstation) -> Any:
    damaged = [{"unreadable": error.what, "where": error.where} for error in records_of(workstation).damaged]
    return [*(_receipt(one) for one in records_of(workstation).receipts), *damaged]


def _receipt(of: Receipt) -> dict[str, Any]:
    """A receipt without what it keeps for an uninstall: lines of other files, and digests of what was written."""
    return {
        "id": of.id,
        "verb": of.verb,
        "title": str(of.title),
        "created": of.created,
        "workstation": of.workstation.partition(":")[0],
        "undone_by": of.undone_by,
        **_package(of),
        "legs": [str(title) for title, _ in of.legs],
        "calls": [
            {"title": str(call.title), "status": call.status, "message": str(call.message)} for call in of.effects
        ],
    }


def _package(of: Receipt) -> dict[str, Any]:
    try:
        record = record_of(of)
    except FormatError:
        record = None
    if record is None or isinstance(record, SendRecord):
        return {"package": None, "services": None}
    package = record.package
    facts = {"id": package.id, "name": package.name, "version": package.version, "vendor": package.vendor}
    return {"package": facts, "services": list(record.services)}


def _machine_document(key: Key) -> Any:
    return fold(key, _key_document)


def _key_document(key: Key, below: Mapping[str, Any]) -> Any:
    document: dict[str, Any] = {"values": {name: value_document(name, value) for name, value in key.values.items()}}
    return {**document, "keys": dict(below)} if below else document
