"""A vendor publishes his package: a public directory, a setup program, the sums of all files, and his signature."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib.metadata import requires
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from mapiwright.errors import FormatError, NotFoundError, RefusedError
from mapiwright.setup.publish import setup_program, sums
from mapiwright.setup.publish.have_disk import MediaKind, look
from mapiwright.setup.publish.publication import PROGRAM, SUMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mapiwright = Callable[..., Any]


NAMED = {
    *("mapiwright.toml", "README.md", "acme.inf", "acme_service.py", "docs/welcome.txt"),
    *("x64/acme32.dll", "x86/acme32.dll"),
}
"""What the manifest and the INF of the example name; its sources and the script that builds it are not among them."""


def names_of(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def test_what_is_published_is_the_package_its_setup_program_and_the_sums_of_both(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    public = tmp_path / "public"
    answer = mapiwright("publish", acme, public)
    assert answer.code == 0, answer.err
    assert "acme-mail" in answer.out
    assert "not signed" in answer.out
    assert names_of(public) == NAMED | {PROGRAM, SUMS}
    listed = sums.parse((public / SUMS).read_bytes())
    assert listed == {
        name: sha256((public / name).read_bytes()).hexdigest() for name in names_of(public) if name != SUMS
    }
    assert look(public).kind is MediaKind.PUBLISHED


def test_a_published_directory_is_a_package_as_it_was(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    assert mapiwright("publish", acme, public).code == 0
    of_the_package, of_the_directory = (
        mapiwright("plan", package, "--machine", "--json").document["plan"]["steps"] for package in (acme, public)
    )
    assert of_the_package[:2] == of_the_directory[:2]


def test_publishing_the_same_again_gives_the_same_bytes(acme: Path, mapiwright: Mapiwright, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert mapiwright("publish", acme, tmp_path / name).code == 0
        os.utime(acme / "README.md")
    one, two = (
        {name: (tmp_path / place / name).read_bytes() for name in names_of(tmp_path / place)}
        for place in ("one", "two")
    )
    assert one == two


def test_what_was_published_can_be_published_again_and_in_its_place(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    public = tmp_path / "public"
    assert mapiwright("publish", acme, public).code == 0
    first = (public / SUMS).read_bytes()
    (public / "README.md").write_bytes(b"corrected")
    assert mapiwright("publish", public, public).code == 0
    assert (public / SUMS).read_bytes() != first
    assert look(public).kind is MediaKind.PUBLISHED
    shutil.copy(acme / "README.md", public)
    assert mapiwright("publish", public, public).code == 0
    assert (public / SUMS).read_bytes() == first
    (public / SUMS).write_bytes(b"damaged")
    assert mapiwright("publish", public, public).code == 1, "what is in it may be somebody's own"


def test_the_document_tells_every_file_and_a_dry_run_writes_none(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    public = tmp_path / "public"
    dry = mapiwright("publish", acme, public, "--dry-run", "--json").document["publication"]
    assert not public.exists()
    assert mapiwright("publish", acme, public, "--dry-run").out.endswith("Nothing was written.\n")
    done = mapiwright("publish", acme, public, "--json").document["publication"]
    assert done == {**dry, "written": True}
    assert done["package"] == "acme-mail"
    assert done["signer"] is None
    assert done["files"] == {name: sha256((public / name).read_bytes()).hexdigest() for name in names_of(public)}


def test_a_newer_version_replaces_an_older_one_whole(
    mapiwright: Mapiwright, acme: Path, release: Callable[..., Path], tmp_path: Path
) -> None:
    public = tmp_path / "public"
    older = release("4.0")
    (older / "old.txt").write_text("goes", encoding="utf-8")
    assert mapiwright("publish", older, public).code == 0
    public.chmod(0o2775)
    mode = public.stat().st_mode
    assert mapiwright("publish", acme, public).code == 0
    assert not (public / "old.txt").exists()
    found = look(public).package
    assert found is not None
    assert found.version == "4.2.1"
    assert public.stat().st_mode == mode, "whom it was open to"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".~")] == [".~public.lock"]


def test_nothing_goes_that_no_publication_brought(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    (public / "thesis.doc").write_bytes(b"the only copy")
    for flags in ((), ("--dry-run",)):
        answer = mapiwright("publish", acme, public, *flags)
        assert answer.code == 1
        assert "thesis.doc" in answer.err
    (public / "thesis.doc").rename(tmp_path / "thesis.doc")
    assert mapiwright("publish", acme, public).code == 0
    shutil.copy(tmp_path / "thesis.doc", public / "docs" / "thesis.doc")
    assert "docs/thesis.doc" in mapiwright("publish", acme, public).err
    assert (public / "docs" / "thesis.doc").read_bytes() == b"the only copy"
    assert sorted(path.name for path in tmp_path.glob(".~*")) == [".~public.lock"]


@pytest.mark.parametrize("place", ["inside", "around", "file", "nowhere"])
def test_a_place_that_cannot_be_is_refused(mapiwright: Mapiwright, acme: Path, tmp_path: Path, place: str) -> None:
    package = tmp_path / "work" / "acme"
    shutil.copytree(acme, package)
    (tmp_path / "file").write_bytes(b"")
    places = {
        "inside": package / "public",
        "around": tmp_path / "work",
        "file": tmp_path / "file",
        "nowhere": tmp_path / "no" / "such",
    }
    before = names_of(tmp_path)
    answer = mapiwright("publish", package, places[place])
    assert answer.code == 1
    assert "Traceback" not in answer.err
    assert names_of(tmp_path) - {".~file.lock"} == before


def test_two_who_publish_to_one_place_do_not_meet(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".~public.lock"):
        answer = mapiwright("publish", acme, tmp_path / "public")
    assert answer.code == 1
    assert "another run" in answer.err
    assert not (tmp_path / "public").exists()


def test_what_a_killed_run_left_goes_and_what_is_somebody_elses_stays(
    mapiwright: Mapiwright, acme: Path, tmp_path: Path
) -> None:
    for name in (".~public-0123abcd", ".~public-notes", ".~publications-0123abcd"):
        (tmp_path / name).mkdir()
    assert mapiwright("publish", acme, tmp_path / "public").code == 0
    left = {path.name for path in tmp_path.glob(".~*")}
    assert left == {".~public-notes", ".~publications-0123abcd", ".~public.lock"}


def test_a_package_that_is_not_in_order_is_not_published(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    package = tmp_path / "acme"
    shutil.copytree(acme, package)
    (package / "x64" / "acme32.dll").unlink()
    answer = mapiwright("publish", package, tmp_path / "public")
    assert answer.code == 1
    assert "MW4102" in answer.err
    assert not (tmp_path / "public").exists()


@pytest.fixture
def package(acme: Path, tmp_path: Path) -> Callable[..., Path]:
    """``package("notes.txt")``: the example, whose manifest names these documents, too."""

    def make(*documents: str) -> Path:
        folder = tmp_path / "Łódź"
        shutil.copytree(acme, folder)
        text = (folder / "mapiwright.toml").read_text(encoding="utf-8")
        named = ", ".join(f"'{path}'" for path in ("README.md", *documents))
        text = text.replace('documents = ["README.md"]', f"documents = [{named}]")
        (folder / "mapiwright.toml").write_text(text, encoding="utf-8")
        return folder

    return make


def test_names_of_any_script_are_published(
    mapiwright: Mapiwright, package: Callable[..., Path], tmp_path: Path
) -> None:
    folder, public = package("docs/リードミー 説明.txt"), tmp_path / "öffentlich"
    (folder / "docs" / "リードミー 説明.txt").write_bytes(b"read me")
    assert mapiwright("publish", folder, public).code == 0
    assert sums.parse((public / SUMS).read_bytes()).keys() == NAMED | {"docs/リードミー 説明.txt", PROGRAM}
    assert look(public).kind is MediaKind.PUBLISHED
    carried = setup_program.bundled_package((public / PROGRAM).read_bytes())
    assert carried is not None
    assert carried["docs/リードミー 説明.txt"] == b"read me"


def test_what_nothing_names_stays_at_home_and_is_listed(
    mapiwright: Mapiwright, package: Callable[..., Path], tmp_path: Path
) -> None:
    """The key, the repository and the sources lie in the vendor's directory, and in no byte of what is published."""
    folder, public = package(), tmp_path / "public"
    (folder / ".git").mkdir()
    for path in (".git/config", ".env", "vendor.pem", "src/passwords.txt", "what?.txt"):
        (folder / path).write_bytes(b"very private")
    done = mapiwright("publish", folder, public, "--json").document["publication"]
    assert names_of(public) == NAMED | {PROGRAM, SUMS}
    assert {".git/", ".env", "vendor.pem", "src/passwords.txt", "build.py", "what?.txt"} <= set(done["left_out"])
    with zipfile.ZipFile(public / PROGRAM) as bundle:
        carried = b"".join(map(bundle.read, bundle.namelist()))
    assert b"very private" not in carried + b"".join((public / name).read_bytes() for name in NAMED)
    assert "left out, as neither manifest nor INF names it: " in mapiwright("publish", folder, public).out


PEM = b"-----BEGIN %sPRIVATE KEY-----"
PRIVATE = {
    "notes.txt": PEM % b"",
    "rsa.txt": b"text\n" + PEM % b"RSA ",
    "ssh.txt": PEM % b"OPENSSH ",
    "vendor.pfx": b"",
    "Vendor.KEY": b"",
    "docs/.env": b"",
    ".git/config": b"",
}


@pytest.mark.parametrize("path", PRIVATE)
def test_what_is_private_is_refused_by_name_also_where_the_manifest_names_it(
    mapiwright: Mapiwright, package: Callable[..., Path], tmp_path: Path, path: str
) -> None:
    folder = package(path)
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_bytes(PRIVATE[path])
    refused = mapiwright("publish", folder, tmp_path / "public")
    assert refused.code == 1
    assert f"{path}: error MW4108" in refused.err
    assert not (tmp_path / "public").exists()


def test_the_key_that_signs_is_not_published(
    mapiwright: Mapiwright,
    package: Callable[..., Path],
    tmp_path: Path,
    keys: Callable[[str], tuple[Path, Path]],
) -> None:
    folder, (private, _) = package("mine"), keys("vendor")
    shutil.copy(private, folder / "mine")
    (tmp_path / "link").symlink_to(folder / "mine")
    for key in (folder / "mine", tmp_path / "link"):
        refused = mapiwright("publish", folder, tmp_path / "public", "--sign", key)
        assert "mine: error MW4108" in refused.err
    assert not (tmp_path / "public").exists()


FAULTY = {
    "its wizard entry": (
        "acme.inf",
        b"PR_SERVICE_ENTRY_NAME=ServiceEntry",
        b"PR_SERVICE_ENTRY_NAME=ServiceEntry\r\nWIZARD_ENTRY_NAME=NoPages",
        "needs NoPages, which it does not export",
    ),
    "its entry": (
        "acme.inf",
        b"PR_SERVICE_ENTRY_NAME=ServiceEntry",
        b"PR_SERVICE_ENTRY_NAME=NoEntry",
        "needs NoEntry, which it does not export",
    ),
    "a DLL that is none": ("x86/acme32.dll", b"MZ", b"ZM", "error MW4203"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_what_no_outlook_could_load_is_not_published(
    mapiwright: Mapiwright, package: Callable[..., Path], tmp_path: Path, fault: str
) -> None:
    folder, (path, old, new, words) = package(), FAULTY[fault]
    data = (folder / path).read_bytes()
    assert old in data
    (folder / path).write_bytes(data.replace(old, new, 1))
    refused = mapiwright("publish", folder, tmp_path / "public")
    assert refused.code == 1
    assert words in refused.err
    assert not (tmp_path / "public").exists()


def test_in_its_own_place_a_publication_loses_nothing(mapiwright: Mapiwright, acme: Path, tmp_path: Path) -> None:
    """What an earlier Mapiwright published of the directory may be the only copy of a source."""
    public = tmp_path / "public"
    assert mapiwright("publish", acme, public).code == 0
    (public / "acme.c").write_bytes(b"the only copy")
    listed = sums.parse((public / SUMS).read_bytes())
    files = {name: (public / name).read_bytes() for name in (*listed, "acme.c") if name != SUMS}
    (public / SUMS).write_bytes(sums.render(files))
    assert "acme.c" in mapiwright("publish", public, public).err
    assert (public / "acme.c").read_bytes() == b"the only copy"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes no such names and hardly any links")
def test_what_windows_could_not_read_is_refused(
    mapiwright: Mapiwright, package: Callable[..., Path], tmp_path: Path
) -> None:
    folder = package("what?.txt")
    (folder / "what?.txt").write_bytes(b"")
    assert "what?.txt" in mapiwright("publish", folder, tmp_path / "public").err
    shutil.rmtree(folder)
    folder = package()
    odd = os.fsencode(folder) + b"/bad\xff.txt"
    with open(odd, "wb"):  # noqa: PTH123 - such a name is bytes
        pass
    (folder / "round").symlink_to(folder)
    done = mapiwright("publish", folder, tmp_path / "public")
    assert done.code == 0, "what is not published is nobody's concern"
    assert names_of(tmp_path / "public") == NAMED | {PROGRAM, SUMS}


class TestTheSetupProgramAsAFile:
    def test_it_carries_what_installing_needs_with_the_licences_and_nothing_of_this_computer(self) -> None:
        with zipfile.ZipFile(io.BytesIO(setup_program.make({"acme.inf": b"[Services]"}))) as bundle:
            names = bundle.namelist()
            text = b"".join(bundle.read(name) for name in names if not name.startswith("mapiwright/"))
        assert names == sorted(names)
        for module in ("mapiwright", "click", "platformdirs"):
            assert f"{module}/__init__.py" in names
            licences = [
                name for name in names if name.startswith(module) and ".dist-info/" in name and "LICENSE" in name
            ]
            assert licences, f"{module} goes with its licence"
        assert not [name for name in names if "__pycache__" in name or name.endswith(("RECORD", "direct_url.json"))]
        assert sys.prefix.encode() not in text

    def test_it_carries_all_that_mapiwright_requires(self) -> None:
        required = [line for line in requires("mapiwright") or () if "extra ==" not in line]
        assert {line.partition(">")[0] for line in required} >= set(setup_program.BUNDLED)

    def test_a_library_that_is_not_there_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(setup_program, "BUNDLED", ("click", "no-such-library"))
        with pytest.raises(NotFoundError, match="no-such-library"):
            setup_program.make({})

    def test_a_library_that_is_compiled_is_not_carried(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        about = tmp_path / "fast-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fast\nVersion: 1\n", encoding="utf-8")
        (about / "RECORD").write_text("fast/_speedups.so,,\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(setup_program, "BUNDLED", ("fast",))
        with pytest.raises(RefusedError, match=r"_speedups\.so"):
            setup_program.make({})
        (about / "RECORD").unlink()  # as a Linux distribution installs it
        with pytest.raises(RefusedError, match="its list of files is missing"):
            setup_program.make({})


class TestSigning:
    def test_a_signature_bears_the_fingerprint_of_its_key(
        self, mapiwright: Mapiwright, acme: Path, tmp_path: Path, keys: Callable[[str], tuple[Path, Path]]
    ) -> None:
        private, _ = keys("vendor")
        public = tmp_path / "public"
        answer = mapiwright("publish", acme, public, "--sign", private)
        assert answer.code == 0, answer.err
        assert "signed by SHA256:" in answer.out
        assert names_of(public) >= {"SHA256SUMS.sig", "SHA256SUMS.pem"}
        assert b"PRIVATE" not in b"".join(
            (public / name).read_bytes() for name in ("SHA256SUMS.sig", "SHA256SUMS.pem")
        )
        assert mapiwright("publish", acme, public).code == 0
        assert not names_of(public) & {"SHA256SUMS.sig", "SHA256SUMS.pem"}, "an old signature does not stay"

    def test_what_is_no_key_signs_nothing(
        self, mapiwright: Mapiwright, acme: Path, tmp_path: Path, keys: Callable[[str], tuple[Path, Path]]
    ) -> None:
        _, public_key = keys("vendor")
        (tmp_path / "text").write_text("my secret", encoding="utf-8")
        for file in (public_key, tmp_path / "text", tmp_path / "absent"):
            answer = mapiwright("publish", acme, tmp_path / "public", "--sign", file)
            assert answer.code == 1
            assert str(file) in answer.err
            assert "my secret" not in answer.err
        assert not (tmp_path / "public").exists()

    def test_a_key_with_a_password_is_refused_with_the_way_out(
        self, mapiwright: Mapiwright, acme: Path, tmp_path: Path, witness: Callable[[str], str], witness_module: Any
    ) -> None:
        witness_module("cryptography")
        key = tmp_path / "key.pem"
        command = [
            witness("openssl"),
            "genpkey",
            "-algorithm",
            "ed25519",
            "-aes256",
            "-pass",
            "pass:x",
            "-out",
            str(key),
        ]
        subprocess.run(command, check=True, capture_output=True)
        answer = mapiwright("publish", acme, tmp_path / "public", "--sign", key)
        assert answer.code == 1
        assert "password" in answer.err
        assert "openssl pkey" in answer.err

    def test_without_the_library_nothing_is_signed(
        self, mapiwright: Mapiwright, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "cryptography", None)
        answer = mapiwright("publish", acme, tmp_path / "public", "--sign", tmp_path / "key")
        assert answer.code == 1
        assert "mapiwright[sign]" in answer.err


class TestSums:
    def test_they_are_read_as_other_programs_write_them(self) -> None:
        one, two = "ab" * 32, "CD" * 32
        assert sums.parse(f"{one}  a b.txt\n{two} *docs/b".encode()) == {"a b.txt": one, "docs/b": two.lower()}

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\n",
            b"nonsense\n",
            b"\xff\xfe",
            b"ab" * 32 + b"  ../outside\n",
            b"ab" * 32 + b"  /etc/passwd\n",
            b"ab" * 32 + b"  a\\b\n",
            b"ab" * 31 + b"  short\n",
            (b"ab" * 32 + b"  twice\n") * 2,
        ],
    )
    def test_what_is_none_or_leads_out_is_refused(self, data: bytes) -> None:
        with pytest.raises(FormatError):
            sums.parse(data)
