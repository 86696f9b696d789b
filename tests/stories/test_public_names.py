"""What users import: the names are pinned, typed, documented and exported, and objects say what they are."""

from __future__ import annotations

import ast
import inspect
import os
import pydoc
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

import mapiwright
from mapiwright import Plan, PropertyCopy, SectionFlag, errors, logon
from mapiwright.mapi.profile import store
from mapiwright.mapi.props.protected import DPAPI_START
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg
from mapiwright.workstation.change import SetValue
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.registry import Value

if TYPE_CHECKING:
    from tests.stories.conftest import Office

ROOT = Path(__file__).parents[2]
TYPED_PAGES = sorted(
    [ROOT / "README.md", *(ROOT / "docs").glob("how-to/*.md"), *(ROOT / "docs").glob("tutorials/*.md")]
    + [ROOT / "docs" / "reference" / name for name in ("administration.md", "property-tags.md", "pywin32.md")]
)


def test_the_names_are_pinned() -> None:
    kinds = {name: type(getattr(mapiwright, name)).__name__ for name in mapiwright.PUBLIC}
    functions = [name for name, kind in kinds.items() if kind == "function"]
    flags = [name for name, kind in kinds.items() if kind == "EnumType"]
    assert sorted(functions) == ["admin_profiles", "execute", "logon", "open_workstation"]
    assert sorted(flags) == [
        *("CopyFlag", "EntryFlag", "LogonFlag", "ProfileFlag", "PropertyType", "ProviderFlag", "ReadFlag"),
        *("SaveFlag", "SectionFlag", "Severity", "StoreChoice"),
    ]
    assert sorted(set(kinds) - {*functions, *flags}) == [
        *("BusyError", "CallError", "CancelledError", "ConflictError", "EntryPointError", "ExistsError"),
        *("FailedError", "Finding", "FindingsError", "FormatError", "MapiError", "MapiUid", "MapiwrightError"),
        *("MessageServiceAdmin", "NotFoundError", "Plan", "Profile", "ProfileAdmin", "ProfileSection"),
        *("PropertyCopy", "PropertyProblem", "PropsAnswer", "Provider", "ProviderAdmin", "Receipt"),
        *("RecoveryNeededError", "RefusedError", "Section", "Service", "Session", "Table"),
        *("UntrustedError", "UsageError", "Workstation"),
    ]


def test_they_are_the_same_for_a_type_checker_for_a_star_and_at_run_time() -> None:
    tree = ast.parse(Path(mapiwright.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname or alias.name: part.module
        for node in tree.body
        if isinstance(node, ast.If)
        for part in node.body
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    }
    assert typed == mapiwright.PUBLIC
    assert sorted(mapiwright.__all__) == sorted([*typed, "__version__"])
    assert [name for name in dir(mapiwright) if not name.startswith("__")] == sorted(typed)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = mapiwright.nonsense


def test_every_error_can_be_caught_by_a_public_name() -> None:
    own = [value for value in vars(errors).values() if inspect.isclass(value) and value.__module__ == errors.__name__]
    assert {each.__name__ for each in own} <= set(mapiwright.PUBLIC)


def test_help_lists_them_with_what_they_are_for() -> None:
    shown = pydoc.plain(pydoc.render_doc(mapiwright))
    for name in mapiwright.PUBLIC:
        documented = inspect.getdoc(getattr(mapiwright, name))
        assert documented, f"{name} has no docstring"
        assert re.search(rf"\b{name}\b", shown)
        assert documented.splitlines()[0] in shown


def python_of(page: Path) -> str:
    """The Python on a page: fenced, at the prompt, or indented where something is imported or defined."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    fenced = [at_the_prompt(code) for language, code in fences if language == "python"]
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = [dedent(block) for block in re.findall(r"(?:^    .*\n|^\n)+", rest, re.MULTILINE) if block.strip()]
    if not re.search(r"^(from \w|import |def )", "\n".join(indented), re.MULTILINE):
        indented = []
    return "\n".join([*fenced, *filter(is_python, indented)])


def at_the_prompt(code: str) -> str:
    """The code of a session without its prompts and answers; other code as it is."""
    if not code.startswith(">>>"):
        return code
    return "".join(f"{line[4:]}\n" for line in code.splitlines() if line.startswith((">>>", "...")))


def is_python(block: str) -> bool:
    if re.match(r"\s*[\[-]", block):
        return False  # TOML, or YAML
    try:
        ast.parse(block)
    except SyntaxError:
        return False
    return True


def test_the_code_of_the_pages_is_typed_against_the_installed_package(tmp_path: Path) -> None:
    """In one process for all pages, away from our sources and our configuration, as it is with a user."""
    assert resources.files(mapiwright).joinpath("py.typed").is_file()
    for page in TYPED_PAGES:
        if code := python_of(page).strip():
            (tmp_path / f"{page.stem.replace('-', '_')}.py").write_text(code + "\n", encoding="utf-8")
    assert len(list(tmp_path.iterdir())) >= 7, "the pages have code"
    (tmp_path / "wrong.py").write_text("import mapiwright\nmapiwright.admin_profiles(5)\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MYPY", "PYTHONPATH"))}
    cache = ROOT / ".mypy_cache" / "pages"
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "."],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    faults = [line for line in ran.stdout.splitlines() if ": error:" in line]
    assert [line.partition(":")[0] for line in faults] == ["wrong.py"], ran.stdout + ran.stderr
    assert '"int"; expected "Workstation"' in faults[0], "the package is typed where it is installed"


def test_objects_say_what_they_are_and_no_secret(office: Office, tmp_path: Path) -> None:
    """A service's section holds a password of its own, a secure property that was left plain, and DPAPI data."""
    secret = "tr0ub4dor"  # noqa: S105 - nobody's
    services = office.services()
    uid = services.create_message_service("WIRE", "My wire")
    key = store.profile_key(office.workspace.user.root, office.workspace.edition, "Work") / uid
    planted = {
        "001f6605": Value.binary(f"{secret}\0".encode("utf-16-le")),
        "001e67f1": Value.sz(secret),
        "S010267f0": Value.binary(DPAPI_START + secret.encode()),
    }
    changes = tuple(SetValue(key, name, None, value) for name, value in planted.items())
    office.workstation.registry.apply(changes)
    profile = services.profile
    service = profile.services[0]
    provider = service.providers[0]
    service_table = services.get_message_service_table()
    service_table.set_columns((*service_table.query_columns()[:1], 0x6605001F, 0x67F1001E))
    session = logon(office.workspace, "Work")
    section = services.open_profile_section(uid, SectionFlag.MODIFY)
    sheet = PropertyCopy()
    sheet.set_props({0x6605001F: secret})
    create_image(tmp_path / "pc", users=["anna"])
    hive = tmp_path / "pc" / "Users" / "anna" / "NTUSER.DAT"
    plan = Plan("profile", Message.literal("set a password"), (Leg(Message.literal("passwords"), changes),))
    shown = {
        repr(office.workstation): "<MemoryWorkstation memory:>",
        repr(open_workstation(f"image:{tmp_path / 'pc'}")): f"<ImageWorkstation image:{tmp_path / 'pc'}>",
        repr(open_workstation(f"hive:{hive}")): f"<HiveFileWorkstation hive:{hive}>",
        repr(profile): "<Profile 'Work' of 4 sections; services: WIRE>",
        repr(service): f"<Service WIRE 'My wire' with 1 providers: {uid}>",
        repr(provider): f"<Provider 'Wire' of wire.dll: {provider.uid}>",
        repr(service.section): f"<Section {uid}: 5 properties, 2 secure>",
        repr(profile.admin): f"<Section {profile.admin.uid} (MAPI services and providers): 2 properties>",
        repr(office.profiles): "<ProfileAdmin of user Zoë on memory:>",
        repr(services): "<MessageServiceAdmin of profile 'Work' of user Zoë>",
        repr(services.admin_providers(uid)): f"<ProviderAdmin of service {uid} in profile 'Work'>",
        repr(section): f"<ProfileSection {uid} of profile 'Work', open for writing>",
        repr(session): "<Session of profile 'Work', open>",
        repr(sheet): "<PropertyCopy of 1 properties>",
        repr(service_table): "<Table of 1 rows: PR_DISPLAY_NAME, 6605001F, 67F1001E>",
        repr(next(iter(service_table))): "<TableRow PR_DISPLAY_NAME='My wire', 6605001F=...>",
        repr(office.profiles.get_profile_table()): "<Table of 1 rows: PR_DISPLAY_NAME, PR_DEFAULT_PROFILE>",
        repr(plan): "<Plan profile 'set a password': 1 steps, 3 changes, 0 calls>",
        repr(office.receipts[0]): f"<Receipt {office.receipts[0].id} profile 'create profile Work' on memory:>",
        repr(uid): f"MapiUid('{uid.bytes.hex()}')",
    }
    assert list(shown) == list(shown.values())
    assert not any(secret in text or DPAPI_START.hex() in text for text in shown)
