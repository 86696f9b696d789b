"""Drafts operations on a user's profiles, through the administration objects: the only way from data to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.admin.flags import ProfileFlag, SectionFlag
from mapiwright.admin.operations import operations as op
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.sections import refuse_problems
from mapiwright.errors import NotFoundError
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile import roles
from mapiwright.mapi.profile.resemblance import matched
from mapiwright.mapi.props.tags import PR_STORE_PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mapiwright.admin.operations.operations import Operation, ProfileSpec, ServiceSpec
    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.admin.workspace import Workspace

WRITING = SectionFlag.MODIFY | SectionFlag.FORCE_ACCESS
BY_NAME = ProfileFlag.APP_PROFILE
"""A profile given by its name is found even if it is hidden from lists."""


def draft_all(operations: Iterable[Operation], space: Workspace) -> tuple[str, ...]:
    """Draft operations, in one batch; gives the uids of the services that come, in order."""
    profiles = ProfileAdmin(space)
    with space.batch():
        return tuple(uid for operation in operations for uid in draft(operation, profiles))


def draft(operation: Operation, profiles: ProfileAdmin) -> tuple[str, ...]:
    """Draft one operation; gives the uids of the services that come with it. Raises as administration does."""
    match operation:
        case op.CreateProfile(spec):
            return _create(spec, profiles)
        case op.CopyProfile(name, new):
            profiles.copy_profile(name, new, BY_NAME)
        case op.RenameProfile(name, new):
            profiles.rename_profile(name, new, BY_NAME)
        case op.DeleteProfile(name):
            profiles.delete_profile(name, BY_NAME)
        case op.SetDefaultProfile(default):
            profiles.set_default_profile(default)
        case op.AskForProfile(ask):
            profiles.ask_for_profile(ask)
        case op.AddServices(name, wanted):
            return _add(wanted, profiles.admin_services(name))
        case op.CopyService(name, service, to):
            services = profiles.admin_services(name)
            return (services.copy_message_service(service, profiles.admin_services(to) if to else None),)
        case _:
            _draft_in(operation, profiles.admin_services(operation.profile))
    return ()


InProfile = (
    op.RemoveService
    | op.ConfigureService
    | op.SetDefaultStore
    | op.SetPrimaryIdentity
    | op.OrderTransports
    | op.SetDefaultDirectory
    | op.SetPersonalAddressBook
    | op.SetSearchOrder
    | op.SetProperties
    | op.DeleteProperties
)
"""The operations within one profile that add no service."""


def _draft_in(operation: InProfile, services: MessageServiceAdmin) -> None:
    match operation:
        case op.RemoveService(_, service):
            services.delete_message_service(service)
        case op.ConfigureService(_, service, properties):
            services.configure_message_service(service, properties)
        case op.SetDefaultStore(_, provider):
            services.set_default_store(provider)
        case op.SetPrimaryIdentity(_, who):
            services.set_primary_identity(None if who is None else services.find(who).uid)
        case op.OrderTransports(_, providers):
            services.message_service_transport_order(providers)
        case op.SetDefaultDirectory(_, entry_id):
            services.set_default_directory(entry_id)
        case op.SetPersonalAddressBook(_, entry_id):
            services.set_personal_address_book(entry_id)
        case op.SetSearchOrder(_, entry_ids):
            services.set_search_order(entry_ids)
        case op.SetProperties(_, section, properties):
            _write(services, section, properties)
        case op.DeleteProperties(_, section, tags):
            with services.open_profile_section(section, WRITING) as opened:
                refuse_problems(opened, opened.delete_props(tags), "deleted")


def _write(services: MessageServiceAdmin, section: str, properties: Mapping[int, Any]) -> None:
    with services.open_profile_section(section, WRITING) as opened:
        if properties:
            refuse_problems(opened, opened.set_props(properties), "set")


def _create(spec: ProfileSpec, profiles: ProfileAdmin) -> tuple[str, ...]:
    flags = ProfileFlag.DEFAULT_SERVICES if spec.default_services else ProfileFlag(0)
    profiles.create_profile(spec.name, flags | (ProfileFlag.APP_PROFILE if spec.application else 0))
    services = profiles.admin_services(spec.name)
    uids = _add(spec.services, services)
    # After the services: the extra section of one that comes must not find itself taken.
    for section, properties in spec.sections.items():
        _write(services, section, properties)
    if spec.default_store is not None:
        services.set_default_store(_first_store(services, uids[spec.default_store]))
    if spec.primary_identity is not None:
        services.set_primary_identity(uids[spec.primary_identity])
    if spec.default:
        profiles.set_default_profile(spec.name)
    return uids


def _add(wanted: Sequence[ServiceSpec], services: MessageServiceAdmin) -> tuple[str, ...]:
    uids = tuple(services.create_message_service(each.service, each.display) for each in wanted)
    for uid, each in zip(uids, wanted, strict=True):
        # [wizardentry]: properties are written by ConfigureMsgService, after all providers are configured.
        if each.properties:
            services.configure_message_service(uid, each.properties)
        for name, properties in each.sections.items():
            _write(services, _section_of(services, uid, name), properties)
    return uids


def _section_of(services: MessageServiceAdmin, uid: str, name: str) -> str:
    """The uid of a section of a service that was added: its own where the name is "", else the one of that name."""
    if not name:
        return uid
    service = services.find(uid)
    definition = services.workspace.catalogue.definition(service.name)
    known: dict[str, str] = {
        **_names(matched([each.section for each in service.providers], definition.providers)),
        **_names(matched(service.extras, definition.extras)),
    }
    found = next((each for each, defined in known.items() if upcase(defined) == upcase(name)), None)
    if found is None:
        raise NotFoundError(
            f"service {service.name} has no section {name!r}",
            where=f"profile {services.name}",
            expected=", ".join(known.values()) or "no name: it has its own section only",
        )
    return found


def _names(found: Mapping[str, Any]) -> dict[str, str]:
    return {uid: defined.section for uid, defined in found.items()}


def _first_store(services: MessageServiceAdmin, service: str) -> str:
    """The uid of the first store of a service that may be the default one."""
    own = {each.uid for each in services.find(service).providers if roles.is_eligible(each)}
    found = next((each.uid for each in services.profile.providers(PR_STORE_PROVIDERS) if each.uid in own), None)
    if found is None:
        raise NotFoundError(
            f"service {services.find(service).name} has no store that could be the default one",
            where=f"profile {services.name}",
        )
    return found
