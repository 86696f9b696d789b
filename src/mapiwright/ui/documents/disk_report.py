"""What a public directory holds, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapiwright.ui.documents.documents import findings_document
from mapiwright.ui.text.language import texts_here
from mapiwright.ui.text.terminal import Line, escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapiwright.setup.package.package import Package
    from mapiwright.setup.publish.have_disk import Disk


def disk_lines(disk: Disk) -> Iterator[Line]:
    """What is there in a line or two, before the findings."""
    texts = texts_here()
    yield Line(escape(texts("disk.line", path=disk.path, kind=texts(f"disk.{disk.kind.value}"))))
    if disk.package is not None:
        yield Line(escape(package_in_words(disk.package))).indented(2)
    if disk.programs:
        yield Line(escape(texts("disk.programs", programs=", ".join(disk.programs)))).indented(2)


def package_in_words(package: Package) -> str:
    """``Acme Mail 4.2.1 by Acme (acme-mail): ACME``."""
    return texts_here()(
        "disk.about" if package.vendor else "disk.about-no-vendor",
        name=package.name,
        version=package.version,
        vendor=package.vendor,
        id=package.id,
        services=", ".join(service.name for service in package.services),
    )


def disk_document(disk: Disk) -> dict[str, Any]:
    """``{"disk": {"path", "kind", "package", "signature", "programs", "findings"}}``."""
    package = disk.package
    return {
        "disk": {
            "path": str(disk.path),
            "kind": disk.kind.value,
            "package": None
            if package is None
            else {
                "id": package.id,
                "name": package.name,
                "version": package.version,
                "vendor": package.vendor,
                "services": [service.name for service in package.services],
            },
            "signature": {
                "standing": disk.signature.standing.name.lower(),
                "signer": disk.signature.signer or None,
                "reason": disk.signature.reason or None,
            },
            "programs": list(disk.programs),
            **findings_document(disk.findings),
        }
    }
