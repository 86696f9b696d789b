"""What the receipts of our verbs record, each in a type of its own, and the only place that reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from mapiwright.errors import FormatError
from mapiwright.mapi.inf.merge import Added, added_from_json, added_to_json
from mapiwright.transaction.plans.terms import items, text, texts
from mapiwright.transaction.records.receipt import receipt_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mapiwright.transaction.records.receipt import Receipt

INSTALL, UNINSTALL, REPAIR, SEND = "install", "uninstall", "repair", "call"
"""The verbs whose receipts record something."""


class Scope(StrEnum):
    """Which part of an install a receipt is about."""

    BOTH = "both"
    MACHINE = "machine"
    """Files, MAPISVC.INF and HKLM; no user's hive."""
    USER = "user"
    """HKCU and the profiles of the users that it names."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What a receipt says of its package."""

    id: str
    name: str
    version: str
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class MergedInf:
    """What was merged into the MAPISVC.INF at ``path``; ``replaces`` says that earlier merges are gone."""

    path: str
    added: Added
    replaces: bool


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """What an install did to a profile: whether it was made, and the uids of the added services by their names."""

    user: str
    sid: str
    profile: str
    made: bool
    uids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InstallRecord:
    """What an install, or a guard, did. ``served`` are the SIDs of the users who were brought to this version.

    ``bitness`` is that of the Outlook it was made for, ``profiles_on_uninstall`` what the package wants of profiles
    later; both are "" where the run did not say. ``repairs`` are the ids of the receipts that a guard restored.
    """

    package: PackageFacts
    services: tuple[str, ...]
    scope: Scope = Scope.BOTH
    inf: MergedInf | None = None
    profiles: tuple[ProfileEntry, ...] = ()
    served: tuple[str, ...] = ()
    profiles_on_uninstall: str = ""
    bitness: str = ""
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RepairRecord:
    """What a repair restored: the ids of the receipts, and the merge where MAPISVC.INF was changed."""

    package: PackageFacts
    services: tuple[str, ...]
    inf: MergedInf | None = None
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UninstallRecord:
    """What was uninstalled."""

    package: PackageFacts
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SendRecord:
    """The pending calls that were sent: the receipt that deferred each, and its number among the effects there."""

    sends: tuple[tuple[str, int], ...] = ()


PackageRecord: TypeAlias = InstallRecord | RepairRecord | UninstallRecord
Record: TypeAlias = PackageRecord | SendRecord


def to_json(record: Record) -> dict[str, Any]:
    """The record for a plan, as its receipt will keep it."""
    if isinstance(record, SendRecord):
        return {"sends": [list(each) for each in record.sends]}
    kept: dict[str, Any] = {
        "package": {
            "id": record.package.id,
            "name": record.package.name,
            "version": record.package.version,
            "vendor": record.package.vendor,
        },
        "services": list(record.services),
    }
    if isinstance(record, UninstallRecord):
        return kept
    kept |= {"inf": _inf_to_json(record.inf), "repairs": list(record.repairs)}
    if isinstance(record, InstallRecord):
        kept |= {
            "scope": record.scope.value,
            "profiles": [
                {
                    "user": entry.user,
                    "sid": entry.sid,
                    "profile": entry.profile,
                    "made": entry.made,
                    "uids": dict(entry.uids),
                }
                for entry in record.profiles
            ],
            "served": list(record.served),
            "profiles_on_uninstall": record.profiles_on_uninstall,
            "bitness": record.bitness,
        }
    return kept


def record_of(receipt: Receipt) -> Record | None:
    """What a receipt records; None where it records nothing. Raises FormatError on what no verb of ours wrote."""
    read, json_ = _READERS.get(receipt.verb), receipt.terms.record
    if read is None or not json_:
        return None
    try:
        return read(json_)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FormatError(f"it does not record what {receipt.verb} does", where=receipt_name(receipt.id)) from None


def believed_record(receipt: Receipt) -> InstallRecord | None:
    """What a user's own receipt may say of that user's part of an install; None where it is about no such thing.

    Which services there are is for the machine's receipts to say, and a line that does not fit is left out.
    """
    if receipt.verb != INSTALL:
        return None
    try:
        package = _package(receipt.terms.record["package"])
    except (KeyError, TypeError, AttributeError):
        return None
    entries = tuple(_believed_profiles(receipt.terms.record.get("profiles"), receipt.owner))
    return InstallRecord(package, (), Scope.USER, None, entries, (receipt.owner,))


def _believed_profiles(found: object, owner: str) -> Iterator[ProfileEntry]:
    for each in found if isinstance(found, list) else ():
        try:
            entry = _profile(each)
        except (KeyError, TypeError, AttributeError):
            continue
        if entry.sid == owner:
            yield entry


def _install(json_: Mapping[str, Any]) -> InstallRecord:
    return InstallRecord(
        _package(json_["package"]),
        texts(json_["services"]),
        Scope(json_["scope"]),
        _inf(json_["inf"]),
        tuple(map(_profile, items(json_["profiles"]))),
        texts(json_["served"]),
        text(json_["profiles_on_uninstall"]),
        text(json_["bitness"]),
        texts(json_["repairs"]),
    )


def _repair(json_: Mapping[str, Any]) -> RepairRecord:
    return RepairRecord(
        _package(json_["package"]), texts(json_["services"]), _inf(json_["inf"]), texts(json_["repairs"])
    )


def _uninstall(json_: Mapping[str, Any]) -> UninstallRecord:
    return UninstallRecord(_package(json_["package"]), texts(json_["services"]))


def _send(json_: Mapping[str, Any]) -> SendRecord:
    return SendRecord(tuple((text(id_), int(number)) for id_, number in items(json_["sends"])))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Record]] = MappingProxyType(
    {INSTALL: _install, REPAIR: _repair, UNINSTALL: _uninstall, SEND: _send}
)


def _package(json_: Any) -> PackageFacts:
    return PackageFacts(text(json_["id"]), text(json_["name"]), text(json_["version"]), text(json_.get("vendor", "")))


def _profile(json_: Any) -> ProfileEntry:
    if not isinstance(json_["made"], bool):
        raise TypeError("made")
    uids = {text(name): text(uid) for name, uid in json_["uids"].items()}
    return ProfileEntry(text(json_["user"]), text(json_["sid"]), text(json_["profile"]), json_["made"], uids)


def _inf_to_json(inf: MergedInf | None) -> Any:
    if inf is None:
        return None
    return {"path": inf.path, "merge": added_to_json(inf.added), "replaces": inf.replaces}


def _inf(json_: Any) -> MergedInf | None:
    if json_ is None:
        return None
    return MergedInf(text(json_["path"]), added_from_json(json_["merge"]), bool(json_["replaces"]))
