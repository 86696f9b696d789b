"""What every test may ask for: the witness programs, the real data, and hypothesis' two profiles."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import hypothesis
import pytest

from mapiwright.entry.hosts.wine import WinePython, loader
from mapiwright.errors import RefusedError
from mapiwright.workstation.registry import Key, Value, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import ModuleType

# What people are told is English here, whoever runs the tests; a story in French says so itself.
for variable in ("MAPIWRIGHT_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
    os.environ.pop(variable, None)
os.environ["LANG"] = "C.UTF-8"

NIGHTLY = bool(os.environ.get("MAPIWRIGHT_NIGHTLY"))
NOBODY = 65534
"""A user who owns nothing; root may read what is closed to everybody else."""
WITNESSES_ARE_REQUIRED = os.environ.get("CI") == "true"
MAKE_PREFIX = Path(__file__).parent / "windows" / "make_prefix.py"
NATIVE_SERVICES = Path(__file__).parent / "native" / "build.py"
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"

# Every commit sees the same examples, so a red run is the fault of the commit; new ones are looked for at night.
hypothesis.settings.register_profile("default", max_examples=60, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("nightly", max_examples=2000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("nightly" if NIGHTLY else "default")


def pytest_configure() -> None:
    """Ctrl-C counts for what the tests start, also where the shell that put them into the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole product of a proof is for the night."""
    if NIGHTLY:
        return
    for item in items:
        if item.get_closest_marker("nightly") is not None:
            item.add_marker(pytest.mark.skip(reason="nightly: set MAPIWRIGHT_NIGHTLY=1"))


def pytest_sessionfinish() -> None:
    """What a worker counted is written before it reports its end: whoever hands out the tests kills it soon after."""
    counting = coverage.Coverage.current()
    if "PYTEST_XDIST_WORKER" in os.environ and counting is not None:
        counting.save()


def absent(witness: str) -> None:
    """A missing witness is skipped by name on a laptop, and is a failure where it was promised."""
    if WITNESSES_ARE_REQUIRED:
        pytest.fail(f"the witness {witness} is required with CI=true and is not installed")
    pytest.skip(f"the witness {witness} is not installed")


@pytest.fixture
def witness_absent() -> Callable[[str], None]:
    """``witness_absent("the wheel")`` says that a witness which a test has to fetch itself cannot be had."""
    return absent


@pytest.fixture
def witness() -> Callable[[str], str]:
    """``witness("hivexget")`` is the path of a foreign program."""

    def find(program: str) -> str:
        path = shutil.which(program)
        if path is None:
            absent(program)
        assert path is not None
        return path

    return find


@pytest.fixture
def witness_module() -> Callable[[str], ModuleType]:
    """``witness_module("regipy.registry")`` is a foreign Python module."""

    def find(module: str) -> ModuleType:
        if find_spec(module.partition(".")[0]) is None:
            absent(module)
        return import_module(module)

    return find


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``service("good")`` is a message service of tests/native as a library of this computer.

    ``service("good", "x64")`` is the same for Windows; "x86" as well. All workers of a run share what is compiled.
    """
    spec = spec_from_file_location("native_services", NATIVE_SERVICES)
    assert spec is not None
    assert spec.loader is not None
    services = module_from_spec(spec)
    spec.loader.exec_module(services)
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "native-services"

    def compiled(name: str, flavour: str = "so") -> Path:
        if flavour == "so" and sys.platform == "win32":
            pytest.skip("native services: this is Windows itself")
        compiler = services.compiler(name, flavour)
        if shutil.which(compiler) is None:
            absent(compiler)
        made: Path = services.build(name, flavour, folder)
        return made

    return compiled


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """``shared_data("inf/sabp-MAPISVC.INF")`` is a real file that lies beside the repository, never inside it."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"the real file {name} is not beside the repository")
        return path

    return find


@pytest.fixture
def real_hive(shared_data: Callable[[str], Path]) -> Callable[[str], bytes]:
    """``real_hive("o2010-x64")`` are the bytes of a real user's NTUSER.DAT."""

    def read(name: str) -> bytes:
        return lzma.decompress(shared_data(f"hives/{name}.NTUSER.DAT.xz").read_bytes())

    return read


@pytest.fixture
def real_profiles(shared_data: Callable[[str], Path]) -> Callable[[str], Key]:
    """``real_profiles("o2010-x64")`` is the key of a real user's profiles, as an independent reader saw it."""

    def key_of(tree: dict[str, Any]) -> Key:
        values = {
            name: Value(ValueType[kind.removeprefix("REG_")], bytes.fromhex(data))
            for name, (kind, data) in tree["values"].items()
        }
        return Key(values, {name: key_of(below) for name, below in tree["keys"].items()})

    def read(name: str) -> Key:
        return key_of(json.loads(shared_data(f"hives/{name}.profile.json").read_bytes())["tree"])

    return read


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can reach, which tmp_path is not."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@cache
def _python_of_nobody() -> tuple[str, str] | None:
    """A Python that can start as NOBODY, and the path where it finds what this one has; root's own may be shut in."""
    path = os.pathsep.join(each for each in sys.path if each and Path(each).is_dir() and "lib-dynload" not in each)
    for python in dict.fromkeys((sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin") or "")):
        # The standard library is each Python's own.
        found = os.pathsep.join(each for each in path.split(os.pathsep) if not _is_standard(each))
        try:
            subprocess.run(
                [python, "-c", "import mapiwright.ui.cli.app"],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                env={"PYTHONPATH": found},
                check=True,
                capture_output=True,
                timeout=60,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return python, found
    return None


def _is_standard(folder: str) -> bool:
    return Path(folder).samefile(Path(os.__file__).parent)


@pytest.fixture
def as_nobody() -> Callable[..., subprocess.CompletedProcess[str]]:
    """``as_nobody("status", "acme-mail", workstation=uri)``: Mapiwright in a process of a user who owns nothing."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("another user: only root can run a program as somebody else")
    python = _python_of_nobody()
    if python is None:
        pytest.skip("another user: no Python here that the user nobody may run")

    def run(*words: object, workstation: str, code: str = "") -> subprocess.CompletedProcess[str]:
        assert python is not None
        environment = {"PYTHONPATH": python[1], "MAPIWRIGHT_WORKSTATION": workstation, "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            [python[0], *(("-c", code) if code else ("-m", "mapiwright")), *map(str, words)],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def closed() -> Callable[[Path], AbstractContextManager[None]]:
    """``with closed(folder):`` the folder is closed to this user, who is not root meanwhile.

    What is asked in there was asked before, as modules that root keeps to itself cannot be imported then.
    """
    if os.name == "nt":
        pytest.skip("closed folders: a mode closes nothing on Windows")

    @contextmanager
    def close(folder: Path) -> Iterator[None]:
        before, user = folder.stat().st_mode, os.geteuid()
        folder.chmod(0)
        if user == 0:
            os.seteuid(NOBODY)
        try:
            yield
        finally:
            if user == 0:
                os.seteuid(user)
            folder.chmod(before)

    return close


@pytest.fixture(scope="session")
def wine() -> Iterator[WinePython]:
    """A real Windows Python in a Wine prefix of the suite's own, whose server runs as long as a test run needs it."""
    if sys.platform == "win32":
        pytest.skip("Wine: this is Windows itself")
    import fcntl

    try:
        loader(os.environ)
    except RefusedError:
        absent("wine64")
    made = subprocess.run([sys.executable, MAKE_PREFIX], capture_output=True, text=True, check=False)
    if made.returncode:
        absent(f"Windows Python ({made.stderr.strip()[-500:]})")
    wine = WinePython(Path(made.stdout.strip()))
    server = wine.environment()["WINESERVER"], os.environ | wine.environment()
    with (wine.prefix / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        subprocess.run([server[0], "-p"], env=server[1], check=False)  # a second one finds the first, and ends
        wine.prepare()
        yield wine
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another worker still uses it
        subprocess.run([server[0], "-k"], env=server[1], check=False)
