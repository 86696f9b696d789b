"""The verb ``publish``: a package becomes a public directory."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mapiwright.setup.publish import publish as publishing
from mapiwright.setup.publish.sums import sum_of
from mapiwright.ui.cli.packages.inf import code_page_option
from mapiwright.ui.cli.target import json_option
from mapiwright.ui.documents.disk_report import package_in_words
from mapiwright.ui.documents.documents import write_document
from mapiwright.ui.text.language import texts_here
from mapiwright.ui.text.terminal import Line, Style, escape, write

MOST_NAMES = 6
"""The files left out that are named; JSON has all of them."""


@click.command()
@click.argument("package", type=click.Path(path_type=Path))
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--sign",
    "key_file",
    metavar="KEYFILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign the sums with this private key: Ed25519, as PEM.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be published and write nothing.")
@code_page_option
@json_option
def publish(
    *, package: Path, directory: Path, key_file: Path | None, dry_run: bool, code_page: str, as_json: bool
) -> None:
    """Put PACKAGE into the public DIRECTORY, with a setup program, the sums of all files, and a signature.

    DIRECTORY is made, or replaced where it is an older publication; its readers see the older one or the newer one.
    """
    edition = publishing.make_edition(package, key_file=key_file, code_page=code_page)
    if dry_run:
        publishing.check_place(edition, directory)
    else:
        publishing.publish(edition, directory)
    if as_json:
        write_document(
            {
                "publication": {
                    "directory": str(directory),
                    "package": edition.package.id,
                    "version": edition.package.version,
                    "files": {path: sum_of(data) for path, data in edition.files.items()},
                    "signer": edition.signer or None,
                    "left_out": list(edition.left_out),
                    "written": not dry_run,
                }
            }
        )
        return
    texts = texts_here()
    lines = [Line(escape(package_in_words(edition.package)))]
    lines += [
        Line(escape(f"  {sum_of(data)}  {len(data):>9}  {path}"), Style.QUIET) for path, data in edition.files.items()
    ]
    if edition.left_out:
        some = ", ".join(map(escape, edition.left_out[:MOST_NAMES]))
        more = f" (+{len(edition.left_out) - MOST_NAMES})" if len(edition.left_out) > MOST_NAMES else ""
        lines.append(Line(texts("disk.left-out", names=some + more), Style.CHANGED).indented(2))
    signature = texts("disk.signed", signer=edition.signer) if edition.signer else texts("disk.unsigned")
    lines.append(Line(escape(signature)).indented(2))
    written = Line(escape(texts("disk.written", directory=directory)), Style.ADDED)
    lines.append(Line(texts("disk.nothing-written")) if dry_run else written)
    write(lines, sys.stdout)
