"""What every Files promises."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import pytest

from mapiwright.errors import ConflictError, FailedError, RefusedError, UsageError
from mapiwright.message import Message
from mapiwright.transaction.plans.plan import Leg, Plan
from mapiwright.transaction.transaction import execute
from mapiwright.workstation.change import (
    MakeFolder,
    RemoveFolder,
    ReplaceAtRestart,
    Standing,
    WriteFile,
    file_with_parents,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapiwright.workstation.change import FileChange
    from mapiwright.workstation.workstation import Workstation

    class Subject(Protocol):
        workstation: Workstation
        folder: str
        whole: bool

        def again(self) -> Workstation: ...


said = Message.literal


def test_what_is_not_there_is_none(subject: Subject) -> None:
    files = subject.workstation.files
    for path in (subject.folder + r"\none.txt", subject.folder + r"\none\none.txt", r"Q:\none\none.txt"):
        assert files.read(path) is None
        assert not files.is_folder(path)
        assert files.names(path) == ()


def test_a_file_with_its_folders_comes_and_is_there_for_the_next_run(subject: Subject) -> None:
    path = subject.folder + r"\Añejo\名前\acme32.dll"
    subject.workstation.files.apply(list(file_with_parents(subject.workstation.files, path, b"\0\1MZ")))
    for workstation in (subject.workstation, subject.again()):
        assert workstation.files.read(path) == b"\0\1MZ"
        assert workstation.files.is_folder(subject.folder + "\\Añejo")
        assert not workstation.files.is_folder(path)
        assert workstation.files.names(subject.folder + "\\Añejo") == ("名前",)
        assert workstation.files.names(path) == ()
        assert workstation.files.names("C:") != ()
        assert workstation.files.is_folder("C:")


def test_paths_resolve_without_regard_to_case_and_keep_their_stored_form(subject: Subject) -> None:
    files, path = subject.workstation.files, subject.folder + r"\Über\Read Me.TXT"
    files.apply(list(file_with_parents(files, path, b"one")))
    other = subject.folder.upper() + r"/üBER/READ ME.txt"
    assert files.read(other) == b"one"
    files.apply([WriteFile(other.replace("/", "\\"), b"one", b"two")])
    assert files.read(path) == b"two"
    assert files.names(subject.folder + "\\ÜBER") == ("Read Me.TXT",)


def test_applying_twice_is_applying_once_and_the_inverse_takes_it_back(subject: Subject) -> None:
    folder, path = subject.folder + r"\Acme", subject.folder + r"\Acme\a.txt"
    changes: list[FileChange] = [MakeFolder(folder), WriteFile(path, None, b"1"), WriteFile(path.upper(), b"1", b"2")]
    before = subject.workstation.files.names(subject.folder)
    for _ in range(2):
        subject.again().files.apply(changes)
        assert subject.again().files.read(path) == b"2"
    for _ in range(2):
        subject.again().files.apply([change.inverse for change in reversed(changes)])
        assert subject.again().files.names(subject.folder) == before


def test_a_change_that_somebody_overtook_stops_them_all(subject: Subject) -> None:
    files = subject.workstation.files
    mine, theirs = subject.folder + r"\mine.txt", subject.folder + r"\theirs.txt"
    files.apply([WriteFile(theirs, None, b"theirs")])
    with pytest.raises(ConflictError, match="theirs"):
        files.apply([WriteFile(mine, None, b"mine"), WriteFile(theirs, None, b"mine")])
    assert subject.again().files.read(mine) is None
    assert subject.again().files.read(theirs) == b"theirs"


def test_a_write_that_fails_leaves_each_thing_old_or_new_and_says_which(
    subject: Subject, failing: Callable[[int], None]
) -> None:
    """The second of three files cannot be written; a kind that cannot fail makes them all."""
    files = subject.workstation.files
    changes = [WriteFile(subject.folder + rf"\{name}", None, b"x") for name in "abc"]
    failing(2)
    made, unmade = [subject.folder + r"\a"], [subject.folder + rf"\{name}" for name in "bc"]
    failed: FailedError | None = None
    try:
        files.apply(changes)
    except FailedError as error:
        failed = error
    if failed is not None:
        assert ([*failed.made], [*failed.unmade]) == (made, unmade)
        assert "No space left" in failed.what
    else:
        made, unmade = [*made, *unmade], []
    there = subject.again().files
    assert [there.read(path) for path in (*made, *unmade)] == [b"x"] * len(made) + [None] * len(unmade)
    subject.again().files.apply(changes)
    assert subject.again().files.read(changes[2].path) == b"x", "and it can be finished"


def test_a_first_write_that_fails_leaves_all_as_it_was(subject: Subject, failing: Callable[[int], None]) -> None:
    change = WriteFile(subject.folder + r"\a", None, b"x")
    failing(1)
    with suppress(OSError):
        subject.workstation.files.apply([change])
        return
    assert subject.again().files.read(change.path) is None


def test_a_replacement_at_restart_is_refused_by_name_before_anything_is_written(subject: Subject) -> None:
    """No kind of today runs a Windows. The transaction refuses it before its first leg."""
    files, here, used = subject.workstation.files, subject.folder + r"\a.dll", subject.folder + r"\used.dll"
    first, second = WriteFile(here, None, b"1"), ReplaceAtRestart(used, None, b"2")
    before = subject.workstation.state.names()
    for attempt in (
        lambda: files.apply([first, second]),
        lambda: files.refuse_impossible([first, second]),
        lambda: execute(
            Plan("law", said("law"), (Leg(said("one"), (first,)), Leg(said("two"), (second,)))), subject.workstation
        ),
    ):
        with pytest.raises(RefusedError, match=r"next start here: .*\\used\.dll") as raised:
            attempt()
        assert "Write the file itself" in raised.value.remedy
        assert subject.again().files.read(here) is None
    assert subject.workstation.state.names() == before


IMPOSSIBLE = {
    "below a file": (r"{folder}\a file\x.dll", r"a file: a file is where a folder would have to be"),
    "deep below a file": (r"{folder}\a file\more\x.dll", r"a file: a file is where a folder would have to be"),
    "a folder that is not there": (r"{folder}\none\x.dll", r"x\.dll: the folder does not exist"),
    "a dot at its end": (r"{folder}\Acme.\x.dll", r"no name for a file or folder: it ends with a dot"),
    "a stream": (r"{folder}\a:b", r"it holds one of"),
    "a device": (r"{folder}\NUL", r"Windows keeps it for a device"),
    "a device above": (r"{folder}\nul.x\x.dll", r"Windows keeps it for a device"),
    "no absolute path": (r"{folder}\..\x.dll", r"holds '.' or '..'"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_can_have_no_place_is_refused_before_the_journal_begins(subject: Subject, case: str) -> None:
    """Once the journal had begun, neither the run nor its recovery could make such a change or take it back."""
    text, words = IMPOSSIBLE[case]
    files, state = subject.workstation.files, subject.workstation.state
    files.apply([WriteFile(subject.folder + r"\a file", None, b"")])
    first, second = (
        WriteFile(subject.folder + r"\a", None, b"1"),
        WriteFile(text.format(folder=subject.folder), None, b"2"),
    )
    plan = Plan("law", said("law"), (Leg(said("one"), (first,)), Leg(said("two"), (second,))))
    before = state.names()
    ours = "|no plan writes them"  # where it is our own folder that a plan may write to, by plain names
    for attempt, also in (
        (lambda: files.refuse_impossible([first, second]), ""),
        (lambda: execute(plan, subject.workstation), "" if subject.whole else ours),
    ):
        with pytest.raises((RefusedError, UsageError), match=words + also):
            attempt()
    assert state.names() == before, "nothing is left to recover"
    assert subject.again().files.read(first.path) is None


def test_what_was_never_made_is_taken_back_whatever_its_name_is(subject: Subject) -> None:
    for name in (r"\NUL", r"\a:b", r"\none\x", r"\none.\x"):
        subject.workstation.files.apply([WriteFile(subject.folder + name, b"1", None)])


def test_a_folder_that_the_changes_make_is_there_for_the_next_one(subject: Subject) -> None:
    folder = subject.folder + r"\New"
    changes: list[FileChange] = [
        MakeFolder(folder),
        MakeFolder(folder + r"\Below"),
        WriteFile(folder + r"\Below\x", None, b""),
    ]
    subject.workstation.files.refuse_impossible(changes)
    with pytest.raises(RefusedError, match="does not exist"):
        subject.workstation.files.refuse_impossible(changes[1:])


def test_changes_that_contradict_each_other_are_refused(subject: Subject) -> None:
    path = subject.folder + r"\x"
    with pytest.raises(ConflictError, match="contradict"):
        subject.workstation.files.apply([WriteFile(path, None, b"1"), WriteFile(path, None, b"2")])
    assert subject.again().files.read(path) is None


def test_folders_and_files_do_not_take_each_others_place(subject: Subject) -> None:
    files = subject.workstation.files
    folder, file = subject.folder + r"\folder", subject.folder + r"\file"
    files.apply([MakeFolder(folder), WriteFile(file, None, b"")])
    with pytest.raises(ConflictError, match="folder"):
        files.read(folder)
    with pytest.raises(ConflictError, match="folder"):
        files.apply([WriteFile(folder, None, b"x")])
    with pytest.raises(ConflictError, match="file"):
        files.apply([MakeFolder(file)])
    with pytest.raises(ConflictError, match="does not exist"):
        files.apply([WriteFile(subject.folder + r"\absent\file", None, b"x")])
    files.apply([WriteFile(file, b"", None), MakeFolder(file)])
    assert files.is_folder(file)


def test_a_folder_goes_when_it_is_empty_and_not_before(subject: Subject) -> None:
    files, folder = subject.workstation.files, subject.folder + r"\Acme"
    inner = folder + r"\inner.txt"
    files.apply([MakeFolder(folder), WriteFile(inner, None, b"x")])
    with pytest.raises(ConflictError, match=r"inner\.txt"):
        files.apply([RemoveFolder(folder)])
    files.apply([WriteFile(inner, b"x", None), RemoveFolder(folder)])
    assert not subject.again().files.is_folder(folder)


def test_standing_tells_old_from_new_from_other(subject: Subject) -> None:
    workstation = subject.workstation
    folder, file = subject.folder + r"\s", subject.folder + r"\s\f"
    changes: list[FileChange] = [MakeFolder(folder), WriteFile(file, None, b"1")]

    def stand() -> list[Standing]:
        return [standing(change, workstation.registry, workstation.files) for change in changes]

    assert stand() == [Standing.OLD, Standing.OLD]
    workstation.files.apply(changes)
    assert stand() == [Standing.NEW, Standing.NEW]
    assert standing(RemoveFolder(folder), workstation.registry, workstation.files) is Standing.OLD
    workstation.files.apply([WriteFile(file, b"1", b"2")])
    assert stand() == [Standing.NEW, Standing.OTHER]


@pytest.mark.parametrize("path", ["relative.txt", r"\\server\share\x", r"C:\..\etc\passwd", "", r"1:\x"])
def test_only_absolute_windows_paths_mean_something(subject: Subject, path: str) -> None:
    with pytest.raises(UsageError):
        subject.workstation.files.read(path)


def test_it_tells_the_room_for_a_file_that_is_not_there_yet(subject: Subject) -> None:
    files = subject.workstation.files
    here, below = (files.room(subject.folder + name) for name in (r"\none.txt", r"\none\none\none.txt"))
    assert here is not None
    assert below is not None
    assert here.volume == below.volume
    assert (below.writable, below.read_only, below.hibernated) == (True, False, False)
    assert below.free is None or below.free > 0
    with pytest.raises(UsageError):
        files.room(r"relative\none.txt")
