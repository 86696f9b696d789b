"""A demo workstation for a story, the command line as a user types it, a picture of everything on disk, an office."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kept_records import keep_record

from mapiwright.admin.profiles import ProfileAdmin
from mapiwright.admin.workspace import Workspace
from mapiwright.entry.makers import MAKERS
from mapiwright.entry.service.record import ServiceRecord
from mapiwright.errors import MapiwrightError
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.install.uninstall import plan_uninstall
from mapiwright.setup.package.package import open_package
from mapiwright.setup.publish.publish import make_edition, publish
from mapiwright.transaction.transaction import execute
from mapiwright.ui.cli.app import run
from mapiwright.workflows.panel.plans import PanelRun
from mapiwright.workstation.change import WriteFile, difference, file_with_parents
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.memory import MemoryWorkstation
from mapiwright.workstation.outlook.layout import layout
from mapiwright.workstation.outlook.office_layout import OutlookInstallation
from mapiwright.workstation.registry import KeyPath
from mapiwright.workstation.workstation import Bitness, Edition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from mapiwright.admin.services import MessageServiceAdmin
    from mapiwright.mapi.profile.profile import Profile
    from mapiwright.mapi.tables.tables import Table
    from mapiwright.setup.install.uninstall import Removal
    from mapiwright.transaction.plans.plan import Plan
    from mapiwright.transaction.records.receipt import Receipt
    from mapiwright.workstation.outlook.layout import Layout
    from mapiwright.workstation.registry import Key
    from mapiwright.workstation.workstation import User, Workstation

ORDINARY_NAMES = [
    "anna@x.example",
    "O'Neil",
    "Mail.2",
    "Zoë (privat) & Co.",
    "อีเมลของฉัน",
    "हिन्दी मेल",
    "仕事　用",
    "100% Mail",
]
"""What people call their profiles."""
ACME = Path(__file__).parent.parent.parent / "examples" / "acme-mail"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def acme() -> Path:
    return ACME


@pytest.fixture
def workstation_folder(tmp_path: Path) -> Path:
    """An offline Windows with Outlook 2016 for x64 and one user, Zoë."""
    folder = tmp_path / "pc"
    create_image(folder, edition=Edition.OUTLOOK_2016, bitness=Bitness.X64, users=["Zoë"])
    return folder


@pytest.fixture
def mapiwright(
    workstation_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """``mapiwright("profile", "list")`` as a user types it, on that workstation."""
    monkeypatch.setenv("MAPIWRIGHT_WORKSTATION", f"image:{workstation_folder}")
    monkeypatch.delenv("MAPIWRIGHT_USER", raising=False)

    def type_(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return type_


@pytest.fixture
def profiles(mapiwright: Callable[..., Answer], release: Callable[..., Path]) -> Callable[[], list[str]]:
    """``profiles()``: the names of those on a workstation with an Acme Mail that has something in all its fields."""
    package = release("5.0", {"mapiwright.toml": {'name = "user"\n': 'name = "user"\ndefault = "zoe"\n'}})
    assert mapiwright("install", package, "--no-profile", "--yes").code == 0

    def names() -> list[str]:
        return [row["name"] for row in mapiwright("profile", "list", "--json").document["profiles"]]

    return names


@pytest.fixture
def to_the_summary() -> list[tuple[str, str]]:
    """What a person sees in the wizard there, and what he types then, up to its last page.

    There is one key for each thing that is seen, so that a slow computer does as a fast one.
    """
    page_down = "\x1b[6~"
    return [
        ("Welcome to the", "\r"),
        ("Choose the message", " "),
        ("[x]", page_down),
        ("Your Acme account", page_down),
        ("Name the profile", page_down),
    ]


@dataclass(frozen=True, slots=True)
class Served:
    """A verb that shows its screen in a browser: its process, the address that it tells, and what it has said."""

    process: subprocess.Popen[str]
    address: str
    said: list[str]
    reader: threading.Thread

    @property
    def port(self) -> int:
        return int(self.address.partition("127.0.0.1:")[2].partition("/")[0])

    def told(self, text: str) -> bool:
        """Whether it has said that."""
        return text in "".join(self.said)

    def says(self, text: str) -> bool:
        """Whether it says that before long."""
        for _ in range(600):
            if self.told(text):
                return True
            time.sleep(0.1)
        return False

    def ended(self, by: signal.Signals = signal.SIGINT) -> int:
        """Its exit code, when it was told to end."""
        self.process.send_signal(by)
        return self.process.wait(timeout=60)


@pytest.fixture
def serve(workstation_folder: Path) -> Iterator[Callable[..., Served]]:
    """``serve("wizard")``: that verb with --serve, as a process that is ready for a browser."""
    started: list[Served] = []
    environment = {**os.environ, "MAPIWRIGHT_WORKSTATION": f"image:{workstation_folder}", "LC_ALL": "C.UTF-8"}

    def start(*words: str, **variables: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, "-m", "mapiwright", *words, "--serve"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**environment, **variables},
        )
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            address = re.search("http://\\S+", line)
            if address is not None:
                break
        else:
            pytest.fail(f"it does not serve: {''.join(said)}")
        reader = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
        reader.start()
        started.append(Served(process, address.group(), said, reader))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.ended()
        assert each.process.stdout is not None
        assert each.process.stderr is not None
        assert each.process.stdout.read() == "", "what it says is for people, and goes to stderr"
        each.process.stdout.close()
        each.reader.join(60)
        each.process.stderr.close()


@pytest.fixture
def picture(workstation_folder: Path) -> Callable[[], dict[str, bytes]]:
    """Every file of the workstation with its bytes, but for our own state."""

    def take() -> dict[str, bytes]:
        return {
            str(path.relative_to(workstation_folder)): path.read_bytes()
            for path in sorted(workstation_folder.rglob("*"))
            if path.is_file() and "Mapiwright" not in path.parts
        }

    return take


class Desk:
    """A workstation in memory with two users and Default, and what a setup program does on it."""

    def __init__(self, outlook: OutlookInstallation | None = None) -> None:
        self.outlook = outlook or OutlookInstallation()
        self.workstation = MemoryWorkstation.of(self._layout())

    def _layout(self) -> Layout:
        return layout(outlooks=[self.outlook], users=["Zoë", "Łukasz"])

    def office_becomes(self, outlook: OutlookInstallation) -> None:
        """Office is repaired, updated or exchanged: its keys and files are those of a fresh one, all else stays."""
        before = self._layout()
        self.outlook = outlook
        after = self._layout()
        registry, files = self.workstation.registry, self.workstation.files
        for path, key in after.hives.items():
            registry.apply(tuple(difference(path, before.hives[path], key)))
        for gone in before.files.keys() - after.files.keys():
            files.apply([WriteFile(gone, files.read(gone), None)])
        for folder in after.folders:
            files.make(folder)
        for place, data in after.files.items():
            files.apply(tuple(file_with_parents(files, place, data)))
        self.workstation.refresh()

    def user(self, name: str) -> User:
        return next(user for user in self.workstation.users if user.name == name)

    def plan(self, package: Path, *users: str, **how: Any) -> Plan:
        found = [self.user(name) for name in users or ("Zoë", "Łukasz")]
        return plan_install(open_package(package), self.workstation, found, **how)

    def install(self, package: Path, *users: str, **how: Any) -> Receipt | None:
        return self.do(self.plan(package, *users, **how))

    def removal(self, id_: str = "acme-mail", **how: Any) -> Removal:
        return plan_uninstall(self.workstation, id_, **how)

    def uninstall(self, id_: str = "acme-mail", **how: Any) -> Receipt | None:
        return self.do(self.removal(id_, **how).plan)

    def do(self, plan: Plan) -> Receipt | None:
        return None if plan.empty else execute(plan, self.workstation, makers=MAKERS)

    def edit(self, *drafts: Callable[[ProfileAdmin], object]) -> Plan:
        """What is drafted on the profiles of the first user."""
        return PanelRun(self.workstation).edit(self.workstation.users[0], *drafts)

    def picture(self) -> tuple[dict[str, Key | None], dict[str, bytes]]:
        """All values of the registry, and all files but our own state."""
        registry = {root: self.workstation.registry.read(KeyPath(root)) for root in ("HKLM", "HKU")}
        return registry, dict(self._files("C:"))

    def _files(self, folder: str) -> dict[str, bytes]:
        files = self.workstation.files
        found: dict[str, bytes] = {}
        for name in files.names(folder):
            path = f"{folder}\\{name}"
            if files.is_folder(path):
                if path != self.workstation.state_folder:
                    found |= self._files(path)
            else:
                found[path] = files.read(path) or b""
        return found

    @property
    def inf(self) -> str:
        return (self.workstation.files.read(self.workstation.outlook.inf_path) or b"").decode("cp1252")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def release(acme: Path, tmp_path: Path) -> Callable[..., Path]:
    """``release("5.0", {"acme.inf": {"old text": "new text"}})``: another version of the example."""

    def ship(version: str, edits: Mapping[str, Mapping[str, str]] | None = None) -> Path:
        folder = tmp_path / f"acme-{version}"
        shutil.copytree(acme, folder)
        changes: dict[str, Mapping[str, str]] = {**(edits or {})}
        changes["mapiwright.toml"] = {
            'version = "4.2.1"': f'version = "{version}"',
            'value = "4.2.1"': f'value = "{version}"',
            **changes.get("mapiwright.toml", {}),
        }
        for name, texts in changes.items():
            text = (folder / name).read_text(encoding="utf-8")
            for old, new in texts.items():
                assert old in text, f"{name} has no {old!r}"
                text = text.replace(old, new)
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return ship


OFFICE_INF = """\
[Services]
MAIL=Mail
BOOK=Book
WIRE=Wire
PIPE=Pipe
ARCHIVE=Archive
SHY=Shy
BAD=Bad
[Default Services]
MAIL=Mail
BAD=Bad
BOOK=Book
[MAIL]
PR_DISPLAY_NAME=Mail of the office
PR_SERVICE_DLL_NAME=mail.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_SERVICE_SUPPORT_FILES=mail.dll,extra.dll
PR_RESOURCE_FLAGS=SERVICE_PRIMARY_IDENTITY
Providers=MailStore, MailBook, MailWire
Sections=MailFixed, MailLoose
[MailStore]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_PRIMARY_IDENTITY
PR_PROVIDER_DLL_NAME=mail.dll
PR_PROVIDER_DISPLAY=Mail Store
PR_DISPLAY_NAME=Mailbox
[MailBook]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY
PR_PROVIDER_DLL_NAME=mail.dll
PR_PROVIDER_DISPLAY=Mail Addresses
PR_DISPLAY_NAME=Addresses
[MailWire]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY | STATUS_XP_PREFER_LAST
PR_PROVIDER_DLL_NAME=mail.dll
PR_PROVIDER_DISPLAY=Mail Wire
PR_DISPLAY_NAME=Sending
[MailFixed]
UID=F1F1F1F1F1F1F1F1F1F1F1F1F1F1F1F1
6601001E=fixed
[MailLoose]
6601001E=loose
[BOOK]
PR_RESOURCE_FLAGS=SERVICE_SINGLE_COPY|SERVICE_NO_PRIMARY_IDENTITY
Providers=BookBook
[BookBook]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_PROVIDER_DLL_NAME=book.dll
PR_PROVIDER_DISPLAY=Book
PR_DISPLAY_NAME=Book
[WIRE]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=WireWire
[WireWire]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY
PR_PROVIDER_DLL_NAME=wire.dll
PR_PROVIDER_DISPLAY=Wire
PR_DISPLAY_NAME=Wire
[PIPE]
PR_RESOURCE_FLAGS=SERVICE_PRIMARY_IDENTITY
Providers=PipeWire
[PipeWire]
PR_RESOURCE_TYPE=MAPI_TRANSPORT_PROVIDER
PR_PROVIDER_DLL_NAME=pipe.dll
PR_PROVIDER_DISPLAY=Pipe
PR_DISPLAY_NAME=Pipe
[ARCHIVE]
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=ArchiveStore
[ArchiveStore]
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_RESOURCE_FLAGS=STATUS_NO_PRIMARY_IDENTITY | STATUS_NO_DEFAULT_STORE
PR_PROVIDER_DLL_NAME=archive.dll
PR_PROVIDER_DISPLAY=Archive
PR_DISPLAY_NAME=Archive
[SHY]
PR_SERVICE_DLL_NAME=shy.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=ShyBook
[ShyBook]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_PROVIDER_DLL_NAME=shy.dll
PR_PROVIDER_DISPLAY=Shy
PR_DISPLAY_NAME=Shy
[BAD]
PR_SERVICE_DLL_NAME=bad.dll
PR_SERVICE_ENTRY_NAME=ServiceEntry
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY
Providers=BadBook
[BadBook]
PR_RESOURCE_TYPE=MAPI_AB_PROVIDER
PR_PROVIDER_DLL_NAME=bad.dll
PR_PROVIDER_DISPLAY=Bad
PR_DISPLAY_NAME=Bad
"""

OFFICE_SERVICES = """\
CREATE, CONFIGURE, DELETE, PROVIDER_CREATE, PROVIDER_DELETE = 2, 3, 4, 6, 7


def service_entry(call):
    name = call.service[0x3D09001F]
    if name == "BAD":
        call.fail(0x80040119, "the licence has run out", component="BAD", low_level=7, context=8)
    if call.context == CREATE:
        call.service[0x66200003] = call.flags
        return 0x8004011C if name == "SHY" else 0
    if call.context == CONFIGURE:
        if call.properties.get(0x6600001F) == "cancel":
            return 0x80040113
        if name == "SHY" and 0x6600001F not in call.properties:
            call.fail(0x80040119, "no server was given", component="SHY", low_level=1, context=2)
        for tag, value in call.properties.items():
            call.service[tag] = value
        call.service[0x66210003] = call.flags
        return 0
    if call.context in {PROVIDER_CREATE, PROVIDER_DELETE}:
        if name == "SHY":
            return 0x80040102
        call.service[0x66220003] = call.flags
        return 0
    return 0x80004005  # DELETE: its verdict holds nothing up
"""


@pytest.fixture
def kept() -> Callable[[Workstation, ServiceRecord, Mapping[str, bytes]], None]:
    """``kept(workstation, record, sources)`` keeps the record of a service as an install does."""
    return keep_record


class Office:
    """A workstation whose services do what a test needs, and one user's profiles as administration sees them.

    MAIL has everything; BOOK may be there once and has no entry point; WIRE and PIPE send, MAIL wants to be last;
    ARCHIVE is a store that is never the default one; SHY asks to be configured and takes no providers; BAD fails.
    """

    def __init__(self, workstation: Workstation | None = None) -> None:
        self.workstation = workstation or MemoryWorkstation.of(layout(users=["Zoë"]))
        files = self.workstation.files
        inf = self.workstation.outlook.inf_path
        files.apply([WriteFile(inf, files.read(inf), OFFICE_INF.encode("cp1252"))])
        for name in ("MAIL", "SHY", "BAD"):
            package = OfficeStandIn()
            record = ServiceRecord.of(name, package="office", version="1", stand_in=package)
            keep_record(self.workstation, record, package.sources)
        self.workstation.refresh()
        self.receipts: list[Receipt] = []
        self.told: list[str] = []
        self.workspace = self.another()
        self.profiles = ProfileAdmin(self.workspace)

    def another(self) -> Workspace:
        """Somebody else's view of the same profiles."""
        return Workspace(self.workstation, self.workstation.users[0], send=self.send, report=self.told.append)

    def send(self, plan: Plan) -> None:
        self.receipts.append(execute(plan, self.workstation, makers=MAKERS))

    @property
    def calls(self) -> list[str]:
        """Every call of an entry point so far: ``MAIL CREATE``."""
        return [
            f"{effect.description['service']} {effect.description['context']}"
            for receipt in self.receipts
            for effect in receipt.effects
        ]

    def services(self, profile: str = "Work") -> MessageServiceAdmin:
        """The services of a profile, which is made where it is not there."""
        if self.workspace.find(profile) is None:
            self.profiles.create_profile(profile)
        return self.profiles.admin_services(profile)

    def stored(self, profile: str = "Work") -> Profile:
        """What the registry says, without drafts."""
        return Workspace(self.workstation, self.workstation.users[0]).profile(profile)


@dataclass(frozen=True, slots=True)
class OfficeStandIn:
    entry: str = "office:service_entry"
    deadline: float = 20.0

    @property
    def sources(self) -> dict[str, bytes]:
        return {"office.py": OFFICE_SERVICES.encode()}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def office_on() -> type[Office]:
    """``office_on(workstation)`` is the same office on a workstation of another kind."""
    return Office


def rows_of(table: Table) -> list[dict[int, Any]]:
    """All rows of a table, as mappings."""
    return [dict(row) for row in table.query_rows(1000)]


@pytest.fixture
def rows() -> Callable[[Table], list[dict[int, Any]]]:
    return rows_of


@pytest.fixture
def code_of() -> Callable[[Callable[[], object]], int]:
    """``code_of(lambda: ...)`` is the HRESULT with which a call fails."""

    def call(do: Callable[[], object]) -> int:
        with pytest.raises(MapiwrightError) as caught:
            do()
        return caught.value.hresult

    return call


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Acme Mail as it is published, with a name of no ASCII in it, unsigned; to be copied, and not changed."""
    folder = tmp_path_factory.mktemp("published")
    package = folder / "acme"
    shutil.copytree(ACME, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "docs" / "Änderungen 変更.txt").write_bytes(b"news")
    manifest = (package / "mapiwright.toml").read_text(encoding="utf-8")
    named = manifest.replace('["README.md"]', '["README.md", "docs/Änderungen 変更.txt"]')
    (package / "mapiwright.toml").write_text(named, encoding="utf-8")
    publish(make_edition(package), folder / "public")
    return folder / "public"


@pytest.fixture
def public(published: Path, tmp_path: Path) -> Path:
    """A copy of it, for one story."""
    shutil.copytree(published, tmp_path / "öffentlich")
    return tmp_path / "öffentlich"


@pytest.fixture
def keys(tmp_path: Path, witness_module: Callable[[str], ModuleType]) -> Callable[[str], tuple[Path, Path]]:
    """``keys("vendor")`` are the files of a private key and of its public half."""
    ed25519 = witness_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    form = witness_module("cryptography.hazmat.primitives.serialization")

    def make(name: str) -> tuple[Path, Path]:
        key = ed25519.Ed25519PrivateKey.generate()
        private, public = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
        private.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
        return private, public

    return make
