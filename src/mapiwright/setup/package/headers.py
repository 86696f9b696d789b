"""Whether Outlook can load a package's DLLs, from their headers alone; nothing is loaded or run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats import pe
from mapiwright.formats.regf.upcase import upcase
from mapiwright.setup.package import windows_dlls
from mapiwright.setup.package.rules import finding
from mapiwright.setup.package.signatures import SignatureStanding, signature
from mapiwright.workstation.files import parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapiwright.entry.service.loading import FoundLibrary, Loader
    from mapiwright.errors import Finding
    from mapiwright.setup.package.signatures import Signature
    from mapiwright.workstation.workstation import Workstation


class Headers:
    """The DLLs that were looked into, each once."""

    def __init__(self, workstation: Workstation, loader: Loader, brought: Iterable[str]) -> None:
        """``brought`` are the paths that the package's files get on the workstation."""
        self._workstation = workstation
        self._loader = loader
        self._bitness = workstation.outlook.bitness
        self._brought: dict[str, set[str]] = {}
        """The names of the package's files by their folders, as they compare."""
        for path in brought:
            self._brought.setdefault(upcase(parent(path)), set()).add(upcase(path.rpartition("\\")[2]))
        self._images: dict[str, pe.PeFile | None] = {}
        self._names: dict[str, frozenset[str]] = {}

    def of_package(self, source: str, target: str, data: bytes) -> Iterator[Finding]:
        """Whether Outlook can load a DLL of the package that goes to ``target``; reported once for each source."""
        if source in self._images:
            return
        try:
            image = self._images[source] = pe.read(data)
        except FormatError as error:
            self._images[source] = None
            yield finding("MW4203", source, str(error))
            return
        misfit = self._loader.misfit(image)
        if misfit:
            yield finding("MW4202", source, misfit)
        else:
            yield from self._imports(source, target, image)
        yield _signed(source, signature(image, data))

    def of_workstation(self, library: FoundLibrary) -> Iterator[Finding]:
        """Whether Outlook can load a DLL that is there already."""
        if library.path in self._images:
            return
        self._images[library.path] = library.image
        if library.image is None:
            yield finding("MW4203", library.path, library.fault)
        elif misfit := self._loader.misfit(library.image):
            yield finding("MW4202", library.path, misfit)

    def exports(self, where: str, entry: str, section: str) -> Iterator[Finding]:
        """Whether a DLL that was looked into has the entry point that a section of the INF needs."""
        image = self._images[where]
        if image is None or image.exported(entry):
            return
        decorated = image.decorated(entry)
        if decorated is not None:
            yield finding("MW4205", where, f"[{section}] needs {entry}, and it exports {decorated}")
        else:
            yield finding("MW4204", where, f"[{section}] needs {entry}, which it does not export")

    def _imports(self, source: str, target: str, image: pe.PeFile) -> Iterator[Finding]:
        for name in dict.fromkeys(image.imports):
            if windows_dlls.is_debug_runtime(name):
                yield finding("MW4213", source, f"it imports {name}")
            elif not self._is_found(name, parent(target)):
                brings = windows_dlls.runtime(name, self._bitness)
                if brings is None:
                    yield finding("MW4211", source, f"it imports {name}, which is nowhere to be found")
                else:
                    yield finding("MW4212", source, f"it imports {name}, which comes with {brings}")

    def _is_found(self, name: str, folder: str) -> bool:
        """Whether a DLL that one in ``folder`` imports is there, or will be."""
        wanted = upcase(name)
        looked = (*self._loader.folders, folder)
        if any(wanted in self._brought.get(upcase(each), ()) or wanted in self._names_in(each) for each in looked):
            return True
        if wanted.startswith(windows_dlls.API_SETS):
            return True
        # A Windows with its files shows which DLLs it lacks; a trial tree has none, so the table is used.
        has_files = any(windows_dlls.WITNESS in self._names_in(each) for each in self._loader.folders)
        return not has_files and windows_dlls.comes_with_windows(name)

    def _names_in(self, folder: str) -> frozenset[str]:
        """The names in a folder of the workstation, as they compare."""
        if folder not in self._names:
            self._names[folder] = frozenset(map(upcase, self._workstation.files.names(folder)))
        return self._names[folder]


def _signed(source: str, found: Signature) -> Finding:
    """What is known of the signature of a DLL of the package."""
    match found.standing:
        case SignatureStanding.NONE:
            return finding("MW4214", source, "it bears no signature")
        case SignatureStanding.UNVERIFIED:
            return finding("MW4215", source, f"it bears a signature, which was not verified: {found.reason}")
        case SignatureStanding.GOOD:
            return finding("MW4225", source, f"it is signed by {found.signer}, verified by {found.reason}")
        case SignatureStanding.TAMPERED:
            return finding("MW4226", source, f"its bytes are not those that were signed, says {found.reason}")
        case SignatureStanding.UNTRUSTED:
            return finding("MW4227", source, f"it names {found.signer} as its signer; {found.reason}")
