"""How long reading takes as a workstation grows: users, profiles of one user, sections of one profile.

Each table doubles the number of things; what is linear takes about twice as long.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from mapiwright.formats.props import encode
from mapiwright.mapi.profile.profile import ADMIN
from mapiwright.mapi.props.tags import PropertyType
from mapiwright.workstation.change import CreateKey, SetValue, key_with_parents
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.open import open_workstation
from mapiwright.workstation.outlook.outlook import PROFILE_ROOTS
from mapiwright.workstation.registry import Value
from mapiwright.workstation.workstation import Edition

SIZES = {"users": (500, 1000, 2000), "profiles": (500, 1000, 2000), "sections": (5000, 10_000, 20_000)}
VERBS = {
    "users": (("workstation", "show"), ("profile", "list")),
    "profiles": (("profile", "list"),),
    "sections": (("support-bundle", "-o", "{bundle}"),),
}


def make(folder: Path, noun: str, number: int) -> None:
    """A workstation with so many users, or one whose user has so many profiles, or a profile of so many sections."""
    create_image(folder, users=[f"user{each:05}" for each in range(number if noun == "users" else 1)])
    if noun == "users":
        return
    here = open_workstation(f"image:{folder}")
    root = here.users[0].root / PROFILE_ROOTS[Edition.OUTLOOK_2016].profiles
    changes: list[CreateKey | SetValue] = [*key_with_parents(here.registry, root)]
    profiles, sections = (number, 1) if noun == "profiles" else (1, number)
    for profile in (root / f"Profile {each:05}" for each in range(profiles)):
        changes += [CreateKey(profile), CreateKey(profile / ADMIN)]
        for each in range(sections):
            section, text = profile / f"{each:032x}", encode(PropertyType.UNICODE, f"Someone {each:05}", pointer=8)
            changes += [CreateKey(section), SetValue(section, "001f3001", None, Value.binary(text))]
    here.registry.apply(changes)


def seconds(folder: Path, verb: tuple[str, ...]) -> float:
    """The CPU time of the verb in a process of its own."""
    words = [word.format(bundle=folder.parent / f"{folder.name}-{len(verb)}.zip") for word in verb]
    command = [sys.executable, "-m", "mapiwright", *words, "--workstation", f"image:{folder}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    print(
        f"{datetime.now(UTC):%d %B %Y}, {platform.platform(terse=True)}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; CPU seconds"
    )
    for noun, sizes in SIZES.items():
        times: dict[tuple[str, ...], list[float]] = {verb: [] for verb in VERBS[noun]}
        for number in sizes:
            with tempfile.TemporaryDirectory() as folder:
                make(Path(folder, "pc"), noun, number)
                for verb, found in times.items():
                    found.append(seconds(Path(folder, "pc"), verb))
        for verb, found in times.items():
            cells = "".join(f"{number:>9,}: {time:5.1f}" for number, time in zip(sizes, found, strict=True))
            print(f"{' '.join(verb[:2]).removesuffix(' -o'):<17} {noun:<9}{cells}", flush=True)


if __name__ == "__main__":
    main()
