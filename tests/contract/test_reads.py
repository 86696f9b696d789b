"""How often a run reads what it changes: in one go before, and in one go after."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.contract.counting import counted_reads

from mapiwright.entry.makers import MAKERS
from mapiwright.errors import ConflictError
from mapiwright.message import Message
from mapiwright.setup.install.install import plan_install
from mapiwright.setup.package.package import open_package
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import CreateKey, DeleteKey, MakeFolder, SetValue, WriteFile
from mapiwright.workstation.files import FileWants
from mapiwright.workstation.kinds.create import create_image
from mapiwright.workstation.kinds.image import ImageWorkstation
from mapiwright.workstation.look import digest_of
from mapiwright.workstation.registry import RegistryWants, Value

if TYPE_CHECKING:
    from tests.contract.conftest import Subject

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-mail"
MOST_READS = 250


def test_a_look_answers_what_the_reads_answer(subject: Subject) -> None:
    registry, files, user = subject.workstation.registry, subject.workstation.files, subject.user
    path, folder = user / "Look", subject.folder + r"\look"
    registry.apply([CreateKey(path), SetValue(path, "v", None, Value.dword(1)), CreateKey(path / "below")])
    files.apply([MakeFolder(folder), WriteFile(folder + r"\f", None, b"bytes")])
    absent = user / "absent"
    keys = registry.look(RegistryWants(((path, "V"), (absent, "v")), (path, absent), (path, absent)))
    assert (keys.value(path, "V"), keys.value(absent, "v")) == (Value.dword(1), None)
    assert (keys.subkeys(path), keys.subkeys(absent)) == (("below",), None)
    assert (keys.read(path), keys.read(absent)) == (registry.read(path), None)
    none = folder + r"\none"
    wants = FileWants((folder + r"\f", none, folder), (folder + r"\f", none, folder), (folder, none), (folder, none))
    found = files.look(wants)
    assert (found.read(folder + r"\f"), found.read(none)) == (b"bytes", None)
    assert (found.digest(folder + r"\f"), found.digest(none)) == (digest_of(b"bytes"), None)
    assert files.digest(folder + r"\f") == digest_of(b"bytes")
    assert (found.is_folder(folder), found.is_folder(none)) == (True, False)
    assert (found.names(folder), found.names(none)) == (("f",), ())
    for ask in (found.read, found.digest, files.digest):
        with pytest.raises(ConflictError, match="folder"):
            ask(folder)
    with pytest.raises(KeyError):
        keys.value(path, "not asked")


def test_what_a_run_changes_is_read_once_before_and_once_after(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, folder = subject.user / "Once", subject.folder + r"\once"
    one, two = Value.dword(1), Value.dword(2)
    steps = (
        Leg(Message.literal("files"), (MakeFolder(folder), WriteFile(folder + r"\f", None, b"f"))),
        Leg(Message.literal("keys"), (CreateKey(key), *(SetValue(key, f"v{each}", None, one) for each in range(20)))),
        Leg(Message.literal("again"), (SetValue(key, "v0", one, two), WriteFile(folder + r"\g", None, b"g"))),
        Leg(
            Message.literal("less"),
            (WriteFile(folder + r"\g", b"g", None), CreateKey(key / "a"), DeleteKey(key / "a")),
        ),
    )
    looked: Counter[object] = Counter()
    for part in (type(subject.workstation.registry), type(subject.workstation.files)):

        def look(self: object, wants: RegistryWants | FileWants, *, found: object = part.look) -> object:
            for name in (field.name for field in fields(wants)):
                looked.update((name, want) for want in getattr(wants, name))
            return found(self, wants)  # type: ignore[operator]

        monkeypatch.setattr(part, "look", look)
    with counted_reads(subject.workstation) as reads:
        execute(Plan("law", Message.literal("law"), steps), subject.workstation)
    looks = [read for read in reads.elements() if read[1] == "look"]
    assert len(looks) == 4, "of registry and files, before and after"
    assert not [read for read in reads if read[1] != "look" and "once" in "".join(read[2:]).lower()]
    assert ("values", (key, "v0")) in looked
    assert max(looked.values()) == 2


def test_installing_the_example_takes_few_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_image(tmp_path / "pc")
    workstation = ImageWorkstation(tmp_path / "pc")
    plan = plan_install(open_package(EXAMPLE), workstation, workstation.users[:1])
    fresh = ImageWorkstation(tmp_path / "pc")
    # How often Outlook is looked for is a law of its own.
    monkeypatch.setattr(ImageWorkstation, "outlooks", fresh.outlooks)
    with counted_reads(fresh) as reads:
        execute(plan, fresh, makers=MAKERS)
    assert sum(reads.values()) <= MOST_READS, reads.most_common(20)
