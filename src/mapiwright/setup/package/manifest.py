"""The manifest of a package, ``mapiwright.toml``: bytes to a frozen value, and all that is wrong with it.

The format is described in docs/reference/package-format.md. A key that is not described there is refused: a typing
error in a manifest must be found here, not on a customer's PC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from mapiwright.entry.service.contract import Flavour
from mapiwright.errors import FindingsError, UsageError
from mapiwright.formats import inf, props
from mapiwright.formats.regf.upcase import upcase
from mapiwright.mapi.profile.edit import PROFILE_NAME, is_profile_name
from mapiwright.mapi.props import tags
from mapiwright.setup.package.destination import fault_of_destination
from mapiwright.setup.package.manifest_form import read_form
from mapiwright.setup.package.rules import finding
from mapiwright.setup.package.table import TomlTable
from mapiwright.workstation.files import fault_of_name
from mapiwright.workstation.registry import Value, ValueType
from mapiwright.workstation.workstation import Bitness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapiwright.entry.service.form import Form
    from mapiwright.errors import Finding
    from mapiwright.formats.props import Properties, PropertyValue

FILE_NAME = "mapiwright.toml"
LARGEST = 1 << 20
"""The most bytes of a manifest."""
DEADLINE = 30.0
"""Seconds that a call of a stand-in may take, where the manifest does not say."""
LONGEST_DEADLINE = 3600.0


class ProfilesOnUninstall(StrEnum):
    """What uninstalling does to the profiles that hold the service."""

    REMOVE = "remove"
    """The service goes from each of them, as the documents want it."""
    KEEP = "keep"
    """They keep it, and are named."""
    FAIL = "fail"
    """Uninstalling is refused while one of them holds it."""


class RegistryRoot(StrEnum):
    """Whose registry an entry goes to."""

    MACHINE = "HKLM"
    """The machine's, in the view of its Outlook's bitness."""
    USER = "HKCU"
    """The key of each user who is serviced."""


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    r"""A registry value of the package's own.

    ``key`` is below the root, ``Software\Acme``; ``name`` "" is the default value.
    """

    root: RegistryRoot
    key: str
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the manifest lists it.

    ``destination`` "" is the default, ``architecture`` None every Outlook, and ``shared`` None what the folder says.
    ``companion`` is the destination of the file that it follows when files are replaced, or "".
    """

    source: str
    destination: str = ""
    architecture: Bitness | None = None
    shared: bool | None = None
    companion: str = ""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """What the manifest adds to a service of the INF: ``entry`` is ``module:function`` or "".

    ``flavour`` is that of the interfaces of its own library, None where that can be seen from the file. ``wizard`` is
    a second function of the stand-in, which answers with the service's pages, or ""; ``form`` has them as data.
    """

    entry: str = ""
    sources: tuple[str, ...] = ()
    deadline: float = DEADLINE
    flavour: Flavour | None = None
    properties: Properties = field(default_factory=lambda: MappingProxyType({}))
    wizard: str = ""
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says; paths in it are relative to the package, with ``/``."""

    id: str
    name: str
    version: str
    vendor: str
    fragment: str
    code_page: str
    files: tuple[FileEntry, ...]
    registry: tuple[RegistryEntry, ...]
    services: Mapping[str, ServiceEntry]
    profile: str
    profiles_on_uninstall: ProfilesOnUninstall
    migrations: Mapping[int, int]
    documents: tuple[str, ...] = ()
    """What is published beside the package and not installed."""


def read(data: bytes) -> tuple[Manifest, tuple[Finding, ...]]:
    """The manifest, and all its faults: a faulty value is left empty, so that reading can continue.

    Raises FindingsError where the bytes are no TOML.
    """
    faults: list[Finding] = []
    root = TomlTable(_toml(data), FILE_NAME, "", faults)
    manifest = Manifest(
        id=root.text("id", fault_of=fault_of_id),
        name=root.text("name", fault_of=_fault_of_line),
        version=root.text("version", fault_of=_fault_of_version),
        vendor=root.text("vendor", fault_of=_fault_of_line),
        documents=root.paths("documents", default=(), fault_of=fault_of_path),
        **_fragment(root.table("inf")),
        files=_files(root.table("files")),
        registry=tuple(_registry_entry(entry) for entry in root.tables("registry")),
        services=_services(root.table("services")),
        profile=_profile(root.table("profile")),
        profiles_on_uninstall=_on_uninstall(root.table("uninstall")),
        migrations=_migrations(root.table("migration")),
    )
    root.close()
    return manifest, (*faults, *_repeats(manifest))


def fault_of_id(text: str) -> str | None:
    """Why ``text`` cannot be a package's ID, or None; an ID names a folder of our state."""
    return fault_of_name(text) or ("it is longer than 64 characters" if len(text) > 64 else None)


def fault_of_path(path: str) -> str | None:
    """Why ``path`` cannot be the path of a file in a package, or None."""
    for name in path.split("/"):
        fault = fault_of_name(name)
        if fault is not None:
            return f"{name!r} is no name that Windows takes: {fault}"
    return None


def _toml(data: bytes) -> dict[str, object]:
    if len(data) > LARGEST:
        raise _unread(f"it has {len(data)} bytes, and {LARGEST} are allowed")
    import tomllib  # noqa: PLC0415 - a verb that shows its help reads none

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise _unread("its tables or arrays are nested too deep") from None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are ones
        line = re.search(r"at line (\d+)", str(error))
        raise _unread(str(error), int(line[1]) if line else 0) from None


def _unread(what: str, line: int = 0) -> FindingsError:
    return FindingsError("the manifest does not parse", [finding("MW4001", FILE_NAME, what, line=line)])


def _fault_of_line(text: str) -> str | None:
    return None if text.strip() and text.isprintable() else "it is blank or holds a control character"


def _fault_of_version(text: str) -> str | None:
    # The four words of a VERSIONINFO, so that versions of packages and of DLLs compare alike.
    words = text.split(".")
    fits = len(words) <= 4 and all(re.fullmatch(r"[0-9]{1,5}", word) and int(word) <= 0xFFFF for word in words)
    return None if fits else "it is not one to four numbers up to 65535 with periods between, such as 4.2.1"


def _fragment(table: TomlTable) -> dict[str, str]:
    found = {
        "fragment": table.path("file", default="mapisvc.inf", fault_of=fault_of_path),
        "code_page": table.text("code_page", default="cp1252", fault_of=_fault_of_code_page),
    }
    table.close()
    return found


def _fault_of_code_page(name: str) -> str | None:
    try:
        inf.empty(name)
    except UsageError:
        return "it is no ANSI code page that Python knows, such as cp1252"
    return None


def _files(table: TomlTable) -> tuple[FileEntry, ...]:
    found = []
    for key, architecture in (("any", None), *((bitness.value, bitness) for bitness in Bitness)):
        for entry in table.tables(key, short="source"):
            source = entry.path("source", fault_of=fault_of_path)
            destination = entry.text("destination", default="").replace("\\", "/")
            if destination.endswith("/"):
                destination += source.rpartition("/")[2]
            if destination and source:
                entry.check("destination", fault_of_destination(destination), "MW4007")
            shared = entry.flag("shared")
            companion = entry.text("companion", default="").replace("\\", "/")
            entry.close()
            if source:
                found.append(FileEntry(source, destination, architecture, shared, companion))
    table.close()
    return tuple(found)


def _registry_entry(table: TomlTable) -> RegistryEntry:
    written = table.text("key")
    root, _, key = written.partition("\\")
    known = {"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_CURRENT_USER": "HKCU"}
    root = known.get(root.upper(), root.upper())
    if written:
        table.check("key", _fault_of_key(root, key), "MW4008")
    name = table.text("name", default="")
    if "\0" in name or len(name) > 16383:
        table.check("name", "it holds a NUL or is longer than 16383 characters")
    kind = table.text("type", default="sz")
    value = Value(ValueType.NONE, b"")
    if kind in _VALUES:
        made = _VALUES[kind](table.take("value"))
        table.check("value", None if made else f"it cannot be stored as {kind}")
        value = made or value
    else:
        table.check("type", f"{kind!r} is not one of {', '.join(_VALUES)}")
        table.take("value")
    table.close()
    return RegistryEntry(RegistryRoot(root) if root in list(RegistryRoot) else RegistryRoot.USER, key, name, value)


def _fault_of_key(root: str, key: str) -> str | None:
    if root not in list(RegistryRoot):
        return f"its root {root!r} is neither HKLM nor HKCU"
    names = [upcase(name) for name in key.split("\\")]
    if len(names) < 2 or names[0] != "SOFTWARE" or not all(names):
        return r"it is not below Software\, where a package's own entries belong"
    if any(len(name) > 255 or not name.isprintable() for name in names):
        return "a name in it is longer than 255 characters or holds a control character"
    if "WOW6432NODE" in names:
        return "it names Wow6432Node; the view follows the Outlook of the workstation"
    for above, name in pairwise(names):
        if name == "PROFILES" and above in {"OUTLOOK", "WINDOWS MESSAGING SUBSYSTEM"}:
            return "profiles are not written through the registry; give the service its properties instead"
    return None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and "\0" not in value else None


def _multi_sz(value: object) -> Value | None:
    texts = [_string(text) for text in value] if isinstance(value, list) else [None]
    # An empty string would end the list for every reader.
    return Value.multi_sz([text for text in texts if text]) if all(texts) else None


def _bytes(value: object) -> bytes | None:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None


_VALUES: Mapping[str, Callable[[object], Value | None]] = {
    "sz": lambda value: None if (text := _string(value)) is None else Value.sz(text),
    "expand_sz": lambda value: None if (text := _string(value)) is None else Value.expand_sz(text),
    "multi_sz": _multi_sz,
    "dword": lambda value: Value.dword(value) if type(value) is int and 0 <= value < 1 << 32 else None,
    "binary": lambda value: None if (data := _bytes(value)) is None else Value.binary(data),
}
"""The types that a manifest may name, and how a value of each is made; None where it cannot be."""


def _services(table: TomlTable) -> Mapping[str, ServiceEntry]:
    return MappingProxyType({name: _service(table.table(name)) for name in table.names()})


def _service(table: TomlTable) -> ServiceEntry:
    entry = table.text("entry", default="")
    sources: tuple[str, ...] = ()
    deadline = DEADLINE
    flavour = table.text("flavour", default="", fault_of=_fault_of_flavour)
    if entry:
        table.check("entry", _fault_of_entry(entry), "MW4011")
        of_module = entry.partition(":")[0].replace(".", "/")
        sources = table.paths("sources", default=(f"{of_module}.py",), fault_of=fault_of_path)
        deadline = table.seconds("deadline", default=DEADLINE, most=LONGEST_DEADLINE)
        if not {f"{of_module}.py", f"{of_module}/__init__.py"} & set(sources):
            table.check("sources", f"the module of {entry!r} is not among them", "MW4011")
    properties = _properties(table.table("properties"))
    wizard = table.text("wizard", default="")
    if wizard:
        table.check("wizard", _fault_of_wizard(wizard, entry), "MW4011")
    form = read_form(table)
    if wizard and form is not None:
        table.check("wizard", "the service has pages, too; one of the two says what is shown", "MW4015")
    table.close()
    return ServiceEntry(entry, sources, deadline, Flavour(flavour) if flavour else None, properties, wizard, form)


def _fault_of_flavour(flavour: str) -> str | None:
    return None if flavour in set(Flavour) else f"it is not one of {', '.join(Flavour)}"


def _fault_of_entry(entry: str) -> str | None:
    module, colon, function = entry.partition(":")
    fits = colon and all(part.isidentifier() for part in (*module.split("."), function))
    return None if fits else "it is not written as module:function"


def _fault_of_wizard(wizard: str, entry: str) -> str | None:
    return _fault_of_entry(wizard) or (None if entry else "there is no entry, among whose sources it could be")


def _properties(table: TomlTable) -> Properties:
    found: dict[int, PropertyValue] = {}
    for key in table.names():
        written = table.take(key)
        tag = tags.tag_of(key)
        if tag is None:
            table.check(key, "it is neither the name of a property nor eight hex digits", "MW4009")
        elif tags.is_secure(tag):
            # [file-format-of-mapisvc-inf]: what a setup program holds is public.
            table.check(key, "it is in the secure range, and a package holds no secrets", "MW4010")
        elif tag >> 16 >= 0x8000:
            table.check(key, "a profile section holds no named properties", "MW4009")
        else:
            value = _property(tags.prop_type(tag), written)
            table.check(key, None if value is not None else "its value does not fit its type", "MW4009")
            found[tag] = 0 if value is None else value
    return MappingProxyType(found)


def _property(kind: int, written: object) -> PropertyValue | None:
    """A TOML value as the property type ``kind`` has it, or None; binary ones are written in hex."""
    if (kind & 0xEFFF) in {tags.PropertyType.BINARY, tags.PropertyType.CLSID}:
        parts = [_bytes(part) for part in written] if isinstance(written, list) else _bytes(written)
        value: object = parts
    else:
        value = written
    if isinstance(value, bool) != (kind == tags.PropertyType.BOOLEAN):
        return None
    try:
        return props.checked(kind, tuple(value) if isinstance(value, list) else value)  # type: ignore[arg-type]
    except UsageError:
        return None


def _profile(table: TomlTable) -> str:
    name = table.text("name", default="", fault_of=_fault_of_profile)
    table.close()
    return name


def _fault_of_profile(name: str) -> str | None:
    return None if is_profile_name(name) else f"it is not {PROFILE_NAME}"


def _on_uninstall(table: TomlTable) -> ProfilesOnUninstall:
    written = table.text("profiles", default=ProfilesOnUninstall.REMOVE)
    known = written in list(ProfilesOnUninstall)
    table.check("profiles", None if known else f"{written!r} is not one of {', '.join(ProfilesOnUninstall)}")
    table.close()
    return ProfilesOnUninstall(written) if known else ProfilesOnUninstall.REMOVE


def _migrations(table: TomlTable) -> Mapping[int, int]:
    """Old tag -> new tag: where an older version of the services kept what they keep elsewhere now."""
    found: dict[int, int] = {}
    for key in table.names():
        target = tags.tag_of(table.text(key))
        source = tags.tag_of(key)
        if source is None or target is None:
            table.check(key, "it does not map one property to another", "MW4013")
        elif not _one_type(source, target):
            table.check(key, "the two properties have different types", "MW4013")
        elif any(tags.is_secure(tag) or tag >> 16 >= 0x8000 or tag >> 16 < 0x6600 for tag in (source, target)):
            table.check(key, "a service keeps its own properties from 0x6600 to 0x67EF", "MW4013")
        else:
            found[source] = target
    return MappingProxyType(found)


def _one_type(source: int, target: int) -> bool:
    return tags.prop_type(target) in {tags.prop_type(source), tags.prop_type(tags.other_width(source) or source)}


def _repeats(manifest: Manifest) -> list[Finding]:
    """Entries for the same place, where only their order decides which one is kept."""
    places = [(f"{entry.root}\\{entry.key}\\\\{entry.name}", "registry value") for entry in manifest.registry]
    places += [(name, "service") for name in manifest.services]
    seen: set[tuple[str, str]] = set()
    found = []
    for place, what in places:
        mark = (upcase(place), what)
        if mark in seen:
            found.append(finding("MW4012", FILE_NAME, f"the {what} {place} is given twice"))
        seen.add(mark)
    return found
