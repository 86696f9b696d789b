"""Search for inputs that the codec of hives does not stand, led by coverage.

    python tests/fuzz/fuzz_hives.py FOUND tests/fuzz/corpus -max_total_time=600

FOUND is a folder for inputs that reach new code; what fails is kept in the working directory. More options are those
of libFuzzer (-help=1).
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["mapiwright.formats.regf"]):
    from hive_targets import one_input

if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
