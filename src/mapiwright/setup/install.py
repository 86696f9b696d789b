"""Install: a package and a workstation make the plan of the setup program's four duties, and INSTALL after them.

The order is the documents' ([supporting-message-service-installation]): files, MAPISVC.INF, registry, a default
profile where the user has none; the entry point is told between the machine's part and the profile's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.call import EntryCall
from mapiwright.entry.contract import Context, EntryPolicy
from mapiwright.entry.record import ServiceRecord, record_changes
from mapiwright.errors import ConflictError, FindingsError, Severity
from mapiwright.formats import inf
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.catalogue import Catalogue
from mapiwright.mapi.merge import merge
from mapiwright.setup import destination
from mapiwright.setup.installed import Installation, installations, others_than, unmerged
from mapiwright.setup.manifest import RegistryRoot
from mapiwright.setup.preflight import preflight
from mapiwright.setup.takeback import place_of_value
from mapiwright.transaction.plan import Leg, Plan, without_repeats
from mapiwright.transaction.receipt import changes_of
from mapiwright.workstation.change import (
    SetValue,
    WriteFile,
    file_with_parents,
    key_with_parents,
)
from mapiwright.workstation.files import same
from mapiwright.workstation.registry import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mapiwright.setup.package import Package
    from mapiwright.transaction.effect import Json
    from mapiwright.transaction.plan import Step
    from mapiwright.workstation.change import Change, FileChange, RegistryChange
    from mapiwright.workstation.workstation import User, Workstation

DEFAULT_PROFILE = "Outlook"
"""The name of a default profile where neither the user nor the package gives one: Outlook's own."""


@dataclass(frozen=True, slots=True)
class ProfileWish:
    """What the caller wants of profiles: none at all, one of that name, or (both left) one where there is none."""

    name: str = ""
    none: bool = False


def plan_install(
    package: Package,
    workstation: Workstation,
    users: Sequence[User],
    *,
    wish: ProfileWish = ProfileWish(),
    policy: EntryPolicy = EntryPolicy.DEFER,
) -> Plan:
    """The plan that installs ``package``; empty where everything is there already.

    Raises FindingsError where the package does not fit the workstation, ConflictError where something stands in
    its place that is not its own. A dry run prints this plan and never runs vendor code.
    """
    faults = [finding for finding in preflight(package, workstation) if finding.severity is Severity.ERROR]
    if faults:
        raise FindingsError(f"{package.name} cannot be installed here", faults, where=workstation.uri)
    before = installations(workstation).get(package.id)
    ours = _written_by(workstation, before)
    inf_leg, catalogue, inf_record = _merge(package, workstation, before)
    machine: tuple[Step, ...] = (
        Leg("files", (*_files(package, workstation, ours), *_records(package, workstation))),
        inf_leg,
        Leg("registry", tuple(_registry(package, workstation, users, ours))),
    )
    changed = any(isinstance(step, Leg) and step.changes for step in machine)
    calls = [
        EntryCall(service=service.name, context=Context.INSTALL, policy=policy)
        for service in package.services
        if changed and (service.entry or service.name in package.stand_ins)
    ]
    profiles = [_Profiles(package, workstation, user, catalogue, wish, policy) for user in users if not wish.none]
    return Plan(
        "install",
        f"install {package.name} {package.version}",
        without_repeats([*machine, *calls, *(step for each in profiles for step in each.steps)]),
        {
            "package": {"id": package.id, "name": package.name, "version": package.version, "vendor": package.vendor},
            "services": [service.name for service in package.services],
            "inf": inf_record,
            "profiles": [each.record for each in profiles if each.record],
        },
    )


class _Profiles:
    """The profile part for one user: which profile, whether it is made, and what is added to it."""

    def __init__(
        self,
        package: Package,
        workstation: Workstation,
        user: User,
        catalogue: Catalogue,
        wish: ProfileWish,
        policy: EntryPolicy,
    ) -> None:
        space = Workspace(
            workstation,
            user,
            catalogue=catalogue,
            policy=policy,
            stand_ins=frozenset(upcase(name) for name in package.stand_ins),
        )
        self.record: Json = None
        self.steps: tuple[Step, ...] = ()
        # [supporting-message-service-installation]: create a default profile if none exists; an existing one is
        # the user's, and is changed only where its name was given.
        if user.template or (not wish.name and space.default is not None):
            return
        profiles = ProfileAdmin(space)
        name = wish.name or package.profile or DEFAULT_PROFILE
        existing = space.find(name)
        uids: dict[str, str] = {}
        with space.batch():
            if existing is None:
                profiles.create_profile(name)
            services = profiles.admin_services(name)
            held = {upcase(service.name) for service in services.profile.services}
            for definition in package.services:
                if upcase(definition.name) in held:
                    continue
                uids[definition.name] = services.create_message_service(definition.name)
                configuration = package.configuration.get(definition.name)
                if configuration:
                    services.configure_message_service(uids[definition.name], configuration)
            if space.default is None:
                profiles.set_default_profile(name)
        if uids or existing is None:
            self.steps = tuple(space.steps())
            self.record = {
                "user": user.name,
                "sid": user.sid,
                "profile": name,
                "made": existing is None,
                "uids": uids,
            }


def _written_by(workstation: Workstation, before: Installation | None) -> Mapping[str, Change]:
    """What an earlier install of the same package last wrote, by the place that it wrote to."""
    if before is None:
        return {}
    return {
        _place(change): change
        for receipt in before.receipts
        for change in changes_of(workstation, receipt)
        if isinstance(change, WriteFile | SetValue)
    }


def _place(change: WriteFile | SetValue) -> str:
    return upcase(change.path) if isinstance(change, WriteFile) else place_of_value(change.key, change.name)


def _files(package: Package, workstation: Workstation, ours: Mapping[str, Change]) -> Iterator[FileChange]:
    """The package's files for this Outlook; a file that is there and not ours is a conflict, all told at once."""
    folders = destination.folders(workstation)
    conflicts: list[str] = []
    for file in package.files_for(workstation.outlook.bitness):
        path = destination.place(file.destination, folders)
        for change in file_with_parents(workstation.files, path, file.data):
            if isinstance(change, WriteFile) and change.old is not None:
                written = ours.get(_place(change))
                if not isinstance(written, WriteFile) or written.new != change.old:
                    conflicts.append(path)
                    continue
            yield change
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} file(s) are there already with other bytes: {', '.join(conflicts)}",
            where=workstation.uri,
            expected="no file, or the one that this package brings",
            remedy="Find out whose they are; move them away, or uninstall the product that owns them.",
        )


def _records(package: Package, workstation: Workstation) -> Iterator[FileChange]:
    """What MAPISVC.INF cannot say about the services, beside our own state."""
    for service in package.services:
        stand_in = package.stand_ins.get(service.name)
        record = ServiceRecord.of(
            service.name,
            package=package.id,
            version=package.version,
            stand_in=stand_in,
        )
        yield from record_changes(workstation, record, stand_in.sources if stand_in else {})


def _merge(package: Package, workstation: Workstation, before: Installation | None) -> tuple[Leg, Catalogue, Json]:
    """The leg that merges the fragment, what MAPISVC.INF will mean, and what unmerging needs to know."""
    path = workstation.outlook.inf_path
    data = workstation.files.read(path)
    target = inf.parse(data if data is not None else b"", workstation.code_page)
    fragment = inf.parse(package.fragment, package.code_page)
    there = installations(workstation).values()
    known = [record for found in there for record in found.merges if same(found.inf_path, path)]
    merged = merge(target, fragment, known, absent=data is None)
    replaces = False
    if merged.conflicts and before is not None:
        # An older version of this package wrote those lines: they are ours to replace.
        others = others_than(workstation, before)
        without = unmerged(target, before, others).inf
        merged = merge(without or inf.parse(b"", workstation.code_page), fragment, others, absent=without is None)
        replaces = True
    if merged.conflicts:
        raise FindingsError(
            "MAPISVC.INF has other entries where this package's belong",
            merged.conflicts,
            where=path,
            remedy="Nothing was written. Remove the product that owns those entries first.",
        )
    new = inf.render(merged.inf)
    changes = tuple(file_with_parents(workstation.files, path, new)) if new != data else ()
    record = {"path": path, "merge": merged.record, "replaces": replaces}
    return Leg("MAPISVC.INF", changes), Catalogue.of(merged.inf), record


def _registry(
    package: Package, workstation: Workstation, users: Sequence[User], ours: Mapping[str, Change]
) -> Iterator[RegistryChange]:
    """The package's own registry entries, merged like INF lines: a value that is there and not ours is a conflict."""
    conflicts: list[str] = []
    for entry in package.registry:
        if entry.root is RegistryRoot.MACHINE:
            roots = [KeyPath("HKLM", (), workstation.outlook.view)]
        else:
            roots = [user.root for user in users]
        for root in roots:
            key = root / entry.key
            old = workstation.registry.value(key, entry.name)
            if old == entry.value:
                continue
            change = SetValue(key, entry.name, old, entry.value)
            written = ours.get(_place(change))
            if old is not None and not (isinstance(written, SetValue) and written.new == old):
                conflicts.append(f"{key}\\{entry.name or '(default)'}")
                continue
            yield from key_with_parents(workstation.registry, key)
            yield change
    if conflicts:
        raise ConflictError(
            f"{len(conflicts)} registry value(s) are there already with other data: {', '.join(conflicts)}",
            where=workstation.uri,
            expected="no value, or the one that this package brings",
            remedy="Find out whose they are, and remove them or uninstall the product that owns them.",
        )
