"""What ``profile list`` prints, apart from its command, so that it needs no click (see ``direct``)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mapiwright.admin.table import stored_profiles
from mapiwright.ui.text.terminal import Line, escape, write

if TYPE_CHECKING:
    from mapiwright.transaction.plans.effect import Json
    from mapiwright.ui.cli.target import Target, UserChoice


def list_profiles(target: Target, users: UserChoice) -> None:
    """The profiles of the users, or of all where none is named; a star marks the default one."""
    rows: list[dict[str, Json]] = []
    for user in users.all_to_read(target.workstation):
        for row, services in stored_profiles(target.workstation, user):
            rows.append({"user": user.name, "name": row.name, "default": row.default, "services": list(services)})
    if target.json:
        from mapiwright.ui.documents.documents import write_document  # noqa: PLC0415 - a person reads lines

        write_document({"profiles": rows})
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
    if not rows:
        write([Line("No profiles.")], sys.stdout)
