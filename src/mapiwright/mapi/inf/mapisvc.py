"""The MAPISVC.INF of a workstation, read: the only module that does so.

A fault in another product's section is no reason to refuse the file: it is kept, the other services are usable, and
only a request for the damaged one fails, with the file and the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mapiwright.errors import FormatError
from mapiwright.formats import inf
from mapiwright.mapi.inf.catalogue import Catalogue
from mapiwright.workstation.kept import read_once

if TYPE_CHECKING:
    from mapiwright.formats.inf import Inf
    from mapiwright.workstation.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Mapisvc:
    """A MAPISVC.INF: its path on the workstation, its place as people know it, its bytes and what they mean.

    ``data`` is None where there is no file; ``document`` has no lines then, and ``catalogue`` no services.
    """

    path: str
    where: str
    data: bytes | None
    document: Inf
    catalogue: Catalogue


def read_mapisvc(workstation: Workstation, path: str | None = None) -> Mapisvc:
    """Read the MAPISVC.INF that Outlook reads, or the one at ``path``; "" is none.

    Raises FormatError, with the file and the line, where the bytes are no INF, and RefusedError where they cannot
    be read.
    """
    path = workstation.outlook.inf_path if path is None else path
    return mapisvc_of(workstation, path, read_once(workstation, path) if path else None)


def mapisvc_of(workstation: Workstation, path: str, data: bytes | None) -> Mapisvc:
    """What the MAPISVC.INF at ``path`` means once it holds ``data``; raises FormatError as ``read_mapisvc``."""
    where = (workstation.place(path) or path) if path else ""
    try:
        document = inf.parse(data or b"", workstation.code_page, tolerant=True)
    except FormatError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise FormatError(error.what, where=place, expected=error.expected, remedy=error.remedy) from None
    return Mapisvc(path, where, data, document, Catalogue.of(document, where or "MAPISVC.INF"))
