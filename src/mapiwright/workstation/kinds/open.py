"""From the URI of a workstation to the workstation."""

# ruff: noqa: PLC0415 - only the kind that is asked for is loaded

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mapiwright.workstation.workstation import Bitness, Edition, Workstation

DEMO_VARIABLE = "MAPIWRIGHT_DEMO"
_LATER = {
    "live": "this machine",
    "remote": "another machine's registry and shares",
}


def open_workstation(
    uri: str, *, inf: Path | None = None, edition: Edition | None = None, bitness: Bitness | None = None
) -> Workstation:
    """The workstation that ``uri`` names.

    ``image:DIR`` is an offline Windows, ``wine:PREFIX`` a Wine prefix, ``hive:FILE`` a bare hive, ``memory:`` a new
    one in memory, and ``demo:`` an image that is made on first use. ``inf``, ``edition`` and ``bitness`` say what a
    bare hive cannot. Raises UsageError for another URI, NotFoundError where there is nothing at the place that it
    names.
    """
    scheme, colon, place = uri.partition(":")
    scheme = scheme.lower() if colon else ""
    if scheme == "hive":
        from mapiwright.workstation.kinds.hive_file import HiveFileWorkstation

        return HiveFileWorkstation(_path(uri, place), inf, edition, bitness)
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise _unknown(uri, scheme)
    if inf is not None or edition is not None or bitness is not None:
        raise UsageError(
            "an INF, an edition or a bitness was given",
            where=uri,
            expected="these options with a hive: URI only",
            remedy="This workstation's own registry has them.",
        )
    return opener(uri, place)


def _image(uri: str, place: str) -> Workstation:
    from mapiwright.workstation.kinds.image import ImageWorkstation

    return ImageWorkstation(_path(uri, place))


def _wine(uri: str, place: str) -> Workstation:
    from mapiwright.workstation.kinds.wine import WineWorkstation

    return WineWorkstation(_path(uri, place))


def _memory(uri: str, place: str) -> Workstation:
    from mapiwright.workstation.kinds.memory import MemoryWorkstation
    from mapiwright.workstation.outlook.layout import layout

    _refuse_place(uri, place)
    return MemoryWorkstation.of(layout())


def _demo(uri: str, place: str) -> Workstation:
    from mapiwright.workstation.kinds.image import ImageWorkstation

    _refuse_place(uri, place)
    folder = demo_folder()
    if not folder.exists():
        _make_demo(folder)
    return ImageWorkstation(folder, uri=uri)


_OPENERS: dict[str, Callable[[str, str], Workstation]] = {
    "image": _image,
    "wine": _wine,
    "memory": _memory,
    "demo": _demo,
}


def demo_folder() -> Path:
    """Where the demo workstation is: MAPIWRIGHT_DEMO, or a folder of this program in the user's own data."""
    import os
    from pathlib import Path

    named = os.environ.get(DEMO_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("mapiwright", appauthor=False) / "demo"


def _make_demo(folder: Path) -> None:
    """Make it next to its place and move it there, so that an interrupted run leaves no incomplete one."""
    import tempfile
    from pathlib import Path

    from mapiwright.workstation.kinds.create import create_image

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=folder.name, dir=folder.parent) as beside:
        made = Path(beside) / folder.name
        create_image(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():  # else another run was faster
                raise


def _path(uri: str, place: str) -> Path:
    from pathlib import Path

    if not place:
        raise UsageError("the URI names no place", where=uri, expected=f"{uri}PATH")
    return Path(place).expanduser()


def _refuse_place(uri: str, place: str) -> None:
    if place:
        raise UsageError("the URI takes no place", where=uri, expected=uri.removesuffix(place))


def _unknown(uri: str, scheme: str) -> UsageError:
    known = "image:DIR, wine:PREFIX, hive:FILE, memory: or demo:"
    if scheme in _LATER:
        return UsageError(f"{scheme}: ({_LATER[scheme]}) is not yet built", where=uri, expected=known)
    return UsageError(
        f"{uri!r} is not the URI of a workstation",
        expected=known,
        remedy=f"For a Windows in a folder: image:{uri}",
    )
