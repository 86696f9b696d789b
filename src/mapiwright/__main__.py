"""The edge of the process: the version before any library is loaded, and the one place where a defect ends."""

# ruff: noqa: PLC0415 - that is why the imports are where they are needed

from __future__ import annotations

import sys

from mapiwright import __version__

TYPE_CHECKING = False  # typing's own would cost more than the version does
if TYPE_CHECKING:
    from collections.abc import Sequence

    import click


def main(arguments: Sequence[str] | None = None, program: click.Command | None = None) -> int:
    """Run the command line and return the exit code; docs/reference/exit-codes.md has the table.

    ``program`` is another one than ours, such as the setup program of a package.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == ["--version"]:
        sys.stdout.write(f"mapiwright {__version__}\n")
        return 0
    try:
        return _run(given, program)
    except Exception as defect:  # noqa: BLE001 - the process ends here, and says so
        from mapiwright.ui.cli.edge import report_defect

        return report_defect(defect, as_json="--json" in given)


def _run(given: Sequence[str], program: click.Command | None) -> int:
    if program is None:
        from mapiwright.ui.cli import direct

        code = direct.run(given)
        if code is not None:
            return code
    from mapiwright.ui.cli.app import mapiwright, run

    return run(given, program or mapiwright)


if __name__ == "__main__":
    sys.exit(main())
