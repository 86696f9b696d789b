"""The administration interfaces beside a small model of the documents, through any sequence of calls.

The model knows profiles, services, providers, roles, order and marks as the pages tell them, and nothing of sections.
After each call both agree on the HRESULT and on every table; what is stored holds together and reads back the same.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mapiwright.admin.flags import ProfileFlag
from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.session import Session, logon
from mapiwright.admin.workspace import Workspace
from mapiwright.errors import MapiwrightError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.mapi.profile.profile_check import faults
from mapiwright.mapi.props import tags
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout

if TYPE_CHECKING:
    import unittest
    from collections.abc import Callable

    from mapiwright.mapi.tables.tables import Table

NOT_FOUND, NO_ACCESS, LOGON_FAILED, E_FAIL, BUSY = 0x8004010F, 0x80070005, 0x80040111, 0x80004005, 0x8004010B
APP = ProfileFlag.APP_PROFILE
STORE, BOOK, JSON_FORM = 33, 35, 36
NOBODY = "ee" * 16

# name: (may be there once, declares an identity, providers of (kind, prefers last, never default, has an identity))
DECLARED: dict[str, tuple[bool, bool, list[tuple[int, bool, bool, bool]]]] = {
    "MAIL": (False, True, [(STORE, False, False, True), (JSON_FORM, False, False, False)]),
    "BOOK": (True, False, [(BOOK, False, False, False)]),
    "LAST": (False, False, [(JSON_FORM, True, False, False)]),
    "ARCHIVE": (False, True, [(STORE, False, True, True)]),
    "TWIN": (False, True, [(STORE, False, False, True), (STORE, False, False, True)]),
}
DEFAULT_SERVICES = ("BOOK", "MAIL")


def inf_text() -> str:
    lines = ["[Services]", *(f"{name}={name}" for name in DECLARED)]
    lines += ["[Default Services]", *(f"{name}={name}" for name in DEFAULT_SERVICES)]
    kinds = {STORE: "MAPI_STORE_PROVIDER", BOOK: "MAPI_AB_PROVIDER", JSON_FORM: "MAPI_TRANSPORT_PROVIDER"}
    for name, (single, identity, providers) in DECLARED.items():
        flags = ["SERVICE_PRIMARY_IDENTITY" if identity else "SERVICE_NO_PRIMARY_IDENTITY"]
        flags += ["SERVICE_SINGLE_COPY"] if single else []
        lines += [f"[{name}]", f"PR_RESOURCE_FLAGS={'|'.join(flags)}"]
        lines += [f"Providers={', '.join(f'{name}{n}' for n in range(len(providers)))}"]
        for n, (kind, last, never, able) in enumerate(providers):
            bits = ["STATUS_PRIMARY_IDENTITY" if able else "STATUS_NO_PRIMARY_IDENTITY"]
            bits += ["STATUS_XP_PREFER_LAST"] if last else []
            bits += ["STATUS_NO_DEFAULT_STORE"] if never else []
            lines += [f"[{name}{n}]", f"PR_RESOURCE_TYPE={kinds[kind]}", f"PR_RESOURCE_FLAGS={'|'.join(bits)}"]
            lines += [f"PR_DISPLAY_NAME={name}{n}", f"PR_PROVIDER_DISPLAY={name}{n}", "PR_PROVIDER_DLL_NAME=x.dll"]
    return "\r\n".join(lines)


@dataclass
class Part:
    """A provider as the documents tell of it."""

    uid: str
    kind: int
    last: bool
    never: bool
    able: bool
    default: bool = False
    primary: bool = False


@dataclass
class Group:
    """A message service."""

    uid: str
    name: str
    single: bool
    able: bool
    parts: list[Part]
    primary: bool = False

    def identifies(self) -> bool:
        return self.primary or any(part.primary for part in self.parts)


@dataclass
class Book:
    """A profile."""

    app: bool = False
    groups: list[Group] = field(default_factory=list)
    wires: list[str] = field(default_factory=list)

    def parts(self, kind: int) -> list[Part]:
        return [part for group in self.groups for part in group.parts if part.kind == kind]

    def has(self, name: str) -> bool:
        return any(group.name == name and group.single for group in self.groups)

    def take_in(self, group: Group, parts: list[Part]) -> None:
        """[mapi-profiles], [mapi-primary-identity]: who plays a role keeps it; else the first newcomer that can."""
        others = [part for each in self.groups for part in each.parts if part not in parts]
        eligible = [part for part in parts if part.kind == STORE and not part.never]
        first = next((part for part in eligible if part.default), next(iter(eligible), None))
        free = not any(part.default for part in others)
        for part in parts:
            part.default = free and part is first
        fresh = len(group.parts) == len(parts)
        holders = [each for each in self.groups if each is not group and each.identifies()]
        taken = bool(holders) or any(part.primary for part in others) or (group.primary and not fresh)
        chosen = None if taken else next((part for part in parts if part.primary), None)
        for part in parts:
            part.primary = part is chosen
        if taken and fresh:
            group.primary = False
        for part in parts:
            if part.kind == JSON_FORM:
                self.add_json(part)

    def add_json(self, part: Part) -> None:
        """[mapi-profiles]: in the order of addition, who prefers to be last behind the others"""
        lasts = {each.uid for each in self.parts(JSON_FORM) if each.last}
        place = len(self.wires)
        while not part.last and place and self.wires[place - 1] in lasts:
            place -= 1
        self.wires.insert(place, part.uid)

    def let_go(self, index: int, group: Group, parts: list[Part]) -> None:
        """Roles when parts of the group that was at ``index`` have gone; it may be gone itself."""
        self.wires = [uid for uid in self.wires if uid not in {part.uid for part in parts}]
        if any(part.default for part in parts):
            heir = next((part for part in self.parts(STORE) if not part.never), None)
            if heir is not None:
                heir.default = True
        if not (any(part.primary for part in parts) or (group not in self.groups and group.primary)):
            return
        if any(part.primary for each in self.groups for part in each.parts):
            return
        for each in self.groups[index:]:
            able = next((part for part in each.parts if part.able), None)
            if able is not None and each.able:
                able.primary = True
                each.primary = each.primary or (group not in self.groups and group.primary)
                return
            if each is group and each.primary:
                return


def made(uid: str, name: str, uids: list[str]) -> Group:
    single, able, providers = DECLARED[name]
    parts = [Part(u, *rest, primary=rest[3]) for u, rest in zip(uids, providers, strict=True)]
    return Group(uid, name, single, able, parts, primary=able)


names = st.sampled_from(("One", "Two", "One", "Two", "Three"))
new_names = st.sampled_from(("Three", "Four", "Two"))
services = st.sampled_from(tuple(DECLARED))


class Administration(RuleBasedStateMachine):
    """Random calls, each made on both."""

    @initialize()
    def begin(self) -> None:
        self.workstation = MemoryWorkstation.of(layout(users=["anna"]))
        self.catalogue = Catalogue.of(inf.parse(inf_text().encode(), "cp1252"))
        self.space = self.reopened()
        self.profiles = ProfileAdmin(self.space)
        self.books: dict[str, Book] = {}
        self.default: str | None = None
        self.sessions: list[tuple[str, Session]] = []
        self.gone: set[str] = set()
        self.renamed: dict[str, str] = {}
        for name in ("One", "Two"):
            self.create_profile(name=name, app=False, defaults=name == "Two")
            for service in ("TWIN", "LAST", "MAIL", "ARCHIVE"):
                self.create_service(name=name, service=service)

    def reopened(self) -> Workspace:
        user = self.workstation.users[0]
        return Workspace(
            self.workstation, user, send=lambda p: execute(p, self.workstation), catalogue=self.catalogue
        )

    def agree(self, expected: int, call: Callable[[], Any]) -> Any:
        """The call ends with that HRESULT, or with a result."""
        try:
            result = call()
        except MapiwrightError as error:
            told, result = error.hresult, None
        else:
            told = 0
        assert f"{told:08X}" == f"{expected:08X}"
        return result

    def absent(self, name: str) -> bool:
        return name not in self.books or name in self.gone

    def taken(self, name: str) -> bool:
        return name in self.books or name in self.renamed.values()

    def used(self, name: str) -> bool:
        return any(each == name for each, _ in self.sessions)

    # Profiles

    @rule(name=names, app=st.booleans(), defaults=st.booleans())
    def create_profile(self, name: str, app: bool, defaults: bool) -> None:
        expected = NO_ACCESS if self.taken(name) else 0
        flags = (APP if app else 0) | (ProfileFlag.DEFAULT_SERVICES if defaults else 0)
        self.agree(expected, lambda: self.profiles.create_profile(name, flags))
        if not expected:
            self.books[name] = Book(app)
            for service in DEFAULT_SERVICES if defaults else ():
                found = next(s for s in self.space.profile(name).services if s.name == service)
                self.enter(name, made(found.uid, service, [p.uid for p in found.providers]))

    @rule(name=names, flag=st.booleans())
    def delete_profile(self, name: str, flag: bool) -> None:
        expected = NOT_FOUND if self.absent(name) else NO_ACCESS if self.books[name].app and not flag else 0
        self.agree(expected, lambda: self.profiles.delete_profile(name, APP if flag else 0))
        if not expected:
            if self.used(name):
                self.gone.add(name)
            else:
                self.drop(name)

    def drop(self, name: str) -> None:
        del self.books[name]
        self.default = None if self.default == name else self.default

    @rule(name=names, new=new_names, flag=st.booleans())
    def copy_profile(self, name: str, new: str, flag: bool) -> None:
        refused = not self.absent(name) and ((self.books[name].app and not flag) or self.taken(new))
        expected = NOT_FOUND if self.absent(name) else NO_ACCESS if refused else 0
        self.agree(expected, lambda: self.profiles.copy_profile(name, new, APP if flag else 0))
        if not expected:
            self.books[new] = copy.deepcopy(self.books[name])

    @rule(name=names, new=new_names, flag=st.booleans())
    def rename_profile(self, name: str, new: str, flag: bool) -> None:
        refused = not self.absent(name) and ((self.books[name].app and not flag) or self.taken(new))
        expected = NOT_FOUND if self.absent(name) else NO_ACCESS if refused else 0
        self.agree(expected, lambda: self.profiles.rename_profile(name, new, APP if flag else 0))
        if not expected:
            if self.used(name):
                self.renamed[name] = new
            else:
                self.give_name(name, new)

    def give_name(self, name: str, new: str) -> None:
        self.books[new] = self.books.pop(name)
        self.default = new if self.default == name else self.default

    @rule(name=names | st.none())
    def set_default(self, name: str | None) -> None:
        expected = 0 if name is None else NOT_FOUND if self.absent(name) else E_FAIL if self.books[name].app else 0
        self.agree(expected, lambda: self.profiles.set_default_profile(name))
        if not expected:
            self.default = name

    @rule(name=names)
    def log_on(self, name: str) -> None:
        session = self.agree(LOGON_FAILED if self.absent(name) else 0, lambda: logon(self.space, name))
        if session is not None:
            self.sessions.append((name, session))

    @rule(which=st.integers(0, 5))
    def log_off(self, which: int) -> None:
        if which < len(self.sessions):
            name, session = self.sessions.pop(which)
            session.logoff()
            if not self.used(name):
                new = self.renamed.pop(name, None)
                if name in self.gone:
                    self.gone.remove(name)
                    self.drop(name)
                elif new is not None:
                    self.give_name(name, new)

    # Services

    def enter(self, name: str, group: Group) -> None:
        self.books[name].groups.append(group)
        self.books[name].take_in(group, group.parts)

    @rule(name=names, service=services)
    def create_service(self, name: str, service: str) -> None:
        if self.absent(name):
            self.agree(LOGON_FAILED, lambda: self.profiles.admin_services(name))
            return
        expected = NO_ACCESS if self.books[name].has(service) else 0
        uid = self.agree(expected, lambda: self.profiles.admin_services(name).create_message_service(service))
        if uid is not None:
            found = self.space.profile(name).service(uid)
            assert found is not None
            self.enter(name, made(uid, service, [p.uid for p in found.providers]))

    def one(self, data: st.DataObject, name: str) -> Group | None:
        """A service of the profile, or one that is nowhere."""
        return data.draw(st.sampled_from([*self.books[name].groups, None]))

    @rule(name=names, data=st.data())
    def delete_service(self, name: str, data: st.DataObject) -> None:
        if self.absent(name):
            return
        group, book = self.one(data, name), self.books[name]
        call = self.profiles.admin_services(name).delete_message_service
        self.agree(0 if group else NOT_FOUND, lambda: call(group.uid if group else NOBODY))
        if group is not None:
            index = book.groups.index(group)
            book.groups.remove(group)
            book.let_go(index, group, group.parts)

    @rule(name=names, to=names | new_names, data=st.data())
    def copy_service(self, name: str, to: str, data: st.DataObject) -> None:
        if self.absent(name) or self.absent(to):
            return
        group = self.one(data, name)
        expected = NOT_FOUND if group is None else NO_ACCESS if self.books[to].has(group.name) else 0
        source, target = self.profiles.admin_services(name), self.profiles.admin_services(to)
        uid = self.agree(expected, lambda: source.copy_message_service(group.uid if group else NOBODY, target))
        if uid is not None and group is not None:
            found = self.space.profile(to).service(uid)
            assert found is not None
            twin = copy.deepcopy(group)
            twin.uid = uid
            for part, provider in zip(sorted(twin.parts, key=lambda p: p.kind), found.providers, strict=True):
                part.uid = provider.uid
            self.enter(to, twin)

    @rule(name=names, data=st.data())
    def order(self, name: str, data: st.DataObject) -> None:
        if self.absent(name):
            return
        book = self.books[name]
        wires = data.draw(st.permutations(book.wires))
        wrong = data.draw(st.sampled_from(("", "", "less", "stranger")))
        if wrong == "less" and wires:
            wires, expected = wires[1:], BUSY
        elif wrong == "stranger" and wires:
            wires, expected = [NOBODY, *wires[1:]], NOT_FOUND
        else:
            expected = 0
        self.agree(expected, lambda: self.profiles.admin_services(name).message_service_transport_order(wires))
        if not expected:
            book.wires = wires

    @rule(name=names, data=st.data())
    def identify(self, name: str, data: st.DataObject) -> None:
        if self.absent(name):
            return
        group, book = self.one(data, name), self.books[name]
        stranger = group is None and data.draw(st.booleans())
        by = data.draw(st.sampled_from([group.uid, *(part.uid for part in group.parts)])) if group else None
        expected = NOT_FOUND if stranger else NO_ACCESS if group is not None and not group.able else 0
        call = self.profiles.admin_services(name).set_primary_identity
        self.agree(expected, lambda: call(NOBODY if stranger else by))
        if not expected:
            for each in book.groups:
                each.primary = each is group
                for part in each.parts:
                    part.primary = each is group and part.able

    @rule(name=names, data=st.data())
    def choose_store(self, name: str, data: st.DataObject) -> None:
        session = next((s for each, s in self.sessions if each == name), None)
        if session is None:
            return
        parts = self.books[name].parts(STORE)
        part = data.draw(st.sampled_from([*parts, None]))
        expected = NOT_FOUND if part is None else NO_ACCESS if part.never else 0
        self.agree(expected, lambda: session.set_default_store(part.uid if part else NOBODY))
        if not expected:
            for each in parts:
                each.default = each is part

    # Providers

    @rule(name=names, data=st.data())
    def create_provider(self, name: str, data: st.DataObject) -> None:
        if self.absent(name) or not self.books[name].groups:
            return
        group = data.draw(st.sampled_from(self.books[name].groups))
        number, rest = data.draw(st.sampled_from(list(enumerate(DECLARED[group.name][2]))))
        providers = self.profiles.admin_services(name).admin_providers(group.uid)
        part = Part(providers.create_provider(f"{group.name}{number}"), *rest, primary=rest[3])
        group.parts.append(part)
        self.books[name].take_in(group, [part])

    @rule(name=names, data=st.data())
    def delete_provider(self, name: str, data: st.DataObject) -> None:
        if self.absent(name) or not self.books[name].groups or self.used(name):
            return
        book = self.books[name]
        group = data.draw(st.sampled_from(book.groups))
        players = [part for part in group.parts if part.primary or part.default]
        part = data.draw(st.sampled_from([*players, *players, *group.parts, None]))
        providers = self.profiles.admin_services(name).admin_providers(group.uid)
        self.agree(0 if part else NOT_FOUND, lambda: providers.delete_provider(part.uid if part else NOBODY))
        if part is not None:
            group.parts.remove(part)
            book.let_go(book.groups.index(group), group, [part])

    # What both must agree on

    @invariant()
    def the_profile_tables_agree(self) -> None:
        for flags in (0, APP):
            shown = {name for name in self.books if name not in self.gone and (flags or not self.books[name].app)}
            table = rows(self.profiles.get_profile_table(flags | ProfileFlag.UNICODE))
            assert {row[tags.PR_DISPLAY_NAME] for row in table} == shown
            marked = [row[tags.PR_DISPLAY_NAME] for row in table if row[tags.PR_DEFAULT_PROFILE]]
            assert marked == [self.default] * (self.default in shown)

    @invariant()
    def the_tables_of_each_profile_agree(self) -> None:
        for name, book in self.books.items():
            if name in self.gone:
                continue
            mine = self.profiles.admin_services(name)
            shown = rows(mine.get_message_service_table())
            assert [row[tags.PR_SERVICE_UID].hex() for row in shown] == [group.uid for group in book.groups]
            for row, group in zip(shown, book.groups, strict=True):
                holds = any(part.default for part in group.parts)
                flags = (2 if group.single else 0) | (0 if group.able else 0x20)
                assert row[tags.PR_RESOURCE_FLAGS] == flags | (8 if group.primary else 0) | (1 if holds else 0)
            parts = {part.uid: part for group in book.groups for part in group.parts}
            listed = rows(mine.get_provider_table())
            assert {row[tags.PR_PROVIDER_UID].hex() for row in listed} == set(parts)
            for row in listed:
                part = parts[row[tags.PR_PROVIDER_UID].hex()]
                roles = (2 if part.default else 0) | (4 if part.primary else 0)
                fixed = (0x10 if part.last else 0) | (0 if part.able else 0x20) | (0x40 if part.never else 0)
                assert row[tags.PR_RESOURCE_FLAGS] == roles | fixed, part
            wires = [row for row in listed if row[tags.PR_RESOURCE_TYPE] == JSON_FORM]
            wires.sort(key=lambda row: row[tags.PR_PROVIDER_ORDINAL])
            assert [row[tags.PR_PROVIDER_UID].hex() for row in wires] == book.wires

    def teardown(self) -> None:
        """Closing and reopening gives the same tables, and what is stored holds together."""
        again = ProfileAdmin(self.reopened())
        for name in set(self.books) - self.gone:
            mine, theirs = self.profiles.admin_services(name), again.admin_services(name)
            assert rows(theirs.get_message_service_table()) == rows(mine.get_message_service_table())
            assert rows(theirs.get_provider_table()) == rows(mine.get_provider_table())
            assert faults(theirs.profile) == ()


def rows(table: Table) -> list[dict[int, Any]]:
    return [dict(row) for row in table.query_rows(1000)]


PARTS = 4
"""So that the walks run side by side; each part takes others, as they hang on its name."""


def part(number: int) -> type[unittest.TestCase]:
    case = type(f"Administration{number}", (Administration,), {}).TestCase  # type: ignore[attr-defined]
    case.settings = settings(max_examples=settings().max_examples // PARTS, stateful_step_count=30)
    found: type[unittest.TestCase] = case
    return found


TestAdministration1, TestAdministration2, TestAdministration3, TestAdministration4 = map(part, range(1, PARTS + 1))
