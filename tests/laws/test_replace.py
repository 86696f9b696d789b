"""One real file, replaced: what survives, what is refused, and what is left."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mapiwright.errors import RefusedError
from mapiwright.formats.regf.edit.write import Edited, new_hive
from mapiwright.formats.regf.pages import InMemory, Pages
from mapiwright.transaction import single_file
from mapiwright.workstation.change import WriteFile
from mapiwright.workstation.disk import folder_state, replace
from mapiwright.workstation.disk.folder_state import FolderState
from mapiwright.workstation.disk.replace import (
    append_to_file,
    make_folder,
    remove_folder,
    remove_leftovers,
    replace_file,
)
from mapiwright.workstation.disk.tree import TreeFiles
from mapiwright.workstation.mounts.hives import HiveFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

unix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes and owners")
linux = pytest.mark.skipif(sys.platform != "linux", reason="extended attributes as Linux has them")

# An ACL that lets user 12345 read: version 2, then (tag, permissions, id) for owner, that user, group, mask, others.
ACL = bytes.fromhex("0200000001000600ffffffff020004003930000004000400ffffffff10000400ffffffff20000000ffffffff")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_made_replaced_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "MAPISVC.INF"
    for data in (b"one", b"two" * 100_000, b"", None, None):
        replace_file(path, data)
        assert (path.read_bytes() if path.exists() else None) == data
        assert [entry.name for entry in tmp_path.iterdir()] == ([] if data is None else ["MAPISVC.INF"])


@unix
def test_a_new_file_has_the_mode_that_was_asked_for_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "public", b"x")
        replace_file(tmp_path / "private", b"x", mode=0o600)
        append_to_file(tmp_path / "journal", b"x", mode=0o600)
        make_folder(tmp_path / "folder")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "public") == 0o640
    assert mode_of(tmp_path / "private") == 0o600
    assert mode_of(tmp_path / "journal") == 0o600
    assert mode_of(tmp_path / "folder") == 0o750


@unix
@pytest.mark.parametrize("mode", [0o600, 0o444, 0o4755])
def test_a_replaced_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")
    path.chmod(mode)
    replace_file(path, b"new", mode=0o666)
    assert mode_of(path) == mode


@unix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() != 0, reason="only root gives files away")
def test_a_replaced_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")
    os.chown(path, 1234, 5678)
    path.chmod(0o4711)
    replace_file(path, b"new")
    now = path.stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (1234, 5678, 0o4711)


@linux
def test_a_replaced_file_keeps_its_attributes_and_its_acl(tmp_path: Path) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.colour", b"green")
        os.setxattr(path, "system.posix_acl_access", ACL)
    except OSError:
        pytest.skip("this file system has no extended attributes or no ACLs")
    replace_file(path, b"new")
    assert os.getxattr(path, "user.colour") == b"green"
    assert os.getxattr(path, "system.posix_acl_access") == ACL


@linux
def test_the_acl_of_windows_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ntfs-3g and ntfs3 do not list it; no test machine mounts NTFS, so the two calls stand in for such a mount."""
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")
    guards = {"system.ntfs_acl": b"descriptor", "system.ntfs_attrib": b"\x06\0\0\0"}
    given: dict[str, bytes] = {}

    replaced = path.stat().st_ino

    def get(file: int, name: str) -> bytes:
        if os.fstat(file).st_ino == replaced and name in guards:
            return guards[name]
        raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))

    monkeypatch.setattr(os, "listxattr", lambda _file: [])
    monkeypatch.setattr(os, "getxattr", get)
    monkeypatch.setattr(os, "setxattr", lambda _file, name, value: given.update({name: value}))
    replace_file(path, b"new")
    assert given == guards


@linux
@pytest.mark.parametrize(
    ("name", "code", "tolerated"),
    [
        ("security.selinux", errno.EPERM, True),
        ("security.selinux", errno.ENOTSUP, True),
        ("user.colour", errno.ENOTSUP, True),
        ("system.posix_acl_access", errno.EPERM, False),
        ("user.colour", errno.ENOSPC, False),
    ],
)
def test_a_guard_that_cannot_be_kept_stops_the_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int, *, tolerated: bool
) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")

    replaced = path.stat().st_ino

    def get(file: int, asked: str) -> bytes:
        if os.fstat(file).st_ino == replaced and asked == name:
            return b"guard"
        raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "listxattr", lambda _file: [name])
    monkeypatch.setattr(os, "getxattr", get)
    monkeypatch.setattr(os, "setxattr", refuse)
    if tolerated:
        replace_file(path, b"new")
        assert path.read_bytes() == b"new"
    else:
        with pytest.raises(OSError, match=os.strerror(code)):
            replace_file(path, b"new")
        assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["NTUSER.DAT"]


@linux
def test_attributes_that_cannot_be_read_stop_the_replacement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "getxattr", fail)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"


@unix
def test_a_link_of_our_own_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path, link = tmp_path / "real" / "plan.json", tmp_path / "link"
    link.symlink_to(path)
    single_file.make_private(link, b"old")
    single_file.replace(link, b"old", b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


REPLACEMENTS = {
    "replaced": lambda path: replace_file(path, b"new"),
    "appended to": lambda path: append_to_file(path, b"new"),
    "made": lambda path: make_folder(path / "folder"),
}


@unix
@pytest.mark.parametrize("kind", ["link", "FIFO", "folder above"])
@pytest.mark.parametrize("change", REPLACEMENTS.values(), ids=REPLACEMENTS)
def test_what_others_put_in_the_way_is_refused_and_not_followed(
    tmp_path: Path, kind: str, change: Callable[[Path], object]
) -> None:
    theirs, place = tmp_path / "theirs", tmp_path / "place"
    theirs.mkdir()
    (theirs / "file").write_bytes(b"theirs")
    path = place / "file"
    match kind:
        case "link":
            place.mkdir()
            path.symlink_to(theirs / "file")
        case "FIFO":
            place.mkdir()
            os.mkfifo(path)
        case _:
            place.symlink_to(theirs)
    with pytest.raises((RefusedError, NotADirectoryError)):
        change(path)
    assert [each.name for each in theirs.iterdir()] == ["file"]
    assert (theirs / "file").read_bytes() == b"theirs"


@unix
def test_nothing_is_added_to_a_file_with_a_second_name(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "token").hardlink_to(tmp_path / "theirs")
    with pytest.raises(RefusedError, match="second name"):
        append_to_file(tmp_path / "token", b".")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


@unix
def test_a_folder_in_the_place_of_the_file_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(OSError, match="here"):
        replace_file(tmp_path / "here", b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["here"]


def test_a_disk_that_fills_up_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "NTUSER.DAT"
    path.write_bytes(b"old")
    real = os.write

    def little(handle: int, data: bytes) -> int:
        if real(handle, bytes(data[:2])):
            monkeypatch.setattr(os, "write", full)
        return 2

    def full(_handle: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", little)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        replace_file(path, b"newer")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["NTUSER.DAT"]


@unix
@pytest.mark.parametrize(("code", "tolerated"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_folder_that_cannot_be_synced_is_tolerated_and_one_that_fails_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, *, tolerated: bool
) -> None:
    real = os.fsync

    def sync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    if tolerated:
        replace_file(tmp_path / "file", b"x")
    else:
        with pytest.raises(OSError, match=os.strerror(code)):
            replace_file(tmp_path / "file", b"x")


def test_bytes_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    append_to_file(path, b"one\r\n")
    append_to_file(path, b"two\n")
    assert path.read_bytes() == b"one\r\ntwo\n"


def test_folders_come_and_go_and_may_be_so_already(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    for _ in range(2):
        make_folder(path)
        assert path.is_dir()
    for _ in range(2):
        remove_folder(path)
        assert not path.exists()
    path.write_bytes(b"a file")
    with pytest.raises(FileExistsError):
        make_folder(path)


def test_leftovers_of_this_file_go_and_other_files_stay(tmp_path: Path) -> None:
    name = "n" * 200
    (tmp_path / f".~{name[:60]}-0123abcd").write_bytes(b"half")
    (tmp_path / f".~{name[:59]}-0123abcd").write_bytes(b"of another file")
    (tmp_path / ".~notes").write_bytes(b"of somebody else")
    remove_leftovers(tmp_path / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([".~notes", f".~{name[:59]}-0123abcd"])
    remove_leftovers(tmp_path / "absent" / name)


def test_a_name_of_the_greatest_length_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / ("ö" * 127)
    replace_file(path, b"x")
    assert path.read_bytes() == b"x"


@unix
@pytest.mark.parametrize("what", ["a file of an image", "a record", "a hive"])
def test_a_link_that_comes_between_the_look_and_the_write_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Whoever owns the folder exchanges it for a link at the worst moment."""
    place, theirs = tmp_path / "pc" / "place", tmp_path / "theirs"
    place.mkdir(parents=True)
    theirs.mkdir()
    old = new_hive(name="NTUSER.DAT", timestamp=0)
    for folder in (place, theirs):
        (folder / "file").write_bytes(old)

    def late(path: Path, data: bytes | None, **options: Any) -> None:
        place.rename(tmp_path / "aside")
        place.symlink_to(theirs)
        replace_file(path, data, **options)

    monkeypatch.setattr(replace, "replace_file", late)
    monkeypatch.setattr(folder_state, "replace_file", late)
    hive = HiveFile(place / "file")
    writes: dict[str, Callable[[], None]] = {
        "a file of an image": lambda: TreeFiles({"C:": tmp_path / "pc"}).apply(
            [WriteFile(r"C:\place\file", old, b"new")]
        ),
        "a record": lambda: FolderState(tmp_path / "pc").write("place/file", b"new"),
        "a hive": lambda: hive.put(Edited(Pages(InMemory(b"new"), 3), 3)),
    }
    assert hive.hive
    with pytest.raises(RefusedError, match="a link"):
        writes[what]()
    assert (theirs / "file").read_bytes() == old
    assert [path.name for path in theirs.iterdir()] == ["file"]
