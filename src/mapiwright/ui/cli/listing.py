"""What ``profile list`` prints, apart from its command, so that it needs no click (see ``direct``)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mapiwright.admin.table import profiles_to_be_taken_over, stored_profiles
from mapiwright.errors import FormatError
from mapiwright.ui.text.terminal import Line, escape, write

if TYPE_CHECKING:
    from mapiwright.ui.cli.target import Target, UserChoice


def list_profiles(target: Target, users: UserChoice) -> None:
    """The profiles of the users, or of all where none is named; a star marks the default one.

    Where Outlook has no profile yet, those of an older one that it takes over follow. Of several users, one whose
    hive is damaged is reported, and the others are listed.
    """
    rows: list[dict[str, Any]] = []
    older: list[dict[str, Any]] = []
    asked = users.all_to_read(target.workstation)
    for user in asked:
        try:
            found = list(stored_profiles(target.workstation, user))
            edition, waiting = profiles_to_be_taken_over(target.workstation, user)
        except FormatError as error:
            if len(asked) == 1:
                raise
            write([Line(escape(f"{user.name}: {error}"))], sys.stderr)
            continue
        for row, services in found:
            rows.append({"user": user.name, "name": row.name, "default": row.default, "services": list(services)})
        older += (
            {"user": user.name, "name": row.name, "default": row.default, "edition": str(edition)} for row in waiting
        )
    if target.json:
        from mapiwright.ui.documents.documents import write_document  # noqa: PLC0415 - a person reads lines

        write_document({"profiles": rows, "older": older})
        return
    write(
        (
            Line(
                f"{'*' if row['default'] else ' '} {escape(str(row['user']))}: {escape(str(row['name']))}"
                f"  ({escape(', '.join(row['services'])) or 'no services'})"
            )
            for row in rows
        ),
        sys.stdout,
    )
    write(
        (
            Line(
                f"  {escape(str(row['user']))}: {escape(str(row['name']))}  (of Outlook {row['edition']}; "
                "Outlook takes it over at its first start)"
            )
            for row in older
        ),
        sys.stdout,
    )
    if not rows and not older:
        write([Line("No profiles.")], sys.stdout)
