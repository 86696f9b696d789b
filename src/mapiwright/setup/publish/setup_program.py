"""The setup program that is published with a package: ``setup.pyz``, one file that a bare Python 3.11 or later runs.

It is a zip with the package, Mapiwright without what LEFT_OUT names, and the libraries that it needs to install, as
they are installed here: whole distributions with their licences. Its bytes are the same for the same of all these,
and the same zlib.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from importlib import resources
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError, NotFoundError, RefusedError
from mapiwright.setup.package.media import LARGEST_FILE, LARGEST_PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

PACKAGE = "package/"
"""Where the package is in it."""
BUNDLED = ("click", "platformdirs")
"""The distributions that installing needs; what they require is carried with them."""
LEFT_OUT = (
    "mapiwright/entry/wizard.py",
    "mapiwright/pytest_plugin.py",
    "mapiwright/pywin32/",
    "mapiwright/setup/trial/matrix.py",
    "mapiwright/ui/browser/",
    "mapiwright/ui/cli/language_option.py",
    "mapiwright/ui/cli/packages/matrix.py",
    "mapiwright/ui/cli/plan_runner.py",
    "mapiwright/ui/cli/serve_option.py",
    "mapiwright/ui/cli/workstations/panel.py",
    "mapiwright/ui/cli/workstations/wizard.py",
    "mapiwright/ui/documents/matrix_report.py",
    "mapiwright/ui/screens/",
    "mapiwright/workflows/panel/",
    "mapiwright/workflows/wizard/",
)
"""What is not carried: the screens, which need Textual, the verbs that show them, and what developers alone use."""
_COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_MOST_MEMBERS = 10_000
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)[^;]*(;?)")
_OF_DISTRIBUTION = re.compile(
    r"[^/]+\.dist-info/(?:METADATA|(?:licenses/.*|[^/]*)(?:LICEN[CS]E|COPYING|AUTHORS|NOTICE)[^/]*)"
)
_COMPILED = (".so", ".pyd", ".dll", ".dylib")
_MAIN = '''"""Installs the package that this file carries."""
import sys

if sys.version_info < (3, 11):
    sys.exit("This is Python %d.%d, and this program needs 3.11 or later." % sys.version_info[:2])

from pathlib import Path

from mapiwright.__main__ import main
from mapiwright.ui.cli.packages.bundled_setup import setup_in

sys.exit(main(program=setup_in(Path(__file__).absolute().parent)))
'''


def make(package: Mapping[str, bytes]) -> bytes:
    """The bytes of the program for the package with these files, by their paths with ``/``.

    Raises NotFoundError where a library is not installed, RefusedError where one cannot be carried.
    """
    files = {"__main__.py": _MAIN.encode()}
    files |= {PACKAGE + path: data for path, data in package.items()}
    ours = _sources(resources.files("mapiwright"), "mapiwright/")
    files |= {path: data for path, data in ours if not path.startswith(LEFT_OUT)}
    files |= dict(_about(_installed("mapiwright")))
    for name in _closure(BUNDLED):
        files |= dict(_distributed(_installed(name)))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as bundle:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system = 3  # whichever system makes it
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, files[path], zipfile.ZIP_DEFLATED, compresslevel=9)
    return made.getvalue()


def bundled_package(program: bytes) -> dict[str, bytes] | None:
    """The files of the package in a setup program of ours; None where it is none.

    Raises FormatError where the bytes are damaged, or a member is larger than a package's file may be: a zip of 3 MB
    may hold 3 GiB, which is seen in its directory and never read. Nothing of it is run.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(program)) as bundle:
            members = [each for each in bundle.infolist() if each.filename.startswith(PACKAGE) and not each.is_dir()]
            _refuse_excess(members)
            return {each.filename.removeprefix(PACKAGE): _member(bundle, each) for each in members} or None
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise FormatError("the setup program is damaged", remedy="Download it again from its publisher.") from error


def _member(bundle: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member; no more are decompressed than the directory says, which a forged one exceeds."""
    with bundle.open(member) as stream:
        return stream.read(member.file_size)


def _refuse_excess(members: Sequence[zipfile.ZipInfo]) -> None:
    """Raise FormatError for what `make` does not write: too much of it, or in another compression."""
    for member in members:
        if member.compress_type not in _COMPRESSIONS:
            raise FormatError(f"{member.filename} has a compression that setup programs do not use")
        if member.file_size > LARGEST_FILE:
            raise FormatError(f"{member.filename} has {member.file_size} bytes", expected=f"at most {LARGEST_FILE}")
    total = sum(member.file_size for member in members)
    if total > LARGEST_PACKAGE or len(members) > _MOST_MEMBERS:
        raise FormatError(
            f"it carries {len(members)} files of {total} bytes",
            expected=f"at most {_MOST_MEMBERS} of {LARGEST_PACKAGE} together",
        )


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for found in folder.iterdir():
        if found.is_dir() and found.name != "__pycache__":
            yield from _sources(found, f"{above}{found.name}/")
        elif found.is_file():
            yield above + found.name, found.read_bytes()


def _closure(names: tuple[str, ...]) -> list[str]:
    """The distributions and what they require, each once."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        for requirement in _installed(name).requires or ():
            read = _REQUIREMENT.match(requirement)
            # Requirements with a condition are for an older Python, for an extra, or for colours on an old Windows,
            # which the command line does not have.
            if read is not None and not read[2]:
                waiting.append(re.sub(r"[-_.]+", "-", read[1]).lower())
    return found


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise NotFoundError(
            f"the distribution {name} is not installed here, and the setup program has to carry it",
            remedy="Install Mapiwright with pip in a virtual environment, and publish from there.",
        ) from None


def _distributed(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """The modules of a distribution, and what is said about it."""
    name = found.metadata["Name"]
    paths = [str(path).replace("\\", "/") for path in found.files or ()]
    compiled = [path for path in paths if path.endswith(_COMPILED)]
    if not paths or compiled:
        raise RefusedError(
            f"{name} cannot be carried: "
            + (f"it is compiled ({compiled[0]})" if compiled else "its list of files is missing"),
            expected="pure Python, installed by pip",
            remedy="Install Mapiwright with pip in a virtual environment, and publish from there.",
        )
    for path in paths:
        if not path.startswith("../") and ".dist-info/" not in path and "__pycache__/" not in path:
            yield path, Path(str(found.locate_file(path))).read_bytes()
    yield from _about(found)


def _about(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """What a distribution says of itself, and its licences: they go where the code goes."""
    for path in map(str, found.files or ()):
        name = path.replace("\\", "/")
        if _OF_DISTRIBUTION.fullmatch(name):
            yield name, Path(str(found.locate_file(path))).read_bytes()
